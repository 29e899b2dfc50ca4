"""Ruler and angle: drag a length, click the three points of an angle, drag an end to mend it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter

from app.ui.measures import Measure, MeasureKind, Measures
from app.ui.slice_tool import SlicePointer
from app.ui.slice_view import SliceView

__all__ = ["MeasureTool"]

_LEAST_MM = 0.5  # a click without a drag measures nothing


class MeasureTool:
    """A `SliceTool` that sets measures.

    Parameters
    ----------
    kind
        Ruler or angle.
    measures
        Where they are kept.
    """

    def __init__(self, kind: MeasureKind, measures: Measures) -> None:
        self.kind = kind
        self._measures = measures
        self._held: tuple[int, int] | None = None  # measure and point that follow the pointer
        self._is_growing = False  # an angle whose next point follows the pointer without a button

    @property
    def cursor(self) -> Qt.CursorShape:
        """A cross."""
        return Qt.CursorShape.CrossCursor

    def press(self, pointer: SlicePointer) -> bool:
        """Begin a measure, set the next point of an angle, or take hold of an end."""
        if self._is_growing and self._held is not None:
            return True
        found = self._measures.found_at(pointer.view, pointer.at)
        if found is not None:
            self._held = found
            return True
        point = pointer.point_lps_mm
        self._held = (self._measures.add(Measure(self.kind, (point, point))), 1)
        self._is_growing = self.kind is MeasureKind.ANGLE
        return True

    def move(self, pointer: SlicePointer) -> None:
        """Let the point follow."""
        if self._held is not None:
            number, which = self._held
            moved = self._measures.measures[number].with_point(which, pointer.point_lps_mm)
            self._measures.replace(number, moved)

    def release(self, pointer: SlicePointer) -> None:
        """Set the point; an angle goes on with its next one."""
        if self._held is None:
            return
        self.move(pointer)
        number, which = self._held
        measure = self._measures.measures[number]
        if self._is_growing:
            first, *_, last = measure.points_lps_mm[max(which - 1, 0) : which + 1]
            if float(((last - first) ** 2).sum()) < _LEAST_MM**2:
                return  # the first click: its end still follows the pointer
            if which + 1 < self.kind.n_points:
                self._measures.replace(number, measure.with_point(which + 1, pointer.point_lps_mm))
                self._held = (number, which + 1)
                return
            self._is_growing = False
        elif measure.kind is MeasureKind.RULER and measure.value < _LEAST_MM:
            self._measures.remove(number)
        self._held = None

    def hover(self, pointer: SlicePointer | None) -> None:
        """Let the next point of an angle follow."""
        if pointer is not None and self._is_growing:
            self.move(pointer)

    def wheel(self, pointer: SlicePointer, steps: int) -> bool:
        """Scroll as without a tool."""
        return False

    def double_click(self, pointer: SlicePointer) -> bool:
        """Set the point of an angle: two quick clicks are two points."""
        if self._is_growing:
            self.release(pointer)
        return True

    def key(self, view: SliceView, event: QKeyEvent) -> bool:
        """Escape gives up the angle, Delete drops the last measure."""
        if event.key() == Qt.Key.Key_Escape and self._is_growing:
            self.cancel()
            return True
        if event.key() == Qt.Key.Key_Delete and self._measures.measures and not self._is_growing:
            self._held = None
            self._measures.remove(len(self._measures.measures) - 1)
            return True
        return False

    def cancel(self) -> None:
        """Drop an angle that has not all its points."""
        if self._is_growing and self._held is not None:
            self._measures.remove(self._held[0])
        self._held, self._is_growing = None, False

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Paint nothing: the measures are painted with or without the tool."""
