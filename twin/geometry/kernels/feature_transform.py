"""Exact nearest seed of every voxel, on an anisotropic grid.

The lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012), one axis after the other, carrying the seed
along. Columns are worked on in tiles of 16, so that memory is read in whole lines.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest_seed"]

_TILE = 16


def nearest_seed(
    seeds: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64], where: NDArray[np.bool_] | None = None
) -> NDArray[np.int32]:
    """Return the flat index of the nearest seed (Euclidean, between voxel centres) of each voxel.

    Among seeds at the same distance any may come back.

    Parameters
    ----------
    seeds
        bool ``[k, j, i]``.
    spacing_ijk_mm
        Along i, j, k.
    where
        bool ``[k, j, i]``: voxels that are asked for; None means all.

    Returns
    -------
    int32 ``[k, j, i]``, -1 where nothing was asked and where there is no seed at all.

    Raises
    ------
    ValueError
        When the array is empty or has 2**31 voxels or more.

    Examples
    --------
    >>> nearest_seed(np.array([[[True, False, False, True]]]), np.ones(3)).tolist()
    [[[0, 0, 3, 3]]]
    """
    if seeds.size == 0 or seeds.size >= 2**31:
        raise ValueError("seeds must have between 1 and 2**31 - 1 voxels")
    asked = np.ones(seeds.shape, np.bool_) if where is None else np.ascontiguousarray(where)
    squared = np.empty(seeds.shape, np.float32)
    nearest = np.empty(seeds.shape, np.int32)
    wi, wj, wk = (float(s) for s in spacing_ijk_mm)
    sweep_rows(np.ascontiguousarray(seeds), wi, squared, nearest)
    sweep_columns(squared, nearest, wj)
    sweep_pillars(squared, nearest, wk, asked)
    return nearest


@numba.njit(cache=True, nogil=True, fastmath=False)
def sweep_rows(
    seeds: NDArray[np.bool_], width: float, squared: NDArray[np.float32], nearest: NDArray[np.int32]
) -> None:
    """First axis: nearest seed of the row, by a sweep forth and back."""
    nk, nj, ni = seeds.shape
    for k in range(nk):
        for j in range(nj):
            row = (k * nj + j) * ni
            last = -1
            for i in range(ni):
                if seeds[k, j, i]:
                    last = i
                nearest[k, j, i] = last
            following = -1
            for i in range(ni - 1, -1, -1):
                if seeds[k, j, i]:
                    following = i
                before = nearest[k, j, i]
                chosen = before
                if following >= 0 and (before < 0 or following - i < i - before):
                    chosen = following
                if chosen < 0:
                    nearest[k, j, i] = -1
                    squared[k, j, i] = 0.0
                else:
                    nearest[k, j, i] = row + chosen
                    gap = width * (i - chosen)
                    squared[k, j, i] = gap * gap


@numba.njit(cache=True, nogil=True, fastmath=False)
def sweep_columns(squared: NDArray[np.float32], nearest: NDArray[np.int32], width: float) -> None:
    """Second axis: envelope along each column of a slice."""
    nk, nj, ni = squared.shape
    heights, seeds = np.empty((_TILE, nj), np.float64), np.empty((_TILE, nj), np.int32)
    tops, starts = np.empty(nj, np.int64), np.empty(nj + 1, np.float64)
    for k in range(nk):
        for first in range(0, ni, _TILE):
            n_tile = min(_TILE, ni - first)
            has_seed = False
            for j in range(nj):
                for t in range(n_tile):
                    heights[t, j] = squared[k, j, first + t]
                    seeds[t, j] = nearest[k, j, first + t]
                    has_seed |= seeds[t, j] >= 0
            if not has_seed:
                continue
            for t in range(n_tile):
                n_parabolas = _envelope(heights[t], seeds[t], nj, width, tops, starts)
                at = 0
                for j in range(nj):
                    if n_parabolas == 0:
                        break
                    while at + 1 < n_parabolas and starts[at + 1] <= j:
                        at += 1
                    gap = width * (j - tops[at])
                    squared[k, j, first + t] = heights[t, tops[at]] + gap * gap
                    nearest[k, j, first + t] = seeds[t, tops[at]]


@numba.njit(cache=True, nogil=True, fastmath=False)
def sweep_pillars(
    squared: NDArray[np.float32], nearest: NDArray[np.int32], width: float, asked: NDArray[np.bool_]
) -> None:
    """Third axis: envelope along each pillar that holds a voxel asked for; -1 where none was asked."""
    nk, nj, ni = squared.shape
    heights, seeds = np.empty((_TILE, nk), np.float64), np.empty((_TILE, nk), np.int32)
    tops, starts = np.empty(nk, np.int64), np.empty(nk + 1, np.float64)
    is_asked = np.empty(_TILE, np.bool_)
    for j in range(nj):
        for first in range(0, ni, _TILE):
            n_tile = min(_TILE, ni - first)
            is_asked[:] = False
            for k in range(nk):
                for t in range(n_tile):
                    heights[t, k] = squared[k, j, first + t]
                    seeds[t, k] = nearest[k, j, first + t]
                    is_asked[t] |= asked[k, j, first + t]
                    nearest[k, j, first + t] = -1
            for t in range(n_tile):
                if not is_asked[t]:
                    continue
                n_parabolas = _envelope(heights[t], seeds[t], nk, width, tops, starts)
                at = 0
                for k in range(nk):
                    if n_parabolas == 0:
                        break
                    while at + 1 < n_parabolas and starts[at + 1] <= k:
                        at += 1
                    if asked[k, j, first + t]:
                        nearest[k, j, first + t] = seeds[t, tops[at]]


@numba.njit(cache=True, nogil=True, fastmath=False)
def _envelope(
    heights: NDArray[np.float64],
    seeds: NDArray[np.int32],
    n: int,
    width: float,
    tops: NDArray[np.int64],
    starts: NDArray[np.float64],
) -> int:
    """Write the parabolas of the lower envelope and where each begins to be the lowest; return how many.

    Places without a seed have no parabola.
    """
    n_parabolas = 0
    scale = 0.5 / (width * width)
    for q in range(n):
        if seeds[q] < 0:
            continue
        start = -math.inf
        while n_parabolas > 0:
            v = tops[n_parabolas - 1]
            start = 0.5 * (q + v) + scale * (heights[q] - heights[v]) / (q - v)
            if start > starts[n_parabolas - 1]:
                break
            n_parabolas -= 1
            start = -math.inf
        tops[n_parabolas] = q
        starts[n_parabolas] = start
        n_parabolas += 1
    return n_parabolas
