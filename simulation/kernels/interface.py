"""Pairs of neighbouring voxels on the two sides of a cut."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["interface_pairs"]


def interface_pairs(
    organ: NDArray[np.bool_], removed: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each removed organ voxel that shares a face with an organ voxel that stays.

    Parameters
    ----------
    organ, removed
        bool ``[k, j, i]``.

    Returns
    -------
    inside
        int64 (n,), flat index of the removed voxel; a voxel comes once for each such face.
    direction
        int64 (n,): where the remaining voxel lies: 1, 2, 3 along +i, +j, +k; -1, -2, -3 against.
    """
    if organ.shape != removed.shape or organ.ndim != 3:
        raise ValueError(f"shapes differ: {organ.shape} and {removed.shape}")
    organ, removed = np.ascontiguousarray(organ), np.ascontiguousarray(removed)
    n_pairs = count_pairs(organ, removed)
    inside, direction = np.empty(n_pairs, np.int64), np.empty(n_pairs, np.int64)
    list_pairs(organ, removed, inside, direction)
    return inside, direction


@numba.njit(cache=True, nogil=True, fastmath=False)
def count_pairs(organ: NDArray[np.bool_], removed: NDArray[np.bool_]) -> int:
    """Count the pairs of :func:`interface_pairs`."""
    nk, nj, ni = organ.shape
    n_pairs = 0
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if not organ[k, j, i]:
                    continue
                side = removed[k, j, i]
                if i + 1 < ni and organ[k, j, i + 1] and removed[k, j, i + 1] != side:
                    n_pairs += 1
                if j + 1 < nj and organ[k, j + 1, i] and removed[k, j + 1, i] != side:
                    n_pairs += 1
                if k + 1 < nk and organ[k + 1, j, i] and removed[k + 1, j, i] != side:
                    n_pairs += 1
    return n_pairs


@numba.njit(cache=True, nogil=True, fastmath=False)
def list_pairs(
    organ: NDArray[np.bool_],
    removed: NDArray[np.bool_],
    inside: NDArray[np.int64],
    direction: NDArray[np.int64],
) -> None:
    """Write the pairs of :func:`interface_pairs`."""
    nk, nj, ni = organ.shape
    n = 0
    for k in range(nk):
        for j in range(nj):
            for i in range(ni):
                if not organ[k, j, i]:
                    continue
                side = removed[k, j, i]
                here = (k * nj + j) * ni + i
                if i + 1 < ni and organ[k, j, i + 1] and removed[k, j, i + 1] != side:
                    inside[n] = here if side else here + 1
                    direction[n] = 1 if side else -1
                    n += 1
                if j + 1 < nj and organ[k, j + 1, i] and removed[k, j + 1, i] != side:
                    inside[n] = here if side else here + ni
                    direction[n] = 2 if side else -2
                    n += 1
                if k + 1 < nk and organ[k + 1, j, i] and removed[k + 1, j, i] != side:
                    inside[n] = here if side else here + nj * ni
                    direction[n] = 3 if side else -3
                    n += 1
