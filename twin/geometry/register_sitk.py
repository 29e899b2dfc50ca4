"""Masks and labels brought from one grid to another, through a rigid transform where there is one (SimpleITK)."""

# mypy: disallow-untyped-calls=False
from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from twin.grid import Grid

__all__ = ["labels_through", "share_on_grid"]


def labels_through(
    labels: NDArray[Any], grid: Grid, reference: Grid, matrix_lps_mm: NDArray[np.float64]
) -> NDArray[Any]:
    """Return labels at the voxels of another grid by nearest neighbour; 0 where they do not reach.

    Parameters
    ----------
    labels
        uint8 or uint16 ``[k, j, i]`` on ``grid``.
    grid, reference
        Where they are, and where they are wanted.
    matrix_lps_mm
        4 x 4 rigid, maps LPS millimetres of ``grid`` to those of ``reference``.

    Examples
    --------
    >>> grid = Grid.from_spacing((3, 1, 1), (1, 1, 1))
    >>> moved = np.eye(4)
    >>> moved[0, 3] = 1.0
    >>> labels_through(np.array([[[7, 0, 0]]], np.uint8), grid, grid, moved).tolist()
    [[[0, 7, 0]]]
    """
    resampler = _resampler(reference, sitk.sitkNearestNeighbor)
    resampler.SetTransform(_pulling(matrix_lps_mm))
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(_image(labels, grid))))


def share_on_grid(mask: NDArray[np.bool_], grid: Grid, reference: Grid) -> NDArray[np.float32]:
    """Return how much of a mask lies at the voxels of another grid in the same space, 0 to 1, by linear interpolation.

    Where the reference is much coarser the mask is averaged first; beyond its ends the last voxel goes on.
    """
    image = sitk.Cast(_image(mask.view(np.uint8), grid), sitk.sitkFloat32)
    factors = [max(1, int(b / a)) for a, b in zip(grid.spacing_ijk_mm, reference.spacing_ijk_mm, strict=True)]
    if max(factors) > 1:
        image = sitk.BinShrink(image, [min(f, n) for f, n in zip(factors, grid.size_ijk, strict=True)])
    resampler = _resampler(reference, sitk.sitkLinear)
    resampler.SetUseNearestNeighborExtrapolator(True)
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(image)), np.float32)


def _pulling(matrix_lps_mm: NDArray[np.float64]) -> sitk.AffineTransform:
    """Return the transform as SimpleITK wants it: from the places wanted back to those known."""
    back = np.linalg.inv(matrix_lps_mm)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(back[:3, :3].ravel().tolist())
    transform.SetTranslation(back[:3, 3].tolist())
    return transform


def _image(voxels: NDArray[Any], grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels))
    image.SetSpacing([float(s) for s in grid.spacing_ijk_mm])
    image.SetOrigin([float(x) for x in grid.origin_lps_mm])
    image.SetDirection([float(x) for x in grid.direction.ravel()])
    return image


def _resampler(reference: Grid, interpolator: int) -> sitk.ResampleImageFilter:
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize([int(n) for n in reference.size_ijk])
    resampler.SetOutputSpacing([float(s) for s in reference.spacing_ijk_mm])
    resampler.SetOutputOrigin([float(x) for x in reference.origin_lps_mm])
    resampler.SetOutputDirection([float(x) for x in reference.direction.ravel()])
    resampler.SetInterpolator(interpolator)
    return resampler
