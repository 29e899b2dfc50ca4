"""Where the body is in a scan, and whether it is the trunk of an adult (SimpleITK)."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.body import BodyLandmarks
from segmentation.classical.working_volume_sitk import WorkingVolume
from segmentation.networks.network_scan_sitk import NetworkScan
from twin.geometry.components_cc3d import components
from twin.grid import Grid

__all__ = ["body_of_ct", "body_of_mr", "is_narrow"]

BoolVoxels = NDArray[np.bool_]
_SMALLEST_BODY_ML = 1000.0
# As for the classical segmenter (docs/decisions/0027): nothing was learned of limbs and small children.
_NARROWEST_TRUNK_MM = 200.0


def body_of_ct(scan: NetworkScan, landmarks: BodyLandmarks, coarse: WorkingVolume) -> BoolVoxels:
    """Bring the body that the landmarks show onto the grid of the scan, bool ``[k, j, i]``."""
    index = []
    for axis, n in enumerate(scan.grid.shape_kji):  # both grids are upright up to a small tilt
        step = np.eye(3)[2 - axis]
        place = scan.grid.lps_from_ijk(np.arange(n)[:, None] * step + _middle(scan.grid) * (1 - step))
        found = np.round(coarse.grid.ijk_from_lps(place)[:, 2 - axis]).astype(int)
        index.append(np.clip(found, 0, landmarks.body.shape[axis] - 1))
    return np.asarray(landmarks.body[np.ix_(*index)])


def body_of_mr(scan: NetworkScan) -> BoolVoxels | None:
    """Find the body in an MR: the largest bright piece, filled slice by slice; None below a litre."""
    smooth = ndimage.uniform_filter(scan.levels, 3)
    threshold = sitk.OtsuThresholdImageFilter()
    threshold.SetInsideValue(0)
    threshold.SetOutsideValue(1)
    threshold.Execute(sitk.GetImageFromArray(smooth))
    labels, n_voxels = components(smooth > threshold.GetThreshold() / 2, connectivity=6)
    if not n_voxels.size or n_voxels[0] * scan.grid.voxel_volume_ml < _SMALLEST_BODY_ML:
        return None
    return np.stack([ndimage.binary_fill_holes(plane) for plane in labels == 1])


def is_narrow(body: BoolVoxels, structure: BoolVoxels, spacing_mm: float) -> bool:
    """Tell whether the body beside a structure is wholly seen and narrower than the trunk of an adult."""
    planes = body[structure.any(axis=(1, 2))]
    widths_mm = [
        np.ptp(np.flatnonzero(plane.any(axis=0))) * spacing_mm
        for plane in planes
        if plane.any() and not plane[:, [0, -1]].any()
    ]
    return len(widths_mm) > 0 and float(np.median(widths_mm)) < _NARROWEST_TRUNK_MM


def _middle(grid: Grid) -> NDArray[np.float64]:
    return (np.array(grid.size_ijk) - 1) / 2.0
