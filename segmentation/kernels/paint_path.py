"""Voxels that a brush covers along a path."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["mark_path"]

_TOLERANCE = 1e-9  # relative: a voxel at just the radius is covered, whatever the last digit says


@njit(cache=True, nogil=True, fastmath=False)
def mark_path(
    mask: NDArray[np.bool_],
    start_ijk: NDArray[np.int64],
    spacing_ijk_mm: NDArray[np.float64],
    points_ijk_mm: NDArray[np.float64],
    radius_mm: float,
    normal_ijk: NDArray[np.float64],
    half_thickness_mm: float,
) -> None:
    """Mark in ``mask[k, j, i]`` the voxels whose centre is within the radius of a path, and those it runs through.

    Parameters
    ----------
    mask
        Voxels of a box; only ever set.
    start_ijk
        First voxel of the box.
    spacing_ijk_mm
        Along i, j, k.
    points_ijk_mm
        (n, 3), the corners of the path in millimetres along the axes of the grid, from the centre of voxel 0.
    radius_mm
        Of the ball that is moved along the path, or of the disc.
    normal_ijk, half_thickness_mm
        Unit normal of the disc and half its thickness; zeros for a ball. The plane is that of the first point, and
        distances are measured within it.
    """
    si, sj, sk = spacing_ijk_mm
    nx, ny, nz = normal_ijk
    limit = radius_mm * radius_mm * (1.0 + _TOLERANCE)
    low, high = -half_thickness_mm * (1.0 + 1e-6), half_thickness_mm * (1.0 - 1e-6)
    is_flat = half_thickness_mm > 0.0
    ox, oy, oz = points_ijk_mm[0]
    n_points = points_ijk_mm.shape[0]
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for n in range(max(n_points - 1, 1)):
        a, b = points_ijk_mm[n], points_ijk_mm[min(n + 1, n_points - 1)]
        for axis in range(3):
            tilt = normal_ijk[axis]
            reach = radius_mm * math.sqrt(max(1.0 - tilt * tilt, 0.0)) + abs(tilt) * half_thickness_mm + 1e-6
            size = mask.shape[2 - axis]
            lowest = math.floor((min(a[axis], b[axis]) - reach) / spacing_ijk_mm[axis]) - start_ijk[axis]
            highest = math.ceil((max(a[axis], b[axis]) + reach) / spacing_ijk_mm[axis]) - start_ijk[axis]
            first[axis], last[axis] = min(max(lowest, 0), size), min(max(highest + 1, 0), size)
        dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        along = dx * nx + dy * ny + dz * nz
        dx, dy, dz = dx - along * nx, dy - along * ny, dz - along * nz
        length = dx * dx + dy * dy + dz * dz
        for k in range(first[2], last[2]):
            z = (k + start_ijk[2]) * sk
            for j in range(first[1], last[1]):
                y = (j + start_ijk[1]) * sj
                was_inside = False
                for i in range(first[0], last[0]):
                    x = (i + start_ijk[0]) * si
                    if is_flat:
                        height = (x - ox) * nx + (y - oy) * ny + (z - oz) * nz
                        if height < low or height >= high:
                            continue
                    wx, wy, wz = x - a[0], y - a[1], z - a[2]
                    along = wx * nx + wy * ny + wz * nz
                    wx, wy, wz = wx - along * nx, wy - along * ny, wz - along * nz
                    t = 0.0
                    if length > 0.0:
                        t = min(max((wx * dx + wy * dy + wz * dz) / length, 0.0), 1.0)
                    wx, wy, wz = wx - t * dx, wy - t * dy, wz - t * dz
                    if wx * wx + wy * wy + wz * wz <= limit:
                        mask[k, j, i] = True
                        was_inside = True
                    elif was_inside:
                        break  # what a brush covers of a row is one piece
    _mark_voxels_on_path(mask, start_ijk, spacing_ijk_mm, points_ijk_mm)


@njit(cache=True, nogil=True, fastmath=False)
def _mark_voxels_on_path(
    mask: NDArray[np.bool_],
    start_ijk: NDArray[np.int64],
    spacing_ijk_mm: NDArray[np.float64],
    points_ijk_mm: NDArray[np.float64],
) -> None:
    """Mark the voxels under the path itself: a brush thinner than a voxel draws a line without gaps all the same."""
    step = 0.5 * spacing_ijk_mm.min()
    n_points = points_ijk_mm.shape[0]
    at = np.empty(3, np.int64)
    for n in range(max(n_points - 1, 1)):
        a, b = points_ijk_mm[n], points_ijk_mm[min(n + 1, n_points - 1)]
        length = math.sqrt((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2 + (b[2] - a[2]) ** 2)
        n_steps = max(math.ceil(length / step), 1)
        for s in range(n_steps + 1):
            is_in_box = True
            for axis in range(3):
                place = a[axis] + (b[axis] - a[axis]) * (s / n_steps)
                at[axis] = math.floor(place / spacing_ijk_mm[axis] + 0.5) - start_ijk[axis]
                is_in_box &= 0 <= at[axis] < mask.shape[2 - axis]
            if is_in_box:
                mask[at[2], at[1], at[0]] = True
