"""How parallel slices lie in space: order along their normal, spacing, gaps, duplicates and shear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["SliceStack", "axes_from_orientation"]

FloatArray = NDArray[np.float64]

# Positions are written as decimal text, often rounded to a tenth of a millimetre: a slice may lie this far from
# its place on a regular grid and still count as regular.
_REGULAR_TOLERANCE_MM = 0.06
_REGULAR_TOLERANCE_OF_SPACING = 0.02
# Two images nearer than this lie at the same place.
_SAME_PLACE_MM = 0.01
# A drift of the slices within their plane of less than half a pixel over the whole stack is rounding.
_STRAIGHT_TOLERANCE_PIXELS = 0.5
_ORTHOGONAL_TOLERANCE = 0.01


def axes_from_orientation(orientation: tuple[float, ...]) -> FloatArray | None:
    """Return the axes i, j, k of an image (columns of a 3 x 3 rotation in LPS), k along the normal.

    Parameters
    ----------
    orientation
        Six numbers of ImageOrientationPatient: direction of a row (i), then of a column (j).

    Returns
    -------
    ndarray or None
        Right-handed rotation, or None when the two directions are not orthogonal unit vectors.

    References
    ----------
    DICOM PS3.3, C.7.6.2.1.1 Image Position and Image Orientation.
    """
    row, column = np.asarray(orientation, dtype=np.float64).reshape(2, 3)
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if not np.isfinite(lengths).all() or max(abs(length - 1.0) for length in lengths) > _ORTHOGONAL_TOLERANCE:
        return None
    row = row / lengths[0]
    if abs(row @ column) > _ORTHOGONAL_TOLERANCE:
        return None
    column = column - (row @ column) * row
    column = column / np.linalg.norm(column)
    return np.stack([row, column, np.cross(row, column)], axis=1)


@dataclass(frozen=True, eq=False)
class SliceStack:
    """Parallel slices ordered along their normal.

    Parameters
    ----------
    axes
        3 x 3, columns are the directions i, j, k in LPS.
    order
        Index of each image in the list it was built from, by rising position along k.
    points_lps_mm
        Centre of the first voxel of each slice in that order, shape (n, 3).
    pixel_mm
        The smaller pixel spacing: what "half a pixel" means.

    Examples
    --------
    >>> points = np.array([[0, 0, 4.0], [0, 0, 0.0], [0, 0, 2.0]])
    >>> stack = SliceStack.from_points(points, np.eye(3), pixel_mm=1.0)
    >>> stack.order.tolist(), stack.spacing_mm, stack.is_regular
    ([1, 2, 0], 2.0, True)
    """

    axes: FloatArray
    order: NDArray[np.intp]
    points_lps_mm: FloatArray
    pixel_mm: float

    @classmethod
    def from_points(cls, points_lps_mm: FloatArray, axes: FloatArray, *, pixel_mm: float) -> SliceStack:
        """Order slices by their position along the normal, never by file name or instance number."""
        order = np.argsort(points_lps_mm @ axes[:, 2], kind="stable")
        return cls(axes, order, points_lps_mm[order], pixel_mm)

    @cached_property
    def positions_mm(self) -> FloatArray:
        """Position along the normal, rising, shape (n,)."""
        return np.asarray(self.points_lps_mm @ self.axes[:, 2])

    @cached_property
    def gaps_mm(self) -> FloatArray:
        """Distance from each slice to the next, shape (n - 1,)."""
        return np.diff(self.positions_mm)

    @cached_property
    def spacing_mm(self) -> float:
        """Distance between slices: of the even grid where they are regular, else the usual (median) one."""
        distinct = self.gaps_mm[self.gaps_mm > _SAME_PLACE_MM]
        if distinct.size == 0:
            return 0.0
        return self._even_spacing_mm if self.is_regular else float(np.median(distinct))

    @cached_property
    def _even_spacing_mm(self) -> float:
        """Spacing of the even grid that fits all slices best."""
        number = np.arange(self.positions_mm.size) - (self.positions_mm.size - 1) / 2.0
        return float(number @ self.positions_mm / (number @ number))

    @cached_property
    def is_regular(self) -> bool:
        """True when the slices are evenly spaced, up to the rounding of their positions."""
        if self.positions_mm.size < 2:
            return False
        spacing_mm = self._even_spacing_mm
        number = np.arange(self.positions_mm.size) - (self.positions_mm.size - 1) / 2.0
        residual_mm = self.positions_mm - self.positions_mm.mean() - number * spacing_mm
        tolerance_mm = max(_REGULAR_TOLERANCE_MM, _REGULAR_TOLERANCE_OF_SPACING * spacing_mm)
        return spacing_mm > 0 and bool(np.abs(residual_mm).max() <= min(tolerance_mm, 0.25 * spacing_mm))

    @cached_property
    def duplicates(self) -> tuple[tuple[int, ...], ...]:
        """Groups of places in the order that hold several images at the same position."""
        starts = np.flatnonzero(np.concatenate([[True], self.gaps_mm > _SAME_PLACE_MM]))
        groups = np.split(np.arange(self.positions_mm.size), starts[1:])
        return tuple(tuple(int(n) for n in group) for group in groups if group.size > 1)

    @cached_property
    def missing(self) -> tuple[tuple[int, int], ...]:
        """Pairs (place, count): how many slices lack after a place, where a gap is a multiple of the spacing."""
        if self.spacing_mm <= 0:
            return ()
        times = self.gaps_mm / self.spacing_mm
        whole = np.round(times)
        lacking = np.flatnonzero((whole >= 2) & (np.abs(times - whole) < 0.1))
        return tuple((int(place), int(whole[place]) - 1) for place in lacking)

    @cached_property
    def drift_ij_mm(self) -> FloatArray:
        """Shift of each slice within its plane against the first, along i and j, shape (n, 2)."""
        return np.asarray((self.points_lps_mm - self.points_lps_mm[0]) @ self.axes[:, :2])

    @cached_property
    def is_straight(self) -> bool:
        """True when the slices lie above each other: no gantry tilt, no shear."""
        return bool(np.abs(self.drift_ij_mm).max() <= _STRAIGHT_TOLERANCE_PIXELS * self.pixel_mm)

    @cached_property
    def is_evenly_sheared(self) -> bool:
        """True when the drift grows in proportion to the position, as a tilted gantry makes it."""
        along = self.positions_mm - self.positions_mm[0]
        if along[-1] <= 0:
            return False
        slope = along @ self.drift_ij_mm / (along @ along)
        residual_mm = np.abs(self.drift_ij_mm - np.outer(along, slope)).max()
        return bool(residual_mm <= _STRAIGHT_TOLERANCE_PIXELS * self.pixel_mm)

    @property
    def tilt_deg(self) -> float:
        """Angle between the line through the slices and their normal, in degrees."""
        along = float(self.positions_mm[-1] - self.positions_mm[0])
        return float(np.degrees(np.arctan2(np.linalg.norm(self.drift_ij_mm[-1]), along)))
