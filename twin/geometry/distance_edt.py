"""Exact Euclidean distances on anisotropic grids, with the edt package."""

from __future__ import annotations

import edt
import numpy as np
from numpy.typing import NDArray

__all__ = ["depth_mm", "distance_to_mm", "signed_distance_mm"]


def distance_to_mm(mask: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the distance from each voxel centre to the nearest centre of a true voxel.

    Its unit is that of the spacing. Inside the mask it is 0. Where the mask is empty it is infinite.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``.
    spacing_ijk_mm
        Along i, j, k.

    Examples
    --------
    >>> distance_to_mm(np.array([[[True, False, False]]]), np.array([0.5, 1, 1])).tolist()
    [[[0.0, 0.5, 1.0]]]
    """
    if not mask.any():
        return np.full(mask.shape, np.inf, dtype=np.float32)
    # uint8: the package is slower on bool.
    outside = np.ascontiguousarray(~mask).view(np.uint8)
    anisotropy = tuple(float(s) for s in spacing_ijk_mm[::-1])
    return np.asarray(edt.edt(outside, anisotropy=anisotropy, black_border=False, parallel=1), dtype=np.float32)


def depth_mm(mask: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the distance from the centre of each true voxel to the nearest centre of a false one.

    What lies outside of the array counts as false. Outside the mask the depth is 0.

    Examples
    --------
    >>> depth_mm(np.ones((3, 3, 3), bool), np.array([0.5, 1, 1])).tolist()[1][1]
    [0.5, 1.0, 0.5]
    """
    inside = np.ascontiguousarray(mask).view(np.uint8)
    anisotropy = tuple(float(s) for s in spacing_ijk_mm[::-1])
    return np.asarray(edt.edt(inside, anisotropy=anisotropy, black_border=True, parallel=1), dtype=np.float32)


def signed_distance_mm(mask: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return distances between voxel centres across the boundary: positive inside, negative outside."""
    return distance_to_mm(~mask, spacing_ijk_mm) - distance_to_mm(mask, spacing_ijk_mm)
