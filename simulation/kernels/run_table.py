"""Kernels of the run table: runs of equal states along rows, in bricks, and their parts on one side of a plane.

A brick is a small block of rows with the sum of its states: one that lies wholly on one side of a cut is added or left
out at once, and only those that the cut goes through are looked at run by run.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from simulation.kernels.row_interval import _removed_interval

__all__ = ["clip_runs", "count_runs", "fill_runs"]

_SURE_MM = 1e-6  # a brick this far from a plane lies on one side of it, whatever the rounding


@numba.njit(cache=True, nogil=True, fastmath=False)
def count_runs(states: NDArray[np.uint32], edges_kji: tuple[int, int, int], n_states: int) -> NDArray[np.int64]:
    """Count what the bricks of a volume hold: int64 (n_bricks, 3), rows, runs and states of each brick.

    ``edges_kji`` are the edges of a brick along k, j, i; bricks without a state count zero.
    """
    nk, nj, ni = states.shape
    ek, ej, ei = edges_kji
    mk, mj, mi = (nk + ek - 1) // ek, (nj + ej - 1) // ej, (ni + ei - 1) // ei
    found = np.zeros((mk * mj * mi, 3), np.int64)
    seen_in = np.full(n_states, -1, np.int64)
    for brick in range(mk * mj * mi):
        k0, j0, i0 = brick // (mj * mi) * ek, brick // mi % mj * ej, brick % mi * ei
        for k in range(k0, min(k0 + ek, nk)):
            for j in range(j0, min(j0 + ej, nj)):
                previous = np.uint32(0)
                is_filled = False
                for i in range(i0, min(i0 + ei, ni)):
                    state = states[k, j, i]
                    if state != previous and state != 0:
                        is_filled = True
                        found[brick, 1] += 1
                        if seen_in[state] != brick:
                            seen_in[state] = brick
                            found[brick, 2] += 1
                    previous = state
                if is_filled:
                    found[brick, 0] += 1
    return found


@numba.njit(cache=True, nogil=True, fastmath=False)
def fill_runs(
    states: NDArray[np.uint32],
    edges_kji: tuple[int, int, int],
    filled: NDArray[np.int64],
    first_row: NDArray[np.int64],
    first_sum: NDArray[np.int64],
    boxes: NDArray[np.int32],
    rows_kj: NDArray[np.int32],
    first_run: NDArray[np.int64],
    starts: NDArray[np.int16],
    stops: NDArray[np.int16],
    run_states: NDArray[np.uint32],
    sum_states: NDArray[np.uint32],
    sum_counts: NDArray[np.int64],
    n_states: int,
) -> None:
    """Write rows, runs and sums of the bricks ``filled``; ``boxes`` get first and last k, j, i of what they hold."""
    nk, nj, ni = states.shape
    ek, ej, ei = edges_kji
    mj, mi = (nj + ej - 1) // ej, (ni + ei - 1) // ei
    place_of = np.full(n_states, -1, np.int64)
    run = -1
    for b in range(filled.size):
        brick = filled[b]
        k0, j0, i0 = brick // (mj * mi) * ek, brick // mi % mj * ej, brick % mi * ei
        boxes[b, 0], boxes[b, 2], boxes[b, 4] = nk, nj, ni
        boxes[b, 1], boxes[b, 3], boxes[b, 5] = -1, -1, -1
        row, n_sums = first_row[b], first_sum[b]
        for k in range(k0, min(k0 + ek, nk)):
            for j in range(j0, min(j0 + ej, nj)):
                previous = np.uint32(0)
                is_filled = False
                stop = min(i0 + ei, ni)
                for i in range(i0, stop):
                    state = states[k, j, i]
                    if state != previous:
                        if previous != 0:
                            stops[run] = i
                        if state != 0:
                            run += 1
                            if not is_filled:
                                is_filled = True
                                rows_kj[row, 0], rows_kj[row, 1] = k, j
                                first_run[row] = run
                                row += 1
                            starts[run], run_states[run] = i, state
                    if state != 0:
                        place = place_of[state]
                        if not (first_sum[b] <= place < n_sums and sum_states[place] == state):
                            place = n_sums
                            place_of[state] = place
                            sum_states[place] = state
                            n_sums += 1
                        sum_counts[place] += 1
                        boxes[b, 4] = min(boxes[b, 4], i)
                        boxes[b, 5] = max(boxes[b, 5], i)
                    previous = state
                if previous != 0:
                    stops[run] = stop
                if is_filled:
                    boxes[b, 0], boxes[b, 1] = min(boxes[b, 0], k), max(boxes[b, 1], k)
                    boxes[b, 2], boxes[b, 3] = min(boxes[b, 2], j), max(boxes[b, 3], j)
    first_run[rows_kj.shape[0]] = run + 1


@numba.njit(cache=True, nogil=True, fastmath=False)
def clip_runs(
    boxes: NDArray[np.int32],
    first_row: NDArray[np.int64],
    first_sum: NDArray[np.int64],
    sum_states: NDArray[np.uint32],
    sum_counts: NDArray[np.int64],
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
    for b in range(boxes.shape[0]):
        middle = ci * 0.5 * (boxes[b, 4] + boxes[b, 5])
        middle += cj * 0.5 * (boxes[b, 2] + boxes[b, 3]) + ck * 0.5 * (boxes[b, 0] + boxes[b, 1]) + c0
        reach = abs(ci) * 0.5 * (boxes[b, 5] - boxes[b, 4]) + abs(cj) * 0.5 * (boxes[b, 3] - boxes[b, 2])
        reach += abs(ck) * 0.5 * (boxes[b, 1] - boxes[b, 0])
        sure = _SURE_MM * (1.0 + reach + abs(middle))
        if middle + reach < -sure:
            continue
        if middle - reach > sure:
            for n in range(first_sum[b], first_sum[b + 1]):
                counts[sum_states[n]] += sum_counts[n]
            continue
        for r in range(first_row[b], first_row[b + 1]):
            base = cj * rows_kj[r, 1] + (ck * rows_kj[r, 0] + c0)
            low, high = _removed_interval(ci, base, row_length)
            if low >= high:
                continue
            for n in range(first_run[r], first_run[r + 1]):
                start = max(low, int(starts[n]))
                stop = min(high, int(stops[n]))
                if stop > start:
                    counts[states[n]] += stop - start
