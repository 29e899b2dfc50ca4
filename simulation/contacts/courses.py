"""Where named vessels run: stretches of centreline within one labelled vessel, and planes across them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from simulation.contacts.sections import Planes
from twin.geometry.centreline import vessel_graph_of_mask
from twin.grid import Grid
from twin.twin import Twin
from twin.vessel_graph import VesselGraph

__all__ = [
    "SIDE_BRANCH",
    "Course",
    "Nearness",
    "axial_planes",
    "courses_of",
    "normal_planes",
    "radius_near_mm",
    "vessel_name",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SIDE_BRANCH = ".side_branch"  # ends the name of what is labelled as a vessel and is a branch of it
_TREE_OF_STRUCTURE = {
    "portal_vein": "portal",
    "superior_mesenteric_vein": "portal",
    "hepatic_vein": "hepatic",
    "aorta": "arterial",
    "celiac_trunk": "arterial",
    "common_hepatic_artery": "arterial",
    "splenic_artery": "arterial",
    "superior_mesenteric_artery": "arterial",
    "gastroduodenal_artery": "arterial",
    "other_artery": "arterial",
}
_BRANCHED = ("portal_vein", "hepatic_vein")  # one label for a whole tree: its first branches have names of their own
_SIDEWAYS_COSINE = 0.7  # a branch that leaves at more than 45 degrees begins inside the vessel that it leaves
_LEAST_COURSE = 3  # points
_NODE_STEP_MM = 4.0  # nodes of a tree may lie so far apart
_THINNEST_MM = 1.0  # vessels under about 2 mm across are not all seen, and no angle on them is
_LEAST_TRUNK_MM = 8.0
_TRUNK_SHARE = 0.55  # of the radius of a named vessel; what is thinner is a branch of it (ours)
_WALL = 1.3  # the wall of a vessel that is not round lies at most so many radii off its centreline
_LARGEST_SLANT = 0.34  # cosine of 70 degrees: a vessel that lies flatter in the slices has no axial angle


@dataclass(frozen=True, eq=False)
class Course:
    """A stretch of a vessel's centreline.

    Parameters
    ----------
    vessel
        Name of the vessel: id of its structure, or of the branch of a tree (``"portal.right"``).
    structure_id
        How it is labelled.
    points_lps_mm, radii_mm
        (n, 3) and (n,) float64, a step apart.
    step_mm
        Between points.
    is_named
        True when the name comes from a label or a person, not from the program's proposal.
    """

    vessel: str
    structure_id: str
    points_lps_mm: Floats
    radii_mm: Floats
    step_mm: float
    is_named: bool

    @property
    def tangents_lps(self) -> Floats:
        """Direction of the vessel at each point, averaged over about its radius, (n, 3)."""
        width = max(1.0, float(np.median(self.radii_mm)) / self.step_mm)
        smooth = gaussian_filter1d(np.gradient(self.points_lps_mm, axis=0), width, axis=0, mode="nearest")
        return np.asarray(smooth / np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-9))


@dataclass(frozen=True, eq=False)
class Nearness:
    """Voxels of a vessel close to a lesion, and how far from them a wall may lie that matters, mm."""

    voxels: cKDTree
    reach_mm: float

    def concerns(self, points_lps_mm: Floats, radii_mm: Floats, *, farther_mm: float = 0.0) -> Mask:
        """Tell which points of centrelines have a wall within reach."""
        gaps, _ = self.voxels.query(points_lps_mm)
        return np.asarray(gaps <= _WALL * radii_mm + self.reach_mm + farther_mm)


def vessel_name(structure_id: str, branch: str) -> str:
    """Return the name under which a contact with a branch is told: the label, or the first branch where named.

    Examples
    --------
    >>> vessel_name("portal_vein", "portal.right.anterior.8"), vessel_name("portal_vein", "portal.3.1")
    ('portal.right', 'portal_vein')
    >>> vessel_name("superior_mesenteric_artery", "superior_mesenteric"), vessel_name("portal_vein", "portal.main")
    ('superior_mesenteric_artery', 'portal_vein')
    """
    parts = branch.split(".")
    if structure_id not in _BRANCHED or len(parts) < 2 or parts[1] == "main" or not parts[1][0].isalpha():
        return structure_id
    return ".".join(parts[:2])


def courses_of(twin: Twin, structure_id: str, mask: Mask, grid: Grid, nearness: Nearness) -> tuple[Course, ...]:
    """Return the courses of a labelled vessel near a lesion, twigs left out that are too thin to be measured.

    They are taken from the twin's trees; a vessel that belongs to none is traced from its voxels.

    Parameters
    ----------
    twin
        With its vessel trees, if any.
    structure_id
        A structure of the layer ``vessels``.
    mask, grid
        bool ``[k, j, i]``, the vessel on the part of the grid.
    nearness
        What is near.
    """
    step_mm = float(np.clip(np.cbrt(np.prod(grid.spacing_ijk_mm)), 0.5, 2.0))
    graph = twin.graphs.get(_TREE_OF_STRUCTURE.get(structure_id, ""))
    found = None if graph is None else _courses_in(graph, structure_id, mask, grid, step_mm, nearness)
    if found is None and mask.any():
        traced = vessel_graph_of_mask(mask, grid, structure_id)
        found = _courses_in(traced, structure_id, mask, grid, step_mm, nearness)
    return found or ()


def radius_near_mm(twin: Twin, structure_id: str, nearness: Nearness) -> float | None:
    """Return the largest radius of a vessel's tree near a lesion, mm; None where no tree is near."""
    graph = twin.graphs.get(_TREE_OF_STRUCTURE.get(structure_id, ""))
    if graph is None or graph.radii_mm.size == 0:
        return None
    is_near = nearness.concerns(graph.nodes_lps_mm, graph.radii_mm, farther_mm=_NODE_STEP_MM)
    return float(graph.radii_mm[is_near].max()) if is_near.any() else None


def normal_planes(course: Course) -> Planes:
    """Return the planes across a course, one at each of its points."""
    return Planes(course.points_lps_mm, course.tangents_lps, course.tangents_lps, course.radii_mm)


def axial_planes(course: Course, grid: Grid) -> Planes:
    """Return the slices that a course goes through, where it does not lie flat in them.

    Parameters
    ----------
    course
        Of a vessel.
    grid
        Whose slices.
    """
    heights = grid.ijk_from_lps(course.points_lps_mm)[:, 2]
    places = [np.zeros(0)]
    for n in range(len(heights) - 1):
        low, high = sorted((heights[n], heights[n + 1]))
        slices = np.arange(np.ceil(low), np.ceil(high))
        if heights[n + 1] != heights[n]:
            places.append(n + (slices - heights[n]) / (heights[n + 1] - heights[n]))
    at = np.concatenate(places)
    tangents = _at(course.tangents_lps, at)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-9)
    across = grid.direction[:, 2]
    is_cut = np.abs(tangents @ across) >= _LARGEST_SLANT
    at, tangents = at[is_cut], tangents[is_cut]
    normals = np.repeat(across[None], at.size, axis=0)
    return Planes(
        _at(course.points_lps_mm, at), normals, tangents, np.interp(at, np.arange(len(heights)), course.radii_mm)
    )


def _at(values: Floats, places: Floats) -> Floats:
    steps = np.arange(len(values))
    return np.stack([np.interp(places, steps, column) for column in values.T], axis=1)


def _courses_in(
    graph: VesselGraph, structure_id: str, mask: Mask, grid: Grid, step_mm: float, nearness: Nearness
) -> tuple[Course, ...] | None:
    """Return the stretches of a tree's branches that run inside a mask and near; None when the tree is not there."""
    inside = _is_in(graph.nodes_lps_mm, mask, grid)
    if not inside.any():
        return None
    near = np.flatnonzero(inside)
    close = nearness.concerns(graph.nodes_lps_mm[near], graph.radii_mm[near], farther_mm=_NODE_STEP_MM)
    trunks_mm = _trunk_radii_mm(graph, structure_id, inside)
    found: list[Course] = []
    for index in np.unique(graph.branch_of_node[near[close]]).tolist():
        branch = graph.branch(index)
        name = vessel_name(structure_id, branch.name)
        radius_mm = float(np.median(graph.radii_mm[(graph.branch_of_node == index) & inside]))
        if radius_mm < _THINNEST_MM:
            continue
        is_named = branch.is_name_confirmed or name == structure_id
        is_trunk = radius_mm >= _TRUNK_SHARE * trunks_mm[name]
        points, radii = _branch_line(graph, index)
        if len(points) > 1:
            points, radii = _resampled(points, radii, step_mm)
            stays = _is_in(points, mask, grid) & nearness.concerns(points, radii)
            found += [
                Course(
                    name if is_trunk else f"{name}{SIDE_BRANCH}",
                    structure_id,
                    points[a:b],
                    radii[a:b],
                    step_mm,
                    is_named,
                )
                for a, b in _runs(stays)
                if b - a >= _LEAST_COURSE
            ]
    return tuple(found)


def _trunk_radii_mm(graph: VesselGraph, structure_id: str, inside: Mask) -> dict[str, float]:
    """Return the radius of the widest branch of some length of each named vessel.

    A label of one vessel holds its side branches too; the tree of the portal or hepatic veins is all one label.
    """
    counts = (inside | (structure_id in _BRANCHED)).astype(np.float64)
    n_nodes = np.bincount(graph.branch_of_node, counts)
    radii_mm = np.bincount(graph.branch_of_node, counts * graph.radii_mm) / np.maximum(n_nodes, 1.0)
    found: dict[str, float] = {}
    for branch in graph.branches:
        if branch.index < n_nodes.size and n_nodes[branch.index] > 0:
            name = vessel_name(structure_id, branch.name)
            is_long = graph.lengths_mm[branch.index] >= _LEAST_TRUNK_MM
            radius_mm = float(radii_mm[branch.index]) if is_long or name not in found else 0.0
            found[name] = max(found.get(name, 0.0), radius_mm)
    return found


def _branch_line(graph: VesselGraph, index: int) -> tuple[Floats, Floats]:
    """Return the nodes of a branch from the fork that it leaves; where it leaves sideways, from the wall there."""
    nodes = np.flatnonzero(graph.branch_of_node == index)
    if nodes.size == 0:
        return np.zeros((0, 3)), np.zeros(0)
    fork = int(graph.parents[nodes[0]])
    points, radii = graph.nodes_lps_mm[nodes], graph.radii_mm[nodes]
    if fork < 0:
        return points, radii
    before = int(graph.parents[fork])
    gaps = np.linalg.norm(points - graph.nodes_lps_mm[fork], axis=1)
    leaving = points[min(int((gaps < graph.radii_mm[fork]).sum()), len(points) - 1)] - graph.nodes_lps_mm[fork]
    arriving = graph.nodes_lps_mm[fork] - graph.nodes_lps_mm[before if before >= 0 else fork]
    lengths = float(np.linalg.norm(leaving) * np.linalg.norm(arriving))
    goes_on = lengths > 0 and float(leaving @ arriving) > _SIDEWAYS_COSINE * lengths
    if goes_on:
        return np.vstack([graph.nodes_lps_mm[fork], points]), np.append(graph.radii_mm[fork], radii)
    is_beyond = gaps > graph.radii_mm[fork]
    return points[is_beyond], radii[is_beyond]


def _resampled(points: Floats, radii: Floats, step_mm: float) -> tuple[Floats, Floats]:
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    at = np.arange(0.0, along[-1] + 1e-9, step_mm)
    columns = [np.interp(at, along, column) for column in points.T]
    return np.stack(columns, axis=1), np.interp(at, along, radii)


def _is_in(points_lps_mm: Floats, mask: Mask, grid: Grid) -> Mask:
    voxels = np.rint(grid.ijk_from_lps(points_lps_mm)).astype(np.int64)[:, ::-1]
    is_on_grid = ((voxels >= 0) & (voxels < mask.shape)).all(axis=1)
    inside = np.zeros(len(points_lps_mm), np.bool_)
    inside[is_on_grid] = mask[tuple(voxels[is_on_grid].T)]
    return inside


def _runs(is_true: Mask) -> Iterator[tuple[int, int]]:
    """Yield start and stop of each stretch of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_true.astype(np.int8), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
