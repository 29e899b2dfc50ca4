"""Where a slice view lies in the patient: axial, coronal and sagittal, in the radiological convention."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.grid import Grid

__all__ = ["SliceAxis", "SliceFrame", "direction_letters"]

FloatArray = NDArray[np.float64]


class SliceAxis(StrEnum):
    """Which way a slice is cut."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    OBLIQUE = "oblique"  # in a direction of its own, see `ObliqueFrame`

    @classmethod
    def straight(cls) -> tuple[SliceAxis, SliceAxis, SliceAxis]:
        """Return the three directions of the patient."""
        return (cls.AXIAL, cls.CORONAL, cls.SAGITTAL)


# Rightwards, downwards and from slice to slice, as (axis of LPS, sign). The patient's right is on the left of
# axial and coronal slices, the front of the patient is on the left of sagittal ones; head up.
_SCREEN_AXES: dict[SliceAxis, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    SliceAxis.AXIAL: ((0, 1), (1, 1), (2, 1)),
    SliceAxis.CORONAL: ((0, 1), (2, -1), (1, 1)),
    SliceAxis.SAGITTAL: ((1, 1), (2, -1), (0, 1)),
}
# Letters of each direction of LPS: towards plus, towards minus.
_LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
_LEAST_PART = 0.26  # a direction turned by more than 15 degrees is named by two letters


@dataclass(frozen=True, eq=False)
class SliceFrame:
    """Slices of a grid along one of its own axes, the one nearest to the anatomical direction.

    A pixel position is (x, y, slice) in voxel steps; whole numbers are voxel centres.

    Parameters
    ----------
    grid
        Where the voxels are.
    axis
        Which way it is cut.

    Examples
    --------
    >>> frame = SliceFrame(Grid.from_spacing((4, 5, 6), (1, 1, 2)), SliceAxis.CORONAL)
    >>> frame.shape, frame.n_slices, frame.lps_from_pixel(0, 0, 2).tolist()
    ((6, 4), 5, [0.0, 2.0, 10.0])
    """

    grid: Grid
    axis: SliceAxis
    _grid_axes: tuple[int, ...] = field(init=False, repr=False)  # i, j or k of x, y and slice
    _signs: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        axis_of_lps = _grid_axis_of_lps(self.grid)
        wanted = _SCREEN_AXES[self.axis]
        grid_axes = tuple(axis_of_lps[lps] for lps, _ in wanted)
        signs = tuple(
            1 if sign * self.grid.direction[lps, grid_axis] > 0 else -1
            for (lps, sign), grid_axis in zip(wanted, grid_axes, strict=True)
        )
        object.__setattr__(self, "_grid_axes", grid_axes)
        object.__setattr__(self, "_signs", signs)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a slice."""
        size = self.grid.size_ijk
        return (size[self._grid_axes[1]], size[self._grid_axes[0]])

    @property
    def n_slices(self) -> int:
        """Number of slices."""
        return self.grid.size_ijk[self._grid_axes[2]]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Size of a pixel rightwards and downwards, and the step between slices, in millimetres."""
        x, y, z = (float(self.grid.spacing_ijk_mm[a]) for a in self._grid_axes)
        return (x, y, z)

    @property
    def directions_lps(self) -> FloatArray:
        """Unit vectors rightwards, downwards and from slice to slice, as rows (3, 3)."""
        return np.stack([s * self.grid.direction[:, a] for a, s in zip(self._grid_axes, self._signs, strict=True)])

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Letters of the directions at the left, right, upper and lower edge."""
        right, down, _ = self.directions_lps
        return (
            direction_letters(-right),
            direction_letters(right),
            direction_letters(-down),
            direction_letters(down),
        )

    def slice_of(self, voxels: NDArray[np.generic], index: int) -> NDArray[np.generic]:
        """Return one slice ``[row, column]`` of an array ``[k, j, i]``, as a view."""
        x_axis, y_axis, z_axis = self._grid_axes
        stored = index if self._signs[2] > 0 else self.n_slices - 1 - index
        plane = np.moveaxis(voxels, 2 - z_axis, 0)[stored]
        left = [2 - a for a in range(2, -1, -1) if a != z_axis]  # array axes that stay, in order
        if left.index(2 - y_axis) > left.index(2 - x_axis):
            plane = plane.T
        return plane[:: self._signs[1], :: self._signs[0]]

    def lps_from_pixel(self, x: float, y: float, index: float) -> FloatArray:
        """Map a pixel position to LPS millimetres (3,)."""
        ijk = np.zeros(3)
        for value, axis, sign in zip((x, y, index), self._grid_axes, self._signs, strict=True):
            ijk[axis] = value if sign > 0 else self.grid.size_ijk[axis] - 1 - value
        return self.grid.lps_from_ijk(ijk)

    def pixel_from_lps(self, point_lps_mm: ArrayLike) -> FloatArray:
        """Map LPS millimetres (..., 3) to pixel positions (..., 3): x, y and slice."""
        ijk = self.grid.ijk_from_lps(point_lps_mm)
        parts = [
            ijk[..., a] if s > 0 else self.grid.size_ijk[a] - 1 - ijk[..., a]
            for a, s in zip(self._grid_axes, self._signs, strict=True)
        ]
        return np.stack(parts, axis=-1)

    def nearest_slice(self, point_lps_mm: ArrayLike) -> int:
        """Index of the slice nearest to a point, inside the scan."""
        return int(np.clip(round(float(self.pixel_from_lps(point_lps_mm)[2])), 0, self.n_slices - 1))

    def position_mm(self, index: int) -> float:
        """Position of a slice along its anatomical direction (LPS coordinate of its centre), in millimetres."""
        rows, columns = self.shape
        lps = {SliceAxis.SAGITTAL: 0, SliceAxis.CORONAL: 1, SliceAxis.AXIAL: 2}[self.axis]
        return float(self.lps_from_pixel((columns - 1) / 2, (rows - 1) / 2, index)[lps])

    def line_of_plane(self, origin_lps_mm: ArrayLike, normal_lps: ArrayLike, index: int) -> FloatArray | None:
        """Coefficients (a, b, c) of the line a*x + b*y + c = 0 in which a plane meets a slice.

        The value of a*x + b*y + c is the signed distance to the plane in millimetres, positive where the normal
        points to. None where the slice runs along the plane.
        """
        normal = np.asarray(normal_lps, dtype=np.float64)
        right, down, _ = self.directions_lps
        x_mm, y_mm, _ = self.spacing_mm
        a, b = float(normal @ right) * x_mm, float(normal @ down) * y_mm
        c = float(normal @ (self.lps_from_pixel(0, 0, index) - np.asarray(origin_lps_mm, dtype=np.float64)))
        return None if np.hypot(a / x_mm, b / y_mm) < 0.02 else np.array([a, b, c])


def direction_letters(direction_lps: ArrayLike) -> str:
    """Name a direction by the letters of the patient, the strongest first.

    Examples
    --------
    >>> direction_letters((1, 0, 0)), direction_letters((0, -0.8, 0.6))
    ('L', 'AS')
    """
    direction = np.asarray(direction_lps, dtype=np.float64)
    order = np.argsort(-np.abs(direction))
    named = [_LETTERS[axis][0 if direction[axis] > 0 else 1] for axis in order if abs(direction[axis]) > _LEAST_PART]
    return "".join(named)


def _grid_axis_of_lps(grid: Grid) -> tuple[int, ...]:
    """Return which grid axis (0 i, 1 j, 2 k) lies nearest to L, P and S, each used once."""
    nearness = np.abs(grid.direction)
    return max(permutations(range(3)), key=lambda axes: sum(nearness[lps, a] for lps, a in enumerate(axes)))
