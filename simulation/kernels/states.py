"""Numbering the combinations of labels that occur."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["joined_numbers"]


def joined_numbers(
    numbers: NDArray[np.int64],
    column: NDArray[np.integer[Any]],
    places: NDArray[np.int64],
    radix: int,
    n_numbers: int,
) -> NDArray[np.int64]:
    """Join a number with a label at each place and number the pairs that occur afresh, in place.

    Parameters
    ----------
    numbers
        int64 (n,), below ``n_numbers``; replaced by the new numbers.
    column
        Labels ``[k, j, i]``, from 0 to below ``radix``.
    places
        int64 (n,), flat indices into ``column``.
    radix, n_numbers
        Bounds of labels and numbers.

    Returns
    -------
    int64 (n_new,): ``number * radix + label`` of each new number, ascending.
    """
    if numbers.shape != places.shape:
        raise ValueError("numbers and places must have one value each")
    flat = np.ascontiguousarray(column).ravel()
    occurs = np.zeros(n_numbers * radix, np.bool_)
    mark_pairs(numbers, flat, places, radix, occurs)
    occurring = np.flatnonzero(occurs)
    renumbered = np.zeros(n_numbers * radix, np.int64)
    renumbered[occurring] = np.arange(occurring.size)
    renumber_pairs(numbers, flat, places, radix, renumbered)
    return occurring


@numba.njit(cache=True, nogil=True, fastmath=False)
def mark_pairs(
    numbers: NDArray[np.int64],
    labels: NDArray[np.integer[Any]],
    places: NDArray[np.int64],
    radix: int,
    occurs: NDArray[np.bool_],
) -> None:
    """Mark each pair of number and label that occurs."""
    for n in range(places.size):
        occurs[numbers[n] * radix + np.int64(labels[places[n]])] = True


@numba.njit(cache=True, nogil=True, fastmath=False)
def renumber_pairs(
    numbers: NDArray[np.int64],
    labels: NDArray[np.integer[Any]],
    places: NDArray[np.int64],
    radix: int,
    renumbered: NDArray[np.int64],
) -> None:
    """Replace each number by that of its pair."""
    for n in range(places.size):
        numbers[n] = renumbered[numbers[n] * radix + np.int64(labels[places[n]])]
