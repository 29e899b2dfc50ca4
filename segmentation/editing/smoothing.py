"""Smoothing that keeps the volume: a Gaussian blur, cut at the level that leaves as many voxels as before.

The usual cut at one half shrinks what is convex: a vessel of 4 mm all but vanishes under a blur of 2 mm. The level is
found from the counts of the blurred values; voxels at the level itself join in the order "was inside before", then
by place, so that the volume is kept to the voxel. Where a thin neck would part or a narrow bay close, the fragments
are dropped and the new holes filled; what that costs must stay within half a per cent of the volume. Specks go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.editing.islands import Islands, Mask
from segmentation.kernels.blurred_mask import blur_mask
from twin.errors import GeometryError

__all__ = ["SmoothedMask", "smoothed"]

_CUT_SIGMAS = 3.0
_N_LEVELS = 65536
_LARGEST_CHANGE = 0.005
_PIECE_THAT_COUNTS = 0.01  # of the structure; smaller ones are specks, which smoothing is to remove


@dataclass(frozen=True, eq=False)
class SmoothedMask:
    """A smoothed mask and what it did to the structure.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``.
    n_voxels_before, n_voxels_after
        Equal to within half a per cent; equal where nothing was dropped or filled.
    n_islands_before, n_islands_after
        Connected pieces (26 neighbours); never more than before, and none that counts is lost.
    n_holes_before, n_holes_after
        Enclosed pieces of background (6 neighbours); never more than before.
    """

    mask: Mask
    n_voxels_before: int
    n_voxels_after: int
    n_islands_before: int
    n_islands_after: int
    n_holes_before: int
    n_holes_after: int


def smoothed(
    mask: Mask, spacing_ijk_mm: NDArray[np.float64], sigma_mm: float, *, may_join: Mask | None = None
) -> SmoothedMask:
    """Smooth a mask; its volume stays.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``; the array must reach three sigmas beyond it, where the volume does.
    spacing_ijk_mm
        Along i, j, k.
    sigma_mm
        Width of the Gaussian.
    may_join
        Voxels that may be added; None for all.

    Raises
    ------
    GeometryError
        ``error.editing.smoothing_breaks`` when a piece of at least one per cent of the structure would vanish, or
        the volume could not be kept: the width is too large for it.

    Examples
    --------
    >>> cube = np.pad(np.ones((9, 9, 9), bool), 6)
    >>> found = smoothed(cube, np.ones(3), 1.5)
    >>> found.n_voxels_after, bool(found.mask[6, 6, 6])
    (729, False)
    """
    weights_i, weights_j, weights_k = (_weights(sigma_mm / float(s)) for s in spacing_ijk_mm)
    levels, counts = np.empty(mask.shape, np.uint16), np.zeros(_N_LEVELS, np.int64)
    is_barred = np.zeros(mask.shape, np.bool_) if may_join is None else ~(may_join | mask)
    blur_mask(np.ascontiguousarray(mask), weights_i, weights_j, weights_k, is_barred, levels, counts)
    result = _highest(levels, counts, mask, int(np.count_nonzero(mask)))
    found = _sound(mask, result)
    lost = abs(found.n_voxels_after - found.n_voxels_before)
    if lost > _LARGEST_CHANGE * found.n_voxels_before or _loses_piece(mask, found.mask):
        raise GeometryError("error.editing.smoothing_breaks", sigma_mm=sigma_mm)
    return found


def _weights(sigma_voxels: float) -> NDArray[np.float32]:
    reach = int(np.ceil(_CUT_SIGMAS * sigma_voxels))
    weights = np.exp(-0.5 * (np.arange(reach + 1) / max(sigma_voxels, 1e-9)) ** 2)
    return (weights / (weights[0] + 2 * weights[1:].sum())).astype(np.float32)


def _highest(levels: NDArray[np.uint16], counts: NDArray[np.int64], mask: Mask, n_wanted: int) -> Mask:
    """Return the ``n_wanted`` voxels of the highest levels above 0."""
    at_least = np.cumsum(counts[::-1])[::-1]  # voxels at this level or above
    level = max(int(np.searchsorted(-at_least, -n_wanted, side="right")) - 1, 1)
    result = levels > level
    n_lacking = n_wanted - int(np.count_nonzero(result))
    ties = np.flatnonzero(levels.reshape(-1) == level)
    was_inside = mask.reshape(-1)[ties]
    result.reshape(-1)[np.concatenate([ties[was_inside], ties[~was_inside]])[:n_lacking]] = True
    return result


def _loses_piece(before: Mask, after: Mask) -> bool:
    islands = Islands.of(before)
    counts = np.flatnonzero(islands.n_voxels >= _PIECE_THAT_COUNTS * islands.n_voxels.sum())
    numbers = np.arange(islands.n_islands)
    return not all((islands.mask(numbers == number) & after).any() for number in counts)


def _sound(before: Mask, after: Mask) -> SmoothedMask:
    """Drop new fragments, fill new holes, and count what there was and what there is."""
    n_islands = Islands.of(before).n_islands
    islands = Islands.of(after)
    if islands.n_islands > n_islands:
        after = islands.mask(np.arange(islands.n_islands) < n_islands)
    n_holes = int(np.count_nonzero(~Islands.of(before, connectivity=6, wanted=False).touching_border()))
    outside = Islands.of(after, connectivity=6, wanted=False)
    holes = np.flatnonzero(~outside.touching_border())
    if holes.size > n_holes:
        is_new = np.zeros(outside.n_islands, np.bool_)
        is_new[holes[n_holes:]] = True  # the smallest
        after = after | outside.mask(is_new)
    return SmoothedMask(
        after,
        int(np.count_nonzero(before)),
        int(np.count_nonzero(after)),
        n_islands,
        min(islands.n_islands, n_islands),
        n_holes,
        min(holes.size, n_holes),
    )
