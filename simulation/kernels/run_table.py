"""Kernels of the run table: runs of equal states along rows, and their parts on one side of a plane."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from simulation.kernels.row_interval import _removed_interval

__all__ = ["clip_runs", "count_runs", "fill_runs"]


@numba.njit(cache=True, nogil=True, fastmath=False)
def count_runs(rows: NDArray[np.uint32], runs_of_row: NDArray[np.int64]) -> None:
    """Count the runs of equal, non-zero states in each row."""
    for r in range(rows.shape[0]):
        previous = np.uint32(0)
        n_runs = 0
        for i in range(rows.shape[1]):
            state = rows[r, i]
            if state != previous and state != 0:
                n_runs += 1
            previous = state
        runs_of_row[r] = n_runs


@numba.njit(cache=True, nogil=True, fastmath=False)
def fill_runs(
    rows: NDArray[np.uint32],
    filled: NDArray[np.int64],
    first_run: NDArray[np.int64],
    starts: NDArray[np.int16],
    stops: NDArray[np.int16],
    states: NDArray[np.uint32],
) -> None:
    """Write the runs of the rows that have any."""
    for f in range(filled.size):
        r = filled[f]
        n = first_run[f] - 1
        previous = np.uint32(0)
        for i in range(rows.shape[1]):
            state = rows[r, i]
            if state != previous:
                if previous != 0:
                    stops[n] = i
                if state != 0:
                    n += 1
                    starts[n] = i
                    states[n] = state
            previous = state
        if previous != 0:
            stops[n] = rows.shape[1]


@numba.njit(cache=True, nogil=True, fastmath=False)
def clip_runs(
    rows_kj: NDArray[np.int32],
    first_run: NDArray[np.int64],
    starts: NDArray[np.int16],
    stops: NDArray[np.int16],
    states: NDArray[np.uint32],
    row_length: int,
    ci: float,
    cj: float,
    ck: float,
    c0: float,
    counts: NDArray[np.int64],
) -> None:
    """Add to ``counts`` the voxels of each state on the positive side of a plane."""
    for r in range(rows_kj.shape[0]):
        base = cj * rows_kj[r, 1] + (ck * rows_kj[r, 0] + c0)
        low, high = _removed_interval(ci, base, row_length)
        if low >= high:
            continue
        for n in range(first_run[r], first_run[r + 1]):
            start = max(low, int(starts[n]))
            stop = min(high, int(stops[n]))
            if stop > start:
                counts[states[n]] += stop - start
