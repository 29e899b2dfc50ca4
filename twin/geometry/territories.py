"""Territories: which branch of a vessel tree is nearest to each voxel of an organ."""

from __future__ import annotations

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
    graph: VesselGraph, organ_kji: NDArray[np.bool_], grid: Grid, *, n_threads: int = 1
) -> Territories | None:
    """Give each voxel of an organ the branch whose centreline inside the organ is nearest.

    Parameters
    ----------
    graph
        The tree; only its nodes inside the organ count.
    organ_kji
        bool ``[k, j, i]`` on ``grid``.
    grid
        Where the voxels are.
    n_threads
        Of the search.

    Returns
    -------
    Territories, or None when no node lies in the organ.
    """
    box = Box.around(organ_kji)
    if box is None:
        return None
    organ, part = np.ascontiguousarray(organ_kji[box.slices]), grid.cropped(box)
    voxels = np.rint(part.ijk_from_lps(graph.nodes_lps_mm)).astype(np.int64)[:, ::-1]
    nodes = np.flatnonzero(((voxels >= 0) & (voxels < organ.shape)).all(axis=1))
    nodes = nodes[organ[tuple(voxels[nodes].T)]]
    if nodes.size == 0:
        return None
    branch_at = np.zeros(organ.shape, np.uint16)
    branch_at[tuple(voxels[nodes].T)] = graph.branch_of_node[nodes]
    nearest = nearest_seed(branch_at > 0, grid.spacing_ijk_mm, organ, n_threads=n_threads)
    branch_kji = np.zeros(grid.shape_kji, np.uint16)
    branch_kji[box.slices][organ] = branch_at.ravel()[nearest[organ]]
    places = np.flatnonzero(organ)[:: max(int(np.count_nonzero(organ)) // 20_000, 1)]
    here, there = (np.stack(np.unravel_index(p, organ.shape), axis=1) for p in (places, nearest.ravel()[places]))
    distances = np.linalg.norm((here - there) * grid.spacing_ijk_mm[::-1], axis=1)
    return Territories(branch_kji, float(np.median(distances)))
