"""Put scans and labels into a case: a new one, or one of the same patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.services.case_file import new_case, opened_case
from app.services.check_quality import QualitySummary, check_quality, layers_with_doubts
from app.services.import_result import ImportedSeries, ImportResult
from app.services.layer_union import with_structures_of
from app.services.progress_part import part_of
from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import Edit, FactsEdit, GroupEdit, IdentityEdit, LayersEdit, PackedLayer, VolumesEdit
from twin.errors import InputError, SafetyRefusal, UsageError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.patient import PatientFacts, PatientIdentity
from twin.readers.image_file import LengthUnit
from twin.readers.label_map import LabelMapImport, read_label_map, read_value_map
from twin.readers.problem import Problem, Severity
from twin.readers.series import Series
from twin.readers.study import Study, read_study
from twin.volume import Modality, Volume

__all__ = ["ImportRequest", "import_into_case"]


@dataclass(frozen=True)
class ImportRequest:
    """What to import and how.

    Parameters
    ----------
    case
        Case to make, or to add to.
    source
        Scan; None when only labels are imported.
    series
        UIDs or numbers (from 1, in the order of the study) of the series wanted; none for all that can be used.
    planning
        UID or number of the series to plan on; empty to let the program propose one.
    labels, value_map, organ_files
        A label map made elsewhere, a JSON file that says what its values are, masks of whole organs by structure.
    resamples_labels
        True to bring labels of another grid onto that of the case by nearest neighbour; they are refused otherwise.
    join_reason
        Why series of differing identities are one patient.
    units, modality
        What a file of another format than DICOM does not say.
    """

    case: Path
    source: Path | None = None
    series: tuple[str, ...] = ()
    planning: str = ""
    labels: Path | None = None
    value_map: Path | None = None
    organ_files: Mapping[str, Path] = field(default_factory=dict)
    resamples_labels: bool = False
    join_reason: str = ""
    units: LengthUnit | None = None
    modality: Modality | None = None


def import_into_case(
    request: ImportRequest, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
) -> ImportResult:
    """Read everything, then write it as one edit: a case is changed as a whole or not at all.

    Raises
    ------
    UsageError
        When there is nothing to import, or labels are described that are not given.
    InputError
        When nothing in the source can be used; it says why.
    SafetyRefusal
        When the source holds two patients, or another one than the case, and no reason to join them is given.
    CaseFileError
        When the case cannot be opened or written.
    """
    _check(request)
    value_map = None if request.value_map is None else read_value_map(request.value_map)
    study = _study(request, part_of(progress, 0.0, 0.2), cancel)
    loading = part_of(progress, 0.2, 0.9)
    if request.case.exists():
        with opened_case(request.case) as session:
            edit, result = _planned(session.case, request, study, value_map, loading, cancel)
            session.do(edit)
            return replace(result, case_id=session.case.id)
    edit, result = _planned(Case(""), request, study, value_map, loading, cancel)
    with new_case(request.case) as session:
        session.do(edit)
        return replace(result, case_id=session.case.id, is_new=True)


def _check(request: ImportRequest) -> None:
    if request.labels is None and (request.value_map is not None or request.organ_files):
        raise UsageError("error.import.map_without_labels")
    if request.source is None and request.labels is None:
        raise UsageError("error.import.nothing_given")


def _study(request: ImportRequest, progress: ProgressListener, cancel: CancelToken | None) -> Study | None:
    if request.source is None:
        return None
    return read_study(
        request.source,
        join_reason=request.join_reason or None,
        units=request.units,
        modality=request.modality,
        progress=progress,
        cancel=cancel,
    )


def _planned(
    case: Case,
    request: ImportRequest,
    study: Study | None,
    value_map: Mapping[int, str | None] | None,
    progress: ProgressListener,
    cancel: CancelToken | None,
) -> tuple[GroupEdit, ImportResult]:
    """Return the one edit of the whole import, and what to say about it."""
    edits: list[Edit] = []
    result = ImportResult(request.case)
    if study is not None:
        problems: list[Problem] = list(study.problems)
        edits += _patient_edits(case, study, request.join_reason, problems)
        volumes_edit, imported = _volumes_edit(case, study, request, progress, cancel)
        edits.append(volumes_edit)
        result = replace(result, series=imported, problems=tuple(problems))
    for edit in edits:
        case = edit.apply(case)
    if request.labels is not None:
        labels = read_label_map(
            request.labels,
            value_map=value_map,
            reference=case.reference_grid if case.volumes or case.layers else None,
            organ_files=request.organ_files,
            resample=request.resamples_labels,
            units=request.units,
        )
        layers_edit, findings = _layers_edit(case, labels)
        edits.append(layers_edit)
        volumes_ml = {i: layer.volume_ml(i) for layer in labels.layers.values() for i in layer.structure_ids()}
        result = replace(result, labels_ml=volumes_ml, problems=(*result.problems, *labels.notes), quality=findings)
        case = edits[-1].apply(case)
    return GroupEdit("edit.import", tuple(edits)), replace(result, planning_volume_id=case.planning_volume_id)


def _patient_edits(case: Case, study: Study, join_reason: str, problems: list[Problem]) -> list[Edit]:
    """Return the edits of identity and proposed facts; refuse another patient."""
    mine, theirs = case.identity, study.identity
    differing = mine.conflicts(theirs)
    reasons = (*mine.joined_reasons, *theirs.joined_reasons)
    if differing and not join_reason.strip():
        raise SafetyRefusal("error.import.other_patient", fields=", ".join(differing))
    if differing:
        reasons = (*reasons, join_reason.strip())
    if mine != PatientIdentity() and theirs == PatientIdentity():
        problems.append(Problem(Severity.WARNING, "import.no_identity"))
    names = ("patient_id", "name", "birth_date", "sex")
    filled = {name: getattr(mine, name) or getattr(theirs, name) for name in names}
    identity = PatientIdentity(**filled, joined_reasons=tuple(dict.fromkeys(reasons)))
    facts = _with_proposals(case.facts, study.facts)
    edits: list[Edit] = []
    if identity != mine:
        edits.append(IdentityEdit(identity))
    if facts != case.facts:
        edits.append(FactsEdit(facts))
    return edits


def _with_proposals(known: PatientFacts, proposed: PatientFacts) -> PatientFacts:
    """Return the facts with proposals where nothing was entered; what a person entered stays."""
    new = {
        name: fact
        for name, fact in vars(proposed).items()
        if fact is not None and (getattr(known, name) is None or getattr(known, name).is_proposal)
    }
    return replace(known, **new)


def _volumes_edit(
    case: Case, study: Study, request: ImportRequest, progress: ProgressListener, cancel: CancelToken | None
) -> tuple[VolumesEdit, tuple[ImportedSeries, ...]]:
    """Load the series wanted that the case does not hold yet."""
    wanted = _wanted(study, request.series)
    planned = _numbered(study, request.planning) if request.planning else None
    if planned is not None and planned not in wanted:
        raise UsageError("error.import.planning_not_imported", series=request.planning)
    entries: dict[str, ImportedSeries] = {}
    volumes: dict[str, Volume | None] = {}
    number = len(case.volumes)
    for done, series in enumerate(wanted):
        known = next((v.id for v in case.volumes.values() if _is_same(v, series)), None)
        if known is None:
            number += 1
            part = part_of(progress, done / len(wanted), (done + 1) / len(wanted))
            volume = series.load(part, cancel, volume_id=_free_id(case, number))
            volumes[volume.id] = volume
        entries[series.uid] = ImportedSeries(series, known or volume.id, is_new=known is None)
    suggested = planned or (_suggested(study, wanted) if case.planning_volume_id is None else None)
    planning_id = case.planning_volume_id if suggested is None else entries[suggested.uid].volume_id
    listed = [
        replace(
            entries.get(series.uid, ImportedSeries(series)),
            number=position,
            is_planning=series.uid in entries and entries[series.uid].volume_id == planning_id,
        )
        for position, series in enumerate(study.series, start=1)
    ]
    return VolumesEdit(volumes, planning_id), tuple(listed)


def _wanted(study: Study, names: Sequence[str]) -> list[Series]:
    if not names:
        return list(study.importable)
    wanted = []
    for name in names:
        series = _numbered(study, name)
        if not series.is_importable:
            problem = series.refusal
            raise InputError(
                problem.message_id if problem else "error.import.nothing_usable",
                **dict(problem.parameters if problem else {"count": 1}),
            )
        wanted.append(series)
    return list(dict.fromkeys(wanted))


def _numbered(study: Study, name: str) -> Series:
    """Return a series by its UID or its number in the order of the study."""
    for position, series in enumerate(study.series, start=1):
        if name in (series.uid, str(position)):
            return series
    raise UsageError("error.import.no_such_series", series=name, count=len(study.series))


def _suggested(study: Study, wanted: list[Series]) -> Series | None:
    return Study(tuple(wanted)).suggested_series if wanted else None


def _is_same(volume: Volume, series: Series) -> bool:
    return (
        series.series_uid is not None
        and volume.series_uid == series.series_uid
        and series.grid is not None
        and volume.grid.is_same_space(series.grid)
    )


def _free_id(case: Case, number: int) -> str:
    while f"volume-{number}" in case.volumes:
        number += 1
    return f"volume-{number}"


def _layers_edit(case: Case, labels: LabelMapImport) -> tuple[LayersEdit, QualitySummary]:
    """Return the edit that brings the labels, and what quality control says of the case with them."""
    united = {
        name: with_structures_of(layer, case.layers.get(name), new_is_automatic=False)
        for name, layer in labels.layers.items()
    }
    quality = check_quality(replace(case, layers={**case.layers, **united}))
    layers: dict[LayerName, LabelLayer | PackedLayer | None] = {**layers_with_doubts(united, quality.findings)}
    return LayersEdit(layers, label="edit.import"), quality
