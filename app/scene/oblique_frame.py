"""Slices in any direction: the same questions as `SliceFrame` answers, with voxels interpolated."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import affine_transform

from app.scene.slice_frame import SliceAxis, SliceFrame
from twin.grid import Grid

__all__ = ["ObliqueFrame", "oblique_directions"]

FloatArray = NDArray[np.float64]
_HEAD = np.array([0.0, 0.0, 1.0])
_FRONT = np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True, eq=False)
class ObliqueFrame(SliceFrame):
    """Slices through a scan in a direction of their own.

    Pixels are square, as fine as the finest voxel spacing; grey values are interpolated, labels are of the
    nearest voxel. Slices go through the middle of the scan and cover all of it.

    Parameters
    ----------
    grid
        Of the scan.
    directions
        Unit vectors rightwards, downwards and from slice to slice, rows (3, 3), LPS.

    Examples
    --------
    >>> frame = ObliqueFrame.of(Grid.from_spacing((4, 4, 4), (1, 1, 1)), oblique_directions((0, 1, 0)))
    >>> bool(np.allclose(frame.pixel_from_lps(frame.lps_from_pixel(1, 2, 3)), (1, 2, 3)))
    True
    """

    directions: FloatArray = field(default_factory=lambda: np.eye(3))

    @classmethod
    def of(cls, grid: Grid, directions: FloatArray) -> ObliqueFrame:
        """Return the slices of a grid in these directions."""
        return cls(grid, SliceAxis.OBLIQUE, np.asarray(directions, dtype=np.float64))

    def __post_init__(self) -> None:
        """Nothing is taken from the axes of the grid."""

    @property
    def _step_mm(self) -> float:
        return float(min(self.grid.spacing_ijk_mm))

    @property
    def _middle_lps_mm(self) -> FloatArray:
        return self.grid.lps_from_ijk([(n - 1) / 2 for n in self.grid.size_ijk])

    def _n_pixels(self) -> tuple[int, int, int]:
        """Pixels rightwards, downwards and slices that the corners of the scan need."""
        size = self.grid.size_ijk
        ends = np.stack(np.meshgrid(*[(0, n - 1) for n in size], indexing="ij"), axis=-1).reshape(-1, 3)
        reach = np.abs((self.grid.lps_from_ijk(ends) - self._middle_lps_mm) @ self.directions.T).max(axis=0)
        x, y, z = (2 * int(np.ceil(r / self._step_mm)) + 1 for r in reach)
        return x, y, z

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a slice."""
        x, y, _ = self._n_pixels()
        return (y, x)

    @property
    def n_slices(self) -> int:
        """Number of slices."""
        return self._n_pixels()[2]

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """The same in all directions."""
        return (self._step_mm, self._step_mm, self._step_mm)

    @property
    def directions_lps(self) -> FloatArray:
        """Unit vectors rightwards, downwards and from slice to slice, as rows (3, 3)."""
        return self.directions

    def slice_of(self, voxels: NDArray[np.generic], index: int) -> NDArray[np.generic]:
        """Return one slice ``[row, column]`` of an array ``[k, j, i]``; outside the scan its lowest value."""
        to_ijk = self.grid.ijk_from_lps
        corner = to_ijk(self.lps_from_pixel(0, 0, index))
        right = to_ijk(self.lps_from_pixel(1, 0, index)) - corner
        down = to_ijk(self.lps_from_pixel(0, 1, index)) - corner
        matrix = np.stack([down, right, np.zeros(3)], axis=1)[::-1]  # rows k, j, i; columns row, column, none
        is_label = voxels.dtype == np.bool_ or voxels.dtype == np.uint8
        source = voxels.view(np.uint8) if voxels.dtype == np.bool_ else voxels
        outside = 0 if is_label else float(voxels[0, 0, 0])
        made = affine_transform(
            source, matrix, corner[::-1], (*self.shape, 1), order=0 if is_label else 1, cval=outside, prefilter=False
        )[..., 0]
        return np.asarray(made.view(np.bool_) if voxels.dtype == np.bool_ else made)

    def lps_from_pixel(self, x: float, y: float, index: float) -> FloatArray:
        """Map a pixel position to LPS millimetres (3,)."""
        offset = np.array([x, y, index], dtype=np.float64) - (np.array(self._n_pixels()) - 1) / 2
        return np.asarray(self._middle_lps_mm + self._step_mm * offset @ self.directions)

    def pixel_from_lps(self, point_lps_mm: ArrayLike) -> FloatArray:
        """Map LPS millimetres (..., 3) to pixel positions (..., 3): x, y and slice."""
        offset = np.asarray(point_lps_mm, dtype=np.float64) - self._middle_lps_mm
        return np.asarray(offset @ self.directions.T / self._step_mm + (np.array(self._n_pixels()) - 1) / 2)

    def position_mm(self, index: int) -> float:
        """Distance of a slice from the middle of the scan, along its own direction."""
        return (index - (self.n_slices - 1) / 2) * self._step_mm


def oblique_directions(normal_lps: ArrayLike) -> FloatArray:
    """Return rightwards, downwards and through of a slice at right angles to a normal; the head is up where it can be.

    Examples
    --------
    >>> oblique_directions((0, 1, 0)).tolist()  # coronal: the patient's left on the right, the feet below
    [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]
    """
    through = np.asarray(normal_lps, dtype=np.float64)
    through = through / np.linalg.norm(through)
    if abs(through[1]) > 1e-3:
        through = through * np.sign(through[1])  # seen from the front, as a coronal slice
    elif through[0] < 0:
        through = -through
    up = _FRONT if abs(through[2]) > 0.9 else _HEAD
    right = np.cross(through, up)
    right = right / np.linalg.norm(right)
    down = np.cross(through, right)
    return np.stack([right, down, through]) + 0.0
