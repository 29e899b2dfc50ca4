"""A case while it is worked on: edits, undo, saving. The window and the command line use the same."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from twin.anatomy import LayerName
from twin.case import Case
from twin.edit import Edit, VoxelEdit
from twin.errors import CaseFileError
from twin.store.case_folder import CaseFolder
from twin.store.working_buffer import WorkingBuffer
from twin.undo import UndoHistory

__all__ = ["CaseSession", "SessionEvent", "SessionEventKind"]

log = logging.getLogger(__name__)

_USUAL_IDLE_S = 60.0
_USUAL_JOURNAL_BYTES = 64 << 20


class SessionEventKind(StrEnum):
    """What happened to a session."""

    DONE = "done"
    UNDONE = "undone"
    REDONE = "redone"
    SAVED = "saved"
    SAVE_FAILED = "save_failed"  # of its own accord after a pause; a save that was asked for raises instead
    AUDIT_FAILED = "audit_failed"
    READ_ONLY = "read_only"  # writing failed so badly that the case can no longer be changed


@dataclass(frozen=True)
class SessionEvent:
    """What listeners are told.

    Parameters
    ----------
    kind
        What happened.
    case
        The case afterwards.
    edit
        The edit that was applied, for done, undone and redone.
    error
        Why it failed, for the failures.
    """

    kind: SessionEventKind
    case: Case
    edit: Edit | None = None
    error: CaseFileError | None = None


Listener = Callable[[SessionEvent], None]


class CaseSession:
    """Work on an open case folder. Whoever opened the folder closes it.

    Edits are safe once :meth:`do` returns. They are folded into the saved case when it is asked for
    (:meth:`save`), after a pause, and when the journal has grown large.
    Safe to call from several threads; listeners are called from the thread that caused the event, which after a
    pause is a thread of the session.

    Parameters
    ----------
    folder
        The open case.
    undo_budget_bytes
        Memory for undo; 0 for none, by default a gibibyte.
    idle_save_s
        Pause after which the case is saved of its own accord; None for never.
    journal_limit_bytes
        Size of the journal at which the case is saved at once.
    """

    def __init__(
        self,
        folder: CaseFolder,
        *,
        undo_budget_bytes: int | None = None,
        idle_save_s: float | None = _USUAL_IDLE_S,
        journal_limit_bytes: int = _USUAL_JOURNAL_BYTES,
    ) -> None:
        self.folder = folder
        self._history = UndoHistory() if undo_budget_bytes is None else UndoHistory(undo_budget_bytes)
        self._idle_save_s = idle_save_s
        self._journal_limit_bytes = journal_limit_bytes
        self._guard = threading.RLock()
        self._listeners: list[Listener] = []
        self._timer: threading.Timer | None = None

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return self.folder.case

    @property
    def is_read_only(self) -> bool:
        """True when nothing can be changed."""
        return self.folder.is_read_only

    @property
    def is_dirty(self) -> bool:
        """True when edits were made since the last save. They are safe all the same."""
        return self.folder.is_dirty

    @property
    def can_undo(self) -> bool:
        """True when there is something to undo."""
        return not self.is_read_only and self._history.next_undo is not None

    @property
    def can_redo(self) -> bool:
        """True when there is something to redo."""
        return not self.is_read_only and self._history.next_redo is not None

    @property
    def undo_label(self) -> str | None:
        """Message id of what :meth:`undo` would take back, or None."""
        step = self._history.next_undo
        return None if step is None else step.label

    @property
    def redo_label(self) -> str | None:
        """Message id of what :meth:`redo` would do again, or None."""
        step = self._history.next_redo
        return None if step is None else step.label

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` of every event from now on; the function returned ends that."""
        with self._guard:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._guard:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def do(self, edit: Edit, *, is_step: bool = True) -> Case:
        """Apply an edit; when this returns it is on the disk.

        Parameters
        ----------
        edit
            The change.
        is_step
            False for what follows from the case and is no step of the user, such as figures computed again: undo
            passes over it. What is done so must be part of what the steps around it bring back (results are).

        Raises
        ------
        TwinSightError
            When it does not fit the case, or cannot be written; nothing is then changed.
        """
        with self._guard:
            if self._history.budget_bytes == 0 or not is_step:
                self._applied(edit)
            else:
                inverse = edit.inverted(self.case)
                self._applied(edit)
                self._history.record_done(inverse)
            return self._told(SessionEventKind.DONE, edit)

    def undo(self) -> Case:
        """Take the last step back; does nothing when there is none."""
        with self._guard:
            step = self._history.next_undo
            if step is None:
                return self.case
            redo = step.inverted(self.case)
            self._applied(step)
            self._history.record_undone(redo)
            return self._told(SessionEventKind.UNDONE, step)

    def redo(self) -> Case:
        """Do again what was undone last; does nothing when there is nothing."""
        with self._guard:
            step = self._history.next_redo
            if step is None:
                return self.case
            inverse = step.inverted(self.case)
            self._applied(step)
            self._history.record_redone(inverse)
            return self._told(SessionEventKind.REDONE, step)

    def save(self) -> None:
        """Fold all edits into the saved case.

        Raises
        ------
        CaseFileError
            When it cannot be written; the edits stay safe in the journal.
        """
        with self._guard:
            self._stop_timer()
            if not self.is_dirty:
                return
            try:
                self.folder.commit()
            except CaseFileError as error:
                self._tell_if_read_only(error)
                raise
            self._tell(SessionEvent(SessionEventKind.SAVED, self.case))

    def working_buffer(self, layer_name: LayerName) -> WorkingBuffer:
        """Return the mutable voxels of a layer, for strokes; give what it ``finished`` to :meth:`do`."""
        return self.folder.working_buffer(layer_name)

    def stop(self) -> None:
        """Stop saving of its own accord; call it before the folder is closed."""
        with self._guard:
            self._stop_timer()
            self._listeners.clear()

    def _applied(self, edit: Edit) -> None:
        try:
            self.folder.apply(edit)
        except CaseFileError as error:
            self._tell_if_read_only(error)
            raise

    def _told(self, kind: SessionEventKind, edit: Edit) -> Case:
        case = self.case
        self._audit(kind, edit)
        self._tell(SessionEvent(kind, case, edit))
        if self.folder.journal_n_bytes >= self._journal_limit_bytes:
            self._save_of_its_own_accord()
        else:
            self._start_timer()
        return case

    def _audit(self, kind: SessionEventKind, edit: Edit) -> None:
        """Write the step into the audit log: the step itself is done, so that a failure only leaves a gap."""
        details: dict[str, object] = {"layer": edit.layer.value} if isinstance(edit, VoxelEdit) else {}
        try:
            self.folder.audit(edit.label, step=kind.value, **details)
        except CaseFileError as error:
            log.warning("a step is missing in the audit log: %s", error.message_id)
            self._tell(SessionEvent(SessionEventKind.AUDIT_FAILED, self.case, edit, error))

    def _tell(self, event: SessionEvent) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def _tell_if_read_only(self, error: CaseFileError) -> None:
        if self.folder.is_read_only:
            self._stop_timer()
            self._tell(SessionEvent(SessionEventKind.READ_ONLY, self.case, None, error))

    def _start_timer(self) -> None:
        self._stop_timer()
        if self._idle_save_s is not None:
            self._timer = threading.Timer(self._idle_save_s, self._save_of_its_own_accord)
            self._timer.daemon = True
            self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _save_of_its_own_accord(self) -> None:
        with self._guard:
            if self.folder.is_closed or self.is_read_only:
                return
            try:
                self.save()
            except CaseFileError as error:
                if self.folder.is_closed:
                    return  # closed on another thread meanwhile; closing saves
                log.warning("the case could not be saved after a pause: %s", error.message_id)
                self._tell(SessionEvent(SessionEventKind.SAVE_FAILED, self.case, None, error))
                self._start_timer()
