"""Answers of the actions of the segment editor."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.services.edit_requests import KeepLargestIsland
from app.ui.segment_editor_operation import operation_of
from app.ui.segment_editor_state import EditorTool
from app.ui.steps import Step
from twin.errors import InputError

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow

__all__ = ["SegmentEditorActions"]


class SegmentEditorActions:
    """What the actions ``tool.*`` do.

    Parameters
    ----------
    window
        Owns the editor.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def answers(self) -> dict[str, Callable[[], None]]:
        """Return what each action does."""
        answers: dict[str, Callable[[], None]] = {
            "tool.larger": lambda: self._window.editor.resize_brush(1),
            "tool.smaller": lambda: self._window.editor.resize_brush(-1),
            "tool.flat": self._toggle_flat,
            "tool.lock": self._toggle_lock,
            "tool.delete": lambda: self._window.editor.delete_structure(),
            "tool.keep_largest": lambda: self._window.editor.apply_operation(KeepLargestIsland()),
            "tool.preview": lambda: self._operate(is_preview=True),
            "tool.run": lambda: self._operate(is_preview=False),
            "tool.new_lesion": self._start_lesion,
            "tool.candidates": lambda: self._window.editor_tools.lesion.find_candidates(),
            "tool.trace_vessels": lambda: self._window.editor_tools.vessels.trace(),
            "tool.accept": lambda: self._window.editor.accept(),
            "tool.drop": lambda: self._window.editor.drop(),
            "tool.take_back": self._take_back,
        }
        answers["steps.undo"] = self._undo
        for tool in EditorTool:
            answers[f"tool.{tool}"] = partial(self._choose, tool)
        return answers

    def _choose(self, tool: EditorTool) -> None:
        """Take a tool up; chosen again it is laid down."""
        editor = self._window.editor
        if self._window.pages.step is not Step.SEGMENT:
            self._window.show_step(Step.SEGMENT)
        editor.choose_tool(EditorTool.LOOK if tool is editor.tool else tool)

    def _toggle_flat(self) -> None:
        self._window.editor.set_option(is_flat=not self._window.editor.options.is_flat)

    def _toggle_lock(self) -> None:
        editor = self._window.editor
        if editor.structure_id is not None:
            editor.set_locked(editor.structure_id, is_locked=not editor.is_locked)

    def _operate(self, *, is_preview: bool) -> None:
        editor = self._window.editor
        entry = operation_of(editor.options.operation)
        if entry.wants_other and editor.options.other is None:
            editor.failed.emit(InputError("segment_editor.error.no_other"))
            return
        operation = entry.make(editor.options)
        if is_preview:
            editor.preview_operation(operation)
        else:
            editor.apply_operation(operation)

    def _start_lesion(self) -> None:
        self._window.editor_tools.lesion.start_new()
        self._window.structure_panel.deselect()

    def _undo(self) -> None:
        """Take back a click that is not accepted yet, otherwise the last step of the case."""
        tool, work = self._window.editor_tools.active, self._window.control.work
        if tool is not None and tool.can_take_back():
            tool.take_back()
        elif work is not None:
            work.undo()

    def _take_back(self) -> None:
        tool = self._window.editor_tools.active
        if tool is not None and tool.can_take_back():
            tool.take_back()
