"""Thick slices: the brightest, the darkest or the mean value along the way through several slices."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.scene.slice_frame import SliceFrame

__all__ = ["THICKNESSES_MM", "Slab", "SlabMode"]

THICKNESSES_MM = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 60.0)


class SlabMode(StrEnum):
    """What is shown of the values behind each other."""

    MIP = "mip"  # maximum intensity projection: vessels full of contrast
    MINIP = "minip"  # minimum intensity projection: ducts, fat, gas
    MEAN = "mean"


@dataclass(frozen=True)
class Slab:
    """A thick slice.

    Parameters
    ----------
    mode
        What is shown of it.
    thickness_mm
        How thick it is to be; whole slices are taken, as many on either side.

    Examples
    --------
    >>> Slab(SlabMode.MIP, 10.0).n_slices(2.0), Slab(SlabMode.MIP, 5.0).n_slices(8.0)
    (5, 1)
    """

    mode: SlabMode
    thickness_mm: float

    def n_slices(self, spacing_mm: float) -> int:
        """Return how many slices of a spacing it takes: an odd number, the slice looked at in the middle."""
        return 2 * max(round((self.thickness_mm / spacing_mm - 1.0) / 2.0), 0) + 1

    def true_mm(self, spacing_mm: float) -> float:
        """Return how thick it is with whole slices."""
        return self.n_slices(spacing_mm) * spacing_mm

    def changed(self, steps: int) -> Slab:
        """Return it some steps thicker or thinner."""
        nearest = int(np.argmin(np.abs(np.array(THICKNESSES_MM) - self.thickness_mm)))
        return Slab(self.mode, THICKNESSES_MM[int(np.clip(nearest + steps, 0, len(THICKNESSES_MM) - 1))])

    def values(self, frame: SliceFrame, voxels: NDArray[np.generic], index: int) -> NDArray[np.generic]:
        """Return what is shown around a slice: ``[row, column]``, of the type of the voxels.

        Parameters
        ----------
        frame
            Which way the scan is cut.
        voxels
            The scan, ``[k, j, i]``.
        index
            The slice in the middle; at the end of the scan fewer slices are taken.
        """
        reach = self.n_slices(frame.spacing_mm[2]) // 2
        wanted = range(max(index - reach, 0), min(index + reach, frame.n_slices - 1) + 1)
        slices = [frame.slice_of(voxels, one) for one in wanted]
        if self.mode is SlabMode.MEAN:
            total = np.zeros(frame.shape, np.float32)
            for one in slices:
                total += one.astype(np.float32)
            mean = total / np.float32(len(slices))
            is_whole = np.issubdtype(voxels.dtype, np.integer)
            return np.asarray((np.rint(mean) if is_whole else mean).astype(voxels.dtype))
        choose = np.maximum if self.mode is SlabMode.MIP else np.minimum
        shown = np.array(slices[0])
        for one in slices[1:]:
            choose(shown, one, out=shown)
        return shown
