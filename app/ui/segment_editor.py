"""The segment editor without its widgets: what is edited with which tool, what runs, and what waits for a yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.scene.slice_scene import LivePatch
from app.services.case_session import SessionEvent
from app.services.edit_labels import LabelEditor
from app.services.edit_requests import Brush, LabelOperation, StrokeMode
from app.services.jobs import Job, JobHandle, JobRunner
from app.ui.case_work import CaseWork
from app.ui.segment_editor_state import EditorOptions, EditorTool, Pending
from app.ui.segment_editor_stroke import LiveStroke
from app.ui.view_state import ViewState
from app.ui.window_thread import JobAnswers, WindowJobs, WindowThread
from twin.case import Case
from twin.edit import Edit, VoxelEdit
from twin.errors import InputError
from twin.job import CancelToken, Progress, ProgressListener

__all__ = ["RunningTask", "SegmentEditor"]

Work = Callable[[ProgressListener, CancelToken], object]
_OPERATION, _AGREES = "segment_editor.task.operation", "segment_editor.told.agrees"


@dataclass(eq=False)
class RunningTask:
    """What is being computed for the editor."""

    message_id: str
    handle: JobHandle | None = None
    progress: Progress | None = None


class SegmentEditor(QObject):
    """Shared by the tools on slices and by the panels.

    Strokes and steps run on the thread that changes the case, previews and searches on threads of the editor.

    Parameters
    ----------
    state
        Shared by all views; the place looked at.
    window_thread
        How answers come back.
    """

    changed = Signal()  # tool, structure, options, locks
    case_changed = Signal()
    pending_changed = Signal()
    tasks_changed = Signal()
    patch_changed = Signal(object)  # LivePatch | None
    overlay_changed = Signal()  # what a tool paints over the slices
    told = Signal(str, object)  # message id, parameters
    failed = Signal(object)
    structure_wanted = Signal(str)  # another structure is to be chosen in the table

    def __init__(self, state: ViewState, window_thread: WindowThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self.options = EditorOptions()
        self.tool = EditorTool.LOOK
        self.structure_id: str | None = None
        self.work: CaseWork | None = None
        self.labels: LabelEditor | None = None
        self.pending: Pending | None = None
        self.task: RunningTask | None = None
        self._window_thread = window_thread
        self._runner = JobRunner()
        self._jobs = WindowJobs(self._runner, window_thread)
        self._stroke: LiveStroke | None = None
        self._patch: LivePatch | None = None
        self._newest_patch: tuple[LiveStroke, LivePatch] | None = None
        self._generation = 0
        self._accepting = False
        self._proposed_on: Case | None = None

    @property
    def case(self) -> Case | None:
        """The open case as it is now."""
        return None if self.work is None else self.work.case

    @property
    def is_editable(self) -> bool:
        """True when a case is open that can be changed."""
        return self.work is not None and not self.work.session.is_read_only

    @property
    def is_locked(self) -> bool:
        """True when the structure that is edited is locked."""
        return self.labels is not None and self.structure_id in self.labels.locked_structures

    @property
    def patch(self) -> LivePatch | None:
        """What the slices show in place of the labels of the case."""
        return self._patch

    def set_work(self, work: CaseWork | None) -> None:
        """Edit another case, or none; what was begun is given up."""
        self.drop()
        self._end_stroke(is_kept=False)
        self._generation += 1
        if self.task is not None and self.task.handle is not None:
            self.task.handle.cancel()
        self.task = None
        if self.labels is not None:
            self.labels.close()
        self.work, self.labels, self.structure_id = work, None, None
        self._set_patch(None)
        if work is not None:
            self.labels = labels = LabelEditor(work.session)
            work.case_changed.connect(self._on_case)
            work.edited.connect(self._on_edited)
            if self.is_editable:
                prepare: Work = lambda progress, cancel: labels.prepare(progress=progress, cancel=cancel)  # noqa: E731
                self.compute("segment_editor.task.prepare", prepare, lambda result: None, is_shown=False)
        self.tasks_changed.emit()
        self.changed.emit()

    def close(self) -> None:
        """Stop every thread of the editor."""
        self.set_work(None)
        self._runner.stop()

    # What is edited

    def choose_tool(self, tool: EditorTool) -> None:
        """Take up a tool."""
        if tool is not self.tool:
            self.drop()
            self.tool = tool
        self.changed.emit()

    def choose_structure(self, structure_id: str | None) -> None:
        """Edit another structure."""
        if structure_id != self.structure_id:
            self.structure_id = structure_id
            self.changed.emit()

    def set_locked(self, structure_id: str, *, is_locked: bool) -> None:
        """Let no tool change a structure, or let them again."""
        if self.labels is not None:
            (self.labels.lock if is_locked else self.labels.unlock)(structure_id)
            self.changed.emit()

    def set_option(self, **values: object) -> None:
        """Change options of the tools."""
        for name, value in values.items():
            setattr(self.options, name, value)
        self.changed.emit()
        self.overlay_changed.emit()

    def resize_brush(self, steps: int) -> None:
        """Make the brush larger or smaller."""
        self.options.resize(steps)
        self.changed.emit()
        self.overlay_changed.emit()

    def ready_structure(self) -> str | None:
        """Return the structure to edit; where none is chosen say so and return None."""
        if self.structure_id is None:
            self.failed.emit(InputError("error.editing.nothing_selected"))
        elif self.is_locked:
            self.failed.emit(InputError("error.editing.locked", structure=self.structure_id))
        elif self.is_editable:
            return self.structure_id
        return None

    # Strokes

    def begin_stroke(self, brush: Brush, mode: StrokeMode, *, with_range: bool = False) -> LiveStroke | None:
        """Begin a stroke in the chosen structure; None when there is nothing to draw in."""
        structure_id, work, labels = self.ready_structure(), self.work, self.labels
        if structure_id is None or work is None or labels is None:
            return None
        self.drop_pending()
        limits = self.options.limits(with_range=with_range and mode is StrokeMode.PAINT)
        stroke = LiveStroke(labels, structure_id, brush, mode, limits, self._post_patch)
        self._stroke = stroke

        def ended(error: object) -> None:
            if self._stroke is stroke:
                self._stroke = None
                self._set_patch(None)
            if isinstance(error, Exception):
                self.failed.emit(error)

        answers = JobAnswers(lambda result: ended(None), ended, cancelled=lambda: ended(None))
        work.write("ui.task.edit", stroke.run, answers)
        return stroke

    def _post_patch(self, stroke: LiveStroke, patch: LivePatch) -> None:
        """From the thread of the stroke: show the newest state soon; one that was not shown yet is skipped."""
        was_waiting = self._newest_patch is not None
        self._newest_patch = (stroke, patch)
        if not was_waiting:
            self._window_thread.post(self._show_newest)

    def _show_newest(self) -> None:
        newest, self._newest_patch = self._newest_patch, None
        if newest is not None and newest[0] is self._stroke:
            self._set_patch(newest[1])

    def _end_stroke(self, *, is_kept: bool) -> None:
        if self._stroke is not None:
            (self._stroke.finish if is_kept else self._stroke.cancel)()
            self._stroke = None

    # Steps and previews

    def compute(
        self,
        message_id: str,
        work: Work,
        done: Callable[[object], None],
        *,
        failed: Callable[[Exception], None] | None = None,
        is_shown: bool = True,
        is_newest: bool = False,
    ) -> JobHandle:
        """Compute beside the window; the answer is dropped when the case was closed meanwhile.

        With ``is_newest`` a request that still waits is dropped, and one that runs is stopped.
        """
        generation, task = self._generation, RunningTask(message_id)
        if is_newest and self.task is not None and self.task.handle is not None:
            self.task.handle.cancel()

        def ended(call: Callable[[], None]) -> None:
            if self.task is task:
                self.task = None
                self.tasks_changed.emit()
            if generation == self._generation:
                call()

        def progressed(progress: Progress) -> None:
            task.progress = progress
            if self.task is task:
                self.tasks_changed.emit()

        fail = failed or self.failed.emit
        answers = JobAnswers(
            lambda result: ended(lambda: done(result)),
            lambda error: ended(lambda: fail(error)),
            progressed=progressed,
            cancelled=lambda: ended(lambda: None),
        )
        submit = self._jobs.submit_newest if is_newest else self._jobs.submit
        task.handle = submit(Job(message_id, work), answers)
        if is_shown:
            self.task = task
            self.tasks_changed.emit()
        return task.handle

    def step(self, message_id: str, make_edit: Callable[[CancelToken], Edit | None]) -> None:
        """Compute an edit and make it a step; several asked for quickly follow each other.

        ``make_edit`` returns None when the labels agree already; that is said.
        """
        work = self.work
        if work is None:
            return
        session = work.session

        def run(progress: ProgressListener, cancel: CancelToken) -> bool:
            edit = make_edit(cancel)
            cancel.raise_if_cancelled()
            if edit is not None:
                session.do(edit)
            return edit is not None

        self.drop_pending()
        self.compute(message_id, run, lambda changed: None if changed else self.told.emit(_AGREES, {}))

    def apply_operation(self, operation: LabelOperation) -> None:
        """Run an operation on the chosen structure and make it a step."""
        structure_id, labels, limits = self.ready_structure(), self.labels, self.options.limits()
        if structure_id is not None and labels is not None:
            self.step(_OPERATION, lambda cancel: labels.operation_edit(structure_id, operation, limits=limits))

    def preview_operation(self, operation: LabelOperation) -> None:
        """Show what an operation would make of the chosen structure."""
        structure_id, labels, limits = self.ready_structure(), self.labels, self.options.limits()
        if structure_id is None or labels is None:
            return

        def work(progress: ProgressListener, cancel: CancelToken) -> VoxelEdit:
            return labels.operation_edit(structure_id, operation, limits=limits)

        def show(edit: object) -> None:
            if isinstance(edit, VoxelEdit):
                self.propose_edit("segment_editor.pending.operation", edit)

        def fail(error: Exception) -> None:
            self.drop_pending()
            self.failed.emit(error)

        self.compute(_OPERATION, work, show, failed=fail, is_newest=True)

    def delete_structure(self) -> None:
        """Take the chosen structure away; it can be undone."""
        structure_id, labels = self.ready_structure(), self.labels
        if structure_id is not None and labels is not None:
            self.step(_OPERATION, lambda cancel: labels.deletion_edit(structure_id))

    def propose_edit(self, message_id: str, edit: VoxelEdit, **parameters: object) -> None:
        """Show an edit of voxels that waits for a yes."""
        labels = edit.after.voxels.array()
        emphasised = frozenset({self.structure_id} if self.structure_id else ())
        patch = LivePatch(edit.layer, edit.box, labels, emphasised)  # type: ignore[arg-type]
        name = "" if self.structure_id is None else self.structure_id
        given = {"structure": name, "step": edit.label, **parameters}
        self.propose(Pending(message_id, lambda session: session.do(edit), patch, given))

    def propose(self, pending: Pending) -> None:
        """Show something that waits for a yes."""
        self.pending, self._proposed_on = pending, self.case
        self._set_patch(pending.patch)
        self.pending_changed.emit()

    def accept(self) -> None:
        """Make what waits a step."""
        pending, work = self.pending, self.work
        if pending is None or work is None:
            return
        self.pending = None
        self._accepting = True
        self.pending_changed.emit()

        def ended(call: Callable[[], None]) -> None:
            self._accepting = False
            if self.pending is None:
                self._set_patch(None)
            call()

        answers = JobAnswers(
            lambda result: ended(lambda: pending.accepted(result) if pending.accepted else None),
            lambda error: ended(lambda: self.failed.emit(error)),
            cancelled=lambda: ended(lambda: None),
        )
        work.write("ui.task.edit", lambda progress, cancel: pending.accept(work.session), answers)
        self._give_up_tool()
        self.pending_changed.emit()

    def drop(self) -> None:
        """Give up what the tool has begun, and what waits for a yes."""
        self._give_up_tool()
        self.drop_pending()
        self.pending_changed.emit()

    def drop_pending(self) -> None:
        """Give up what waits for a yes."""
        if self.pending is not None:
            self.pending = None
            self._set_patch(None)
            self.pending_changed.emit()

    def _give_up_tool(self) -> None:
        if self.state.tool is not None:
            self.state.tool.cancel()
        self.overlay_changed.emit()

    # What happens to the case

    def _on_case(self, case: Case) -> None:
        self.case_changed.emit()

    def _on_edited(self, event: SessionEvent) -> None:
        """Labels changed by something else: what waits was made for those before."""
        if self.pending is not None and not self._accepting and not _same_layers(self._proposed_on, event.case):
            self.drop()

    def _set_patch(self, patch: LivePatch | None) -> None:
        if patch is not self._patch:
            self._patch = patch
            self.patch_changed.emit(patch)


def _same_layers(one: Case | None, other: Case) -> bool:
    """Tell whether two states of a case share their labels; layers are immutable, so their identity tells."""
    known = {} if one is None else one.layers
    return known.keys() == other.layers.keys() and all(known[name] is other.layers[name] for name in known)
