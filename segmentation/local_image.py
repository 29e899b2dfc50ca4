"""A part of a scan on an isotropic grid along the axes of the scan, and the way back to its voxels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from twin.box import Box
from twin.errors import InputError
from twin.geometry.distance_edt import distance_to_mm
from twin.grid import Grid

__all__ = ["LocalGrid", "box_around_points", "local_grid"]

FloatVoxels = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LocalGrid:
    """An isotropic grid over a box of a scan, with the axes of the scan.

    Parameters
    ----------
    scan_grid
        Grid of the scan.
    box
        The voxels of the scan that it covers.
    grid
        The isotropic grid; its first sample lies on the first voxel of the box.
    """

    scan_grid: Grid
    box: Box
    grid: Grid

    @property
    def spacing_mm(self) -> float:
        """Distance between samples."""
        return float(self.grid.spacing_ijk_mm[0])

    def image(self, voxels: NDArray[np.generic], *, blur_mm: float = 0.0) -> FloatVoxels:
        """Return a scan ``[k, j, i]`` on this grid, blurred where its voxels are finer than ``blur_mm``.

        Parameters
        ----------
        voxels
            The whole scan, on ``scan_grid``.
        blur_mm
            Standard deviation of the blur; along an axis whose voxels are wide less is added, since a wide voxel
            is an average already.
        """
        return self.image_of_box(voxels[self.box.slices], blur_mm=blur_mm)

    def image_of_box(self, part: NDArray[np.generic], *, blur_mm: float = 0.0) -> FloatVoxels:
        """Return voxels ``[k, j, i]`` of the box alone on this grid; see :meth:`image`."""
        values: FloatVoxels = part.astype(np.float32)
        spacing_kji = self.scan_grid.spacing_ijk_mm[::-1]
        added_mm = np.sqrt(np.maximum(blur_mm**2 - spacing_kji**2 / 12.0, 0.0))  # a voxel is a box of that variance
        if added_mm.max() > 0.0:
            values = ndimage.gaussian_filter(values, added_mm / spacing_kji, mode="nearest", truncate=3.0)
        return _resampled(values, [axis / step for axis, step in zip(self._places_mm(), spacing_kji, strict=True)])

    def mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return a mask of the scan ``[k, j, i]`` on this grid."""
        return np.asarray(self.image(mask) >= 0.5)

    def scan_voxels(self, values: FloatVoxels) -> FloatVoxels:
        """Return values of this grid at the voxels of ``box``."""
        spacing_kji = self.scan_grid.spacing_ijk_mm[::-1]
        places = [
            np.asarray(np.arange(n) * (float(s) / self.spacing_mm), dtype=np.float64)
            for n, s in zip(self.box.shape_kji, spacing_kji, strict=True)
        ]
        return _resampled(values, places)

    def kji_from_lps(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map points (..., 3) in LPS millimetres to continuous samples (..., 3) in order k, j, i."""
        return np.asarray(self.grid.ijk_from_lps(points_lps_mm)[..., ::-1])

    def lps_from_kji(self, samples_kji: ArrayLike) -> NDArray[np.float64]:
        """Map samples (..., 3) in order k, j, i to LPS millimetres (..., 3)."""
        return self.grid.lps_from_ijk(np.asarray(samples_kji)[..., ::-1])

    def distance_mm(self, points_lps_mm: ArrayLike) -> FloatVoxels:
        """Return the distance of each sample from the nearest of points (n, 3), exact for a single point.

        Several points are moved to their nearest samples.
        """
        points_kji = self.kji_from_lps(np.reshape(points_lps_mm, (-1, 3)))
        if len(points_kji) > 1:
            return distance_to_mm(self.marked(points_lps_mm), self.grid.spacing_ijk_mm)
        k, j, i = (
            (((np.arange(n) - c) * self.spacing_mm) ** 2).astype(np.float32)
            for n, c in zip(self.grid.shape_kji, points_kji[0], strict=True)
        )
        return np.sqrt(k[:, None, None] + j[None, :, None] + i[None, None, :])

    def marked(self, points_lps_mm: ArrayLike) -> NDArray[np.bool_]:
        """Return the samples nearest to points (n, 3); points outside are moved to the border."""
        kji = np.round(self.kji_from_lps(np.reshape(points_lps_mm, (-1, 3)))).astype(int)
        mask = np.zeros(self.grid.shape_kji, np.bool_)
        mask[tuple(np.clip(kji, 0, np.array(self.grid.shape_kji) - 1).T)] = True
        return mask

    def _places_mm(self) -> list[NDArray[np.float64]]:
        return [np.arange(n, dtype=np.float64) * np.float64(self.spacing_mm) for n in self.grid.shape_kji]


def local_grid(scan_grid: Grid, box: Box, spacing_mm: float) -> LocalGrid:
    """Return the isotropic grid over a box of a scan."""
    extent_mm = (np.array(box.shape_kji[::-1]) - 1) * scan_grid.spacing_ijk_mm
    i, j, k = (int(n) for n in np.floor(extent_mm / spacing_mm + 1e-6) + 1)
    grid = Grid.from_spacing(
        (i, j, k),
        (spacing_mm,) * 3,
        origin_lps_mm=scan_grid.lps_from_ijk(box.start_kji[::-1]),
        direction=scan_grid.direction,
        frame_of_reference_uid=scan_grid.frame_of_reference_uid,
    )
    return LocalGrid(scan_grid, box, grid)


def box_around_points(grid: Grid, points_lps_mm: ArrayLike, margin_mm: float) -> Box:
    """Return the voxels within a margin of points (n, 3), clipped to the scan.

    Raises
    ------
    InputError
        ``error.local.point_outside`` when a point lies outside the scan.
    """
    ijk = grid.ijk_from_lps(np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3))
    size = np.array(grid.size_ijk)
    if not np.isfinite(ijk).all() or (ijk < -0.5).any() or (ijk > size - 0.5).any():
        raise InputError("error.local.point_outside")
    margin = margin_mm / grid.spacing_ijk_mm
    start = np.clip(np.floor(ijk.min(axis=0) - margin), 0, size - 1).astype(int)
    stop = np.clip(np.ceil(ijk.max(axis=0) + margin) + 1, 1, size).astype(int)
    (i0, j0, k0), (i1, j1, k1) = start.tolist(), stop.tolist()
    return Box((k0, j0, i0), (k1, j1, i1))


def _resampled(values: FloatVoxels, places: list[NDArray[np.float64]]) -> FloatVoxels:
    """Interpolate linearly along one axis after the other; ``places`` are positions in voxels, clipped to the array."""
    for axis, wanted in enumerate(places):
        last = values.shape[axis] - 1
        at = np.clip(wanted, 0.0, last)
        lower = np.minimum(at.astype(int), max(last - 1, 0))
        weight = (at - lower).astype(np.float32)
        if last == 0 or not weight.any():
            values = values.take(lower, axis=axis)
            continue
        shape = [1, 1, 1]
        shape[axis] = -1
        weight = weight.reshape(shape)
        values = values.take(lower, axis=axis) * (1 - weight) + values.take(lower + 1, axis=axis) * weight
    return np.ascontiguousarray(values, dtype=np.float32)
