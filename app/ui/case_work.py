"""The case that is open, and its twin: every change goes through here, off the window's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from vtkmodules.vtkCommonDataModel import vtkPolyData

from app.scene.surface_actor import coarse_polydata
from app.services.build_twin import build_case_twin
from app.services.case_session import CaseSession, SessionEvent, SessionEventKind
from app.services.contact_cache import contacts_of_case
from app.services.exports_made import supersede_exports
from app.services.jobs import Job, JobEvent, JobHandle, JobRunner
from app.services.rehearse_plan import Rehearsal
from app.services.second_scan import second_scan_of
from app.services.simulate_plan import confirmed_structures_of, scan_date_of, scan_state_of
from app.services.structure_volume import volume_figure
from app.ui.window_thread import JobAnswers, WindowJobs, WindowThread
from twin.case import Case
from twin.edit import Edit
from twin.errors import CaseFileError
from twin.figure import Figure
from twin.job import CancelToken, ProgressListener
from twin.store import CaseFolder
from twin.twin import Twin

__all__ = ["BuiltTwin", "CaseWork", "examine_labels"]

_LOGGER = logging.getLogger(__name__)
EditMaker = Callable[[Case], Edit]


@dataclass(frozen=True, eq=False)
class BuiltTwin:
    """A twin with what the window shows of it.

    Parameters
    ----------
    twin
        With a surface of every structure.
    coarse
        Surfaces drawn while something moves.
    volumes
        Structure id to volume.
    rehearsal
        Liver and pancreas prepared for plans, or None when neither is labelled.
    """

    twin: Twin
    coarse: Mapping[str, vtkPolyData]
    volumes: Mapping[str, Figure]
    rehearsal: Rehearsal | None


class CaseWork(QObject):
    """One open case.

    Edits run one after the other in a thread of their own: writing a large one never holds the window up. The
    twin is built again in the work thread whenever labels changed.

    Parameters
    ----------
    folder
        The open case; closed by what :meth:`detach` returns.
    jobs
        For the twin.
    window_thread
        How events come back.
    """

    case_changed = Signal(object)  # Case
    edited = Signal(object)  # SessionEvent: done, undone, redone
    saved = Signal(bool)  # asked for by the user
    twin_built = Signal(object)  # BuiltTwin
    twin_started = Signal(str, object)  # message id, JobHandle
    twin_progressed = Signal(object)
    twin_ended = Signal()
    failed = Signal(object)  # Exception

    def __init__(
        self, folder: CaseFolder, jobs: WindowJobs, window_thread: WindowThread, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.folder = folder
        self.session = CaseSession(folder)
        self.case = folder.case
        self.built: BuiltTwin | None = None
        self._jobs = jobs
        self._writer = JobRunner()
        self._writes = WindowJobs(self._writer, window_thread)
        self._twin_handle: JobHandle | None = None
        self._building: Case | None = None
        self._window_thread = window_thread
        self._unsubscribe = self.session.subscribe(self._hear)

    @property
    def is_building(self) -> bool:
        """True while the twin is being built."""
        return self._building is not None

    def start(self) -> None:
        """Tell the case as it was opened, and build its twin."""
        self.case_changed.emit(self.case)
        self._follow_labels()

    def do(self, edit: Edit | EditMaker, *, is_step: bool = True, done: Callable[[], None] | None = None) -> None:
        """Apply an edit, or the one that a function makes of the case as it then is."""

        def work(progress: ProgressListener, cancel: CancelToken) -> None:
            made = edit(self.session.case) if callable(edit) else edit
            self.session.do(made, is_step=is_step)

        self._write("ui.task.edit", work, done)

    def write(
        self, message_id: str, work: Callable[[ProgressListener, CancelToken], object], answers: JobAnswers
    ) -> JobHandle:
        """Run something that changes the case itself, such as a stroke, after the steps handed in before."""
        return self._writes.submit(Job(message_id, work), answers)

    def undo(self) -> None:
        """Take the last step back."""
        self._write("ui.task.edit", lambda progress, cancel: self.session.undo())

    def redo(self) -> None:
        """Do again what was undone last."""
        self._write("ui.task.edit", lambda progress, cancel: self.session.redo())

    def save(self) -> None:
        """Fold all edits into the saved case."""

        def work(progress: ProgressListener, cancel: CancelToken) -> None:
            self.session.save()
            supersede_exports(self.folder)

        self._write("ui.task.save", work, lambda: self.saved.emit(True))

    def detach(self) -> Callable[[], None]:
        """Tell nothing any more, and return what is left to do: save, mark outdated exports, close the folder.

        That takes as long as the disk does and runs in any thread, but not beside the building of the twin.
        """
        self._unsubscribe()
        if self._twin_handle is not None:
            self._twin_handle.cancel()
        writer, session, folder = self._writer, self.session, self.folder

        def finish() -> None:
            if folder.is_closed:
                return
            last = writer.submit(Job("ui.task.save", lambda progress, cancel: _saved(session)), _no_answer)
            last.wait()
            writer.stop()
            session.stop()
            folder.close()

        return finish

    def _write(
        self,
        message_id: str,
        work: Callable[[ProgressListener, CancelToken], object],
        done: Callable[[], None] | None = None,
    ) -> None:
        answers = JobAnswers(lambda result: done() if done is not None else None, self.failed.emit)
        self._writes.submit(Job(message_id, work), answers)

    def _hear(self, event: SessionEvent) -> None:
        """Called in the thread that changed the case: what takes long is done there."""
        examine_labels(event.case)
        self._window_thread.post(lambda: self._on_event(event))

    def _on_event(self, event: SessionEvent) -> None:
        self.case = event.case
        if event.kind is SessionEventKind.SAVED:
            self.saved.emit(False)
            return
        if event.error is not None:
            self.failed.emit(event.error)
        self.edited.emit(event)
        self.case_changed.emit(event.case)
        self._follow_labels()

    def _follow_labels(self) -> None:
        """Build the twin again when labels changed since; without labels there is none."""
        case = self.case
        known = self._building or (None if self.built is None else self.built_case)
        if known is not None and _same_labels(known, case):
            return
        if self._twin_handle is not None:
            self._twin_handle.cancel()
        if not case.structure_ids():
            self.built, self.built_case, self._building = None, case, None
            self.twin_built.emit(None)
            return
        self._building = case
        job = Job("ui.task.twin", lambda progress, cancel: self._build(case, progress, cancel))
        self._twin_handle = self._jobs.submit(
            job,
            JobAnswers(
                lambda result: self._on_built(case, result),
                lambda error: self._on_build_ended(case, error),
                progressed=self.twin_progressed.emit,
                cancelled=lambda: self._on_build_ended(case, None),
            ),
        )
        self.twin_started.emit("ui.task.twin", self._twin_handle)

    built_case: Case | None = None

    def _build(self, case: Case, progress: ProgressListener, cancel: CancelToken) -> BuiltTwin:
        twin = build_case_twin(case, self.folder.path, progress=progress, cancel=cancel)
        volumes = {}
        for structure_id in twin.surfaces:
            cancel.raise_if_cancelled()
            volumes[structure_id] = volume_figure(case.layer_of(structure_id), structure_id)
        coarse = {i: coarse_polydata(surface) for i, surface in twin.surfaces.items()}
        cancel.raise_if_cancelled()
        rehearsal = None
        if twin.has("liver") or twin.has("pancreas"):
            rehearsal = Rehearsal(
                twin,
                case.facts,
                scan_date=scan_date_of(case),
                scan=scan_state_of(case),
                confirmed=confirmed_structures_of(case),
                contacts=contacts_of_case(case, self.folder.path, twin),
                second=second_scan_of(case, self.folder.path, cancel=cancel),
            )
        return BuiltTwin(twin, coarse, volumes, rehearsal)

    def _on_built(self, case: Case, result: object) -> None:
        if case is not self._building or not isinstance(result, BuiltTwin):
            return
        self.built, self.built_case, self._building = result, case, None
        self.twin_ended.emit()
        self.twin_built.emit(result)

    def _on_build_ended(self, case: Case, error: Exception | None) -> None:
        if case is not self._building:
            return
        self._building = None
        self.twin_ended.emit()
        if error is not None:
            self.failed.emit(error)


def examine_labels(case: Case) -> None:
    """Let each layer find out its values and its hash, which it then knows: a fifth of a second for a whole scan."""
    of_scans = (layer for layers in case.scan_layers.values() for layer in layers.values())
    for layer in (*case.layers.values(), *of_scans):
        layer.values()
        _ = layer.hash


def _saved(session: CaseSession) -> None:
    """Save, and mark exports that no longer show the case."""
    if session.is_read_only:
        return
    try:
        session.save()
    except CaseFileError as error:
        _LOGGER.warning("the last save failed; the journal keeps every step: %s", error.message_id)
    supersede_exports(session.folder)


def _no_answer(event: JobEvent) -> None:
    """Nobody waits for it in the window."""


def _same_labels(one: Case, other: Case) -> bool:
    """Tell whether two states of a case share their labels; layers are immutable, so their identity tells."""
    if one.layers.keys() != other.layers.keys() or any(one.layers[n] is not other.layers[n] for n in one.layers):
        return False
    # Growth is measured on the labels of other dates, through their registrations; branches are named by persons.
    measured = [(case.scan_layers, case.registrations if case.scan_layers else ()) for case in (one, other)]
    return measured[0] == measured[1] and one.branch_names == other.branch_names
