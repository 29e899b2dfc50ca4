"""The two trees of the liver: portal vein to the segments, hepatic veins between the sectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from twin.phantom.kernels.tubes import tube_distance
from twin.phantom.lattice import FAR_MM, Field, Lattice, Points
from twin.phantom.liver import SEGMENTS, Liver, segment_index_at
from twin.phantom.vessel_growth import Trunk, end_points, graph_from_tree, grown_tree
from twin.vessel_graph import VesselGraph

__all__ = ["LiverTrees", "drawn_liver_trees", "segment_of_branch"]

# Courses of the trunks in the reference body (mm). The last point of a parent is where its children begin.
_PORTAL_TRUNKS: tuple[tuple[str, str | None, str, tuple[tuple[float, float, float], ...]], ...] = (
    ("portal", None, "", ((-5, -36, -14), (-9, -38, -4), (-14, -39, 6), (-19, -39, 15), (-24, -38, 23))),
    ("portal.right", "portal", "", ((-32, -37, 28), (-42, -35, 31), (-50, -33, 33))),
    ("portal.right.anterior", "portal.right", "", ((-56, -40, 36), (-61, -46, 38))),
    ("portal.right.anterior.8", "portal.right.anterior", "8", ((-63, -46, 50), (-67, -44, 62), (-70, -42, 74))),
    ("portal.right.anterior.5", "portal.right.anterior", "5", ((-66, -56, 28), (-72, -63, 17), (-76, -66, 6))),
    ("portal.right.posterior", "portal.right", "", ((-60, -20, 30), (-70, -6, 28), (-76, 2, 27))),
    ("portal.right.posterior.7", "portal.right.posterior", "7", ((-81, 10, 38), (-84, 16, 50), (-84, 16, 62))),
    ("portal.right.posterior.6", "portal.right.posterior", "6", ((-86, 4, 14), (-95, 2, 1), (-103, 0, -12))),
    ("portal.left", "portal", "", ((-17, -40, 29), (-10, -41, 33))),
    ("portal.left.1", "portal.left", "1", ((-9, -33, 39), (-8, -24, 46))),
    ("portal.left.transverse", "portal.left", "", ((-2, -42, 38), (5, -45, 43))),
    ("portal.left.2", "portal.left.transverse", "2", ((15, -42, 54), (25, -42, 63), (35, -45, 70))),
    ("portal.left.umbilical", "portal.left.transverse", "", ((9, -52, 45), (10, -59, 44))),
    ("portal.left.3", "portal.left.umbilical", "3", ((18, -65, 47), (27, -71, 53), (37, -76, 60))),
    ("portal.left.4", "portal.left.umbilical", "", ((8, -65, 42), (4, -69, 41))),
    ("portal.left.4a", "portal.left.4", "4a", ((-3, -66, 50), (-10, -61, 60), (-13, -56, 68))),
    ("portal.left.4b", "portal.left.4", "4b", ((-4, -75, 33), (-13, -80, 25), (-22, -84, 18))),
)  # fmt: skip
_HEPATIC_TRUNKS: tuple[tuple[str, str | None, str, tuple[tuple[float, float, float], ...]], ...] = (
    ("hepatic.right", None, "right",
     ((-27, -9, 85), (-38, -10, 82), (-52, -11, 76), (-68, -12, 67), (-84, -15, 54), (-96, -19, 38), (-106, -23, 18))),
    ("hepatic.middle_left", None, "", ((-18, -16, 86), (-17, -22, 85), (-15, -27, 84))),
    ("hepatic.middle", "hepatic.middle_left", "middle",
     ((-20, -36, 78), (-27, -45, 68), (-34, -53, 56), (-41, -61, 43), (-47, -68, 29))),
    ("hepatic.left", "hepatic.middle_left", "left",
     ((-7, -33, 81), (4, -40, 78), (16, -48, 74), (28, -57, 70), (40, -65, 69))),
    ("hepatic.caudate", None, "caudate", ((-16, -12, 52), (-11, -16, 50), (-8, -19, 46))),
)  # fmt: skip
_DRAINAGE = ("right", "middle", "left", "caudate")

# Ordinary radii near the root (mm): portal vein 11 to 14 mm wide on CT; right hepatic vein about 9 to 10 mm.
_PORTAL_RADIUS_MM = 6.5
_RIGHT_HEPATIC_RADIUS_MM = 4.8
_CLEARANCE_MM = 1.4


@dataclass(frozen=True)
class LiverTrees:
    """Both trees of the liver as graphs in patient space."""

    portal: VesselGraph
    hepatic: VesselGraph


def drawn_liver_trees(liver: Liver, n_portal: int, n_hepatic: int, rng: np.random.Generator) -> LiverTrees:
    """Grow portal vein and hepatic veins through the liver without letting them touch."""
    lattice = liver.parenchyma.lattice
    portal_trunks = _placed(_PORTAL_TRUNKS, SEGMENTS, liver, rng, n_outside=4)
    hepatic_trunks = _placed(_HEPATIC_TRUNKS, _DRAINAGE, liver, rng, n_outside=1)
    portal_radius = _PORTAL_RADIUS_MM * (1.0 + 0.06 * rng.standard_normal())
    hepatic_radius = _RIGHT_HEPATIC_RADIUS_MM * (1.0 + 0.08 * rng.standard_normal())

    ends, segments = _ends(liver, n_portal, rng)
    obstacles = _trunk_distance(liver.parenchyma, hepatic_trunks, 4.0)
    allowed = _allowed(liver.parenchyma, obstacles, 2.0)
    portal_end_radius = portal_radius / np.cbrt(n_portal)
    portal_tree = grown_tree(portal_trunks, ends, segments, allowed, portal_end_radius)
    portal_end_radius = portal_radius / float(np.cbrt(portal_tree.flows[0]))
    portal = graph_from_tree(portal_tree, "portal", portal_end_radius)

    ends, _ = _ends(liver, n_hepatic, rng)
    drainage = _drainage(lattice, ends, hepatic_trunks)
    allowed = _allowed(liver.parenchyma, _graph_distance(liver.parenchyma, portal), _CLEARANCE_MM)
    share = np.count_nonzero(drainage == 0) + 1
    end_radius = hepatic_radius / float(np.cbrt(share))
    hepatic_tree = grown_tree(hepatic_trunks, ends, drainage, allowed, end_radius)
    hepatic = graph_from_tree(hepatic_tree, "hepatic", end_radius)
    return LiverTrees(portal, hepatic)


def segment_of_branch(name: str) -> str | None:
    """Couinaud segment (``"1"`` ... ``"4a"`` ... ``"8"``) that a portal branch belongs to, or None for a trunk.

    Examples
    --------
    >>> segment_of_branch("portal.right.anterior.8.1.2"), segment_of_branch("portal.right")
    ('8', None)
    """
    for trunk, _, segment, _ in _PORTAL_TRUNKS:
        if segment and (name == trunk or name.startswith(trunk + ".")):
            return segment
    return None


def _placed(
    table: tuple[tuple[str, str | None, str, tuple[tuple[float, float, float], ...]], ...],
    regions: tuple[str, ...],
    liver: Liver,
    rng: np.random.Generator,
    n_outside: int,
) -> list[Trunk]:
    """Move trunks of the reference body to the individual; keep all but the first points well inside the liver."""
    trunks = []
    for name, parent, region, points in table:
        body = np.asarray(points, dtype=np.float64)
        drift = np.cumsum(rng.normal(scale=0.7, size=body.shape), axis=0)
        lps = liver.parenchyma.lattice.body_map.lps_from_body(body + drift)
        inside_from = n_outside if parent is None else 0
        lps[inside_from:] = _settled(lps[inside_from:], liver.parenchyma, 7.0)
        trunks.append(Trunk(name, parent, lps, regions.index(region) if region else -1))
    return trunks


def _settled(points_lps_mm: Points, organ: Field, depth_mm: float) -> Points:
    """Push points inwards along the gradient until they lie ``depth_mm`` deep (as far as the organ allows)."""
    points = points_lps_mm.copy()
    for _ in range(12):
        value = _sampled(organ, points)
        gradient = np.stack(
            [_sampled(organ, points + d) - _sampled(organ, points - d) for d in 2.0 * np.eye(3)], axis=1
        )
        gradient /= np.linalg.norm(gradient, axis=1, keepdims=True) + 1e-6
        points -= gradient * np.clip(value + depth_mm, 0.0, 4.0)[:, None]
    return points


def _sampled(field: Field, points_lps_mm: Points) -> Points:
    lattice = field.lattice
    origin = lattice.origin_lps_mm + lattice.step_mm * np.array(field.box.start_kji[::-1])
    kji = ((points_lps_mm - origin) / lattice.step_mm)[:, ::-1].T
    return np.asarray(map_coordinates(field.values, kji, order=1, mode="nearest"), dtype=np.float64)


def _ends(liver: Liver, wanted: int, rng: np.random.Generator) -> tuple[Points, NDArray[np.int32]]:
    organ = liver.parenchyma
    lattice = organ.lattice
    kji = np.argwhere(organ.values < -3.0) + np.array(organ.box.start_kji)
    points = lattice.origin_lps_mm + lattice.step_mm * (kji[:, ::-1] + rng.uniform(-0.5, 0.5, kji.shape))
    ends = end_points(points, wanted, organ.volume_ml * 1000.0, rng)
    return ends, segment_index_at(lattice.body_map.body_from_lps(ends), rng)


def _drainage(lattice: Lattice, ends: Points, trunks: list[Trunk]) -> NDArray[np.int32]:
    """Each end drains to the nearest trunk; the caudate only from its immediate surroundings."""
    distance = np.full((len(_DRAINAGE), ends.shape[0]), FAR_MM * 10.0)
    for trunk in trunks:
        if trunk.region < 0:
            continue
        gaps = np.linalg.norm(ends[:, None, :] - trunk.points_lps_mm[None], axis=2).min(axis=1)
        distance[trunk.region] = gaps + (9.0 if _DRAINAGE[trunk.region] == "caudate" else 0.0)
    return np.asarray(distance.argmin(axis=0), dtype=np.int32)


def _allowed(organ: Field, obstacles: NDArray[np.float32], clearance_mm: float) -> Field:
    return Field(organ.lattice, organ.box, np.maximum(organ.values + 1.0, clearance_mm - obstacles))


def _trunk_distance(organ: Field, trunks: list[Trunk], radius_mm: float) -> NDArray[np.float32]:
    starts, ends = [], []
    for trunk in trunks:
        starts.append(trunk.points_lps_mm[:-1])
        ends.append(trunk.points_lps_mm[1:])
    a, b = np.concatenate(starts), np.concatenate(ends)
    return _distance(organ, a, b, np.full(a.shape[0], radius_mm))


def _graph_distance(organ: Field, graph: VesselGraph) -> NDArray[np.float32]:
    child = np.flatnonzero(graph.parents >= 0)
    a, b = graph.nodes_lps_mm[graph.parents[child]], graph.nodes_lps_mm[child]
    return _distance(organ, a, b, graph.radii_mm[child])


def _distance(organ: Field, a: Points, b: Points, radii: Points) -> NDArray[np.float32]:
    lattice = organ.lattice
    origin = lattice.origin_lps_mm + lattice.step_mm * np.array(organ.box.start_kji[::-1])
    out = np.full(organ.box.shape_kji, 20.0, np.float32)
    tube_distance(out, origin, np.full(3, lattice.step_mm), a, b, radii, radii, 20.0, 0.0)
    return out
