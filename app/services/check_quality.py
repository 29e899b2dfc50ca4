"""Quality control of a case: what the window and the command line show before anyone plans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from app.services.case_file import case_read
from segmentation.quality import (
    FindingSeverity,
    PatientSize,
    QualityFinding,
    QualityReport,
    quality_report,
    quality_report_after,
)
from simulation.formulas.body import slv_vauthey
from simulation.volumetry import is_under_age
from twin.anatomy import LayerName, structure_of_value
from twin.box import Box
from twin.case import Case
from twin.job import CancelToken
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.patient import PatientFacts
from twin.value_runs import changed_box
from twin.wording import Wording

__all__ = [
    "FindingSeverity",
    "QualityFinding",
    "QualitySummary",
    "QualityWatch",
    "check_quality",
    "layers_with_doubts",
    "patient_size",
    "with_current_doubts",
]

# Message ids of quality control: doubts of this kind are computed anew, all others stay with their layer.
_OWN_MESSAGES = ("quality.", "segmentation.warning.")
# True of the day only: shown, never kept.
_OF_THE_DAY = ("quality.scan_old", "quality.scan_date_ahead")


@dataclass(frozen=True)
class QualitySummary:
    """The findings about a case, the heaviest first, for people and programs."""

    findings: tuple[QualityFinding, ...]

    def to_json(self, wording: Wording) -> list[dict[str, object]]:
        """Plain values with their words."""
        return [{**f.to_json(), "text": wording.text(f.message_id, **f.parameters)} for f in self.findings]

    def lines(self, wording: Wording) -> list[str]:
        """One line a finding."""
        return [wording.text(f.message_id, **f.parameters) for f in self.findings]


def check_quality_of_file(case_path: Path) -> QualitySummary:
    """Examine a case on disk, today."""
    with case_read(case_path) as case:
        return check_quality(case)


def check_quality(case: Case, *, on_date: date | None = None, cancel: CancelToken | None = None) -> QualitySummary:
    """Examine the labels and the planning volume of a case; the age of the scan is counted on ``on_date``.

    Examples
    --------
    >>> check_quality(Case("example")).findings
    ()
    """
    return _summary(_report(case, on_date or date.today(), cancel), case.facts)


class QualityWatch:
    """Keeps the findings about an open case current: after an edit only what it can have changed is examined.

    Examples
    --------
    >>> QualityWatch().findings_of(Case("example")).findings
    ()
    """

    def __init__(self) -> None:
        self._case: Case | None = None
        self._report = QualityReport()

    def findings_of(self, case: Case, *, cancel: CancelToken | None = None) -> QualitySummary:
        """Return the findings about a case, most often the one given last with one more edit.

        Raises
        ------
        Cancelled
            When the caller stopped it; the next call then takes the same step again.
        """
        last = self._case
        if last is None or not _is_same_scan(last, case):
            self._report = _report(case, date.today(), cancel)
        else:
            changed, box = _changes(last, case)
            if changed and box is not None:
                volume = case.volumes.get(case.planning_volume_id or "")
                size = patient_size(case.facts)
                self._report = quality_report_after(self._report, case.layers, volume, changed, box, patient=size)
        self._case = case
        return _summary(self._report, case.facts)


def with_current_doubts(layers: Mapping[LayerName, LabelLayer], case: Case) -> dict[LayerName, LabelLayer]:
    """Return layers whose doubts of quality control are those of today's labels, not of the day they were made.

    The age of the scan is left out: an outcome does not depend on the day it is computed.
    """
    current = replace(case, layers=dict(layers))
    return layers_with_doubts(layers, _report(current, None, None).findings)


def layers_with_doubts(
    layers: Mapping[LayerName, LabelLayer], findings: tuple[QualityFinding, ...]
) -> dict[LayerName, LabelLayer]:
    """Return the layers with these findings as their doubts; those about the scan are with the first layer."""
    primary = [name for name in layers if not name.is_derived]
    doubts: dict[LayerName, list[LabelDoubt]] = {
        name: [d for d in layers[name].doubts if not d.message_id.startswith(_OWN_MESSAGES)] for name in layers
    }
    for finding in findings:
        if finding.message_id in _OF_THE_DAY:
            continue
        holder = next((n for n in primary if finding.structure_id in layers[n].structure_ids()), None)
        if holder is not None or primary:
            doubts[holder or primary[0]].append(finding.as_doubt())
    return {
        name: layer if tuple(doubts[name]) == layer.doubts else _with_doubts(layer, tuple(doubts[name]))
        for name, layer in layers.items()
    }


def patient_size(facts: PatientFacts) -> PatientSize:
    """Return what the entered facts say of the size of the patient."""
    height_cm, weight_kg = facts.number("height_cm"), facts.number("weight_kg")
    if is_under_age(facts):
        return PatientSize(is_under_age=True)
    if height_cm is None or weight_kg is None:
        return PatientSize()
    return PatientSize(slv_vauthey(height_cm, weight_kg).value)


def _report(case: Case, on_date: date | None, cancel: CancelToken | None) -> QualityReport:
    volume = case.volumes.get(case.planning_volume_id or "")
    return quality_report(case.layers, volume, patient=patient_size(case.facts), on_date=on_date, cancel=cancel)


def _summary(report: QualityReport, facts: PatientFacts) -> QualitySummary:
    findings = report.findings
    if is_under_age(facts):
        findings = (*findings, QualityFinding("quality.child", FindingSeverity.NOTE))
    return QualitySummary(findings)


def _is_same_scan(last: Case, case: Case) -> bool:
    """Tell whether only voxels can differ: the same scan, facts and layers of the same shape."""
    return (
        last.id == case.id
        and last.planning_volume_id == case.planning_volume_id
        and last.volumes.get(last.planning_volume_id or "") is case.volumes.get(case.planning_volume_id or "")
        and last.facts == case.facts
        and _voxel_types(last) == _voxel_types(case)
    )


def _voxel_types(case: Case) -> dict[LayerName, tuple[object, ...]]:
    return {name: (layer.voxels.shape, layer.voxels.dtype) for name, layer in case.layers.items()}


def _changes(last: Case, case: Case) -> tuple[set[str], Box | None]:
    """Return the structures that gained or lost voxels, and the box in which they did."""
    changed: set[str] = set()
    box: Box | None = None
    for name, layer in case.layers.items():
        before = last.layers[name]
        if name.is_derived or before is layer or before.voxels is layer.voxels:
            continue
        difference = changed_box(before.voxels, layer.voxels)
        if difference is not None:
            box = difference[0] if box is None else box.joined(difference[0])
            changed |= {structure_of_value(name, value).id for value in difference[1] if value}
    return changed, box


def _with_doubts(layer: LabelLayer, doubts: tuple[LabelDoubt, ...]) -> LabelLayer:
    known: dict[str, object] = {name: layer.__dict__[name] for name in ("hash", "_n_voxels") if name in layer.__dict__}
    changed = replace(layer, doubts=doubts)
    changed.__dict__.update(known)  # the voxels are the same: nothing is counted again
    return changed
