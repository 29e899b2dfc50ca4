"""Exact nearest seed of every voxel, on an anisotropic grid.

The lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012), one axis after the other, carrying the seed
along. Rows and slices without a seed give no parabola, and only the columns that hold a voxel asked for are worked on.
Pillars are worked on in tiles of 16, so that memory is read in whole lines.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from twin.geometry.stretches import in_stretches

__all__ = ["nearest_seed"]

_TILE = 16


def nearest_seed(
    seeds: NDArray[np.bool_],
    spacing_ijk_mm: NDArray[np.float64],
    where: NDArray[np.bool_] | None = None,
    *,
    n_threads: int = 1,
) -> NDArray[np.int32]:
    """Return the flat index of the nearest seed (Euclidean, between voxel centres) of each voxel.

    Among seeds at the same distance any may come back. Beside the answer it needs four bytes a voxel.

    Parameters
    ----------
    seeds
        bool ``[k, j, i]``.
    spacing_ijk_mm
        Along i, j, k.
    where
        bool ``[k, j, i]``: voxels that are asked for; None means all.
    n_threads
        Threads that share the work; the answer is the same.

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
    nk, nj, _ = seeds.shape
    seeds = np.ascontiguousarray(seeds)
    asked = np.ones(seeds.shape, np.bool_) if where is None else np.ascontiguousarray(where)
    wanted: NDArray[np.bool_] = np.asarray(asked.any(axis=0), np.bool_)
    squared, nearest = np.zeros(seeds.shape, np.float32), np.empty(seeds.shape, np.int32)
    has_seed = np.zeros(nk, np.bool_)
    wi, wj, wk = (float(s) for s in spacing_ijk_mm)
    in_stretches(n_threads, nk, lambda a, b: sweep_slices(seeds, wanted, wi, wj, a, b, squared, nearest, has_seed))
    in_stretches(n_threads, nj, lambda a, b: sweep_pillars(squared, nearest, has_seed, asked, wanted, wk, a, b))
    return nearest


@numba.njit(cache=True, nogil=True, fastmath=False)
def sweep_slices(
    seeds: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    width_i: float,
    width_j: float,
    first_k: int,
    stop_k: int,
    squared: NDArray[np.float32],
    nearest: NDArray[np.int32],
    has_seed: NDArray[np.bool_],
) -> None:
    """First two axes: the nearest seed inside each slice, in the columns where a pillar is wanted.

    Writes -1 where there is none; squared distances are left as they are where nothing is wanted.
    """
    _, nj, ni = seeds.shape
    in_row = np.empty((nj, ni), np.int32)  # rows with a seed, packed: nearest i of the row
    rows = np.empty(nj, np.int64)
    heights, tops, starts = np.empty(nj, np.float64), np.empty(nj, np.int64), np.empty(nj + 1, np.float64)
    halves = _half_reciprocals(nj)
    scale, area = (width_i / width_j) ** 2, width_j * width_j
    low, high = _ranges_of_columns(wanted)
    for k in range(first_k, stop_k):
        nearest[k] = -1
        n_rows = 0
        for j in range(nj):
            if _nearest_in_row(seeds[k, j], in_row[n_rows]):
                rows[n_rows] = j
                n_rows += 1
        has_seed[k] = n_rows > 0
        if n_rows == 0:
            continue
        for i in range(ni):
            if low[i] >= high[i]:
                continue
            for n in range(n_rows):
                gap = np.float64(i - in_row[n, i])
                heights[n] = scale * gap * gap
            n_tops = _envelope(heights, rows, n_rows, halves, tops, starts)
            for n in range(n_tops):
                row, height = rows[tops[n]], heights[tops[n]]
                seed = (k * nj + row) * ni + in_row[tops[n], i]
                for j in range(_place(starts[n], low[i], high[i]), _place(starts[n + 1], low[i], high[i])):
                    gap = np.float64(j - row)
                    squared[k, j, i] = area * (height + gap * gap)
                    nearest[k, j, i] = seed


@numba.njit(cache=True, nogil=True, fastmath=False)
def sweep_pillars(
    squared: NDArray[np.float32],
    nearest: NDArray[np.int32],
    has_seed: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    width: float,
    first_j: int,
    stop_j: int,
) -> None:
    """Third axis: envelope along each wanted pillar of some rows; -1 where a voxel was not asked for."""
    nk, _, ni = squared.shape
    slices = np.flatnonzero(has_seed)
    n_slices = slices.size
    heights, seeds = np.empty((_TILE, nk), np.float64), np.empty((_TILE, nk), np.int32)
    tops, starts = np.empty(nk, np.int64), np.empty(nk + 1, np.float64)
    halves = _half_reciprocals(nk)
    scale = 1.0 / (width * width)
    for j in range(first_j, stop_j):
        for first in range(0, ni, _TILE):
            n_tile = min(_TILE, ni - first)
            is_wanted = False
            for t in range(n_tile):
                is_wanted |= wanted[j, first + t]
            if not is_wanted:
                for k in slices:
                    nearest[k, j, first : first + n_tile] = -1
                continue
            for n in range(n_slices):
                k = slices[n]
                for t in range(n_tile):
                    heights[t, n] = scale * squared[k, j, first + t]
                    seeds[t, n] = nearest[k, j, first + t]
                    nearest[k, j, first + t] = -1
            for t in range(n_tile):
                if not wanted[j, first + t]:
                    continue
                n_tops = _envelope(heights[t], slices, n_slices, halves, tops, starts)
                for n in range(n_tops):
                    seed = seeds[t, tops[n]]
                    for place in range(_place(starts[n], 0, nk), _place(starts[n + 1], 0, nk)):
                        if asked[place, j, first + t]:
                            nearest[place, j, first + t] = seed


@numba.njit(cache=True, nogil=True, fastmath=False)
def _nearest_in_row(seeds: NDArray[np.bool_], nearest: NDArray[np.int32]) -> bool:
    """Write the nearest seed of a row for each of its voxels; tell whether there is one."""
    n = seeds.size
    last = -1
    for i in range(n):
        if seeds[i]:
            # Halfway back to the seed before, this one is nearer.
            for back in range(i if last < 0 else 0):
                nearest[back] = i
            if last >= 0:
                for back in range((last + i) // 2 + 1, i):
                    nearest[back] = i
            last = i
        nearest[i] = last
    return last >= 0


@numba.njit(cache=True, nogil=True, fastmath=False)
def _ranges_of_columns(wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return for each column the first wanted row and the one after the last; 0 and 0 where none is."""
    nj, ni = wanted.shape
    low, high = np.zeros(ni, np.int64), np.zeros(ni, np.int64)
    for j in range(nj):
        for i in range(ni):
            if wanted[j, i]:
                if high[i] == 0:
                    low[i] = j
                high[i] = j + 1
    return low, high


@numba.njit(cache=True, nogil=True, fastmath=False)
def _half_reciprocals(n: int) -> NDArray[np.float64]:
    """Return 1 / (2 d) for each distance d up to n: a product is quicker than a division."""
    halves = np.empty(n + 1, np.float64)
    halves[0] = math.inf
    for distance in range(1, n + 1):
        halves[distance] = 0.5 / distance
    return halves


@numba.njit(cache=True, nogil=True, fastmath=False, inline="always")
def _place(start: float, low: int, high: int) -> np.int64:
    """Return the first place at or after ``start``, from ``low`` to ``high``."""
    return np.int64(math.ceil(min(max(start, np.float64(low)), np.float64(high))))


@numba.njit(cache=True, nogil=True, fastmath=False)
def _envelope(
    heights: NDArray[np.float64],
    places: NDArray[np.int64],
    n: int,
    halves: NDArray[np.float64],
    tops: NDArray[np.int64],
    starts: NDArray[np.float64],
) -> int:
    """Write which parabolas form the lower envelope and where each begins to be the lowest; return how many.

    Behind the last stands infinity. Heights and places are in units of the distance between neighbours; places ascend.
    """
    n_tops = 0
    for number in range(n):
        q, height = places[number], heights[number]
        start = -1.0
        while n_tops > 0:
            v = places[tops[n_tops - 1]]
            start = 0.5 * (q + v) + (height - heights[tops[n_tops - 1]]) * halves[q - v]
            if start > starts[n_tops - 1]:
                break
            n_tops -= 1
            start = -1.0
        tops[n_tops] = number
        starts[n_tops] = start
        n_tops += 1
    starts[n_tops] = math.inf
    return n_tops
