"""Tools of one click: pieces of a structure, and corrections "this belongs to it", "this does not"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from app.services.correct_labels import LabelCorrection
from app.services.edit_requests import KeepIslandAt, LabelOperation, MoveIslandAt, RemoveIslandAt
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_state import IslandAction
from app.ui.segment_editor_tool import EditorSliceTool, as_point, is_on_slice, paint_line, paint_marker
from app.ui.slice_tool import SlicePointer
from twin.errors import InputError, TwinSightError

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["INSIDE", "OUTSIDE", "ClicksTool", "PiecesTool"]

INSIDE, OUTSIDE = QColor("#7fd6a0"), QColor("#ff9d8f")
_LEAST_SCRIBBLE_PX = 6.0


class PiecesTool(EditorSliceTool):
    """A click on a piece removes it, keeps it alone, or gives it to another structure."""

    cursor = Qt.CursorShape.PointingHandCursor

    def press(self, pointer: SlicePointer) -> bool:
        """Work on the piece under the pointer."""
        point, options = as_point(pointer.point_lps_mm), self.editor.options
        operation: LabelOperation
        if options.island is IslandAction.REMOVE:
            operation = RemoveIslandAt(point)
        elif options.island is IslandAction.KEEP:
            operation = KeepIslandAt(point)
        elif options.island_target is None:
            self.editor.failed.emit(InputError("segment_editor.error.no_target"))
            return True
        else:
            operation = MoveIslandAt(point, options.island_target)
        self.editor.apply_operation(operation)
        return True


class ClicksTool(EditorSliceTool):
    """Clicks, or short scribbles, inside and outside of a structure; each is one step of undo."""

    def __init__(self, editor: SegmentEditor) -> None:
        super().__init__(editor)
        self._correction: LabelCorrection | None = None
        self._line: list[NDArray[np.float64]] = []
        self._line_view: SliceView | None = None
        self._is_inside = True

    def follow_structure(self) -> None:
        """Correct the structure that is chosen now."""
        wanted = self.editor.structure_id
        if self._correction is not None and self._correction.structure_id == wanted:
            return
        self._close()
        work = self.editor.work
        if wanted is None or work is None or not self.editor.is_editable:
            return
        try:
            self._correction = LabelCorrection(work.session, wanted)
        except TwinSightError as error:
            self.editor.failed.emit(error)

    def press(self, pointer: SlicePointer) -> bool:
        """Begin a click or a scribble; with Control on the other side."""
        if self.editor.ready_structure() is not None:
            self.follow_structure()
            is_turned = bool(pointer.modifiers & Qt.KeyboardModifier.ControlModifier)
            self._is_inside = self.editor.options.is_inside_click != is_turned
            self._line, self._line_view = [pointer.point_lps_mm], pointer.view
        return True

    def move(self, pointer: SlicePointer) -> None:
        """Draw the scribble on."""
        if self._line:
            last = pointer.view.screen_from_lps(self._line[-1])
            if (pointer.at - last).manhattanLength() >= _LEAST_SCRIBBLE_PX:
                self._line.append(pointer.point_lps_mm)

    def release(self, pointer: SlicePointer) -> None:
        """Ask what the click changes, and make it a step."""
        line, self._line = self._line, []
        correction, is_inside = self._correction, self._is_inside
        if not line or correction is None:
            return
        self.editor.step(
            "segment_editor.task.click", lambda cancel: correction.edit(np.array(line), is_inside=is_inside)
        )

    def cancel(self) -> None:
        """Forget the scribble."""
        self._line = []

    def leave(self) -> None:
        """Stop following the case: another tool was taken up."""
        self._close()

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw the clicks on this slice."""
        for click in () if self._correction is None else self._correction.clicks:
            if is_on_slice(view, click.middle_lps_mm):
                _paint_click(painter, view, click.middle_lps_mm, is_inside=click.is_inside)
        if view is self._line_view and len(self._line) > 1:
            points = [view.screen_from_lps(point) for point in self._line]
            paint_line(painter, points, INSIDE if self._is_inside else OUTSIDE, 3.0)

    def _close(self) -> None:
        if self._correction is not None:
            self._correction.close()
            self._correction = None


def _paint_click(painter: QPainter, view: SliceView, point: NDArray[np.float64], *, is_inside: bool) -> None:
    paint_marker(painter, view.screen_from_lps(point), INSIDE if is_inside else OUTSIDE, "+" if is_inside else "−")
