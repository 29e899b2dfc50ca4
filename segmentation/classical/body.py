"""Body, lungs and bone on the working grid: the landmarks from which everything else is found."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.working_volume_sitk import WorkingVolume

__all__ = ["BodyLandmarks", "body_landmarks", "skin_threshold_hu"]

BoolVoxels = NDArray[np.bool_]
FloatVoxels = NDArray[np.float32]

# Fat lies above -120 HU and air below -900 HU; half-way is where a voxel half filled with skin falls.
_SKIN_HU = -350.0
# Scans stored in a narrow window have no value below it: there, air is the lowest value itself.
_NARROW_WINDOW_HU = -300.0
_LUNG_HU = -400.0
# Cortical and contrast-free cancellous bone start between 150 and 200 HU (portal vessels end near 200 HU).
_BONE_HU = 180.0
_SMALLEST_LUNG_ML = 60.0
_SMALLEST_BODY_ML = 1000.0


@dataclass(frozen=True, eq=False)
class BodyLandmarks:
    """Masks on the working grid; lungs and bone may be empty.

    Parameters
    ----------
    body
        Everything inside the skin, air included, without the table.
    lungs
        Air in the chest, both lungs together.
    bone
        Bone and other dense matter inside the body.
    midline_mm
        Per slice: left-right place of the spine in millimetres from voxel 0, float32 ``[k]``.
    spine_mm
        Per slice: front-back place of the spine in millimetres from voxel 0, float32 ``[k]``.
    """

    body: BoolVoxels
    lungs: BoolVoxels
    bone: BoolVoxels
    midline_mm: FloatVoxels
    spine_mm: FloatVoxels


def body_landmarks(scan: WorkingVolume) -> BodyLandmarks | None:
    """Find body, lungs and bone; None when there is no body of at least a litre in the scan."""
    lowest = float(scan.hu[scan.is_scanned].min())
    is_narrow = lowest > _NARROW_WINDOW_HU
    body = _body(scan.hu > skin_threshold_hu(scan), scan.spacing_mm)
    if np.count_nonzero(body) * scan.spacing_mm**3 / 1000.0 < _SMALLEST_BODY_ML:
        return None
    smooth = ndimage.uniform_filter(scan.hu, 3)
    lungs = _lungs(body & (smooth < (lowest + 1.0 if is_narrow else _LUNG_HU)), scan.spacing_mm)
    bone = body & ~lungs & (scan.hu > _BONE_HU)
    midline_mm, spine_mm = _spine(body, bone, scan.spacing_mm)
    return BodyLandmarks(body, lungs, bone, midline_mm, spine_mm)


def skin_threshold_hu(scan: WorkingVolume) -> float:
    """Return the HU that parts skin from air in this scan."""
    lowest = float(scan.hu[scan.is_scanned].min())
    return lowest + 3.0 if lowest > _NARROW_WINDOW_HU else _SKIN_HU


def _body(dense: BoolVoxels, spacing_mm: float) -> BoolVoxels:
    """Largest dense piece without thin things (table, clothes, cables), filled slice by slice."""
    opened = _opened(dense, 7.0, spacing_mm)
    labels, count = cc3d.connected_components(opened, connectivity=6, return_N=True)
    if count == 0:
        return np.zeros_like(dense)
    largest = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    regrown = dense & (edt.edt(~largest, anisotropy=(spacing_mm,) * 3, parallel=2) <= 7.0)
    filled = np.stack([ndimage.binary_fill_holes(_closed_in_plane(plane, spacing_mm)) for plane in regrown])
    # Where the chest wall is thin a slice or two may stay open to the lung: their neighbours close them.
    n = round(8.0 / spacing_mm)
    joined = ndimage.binary_closing(np.pad(filled, ((n, n), (0, 0), (0, 0)), mode="edge"), np.ones((2 * n + 1, 1, 1)))
    return _opened(np.asarray(joined[n : joined.shape[0] - n]), 7.0, spacing_mm)


def _closed_in_plane(plane: BoolVoxels, spacing_mm: float) -> BoolVoxels:
    """Bridge gaps of up to about 10 mm, so that an airway or a navel does not open the body."""
    radius = max(1, round(5.0 / spacing_mm))
    padded = np.pad(plane, radius)
    closed = ndimage.binary_closing(padded, iterations=radius)
    return np.asarray(closed[radius:-radius, radius:-radius])


def _opened(mask: BoolVoxels, radius_mm: float, spacing_mm: float) -> BoolVoxels:
    """Morphological opening by a ball; the border of the scan does not erode."""
    pad = int(np.ceil(radius_mm / spacing_mm)) + 1
    padded = np.pad(mask, pad, mode="edge")
    size = (spacing_mm,) * 3
    eroded = edt.edt(padded, anisotropy=size, parallel=2) > radius_mm
    opened = edt.edt(~eroded, anisotropy=size, parallel=2) <= radius_mm
    return np.asarray(opened[pad:-pad, pad:-pad, pad:-pad]) & mask


def _lungs(air: BoolVoxels, spacing_mm: float) -> BoolVoxels:
    """Large pieces of air that reach the upper half of all the air; gas of the bowel is smaller or lower."""
    labels = cc3d.connected_components(air, connectivity=6)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    is_large = sizes * spacing_mm**3 / 1000.0 >= _SMALLEST_LUNG_ML
    top = np.zeros(sizes.size, np.bool_)
    top[np.unique(labels[-3:])] = True
    kept = is_large & (top | (sizes >= 0.5 * sizes.max()))
    kept[0] = False
    return np.asarray(kept[labels])


def _spine(body: BoolVoxels, bone: BoolVoxels, spacing_mm: float) -> tuple[FloatVoxels, FloatVoxels]:
    """Place of the spine per slice: the bone near the middle of the body, in its rear half, smoothed along the body."""
    n_slices = body.shape[0]
    midline, depth = np.full(n_slices, np.nan), np.full(n_slices, np.nan)
    for k in range(n_slices):
        rows, columns = np.nonzero(body[k])
        if columns.size < 50:
            continue
        middle = (np.percentile(columns, 1) + np.percentile(columns, 99)) / 2.0
        half = np.percentile(rows, 50)
        bone_rows, bone_columns = np.nonzero(bone[k])
        is_spine = (np.abs(bone_columns - middle) * spacing_mm < 45.0) & (bone_rows > half)
        midline[k] = np.median(bone_columns[is_spine]) if is_spine.sum() >= 5 else middle
        depth[k] = np.median(bone_rows[is_spine]) if is_spine.sum() >= 5 else np.percentile(rows, 85)
    return _smoothed(midline, spacing_mm) * spacing_mm, _smoothed(depth, spacing_mm) * spacing_mm


def _smoothed(values: NDArray[np.float64], spacing_mm: float) -> FloatVoxels:
    """Fill gaps and take a running median over about 5 cm."""
    known = np.flatnonzero(np.isfinite(values))
    if known.size == 0:
        return np.zeros(values.size, np.float32)
    filled = np.interp(np.arange(values.size), known, values[known])
    size = 2 * round(25.0 / spacing_mm) + 1
    return np.asarray(ndimage.median_filter(filled, size=size, mode="nearest"), dtype=np.float32)
