"""Islands: the connected pieces of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segmentation.kernels.mask_islands import fill_mask_runs, find_mask_runs, join_mask_runs

__all__ = ["Islands", "Mask", "island_at", "largest_islands", "mask_runs", "without_small_islands"]

Mask = NDArray[np.bool_]
Connectivity = Literal[4, 6, 8, 26]

_USUAL_RUNS = 1 << 17


@dataclass(frozen=True, eq=False)
class Islands:
    """The connected pieces of a mask, numbered from 0 by falling size.

    Parameters
    ----------
    shape_kji
        Of the mask.
    n_voxels
        int64 (n_islands,), falling; among equals the one that comes first in the mask is first.
    row_starts, runs
        Runs along rows: those of row ``k * nj + j`` begin at ``row_starts[row]``; ``runs[n]`` is the first i and
        the i after the last.
    island_of_run
        int64 (n_runs,).

    Examples
    --------
    >>> found = Islands.of(np.array([[[True, False, True, True]]]))
    >>> found.n_voxels.tolist(), found.mask(np.array([False, True])).tolist()
    ([2, 1], [[[True, False, False, False]]])
    """

    shape_kji: tuple[int, int, int]
    n_voxels: NDArray[np.int64]
    row_starts: NDArray[np.int64]
    runs: NDArray[np.int32]
    island_of_run: NDArray[np.int64]

    @classmethod
    def of(cls, mask: Mask, *, connectivity: Connectivity = 26, wanted: bool = True) -> Islands:
        """Find the islands of the voxels that are ``wanted``; 4 and 8 neighbours keep within each slice of k."""
        nk, nj, ni = mask.shape
        row_starts, runs = mask_runs(mask, wanted=wanted)
        n_runs = len(runs)
        island = np.empty(n_runs, np.int64)
        n_islands = join_mask_runs(nk, nj, row_starts, runs, connectivity, island)
        lengths = (runs[:, 1] - runs[:, 0]).astype(np.int64)
        sizes = np.bincount(island, weights=lengths, minlength=n_islands).astype(np.int64)
        order = np.argsort(-sizes, kind="stable")
        rank = np.empty(n_islands, np.int64)
        rank[order] = np.arange(n_islands)
        return cls((nk, nj, ni), sizes[order], row_starts, runs, rank[island])

    @property
    def n_islands(self) -> int:
        """How many there are."""
        return len(self.n_voxels)

    def mask(self, is_chosen: NDArray[np.bool_]) -> Mask:
        """Return the mask of the islands that are chosen, bool (n_islands,)."""
        out = np.zeros(self.shape_kji, np.bool_)
        fill_mask_runs(out, self.row_starts, self.runs, is_chosen[self.island_of_run])
        return out

    def number_at(self, place_kji: tuple[int, int, int]) -> int | None:
        """Return the number of the island at a voxel; None where there is none."""
        k, j, i = place_kji
        row = k * self.shape_kji[1] + j
        here = slice(int(self.row_starts[row]), int(self.row_starts[row + 1]))
        found = np.flatnonzero((self.runs[here, 0] <= i) & (i < self.runs[here, 1]))
        return int(self.island_of_run[here][found[0]]) if found.size else None

    def touching_border(self, *, slice_wise: bool = False) -> NDArray[np.bool_]:
        """Tell of each island whether it touches the border of the mask; of slices, whether that of its slice."""
        nk, nj, ni = self.shape_kji
        rows = np.repeat(np.arange(nk * nj), np.diff(self.row_starts))
        k, j = rows // nj, rows % nj
        is_out = (self.runs[:, 0] == 0) | (self.runs[:, 1] == ni) | (j == 0) | (j == nj - 1)
        if not slice_wise:
            is_out |= (k == 0) | (k == nk - 1)
        found = np.zeros(self.n_islands, np.bool_)
        found[self.island_of_run[is_out]] = True
        return found


def mask_runs(mask: Mask, *, wanted: bool = True) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return where the runs of each row begin, and the runs: first i and the i after the last, int32 (n_runs, 2)."""
    nk, nj, ni = mask.shape
    flat = np.ascontiguousarray(mask).reshape(-1)
    words = flat[: flat.size // 8 * 8].view(np.uint64)
    row_starts = np.empty(nk * nj + 1, np.int64)
    runs = np.empty((_USUAL_RUNS, 2), np.int32)
    n_runs = find_mask_runs(flat, words, ni, wanted, row_starts, runs)
    if n_runs < 0:  # nearly noise
        runs = np.empty((nk * nj * ((ni + 1) // 2), 2), np.int32)
        n_runs = find_mask_runs(flat, words, ni, wanted, row_starts, runs)
    return row_starts, runs[:n_runs].copy()


def largest_islands(mask: Mask, n_kept: int = 1) -> Mask:
    """Return a mask with its largest islands only (26 neighbours)."""
    islands = Islands.of(mask)
    return islands.mask(np.arange(islands.n_islands) < n_kept)


def without_small_islands(mask: Mask, least_voxels: int) -> Mask:
    """Return a mask without the islands (26 neighbours) of fewer voxels.

    Examples
    --------
    >>> without_small_islands(np.array([[[True, False, True, True]]]), 2).tolist()
    [[[False, False, True, True]]]
    """
    islands = Islands.of(mask)
    return islands.mask(islands.n_voxels >= least_voxels)


def island_at(mask: Mask, place_kji: tuple[int, int, int]) -> Mask | None:
    """Return the island (26 neighbours) that a voxel belongs to; None when the voxel is not in the mask."""
    islands = Islands.of(mask)
    number = islands.number_at(place_kji)
    return None if number is None else islands.mask(np.arange(islands.n_islands) == number)
