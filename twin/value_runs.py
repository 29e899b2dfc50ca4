"""Labels are long runs of equal values: runs are faster to count, to compare and to pack than single voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.box import Box

__all__ = ["changed_box", "counts_of_values", "run_ends"]

_WORD_BYTES = 8

# The kernels are imported where they are called: whoever only reads a case does not wait for numba.


def run_ends(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each run of equal values ends (the index after its last one), read in C order.

    Parameters
    ----------
    labels
        uint8 or uint16 of any shape, contiguous.

    Returns
    -------
    int64 (n_runs,), ascending; the last is ``labels.size``. Empty for an empty array.

    Examples
    --------
    >>> run_ends(np.array([[5, 5], [0, 7]], np.uint8)).tolist()
    [2, 3, 4]
    """
    from twin.geometry.kernels.label_runs import mark_run_ends

    flat = np.ascontiguousarray(labels).reshape(-1)
    lanes = _WORD_BYTES // flat.itemsize
    words = flat[: flat.size // lanes * lanes].view(np.uint64)
    ends = np.empty(max(flat.size // 64, 64), np.int64)
    n_runs = mark_run_ends(flat, words, ends)
    if n_runs < 0:  # nearly noise
        ends = np.empty(flat.size, np.int64)
        n_runs = mark_run_ends(flat, words, ends)
    return ends[:n_runs]


def counts_of_values(labels: NDArray[Any], n_values: int) -> NDArray[np.int64]:
    """Return how often each value from 0 to ``n_values - 1`` occurs: ``np.bincount``, faster on labels.

    Examples
    --------
    >>> counts_of_values(np.array([3, 3, 0], np.uint8), 5).tolist()
    [1, 0, 0, 2, 0]
    """
    flat = np.ascontiguousarray(labels).reshape(-1)
    ends = run_ends(flat)
    lengths = np.diff(ends, prepend=0)
    # Sums of whole numbers below 2**53 are exact in float64.
    return np.bincount(flat[ends - 1], weights=lengths, minlength=n_values).astype(np.int64)


def changed_box(old: NDArray[Any], new: NDArray[Any]) -> tuple[Box, tuple[int, ...]] | None:
    """Return the smallest box around the voxels that differ, and the values that come or go; None if none differs.

    Parameters
    ----------
    old, new
        ``[k, j, i]`` of the same shape and type.

    Examples
    --------
    >>> changed_box(np.array([[[1, 1, 4]]], np.uint8), np.array([[[1, 0, 4]]], np.uint8))
    (Box(start_kji=(0, 0, 1), stop_kji=(1, 1, 2)), (0, 1))
    """
    from twin.geometry.kernels.label_runs import changed_extent

    is_touched = np.zeros(np.iinfo(old.dtype).max + 1, np.bool_)
    extent = np.empty(6, np.int64)
    if changed_extent(old, new, is_touched, extent) == 0:
        return None
    k0, j0, i0, k1, j1, i1 = (int(n) for n in extent)
    return Box((k0, j0, i0), (k1, j1, i1)), tuple(int(value) for value in np.flatnonzero(is_touched))
