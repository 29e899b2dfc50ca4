"""Voxels on one side of a plane, and how many of each state were removed.

A plane is four numbers in voxel indices: a voxel (i, j, k) is removed when
``ci * i + (cj * j + (ck * k + c0)) > 0`` in float64, in this order of operations. Everything that counts voxels on
the sides of a plane uses this expression, so that all counts agree to the voxel.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from simulation.kernels.row_interval import _removed_interval

__all__ = ["count_states", "mark_half_space"]


def mark_half_space(removed: NDArray[np.bool_], coefficients: NDArray[np.float64]) -> None:
    """Set every voxel on the positive side of a plane to true, in place.

    Parameters
    ----------
    removed
        bool ``[k, j, i]``, C-contiguous, writeable.
    coefficients
        float64 (4,): ci, cj, ck, c0 of the plane in voxel indices.
    """
    if removed.dtype != np.bool_ or not removed.flags.c_contiguous or removed.ndim != 3:
        raise TypeError("removed must be a C-contiguous bool array [k, j, i]")
    ci, cj, ck, c0 = (float(c) for c in coefficients)
    mark_plane_rows(removed, ci, cj, ck, c0)


def count_states(states: NDArray[np.uint32], removed: NDArray[np.bool_], n_states: int) -> NDArray[np.int64]:
    """Count the removed voxels of each state.

    Parameters
    ----------
    states
        uint32 ``[k, j, i]``, values below ``n_states``.
    removed
        bool ``[k, j, i]``.
    n_states
        Length of the answer, int64.
    """
    if states.shape != removed.shape:
        raise ValueError(f"shapes differ: {states.shape} and {removed.shape}")
    counts = np.zeros(n_states, np.int64)
    count_removed(np.ascontiguousarray(states).ravel(), np.ascontiguousarray(removed).ravel(), counts)
    return counts


@numba.njit(cache=True, nogil=True, fastmath=False)
def mark_plane_rows(removed: NDArray[np.bool_], ci: float, cj: float, ck: float, c0: float) -> None:
    """Kernel of :func:`mark_half_space`."""
    nk, nj, ni = removed.shape
    for k in range(nk):
        for j in range(nj):
            start, stop = _removed_interval(ci, cj * j + (ck * k + c0), ni)
            for i in range(start, stop):
                removed[k, j, i] = True


@numba.njit(cache=True, nogil=True, fastmath=False)
def count_removed(states: NDArray[np.uint32], removed: NDArray[np.bool_], counts: NDArray[np.int64]) -> None:
    """Kernel of :func:`count_states`."""
    for n in range(states.size):
        if removed[n]:
            counts[states[n]] += 1
