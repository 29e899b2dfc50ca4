"""Steps between neighbouring slices: breathing or movement during the scan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan

__all__ = ["motion_findings"]

# A step: the contour moves on average by this much between two slices, and this many times more than around it.
# Ours: breathing moves the wall of the belly by about a centimetre; the contour itself changes by about a tenth of
# the distance of the slices.
_STEP_MM = 3.0
_STEP_RATIO = 3.5
_NEIGHBOURS = 4
_LEAST_SLICES = 10
_LEAST_SHARE_OF_LARGEST = 0.35
_PLANE_SAMPLES = 160


def motion_findings(scan: LabelledScan) -> list[QualityFinding]:
    """Say between which slices the contour of the body, or of the liver, makes a step."""
    found = []
    for structure_id in ("skin", "liver"):
        if scan.has(structure_id):
            index = _step_index(scan, structure_id)
            if index is not None:
                k, step_mm = index
                j, i = _middle_of_slice(scan, structure_id, k)
                x, y, z = (round(float(v), 1) for v in scan.grid.lps_from_ijk((i, j, k + 0.5)))
                parameters = {"structure": structure_id, "step_mm": round(step_mm, 1), "slice": k + 1}
                found.append(
                    QualityFinding("quality.motion", FindingSeverity.WARNING, structure_id, parameters, (x, y, z))
                )
    return found[:1]  # one place to look at is enough


def _step_index(scan: LabelledScan, structure_id: str) -> tuple[int, float] | None:
    """Return the slice after which the largest step comes, with its size in mm."""
    mask, box = scan.mask(structure_id), scan.boxes[structure_id]
    step = tuple(max(1, n // _PLANE_SAMPLES) for n in mask.shape[1:])
    thin = mask[:, :: step[0], :: step[1]]
    pixel_mm = scan.grid.spacing_ijk_mm[:2] * step[::-1]
    moved_mm = contour_moves_mm(thin, float(pixel_mm[0]), float(pixel_mm[1]))
    if moved_mm.size < _LEAST_SLICES:
        return None
    usual_mm = np.array([_usual(moved_mm, n) for n in range(moved_mm.size)])
    ratio = np.where(moved_mm > _STEP_MM, moved_mm / np.maximum(usual_mm, float(pixel_mm.min()) / 4), 0.0)
    n = int(np.argmax(ratio))
    return (n + box.start_kji[0], float(moved_mm[n])) if ratio[n] > _STEP_RATIO else None


def contour_moves_mm(mask: NDArray[np.bool_], width_mm: float, height_mm: float) -> NDArray[np.float64]:
    """Mean distance by which a contour moves from each slice to the next, mm, float64 (n_slices - 1,).

    It is the area between both contours over their mean length. Slices in which the section is much smaller than
    the largest one say nothing (the ends of an organ): there it is 0.
    """
    areas_mm2 = mask.sum(axis=(1, 2)) * width_mm * height_mm
    between_mm2 = (mask[1:] ^ mask[:-1]).sum(axis=(1, 2)) * width_mm * height_mm
    # Length of a contour from its crossings with the lines of the grid (Cauchy: times pi / 4).
    crossings = np.abs(np.diff(mask.astype(np.int8), axis=2)).sum(axis=(1, 2)) * height_mm
    crossings = crossings + np.abs(np.diff(mask.astype(np.int8), axis=1)).sum(axis=(1, 2)) * width_mm
    length_mm = crossings * np.pi / 4
    is_large = areas_mm2 > _LEAST_SHARE_OF_LARGEST * areas_mm2.max()
    mean_mm = (length_mm[1:] + length_mm[:-1]) / 2
    moves = between_mm2 / np.maximum(mean_mm, 1.0)
    return np.asarray(np.where(is_large[1:] & is_large[:-1], moves, 0.0))


def _usual(moved_mm: NDArray[np.float64], n: int) -> float:
    """Median of the moves around one, itself left out."""
    around = np.concatenate([moved_mm[max(n - _NEIGHBOURS, 0) : n], moved_mm[n + 1 : n + 1 + _NEIGHBOURS]])
    return float(np.median(around[around > 0])) if (around > 0).any() else np.inf


def _middle_of_slice(scan: LabelledScan, structure_id: str, k: int) -> tuple[int, int]:
    box = scan.boxes[structure_id]
    points = np.argwhere(scan.mask(structure_id)[k - box.start_kji[0]])
    j, i = points.mean(axis=0).round().astype(int)
    return int(j) + box.start_kji[1], int(i) + box.start_kji[2]
