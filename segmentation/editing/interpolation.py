"""Interpolation between slices that were drawn: shape-based, by signed distances.

Between two drawn slices each voxel takes the weighted mean of its signed distances to the two outlines, and is inside
where that is positive (Raya and Udupa 1990, IEEE Transactions on Medical Imaging 9:32-42). Where the two outlines do
not overlap, that mean is negative everywhere; each outline is then moved along the line between their centres first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.editing.islands import Mask
from twin.errors import GeometryError
from twin.geometry.distance_edt import distance_to_mm

__all__ = ["filled_between_slices"]


def filled_between_slices(mask: Mask, spacing_ijk_mm: NDArray[np.float64], axis_ijk: int) -> Mask:
    """Return a mask with the empty slices between drawn ones filled; slices that hold anything stay as they are.

    Parameters
    ----------
    mask
        bool ``[k, j, i]`` of the box of the structure.
    spacing_ijk_mm
        Along i, j, k.
    axis_ijk
        0, 1 or 2: the drawn slices are square to the axis i, j or k.

    Raises
    ------
    GeometryError
        ``error.editing.nothing_between`` when no empty slice lies between two drawn ones.

    Examples
    --------
    >>> mask = np.zeros((3, 1, 5), bool)
    >>> mask[0, 0, 1:4], mask[2, 0, 1:4] = True, True
    >>> filled_between_slices(mask, np.ones(3), 2)[1].tolist()
    [[False, True, True, True, False]]
    """
    slices = np.moveaxis(mask, 2 - axis_ijk, 0).copy()
    plane = [float(spacing_ijk_mm[axis]) for axis in range(3) if axis != axis_ijk]
    drawn = np.flatnonzero(slices.any(axis=(1, 2)))
    if drawn.size < 2 or not (np.diff(drawn) > 1).any():
        raise GeometryError("error.editing.nothing_between")
    before, distances_before = -1, np.empty(0, np.float32)
    for first, second in zip(drawn[:-1].tolist(), drawn[1:].tolist(), strict=True):
        if second - first > 1:
            low = distances_before if before == first else _signed_distance_mm(slices[first], plane)
            high = _signed_distance_mm(slices[second], plane)
            _fill(slices, first, second, low, high)
            before, distances_before = second, high
    return np.ascontiguousarray(np.moveaxis(slices, 0, 2 - axis_ijk))


def _fill(slices: Mask, first: int, second: int, low: NDArray[np.float32], high: NDArray[np.float32]) -> None:
    """Fill the slices between two drawn ones from the signed distances to their outlines."""
    overlaps = bool((slices[first] & slices[second]).any())
    way = np.zeros(2)
    if not overlaps:
        way = np.subtract(ndimage.center_of_mass(slices[second]), ndimage.center_of_mass(slices[first]))
    for n in range(first + 1, second):
        part = (n - first) / (second - first)
        if overlaps:
            slices[n] = (1.0 - np.float32(part)) * low + np.float32(part) * high > 0
        else:
            slices[n] = (1.0 - part) * _moved(low, part * way) + part * _moved(high, (part - 1.0) * way) > 0


def _moved(distances_mm: NDArray[np.float32], by_voxels: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(ndimage.shift(distances_mm, by_voxels, order=1, mode="nearest"))


def _signed_distance_mm(outline: Mask, spacing_mm: list[float]) -> NDArray[np.float32]:
    """Distance to the outline within a slice, positive inside, zero half way between two voxel centres.

    ``spacing_mm`` is that of the last axis first.
    """
    spacing = np.array([*spacing_mm, 1.0])
    padded = np.pad(outline, 1)[np.newaxis]  # what lies beyond the slice is outside
    inside = distance_to_mm(~padded, spacing)[0, 1:-1, 1:-1]
    outside = distance_to_mm(padded, spacing)[0, 1:-1, 1:-1]
    half_mm = np.float32(0.5 * min(spacing_mm))
    return np.where(outline, inside - half_mm, half_mm - outside).astype(np.float32)
