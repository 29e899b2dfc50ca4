"""Voxels within a distance of a mask: exact, on anisotropic voxels.

One axis after the other (Saito and Toriwaki 1994), and nothing beyond the reach is looked at. Within a slice the
squared distance is the least over the rows around; from it follows through how many slices a voxel still reaches,
a small whole number that one sweep up and one down carry on.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["mark_near_mask"]

_TOLERANCE = 1e-6  # relative, of the squared distance in float32


@njit(cache=True, nogil=True, fastmath=False)
def mark_near_mask(
    row_starts: NDArray[np.int64],
    runs: NDArray[np.int32],
    spacing_ijk_mm: NDArray[np.float64],
    reach_mm: float,
    out: NDArray[np.bool_],
) -> None:
    """Write to ``out[k, j, i]`` whether the centre of a voxel of the runs lies within the reach.

    Parameters
    ----------
    row_starts, runs
        The mask as :func:`segmentation.kernels.mask_islands.find_mask_runs` gives it.
    spacing_ijk_mm
        Along i, j, k.
    reach_mm
        Between centres, zero or more.
    out
        bool ``[k, j, i]``.
    """
    nk, nj, ni = out.shape
    limit = np.float32(reach_mm * reach_mm * (1.0 + _TOLERANCE))
    steps_i = _squares(spacing_ijk_mm[0], reach_mm, ni)
    steps_j = _squares(spacing_ijk_mm[1], reach_mm, nj)
    rows, spans = np.empty((nj, ni), np.float32), np.empty((nj, 2), np.int64)
    nearest = np.empty(ni, np.float32)
    slices_left = np.empty((nk, nj, ni), np.int16)  # through how many slices a voxel reaches, -1 for none
    for k in range(nk):
        for j in range(nj):
            first, last = row_starts[k * nj + j], row_starts[k * nj + j + 1]
            _row_squares(runs[first:last], steps_i, limit, rows[j], spans[j])
        for j in range(nj):
            begin, end = _nearest_row(rows, spans, j, steps_j, limit, nearest)
            left = slices_left[k, j]
            left[:] = -1
            for i in range(begin, end):
                if nearest[i] <= limit:
                    left[i] = np.int16(min(math.sqrt(limit - nearest[i]) / spacing_ijk_mm[2], 32000.0))
    for k in range(1, nk):
        _carry(slices_left[k - 1], slices_left[k])
    for k in range(nk - 2, -1, -1):
        _carry(slices_left[k + 1], slices_left[k])
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                out[k, j, i] = slices_left[k, j, i] >= 0


@njit(cache=True, nogil=True, fastmath=False)
def _squares(spacing_mm: float, reach_mm: float, size: int) -> NDArray[np.float32]:
    """Squared distance to each neighbour along an axis, as far as the reach goes."""
    n_steps = min(math.floor(reach_mm * (1.0 + _TOLERANCE) / spacing_mm), size - 1)
    squares = np.empty(n_steps + 1, np.float32)
    for n in range(n_steps + 1):
        squares[n] = (n * spacing_mm) ** 2
    return squares


@njit(cache=True, nogil=True, fastmath=False)
def _row_squares(
    runs: NDArray[np.int32],
    steps: NDArray[np.float32],
    limit: np.float32,
    out: NDArray[np.float32],
    span: NDArray[np.int64],
) -> None:
    """Squared distance to the runs of a row, more than the limit beyond the reach, and from where to where."""
    ni, reach = out.size, steps.size - 1
    if runs.shape[0] == 0:
        span[0] = span[1] = 0
        return
    out[:] = np.float32(2.0) * limit + np.float32(1.0)
    for n in range(runs.shape[0]):
        begin, end = runs[n, 0], runs[n, 1]
        out[begin:end] = 0.0
        for step in range(1, min(reach, begin) + 1):
            if out[begin - step] <= steps[step]:
                break
            out[begin - step] = steps[step]
        for step in range(1, min(reach, ni - end) + 1):
            out[end - 1 + step] = steps[step]
    span[0], span[1] = max(runs[0, 0] - reach, 0), min(runs[-1, 1] + reach, ni)


@njit(cache=True, nogil=True, fastmath=False)
def _nearest_row(
    rows: NDArray[np.float32],
    spans: NDArray[np.int64],
    at: int,
    steps: NDArray[np.float32],
    limit: np.float32,
    best: NDArray[np.float32],
) -> tuple[int, int]:
    """Write the least of squared distance in a row plus squared distance to that row; return from where to where."""
    first, last = max(at - steps.size + 1, 0), min(at + steps.size, rows.shape[0])
    begin, end = rows.shape[1], 0
    for row in range(first, last):
        if spans[row, 1] > spans[row, 0]:
            begin, end = min(begin, spans[row, 0]), max(end, spans[row, 1])
    if begin >= end:
        return 0, 0
    best[begin:end] = np.float32(2.0) * limit + np.float32(1.0)
    for row in range(first, last):
        square, other = steps[abs(row - at)], rows[row]
        for i in range(spans[row, 0], spans[row, 1]):
            best[i] = min(best[i], other[i] + square)
    return begin, end


@njit(cache=True, nogil=True, fastmath=False)
def _carry(left: NDArray[np.int16], here: NDArray[np.int16]) -> None:
    """Carry from one slice to the next how far a voxel still reaches."""
    for j in range(here.shape[0]):
        for i in range(here.shape[1]):
            here[j, i] = max(here[j, i], np.int16(left[j, i] - np.int16(1)))
