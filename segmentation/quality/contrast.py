"""The contrast phase as the images show it, beside what was declared."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan
from twin.volume import ContrastPhase, Quantity, Volume

__all__ = ["phase_findings", "proposed_phase"]

# Where phases part, in HU: ours, from the enhancement usual at 120 kVp (blood without contrast 30 to 60 HU; aorta above
# 200 HU in the arterial phase, 110 to 200 HU in the portal one, with the liver between 80 and 130 HU).
_UNENHANCED_AORTA_HU = 80.0
_ARTERIAL_AORTA_HU = 200.0
_ARTERIAL_GAP_HU = 110.0
_PORTAL_LIVER_HU = 80.0
_DELAYED_GAP_HU = 15.0
_FEWEST_VOXELS = 50


def proposed_phase(volume: Volume, masks: Mapping[str, NDArray[np.bool_]]) -> ContrastPhase:
    """Guess the contrast phase from the median HU of aorta and liver; a proposal for a person to confirm."""
    known = {name: masks[name] for name in ("aorta", "liver") if name in masks}
    return _phase(LabelledScan.of_masks(volume.grid, known, volume))


def phase_findings(scan: LabelledScan) -> list[QualityFinding]:
    """Say that the scan looks unenhanced or arterial, or not as it was declared."""
    if scan.volume is None:
        return []
    seen, declared = _phase(scan), scan.volume.phase
    if ContrastPhase.UNKNOWN not in (seen, declared) and seen is not declared:
        parameters = {"declared": f"quality.phase.{declared.value}", "seen": f"quality.phase.{seen.value}"}
        return [QualityFinding("quality.phase_differs", FindingSeverity.WARNING, None, parameters)]
    if seen is ContrastPhase.UNENHANCED:
        return [QualityFinding("segmentation.warning.looks_unenhanced", FindingSeverity.WARNING)]
    if seen is ContrastPhase.ARTERIAL:
        return [QualityFinding("segmentation.warning.looks_arterial", FindingSeverity.WARNING)]
    return []


def _phase(scan: LabelledScan) -> ContrastPhase:
    aorta_hu, liver_hu = _median_hu(scan, "aorta"), _median_hu(scan, "liver")
    if aorta_hu is None or liver_hu is None:
        return ContrastPhase.UNKNOWN
    if aorta_hu < _UNENHANCED_AORTA_HU:
        return ContrastPhase.UNENHANCED
    if aorta_hu > _ARTERIAL_AORTA_HU and aorta_hu - liver_hu > _ARTERIAL_GAP_HU:
        return ContrastPhase.ARTERIAL
    if aorta_hu - liver_hu < _DELAYED_GAP_HU and aorta_hu < _ARTERIAL_AORTA_HU / 2 + _DELAYED_GAP_HU:
        return ContrastPhase.DELAYED
    return ContrastPhase.PORTAL if liver_hu > _PORTAL_LIVER_HU else ContrastPhase.UNKNOWN


def _median_hu(scan: LabelledScan, structure_id: str) -> float | None:
    """Median of a structure without its outermost layer of voxels, or None when too little of it is left."""
    volume = scan.volume
    if volume is None or volume.quantity is not Quantity.HOUNSFIELD or not scan.has(structure_id):
        return None
    core = ndimage.binary_erosion(scan.mask(structure_id), iterations=1)
    values = volume.voxels[scan.boxes[structure_id].slices][core]
    return float(np.median(values)) if values.size >= _FEWEST_VOXELS else None
