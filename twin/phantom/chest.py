"""The bases of the lungs with their vessels, the base of the heart, the oesophagus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.phantom.lattice import Field, Lattice, Points
from twin.phantom.trunk import Trunk
from twin.phantom.vessel_growth import Trunk as VesselTrunk
from twin.phantom.vessel_growth import end_points, graph_from_tree, grown_tree
from twin.vessel_graph import VesselGraph

__all__ = ["Chest", "drawn_chest", "drawn_oesophagus"]

_LUNG_VESSEL_RADIUS_MM = 1.05


@dataclass(frozen=True)
class Chest:
    """What lies above the diaphragm."""

    lungs: Field
    heart: Field
    chambers: Field
    lung_vessels: tuple[VesselGraph, ...]


def drawn_oesophagus(lattice: Lattice) -> Field:
    """The oesophagus from the chest to the cardia."""
    points = ((2, -6, 260), (1, -10, 180), (3, -14, 140), (6, -20, 115), (12, -24, 97), (20, -22, 86), (28, -18, 78))
    return lattice.tube(points, (7.0, 7.0, 7.5, 8.0, 8.0, 8.5, 9.0), blend_mm=3.0, flatten=(1.15, 0.9, 1.0))


def drawn_chest(lattice: Lattice, trunk: Trunk, rng: np.random.Generator) -> Chest:
    """Draw heart and lungs above the diaphragm."""
    tilt = _rotation(np.array([0.72, -0.45, -0.53]))
    centre = np.array([20.0, -42.0, 138.0]) + rng.normal(scale=2.0, size=3)
    ventricles = lattice.ellipsoid(centre + np.array((14.0, -8.0, -2.0)), (56.0, 42.0, 40.0), tilt)
    atria = lattice.ellipsoid(centre + np.array((-22.0, 2.0, 14.0)), (34.0, 36.0, 44.0))
    heart = ventricles.joined(atria, 14.0).without(trunk.abdomen, 5.0, 4.0).inside(trunk.cavity, 6.0, 6.0)
    left = lattice.ellipsoid(centre + np.array((26.0, 0.0, -4.0)), (34.0, 20.0, 19.0), tilt)
    right = lattice.ellipsoid(centre + np.array((0.0, -26.0, -6.0)), (36.0, 15.0, 20.0), tilt)
    atrium = lattice.ellipsoid(centre + np.array((-32.0, 4.0, 8.0)), (20.0, 24.0, 34.0))
    left_atrium = lattice.ellipsoid(centre + np.array((-4.0, 24.0, 22.0)), (30.0, 14.0, 22.0))
    chambers = left.joined(right).joined(atrium, 6.0).joined(left_atrium).inside(heart, 4.0, 3.0)

    mediastinum = heart.grown(4.0).joined(
        lattice.tube(((5, -2, 300), (5, -4, 150), (5, -10, 80)), (27.0, 26.0, 22.0), flatten=(0.85, 1.1, 1.0)), 12.0
    )
    lungs = trunk.chest.without(mediastinum, 0.0, 6.0)
    return Chest(lungs, heart, chambers, _lung_vessels(lattice, lungs, rng))


def _lung_vessels(lattice: Lattice, lungs: Field, rng: np.random.Generator) -> tuple[VesselGraph, ...]:
    """Pulmonary vessels of both bases, from the hila downwards."""
    graphs = []
    top = float(lattice.coordinates()[2].max()) - 12.0
    x = lattice.coordinates(lungs.box)[0]
    for side in (-1.0, 1.0):
        kji = np.argwhere((lungs.values < -4.0) & (x * side > 25.0)) + np.array(lungs.box.start_kji)
        if kji.shape[0] < 200:
            continue
        points = lattice.origin_lps_mm + lattice.step_mm * kji[:, ::-1]
        volume_mm3 = kji.shape[0] * lattice.step_mm**3
        ends = end_points(points, min(150, int(volume_mm3 / 9000.0) + 20), volume_mm3, rng)
        hilum = lattice.body_map.lps_from_body([(side * 48.0, 4.0, top), (side * 56.0, 12.0, top - 16.0),
                                                (side * 62.0, 20.0, top - 34.0)])  # fmt: skip
        trunk = VesselTrunk("lung", None, hilum, 0)
        # Inside the lung a vessel may run anywhere, however wide.
        hollow = Field(lattice, lungs.box, np.where(lungs.values > -1.0, 2.0, -20.0).astype(np.float32))
        tree = grown_tree([trunk], ends, np.zeros(ends.shape[0], np.int32), hollow, _LUNG_VESSEL_RADIUS_MM)
        graphs.append(graph_from_tree(tree, "lung", _LUNG_VESSEL_RADIUS_MM))
    return tuple(graphs)


def _rotation(first: Points) -> Points:
    """Return a rotation whose first row is the given direction."""
    a = first / np.linalg.norm(first)
    b = np.cross((0.0, 0.0, 1.0), a)
    b /= np.linalg.norm(b)
    return np.stack([a, b, np.cross(a, b)])
