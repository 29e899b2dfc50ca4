"""A second scan laid over the one that is looked at: its values where a slice lies, through a registration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from app.scene.slice_frame import SliceFrame
from app.scene.window_level import WindowLevel, default_window
from twin.registration import Registration
from twin.volume import Quantity, Volume

__all__ = ["FusedScan"]


@dataclass(frozen=True, eq=False)
class FusedScan:
    """A scan that is blended in.

    Parameters
    ----------
    volume
        The second scan.
    registration
        From its space to that of the scan it is laid over.
    share
        0 shows the first scan alone, 1 the second.
    """

    volume: Volume
    registration: Registration
    share: float = 0.5

    def blended(self, frame: SliceFrame, index: int, grey: NDArray[np.uint8], window: WindowLevel) -> NDArray[np.uint8]:
        """Return the grey levels of a slice with this scan blended in; where it has no values they stay.

        Parameters
        ----------
        frame, index
            The slice.
        grey
            Its grey levels, ``[row, column]``.
        window
            How it is shown; a scan in HU is shown through the same one, any other through its own.
        """
        values, is_known = self.values(frame, index)
        mine = window if self.volume.quantity is Quantity.HOUNSFIELD else self._own_window
        other = mine.grey_from_values(values).astype(np.float32)
        mixed = (1.0 - self.share) * grey.astype(np.float32) + self.share * other
        return np.where(is_known, np.rint(mixed).astype(np.uint8), grey)

    @cached_property
    def _own_window(self) -> WindowLevel:
        """The window this scan opens with; it reads through the whole scan, and slices are painted again and again."""
        return default_window(self.volume)

    def values(self, frame: SliceFrame, index: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the values of this scan on a slice of the other (linear), and where it has any."""
        to_mine = np.linalg.inv(self.registration.matrix_lps_mm)

        def kji(x: float, y: float) -> NDArray[np.float64]:
            point = to_mine[:3, :3] @ frame.lps_from_pixel(x, y, index) + to_mine[:3, 3]
            return np.asarray(self.volume.grid.ijk_from_lps(point))[::-1]

        corner = kji(0, 0)
        matrix = np.stack([kji(0, 1) - corner, kji(1, 0) - corner, np.zeros(3)], axis=1)
        shape = (*frame.shape, 1)
        sampled = affine_transform(
            self.volume.voxels, matrix, corner, shape, output=np.float32, order=1, mode="nearest", prefilter=False
        )[..., 0]
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        is_known = np.ones(frame.shape, np.bool_)
        for axis, size in enumerate(self.volume.grid.shape_kji):
            at = corner[axis] + matrix[axis, 0] * rows + matrix[axis, 1] * columns
            is_known &= (at >= -0.5) & (at <= size - 0.5)
        return sampled, is_known
