"""Means of boxes around many voxels, from a table of summed values."""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["box_means"]


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def box_means(
    sums: NDArray[np.float64],
    points_kji: NDArray[np.int32],
    offsets_kji: NDArray[np.int32],
    radii: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Write to ``out[p, f]`` the mean of the box of half-width ``radii[f]`` around ``points_kji[p] + offsets_kji[f]``.

    ``sums[k, j, i]`` is the sum of all voxels before (k, j, i) on every axis, so one larger than the image on each
    axis. A centre outside the image is moved to its border, and a box is cut there.
    """
    n_k, n_j, n_i = sums.shape[0] - 1, sums.shape[1] - 1, sums.shape[2] - 1
    for p in prange(points_kji.shape[0]):
        for f in range(offsets_kji.shape[0]):
            k = min(max(points_kji[p, 0] + offsets_kji[f, 0], 0), n_k - 1)
            j = min(max(points_kji[p, 1] + offsets_kji[f, 1], 0), n_j - 1)
            i = min(max(points_kji[p, 2] + offsets_kji[f, 2], 0), n_i - 1)
            r = radii[f]
            k0, k1 = max(k - r, 0), min(k + r + 1, n_k)
            j0, j1 = max(j - r, 0), min(j + r + 1, n_j)
            i0, i1 = max(i - r, 0), min(i + r + 1, n_i)
            total = (
                sums[k1, j1, i1]
                - sums[k0, j1, i1]
                - sums[k1, j0, i1]
                - sums[k1, j1, i0]
                + sums[k0, j0, i1]
                + sums[k0, j1, i0]
                + sums[k1, j0, i0]
                - sums[k0, j0, i0]
            )
            out[p, f] = total / ((k1 - k0) * (j1 - j0) * (i1 - i0))
