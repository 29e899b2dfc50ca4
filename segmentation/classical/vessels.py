"""Aorta and inferior vena cava as single tubes."""

from __future__ import annotations

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.coarse_organs import CoarseOrgans
from twin.grid import Grid

__all__ = ["tube", "tube_absence"]

FloatVoxels = NDArray[np.float32]

# A great vessel 15 mm wide and 40 mm long holds about 7 ml.
_SMALLEST_TUBE_ML = 7.0


def tube_absence(coarse: CoarseOrgans, name: str) -> str | None:
    """Return the message id of the reason why a great vessel is not in the first look, or None when it is."""
    labels = cc3d.connected_components(coarse.of(name) > 0.5, connectivity=26)
    sizes = np.bincount(labels.ravel())[1:]
    largest_ml = float(sizes.max()) * coarse.scan.grid.voxel_volume_ml if sizes.size else 0.0
    return "segmentation.not_found.no_vessel" if largest_ml < _SMALLEST_TUBE_ML else None


def tube(probability: FloatVoxels, grid: Grid) -> FloatVoxels:
    """Return the probability of the largest piece of a vessel, smoothed, other pieces set to zero."""
    smooth = ndimage.gaussian_filter(probability, 1.5 / grid.spacing_ijk_mm)
    labels, count = cc3d.connected_components(smooth > 0.5, connectivity=26, return_N=True)
    if count == 0:
        return smooth
    main = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    near = ndimage.binary_dilation(main, iterations=2)
    return np.where(near, smooth, np.float32(0.0))
