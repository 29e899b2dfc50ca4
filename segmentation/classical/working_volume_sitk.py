"""A scan on an upright, isotropic working grid, and the way back to the grid of the scan (SimpleITK)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from twin.box import Box
from twin.grid import Grid
from twin.volume import Volume

__all__ = ["WorkingVolume", "resampled_onto", "working_volume"]

FloatVoxels = NDArray[np.float32]
# All intensities are clipped to the soft-tissue window in which the prior was learned.
WINDOW_HU = (-125.0, 275.0)


@dataclass(frozen=True, eq=False)
class WorkingVolume:
    """HU on an isotropic grid whose axes run to the left (i), to the back (j) and to the head (k).

    Parameters
    ----------
    hu
        float32 ``[k, j, i]``, Hounsfield units; voxels outside the scan are -1000.
    grid
        Where they are; its direction is the identity.
    is_scanned
        True where the scan has data.
    """

    hu: FloatVoxels
    grid: Grid
    is_scanned: NDArray[np.bool_]

    @property
    def spacing_mm(self) -> float:
        """Edge of a voxel in millimetres."""
        return float(self.grid.spacing_ijk_mm[0])

    @property
    def windowed_hu(self) -> FloatVoxels:
        """HU clipped to the soft-tissue window."""
        return np.clip(self.hu, *WINDOW_HU)

    def halved(self) -> WorkingVolume:
        """Return the scan on voxels of twice the edge, each the mean of eight (the last odd slice is dropped)."""
        size = np.maximum(np.array(self.grid.size_ijk) // 2, 1)
        k, j, i = (min(2 * int(n), m) for n, m in zip(size[::-1], self.hu.shape, strict=True))
        shape = (int(size[2]), k // int(size[2]), int(size[1]), j // int(size[1]), int(size[0]), i // int(size[0]))
        hu = self.hu[:k, :j, :i].reshape(shape).mean(axis=(1, 3, 5), dtype=np.float32)
        is_scanned = np.asarray(self.is_scanned[:k, :j, :i].reshape(shape).all(axis=(1, 3, 5)))
        grid = Grid.from_spacing(
            (int(size[0]), int(size[1]), int(size[2])),
            (2 * self.spacing_mm,) * 3,
            origin_lps_mm=self.grid.lps_from_ijk((0.5, 0.5, 0.5)),
            frame_of_reference_uid=self.grid.frame_of_reference_uid,
        )
        return WorkingVolume(hu, grid, is_scanned)


def working_volume(volume: Volume, spacing_mm: float) -> WorkingVolume:
    """Bring a scan onto an upright isotropic grid, each voxel the mean of what it covers in plane.

    Parameters
    ----------
    volume
        The scan, in any orientation.
    spacing_mm
        Edge of the working voxels in millimetres.
    """
    shrunk = _shrunk(_image(volume.voxels, volume.grid), spacing_mm)
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * volume.grid.size_ijk - 0.5
    corners_lps_mm = volume.grid.lps_from_ijk(corners)
    low, high = corners_lps_mm.min(axis=0), corners_lps_mm.max(axis=0)
    size = np.maximum(np.round((high - low) / spacing_mm), 1).astype(int)
    grid = Grid.from_spacing(
        (int(size[0]), int(size[1]), int(size[2])),
        (spacing_mm,) * 3,
        origin_lps_mm=low + spacing_mm / 2,
        frame_of_reference_uid=volume.grid.frame_of_reference_uid,
    )
    resampler = _resampler(grid, sitk.sitkLinear)
    resampler.SetUseNearestNeighborExtrapolator(True)
    hu = sitk.GetArrayFromImage(resampler.Execute(shrunk)).astype(np.float32)
    is_scanned = _is_scanned(volume.grid, grid)
    hu[~is_scanned] = -1000.0
    return WorkingVolume(hu, grid, is_scanned)


def resampled_onto(
    values: FloatVoxels, grid: Grid, reference: Grid, *, box: Box | None = None, is_extended: bool = False
) -> FloatVoxels:
    """Return float32 ``values[k, j, i]`` of ``grid`` interpolated linearly at the voxels of ``reference`` (in ``box``).

    Beyond the outermost voxel centres the value is 0, or that of the nearest voxel where ``is_extended``.
    """
    target = reference if box is None else reference.cropped(box)
    resampler = _resampler(target, sitk.sitkLinear)
    resampler.SetUseNearestNeighborExtrapolator(is_extended)
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(_image(values, grid))))


def _is_scanned(scan: Grid, working: Grid) -> NDArray[np.bool_]:
    """Tell which working voxels have their centre inside the scan: all of them when the scan is upright."""
    if np.allclose(np.abs(scan.direction).max(axis=0), 1.0, atol=1e-3):
        return np.ones(working.shape_kji, np.bool_)
    index_ijk = np.stack(np.meshgrid(*(np.arange(n) for n in working.shape_kji), indexing="ij")[::-1], axis=-1)
    in_scan_ijk = scan.ijk_from_lps(working.lps_from_ijk(index_ijk))
    return np.asarray(((in_scan_ijk > -0.75) & (in_scan_ijk < np.array(scan.size_ijk) - 0.25)).all(axis=-1))


def _image(voxels: NDArray[np.generic], grid: Grid) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(grid.spacing_ijk_mm.tolist())
    image.SetOrigin(grid.origin_lps_mm.tolist())
    image.SetDirection(grid.direction.ravel().tolist())
    return image


def _shrunk(image: sitk.Image, spacing_mm: float) -> sitk.Image:
    factors = [max(1, round(spacing_mm / s)) for s in image.GetSpacing()]
    factors = [min(f, n) for f, n in zip(factors, image.GetSize(), strict=True)]
    return sitk.BinShrink(image, factors) if max(factors) > 1 else image


def _resampler(grid: Grid, interpolator: int) -> sitk.ResampleImageFilter:
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(grid.size_ijk)
    resampler.SetOutputSpacing(grid.spacing_ijk_mm.tolist())
    resampler.SetOutputOrigin(grid.origin_lps_mm.tolist())
    resampler.SetOutputDirection(grid.direction.ravel().tolist())
    resampler.SetInterpolator(interpolator)
    resampler.SetOutputPixelType(sitk.sitkFloat32)
    return resampler
