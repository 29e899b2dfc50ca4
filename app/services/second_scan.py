"""Labels of a scan of another date: find or import them, register that scan on the liver, measure growth on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.progress_part import part_of
from app.services.register_volumes import (
    RegisteredVolume,
    liver_on_scan,
    registration_edit,
    require_liver,
    rigid_registration,
)
from app.services.tree_cache import traced_vessels_of
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.edit import GroupEdit, ScanLayersEdit
from twin.errors import InputError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.readers.label_map import read_label_map, read_value_map
from twin.second_scan import SecondScan
from twin.twin import build_twin
from twin.wording import NOT_A_DEVICE, Wording

if TYPE_CHECKING:
    from segmentation.segmenter import Segmenter

__all__ = [
    "LabelledScan",
    "import_scan_labels",
    "other_scans",
    "scan_named",
    "scan_state_line",
    "second_scan_of",
    "segment_scan_of_file",
    "segment_scan_of_session",
]

_KEPT = (LayerName.ORGANS, LayerName.VESSELS, LayerName.LESIONS)


@dataclass(frozen=True)
class LabelledScan:
    """What was labelled on a scan of another date, and how well it lies on the planning volume."""

    volume_id: str
    scan_date: date | None
    volumes_ml: Mapping[str, float]
    registered: RegisteredVolume

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        return {
            "volume": self.volume_id,
            "scan_date": None if self.scan_date is None else self.scan_date.isoformat(),
            "volumes_ml": dict(self.volumes_ml),
            **self.registered.to_json(wording),
        }

    def lines(self, wording: Wording) -> list[str]:
        """One line a structure, the registration with its doubts, and what is still missing for growth."""
        found = [
            wording.text("segment.line_found", structure=_name(i, wording), volume=wording.quantity(ml, "ml"))
            for i, ml in self.volumes_ml.items()
        ]
        dated = [] if self.scan_date is not None else [wording.text("growth.scan_without_date", volume=self.volume_id)]
        notices = [wording.text("notice.unverified"), wording.text(NOT_A_DEVICE)]
        return [*found, *self.registered.lines(wording), *dated, *notices]


def other_scans(case: Case) -> tuple[str, ...]:
    """Return the ids of the scans that are not planned on, in the order of import."""
    return tuple(volume_id for volume_id in case.volumes if volume_id != case.planning_volume_id)


def scan_named(case: Case, name: str) -> str:
    """Return the id of a scan by its id, its number in the order of import, or its day.

    Raises
    ------
    InputError
        ``error.growth.no_such_scan`` with those there are; ``error.registration.same_volume`` for the planning volume.
    """
    by_name = {str(number): volume_id for number, volume_id in enumerate(case.volumes, start=1)}
    days = [volume_id for volume_id, volume in case.volumes.items() if str(volume.scan_day) == name]
    found = name if name in case.volumes else by_name.get(name) or (days[0] if len(days) == 1 else "")
    if not found:
        known = ", ".join(f"{n} ({case.volumes[i].scan_day or '-'})" for n, i in by_name.items()) or "-"
        raise InputError("error.growth.no_such_scan", scan=name, known=known)
    if found == case.planning_volume_id:
        raise InputError("error.registration.same_volume", volume=found)
    return found


def scan_state_line(case: Case, volume_id: str, wording: Wording) -> str:
    """Return what is known of a scan that is not planned on: labelled and how well it lies; empty before that."""
    registration = case.registration_of(volume_id)
    if volume_id not in case.scan_layers or registration is None:
        return ""
    return wording.text("growth.scan_labelled", distance=wording.figure(registration.quality))


def segment_scan_of_file(
    case_path: Path,
    scan: str,
    segmenter: Segmenter,
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> LabelledScan:
    """Segment a scan of another date of a case on disk, register it and keep its labels."""
    with opened_case(case_path) as session:
        volume_id = scan_named(session.case, scan)
        return segment_scan_of_session(session, volume_id, segmenter, progress=progress, cancel=cancel)


def segment_scan_of_session(
    session: CaseSession,
    volume_id: str,
    segmenter: Segmenter,
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> LabelledScan:
    """Segment a scan of another date of an open case, register it and keep its labels; one step of undo.

    Raises
    ------
    InputError
        When there is no such scan.
    GeometryError
        When one of the livers is missing, or the two share nothing.
    Cancelled
        When ``cancel`` was set.
    """
    from segmentation.vessels.automatic import with_vessels

    case = session.case
    require_liver(case, volume_id)
    volume = case.volumes[volume_id]
    result = segmenter.segment(volume, progress=part_of(progress, 0.0, 0.6), cancel=cancel)
    result = with_vessels(volume, result, progress=part_of(progress, 0.6, 0.8), cancel=cancel)
    return _kept(session, volume_id, result.layers, part_of(progress, 0.8, 1.0), cancel)


def import_scan_labels(
    case_path: Path,
    scan: str,
    labels: Path,
    *,
    value_map: Path | None = None,
    organ_files: Mapping[str, Path] | None = None,
    resamples_labels: bool = False,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> LabelledScan:
    """Bring labels made elsewhere for a scan of another date into a case on disk, and register that scan.

    Raises
    ------
    InputError
        When there is no such scan, or the file cannot be used.
    GeometryError
        When the labels lie on another grid than the scan, one of the livers is missing, or the two share nothing.
    """
    with opened_case(case_path) as session:
        volume_id = scan_named(session.case, scan)
        require_liver(session.case, volume_id)
        read = read_label_map(
            labels,
            value_map=None if value_map is None else read_value_map(value_map),
            reference=session.case.volumes[volume_id].grid,
            organ_files=organ_files or {},
            resample=resamples_labels,
        )
        return _kept(session, volume_id, read.layers, progress, cancel)


def _kept(
    session: CaseSession,
    volume_id: str,
    layers: Mapping[LayerName, LabelLayer],
    progress: ProgressListener,
    cancel: CancelToken | None,
) -> LabelledScan:
    case = session.case
    kept = {name: layers[name] for name in _KEPT if name in layers and layers[name].structure_ids()}
    found = rigid_registration(case, volume_id, liver_on_scan(kept, volume_id), progress=progress, cancel=cancel)
    session.do(
        GroupEdit("edit.scan_layers", (registration_edit(case, found.registration), ScanLayersEdit(volume_id, kept)))
    )
    volumes_ml = {i: layer.volume_ml(i) for layer in kept.values() for i in layer.structure_ids()}
    return LabelledScan(volume_id, case.volumes[volume_id].scan_day, volumes_ml, found)


def second_scan_of(case: Case, case_path: Path, *, cancel: CancelToken | None = None) -> SecondScan | None:
    """Return the scan of another date that growth is measured on; None without labels, registration or dates.

    Of several it is the one that makes a pair round the embolisation with the planning volume: the last one before it,
    or the first one after it. Without the day of an embolisation it is the one farthest in time.
    """
    planned = None if case.planning_volume_id is None else case.planning_volume.scan_day
    dated = {i: day for i in case.scan_layers if (day := _usable_day(case, i, planned)) is not None}
    if planned is None or not dated:
        return None
    volume_id = _chosen(dated, planned, case.facts.word("pve_date"))
    registration = case.registration_of(volume_id)
    assert registration is not None
    own = Case(f"{case.id}-{volume_id}").with_volume(case.volumes[volume_id])
    for layer in case.scan_layers[volume_id].values():
        own = own.with_layer(layer)
    has_vessels = {"portal_vein", "hepatic_vein"} & set(own.structure_ids())
    traced = traced_vessels_of(own, case_path) if has_vessels else None
    twin = build_twin(own, structure_ids=(), traced=traced, cancel=cancel)
    return SecondScan(volume_id, dated[volume_id], twin, registration)


def _usable_day(case: Case, volume_id: str, planned: date | None) -> date | None:
    """Return the day of a scan that growth can be measured on: registered, labelled, of another day."""
    volume, registration = case.volumes.get(volume_id), case.registration_of(volume_id)
    day = None if volume is None or registration is None else volume.scan_day
    return None if day == planned else day


def _chosen(dated: Mapping[str, date], planned: date, pve: str | None) -> str:
    if pve is not None:
        closing = date.fromisoformat(pve)
        before = {i: day for i, day in dated.items() if day <= closing}
        after = {i: day for i, day in dated.items() if day > closing}
        if planned > closing and before:
            return max(before, key=lambda i: before[i])
        if planned <= closing and after:
            return min(after, key=lambda i: after[i])
    return max(dated, key=lambda i: abs((dated[i] - planned).days))


def _name(structure_id: str, wording: Wording) -> str:
    return structure(structure_id).name(wording.language)
