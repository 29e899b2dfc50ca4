"""Shifts of slices within their plane and resampling of labels (adapter of SimpleITK)."""

# mypy: disallow-untyped-calls=False
from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from twin.grid import Grid

__all__ = ["labels_on_grid", "shifted_slice"]


def shifted_slice(
    voxels: NDArray[np.float32], shift_ij: NDArray[np.float64], shape_ji: tuple[int, int], *, outside: float
) -> NDArray[np.float32]:
    """Place a slice on a larger plane at a fraction of a voxel, by linear interpolation.

    Parameters
    ----------
    voxels
        Slice ``[j, i]``.
    shift_ij
        Where its first voxel lies on the plane, in voxels along i and j.
    shape_ji
        Rows and columns of the plane.
    outside
        Value where the slice does not reach.
    """
    plane = sitk.Image([shape_ji[1], shape_ji[0]], sitk.sitkFloat32)
    back = sitk.TranslationTransform(2, [-float(shift_ij[0]), -float(shift_ij[1])])
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels, dtype=np.float32))
    placed = sitk.Resample(image, plane, back, sitk.sitkLinear, float(outside))
    return np.asarray(sitk.GetArrayFromImage(placed), dtype=np.float32)


def labels_on_grid(labels: NDArray[np.uint16], grid: Grid, reference: Grid) -> NDArray[np.uint16]:
    """Return labels ``[k, j, i]`` of ``grid`` at the voxels of ``reference``, by nearest neighbour; 0 outside."""
    moving = _image(np.ascontiguousarray(labels), grid)
    fixed = sitk.Image([int(n) for n in reference.size_ijk], sitk.sitkUInt16)
    _place(fixed, reference)
    placed = sitk.Resample(moving, fixed, sitk.Transform(), sitk.sitkNearestNeighbor, 0.0)
    return np.asarray(sitk.GetArrayFromImage(placed), dtype=np.uint16)


def _image(voxels: NDArray[np.uint16], grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    _place(image, grid)
    return image


def _place(image: sitk.Image, grid: Grid) -> None:
    image.SetSpacing([float(spacing) for spacing in grid.spacing_ijk_mm])
    image.SetOrigin([float(x) for x in grid.origin_lps_mm])
    image.SetDirection([float(x) for x in grid.direction.ravel()])
