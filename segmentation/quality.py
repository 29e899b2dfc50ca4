"""Quality control of labels and of the scan: what a person should look at before trusting them.

Nothing here changes a label. Each doubt is a :class:`~segmentation.segmenter.SegmentationWarning`.
"""

from __future__ import annotations

from collections.abc import Mapping

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.segmenter import SegmentationWarning
from twin.box import Box
from twin.grid import Grid
from twin.volume import ContrastPhase, Volume

__all__ = ["label_warnings", "proposed_phase", "scan_warnings"]

BoolVoxels = NDArray[np.bool_]

# Plausible whole livers, in ml. Lower end: 70 % of the standard volume of a small adult (1.2 m2) by Urata et al.,
# Hepatology 1995;21:1317-21 (706.2 BSA + 2.4 = 850 ml). Upper end: 140 % of that of a large one (2.6 m2) by Vauthey et
# al., Liver Transpl 2002;8:233-40 (-794.41 + 1267.28 BSA = 2500 ml). Outside it a label is looked at, not refused.
LIVER_RANGE_ML = (600.0, 3500.0)
_CUT_AREA_MM2 = 200.0
_LOOSE_SHARE = 0.01
_HOLE_ML = 1.0
# Where phases part, in HU: ours, from the enhancement usual at 120 kVp (blood without contrast 30 to 60 HU; aorta above
# 200 HU in the arterial phase, 110 to 200 HU in the portal one, with the liver between 80 and 130 HU).
_UNENHANCED_AORTA_HU = 80.0
_ARTERIAL_AORTA_HU = 200.0
_ARTERIAL_GAP_HU = 110.0
_PORTAL_LIVER_HU = 80.0
_DELAYED_GAP_HU = 15.0


def label_warnings(grid: Grid, masks: Mapping[str, BoolVoxels]) -> tuple[SegmentationWarning, ...]:
    """Return the doubts about the labels of one scan.

    Parameters
    ----------
    grid
        Grid of all masks.
    masks
        Structure id to bool ``[k, j, i]``; ``liver`` is looked at, the others give the landmarks.
    """
    liver = masks.get("liver")
    if liver is None or not liver.any():
        return ()
    doubts = [
        _implausible_volume(liver, grid),
        _cut_by_scan(liver, grid),
        _loose_pieces(liver),
        _holes(liver, grid),
        _wrong_side(grid, masks),
        _vessels_swapped(grid, masks),
    ]
    return tuple(doubt for doubt in doubts if doubt is not None)


def scan_warnings(volume: Volume, masks: Mapping[str, BoolVoxels]) -> tuple[SegmentationWarning, ...]:
    """Return the doubts about the fitness of the scan for planning: slice distance and contrast phase."""
    doubts = []
    if volume.is_thick_sliced:
        thickness_mm = round(volume.grid.slice_thickness_mm, 1)
        doubts.append(SegmentationWarning("segmentation.warning.thick_slices", None, {"thickness_mm": thickness_mm}))
    phase = proposed_phase(volume, masks)
    if phase is ContrastPhase.UNENHANCED:
        doubts.append(SegmentationWarning("segmentation.warning.looks_unenhanced"))
    elif phase is ContrastPhase.ARTERIAL:
        doubts.append(SegmentationWarning("segmentation.warning.looks_arterial"))
    return tuple(doubts)


def proposed_phase(volume: Volume, masks: Mapping[str, BoolVoxels]) -> ContrastPhase:
    """Guess the contrast phase from the median HU of aorta and liver; a proposal for a person to confirm."""
    aorta_hu, liver_hu = (_median_hu(volume, masks.get(name)) for name in ("aorta", "liver"))
    if aorta_hu is None or liver_hu is None:
        return ContrastPhase.UNKNOWN
    if aorta_hu < _UNENHANCED_AORTA_HU:
        return ContrastPhase.UNENHANCED
    if aorta_hu > _ARTERIAL_AORTA_HU and aorta_hu - liver_hu > _ARTERIAL_GAP_HU:
        return ContrastPhase.ARTERIAL
    if aorta_hu - liver_hu < _DELAYED_GAP_HU and aorta_hu < _ARTERIAL_AORTA_HU / 2 + _DELAYED_GAP_HU:
        return ContrastPhase.DELAYED
    return ContrastPhase.PORTAL if liver_hu > _PORTAL_LIVER_HU else ContrastPhase.UNKNOWN


def _median_hu(volume: Volume, mask: BoolVoxels | None) -> float | None:
    """Median of a structure without its outermost layer of voxels, or None when too little of it is left."""
    box = None if mask is None else Box.around(mask)
    if mask is None or box is None:
        return None
    core = ndimage.binary_erosion(mask[box.slices], iterations=1)
    values = volume.voxels[box.slices][core]
    return float(np.median(values)) if values.size >= 50 else None


def _implausible_volume(liver: BoolVoxels, grid: Grid) -> SegmentationWarning | None:
    volume_ml = float(np.count_nonzero(liver)) * grid.voxel_volume_ml
    low, high = LIVER_RANGE_ML
    if low <= volume_ml <= high:
        return None
    size = "small" if volume_ml < low else "large"
    parameters = {"volume_ml": round(volume_ml), "low_ml": round(low), "high_ml": round(high)}
    return SegmentationWarning(f"segmentation.warning.liver_{size}", "liver", parameters)


def _cut_by_scan(liver: BoolVoxels, grid: Grid) -> SegmentationWarning | None:
    """The organ ends at a face of the scan with more than 2 cm2: a part of it is not on the images."""
    spacing_kji = grid.spacing_ijk_mm[::-1]
    for axis in range(3):
        voxel_mm2 = float(np.prod(np.delete(spacing_kji, axis)))
        faces = (liver.take(0, axis=axis), liver.take(-1, axis=axis))
        if max(np.count_nonzero(face) for face in faces) * voxel_mm2 > _CUT_AREA_MM2:
            return SegmentationWarning("segmentation.warning.cut_by_scan", "liver")
    return None


def _loose_pieces(liver: BoolVoxels) -> SegmentationWarning | None:
    sizes = np.sort(np.bincount(cc3d.connected_components(liver, connectivity=26).ravel())[1:])[::-1]
    n_pieces = int(np.count_nonzero(sizes >= _LOOSE_SHARE * sizes[0]))
    if n_pieces < 2:
        return None
    return SegmentationWarning("segmentation.warning.several_pieces", "liver", {"n_pieces": n_pieces})


def _holes(liver: BoolVoxels, grid: Grid) -> SegmentationWarning | None:
    box = Box.around(liver)
    assert box is not None
    around = np.pad(~liver[box.slices], 1, constant_values=True)
    sizes = np.bincount(cc3d.connected_components(around, connectivity=6).ravel())
    holes_ml = (sizes[1:].sum() - sizes[1:].max()) * grid.voxel_volume_ml
    if holes_ml < _HOLE_ML:
        return None
    return SegmentationWarning("segmentation.warning.holes", "liver", {"volume_ml": round(holes_ml, 1)})


def _left_mm(mask: BoolVoxels, grid: Grid) -> float:
    """Left-right place of the centre of mass in LPS (left is positive)."""
    planes = (mask.sum(axis=(1, 2)), mask.sum(axis=(0, 2)), mask.sum(axis=(0, 1)))
    centre_kji = np.array([np.arange(plane.size) @ plane for plane in planes]) / np.count_nonzero(mask)
    return float(grid.lps_from_ijk(centre_kji[::-1])[0])


def _wrong_side(grid: Grid, masks: Mapping[str, BoolVoxels]) -> SegmentationWarning | None:
    """The liver lies to the left of the middle of the body: mirrored images, or situs inversus."""
    body = masks.get("skin")
    if body is None or _left_mm(masks["liver"], grid) <= _left_mm(body, grid):
        return None
    return SegmentationWarning("segmentation.warning.liver_on_the_left", "liver")


def _vessels_swapped(grid: Grid, masks: Mapping[str, BoolVoxels]) -> SegmentationWarning | None:
    """The aorta lies to the right of the inferior vena cava."""
    aorta, cava = masks.get("aorta"), masks.get("inferior_vena_cava")
    if aorta is None or cava is None or _left_mm(aorta, grid) >= _left_mm(cava, grid):
        return None
    return SegmentationWarning("segmentation.warning.aorta_on_the_right", "aorta")
