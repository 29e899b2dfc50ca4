"""The axis of the pancreas: a smooth course from the tip of the head (0) to the tip of the tail (1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import GeometryError
from twin.geometry.kernels.course_position import position_of_points, position_of_voxels
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.grid import Grid
from twin.pancreas.gland_graph import GlandGraph

__all__ = ["PancreasAxis"]

Point = tuple[float, float, float]
Points = NDArray[np.float64]

# Ours.
_STEP_MM = 1.0
_SMOOTH_MM = 12.0  # standard deviation of the weights along the axis: with less a principal curve winds to and fro
_WINDOW_NODES = 12  # a voxel lies along the axis near to where the way to it inside the gland leaves the axis
_ROUNDS = 2
_LEAST_SLENDERNESS = 3.0  # length over largest depth; a ball has 2


@dataclass(frozen=True, eq=False)
class PancreasAxis:
    """A course through the middle of the gland, and where each voxel lies along it.

    Planes square to the axis cut the gland: the position of a voxel is where its plane meets the axis. Voxels are
    given to that stretch of the axis which is nearest *inside the gland*, so that the uncinate process behind the vein
    belongs to the head, not to the neck in front of it.

    Parameters
    ----------
    nodes_lps_mm
        (n, 3) float64, equally spaced, from head to tail.
    tangents_lps
        (n, 3) float64, unit directions towards the tail.
    step_mm
        Between nodes.
    grid
        Grid of the positions.
    position_mm
        float32 ``[k, j, i]``: from the tip of the head along the axis; goes on below 0 and above the length outside.
    n_pieces, largest_gap_mm
        Pieces of the mask that the axis goes through, and the widest gap between them.
    """

    nodes_lps_mm: Points
    tangents_lps: Points
    step_mm: float
    grid: Grid
    position_mm: NDArray[np.float32]
    n_pieces: int = 1
    largest_gap_mm: float = 0.0

    @classmethod
    def of_mask(cls, mask: NDArray[np.bool_], grid: Grid, *, duodenum_lps_mm: ArrayLike | None = None) -> PancreasAxis:
        """Lay the axis through the mask of a gland.

        Parameters
        ----------
        mask
            bool ``[k, j, i]`` on ``grid``; best cropped to the gland.
        grid
            Where the voxels are.
        duodenum_lps_mm
            (3,): middle of the duodenum, which tells the head; None takes the end on the patient's right.

        Raises
        ------
        GeometryError
            ``error.organ.empty`` without a voxel, ``error.pancreas.pieces_apart`` when it lies in pieces far from each
            other, ``error.pancreas.no_axis`` when it is not longer than wide.

        Examples
        --------
        >>> grid = Grid.from_spacing((70, 20, 20), (2, 2, 2))
        >>> mask = np.zeros(grid.shape_kji, bool)
        >>> mask[6:14, 6:14, 5:65] = True
        >>> axis = PancreasAxis.of_mask(mask, grid)
        >>> 110 < axis.length_mm < 130, [round(float(v)) for v in axis.point(0.5)]
        (True, [69, 19, 19])
        """
        if not mask.any():
            raise GeometryError("error.organ.empty", structure="pancreas")
        graph = GlandGraph.of_mask(mask, grid)
        head_lps_mm = None if duodenum_lps_mm is None else np.asarray(duodenum_lps_mm, np.float64)
        way = graph.way(*graph.ends(head_lps_mm))
        nodes, near = _settled_course(graph, way)
        length_mm = _STEP_MM * (len(nodes) - 1)
        if length_mm < _LEAST_SLENDERNESS * float(graph.depth_mm.max()):
            volume_ml = round(np.count_nonzero(mask) * grid.voxel_volume_ml, 1)
            raise GeometryError("error.pancreas.no_axis", length_mm=round(length_mm), volume_ml=volume_ml)
        nodes, step_mm = _equally_spaced(nodes)
        tangents = _tangents(nodes)
        near_of_voxel = _carried_to_voxels(near, graph, grid)
        positions = position_of_voxels(near_of_voxel, grid.affine_lps_mm, nodes, tangents, step_mm, _WINDOW_NODES)
        return cls(nodes, tangents, step_mm, grid, positions, graph.n_pieces, graph.largest_gap_mm)

    @property
    def length_mm(self) -> float:
        """From tip to tip along the axis."""
        return self.step_mm * (len(self.nodes_lps_mm) - 1)

    def point(self, fraction: float) -> Point:
        """Return the point of the axis at a fraction of its length."""
        x, y, z = self._at(self.nodes_lps_mm, fraction)
        return (x, y, z)

    def direction(self, fraction: float) -> Point:
        """Return the unit direction towards the tail at a fraction of the length: the normal of a cut there."""
        tangent = np.array(self._at(self.tangents_lps, fraction))
        x, y, z = (float(v) for v in tangent / np.linalg.norm(tangent))
        return (x, y, z)

    def positions_of(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return the positions of points (n, 3) in mm, as those of the voxels they lie in; float64 (n,)."""
        ijk = np.rint(self.grid.ijk_from_lps(points_lps_mm)).astype(np.int64)
        i, j, k = np.clip(ijk, 0, np.array(self.grid.size_ijk) - 1).T
        near = np.clip(np.rint(self.position_mm[k, j, i] / self.step_mm), 0, len(self.nodes_lps_mm) - 1)
        course = self.nodes_lps_mm, self.tangents_lps, self.step_mm
        return position_of_points(points_lps_mm, near.astype(np.int32), *course, _WINDOW_NODES)

    def _at(self, values: Points, fraction: float) -> tuple[float, float, float]:
        place = fraction * (len(values) - 1)
        x, y, z = (float(np.interp(place, np.arange(len(values)), values[:, axis])) for axis in range(3))
        return (x, y, z)


def _settled_course(graph: GlandGraph, way: NDArray[np.int64]) -> tuple[Points, NDArray[np.int32]]:
    """Draw a way to the middle of the gland, tip to tip: nodes and, for each cell, a node near it.

    The middle of the cells around each place of the course (a weighted line through them, so that the ends are not
    drawn in) makes the next course; a principal curve after Hastie and Stuetzle (J Am Stat Assoc 1989;84:502).
    """
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(graph.points_lps_mm[way], axis=0), axis=1)))
    foot = along[graph.nearest_of(way)]  # where the way inside the gland reaches the course: it stays that of a process
    weights = graph.n_voxels.astype(np.float64)
    nodes = _resampled(_line_through(graph.points_lps_mm[way], np.ones(way.size), along, np.arange(0, along[-1], 1.0)))
    foot = foot * (len(nodes) - 1) * _STEP_MM / along[-1]
    near = _nodes_at(foot, nodes)
    for _ in range(_ROUNDS):
        course = nodes, _tangents(nodes), _STEP_MM
        positions = position_of_points(graph.points_lps_mm, near, *course, _WINDOW_NODES)
        places = np.arange(positions.min(), positions.max() + _STEP_MM, _STEP_MM)
        drawn = _line_through(graph.points_lps_mm, weights, positions, places)
        lengths = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(drawn, axis=0), axis=1)))
        nodes = _resampled(drawn)
        foot = np.interp(foot, places, lengths)
        near = _nodes_at(foot, nodes)
    return nodes, near


def _nodes_at(positions_mm: NDArray[np.float64], nodes: Points) -> NDArray[np.int32]:
    return np.clip(np.rint(positions_mm / _STEP_MM), 0, len(nodes) - 1).astype(np.int32)


def _line_through(points: Points, weights: NDArray[np.float64], positions: NDArray[np.float64], at: Points) -> Points:
    """Return a local straight fit of points against their positions, at places along, (n, 3)."""
    low = float(min(positions.min(), at.min()))
    bin_of = ((positions - low) / _STEP_MM).astype(np.int64)
    mass = np.bincount(bin_of, weights)
    full = np.flatnonzero(mass > 0)
    mass = mass[full]
    columns = np.concatenate([points, positions[:, None]], axis=1)
    means = np.stack([np.bincount(bin_of, weights * column)[full] / mass for column in columns.T], axis=1)
    offset = means[None, :, 3] - at[:, None]
    kernel = mass * np.exp(-0.5 * (offset / _SMOOTH_MM) ** 2)
    s0, s1, s2 = (np.sum(kernel * offset**power, axis=1) for power in range(3))
    share = kernel * (s2[:, None] - s1[:, None] * offset) / np.maximum(s0 * s2 - s1**2, 1e-12)[:, None]
    return np.asarray(share @ means[:, :3])


def _resampled(points: Points) -> Points:
    """Return points every millimetre along a line; the last stretch is left out."""
    lengths = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    at = np.arange(0.0, max(lengths[-1], 2.0 * _STEP_MM), _STEP_MM)
    return np.stack([np.interp(at, lengths, points[:, axis]) for axis in range(3)], axis=1)


def _equally_spaced(nodes: Points) -> tuple[Points, float]:
    """Return as many nodes as before, exactly equally spaced, and their distance."""
    lengths = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(nodes, axis=0), axis=1)))
    at = np.linspace(0.0, lengths[-1], len(nodes))
    spaced = np.stack([np.interp(at, lengths, nodes[:, axis]) for axis in range(3)], axis=1)
    return spaced, float(at[1])


def _tangents(nodes: Points) -> Points:
    slopes = np.gradient(nodes, axis=0)
    return np.asarray(slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-12))


def _carried_to_voxels(near: NDArray[np.int32], graph: GlandGraph, grid: Grid) -> NDArray[np.int32]:
    """Return a node near each voxel: that of its cell, and outside of the gland that of the nearest voxel in it."""
    known = graph.cell_of_voxel >= 0
    of_voxel = np.where(known, near[np.maximum(graph.cell_of_voxel, 0)], 0).astype(np.int32)
    nearest = nearest_seed(known, grid.spacing_ijk_mm)
    return of_voxel.ravel()[nearest.ravel()].reshape(of_voxel.shape)
