"""One study from files to results: import, segment, plan, simulate, export."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from app.services.batch import StudyRequest, StudyResult
from app.services.build_twin import build_case_twin
from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.export_case import ExportRequest, export_session
from app.services.import_result import ImportResult, worded_problem
from app.services.import_study import ImportRequest, import_into_case
from app.services.memory import peak_memory_mib
from app.services.plan_resection import plan_from_cuts
from app.services.progress_part import part_of
from app.services.segment_case import SegmentSummary, choose_segmenter, segment_session
from app.services.simulate_plan import simulate_plan_of_session
from export.renderer import Renderer
from twin.edit import PlanEdit
from twin.errors import InputError
from twin.figure import Figure
from twin.job import ProgressListener, no_progress
from twin.outcome import Outcome
from twin.readers.image_file import LengthUnit
from twin.readers.problem import Severity
from twin.volume import Modality, Volume
from twin.wording import Wording

if TYPE_CHECKING:
    from segmentation.segmenter import Segmenter

__all__ = ["CASE_NAME", "EXPORT_NAME", "process_study"]

CASE_NAME = "case.twinsight"
EXPORT_NAME = "export"
PLAN_NAME = "batch"
_LEADING_FIGURES = ("flr_percent", "flr_ml", "resected_ml", "remnant_ml", "margin_mm")
_MOST_LABEL_VALUES = 128  # a scan has hundreds of grey values, a label map a handful
_N_SLICES_LOOKED_AT = 32


def process_study(
    request: StudyRequest,
    segmenters: Sequence[Segmenter],
    renderer: Callable[[], Renderer],
    *,
    progress: ProgressListener = no_progress,
) -> StudyResult:
    """Run the whole chain into ``request.folder``.

    Raises
    ------
    TwinSightError
        What went wrong in a step; ``error.batch.not_a_scan`` for a label map.
    """
    clock = _Clock()
    segmenter = choose_segmenter(segmenters, request.segmenter_id)
    case_path = request.folder / CASE_NAME
    with clock.timed("import"):
        imports = _imported(request, part_of(progress, 0.0, 0.2))
    with opened_case(case_path) as session:
        _require_scan(session.case.planning_volume)
        with clock.timed("segment"):
            summary = segment_session(session, segmenter, progress=part_of(progress, 0.2, 0.55))
        with clock.timed("twin"):
            twin = build_case_twin(session.case, case_path, progress=part_of(progress, 0.55, 0.75))
        with clock.timed("simulate"):
            outcome = _simulated(session, request, part_of(progress, 0.75, 0.8))
        with clock.timed("export"):
            export = ExportRequest(request.folder / EXPORT_NAME, request.formats, "", request.language)
            exported = export_session(session, export, renderer, twin=twin, progress=part_of(progress, 0.8, 1.0))
    wording = Wording(request.language)
    warnings = [*_warnings(imports, summary, outcome, wording), *exported.worded_omissions(wording)]
    return StudyResult(
        dict(summary.volumes_ml),
        _leading_figures(outcome),
        tuple(summary.not_found),
        clock.seconds(),
        peak_memory_mib(),
        tuple(warnings),
    )


def _imported(request: StudyRequest, progress: ProgressListener) -> list[ImportResult]:
    results = []
    for number, source in enumerate(request.sources):
        part = part_of(progress, number / len(request.sources), (number + 1) / len(request.sources))
        one = ImportRequest(
            request.folder / CASE_NAME,
            source,
            units=LengthUnit(request.units) if request.units else None,
            modality=Modality(request.modality) if request.modality else None,
        )
        results.append(import_into_case(one, progress=part))
    return results


def _require_scan(volume: Volume) -> None:
    """Refuse label maps, which lie beside scans in most collections."""
    if volume.modality is not Modality.UNKNOWN:
        return
    values = np.unique(volume.voxels[:: max(volume.voxels.shape[0] // _N_SLICES_LOOKED_AT, 1)])
    are_labels = values.size <= _MOST_LABEL_VALUES and values.min() >= 0 and bool((values == np.rint(values)).all())
    if are_labels:
        raise InputError("error.batch.not_a_scan")


def _simulated(session: CaseSession, request: StudyRequest, progress: ProgressListener) -> Outcome | None:
    if not request.cuts:
        return None
    session.do(PlanEdit(PLAN_NAME, plan_from_cuts(session.case, PLAN_NAME, request.cuts)))
    return simulate_plan_of_session(session, PLAN_NAME, progress=progress)


def _warnings(
    imports: list[ImportResult], summary: SegmentSummary, outcome: Outcome | None, wording: Wording
) -> Iterator[str]:
    for result in imports:
        for problem in result.all_problems:
            if problem.severity is not Severity.INFO:
                yield worded_problem(problem, wording)
    for doubt in summary.warnings:
        yield wording.text(doubt.message_id, **doubt.parameters)
    for warning in outcome.warnings if outcome else ():
        yield wording.text(warning.message_id, **warning.parameters)


def _leading_figures(outcome: Outcome | None) -> dict[str, float | None]:
    if outcome is None or outcome.liver is None:
        return {}
    figures = ((name, outcome.liver.get(name)) for name in _LEADING_FIGURES)
    return {name: figure.value for name, figure in figures if isinstance(figure, Figure)}


class _Clock:
    """Seconds of each step."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._steps: dict[str, float] = {}

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Time a step."""
        started = time.monotonic()
        yield
        self._steps[step] = round(time.monotonic() - started, 2)

    def seconds(self) -> dict[str, float]:
        """Return the steps, and the total so far."""
        return {**self._steps, "total": round(time.monotonic() - self._started, 2)}
