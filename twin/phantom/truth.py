"""The truth that follows from the trees: which branch supplies each voxel, and the Couinaud segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import structure
from twin.box import Box
from twin.geometry.components_cc3d import components
from twin.grid import Grid
from twin.phantom.kernels.tubes import nearest_branch
from twin.phantom.liver_vessels import segment_of_branch
from twin.vessel_graph import VesselGraph

__all__ = ["couinaud_from_branches", "sweep_crumbs", "territories"]

# Pieces up to this size that lost their connection where a later shape was painted are no anatomy.
_CRUMB_VOXELS = 4


def territories(graph: VesselGraph, organ: NDArray[np.bool_], grid: Grid) -> NDArray[np.uint16]:
    """Return for each voxel of the organ the index of the end branch nearest to it (0 outside)."""
    out = np.zeros(grid.shape_kji, np.uint16)
    box = Box.around(organ)
    if box is None:
        return out
    parents_of_branches = {branch.parent for branch in graph.branches}
    is_end = np.array([False] + [branch.index not in parents_of_branches for branch in graph.branches])
    child = np.flatnonzero((graph.parents >= 0) & is_end[graph.branch_of_node])
    region = np.zeros(box.shape_kji, np.uint16)
    nearest_branch(
        region, np.ascontiguousarray(organ[box.slices]), grid.lps_from_ijk(box.start_kji[::-1]),
        grid.spacing_ijk_mm, graph.nodes_lps_mm[graph.parents[child]], graph.nodes_lps_mm[child],
        graph.branch_of_node[child].astype(np.uint16), 8,
    )  # fmt: skip
    out[box.slices] = region
    return out


def couinaud_from_branches(portal: VesselGraph, portal_branch: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """Return the Couinaud value of each voxel: that of the portal branch which supplies it."""
    value_of = np.zeros(len(portal.branches) + 1, np.uint8)
    for branch in portal.branches:
        segment = segment_of_branch(branch.name)
        if segment is not None:
            value_of[branch.index] = structure(f"couinaud_{segment}").value
    return value_of[portal_branch]


def sweep_crumbs(labels: NDArray[np.uint8]) -> None:
    """Remove from a label array, in place, pieces of a few voxels beside the main piece of their structure."""
    for value in np.unique(labels)[1:]:
        mask = labels == value
        box = Box.around(mask)
        assert box is not None
        pieces, n_voxels = components(mask[box.slices])
        n_whole = max(1, int(np.count_nonzero(n_voxels > _CRUMB_VOXELS)))
        if n_whole < n_voxels.size:
            labels[box.slices][pieces > n_whole] = 0
