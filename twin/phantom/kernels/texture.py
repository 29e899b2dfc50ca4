"""Texture of tissues: smooth noise from periodic tiles, as strong as the tissue has it."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["add_texture"]


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def add_texture(
    image: NDArray[np.float32],
    tissue: NDArray[np.uint8],
    tiles: NDArray[np.float32],
    steps_mm: NDArray[np.float64],
    spacing_mm: NDArray[np.float64],
    spread: NDArray[np.float32],
    kind: NDArray[np.int64],
) -> None:
    """Add to each voxel the value of its tissue's tile there, times the tissue's spread.

    Parameters
    ----------
    image, tissue
        float32 and uint8 ``[k, j, i]``.
    tiles
        float32 (n, m, m, m), periodic, of unit spread.
    steps_mm
        (n,) distance between neighbours of each tile.
    spacing_mm
        (3,) voxel spacing along i, j, k.
    spread, kind
        (256,) strength and tile of each tissue.
    """
    n_k, n_j, n_i = image.shape
    m = tiles.shape[1]
    for k in prange(n_k):
        for j in range(n_j):
            for i in range(n_i):
                t = tissue[k, j, i]
                if spread[t] == 0.0:
                    continue
                n = kind[t]
                x, y, z = (
                    i * spacing_mm[0] / steps_mm[n],
                    j * spacing_mm[1] / steps_mm[n],
                    k * spacing_mm[2] / steps_mm[n],
                )
                i0, j0, k0 = math.floor(x), math.floor(y), math.floor(z)
                wx, wy, wz = x - i0, y - j0, z - k0
                i0, j0, k0 = i0 % m, j0 % m, k0 % m
                i1, j1, k1 = (i0 + 1) % m, (j0 + 1) % m, (k0 + 1) % m
                a = tiles[n, k0, j0, i0] * (1 - wx) + tiles[n, k0, j0, i1] * wx
                b = tiles[n, k0, j1, i0] * (1 - wx) + tiles[n, k0, j1, i1] * wx
                c = tiles[n, k1, j0, i0] * (1 - wx) + tiles[n, k1, j0, i1] * wx
                d = tiles[n, k1, j1, i0] * (1 - wx) + tiles[n, k1, j1, i1] * wx
                value = (a * (1 - wy) + b * wy) * (1 - wz) + (c * (1 - wy) + d * wy) * wz
                image[k, j, i] += spread[t] * value
