"""Sections of vessels from the volume of their voxels: radii free of the bias of depths, which count whole voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["MaskVoxels", "vessel_sections"]

_HALF_WINDOW = 3  # nodes on each side over which a section is averaged
_FARTHEST = 1.6  # voxels farther from the centreline than so many radii belong to something left out


@dataclass(frozen=True, eq=False)
class MaskVoxels:
    """Centres of the voxels of a vessel mask, (n, 3) float64, and the volume of one."""

    centres_lps_mm: NDArray[np.float64]
    voxel_mm3: float

    @property
    def voxel_mm(self) -> float:
        """Side of the cube of the same volume."""
        return float(np.cbrt(self.voxel_mm3))


def vessel_sections(
    points_lps_mm: NDArray[np.float64],
    parents: NDArray[np.int64],
    first: NDArray[np.int64],
    goes_on: NDArray[np.bool_],
    depths_mm: NDArray[np.float64],
    voxels: MaskVoxels,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at each node the radius of the vessel's section, and the way from the node to its middle.

    The radius is that of the circle whose area is the volume of the vessel there over its length. Each voxel counts
    for the nearest node. A side branch is measured from beyond the wall of the vessel that it leaves; its nodes
    inside take the radius from there.

    Parameters
    ----------
    points_lps_mm
        (n, 3) nodes, those of a branch in a row from the root outwards.
    parents
        (n,) next node towards the root, -1 at a root.
    first
        (b,) first node of each branch, ascending.
    goes_on
        (b,) bool: the branch goes on from its parent, rather than leaving it to the side.
    depths_mm
        (n,) depth in the mask at each node.
    voxels
        Of the mask.

    Returns
    -------
    radii_mm
        float64 (n,).
    shifts_lps_mm
        float64 (n, 3), across the vessel; zero near forks and ends, where sections have no one middle.
    """
    n_nodes = len(points_lps_mm)
    last = np.append(first[1:], n_nodes) - 1
    branch = np.repeat(np.arange(first.size), last - first + 1)
    fork = parents[first]
    from_fork = _gaps(points_lps_mm, fork[branch])
    fork_depth = depths_mm[np.maximum(fork, 0)][branch]
    # No voxel inside the parent is nearest to a node so far beyond the wall as the parent is wider than the branch.
    begin = np.where(goes_on, first, _first_true(from_fork > 2.0 * fork_depth - depths_mm, first, last))
    sums = _sums_of_cells(points_lps_mm, np.arange(n_nodes) >= begin[branch], depths_mm, voxels)
    lengths = _lengths_of_nodes(points_lps_mm, parents, first[goes_on])
    depths_mm = _unbiased(depths_mm, voxels.voxel_mm)

    # Sections are taken off the forks, where vessels share their voxels, and off the ends, which reach farther.
    is_leaf = np.bincount(fork[fork >= 0], minlength=n_nodes)[last] == 0
    low = np.where(fork < 0, first + 1, np.maximum(begin + ~goes_on, _first_true(from_fork > fork_depth, first, last)))
    is_calm = _gaps(points_lps_mm, last[branch]) > depths_mm[last][branch]
    high = np.where(is_leaf, last - 1, _last_true(is_calm, first, last))
    is_sure = low <= high
    low, high = np.where(is_sure, low, begin), np.where(is_sure, high, last)
    window = _windows(low[branch], high[branch])
    area = window.sums(sums[:, 0]) * voxels.voxel_mm3 / np.maximum(window.sums(lengths), 1e-6)
    radii = np.sqrt(area / np.pi)
    # The cap of a short end counts as length it does not have; a short way between forks shares all its voxels.
    unsure = np.where(is_leaf[branch], np.minimum(radii, depths_mm), depths_mm)
    radii = np.where(is_sure[branch], radii, unsure)
    radii = np.where(radii > 0, radii, depths_mm)
    is_inner = is_sure[branch] & (np.arange(n_nodes) >= low[branch]) & (np.arange(n_nodes) <= high[branch])
    return radii, np.where(is_inner[:, None], _shifts(points_lps_mm, sums, window), 0.0)


def _sums_of_cells(
    points: NDArray[np.float64], has_cell: NDArray[np.bool_], depths_mm: NDArray[np.float64], voxels: MaskVoxels
) -> NDArray[np.float64]:
    """Return for each node how many voxels are nearest to it and the sums of their ways from it, (n, 4) float64."""
    cells = np.flatnonzero(has_cell)
    gap, nearest = cKDTree(points[cells]).query(voxels.centres_lps_mm)
    node = cells[nearest]
    counts = gap <= _FARTHEST * depths_mm[node] + voxels.voxel_mm
    node = node[counts]
    ways = voxels.centres_lps_mm[counts] - points[node]
    columns = (np.ones(len(ways)), *ways.T)
    return np.stack([np.bincount(node, column, minlength=len(points)) for column in columns], axis=1)


def _shifts(points: NDArray[np.float64], sums: NDArray[np.float64], window: _Windows) -> NDArray[np.float64]:
    """Return the mean way of the voxels around each node, without its part along the vessel."""
    ways = np.stack([window.sums(sums[:, axis]) for axis in (1, 2, 3)], axis=1)
    ways /= np.maximum(window.sums(sums[:, 0]), 1.0)[:, None]
    course = points[window.stop - 1] - points[window.start]
    course /= np.maximum(np.linalg.norm(course, axis=1), 1e-6)[:, None]
    return np.asarray(ways - np.einsum("nx,nx->n", ways, course)[:, None] * course)


def _unbiased(depths_mm: NDArray[np.float64], voxel_mm: float) -> NDArray[np.float64]:
    """Return depths without their mean error against the radii of tubes drawn at random (ours): 0.3 voxels.

    The centreline's voxel lies off the axis, and the nearest voxel outside is nearer than the wall is on average;
    in tubes of one voxel that is made up for by the half voxel that a depth counts too much.
    """
    return depths_mm + 0.3 * voxel_mm * np.clip(depths_mm / voxel_mm - 1.0, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class _Windows:
    """For each node the nodes of its branch around it, from ``start`` to before ``stop``."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum over each window."""
        total = np.append(0.0, np.cumsum(values))
        return np.asarray(total[self.stop] - total[self.start])


def _windows(low: NDArray[np.int64], high: NDArray[np.int64]) -> _Windows:
    """Return a window around each node, or around the nearest between ``low`` and ``high``, within these."""
    centre = np.clip(np.arange(low.size), low, high)
    return _Windows(np.maximum(centre - _HALF_WINDOW, low), np.minimum(centre + _HALF_WINDOW, high) + 1)


def _gaps(points: NDArray[np.float64], others: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the distance of each point to another, infinite where that is -1."""
    gaps: NDArray[np.float64] = np.linalg.norm(points - points[np.maximum(others, 0)], axis=1)
    return np.where(others >= 0, gaps, np.inf)


def _first_true(is_true: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first true node of each branch; the last of the branch where none is."""
    numbers = np.where(is_true, np.arange(is_true.size), is_true.size)
    return np.minimum(np.minimum.reduceat(numbers, first), last)


def _last_true(is_true: NDArray[np.bool_], first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the last true node of each branch; the one before the first where none is."""
    numbers = np.where(is_true, np.arange(is_true.size), -1)
    return np.maximum(np.maximum.reduceat(numbers, first), first - 1)


def _lengths_of_nodes(
    points: NDArray[np.float64], parents: NDArray[np.int64], first_of_main: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return half of the way to the node before and half of that to the node after, side branches left out."""
    has_parent = parents >= 0
    steps = np.where(has_parent, _gaps(points, parents), 0.0)
    follows = has_parent & (parents == np.arange(len(points)) - 1)
    follows[first_of_main] = has_parent[first_of_main]
    lengths = 0.5 * steps
    np.add.at(lengths, parents[follows], 0.5 * steps[follows])
    return lengths
