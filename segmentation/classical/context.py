"""Skin and bone on the grid of the scan."""

from __future__ import annotations

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.body import BodyLandmarks, skin_threshold_hu
from segmentation.classical.coarse_organs import CoarseOrgans
from segmentation.classical.working_volume_sitk import WorkingVolume
from twin.job import CancelToken

__all__ = ["body_probability", "bone_probability"]

FloatVoxels = NDArray[np.float32]
BoolVoxels = NDArray[np.bool_]

_BONE_HU = 170.0
_SMALLEST_BONE_ML = 3.0
_SKIN_SEARCH_MM = 4.0
# Vertebrae and what hangs on them: bone that comes this close to the line of the spine.
_SPINE_REACH_MM = 30.0
# Ribs and breast bone lie under the skin or on the lungs; contrast in the bowel lies deeper.
_CAGE_DEPTH_MM = 30.0
_CAGE_TO_LUNG_MM = 12.0
_BRIGHT_ORGANS = ("aorta", "kidney", "stomach", "liver", "spleen", "ivc")


def onto_fine(values: NDArray[np.generic], shape: tuple[int, ...]) -> NDArray[np.generic]:
    """Repeat coarse voxels onto the fine grid (two by two by two), the last ones to its end."""
    repeated = values.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    missing = [(0, max(n - m, 0)) for n, m in zip(shape, repeated.shape, strict=True)]
    return np.pad(repeated, missing, mode="edge")[tuple(slice(0, n) for n in shape)]


def body_probability(
    fine: WorkingVolume, landmarks: BodyLandmarks, *, cancel: CancelToken | None = None
) -> FloatVoxels:
    """Body on the fine grid, 1 inside and 0 outside, softened so that it interpolates smoothly.

    The coarse body says where the skin is to be looked for; the intensity says where it is.
    """
    size = (fine.spacing_mm,) * 3
    rough = onto_fine(landmarks.body, fine.hu.shape).astype(np.bool_)
    deep = edt.edt(np.pad(rough, ((1, 1), (0, 0), (0, 0)), mode="edge"), anisotropy=size, parallel=2)[1:-1]
    _poll(cancel)
    near = edt.edt(~rough, anisotropy=size, parallel=2) <= _SKIN_SEARCH_MM
    _poll(cancel)
    body = (near & (fine.hu > skin_threshold_hu(fine))) | (deep > _SKIN_SEARCH_MM)
    return ndimage.gaussian_filter(body.astype(np.float32), 0.8)


def bone_probability(fine: WorkingVolume, coarse: CoarseOrgans, *, cancel: CancelToken | None = None) -> FloatVoxels:
    """Bone on the fine grid, marrow included, softened; contrast in vessels, kidneys and bowel left out."""
    landmarks, shape, size = coarse.landmarks, fine.hu.shape, (fine.spacing_mm,) * 3
    not_bone = np.sum([coarse.of(name) for name in _BRIGHT_ORGANS], axis=0) > 0.5
    soft = onto_fine(not_bone, shape).astype(np.bool_)
    body = onto_fine(landmarks.body & ~landmarks.lungs, shape).astype(np.bool_)
    dense = (fine.hu > _BONE_HU) & body & ~soft
    _poll(cancel)
    labels = cc3d.connected_components(dense, connectivity=6)
    sizes = np.bincount(labels.ravel())
    is_kept = _near_spine(labels, sizes, landmarks, fine.spacing_mm) | _in_cage(labels, sizes, landmarks, fine)
    is_kept &= sizes * fine.grid.voxel_volume_ml >= _SMALLEST_BONE_ML
    is_kept[0] = False
    _poll(cancel)
    bone = is_kept[labels]
    closed = edt.edt(~bone, anisotropy=size, parallel=2) <= 4.0
    _poll(cancel)
    closed = edt.edt(np.pad(closed, 1, mode="edge"), anisotropy=size, parallel=2)[1:-1, 1:-1, 1:-1] > 4.0
    _poll(cancel)
    closed = np.stack([ndimage.binary_fill_holes(plane) for plane in closed | bone])
    _poll(cancel)
    return ndimage.gaussian_filter((closed & body & ~soft).astype(np.float32), 0.6)


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()


def _near_spine(
    labels: NDArray[np.unsignedinteger], sizes: NDArray[np.int64], landmarks: BodyLandmarks, spacing_mm: float
) -> BoolVoxels:
    """Pieces a good part of which, or 5 ml, lies close to the line of the spine."""
    rows, columns = np.arange(labels.shape[1]) * spacing_mm, np.arange(labels.shape[2]) * spacing_mm
    near = np.zeros(sizes.size, np.int64)
    for k in range(labels.shape[0]):
        n = min(k // 2, landmarks.midline_mm.size - 1)
        close_j = np.flatnonzero(np.abs(rows - landmarks.spine_mm[n]) < _SPINE_REACH_MM)
        close_i = np.flatnonzero(np.abs(columns - landmarks.midline_mm[n]) < _SPINE_REACH_MM)
        if close_j.size and close_i.size:
            there = labels[k, close_j[0] : close_j[-1] + 1, close_i[0] : close_i[-1] + 1]
            near += np.bincount(there.ravel(), minlength=sizes.size)
    return near * spacing_mm**3 / 1000.0 > 5.0


def _in_cage(
    labels: NDArray[np.unsignedinteger], sizes: NDArray[np.int64], landmarks: BodyLandmarks, fine: WorkingVolume
) -> BoolVoxels:
    """Pieces of which at least half lies just under the skin or on the lungs."""
    size = (2 * fine.spacing_mm,) * 3
    shallow = edt.edt(np.pad(landmarks.body, ((1, 1), (0, 0), (0, 0)), mode="edge"), anisotropy=size)[1:-1]
    cage = shallow < _CAGE_DEPTH_MM
    if landmarks.lungs.any():
        cage &= edt.edt(~landmarks.lungs, anisotropy=size) < 4 * _CAGE_TO_LUNG_MM
        cage |= edt.edt(~landmarks.lungs, anisotropy=size) < _CAGE_TO_LUNG_MM
    there = np.bincount(labels[onto_fine(cage, labels.shape).astype(np.bool_)], minlength=sizes.size)
    return there >= 0.5 * np.maximum(sizes, 1)
