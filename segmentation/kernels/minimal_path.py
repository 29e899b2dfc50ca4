"""Cheapest way between two voxels of a box, by Dijkstra's algorithm with a binary heap."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["cheapest_way", "minimal_path"]

_NO_WAY = -1


def minimal_path(
    price: NDArray[np.float32], start_kji: tuple[int, int, int], end_kji: tuple[int, int, int]
) -> NDArray[np.int64]:
    """Return the voxels of the cheapest way, both ends included.

    A step to one of the 26 neighbours costs its length in voxels times the mean price of its two voxels.

    Parameters
    ----------
    price
        float32 ``[k, j, i]`` of an isotropic grid, positive; infinite where no way leads.
    start_kji, end_kji
        Voxels.

    Returns
    -------
    int64 (n, 3), voxels in order k, j, i from start to end; empty when there is no way.

    Raises
    ------
    ValueError
        When an end lies outside, or a price is not positive.

    Examples
    --------
    >>> price = np.array([[[1.0, 9.0, 1.0], [1.0, 1.0, 1.0]]], np.float32)
    >>> minimal_path(price, (0, 0, 0), (0, 0, 2)).tolist()
    [[0, 0, 0], [0, 1, 1], [0, 0, 2]]
    """
    shape = np.array(price.shape)
    for voxel in (start_kji, end_kji):
        if (np.array(voxel) < 0).any() or (np.array(voxel) >= shape).any():
            raise ValueError("an end of the way lies outside the box")
    if not (price > 0.0).all():
        raise ValueError("every price must be positive")
    start, end = (int(np.ravel_multi_index(voxel, price.shape)) for voxel in (start_kji, end_kji))
    before = cheapest_way(np.ascontiguousarray(price, np.float32), start, end)
    if before[end] == _NO_WAY and start != end:
        return np.empty((0, 3), np.int64)
    way = [end]
    while way[-1] != start:
        way.append(int(before[way[-1]]))
    return np.stack(np.unravel_index(way[::-1], price.shape), axis=1).astype(np.int64)


@njit(cache=True, nogil=True, fastmath=False)
def cheapest_way(price: NDArray[np.float32], start: int, end: int) -> NDArray[np.int64]:
    """Return for each voxel reached the flat index of the voxel before it, -1 elsewhere; stops at ``end``."""
    nk, nj, ni = price.shape
    flat = price.ravel()
    before = np.full(flat.size, -1, np.int64)
    total = np.full(flat.size, np.inf, np.float32)
    is_done = np.zeros(flat.size, np.bool_)
    costs = np.empty(1024, np.float32)
    voxels = np.empty(1024, np.int64)
    costs[0], voxels[0], n_heap = np.float32(0.0), start, 1
    total[start] = np.float32(0.0)
    while n_heap > 0:
        here = voxels[0]
        n_heap -= 1
        costs[0], voxels[0] = costs[n_heap], voxels[n_heap]
        _sink(costs, voxels, n_heap)
        if is_done[here]:
            continue
        is_done[here] = True
        if here == end:
            break
        k, rest = divmod(here, nj * ni)
        j, i = divmod(rest, ni)
        for dk in range(-1, 2):
            for dj in range(-1, 2):
                for di in range(-1, 2):
                    if not (0 <= k + dk < nk and 0 <= j + dj < nj and 0 <= i + di < ni):
                        continue
                    there = here + (dk * nj + dj) * ni + di
                    if is_done[there] or math.isinf(flat[there]):
                        continue
                    length = np.float32(math.sqrt(dk * dk + dj * dj + di * di))
                    cost = total[here] + length * np.float32(0.5) * (flat[here] + flat[there])
                    if cost < total[there]:
                        total[there] = cost
                        before[there] = here
                        if n_heap == costs.size:
                            costs = np.concatenate((costs, np.empty_like(costs)))
                            voxels = np.concatenate((voxels, np.empty_like(voxels)))
                        costs[n_heap], voxels[n_heap] = cost, there
                        n_heap += 1
                        _rise(costs, voxels, n_heap - 1)
    return before


@njit(cache=True, nogil=True, fastmath=False)
def _rise(costs: NDArray[np.float32], voxels: NDArray[np.int64], at: int) -> None:
    """Move the entry at a place of the heap up until its parent is no dearer."""
    while at > 0:
        parent = (at - 1) // 2
        if costs[parent] <= costs[at]:
            return
        costs[parent], costs[at] = costs[at], costs[parent]
        voxels[parent], voxels[at] = voxels[at], voxels[parent]
        at = parent


@njit(cache=True, nogil=True, fastmath=False)
def _sink(costs: NDArray[np.float32], voxels: NDArray[np.int64], n_heap: int) -> None:
    """Move the top entry of the heap down until no child is cheaper."""
    at = 0
    while True:
        child = 2 * at + 1
        if child >= n_heap:
            return
        if child + 1 < n_heap and costs[child + 1] < costs[child]:
            child += 1
        if costs[at] <= costs[child]:
            return
        costs[at], costs[child] = costs[child], costs[at]
        voxels[at], voxels[child] = voxels[child], voxels[at]
        at = child
