"""Whether a scan is fit for planning: its slices, its age, metal by the bile duct."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan, point_of_voxel, voxel_near_centre
from twin.box import Box
from twin.geometry.components_cc3d import components
from twin.volume import Quantity

__all__ = ["age_findings", "slice_findings", "stent_findings"]

# Older scans are shown with their age: four weeks is the usual limit before pancreatic surgery (centre setting).
_OLD_DAYS = 28
# Metal stands above 1500 HU, cortical bone rarely; a biliary metal stent is 4 to 10 cm long and about 1 cm wide,
# a surgical clip less than 1.5 cm. Thresholds ours.
_METAL_HU = 1500
_LEAST_LENGTH_MM = 20.0
_MOST_LENGTH_MM = 140.0
_LEAST_SLENDERNESS = 2.0
_METAL_ML = (0.1, 20.0)
_REACH_MM = 25.0


def slice_findings(scan: LabelledScan) -> list[QualityFinding]:
    """Say that the slices lie more than 3 mm apart."""
    volume = scan.volume
    if volume is None or not volume.is_thick_sliced:
        return []
    parameters = {"thickness_mm": round(volume.grid.slice_thickness_mm, 1)}
    return [QualityFinding("segmentation.warning.thick_slices", FindingSeverity.WARNING, None, parameters)]


def age_findings(scan: LabelledScan, on_date: date | None) -> list[QualityFinding]:
    """Say how old a scan of more than four weeks is, or that its date lies ahead."""
    text = None if scan.volume is None else scan.volume.scan_date
    if text is None or on_date is None:
        return []
    try:
        scanned = datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return []
    days = (on_date - scanned).days
    if days < 0:
        return [QualityFinding("quality.scan_date_ahead", FindingSeverity.WARNING)]
    if days > _OLD_DAYS:
        return [QualityFinding("quality.scan_old", FindingSeverity.NOTE, None, {"days": days})]
    return []


def stent_findings(scan: LabelledScan) -> list[QualityFinding]:
    """Say that a slender piece of metal lies by the bile duct: possibly a stent, which spoils contacts and phases."""
    volume = scan.volume
    if volume is None or volume.quantity is not Quantity.HOUNSFIELD:
        return []
    box = _around_bile_duct(scan)
    if box is None:
        return []
    metal = np.asarray(np.greater(volume.voxels[box.slices], _METAL_HU))
    if not metal.any():
        return []
    bone = scan.mask("bone", box)
    labels, sizes = components(metal & ~bone, connectivity=26)
    for number, n_voxels in enumerate(sizes[:20], start=1):
        piece = labels == number
        if not _METAL_ML[0] <= n_voxels * scan.grid.voxel_volume_ml <= _METAL_ML[1]:
            continue
        length_mm, width_mm = _extent_mm(piece, scan.grid.spacing_ijk_mm)
        if _LEAST_LENGTH_MM <= length_mm <= _MOST_LENGTH_MM and length_mm >= _LEAST_SLENDERNESS * width_mm:
            point = point_of_voxel(scan.grid, voxel_near_centre(piece), box)
            parameters = {"length_mm": round(length_mm)}
            return [QualityFinding("quality.stent_possible", FindingSeverity.WARNING, None, parameters, point)]
    return []


def _around_bile_duct(scan: LabelledScan) -> Box | None:
    """Box where a biliary stent can lie: around gland, duct and portal vein, or the lower inner part of the liver."""
    near = [scan.boxes[i] for i in ("pancreas", "bile_duct", "duodenum", "portal_vein") if scan.has(i)]
    if not near and scan.has("liver"):
        near = [scan.boxes["liver"]]
    if not near:
        return None
    box = near[0]
    for other in near[1:]:
        box = box.joined(other)
    reach = [max(1, round(_REACH_MM / s)) for s in scan.grid.spacing_ijk_mm[::-1]]
    return box.grown((reach[0], reach[1], reach[2]), scan.grid.shape_kji)


def _extent_mm(piece: NDArray[np.bool_], spacing_ijk_mm: NDArray[np.float64]) -> tuple[float, float]:
    """Length along the main axis and the larger width across it, mm."""
    points_mm = np.argwhere(piece)[:, ::-1] * spacing_ijk_mm
    centred = points_mm - points_mm.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    extents = np.sort(np.ptp(centred @ axes.T, axis=0) + float(spacing_ijk_mm.min()))[::-1]
    return float(extents[0]), float(extents[1])
