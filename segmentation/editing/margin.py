"""Margins: a structure grown, shrunk or hollowed by millimetres, by exact distances on anisotropic voxels.

Distances are between voxel centres: growing by x adds each voxel whose centre is within x of one of the mask, which
moves the surface by x. Shrinking is growing what is outside. Beyond the border of the array nothing is known: it is
neither inside nor outside, so that a structure which leaves the scan keeps its cut face.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from segmentation.editing.islands import Mask, mask_runs
from segmentation.kernels.near_mask import mark_near_mask

__all__ = ["Shell", "grown", "hollowed", "reach_kji", "shrunk"]


class Shell(StrEnum):
    """Where the wall of a hollow structure lies."""

    INSIDE = "inside"  # the surface becomes the outer face
    OUTSIDE = "outside"  # the surface becomes the inner face
    MIDDLE = "middle"  # half on either side


def grown(mask: Mask, spacing_ijk_mm: NDArray[np.float64], margin_mm: float) -> Mask:
    """Return the mask and all voxels whose centre is within ``margin_mm`` of one of its centres.

    The array must reach :func:`reach_kji` beyond the mask, where the volume does.

    Examples
    --------
    >>> grown(np.array([[[False, False, True]]]), np.array([0.5, 1, 1]), 0.5).tolist()
    [[[False, True, True]]]
    """
    return _near(mask, spacing_ijk_mm, margin_mm, wanted=True)


def shrunk(mask: Mask, spacing_ijk_mm: NDArray[np.float64], margin_mm: float) -> Mask:
    """Return the mask without the voxels whose centre is within ``margin_mm`` of a centre outside it.

    The array must reach one voxel beyond the mask, where the volume does.
    """
    return ~_near(mask, spacing_ijk_mm, margin_mm, wanted=False)


def hollowed(mask: Mask, spacing_ijk_mm: NDArray[np.float64], thickness_mm: float, shell: Shell) -> Mask:
    """Return the wall of a mask; the array must reach the thickness (at least one voxel) beyond the mask."""
    match shell:
        case Shell.INSIDE:
            return mask & ~shrunk(mask, spacing_ijk_mm, thickness_mm)
        case Shell.OUTSIDE:
            return grown(mask, spacing_ijk_mm, thickness_mm) & ~mask
        case Shell.MIDDLE:
            half_mm = thickness_mm / 2
            return grown(mask, spacing_ijk_mm, half_mm) & ~shrunk(mask, spacing_ijk_mm, half_mm)


def reach_kji(spacing_ijk_mm: NDArray[np.float64], margin_mm: float) -> tuple[int, int, int]:
    """Return how many voxels along k, j, i a margin reaches, and one more."""
    k, j, i = (int(np.floor(margin_mm / s + 1e-6)) + 1 for s in spacing_ijk_mm[::-1])
    return (k, j, i)


def _near(mask: Mask, spacing_ijk_mm: NDArray[np.float64], margin_mm: float, *, wanted: bool) -> Mask:
    if margin_mm < 0:
        raise ValueError("a margin is not negative: grow or shrink")
    out = np.empty(mask.shape, np.bool_)
    spacing = np.ascontiguousarray(spacing_ijk_mm, np.float64)
    mark_near_mask(*mask_runs(mask, wanted=wanted), spacing, float(margin_mm), out)
    return out
