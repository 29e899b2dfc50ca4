"""Brush and eraser: the voxels that a ball or a disc covers when it is drawn along a path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmentation.editing.box_change import BoxMask
from segmentation.kernels.paint_path import mark_path
from twin.box import Box
from twin.errors import InputError
from twin.grid import Grid

__all__ = ["Brush", "stroke_mask"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Brush:
    """A ball, or a disc in a slice plane.

    Parameters
    ----------
    radius_mm
        Of the ball or the disc.
    plane_normal_lps
        Normal of the slice plane of a disc, of any length; None for a ball.

    Raises
    ------
    InputError
        ``error.editing.radius`` when the radius is not positive.
    """

    radius_mm: float
    plane_normal_lps: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.radius_mm) and self.radius_mm > 0):
            raise InputError("error.editing.radius", radius_mm=self.radius_mm)
        if self.plane_normal_lps is not None and not np.any(self.plane_normal_lps):
            raise ValueError("the normal of the slice plane has no direction")


def stroke_mask(points_lps_mm: ArrayLike, brush: Brush, grid: Grid) -> BoxMask | None:
    """Return the voxels that a brush covers along a path, without gaps between its points.

    A voxel is covered when its centre is within the radius of the path. A disc covers the voxels that the plane of
    the slice through the first point passes through (one slice, where the plane is that of a slice), and distances
    are measured within the plane. Voxels that the path itself runs through are covered by any brush.

    Parameters
    ----------
    points_lps_mm
        (n, 3) corners of the path in LPS.
    brush
        Shape and size.
    grid
        Of the layer.

    Returns
    -------
    The smallest box around what can be covered, and the mask; None when it lies outside the grid.

    Examples
    --------
    >>> grid = Grid.from_spacing((9, 9, 9), (1, 1, 1))
    >>> found = stroke_mask([(2, 4, 4), (6, 4, 4)], Brush(1.0), grid)
    >>> int(found.mask.sum())
    27
    """
    points = np.atleast_2d(np.asarray(points_lps_mm, np.float64))
    spacing = grid.spacing_ijk_mm
    points_ijk_mm = np.ascontiguousarray(grid.ijk_from_lps(points) * spacing)
    normal, half_thickness = _plane(brush, grid)
    points_ijk_mm -= np.outer((points_ijk_mm - points_ijk_mm[0]) @ normal, normal)  # a disc stays in its plane
    reach = brush.radius_mm * np.sqrt(np.maximum(1.0 - normal**2, 0.0)) + np.abs(normal) * half_thickness
    start = np.floor((points_ijk_mm.min(axis=0) - reach) / spacing).astype(int)
    stop = np.ceil((points_ijk_mm.max(axis=0) + reach) / spacing).astype(int) + 1
    start, stop = np.maximum(start, 0), np.minimum(stop, grid.size_ijk)
    if (stop <= start).any():
        return None
    (i0, j0, k0), (i1, j1, k1) = start.tolist(), stop.tolist()
    box = Box((k0, j0, i0), (k1, j1, i1))
    mask = np.zeros(box.shape_kji, np.bool_)
    mark_path(mask, start.astype(np.int64), spacing, points_ijk_mm, float(brush.radius_mm), normal, half_thickness)
    return BoxMask(box, mask)


def _plane(brush: Brush, grid: Grid) -> tuple[FloatArray, float]:
    """Unit normal along the axes of the grid, and half the thickness in which the plane meets every voxel it cuts."""
    if brush.plane_normal_lps is None:
        return np.zeros(3), 0.0
    normal = grid.direction.T @ np.asarray(brush.plane_normal_lps, np.float64)
    normal /= np.linalg.norm(normal)
    normal[np.abs(normal) < 1e-9] = 0.0  # a slice plane stays one through the rounding of the directions
    return normal, float(0.5 * np.abs(normal) @ grid.spacing_ijk_mm)
