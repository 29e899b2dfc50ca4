"""Voxels on one side of a sheet: rows are crossed in leaps that no change of side can hide in.

A sheet is a height map over a plane. ``transform`` are twelve numbers that take voxel indices (i, j, k) to u and v in
cells of the map and to w, the height over the plane in mm: ``u = t0 * i + (t1 * j + (t2 * k + t3))`` and so on. A voxel
is removed when ``w - height(u, v) > 0`` in float64, in this order of operations. Everything that counts voxels on the
sides of a sheet uses this expression, so that all counts agree to the voxel.

Along a row the gap ``w - height`` changes by at most ``fall`` downwards and ``rise`` upwards per voxel inside a tile of
the map, so as many voxels as the gap holds of these steps lie on the same side and need no look.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from simulation.kernels.height_at import _height_at

__all__ = ["TILE_CELLS", "clip_runs_by_sheet", "mark_sheet_rows", "mark_sheet_voxels"]

TILE_CELLS = 8
_SURE_MM = 1e-7  # far above the rounding of a gap, far below anything measured
_SURE_STEPS = 1e-6


@numba.njit(cache=True, nogil=True, fastmath=False)
def mark_sheet_rows(
    removed: NDArray[np.bool_],
    transform: NDArray[np.float64],
    heights: NDArray[np.float64],
    fall: NDArray[np.float64],
    rise: NDArray[np.float64],
) -> None:
    """Set every voxel ``[k, j, i]`` on the removed side of a sheet to true, in place."""
    nk, nj, ni = removed.shape
    for k in range(nk):
        for j in range(nj):
            u0, v0, w0 = _row_start(transform, j, k)
            gap = _gap(transform, heights, 0, u0, v0, w0)
            i = 0
            while i < ni:
                is_removed = gap > 0.0
                change, gap = _next_change(i, ni, gap, transform, heights, fall, rise, u0, v0, w0)
                if is_removed:
                    removed[k, j, i:change] = True
                i = change


@numba.njit(cache=True, nogil=True, fastmath=False)
def mark_sheet_voxels(
    voxels_ijk: NDArray[np.int32],
    transform: NDArray[np.float64],
    heights: NDArray[np.float64],
    is_removed: NDArray[np.bool_],
) -> None:
    """Write which of some voxels (n, 3) lie on the removed side of a sheet."""
    for n in range(voxels_ijk.shape[0]):
        u0, v0, w0 = _row_start(transform, voxels_ijk[n, 1], voxels_ijk[n, 2])
        is_removed[n] = _gap(transform, heights, voxels_ijk[n, 0], u0, v0, w0) > 0.0


@numba.njit(cache=True, nogil=True, fastmath=False)
def clip_runs_by_sheet(
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
    transform: NDArray[np.float64],
    heights: NDArray[np.float64],
    fall: NDArray[np.float64],
    rise: NDArray[np.float64],
    steepness: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Add to ``counts`` the voxels of each state on the removed side of a sheet."""
    for b in range(boxes.shape[0]):
        side = _side_of_brick(boxes[b], transform, heights, steepness)
        if side < 0:
            continue
        if side > 0:
            for n in range(first_sum[b], first_sum[b + 1]):
                counts[sum_states[n]] += sum_counts[n]
            continue
        for r in range(first_row[b], first_row[b + 1]):
            u0, v0, w0 = _row_start(transform, rows_kj[r, 1], rows_kj[r, 0])
            first, last = first_run[r], first_run[r + 1]
            i, stop = int(starts[first]), int(stops[last - 1])
            gap = _gap(transform, heights, i, u0, v0, w0)
            n = first
            while i < stop:
                is_removed = gap > 0.0
                change, gap = _next_change(i, stop, gap, transform, heights, fall, rise, u0, v0, w0)
                while n < last and stops[n] <= change:  # runs that end on this side
                    if is_removed and stops[n] > i:
                        counts[states[n]] += stops[n] - max(int(starts[n]), i)
                    n += 1
                if is_removed and n < last and starts[n] < change:
                    counts[states[n]] += change - max(int(starts[n]), i)
                i = change


@numba.njit(cache=True, nogil=True, fastmath=False)
def _row_start(transform: NDArray[np.float64], j: int, k: int) -> tuple[float, float, float]:
    return (
        transform[1] * j + (transform[2] * k + transform[3]),
        transform[5] * j + (transform[6] * k + transform[7]),
        transform[9] * j + (transform[10] * k + transform[11]),
    )


@numba.njit(cache=True, nogil=True, fastmath=False)
def _gap(
    transform: NDArray[np.float64], heights: NDArray[np.float64], i: int, u0: float, v0: float, w0: float
) -> float:
    return transform[8] * i + w0 - _height_at(heights, transform[0] * i + u0, transform[4] * i + v0)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _next_change(
    i: int,
    stop: int,
    gap: float,
    transform: NDArray[np.float64],
    heights: NDArray[np.float64],
    fall: NDArray[np.float64],
    rise: NDArray[np.float64],
    u0: float,
    v0: float,
    w0: float,
) -> tuple[int, float]:
    """Return the first voxel after ``i`` (below ``stop``, else ``stop``) on the other side, and the gap there."""
    du, dv = transform[0], transform[4]
    is_removed = gap > 0.0
    steps = fall if is_removed else rise
    overall = steps[-1, -1]
    while True:
        u, v = du * i + u0, dv * i + v0
        a = min(max(int(u) // TILE_CELLS, 0), steps.shape[1] - 2)
        b = min(max(int(v) // TILE_CELLS, 0), steps.shape[0] - 2)
        size = abs(gap) - _SURE_MM
        leap = 0
        if size > 0.0:
            if overall * (stop - i) < size:
                return stop, gap
            inside = min(_steps_inside(u, du, a), _steps_inside(v, dv, b))
            leap = min(inside, int(size / max(steps[b, a], 1e-9)), stop - i)
            leap = max(leap, min(int(size / max(overall, 1e-9)), stop - i))
        i += leap + 1
        if i >= stop:
            return stop, gap
        gap = _gap(transform, heights, i, u0, v0, w0)
        if (gap > 0.0) != is_removed:
            return i, gap


@numba.njit(cache=True, nogil=True, fastmath=False)
def _steps_inside(u: float, du: float, tile: int) -> int:
    """Return how many steps of ``du`` from ``u`` surely stay in a tile."""
    if abs(du) < 1e-9:
        return 0 if abs(u - tile * TILE_CELLS) < _SURE_STEPS else 1 << 20
    edge = (tile + 1) * TILE_CELLS if du > 0.0 else tile * TILE_CELLS
    return max(int((edge - u) / du - _SURE_STEPS), 0)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _side_of_brick(
    box: NDArray[np.int32],
    transform: NDArray[np.float64],
    heights: NDArray[np.float64],
    steepness: NDArray[np.float64],
) -> int:
    """Return 1 when a brick surely lies on the removed side, -1 when on the other, else 0."""
    i, j, k = 0.5 * (box[4] + box[5]), 0.5 * (box[2] + box[3]), 0.5 * (box[0] + box[1])
    hi, hj, hk = box[5] - i, box[3] - j, box[1] - k
    t = transform
    u = t[0] * i + (t[1] * j + (t[2] * k + t[3]))
    v = t[4] * i + (t[5] * j + (t[6] * k + t[7]))
    w = t[8] * i + (t[9] * j + (t[10] * k + t[11]))
    reach_u = abs(t[0]) * hi + abs(t[1]) * hj + abs(t[2]) * hk + _SURE_STEPS
    reach_v = abs(t[4]) * hi + abs(t[5]) * hj + abs(t[6]) * hk + _SURE_STEPS
    last_b, last_a = steepness.shape[0] - 1, steepness.shape[1] - 1
    slope_u, slope_v = 0.0, 0.0
    for b in range(_tile(v - reach_v, last_b), _tile(v + reach_v, last_b) + 1):
        for a in range(_tile(u - reach_u, last_a), _tile(u + reach_u, last_a) + 1):
            slope_u = max(slope_u, steepness[b, a, 0])
            slope_v = max(slope_v, steepness[b, a, 1])
    gap = w - _height_at(heights, u, v)
    reach = hi * (abs(t[8]) + slope_u * abs(t[0]) + slope_v * abs(t[4]))
    reach += hj * (abs(t[9]) + slope_u * abs(t[1]) + slope_v * abs(t[5]))
    reach += hk * (abs(t[10]) + slope_u * abs(t[2]) + slope_v * abs(t[6])) + _SURE_MM
    if abs(gap) <= reach:
        return 0
    return 1 if gap > 0.0 else -1


@numba.njit(cache=True, nogil=True, fastmath=False)
def _tile(u: float, last: int) -> int:
    return min(max(int(u) // TILE_CELLS, 0), last)
