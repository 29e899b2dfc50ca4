"""From shapes on the coarse lattice to voxels: labels where the distance is negative, values by coverage."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["paint_distance", "paint_shape"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def paint_shape(
    image: Float32,
    inside: NDArray[np.bool_],
    start_kji: NDArray[np.int64],
    first_cell: Float64,
    cells_per_voxel: Float64,
    shape: Float32,
    value: float,
    softness: float,
) -> None:
    """Paint one shape over a box of the image.

    Parameters
    ----------
    image
        float32 ``[k, j, i]``; each voxel moves towards ``value`` by the share of it that the shape covers.
    inside
        bool, shape of the box that is painted; true where the voxel centre lies in the shape.
    start_kji
        First voxel of that box in ``image``.
    first_cell, cells_per_voxel
        Lattice coordinate (x, y, z) of that first voxel, in cells, and cells from voxel to voxel.
    shape
        Signed distances ``[k, j, i]`` in lattice cells, linear between lattice points.
    value
        What the shape is painted with.
    softness
        Width of the edge in voxels: 1 is exact partial volume of a flat edge, more blurs it.
    """
    n_k, n_j, n_i = inside.shape
    m_k, m_j, m_i = shape.shape
    for k in prange(n_k):
        fz = first_cell[2] + k * cells_per_voxel[2]
        kz = math.floor(fz)
        if kz < 0 or kz >= m_k - 1:
            continue
        wz = fz - kz
        for j in range(n_j):
            fy = first_cell[1] + j * cells_per_voxel[1]
            jy = math.floor(fy)
            if jy < 0 or jy >= m_j - 1:
                continue
            wy = fy - jy
            for i in range(n_i):
                fx = first_cell[0] + i * cells_per_voxel[0]
                ix = math.floor(fx)
                if ix < 0 or ix >= m_i - 1:
                    continue
                near = shape[kz, jy, ix]
                if near > 6.0:
                    continue
                if near < -4.0:  # deep inside: no neighbour can be at the edge
                    inside[k, j, i] = True
                    image[start_kji[0] + k, start_kji[1] + j, start_kji[2] + i] = value
                    continue
                wx = fx - ix
                a00 = near + wx * (shape[kz, jy, ix + 1] - near)
                a01 = shape[kz, jy + 1, ix] + wx * (shape[kz, jy + 1, ix + 1] - shape[kz, jy + 1, ix])
                a10 = shape[kz + 1, jy, ix] + wx * (shape[kz + 1, jy, ix + 1] - shape[kz + 1, jy, ix])
                a11 = shape[kz + 1, jy + 1, ix] + wx * (shape[kz + 1, jy + 1, ix + 1] - shape[kz + 1, jy + 1, ix])
                b0, b1 = a00 + wy * (a01 - a00), a10 + wy * (a11 - a10)
                d = b0 + wz * (b1 - b0)
                if d <= 0.0:
                    inside[k, j, i] = True
                gx = shape[kz, jy, ix + 1] - near
                gy = shape[kz, jy + 1, ix] - near
                gz = shape[kz + 1, jy, ix] - near
                width = softness * math.sqrt(
                    (gx * cells_per_voxel[0]) ** 2 + (gy * cells_per_voxel[1]) ** 2 + (gz * cells_per_voxel[2]) ** 2
                )
                cover = 0.5 - d / max(width, 1e-3)
                if cover <= 0.0:
                    continue
                cover = min(cover, 1.0)
                here = image[start_kji[0] + k, start_kji[1] + j, start_kji[2] + i]
                image[start_kji[0] + k, start_kji[1] + j, start_kji[2] + i] = here + cover * (value - here)


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def paint_distance(
    image: Float32,
    inside: NDArray[np.bool_],
    start_kji: NDArray[np.int64],
    distance_mm: Float32,
    spacing_mm: Float64,
    value: float,
) -> None:
    """Paint from distances in mm given at the voxels themselves (tubes thinner than a lattice cell).

    The edge is as wide as the voxel seen along the gradient of the distance, so a thin tube keeps about the
    mass that it has.
    """
    n_k, n_j, n_i = inside.shape
    widest = math.sqrt(spacing_mm[0] ** 2 + spacing_mm[1] ** 2 + spacing_mm[2] ** 2)
    for k in prange(n_k):
        for j in range(n_j):
            for i in range(n_i):
                d = distance_mm[k, j, i]
                if d > widest:
                    continue
                if d <= 0.0:
                    inside[k, j, i] = True
                gz = max(abs(distance_mm[min(k + 1, n_k - 1), j, i] - d), abs(distance_mm[max(k - 1, 0), j, i] - d))
                gy = max(abs(distance_mm[k, min(j + 1, n_j - 1), i] - d), abs(distance_mm[k, max(j - 1, 0), i] - d))
                gx = max(abs(distance_mm[k, j, min(i + 1, n_i - 1)] - d), abs(distance_mm[k, j, max(i - 1, 0)] - d))
                width = max(math.sqrt(gx * gx + gy * gy + gz * gz), 0.5 * spacing_mm[0])
                cover = min(1.0, 0.5 - d / width)
                if cover <= 0.0:
                    continue
                here = image[start_kji[0] + k, start_kji[1] + j, start_kji[2] + i]
                image[start_kji[0] + k, start_kji[1] + j, start_kji[2] + i] = here + cover * (value - here)
