"""Scans handed to programs of others as files, and labels read back and checked (adapter of SimpleITK)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from twin.errors import InputError
from twin.grid import Grid
from twin.volume import Volume

__all__ = ["read_labels", "read_scan", "upright_scan", "write_labels", "write_scan"]

# A NIfTI header holds its affine in single precision, and some programs write it back through a quaternion.
_GRID_TOLERANCE_MM = 0.1


def write_scan(path: Path, volume: Volume) -> None:
    """Write the voxels and the grid of a scan, and nothing else of it: no name, no date, no identifier."""
    sitk.WriteImage(_image(np.asarray(volume.voxels), volume.grid), str(path))


def write_labels(path: Path, labels: NDArray[np.uint8], grid: Grid) -> None:
    """Write labels ``[k, j, i]``."""
    sitk.WriteImage(_image(labels, grid), str(path))


def read_scan(path: Path) -> tuple[NDArray[np.generic], Grid]:
    """Read what :func:`write_scan` wrote."""
    image = sitk.ReadImage(str(path))
    return sitk.GetArrayFromImage(image), _grid(image)


def read_labels(path: Path, grid: Grid, meaning: Mapping[int, object]) -> NDArray[np.uint16]:
    """Read labels that a program made on the grid of the scan it was given, uint16 ``[k, j, i]``.

    Raises
    ------
    InputError
        ``error.external.no_result`` without a readable file, ``error.external.wrong_grid`` when it lies elsewhere,
        ``error.external.wrong_values`` when a value is not among those of ``meaning``.
    """
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError("error.external.no_result", file=path.name) from error
    if image.GetDimension() != 3 or tuple(image.GetSize()) != grid.size_ijk or not _is_same_place(image, grid):
        raise InputError("error.external.wrong_grid", file=path.name)
    values = sitk.GetArrayFromImage(image)
    if values.dtype.kind == "f" and (not np.isfinite(values).all() or (values != np.round(values)).any()):
        raise InputError("error.external.wrong_values", file=path.name, values="0.5")
    found = np.unique(values)
    unknown = [int(value) for value in found if int(value) not in meaning and value != 0]
    if unknown:
        raise InputError("error.external.wrong_values", file=path.name, values=", ".join(map(str, unknown[:5])))
    return values.astype(np.uint16)


def upright_scan(
    voxels: NDArray[np.generic], grid: Grid, spacing_ijk_mm: tuple[float, float, float], outside: float
) -> tuple[NDArray[np.float32], Grid]:
    """Bring a scan onto axes that run to the left (i), to the back (j) and to the head (k) of the patient.

    Each voxel is the mean of those it covers where it is at least twice as large, otherwise interpolated linearly.
    """
    image = sitk.Cast(_image(voxels, grid), sitk.sitkFloat32)
    oriented = sitk.DICOMOrient(image, "LPS")
    factors = [max(1, int(w / s)) for w, s in zip(spacing_ijk_mm, oriented.GetSpacing(), strict=True)]
    if max(factors) > 1:
        oriented = sitk.BinShrink(oriented, [min(f, n) for f, n in zip(factors, oriented.GetSize(), strict=True)])
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * grid.size_ijk - 0.5
    corners_lps_mm = grid.lps_from_ijk(corners)
    low, high = corners_lps_mm.min(axis=0), corners_lps_mm.max(axis=0)
    size = np.maximum(np.round((high - low) / spacing_ijk_mm), 1).astype(int)
    upright = Grid.from_spacing(
        (int(size[0]), int(size[1]), int(size[2])),
        spacing_ijk_mm,
        origin_lps_mm=low + np.array(spacing_ijk_mm) / 2,
        frame_of_reference_uid=grid.frame_of_reference_uid,
    )
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize([int(n) for n in upright.size_ijk])
    resampler.SetOutputSpacing([float(s) for s in upright.spacing_ijk_mm])
    resampler.SetOutputOrigin([float(x) for x in upright.origin_lps_mm])
    resampler.SetInterpolator(sitk.sitkLinear)
    resampler.SetDefaultPixelValue(outside)
    # Half a voxel beyond the outermost centres still belongs to the scan.
    resampler.SetUseNearestNeighborExtrapolator(bool(np.allclose(np.abs(grid.direction).max(axis=0), 1.0, atol=1e-3)))
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(oriented)), np.float32), upright


def _image(voxels: NDArray[np.generic], grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(np.ascontiguousarray(voxels))
    image.SetSpacing([float(s) for s in grid.spacing_ijk_mm])
    image.SetOrigin([float(x) for x in grid.origin_lps_mm])
    image.SetDirection([float(x) for x in grid.direction.ravel()])
    return image


def _affine(image: sitk.Image) -> NDArray[np.float64]:
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return affine


def _grid(image: sitk.Image) -> Grid:
    i, j, k = image.GetSize()
    return Grid((i, j, k), _affine(image))


def _is_same_place(image: sitk.Image, grid: Grid) -> bool:
    corners = np.array([[a, b, c, 1] for a in (0, 1) for b in (0, 1) for c in (0, 1)], float)
    corners[:, :3] *= np.array(grid.size_ijk)
    gap_mm = np.abs(corners @ _affine(image).T - corners @ grid.affine_lps_mm.T).max()
    return bool(gap_mm <= _GRID_TOLERANCE_MM)
