"""Holes: background that the mask encloses."""

from __future__ import annotations

import numpy as np

from segmentation.editing.islands import Islands, Mask

__all__ = ["without_holes"]


def without_holes(mask: Mask, *, axis_ijk: int | None = None, largest_voxels: int | None = None) -> Mask:
    """Return a mask with its holes filled.

    Background is connected by faces (6 neighbours, 4 within a slice), so that a wall of voxels that touch by edges
    closes a hole. Background that reaches the border of the array is open: the array must be the box of the mask or
    larger.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``.
    axis_ijk
        0, 1 or 2: each slice square to the axis i, j or k is filled by itself. None fills what is enclosed in space.
    largest_voxels
        Larger holes stay (in a slice: voxels of that slice); None fills all.

    Examples
    --------
    >>> ring = np.ones((1, 3, 3), bool)
    >>> ring[0, 1, 1] = False
    >>> bool(without_holes(ring).all()), bool(without_holes(ring, axis_ijk=2).all())
    (False, True)
    """
    if axis_ijk is None:
        return mask | _holes(mask, largest_voxels, slice_wise=False)
    sliced = np.moveaxis(mask, 2 - axis_ijk, 0)
    holes = _holes(np.ascontiguousarray(sliced), largest_voxels, slice_wise=True)
    return np.ascontiguousarray(np.moveaxis(sliced | holes, 0, 2 - axis_ijk))


def _holes(mask: Mask, largest_voxels: int | None, *, slice_wise: bool) -> Mask:
    outside = Islands.of(mask, connectivity=4 if slice_wise else 6, wanted=False)
    is_hole = ~outside.touching_border(slice_wise=slice_wise)
    if largest_voxels is not None:
        is_hole &= outside.n_voxels <= largest_voxels
    return outside.mask(is_hole)
