"""Where a boundary may lie: the shares of each voxel inside the two shifted, nested masks of a structure.

All voxels of a structure move together (errors of neighbouring voxels are correlated, so their variances are never
summed): the boundary moves by the 5 % and the 95 % shift of the structure along its normal, and by half a slice more
along the slice axis. The two shifted masks are held as shares of voxels, so that a shift of less than a voxel is
neither lost nor rounded up.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from twin.geometry.distance_edt import distance_to_mm
from twin.uncertainty import BoundaryUncertainty

__all__ = ["LEVELS", "envelope", "reach_kji", "shifted_shares"]

LEVELS = 4  # a share is stored in quarters of a voxel: the rest averages out over a boundary
_NO_SHIFT_MM = 1e-3
# In units of the shift. Along an axis with larger voxels (shift under an eighth of one) the boundary does not move.
_LARGEST_STEP = 8.0


def shifted_shares(
    mask: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64], uncertainty: BoundaryUncertainty
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the shares (0 to ``LEVELS``) of each voxel inside the mask shifted inwards, and outwards.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``; the array must leave room for the shift around the structure (:func:`reach_kji`).
    spacing_ijk_mm
        Along i, j, k; k is the slice axis.
    uncertainty
        Shifts of the structure.

    Examples
    --------
    A slab of two slices loses and gains half a slice on each face when the shift is zero:

    >>> from twin.uncertainty import LabelOrigin
    >>> slab = np.zeros((6, 3, 3), bool)
    >>> slab[2:4] = True
    >>> exact = BoundaryUncertainty.of_origin(LabelOrigin.TRUTH)
    >>> low, high = shifted_shares(slab, np.array([1.0, 1.0, 2.0]), exact)
    >>> low[:, 1, 1].tolist(), high[:, 1, 1].tolist()
    ([0, 0, 2, 2, 0, 0], [0, 2, 4, 4, 2, 0])
    """
    inside = np.uint8(LEVELS) * mask.astype(np.uint8)
    if not mask.any():
        return inside, inside.copy()
    lost = _share_within(~mask, mask, spacing_ijk_mm, -uncertainty.inward_mm)
    gained = _share_within(mask, ~mask, spacing_ijk_mm, uncertainty.outward_mm)
    return inside - lost, inside + gained


def reach_kji(spacing_ijk_mm: NDArray[np.float64], uncertainty: BoundaryUncertainty) -> tuple[int, int, int]:
    """Return how many voxels along k, j, i the outward shift may reach."""
    axes_mm = _axes_mm(spacing_ijk_mm, uncertainty.outward_mm)
    i, j, k = (int(n) + 1 for n in np.ceil(axes_mm / spacing_ijk_mm))
    return (k, j, i)


def envelope(values: Iterable[float]) -> tuple[float, float]:
    """Return the least and the greatest of a figure recomputed on the shifted masks."""
    known = list(values)
    return min(known), max(known)


def _axes_mm(spacing_ijk_mm: NDArray[np.float64], shift_mm: float) -> NDArray[np.float64]:
    half_slice_mm = 0.5 * float(spacing_ijk_mm[2])
    return np.array([max(shift_mm, _NO_SHIFT_MM)] * 2 + [shift_mm + half_slice_mm])


def _share_within(
    source: NDArray[np.bool_], where: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64], shift_mm: float
) -> NDArray[np.uint8]:
    """Return the share of each voxel of ``where`` that lies within the shift of the boundary with ``source``.

    Distances are measured in units of the shift: an ellipsoid that is half a slice longer along k. The boundary lies
    half a layer of voxels before the nearest centre of ``source``; layers are as far apart as voxels along an axis
    and closer in oblique directions. ``width`` is the size of a voxel across the boundary.
    """
    steps = spacing_ijk_mm / _axes_mm(spacing_ijk_mm, shift_mm)
    distance = distance_to_mm(source, steps)
    flat = distance.ravel()
    moving = steps[steps <= _LARGEST_STEP]
    levels = np.where(where.ravel() & (flat <= 1.0), np.uint8(LEVELS), np.uint8(0))
    near = np.flatnonzero(where.ravel() & (np.abs(flat - 1.0) < moving.sum()))
    slopes = _slopes(distance, near, steps)
    width = np.maximum(slopes.sum(axis=0), moving.min())
    layer = (slopes**2).sum(axis=0) / width
    share = np.clip(0.5 + (1.0 + layer / 2.0 - flat[near]) / width, 0.0, 1.0)
    levels[near] = np.round(share * LEVELS).astype(np.uint8)
    return levels.reshape(where.shape)


def _slopes(distance: NDArray[np.float32], at: NDArray[np.int64], steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much the distance changes over one voxel along each axis, float64 (3, n)."""
    flat = distance.ravel()
    slopes = np.zeros((3, at.size))
    stride = 1
    for axis, (n, step) in enumerate(zip(distance.shape[::-1], steps, strict=True)):
        if step <= _LARGEST_STEP:  # along the others the boundary does not move
            index = (at // stride) % n
            here = flat[at]
            forward = np.abs(flat[np.where(index < n - 1, at + stride, at)] - here)
            backward = np.abs(flat[np.where(index > 0, at - stride, at)] - here)
            # The steeper side: in the middle of a thin structure the distance falls off on both.
            slopes[axis] = np.minimum(np.maximum(forward, backward), step)
        stride *= n
    return slopes
