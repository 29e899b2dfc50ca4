"""Portal vein or hepatic vein: each run of the vessel network goes to the tree that reaches it more naturally."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.vessels.tree_growth import growth, owners
from segmentation.vessels.vessel_runs import RunNetwork, runs_of
from twin.geometry.curve_network import CurveNetwork
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.grid import Grid

__all__ = ["HEPATIC", "NEITHER", "PORTAL", "SeparatedTrees", "painted", "separated"]

NEITHER, PORTAL, HEPATIC = 0, 1, 2
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SeparatedTrees:
    """Which tree each point of the network belongs to.

    Parameters
    ----------
    network
        Centrelines of both trees.
    tree_of_point
        (n,) uint8: NEITHER, PORTAL or HEPATIC.
    doubtful_share
        Share of the length whose two costs are nearly equal: touching vessels that a person should look at.
    """

    network: CurveNetwork
    tree_of_point: NDArray[np.uint8]
    doubtful_share: float


# Costs closer than this say nothing sure (a turn of 75 degrees costs 0.3).
_CLEAR_DIFFERENCE = 0.15


def separated(
    network: CurveNetwork, portal_roots: NDArray[np.int64], hepatic_roots: NDArray[np.int64]
) -> SeparatedTrees:
    """Give each run to the tree that reaches it at less cost, and each fork to its widest run."""
    runs = runs_of(network)
    growths = (growth(runs, portal_roots), growth(runs, hepatic_roots))
    portal, hepatic = (grown.costs for grown in growths)
    tree = np.array([NEITHER, PORTAL, HEPATIC], np.uint8)[owners(runs, growths) + 1]
    lengths = np.array([run.length_mm for run in runs.runs])
    both = np.isfinite(portal) & np.isfinite(hepatic)
    gap = np.abs(np.where(both, portal, 9.0) - np.where(both, hepatic, 0.0))
    doubtful = float(lengths[both & (gap < _CLEAR_DIFFERENCE)].sum() / max(lengths.sum(), 1e-6))
    return SeparatedTrees(network, _of_points(runs, tree), doubtful)


def painted(trees: SeparatedTrees, mask: Mask, grid: Grid) -> tuple[Mask, Mask]:
    """Return the voxels of the portal and of the hepatic tree: each voxel of the mask goes with its nearest centreline.

    Voxels of pieces that no tree reached belong to neither.
    """
    kji = np.round(grid.ijk_from_lps(trees.network.points_lps_mm)[:, ::-1]).astype(np.int64)
    kji = np.clip(kji, 0, np.array(grid.shape_kji) - 1)
    marks = np.zeros(mask.shape, np.uint8)
    marks[tuple(kji.T)] = trees.tree_of_point + 1
    nearest = nearest_seed(marks > 0, grid.spacing_ijk_mm, mask)
    owner = np.where(nearest >= 0, marks.reshape(-1)[np.maximum(nearest, 0)], 1) - 1
    return mask & (owner == PORTAL), mask & (owner == HEPATIC)


def _of_points(runs: RunNetwork, tree_of_run: NDArray[np.uint8]) -> NDArray[np.uint8]:
    tree = np.zeros(runs.network.n_nodes, np.uint8)
    on_run = runs.run_of_point >= 0
    tree[on_run] = tree_of_run[runs.run_of_point[on_run]]
    of_fork = np.zeros(len(runs.runs_at_fork), np.uint8)
    for fork, ends in enumerate(runs.runs_at_fork):
        reached = [run for run, _ in ends if tree_of_run[run] != NEITHER]
        if reached:
            sizes = [runs.runs[run].radius_mm * min(runs.runs[run].length_mm, 10.0) for run in reached]
            of_fork[fork] = tree_of_run[reached[int(np.argmax(sizes))]]
    tree[~on_run] = of_fork[runs.fork_of_point[~on_run]]
    return tree
