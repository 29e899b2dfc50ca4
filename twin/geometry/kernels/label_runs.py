"""Runs of equal labels, and what differs between two boxes of labels, in one pass over the voxels."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["changed_extent", "mark_run_ends"]


@numba.njit(cache=True, nogil=True, fastmath=False)
def mark_run_ends(values: NDArray[np.uint8], words: NDArray[np.uint64], ends: NDArray[np.int64]) -> int:
    """Write into ``ends`` where each run of equal values ends, and return the number of runs.

    ``values`` (uint8 or uint16) has one axis; ``words`` is the same memory eight bytes at a time, as far as whole
    words go: a word that repeats the value before it holds no end. Where there are more runs than places in
    ``ends``, -1 is returned.
    """
    n, n_words, n_runs = values.size, words.size, 0
    if n == 0:
        return 0
    lanes = 8 // values.itemsize
    ones = np.uint64(0x0101010101010101) if lanes == 8 else np.uint64(0x0001000100010001)
    current = values[0]
    repeated = np.uint64(current) * ones
    for word in range(n_words + 1):
        if word < n_words and words[word] == repeated:
            continue
        for at in range(word * lanes, min((word + 1) * lanes, n) if word < n_words else n):
            if values[at] != current:
                if n_runs == ends.size:
                    return -1
                ends[n_runs] = at
                n_runs += 1
                current = values[at]
        repeated = np.uint64(current) * ones
    if n_runs == ends.size:
        return -1
    ends[n_runs] = n
    return n_runs + 1


@numba.njit(cache=True, nogil=True, fastmath=False)
def changed_extent(
    old: NDArray[np.uint8], new: NDArray[np.uint8], is_touched: NDArray[np.bool_], extent: NDArray[np.int64]
) -> int:
    """Compare two boxes of labels ``[k, j, i]`` and return how many voxels differ.

    ``is_touched[value]`` is set for each value that comes or goes; ``extent`` receives the smallest box around the
    voxels that differ (start k, j, i, then the ends, which lie outside), and is left alone where none does.
    """
    nk, nj, ni = old.shape
    n_changed = 0
    k0, j0, i0, k1, j1, i1 = nk, nj, ni, 0, 0, 0
    for k in range(nk):
        for j in range(nj):
            differs = 0
            for i in range(ni):
                differs |= old[k, j, i] ^ new[k, j, i]
            if differs == 0:
                continue
            for i in range(ni):
                if old[k, j, i] != new[k, j, i]:
                    is_touched[old[k, j, i]] = True
                    is_touched[new[k, j, i]] = True
                    n_changed += 1
                    i0, i1 = min(i0, i), max(i1, i + 1)
            k0, k1, j0, j1 = min(k0, k), max(k1, k + 1), min(j0, j), max(j1, j + 1)
    if n_changed > 0:
        extent[0], extent[1], extent[2], extent[3], extent[4], extent[5] = k0, j0, i0, k1, j1, i1
    return n_changed
