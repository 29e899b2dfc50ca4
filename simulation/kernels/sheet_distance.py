"""Least distance from points to a sheet."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from simulation.kernels.height_at import _height_at
from simulation.kernels.sheet_rows import TILE_CELLS

__all__ = ["nearest_on_sheet"]

_REFINEMENTS = 12
_SMALLEST_STEP = 1e-4  # of a cell


@numba.njit(cache=True, nogil=True, fastmath=False)
def nearest_on_sheet(
    points_uvw: NDArray[np.float64],
    heights: NDArray[np.float64],
    cell_u: float,
    cell_v: float,
    steepness: NDArray[np.float64],
) -> tuple[float, int, float, float, float]:
    """Return the least distance in mm, the index of the point, and u, v (cells) and height (mm) of the place.

    ``points_uvw`` (n, 3) are u and v in cells and w in mm; ``steepness`` are the greatest slopes of the tiles of the
    map in mm per cell. A sheet of slope L is no nearer than the gap along w over sqrt(1 + L * L): most points need no
    search.
    """
    ranges = np.empty((steepness.shape[0], steepness.shape[1], 2))
    for b in range(ranges.shape[0]):
        for a in range(ranges.shape[1]):
            tile = heights[b * TILE_CELLS : (b + 1) * TILE_CELLS + 1, a * TILE_CELLS : (a + 1) * TILE_CELLS + 1]
            ranges[b, a, 0], ranges[b, a, 1] = tile.min(), tile.max()
    first, least = 0, np.inf
    for n in range(points_uvw.shape[0]):
        gap = abs(points_uvw[n, 2] - _height_at(heights, points_uvw[n, 0], points_uvw[n, 1]))
        if gap < least:
            first, least = n, gap
    distance, u, v = _foot(points_uvw[first], heights, ranges, cell_u, cell_v, least)
    best = first
    for n in range(points_uvw.shape[0]):
        gap = abs(points_uvw[n, 2] - _height_at(heights, points_uvw[n, 0], points_uvw[n, 1]))
        if n == first or gap / _stretch_around(points_uvw[n], distance, cell_u, cell_v, steepness) >= distance:
            continue
        nearer, at_u, at_v = _foot(points_uvw[n], heights, ranges, cell_u, cell_v, distance)
        if nearer < distance:
            best, distance, u, v = n, nearer, at_u, at_v
    return distance, best, u, v, _height_at(heights, u, v)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _stretch_around(
    point: NDArray[np.float64], reach: float, cell_u: float, cell_v: float, steepness: NDArray[np.float64]
) -> float:
    """Return sqrt(1 + L * L) with L the greatest slope of the tiles within ``reach`` (mm) of a point."""
    last_v, last_u = steepness.shape[0] - 1, steepness.shape[1] - 1
    slope_u, slope_v = 0.0, 0.0
    for b in range(_tile(point[1] - reach / cell_v, last_v), _tile(point[1] + reach / cell_v, last_v) + 1):
        for a in range(_tile(point[0] - reach / cell_u, last_u), _tile(point[0] + reach / cell_u, last_u) + 1):
            slope_u = max(slope_u, steepness[b, a, 0])
            slope_v = max(slope_v, steepness[b, a, 1])
    return np.sqrt(1.0 + (slope_u / cell_u) ** 2 + (slope_v / cell_v) ** 2)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _tile(u: float, last: int) -> int:
    return min(max(int(u) // TILE_CELLS, 0), last)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _outside(value: float, low: float, high: float) -> float:
    return low - value if value < low else (value - high if value > high else 0.0)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _foot(
    point: NDArray[np.float64],
    heights: NDArray[np.float64],
    ranges: NDArray[np.float64],
    cell_u: float,
    cell_v: float,
    reach: float,
) -> tuple[float, float, float]:
    """Return the distance of a point to the sheet where it is within ``reach`` (mm), and u, v of the place.

    The nearest node starts a descent: the point is brought down on the plane that touches the sheet, again and again.
    Only tiles whose box (``ranges`` are its lowest and highest height) comes near enough are looked at.
    """
    u, v, w = point
    start_u, start_v = u, v
    gap = w - _height_at(heights, u, v)
    least = min(gap * gap, reach * reach)
    last_v, last_u = ranges.shape[0] - 1, ranges.shape[1] - 1
    for tile_v in range(_tile(v - reach / cell_v, last_v), _tile(v + reach / cell_v, last_v) + 1):
        y = _outside(v, tile_v * TILE_CELLS, (tile_v + 1) * TILE_CELLS) * cell_v
        for tile_u in range(_tile(u - reach / cell_u, last_u), _tile(u + reach / cell_u, last_u) + 1):
            x = _outside(u, tile_u * TILE_CELLS, (tile_u + 1) * TILE_CELLS) * cell_u
            z = _outside(w, ranges[tile_v, tile_u, 0], ranges[tile_v, tile_u, 1])
            if x * x + y * y + z * z >= least:
                continue
            for b in range(tile_v * TILE_CELLS, (tile_v + 1) * TILE_CELLS + 1):
                for a in range(tile_u * TILE_CELLS, (tile_u + 1) * TILE_CELLS + 1):
                    squared = ((a - u) * cell_u) ** 2 + ((b - v) * cell_v) ** 2 + (heights[b, a] - w) ** 2
                    if squared < least:
                        least, start_u, start_v = squared, float(a), float(b)
    best_u, best_v, at_u, at_v = start_u, start_v, start_u, start_v
    least = _squared(point, heights, cell_u, cell_v, at_u, at_v)
    for _ in range(_REFINEMENTS):
        slope_u = (_height_at(heights, at_u + 0.25, at_v) - _height_at(heights, at_u - 0.25, at_v)) / (0.5 * cell_u)
        slope_v = (_height_at(heights, at_u, at_v + 0.25) - _height_at(heights, at_u, at_v - 0.25)) / (0.5 * cell_v)
        x, y = (u - at_u) * cell_u, (v - at_v) * cell_v
        z = w - _height_at(heights, at_u, at_v)
        over = (z - slope_u * x - slope_v * y) / (1.0 + slope_u * slope_u + slope_v * slope_v)
        step_u, step_v = (x + over * slope_u) / cell_u, (y + over * slope_v) / cell_v
        longest = max(abs(step_u), abs(step_v))
        if longest < _SMALLEST_STEP:
            break
        held = min(1.0, 1.0 / longest)
        at_u, at_v = at_u + held * step_u, at_v + held * step_v
        squared = _squared(point, heights, cell_u, cell_v, at_u, at_v)
        if squared < least:
            least, best_u, best_v = squared, at_u, at_v
    return np.sqrt(least), best_u, best_v


@numba.njit(cache=True, nogil=True, fastmath=False)
def _squared(
    point: NDArray[np.float64], heights: NDArray[np.float64], cell_u: float, cell_v: float, u: float, v: float
) -> float:
    x, y = (point[0] - u) * cell_u, (point[1] - v) * cell_v
    z = point[2] - _height_at(heights, u, v)
    return x * x + y * y + z * z
