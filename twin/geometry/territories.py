"""Territories: which branch of a vessel tree is nearest to each voxel of an organ."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.box import Box
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.grid import Grid
from twin.vessel_graph import VesselGraph

__all__ = ["Territories", "branch_territories"]


@dataclass(frozen=True, eq=False)
class Territories:
    """Branch of each voxel and how far the voxels are from their branch.

    Parameters
    ----------
    branch_kji
        uint16 ``[k, j, i]``: ``VesselBranch.index``, 0 outside the organ.
    median_distance_mm
        Of the organ's voxels to the centreline of their branch: large where the tree is not seen.
    """

    branch_kji: NDArray[np.uint16]
    median_distance_mm: float


def branch_territories(
    graph: VesselGraph,
    organ_kji: NDArray[np.bool_],
    grid: Grid,
    *,
    branches: Collection[int] | None = None,
    n_threads: int = 1,
) -> Territories | None:
    """Give each voxel of an organ the branch whose centreline inside the organ is nearest.

    Parameters
    ----------
    graph
        The tree; only what of its course lies inside the organ counts.
    organ_kji
        bool ``[k, j, i]`` on ``grid``.
    grid
        Where the voxels are.
    branches
        Those that supply tissue, by index; None for all. Trunks carry blood past the tissue that they lie in.
    n_threads
        Of the search.

    Returns
    -------
    Territories, or None when nothing of these branches lies in the organ.
    """
    box = Box.around(organ_kji)
    if box is None:
        return None
    organ, part = np.ascontiguousarray(organ_kji[box.slices]), grid.cropped(box)
    points, branch = _course(graph, branches, 0.5 * float(grid.spacing_ijk_mm.min()))
    voxels = np.rint(part.ijk_from_lps(points)).astype(np.int64)[:, ::-1]
    inside = np.flatnonzero(((voxels >= 0) & (voxels < organ.shape)).all(axis=1))
    inside = inside[organ[tuple(voxels[inside].T)]]
    if inside.size == 0:
        return None
    branch_at, place_mm = np.zeros(organ.shape, np.uint16), np.zeros((organ.size, 3), np.float32)
    branch_at[tuple(voxels[inside].T)] = branch[inside]
    at = np.ravel_multi_index(tuple(voxels[inside].T), organ.shape)
    place_mm[at] = part.ijk_from_lps(points[inside]) * grid.spacing_ijk_mm
    nearest = nearest_seed(branch_at > 0, grid.spacing_ijk_mm, organ, n_threads=n_threads)
    _settle_borders(nearest, branch_at, organ, place_mm, grid.spacing_ijk_mm)
    branch_kji = np.zeros(grid.shape_kji, np.uint16)
    branch_kji[box.slices][organ] = branch_at.ravel()[nearest[organ]]
    places = np.flatnonzero(organ)[:: max(int(np.count_nonzero(organ)) // 20_000, 1)]
    here, there = (np.stack(np.unravel_index(p, organ.shape), axis=1) for p in (places, nearest.ravel()[places]))
    distances = np.linalg.norm((here - there) * grid.spacing_ijk_mm[::-1], axis=1)
    return Territories(branch_kji, float(np.median(distances)))


def _settle_borders(
    nearest: NDArray[np.int32],
    branch_at: NDArray[np.uint16],
    organ: NDArray[np.bool_],
    place_mm: NDArray[np.float32],
    spacing_ijk_mm: NDArray[np.float64],
) -> None:
    """Let voxels at the border of two territories choose by where the courses run inside of their voxels, in place.

    Seeds are voxels: between two thin branches half a voxel decides about a layer of voxels on each side.
    """
    branch = branch_at.ravel()[np.maximum(nearest, 0)]

    def distance2(voxels: NDArray[np.int64], seeds: NDArray[np.int32]) -> NDArray[np.float32]:
        k, j, i = np.unravel_index(voxels, organ.shape)
        gaps = np.stack([i, j, k], axis=1).astype(np.float32) * spacing_ijk_mm.astype(np.float32) - place_mm[seeds]
        return np.asarray(np.einsum("nx,nx->n", gaps, gaps), np.float32)

    before = nearest.copy()
    stride = (organ.shape[1] * organ.shape[2], organ.shape[2], 1)
    for axis in range(3):
        low = tuple(slice(None, -1) if n == axis else slice(None) for n in range(3))
        high = tuple(slice(1, None) if n == axis else slice(None) for n in range(3))
        is_border = organ[low] & organ[high] & (branch[low] != branch[high])
        first = np.ravel_multi_index(np.nonzero(is_border), organ.shape).astype(np.int64)
        for here, there in ((first, first + stride[axis]), (first + stride[axis], first)):
            offered, own = before.ravel()[there], nearest.ravel()[here]
            is_better = distance2(here, offered) < distance2(here, own)
            nearest.ravel()[here[is_better]] = offered[is_better]


def _course(
    graph: VesselGraph, branches: Collection[int] | None, step_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return points along branches no farther apart than a step, (n, 3), and the branch of each, (n,)."""
    wanted = np.ones(len(graph.parents), np.bool_)
    if branches is not None:
        wanted = np.isin(graph.branch_of_node, list(branches))
    ends = np.flatnonzero(wanted)
    starts = np.where(graph.parents[ends] >= 0, graph.parents[ends], ends)
    way = graph.nodes_lps_mm[ends] - graph.nodes_lps_mm[starts]
    n_steps = np.maximum(np.ceil(np.linalg.norm(way, axis=1) / step_mm), 1).astype(np.int64)
    edge = np.repeat(np.arange(ends.size), n_steps)
    number = np.arange(edge.size) - np.repeat(np.cumsum(n_steps) - n_steps, n_steps)
    share = (number + 1) / n_steps[edge]  # the point at the parent belongs to the parent
    points = graph.nodes_lps_mm[starts[edge]] + share[:, None] * way[edge]
    return points, graph.branch_of_node[ends[edge]]
