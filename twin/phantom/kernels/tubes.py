"""Distances to chains of round cones (vessels, ducts, bowel, ribs) on a box of a regular grid."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["nearest_branch", "tube_distance"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@njit(cache=True, nogil=True, fastmath=False)
def _cone_distance(x: float, y: float, z: float, a: Float64, b: Float64, ra: float, rb: float) -> float:
    """Distance from a point to a cone with round ends: to its axis, less the radius at the nearest axis point."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    wx, wy, wz = x - a[0], y - a[1], z - a[2]
    length2 = ux * ux + uy * uy + uz * uz
    t = 0.0
    if length2 > 1e-12:
        t = min(1.0, max(0.0, (wx * ux + wy * uy + wz * uz) / length2))
    dx, dy, dz = wx - t * ux, wy - t * uy, wz - t * uz
    return math.sqrt(dx * dx + dy * dy + dz * dz) - (ra + t * (rb - ra))


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def tube_distance(
    out: Float32,
    origin_mm: Float64,
    spacing_mm: Float64,
    starts_mm: Float64,
    ends_mm: Float64,
    start_radii_mm: Float64,
    end_radii_mm: Float64,
    reach_mm: float,
    blend_mm: float,
) -> None:
    """Lower ``out[k, j, i]`` to the distance to the nearest cone, where that is below ``reach_mm``.

    ``blend_mm`` rounds the seams between cones (quadratic smooth minimum); 0 leaves them sharp.
    """
    n_k, n_j, n_i = out.shape
    for k in prange(n_k):
        z = origin_mm[2] + k * spacing_mm[2]
        for s in range(starts_mm.shape[0]):
            a, b = starts_mm[s], ends_mm[s]
            ra, rb = start_radii_mm[s], end_radii_mm[s]
            grow = reach_mm + max(ra, rb)
            if z < min(a[2], b[2]) - grow or z > max(a[2], b[2]) + grow:
                continue
            j0 = max(0, math.floor((min(a[1], b[1]) - grow - origin_mm[1]) / spacing_mm[1]))
            j1 = min(n_j - 1, math.ceil((max(a[1], b[1]) + grow - origin_mm[1]) / spacing_mm[1]))
            i0 = max(0, math.floor((min(a[0], b[0]) - grow - origin_mm[0]) / spacing_mm[0]))
            i1 = min(n_i - 1, math.ceil((max(a[0], b[0]) + grow - origin_mm[0]) / spacing_mm[0]))
            for j in range(j0, j1 + 1):
                y = origin_mm[1] + j * spacing_mm[1]
                for i in range(i0, i1 + 1):
                    x = origin_mm[0] + i * spacing_mm[0]
                    d = _cone_distance(x, y, z, a, b, ra, rb)
                    old = out[k, j, i]
                    if blend_mm > 0.0:
                        h = max(blend_mm - abs(d - old), 0.0) / blend_mm
                        out[k, j, i] = min(d, old) - h * h * blend_mm * 0.25
                    elif d < old:
                        out[k, j, i] = d


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def nearest_branch(
    out: NDArray[np.uint16],
    mask: NDArray[np.bool_],
    origin_mm: Float64,
    spacing_mm: Float64,
    starts_mm: Float64,
    ends_mm: Float64,
    values: NDArray[np.uint16],
    block: int,
) -> None:
    """Write into ``out[k, j, i]`` the value of the straight piece nearest to each voxel of ``mask``.

    Pieces that cannot be nearest for any voxel of a cube of ``block`` voxels are left out for that cube.
    """
    n_k, n_j, n_i = out.shape
    n = starts_mm.shape[0]
    b_k, b_j, b_i = (n_k + block - 1) // block, (n_j + block - 1) // block, (n_i + block - 1) // block
    half = 0.5 * (block - 1)
    radius = half * math.sqrt(spacing_mm[0] ** 2 + spacing_mm[1] ** 2 + spacing_mm[2] ** 2)
    for cube in prange(b_k * b_j * b_i):
        k0 = (cube // (b_j * b_i)) * block
        j0 = (cube // b_i % b_j) * block
        i0 = (cube % b_i) * block
        k1, j1, i1 = min(k0 + block, n_k), min(j0 + block, n_j), min(i0 + block, n_i)
        if not mask[k0:k1, j0:j1, i0:i1].any():
            continue
        cx = origin_mm[0] + (i0 + half) * spacing_mm[0]
        cy = origin_mm[1] + (j0 + half) * spacing_mm[1]
        cz = origin_mm[2] + (k0 + half) * spacing_mm[2]
        distances = np.empty(n)
        for s in range(n):
            distances[s] = _cone_distance(cx, cy, cz, starts_mm[s], ends_mm[s], 0.0, 0.0)
        near = np.nonzero(distances <= distances.min() + 2.0 * radius + 1e-6)[0]
        for k in range(k0, k1):
            for j in range(j0, j1):
                for i in range(i0, i1):
                    if not mask[k, j, i]:
                        continue
                    x = origin_mm[0] + i * spacing_mm[0]
                    y = origin_mm[1] + j * spacing_mm[1]
                    z = origin_mm[2] + k * spacing_mm[2]
                    best, value = 1e30, values[0]
                    for n_near in range(near.shape[0]):
                        s = near[n_near]
                        d = _cone_distance(x, y, z, starts_mm[s], ends_mm[s], 0.0, 0.0)
                        if d < best:
                            best, value = d, values[s]
                    out[k, j, i] = value
