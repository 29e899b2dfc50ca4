"""Walks along vessel trees."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["add_up", "add_values", "spread_down", "spread_flags"]


def spread_down(order: NDArray[np.int64], parents: NDArray[np.int32], flags: NDArray[np.bool_]) -> None:
    """Flag every node whose parent is flagged, in place.

    Parameters
    ----------
    order
        int64 (n,), nodes with each parent before its children.
    parents
        int32 (n,), -1 at a root.
    flags
        bool (n,), writeable.
    """
    if not order.shape == parents.shape == flags.shape:
        raise ValueError("order, parents and flags need one value per node")
    spread_flags(order, parents, flags)


@numba.njit(cache=True, nogil=True, fastmath=False)
def spread_flags(order: NDArray[np.int64], parents: NDArray[np.int32], flags: NDArray[np.bool_]) -> None:
    """Kernel of :func:`spread_down`."""
    for n in range(order.size):
        parent = parents[order[n]]
        if parent >= 0 and flags[parent]:
            flags[order[n]] = True


def add_up(order: NDArray[np.int64], parents: NDArray[np.int32], values: NDArray[np.float64]) -> None:
    """Add to every node what lies below it, in place.

    Parameters
    ----------
    order
        int64 (n,), nodes with each parent before its children.
    parents
        int32 (n,), -1 at a root.
    values
        float64 (n,), writeable.
    """
    if not order.shape == parents.shape == values.shape:
        raise ValueError("order, parents and values need one value per node")
    add_values(order, parents, values)


@numba.njit(cache=True, nogil=True, fastmath=False)
def add_values(order: NDArray[np.int64], parents: NDArray[np.int32], values: NDArray[np.float64]) -> None:
    """Kernel of :func:`add_up`."""
    for n in range(order.size - 1, -1, -1):
        parent = parents[order[n]]
        if parent >= 0:
            values[parent] += values[order[n]]
