"""Quality control of one scan and its labels: one pure function, and its quick repetition after an edit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from segmentation.quality.border import border_findings
from segmentation.quality.contrast import phase_findings
from segmentation.quality.finding import FindingSeverity, QualityFinding
from segmentation.quality.fitness import age_findings, slice_findings, stent_findings
from segmentation.quality.labelled_scan import LabelledScan
from segmentation.quality.motion import motion_findings
from segmentation.quality.overlap import common_box, overlap_findings
from segmentation.quality.pieces import piece_findings
from segmentation.quality.placement import PLACED_STRUCTURES, placement_findings
from segmentation.quality.size import PatientSize, size_findings
from segmentation.segmenter import SegmentationWarning
from twin.anatomy import LayerName
from twin.box import Box
from twin.grid import Grid
from twin.job import CancelToken
from twin.label_layer import LabelLayer
from twin.volume import Volume

__all__ = ["QualityReport", "label_warnings", "quality_report", "quality_report_after", "scan_warnings"]

_ORDER = (FindingSeverity.SERIOUS, FindingSeverity.WARNING, FindingSeverity.NOTE)
_UNKNOWN_SIZE = PatientSize()


@dataclass(frozen=True)
class QualityReport:
    """What quality control found.

    Parameters
    ----------
    of_structure
        Structure id to the findings about it alone.
    of_overlap
        Structure id to what contradicts other labels.
    of_scan
        Findings about the scan as a whole: slices, phase, age, metal, motion.
    of_placement
        Findings about sides.
    boxes
        Structure id to a box that holds it.
    """

    of_structure: Mapping[str, tuple[QualityFinding, ...]] = field(default_factory=dict)
    of_overlap: Mapping[str, tuple[QualityFinding, ...]] = field(default_factory=dict)
    of_scan: tuple[QualityFinding, ...] = ()
    of_placement: tuple[QualityFinding, ...] = ()
    boxes: Mapping[str, Box] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[QualityFinding, ...]:
        """All of them, the heaviest first."""
        of_labels = (f for part in (self.of_structure, self.of_overlap) for of_one in part.values() for f in of_one)
        every = [*self.of_placement, *self.of_scan, *of_labels]
        return tuple(sorted(every, key=lambda finding: _ORDER.index(finding.severity)))


def quality_report(
    layers: Mapping[LayerName, LabelLayer],
    volume: Volume | None = None,
    *,
    patient: PatientSize = _UNKNOWN_SIZE,
    on_date: date | None = None,
    cancel: CancelToken | None = None,
) -> QualityReport:
    """Examine labels, automatic, edited or imported, and the scan they lie on.

    Parameters
    ----------
    layers
        Label layers on one grid; derived ones are not looked at.
    volume
        The scan; without it only the labels are examined.
    patient
        Standard liver volume, and whether the patient is a child.
    on_date
        The day on which the age of the scan is counted; None to leave it out.
    cancel
        Looked at between two checks.

    Examples
    --------
    >>> quality_report({}).findings
    ()
    """
    if not layers and volume is None:
        return QualityReport()
    scan = LabelledScan.of_layers(layers, volume)
    of_structure = _structure_findings(scan, scan.structure_ids, patient, cancel)
    of_overlap = _overlap_findings(scan, scan.structure_ids, cancel)
    of_scan = _scan_findings(scan, on_date, cancel)
    return QualityReport(of_structure, of_overlap, of_scan, tuple(placement_findings(scan)), scan.boxes)


def quality_report_after(
    previous: QualityReport,
    layers: Mapping[LayerName, LabelLayer],
    volume: Volume | None,
    changed: Collection[str],
    changed_box: Box,
    *,
    patient: PatientSize = _UNKNOWN_SIZE,
) -> QualityReport:
    """Return the report after an edit, examining only what the edit can have changed.

    Parameters
    ----------
    previous
        Report before the edit.
    layers, volume, patient
        As for :func:`quality_report`, after the edit.
    changed
        Structures that have gained or lost voxels.
    changed_box
        Box of the edit: outside it nothing has changed.

    Notes
    -----
    Phase, metal and motion stay as they were: they speak of the images, and a stroke does not change these.
    """
    present = [i for name, layer in layers.items() if not name.is_derived for i in layer.structure_ids()]
    boxes = {i: previous.boxes.get(i, changed_box) for i in present}
    boxes |= {i: boxes[i].joined(changed_box) for i in (*changed, "skin") if i in boxes}
    scan = LabelledScan.of_layers(layers, volume, known_boxes=boxes)
    for structure_id in changed:
        if structure_id in scan.boxes:
            scan.boxes[structure_id] = _tightened(scan, structure_id)
    near = changed_box.grown(1, scan.grid.shape_kji)
    met = {i for i in present if i in changed or (i in scan.boxes and common_box(scan.boxes[i], near) is not None)}
    of_structure = _structure_findings(scan, [i for i in present if i in changed], patient, None)
    of_overlap = _overlap_findings(scan, [i for i in present if i in met], None)
    is_placed = any(i in PLACED_STRUCTURES for i in changed)
    return QualityReport(
        {i: of_structure.get(i, ()) if i in changed else previous.of_structure.get(i, ()) for i in present},
        {i: of_overlap.get(i, ()) if i in met else previous.of_overlap.get(i, ()) for i in present},
        previous.of_scan,
        tuple(placement_findings(scan)) if is_placed else previous.of_placement,
        scan.boxes,
    )


def label_warnings(
    grid: Grid, masks: Mapping[str, NDArray[np.bool_]], *, cancel: CancelToken | None = None
) -> tuple[SegmentationWarning, ...]:
    """Return the doubts about the labels of one scan as warnings of a segmentation result.

    Parameters
    ----------
    grid
        Grid of all masks.
    masks
        Structure id to bool ``[k, j, i]``.
    cancel
        Looked at between two checks.
    """
    scan = LabelledScan.of_masks(grid, masks)
    of_structure = _structure_findings(scan, scan.structure_ids, _UNKNOWN_SIZE, cancel)
    of_overlap = _overlap_findings(scan, scan.structure_ids, cancel)
    found = [finding for part in (of_structure, of_overlap) for of_one in part.values() for finding in of_one]
    return tuple(finding.as_warning() for finding in (*placement_findings(scan), *found))


def scan_warnings(
    volume: Volume, masks: Mapping[str, NDArray[np.bool_]], *, cancel: CancelToken | None = None
) -> tuple[SegmentationWarning, ...]:
    """Return the doubts about the fitness of the scan for planning, its age left out."""
    scan = LabelledScan.of_masks(volume.grid, masks, volume)
    return tuple(finding.as_warning() for finding in _scan_findings(scan, None, cancel))


def _structure_findings(
    scan: LabelledScan, structure_ids: Iterable[str], patient: PatientSize, cancel: CancelToken | None
) -> dict[str, tuple[QualityFinding, ...]]:
    found = {}
    for structure_id in structure_ids:
        _poll(cancel)
        if not scan.mask(structure_id).any():
            continue
        found[structure_id] = (
            *size_findings(scan, structure_id, patient),
            *border_findings(scan, structure_id),
            *piece_findings(scan, structure_id),
        )
    return found


def _overlap_findings(
    scan: LabelledScan, structure_ids: Iterable[str], cancel: CancelToken | None
) -> dict[str, tuple[QualityFinding, ...]]:
    found = {}
    for structure_id in structure_ids:
        _poll(cancel)
        if scan.mask(structure_id).any():
            found[structure_id] = tuple(overlap_findings(scan, structure_id))
    return found


def _scan_findings(scan: LabelledScan, on_date: date | None, cancel: CancelToken | None) -> tuple[QualityFinding, ...]:
    found = [*slice_findings(scan), *age_findings(scan, on_date), *phase_findings(scan)]
    _poll(cancel)
    found += stent_findings(scan)
    _poll(cancel)
    return (*found, *motion_findings(scan))


def _tightened(scan: LabelledScan, structure_id: str) -> Box:
    box = scan.boxes[structure_id]
    found = Box.around(scan.mask(structure_id, box))
    if found is None:
        return box
    start = tuple(a + b for a, b in zip(box.start_kji, found.start_kji, strict=True))
    stop = tuple(a + b for a, b in zip(box.start_kji, found.stop_kji, strict=True))
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
