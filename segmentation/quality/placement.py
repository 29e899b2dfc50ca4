"""Organs on the wrong side: mirrored, turned or upside-down images, or labels that were swapped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan

__all__ = ["PLACED_STRUCTURES", "placement_findings"]

PLACED_STRUCTURES = ("liver", "spleen", "aorta", "inferior_vena_cava", "kidney", "skin")
_LEAST_SHARED_MM = 15.0
_FRONT_MARGIN_MM = 10.0
_SWAP_MARGIN_MM = 3.0


def placement_findings(scan: LabelledScan) -> list[QualityFinding]:
    """Compare the places of liver, spleen, great vessels, kidneys and body in patient space."""
    found = [
        _liver_on_the_left(scan),
        _spleen_on_the_right(scan),
        _vessels_swapped(scan),
        _upside_down(scan),
        _front_to_back(scan),
    ]
    return [finding for finding in found if finding is not None]


def _serious(scan: LabelledScan, message_id: str, structure_id: str) -> QualityFinding:
    return QualityFinding(message_id, FindingSeverity.SERIOUS, structure_id, {}, scan.point_inside(structure_id))


def _liver_on_the_left(scan: LabelledScan) -> QualityFinding | None:
    """The liver lies to the left of the middle of the body."""
    if not scan.has("liver", "skin") or scan.centre_lps_mm("liver")[0] <= scan.centre_lps_mm("skin")[0]:
        return None
    return _serious(scan, "segmentation.warning.liver_on_the_left", "liver")


def _spleen_on_the_right(scan: LabelledScan) -> QualityFinding | None:
    if not scan.has("liver", "spleen") or scan.centre_lps_mm("spleen")[0] > scan.centre_lps_mm("liver")[0]:
        return None
    return _serious(scan, "quality.spleen_on_the_right", "spleen")


def _vessels_swapped(scan: LabelledScan) -> QualityFinding | None:
    """The aorta lies to the right of the inferior vena cava, at the levels where both are seen."""
    if not scan.has("aorta", "inferior_vena_cava"):
        return None
    aorta, cava = _left_by_slice(scan, "aorta"), _left_by_slice(scan, "inferior_vena_cava")
    shared = np.isfinite(aorta) & np.isfinite(cava)
    if np.count_nonzero(shared) * scan.grid.slice_thickness_mm < _LEAST_SHARED_MM:
        return None
    if float(np.median(aorta[shared] - cava[shared])) > -_SWAP_MARGIN_MM:
        return None
    return _serious(scan, "segmentation.warning.aorta_on_the_right", "aorta")


def _left_by_slice(scan: LabelledScan, structure_id: str) -> NDArray[np.float64]:
    """Left-right place of a structure in each slice of the grid, LPS millimetres; NaN where it is absent."""
    mask, box = scan.mask(structure_id), scan.boxes[structure_id]
    counts = mask.sum(axis=(1, 2))
    columns = mask.sum(axis=1) @ np.arange(mask.shape[2]) / np.maximum(counts, 1) + box.start_kji[2]
    rows = mask.sum(axis=2) @ np.arange(mask.shape[1]) / np.maximum(counts, 1) + box.start_kji[1]
    slices = np.arange(mask.shape[0]) + box.start_kji[0]
    left_mm = scan.grid.lps_from_ijk(np.stack([columns, rows, slices], axis=-1))[:, 0]
    whole = np.full(scan.grid.shape_kji[0], np.nan)
    whole[box.start_kji[0] : box.stop_kji[0]] = np.where(counts > 0, left_mm, np.nan)
    return whole


def _upside_down(scan: LabelledScan) -> QualityFinding | None:
    """The kidneys lie above the top of the liver."""
    if not scan.has("liver", "kidney"):
        return None
    corners_lps_mm = scan.grid.lps_from_ijk([np.array(edge)[::-1] for edge in _corners(scan)])
    if scan.centre_lps_mm("kidney")[2] <= corners_lps_mm[:, 2].max():
        return None
    return _serious(scan, "quality.upside_down", "kidney")


def _corners(scan: LabelledScan) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    box = scan.boxes["liver"]
    return box.start_kji, box.stop_kji


def _front_to_back(scan: LabelledScan) -> QualityFinding | None:
    """The aorta lies in the front half of the body."""
    if not scan.has("aorta", "skin"):
        return None
    if scan.centre_lps_mm("aorta")[1] >= scan.centre_lps_mm("skin")[1] - _FRONT_MARGIN_MM:
        return None
    return _serious(scan, "quality.front_to_back", "aorta")
