"""Write a case into files: label images, surfaces, the offline page, the report, the storyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.services.build_twin import build_case_twin
from app.services.case_file import opened_case
from app.services.case_session import CaseSession
from app.services.make_storyboard import StoryboardNotes, make_storyboard
from app.services.omissions import omissions_document, worded_omissions
from app.services.progress_part import part_of
from export.manifest import MANIFEST_NAME, export_folder
from export.meshes import MeshFormat, write_meshes
from export.nifti import write_nifti_set
from export.page import write_page
from export.renderer import Renderer
from export.report import write_report
from simulation.split import split_organ
from twin.case import Case
from twin.errors import BackendUnavailable, GeometryError, InputError, TwinSightError, UsageError
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.plan import Plan
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["KNOWN_FORMATS", "ExportRequest", "ExportResult", "export_case_file", "export_session"]

NIFTI, PAGE, REPORT, STORYBOARD = "nifti", "page", "report", "storyboard"
_DOCUMENTS = (PAGE, REPORT, STORYBOARD)
KNOWN_FORMATS = (NIFTI, *(str(mesh_format) for mesh_format in MeshFormat), *_DOCUMENTS)
_USUAL = (NIFTI, "stl", "glb", PAGE, REPORT)  # the storyboard waits for the words of the team


@dataclass(frozen=True)
class ExportRequest:
    """What to write and where.

    Parameters
    ----------
    folder
        Made when it is missing; files of an earlier export of the same case are replaced.
    formats
        Names of formats; none for all that the case allows.
    plan_name
        Plan to show; empty for the only one there is.
    language
        Of page, report and storyboard.
    notes
        The team's words for the storyboard.
    omits_impossible
        True to leave out, with the reason, what cannot be made; always so when no format is named.
    """

    folder: Path
    formats: tuple[str, ...] = ()
    plan_name: str = ""
    language: str = "en"
    omits_impossible: bool = False
    notes: StoryboardNotes = field(default_factory=StoryboardNotes)


@dataclass(frozen=True)
class ExportResult:
    """What was written, and what could not be and why (format to message id), when everything was asked for."""

    folder: Path
    files: tuple[Path, ...]
    plan_name: str | None
    omitted: dict[str, TwinSightError] = field(default_factory=dict)

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        return {
            "folder": str(self.folder),
            "files": [str(path) for path in self.files],
            "plan": self.plan_name,
            "omitted": omissions_document(self.omitted, wording),
        }

    def worded_omissions(self, wording: Wording) -> list[str]:
        """One sentence for each format that was left out."""
        return worded_omissions(self.omitted, wording)

    def lines(self, wording: Wording) -> list[str]:
        """The files, and the notice."""
        return [*(str(path) for path in self.files), wording.text(NOT_A_DEVICE)]


RendererFactory = Callable[[], Renderer]


def export_case_file(
    case_path: Path,
    request: ExportRequest,
    renderer: RendererFactory,
    *,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> ExportResult:
    """Export a case on disk."""
    with opened_case(case_path) as session:
        return export_session(session, request, renderer, progress=progress, cancel=cancel)


def export_session(
    session: CaseSession,
    request: ExportRequest,
    renderer: RendererFactory,
    *,
    twin: Twin | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> ExportResult:
    """Export an open case: every file appears, or none does.

    Parameters
    ----------
    session
        The case.
    request
        What to write and where.
    renderer
        Gives what draws the pictures of page and report; called only when one of them is written.
    twin
        The twin of the case with all surfaces, where it was built already.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    UsageError
        When a format is not known.
    InputError
        When a plan is needed and it is not clear which, or the folder cannot be written.
    SafetyRefusal
        When figures are out of date, or the folder holds the export of another case.
    """
    case = session.case
    _check_formats(request.formats)
    plan = _chosen_plan(case, request)
    omitted = {} if request.formats else _omitted(case, plan)
    formats = tuple(name for name in request.formats or _USUAL if name not in omitted)
    if twin is None or twin.labels_hash != case.labels_hash:
        twin = _twin(session, formats, part_of(progress, 0.0, 0.4), cancel)
    split = None
    if plan is not None and twin is not None:
        split = tuple(part for part in split_organ(plan, twin) if part is not None)
    writer = _Writer(case, twin, plan, split, request.language, renderer, request.notes)
    with export_folder(request.folder, case, None if plan is None else plan.name) as staging:
        for done, name in enumerate(formats):
            if cancel is not None:
                cancel.raise_if_cancelled()
            progress(Progress(0.4 + 0.6 * done / len(formats), "progress.export.writing", {"format": name}))
            try:
                writer.write(name, staging)
            except (BackendUnavailable, GeometryError) as error:
                if name not in _DOCUMENTS or (request.formats and not request.omits_impossible):
                    raise
                omitted[name] = error
        names = sorted(path.relative_to(staging) for path in staging.rglob("*") if path.is_file())
    written = tuple(name for name in formats if name not in omitted)
    session.folder.record_export(request.folder, formats=list(written))
    files = tuple(request.folder / name for name in (*names, Path(MANIFEST_NAME)))
    return ExportResult(request.folder, files, None if plan is None else plan.name, omitted)


@dataclass(frozen=True)
class _Writer:
    """Writes one format after the other into a staging folder."""

    case: Case
    twin: Twin | None
    plan: Plan | None
    split: tuple[Surface, ...] | None
    language: str
    renderer: RendererFactory
    notes: StoryboardNotes

    def write(self, name: str, staging: Path) -> None:
        """Write the files of a format."""
        if name == NIFTI:
            write_nifti_set(self.case, staging)
        elif name not in _DOCUMENTS:
            assert self.twin is not None
            write_meshes(self.twin, self.split, staging, name)
        else:
            self._write_document(name, staging)

    def _write_document(self, name: str, staging: Path) -> None:
        if self.plan is None:
            raise InputError("error.export.needs_plan", format=name)
        outcome = self.case.outcomes.get(self.plan.name)
        if outcome is None:
            raise InputError("error.plan.not_simulated", plan=self.plan.name)
        assert self.twin is not None
        if name == PAGE:
            write_page(
                self.case, self.twin, self.plan, outcome, self.split, self.language, staging / "page.html",
                renderer=self.renderer(),
            )  # fmt: skip
        elif name == STORYBOARD:
            make_storyboard(
                self.case, self.twin, self.plan, outcome, self.notes, self.renderer(), self.language,
                staging / "storyboard.pdf", split=self.split,
            )  # fmt: skip
        else:
            write_report(
                self.case, self.twin, self.plan, outcome, self.renderer(), self.language, staging / "report.pdf",
                split=self.split,
            )  # fmt: skip


def _check_formats(formats: tuple[str, ...]) -> None:
    unknown = [name for name in formats if name not in KNOWN_FORMATS]
    if unknown:
        raise UsageError("error.export.no_such_format", format=unknown[0], known=", ".join(KNOWN_FORMATS))


def _chosen_plan(case: Case, request: ExportRequest) -> Plan | None:
    """Return the plan asked for, or the only one there is; several leave it open which."""
    if request.plan_name:
        return case.plan(request.plan_name)
    if len(case.plans) > 1 and set(request.formats or _USUAL) - {NIFTI}:
        raise InputError("error.export.which_plan", known=", ".join(case.plans))
    return next(iter(case.plans.values()), None) if len(case.plans) == 1 else None


def _omitted(case: Case, plan: Plan | None) -> dict[str, TwinSightError]:
    """Return what the case does not allow yet, with the reason."""
    if plan is None:
        return {name: InputError("error.export.needs_plan", format=name) for name in (PAGE, REPORT)}
    outcome = case.outcomes.get(plan.name)
    if outcome is None or outcome.is_stale:
        return {name: InputError("error.plan.not_simulated", plan=plan.name) for name in (PAGE, REPORT)}
    return {}


def _twin(
    session: CaseSession, formats: tuple[str, ...], progress: ProgressListener, cancel: CancelToken | None
) -> Twin | None:
    """Build the twin, unless only label images are written."""
    if not set(formats) - {NIFTI}:
        return None
    return build_case_twin(session.case, session.folder.path, progress=progress, cancel=cancel)
