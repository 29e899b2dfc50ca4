"""Labels of a scan from probabilities on a coarser grid: the class with the largest interpolated probability."""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["label_slab", "uniform_cells"]

MIXED = 255


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def uniform_cells(fields: NDArray[np.uint8], cells: NDArray[np.uint8]) -> None:
    """Write to ``cells[k, j, i]`` the winner at the eight corners from (k, j, i) to (k + 1, j + 1, i + 1).

    It is 255 where the corners differ. ``fields`` is uint8 ``[class, k, j, i]``; what is missing to 255 is background,
    which is winner 0; class c is winner c + 1. At equal values the first wins, background before all. Corners beyond
    the last voxel are the last voxel. Between corners with one winner linear interpolation cannot let another one win.
    """
    n_classes, n_k, n_j, n_i = fields.shape
    winners = np.empty((n_k, n_j, n_i), np.uint8)
    for k in prange(n_k):
        for j in range(n_j):
            for i in range(n_i):
                rest = 255
                for c in range(n_classes):
                    rest -= int(fields[c, k, j, i])
                best, winner = rest, 0
                for c in range(n_classes):
                    if fields[c, k, j, i] > best:
                        best, winner = int(fields[c, k, j, i]), c + 1
                winners[k, j, i] = winner
    for k in prange(n_k):
        for j in range(n_j):
            for i in range(n_i):
                first = winners[k, j, i]
                same = True
                for dk in range(2):
                    for dj in range(2):
                        for di in range(2):
                            other = winners[min(k + dk, n_k - 1), min(j + dj, n_j - 1), min(i + di, n_i - 1)]
                            same = same and other == first
                cells[k, j, i] = first if same else MIXED


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def label_slab(
    fields: NDArray[np.uint8],
    cells: NDArray[np.uint8],
    axes: NDArray[np.float64],
    start: NDArray[np.float64],
    low_kji: NDArray[np.int64],
    high_kji: NDArray[np.int64],
    labels: NDArray[np.uint8],
) -> None:
    """Write the winner at each voxel of a box to ``labels[k, j, i]``, 0 where background wins and outside the fields.

    Parameters
    ----------
    fields, cells
        As in :func:`uniform_cells`.
    axes
        float64 (3, 3): steps in voxels of the fields (rows: along their k, j, i) by one voxel of the scan (columns:
        along its k, j, i).
    start
        float64 (3,): place of the first voxel of the scan, in voxels of the fields, in the order k, j, i.
    low_kji, high_kji
        int64 (3,): first voxel of the box in the scan, and the first one behind it.
    labels
        uint8 ``[k, j, i]``.
    """
    n_classes, n_k, n_j, n_i = fields.shape
    for k in prange(low_kji[0], high_kji[0]):
        for j in range(low_kji[1], high_kji[1]):
            for i in range(low_kji[2], high_kji[2]):
                x = start[0] + axes[0, 0] * k + axes[0, 1] * j + axes[0, 2] * i
                y = start[1] + axes[1, 0] * k + axes[1, 1] * j + axes[1, 2] * i
                z = start[2] + axes[2, 0] * k + axes[2, 1] * j + axes[2, 2] * i
                labels[k, j, i] = 0
                if x < -0.5 or y < -0.5 or z < -0.5 or x > n_k - 0.5 or y > n_j - 0.5 or z > n_i - 0.5:
                    continue
                x, y, z = min(max(x, 0.0), n_k - 1.0), min(max(y, 0.0), n_j - 1.0), min(max(z, 0.0), n_i - 1.0)
                k0, j0, i0 = int(x), int(y), int(z)
                if cells[k0, j0, i0] != MIXED:
                    labels[k, j, i] = cells[k0, j0, i0]
                    continue
                k1, j1, i1 = min(k0 + 1, n_k - 1), min(j0 + 1, n_j - 1), min(i0 + 1, n_i - 1)
                u, v, w = x - k0, y - j0, z - i0
                rest, best, winner = 255.0, 0.0, 0
                for c in range(n_classes):
                    near = (fields[c, k0, j0, i0] * (1 - w) + fields[c, k0, j0, i1] * w) * (1 - v)
                    near += (fields[c, k0, j1, i0] * (1 - w) + fields[c, k0, j1, i1] * w) * v
                    far = (fields[c, k1, j0, i0] * (1 - w) + fields[c, k1, j0, i1] * w) * (1 - v)
                    far += (fields[c, k1, j1, i0] * (1 - w) + fields[c, k1, j1, i1] * w) * v
                    value = near * (1 - u) + far * u
                    rest -= value
                    if value > best:
                        best, winner = value, c + 1
                if best > rest:
                    labels[k, j, i] = winner
