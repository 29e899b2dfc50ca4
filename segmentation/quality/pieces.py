"""Pieces apart and cavities: what an organ in one piece does not have."""

from __future__ import annotations

import numpy as np

from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.labelled_scan import LabelledScan, point_of_voxel, voxel_near_centre
from twin.box import Box
from twin.geometry.components_cc3d import components

__all__ = ["piece_findings"]

# Most pieces that a structure has by nature; those not named may have any number.
# The aorta has two where the scan shows its ascending part but not the arch.
_MOST_PIECES = {"liver": 1, "pancreas": 1, "spleen": 1, "stomach": 1, "aorta": 2, "inferior_vena_cava": 1, "kidney": 2}
_LOOSE_SHARE = 0.01
_LOOSE_ML = 0.5
_MOST_SPECKS = 20
_HOLE_ML = {"liver": 1.0, "pancreas": 0.5, "spleen": 0.5}


def piece_findings(scan: LabelledScan, structure_id: str) -> list[QualityFinding]:
    """Say which structure has pieces apart, specks or cavities."""
    return [*_loose_pieces(scan, structure_id), *_holes(scan, structure_id)]


def _loose_pieces(scan: LabelledScan, structure_id: str) -> list[QualityFinding]:
    """Pieces of at least a hundredth of the largest and half a millilitre count; smaller ones are specks."""
    if structure_id not in _MOST_PIECES:
        return []
    labels, sizes = components(scan.mask(structure_id), connectivity=26)
    least = max(_LOOSE_SHARE * sizes[0], _LOOSE_ML / scan.grid.voxel_volume_ml)
    n_pieces = max(int(np.count_nonzero(sizes >= least)), 1)
    most = _MOST_PIECES[structure_id]
    parameters: dict[str, object] = {} if structure_id == "liver" else {"structure": structure_id}
    if n_pieces > most:
        is_liver = structure_id == "liver"
        message_id = "segmentation.warning.several_pieces" if is_liver else "quality.several_pieces"
        point = _point_of(scan, structure_id, labels == most + 1)
        parameters["n_pieces"] = n_pieces
        return [QualityFinding(message_id, FindingSeverity.WARNING, structure_id, parameters, point)]
    if sizes.size - n_pieces > _MOST_SPECKS:
        parameters = {"structure": structure_id, "count": int(sizes.size - n_pieces)}
        point = _point_of(scan, structure_id, labels == n_pieces + 1)
        return [QualityFinding("quality.specks", FindingSeverity.NOTE, structure_id, parameters, point)]
    return []


def _holes(scan: LabelledScan, structure_id: str) -> list[QualityFinding]:
    if structure_id not in _HOLE_ML:
        return []
    around = np.pad(~scan.mask(structure_id), 1, constant_values=True)
    labels, sizes = components(around, connectivity=6)
    outside = int(labels[0, 0, 0])
    is_hole = np.ones(sizes.size, np.bool_)
    is_hole[outside - 1] = False
    holes_ml = float(sizes[is_hole].sum()) * scan.grid.voxel_volume_ml
    if holes_ml < _HOLE_ML[structure_id]:
        return []
    largest = int(np.flatnonzero(is_hole)[0]) + 1
    point = _point_of(scan, structure_id, (labels == largest)[1:-1, 1:-1, 1:-1])
    parameters: dict[str, object] = {"volume_ml": round(holes_ml, 1)}
    if structure_id == "liver":
        return [QualityFinding("segmentation.warning.holes", FindingSeverity.WARNING, "liver", parameters, point)]
    parameters["structure"] = structure_id
    return [QualityFinding("quality.holes", FindingSeverity.WARNING, structure_id, parameters, point)]


def _point_of(scan: LabelledScan, structure_id: str, piece: np.ndarray) -> tuple[float, float, float]:
    box = Box.around(piece)
    assert box is not None
    own = scan.boxes[structure_id]
    start = tuple(a + b for a, b in zip(own.start_kji, box.start_kji, strict=True))
    moved = Box((start[0], start[1], start[2]), own.stop_kji)
    return point_of_voxel(scan.grid, voxel_near_centre(piece[box.slices]), moved)
