"""The two trees of the liver: portal vein to the segments, hepatic veins between the sectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.phantom.lattice import FAR_MM, Field, Lattice, Points
from twin.phantom.liver import SEGMENTS, Liver, segment_index_at
from twin.phantom.vessel_growth import Trunk, end_points, graph_from_tree, grown_tree
from twin.vessel_graph import VesselGraph

__all__ = ["LiverTrees", "MainTrunks", "drawn_liver_trees", "main_trunks", "segment_of_branch"]

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
# Gap between the two trees, in lattice steps: coarse voxels must be able to tell them apart.
_CLEARANCE_STEPS = 0.75


@dataclass(frozen=True)
class LiverTrees:
    """Both trees of the liver as graphs in patient space."""

    portal: VesselGraph
    hepatic: VesselGraph


@dataclass(frozen=True)
class MainTrunks:
    """Hand-laid trunks of both trees, moved to the individual."""

    portal: tuple[Trunk, ...]
    hepatic: tuple[Trunk, ...]

    def space(self, lattice: Lattice) -> Field:
        """Return the distance to the trunks, for those who must keep off them."""
        return _trunk_space(lattice, self.portal + self.hepatic, 4.5, 40.0)


def main_trunks(liver: Liver, rng: np.random.Generator) -> MainTrunks:
    """Lay the trunks into an individual's liver."""
    return MainTrunks(
        tuple(_placed(_PORTAL_TRUNKS, SEGMENTS, liver, rng, n_outside=5)),
        tuple(_placed(_HEPATIC_TRUNKS, _DRAINAGE, liver, rng, n_outside=1)),
    )


def drawn_liver_trees(
    liver: Liver,
    trunks: MainTrunks,
    obstacles: list[Field],
    n_portal: int,
    n_hepatic: int,
    rng: np.random.Generator,
) -> LiverTrees:
    """Grow portal vein and hepatic veins through the liver; they touch neither each other nor a lesion."""
    organ = liver.parenchyma
    lattice = organ.lattice
    for lesion in obstacles:
        organ = organ.without(lesion, 0.5)
    portal_radius = _PORTAL_RADIUS_MM * (1.0 + 0.06 * rng.standard_normal())
    hepatic_radius = _RIGHT_HEPATIC_RADIUS_MM * (1.0 + 0.08 * rng.standard_normal())

    allowed = _allowed(organ, _trunk_space(lattice, trunks.hepatic, 4.0, 20.0), 2.0)
    ends = _ends(allowed, organ.volume_ml, n_portal, rng)
    segments = segment_index_at(lattice.body_map.body_from_lps(ends), rng)
    tree = grown_tree(trunks.portal, ends, segments, allowed, portal_radius / float(np.cbrt(n_portal)))
    portal = graph_from_tree(tree, "portal", portal_radius / float(np.cbrt(tree.flows[0])))

    child = np.flatnonzero(portal.parents >= 0)
    portal_space = lattice.tubes_lps(
        portal.nodes_lps_mm[portal.parents[child]], portal.nodes_lps_mm[child], portal.radii_mm[child], margin_mm=20.0
    )
    allowed = _allowed(organ, portal_space, _CLEARANCE_STEPS * lattice.step_mm)
    ends = _ends(allowed, organ.volume_ml, n_hepatic, rng)
    drainage = _drainage(ends, trunks.hepatic)
    end_radius = hepatic_radius / float(np.cbrt(np.count_nonzero(drainage == 0) + 1))
    tree = grown_tree(trunks.hepatic, ends, drainage, allowed, end_radius)
    return LiverTrees(portal, graph_from_tree(tree, "hepatic", end_radius))


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
        lps[inside_from:] = _settled(lps[inside_from:], liver.uncleft, 5.5)
        trunks.append(Trunk(name, parent, lps, regions.index(region) if region else -1))
    return trunks


def _settled(points_lps_mm: Points, organ: Field, depth_mm: float) -> Points:
    """Push points inwards along the gradient until they lie ``depth_mm`` deep (as far as the organ allows)."""
    points = points_lps_mm.copy()
    for _ in range(12):
        value = organ.at(points)
        gradient = np.stack([organ.at(points + d) - organ.at(points - d) for d in 2.0 * np.eye(3)], axis=1)
        gradient /= np.linalg.norm(gradient, axis=1, keepdims=True) + 1e-6
        points -= gradient * np.clip(value + depth_mm, 0.0, 4.0)[:, None]
    return points


def _ends(allowed: Field, volume_ml: float, wanted: int, rng: np.random.Generator) -> Points:
    """Scatter end points where a vessel may end: inside the organ, off everything that is in the way."""
    lattice = allowed.lattice
    kji = np.argwhere(allowed.values < -2.0) + np.array(allowed.box.start_kji)
    points = lattice.origin_lps_mm + lattice.step_mm * (kji[:, ::-1] + rng.uniform(-0.5, 0.5, kji.shape))
    return end_points(points, wanted, volume_ml * 1000.0, rng)


def _drainage(ends: Points, trunks: tuple[Trunk, ...]) -> NDArray[np.int32]:
    """Each end drains to the nearest trunk; the caudate only from its immediate surroundings."""
    distance = np.full((len(_DRAINAGE), ends.shape[0]), FAR_MM * 10.0)
    for trunk in trunks:
        if trunk.region < 0:
            continue
        gaps = np.linalg.norm(ends[:, None, :] - trunk.points_lps_mm[None], axis=2).min(axis=1)
        distance[trunk.region] = gaps + (9.0 if _DRAINAGE[trunk.region] == "caudate" else 0.0)
    return np.asarray(distance.argmin(axis=0), dtype=np.int32)


def _allowed(organ: Field, obstacles: Field, clearance_mm: float) -> Field:
    near = np.maximum(organ.values + 1.0, clearance_mm - obstacles.within(organ.box))
    return Field(organ.lattice, organ.box, near)


def _trunk_space(lattice: Lattice, trunks: tuple[Trunk, ...], radius_mm: float, margin_mm: float) -> Field:
    starts = np.concatenate([trunk.points_lps_mm[:-1] for trunk in trunks])
    ends = np.concatenate([trunk.points_lps_mm[1:] for trunk in trunks])
    return lattice.tubes_lps(starts, ends, np.full(starts.shape[0], radius_mm), margin_mm=margin_mm)
