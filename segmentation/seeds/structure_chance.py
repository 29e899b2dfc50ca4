"""How likely the structure that is corrected is at each place, as networks see it without any click."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.local_image import LocalGrid
from twin.grid import Grid

__all__ = ["StructureChance"]


@dataclass(frozen=True, eq=False)
class StructureChance:
    """Mean probability of one structure by the networks.

    Parameters
    ----------
    chance_kji
        uint8 ``[k, j, i]``, 255 times the probability.
    grid
        Grid of ``chance_kji``, in the same patient space as the scan.

    Examples
    --------
    >>> from segmentation.local_image import local_grid
    >>> from twin.box import Box
    >>> grid = Grid.from_spacing((4, 4, 4), (2.0, 2.0, 2.0))
    >>> sure = StructureChance(np.full((4, 4, 4), 255, np.uint8), grid)
    >>> float(sure.on(local_grid(grid, Box((1, 1, 1), (3, 3, 3)), 2.0)).min())
    1.0
    """

    chance_kji: NDArray[np.uint8]
    grid: Grid

    def on(self, local: LocalGrid) -> NDArray[np.float32]:
        """Return the probability, 0 to 1, at the samples of a local grid; 0 where the networks did not look."""
        to_own = np.linalg.inv(self.grid.affine_lps_mm) @ local.grid.affine_lps_mm
        matrix, shift = to_own[:3, :3][::-1, ::-1], to_own[:3, 3][::-1]
        values = ndimage.affine_transform(
            self.chance_kji.astype(np.float32), matrix, shift, local.grid.shape_kji, order=1, mode="constant"
        )
        return np.asarray(values / np.float32(255), dtype=np.float32)
