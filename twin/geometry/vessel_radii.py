"""Radii of vessels from the volume of their voxels: free of the bias of depths, which count whole voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = ["section_radii_mm"]

_HALF_WINDOW = 3  # nodes on each side over which a section is averaged
_FARTHEST = 2.5  # voxels farther from the centreline than so many radii belong to something left out


def section_radii_mm(
    points_lps_mm: NDArray[np.float64],
    parents: NDArray[np.int64],
    first: NDArray[np.int64],
    goes_on: NDArray[np.bool_],
    depths_mm: NDArray[np.float64],
    voxels_lps_mm: NDArray[np.float64],
    voxel_mm3: float,
) -> NDArray[np.float64]:
    """Return at each node the radius of the circle whose area is the volume of the vessel there over its length.

    Each voxel counts for the nearest node. A side branch is measured from beyond the wall of the vessel that it
    leaves; its nodes inside take the radius from there.

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
    voxels_lps_mm
        (v, 3) centres of the voxels of the mask.
    voxel_mm3
        Volume of a voxel.

    Returns
    -------
    float64 (n,)
    """
    n_nodes = len(points_lps_mm)
    last = np.append(first[1:], n_nodes) - 1
    branch = np.repeat(np.arange(first.size), last - first + 1)
    fork = parents[first]
    from_fork = _gaps(points_lps_mm, fork[branch])
    fork_depth = depths_mm[np.maximum(fork, 0)][branch]
    # No voxel inside the parent is nearest to a node so far beyond the wall as the parent is wider than the branch.
    begin = np.where(goes_on, first, _first_true(from_fork > 2.0 * fork_depth - depths_mm, first, last))
    outside = np.flatnonzero(np.arange(n_nodes) >= begin[branch])
    gap, nearest = cKDTree(points_lps_mm[outside]).query(voxels_lps_mm)
    node = outside[nearest]
    counts = gap <= _FARTHEST * depths_mm[node] + 2.0 * float(np.cbrt(voxel_mm3))
    volumes = np.bincount(node[counts], minlength=n_nodes) * np.float64(voxel_mm3)
    lengths = _lengths_of_nodes(points_lps_mm, parents, first[goes_on])

    depths_mm = _unbiased(depths_mm, float(np.cbrt(voxel_mm3)))

    # Sections are taken off the forks, where vessels share their voxels, and off the ends, which reach farther.
    is_leaf = np.bincount(fork[fork >= 0], minlength=n_nodes)[last] == 0
    low = np.where(fork < 0, first + 1, np.maximum(begin + ~goes_on, _first_true(from_fork > fork_depth, first, last)))
    is_calm = _gaps(points_lps_mm, last[branch]) > depths_mm[last][branch]
    high = np.where(is_leaf, last - 1, _last_true(is_calm, first, last))
    is_sure = low <= high
    low, high = np.where(is_sure, low, begin), np.where(is_sure, high, last)
    radii = _sections_mm(volumes, lengths, low[branch], high[branch])
    # The cap of a short end counts as length it does not have; a short way between forks shares all its voxels.
    unsure = np.where(is_leaf[branch], np.minimum(radii, depths_mm), depths_mm)
    radii = np.where(is_sure[branch], radii, unsure)
    return np.where(radii > 0, radii, depths_mm)


def _unbiased(depths_mm: NDArray[np.float64], voxel_mm: float) -> NDArray[np.float64]:
    """Return depths without their mean error against the radii of tubes drawn at random (ours): 0.3 voxels.

    The centreline's voxel lies off the axis, and the nearest voxel outside is nearer than the wall is on average;
    in tubes of one voxel that is made up for by the half voxel that a depth counts too much.
    """
    return depths_mm + 0.3 * voxel_mm * np.clip(depths_mm / voxel_mm - 1.0, 0.0, 1.0)


def _sections_mm(
    volumes: NDArray[np.float64], lengths: NDArray[np.float64], low: NDArray[np.int64], high: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the radius of the mean section of the nodes around each node, from ``low`` to ``high`` at most."""
    centre = np.clip(np.arange(volumes.size), low, high)
    start, stop = np.maximum(centre - _HALF_WINDOW, low), np.minimum(centre + _HALF_WINDOW, high) + 1
    volume, length = (np.append(0.0, np.cumsum(values)) for values in (volumes, lengths))
    area = (volume[stop] - volume[start]) / np.maximum(length[stop] - length[start], 1e-6)
    return np.asarray(np.sqrt(area / np.pi))


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
