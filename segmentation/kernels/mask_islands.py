"""Connected pieces of a mask, by its runs along rows: a mask of millions of voxels has some ten thousand runs."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["fill_mask_runs", "find_mask_runs", "join_mask_runs"]


@njit(cache=True, nogil=True, fastmath=False)
def find_mask_runs(
    mask: NDArray[np.bool_],
    words: NDArray[np.uint64],
    row_length: int,
    wanted: bool,
    row_starts: NDArray[np.int64],
    runs: NDArray[np.int32],
) -> int:
    """Write the runs of ``mask == wanted`` along rows and return how many there are; -1 where ``runs`` is too small.

    Parameters
    ----------
    mask
        Of one axis: the voxels in C order.
    words
        The same memory eight voxels at a time, as far as whole words go: a word of equal voxels is passed at once.
    row_length
        Voxels of a row; runs end with it.
    wanted
        Runs of what.
    row_starts
        (n_rows + 1,), receives where the runs of each row begin in ``runs``.
    runs
        (n, 2), receives the first place in the row and the place after the last.
    """
    same = np.uint64(0x0101010101010101) if wanted else np.uint64(0)
    other = np.uint64(0) if wanted else np.uint64(0x0101010101010101)
    n, at, n_runs, next_row = mask.size, 0, 0, 0
    while True:
        at = _first_place(mask, words, at, wanted, other)
        if at == n:
            break
        end = _first_place(mask, words, at, not wanted, same)
        while at < end:
            row = at // row_length
            stop = min(end, (row + 1) * row_length)
            if n_runs == runs.shape[0]:
                return -1
            while next_row <= row:
                row_starts[next_row] = n_runs
                next_row += 1
            runs[n_runs, 0], runs[n_runs, 1] = at - row * row_length, stop - row * row_length
            n_runs += 1
            at = stop
    row_starts[next_row:] = n_runs
    return n_runs


@njit(cache=True, nogil=True, fastmath=False)
def _first_place(mask: NDArray[np.bool_], words: NDArray[np.uint64], at: int, wanted: bool, passed: np.uint64) -> int:
    """First place from ``at`` on where the mask is as wanted; words that are ``passed`` hold none."""
    n = mask.size
    while at < n:
        if at % 8 == 0:
            word = at // 8
            while word < words.size and words[word] == passed:
                word += 1
            at = word * 8
            if at >= n:
                break
        if mask[at] == wanted:
            return at
        at += 1
    return n


@njit(cache=True, nogil=True, fastmath=False)
def join_mask_runs(
    n_k: int,
    n_j: int,
    row_starts: NDArray[np.int64],
    runs: NDArray[np.int32],
    connectivity: int,
    island: NDArray[np.int64],
) -> int:
    """Number the connected pieces: ``island[run]`` from 0 in the order of their first run; return how many.

    ``connectivity`` is 6 or 26, or within each slice 4 or 8.
    """
    for n in range(island.size):
        island[n] = n
    reach = 1 if connectivity == 26 or connectivity == 8 else 0
    is_flat = connectivity == 4 or connectivity == 8
    for k in range(n_k):
        for j in range(n_j):
            row = k * n_j + j
            if j > 0:
                _join_rows(row_starts, runs, row, row - 1, reach, island)
            if k == 0 or is_flat:
                continue
            for other_j in range(max(j - reach, 0), min(j + reach + 1, n_j)):
                _join_rows(row_starts, runs, row, (k - 1) * n_j + other_j, reach, island)
    n_islands = 0
    for n in range(island.size):  # a root comes before all others of its piece
        if island[n] == n:
            island[n] = n_islands
            n_islands += 1
        else:
            island[n] = island[island[n]]
    return n_islands


@njit(cache=True, nogil=True, fastmath=False)
def _join_rows(
    row_starts: NDArray[np.int64], runs: NDArray[np.int32], row: int, other: int, reach: int, island: NDArray[np.int64]
) -> None:
    """Join the runs of two rows that touch."""
    a, b = row_starts[row], row_starts[other]
    while a < row_starts[row + 1] and b < row_starts[other + 1]:
        if runs[a, 0] < runs[b, 1] + reach and runs[b, 0] < runs[a, 1] + reach:
            root_a, root_b = _root(island, a), _root(island, b)
            island[max(root_a, root_b)] = min(root_a, root_b)
        if runs[a, 1] < runs[b, 1]:
            a += 1
        else:
            b += 1


@njit(cache=True, nogil=True, fastmath=False)
def _root(island: NDArray[np.int64], n: int) -> int:
    while island[n] != n:
        island[n] = island[island[n]]
        n = island[n]
    return n


@njit(cache=True, nogil=True, fastmath=False)
def fill_mask_runs(
    mask: NDArray[np.bool_],
    row_starts: NDArray[np.int64],
    runs: NDArray[np.int32],
    is_chosen: NDArray[np.bool_],
) -> None:
    """Set ``mask[k, j, i]`` along the chosen runs."""
    nk, nj, _ = mask.shape
    for k in range(nk):
        for j in range(nj):
            for n in range(row_starts[k * nj + j], row_starts[k * nj + j + 1]):
                if is_chosen[n]:
                    mask[k, j, runs[n, 0] : runs[n, 1]] = True
