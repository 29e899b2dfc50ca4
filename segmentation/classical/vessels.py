"""Aorta and inferior vena cava as tubes."""

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
_JOINED = 0.3
_SURE = 0.6
_SMALLEST_SHARE = 0.15


def tube_absence(coarse: CoarseOrgans, name: str) -> str | None:
    """Return the message id of the reason why a great vessel is not in the first look, or None when it is."""
    labels = cc3d.connected_components(coarse.of(name) > 0.5, connectivity=26)
    sizes = np.bincount(labels.ravel())[1:]
    largest_ml = float(sizes.max()) * coarse.scan.grid.voxel_volume_ml if sizes.size else 0.0
    return "segmentation.not_found.no_vessel" if largest_ml < _SMALLEST_TUBE_ML else None


def tube(probability: FloatVoxels, grid: Grid) -> FloatVoxels:
    """Return a map that exceeds one half inside a vessel and is zero away from it.

    A vessel is drawn where its probability is low but joined to where it is high, since a thin tube is blurred by
    voxels as wide as half of it; small loose pieces are dropped.
    """
    smooth = ndimage.gaussian_filter(probability, 1.5 / grid.spacing_ijk_mm)
    labels, count = cc3d.connected_components(smooth > _JOINED, connectivity=26, return_N=True)
    if count == 0:
        return np.zeros_like(smooth)
    sizes = np.bincount(labels.ravel())
    is_kept = (sizes >= _SMALLEST_SHARE * sizes[1:].max()) & (ndimage.maximum(smooth, labels, range(count + 1)) > _SURE)
    is_kept[0] = False
    near = ndimage.binary_dilation(is_kept[labels], iterations=1)
    return np.where(near, np.clip(smooth * (0.5 / _JOINED), 0.0, 1.0), 0.0).astype(np.float32)
