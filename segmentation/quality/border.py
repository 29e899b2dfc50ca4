"""Organs that the scan does not show whole."""

from __future__ import annotations

import numpy as np

from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan, point_of_voxel
from twin.box import Box

__all__ = ["border_findings", "is_cut_by_scan"]

_CUT_AREA_MM2 = {"liver": 200.0, "spleen": 200.0, "pancreas": 60.0}  # ours; the gland is thin
_LEAST_CUT_MM2 = 200.0


def is_cut_by_scan(scan: LabelledScan, structure_id: str) -> bool:
    """Tell whether a structure ends at a face of the scan with more than about 2 cm2."""
    return _cut(scan, structure_id) is not None


def border_findings(scan: LabelledScan, structure_id: str) -> list[QualityFinding]:
    """Say that a part of the liver, the pancreas or the spleen is not on the images."""
    if structure_id not in _CUT_AREA_MM2:
        return []
    point = _cut(scan, structure_id)
    if point is None:
        return []
    message_id = "segmentation.warning.cut_by_scan" if structure_id == "liver" else "quality.organ_cut_by_scan"
    parameters: dict[str, object] = {} if structure_id == "liver" else {"structure": structure_id}
    severity = FindingSeverity.NOTE if structure_id == "spleen" else FindingSeverity.SERIOUS
    return [QualityFinding(message_id, severity, structure_id, parameters, point)]


def _cut(scan: LabelledScan, structure_id: str) -> tuple[float, float, float] | None:
    """Return the middle of the largest cut face, or None where there is none."""
    mask, box, whole = scan.mask(structure_id), scan.boxes[structure_id], scan.scanned_box
    spacing_kji = scan.grid.spacing_ijk_mm[::-1]
    least = _CUT_AREA_MM2.get(structure_id, _LEAST_CUT_MM2)
    best: tuple[float, tuple[int, int, int]] | None = None
    for axis in range(3):
        voxel_mm2 = float(np.prod(np.delete(spacing_kji, axis)))
        for index, is_at_face in (
            (max(whole.start_kji[axis] - box.start_kji[axis], 0), box.start_kji[axis] <= whole.start_kji[axis]),
            (min(whole.stop_kji[axis], box.stop_kji[axis]) - 1 - box.start_kji[axis],
             box.stop_kji[axis] >= whole.stop_kji[axis]),
        ):  # fmt: skip
            if not is_at_face or not 0 <= index < mask.shape[axis]:
                continue
            face = mask.take(index, axis=axis)
            area_mm2 = np.count_nonzero(face) * voxel_mm2
            if area_mm2 > least and (best is None or area_mm2 > best[0]):
                middle = np.argwhere(face).mean(axis=0).round().astype(int).tolist()
                middle.insert(axis, index)
                best = (area_mm2, (middle[0], middle[1], middle[2]))
    return None if best is None else point_of_voxel(scan.grid, best[1], Box(box.start_kji, box.stop_kji))
