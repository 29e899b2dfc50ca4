"""What the tools on slices have in common, and how points of the patient are drawn on a slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_state import EditorTool
from app.ui.slice_tool import SlicePointer
from twin.anatomy import structure

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["HALO", "EditorSliceTool", "as_point", "is_on_slice", "paint_line", "paint_marker", "structure_colour"]

HALO = QColor(0, 0, 0, 190)
_NEAR_SLICES = 0.75


class EditorSliceTool:
    """A tool that does nothing yet; the others change what they need.

    Parameters
    ----------
    editor
        What is edited.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, editor: SegmentEditor) -> None:
        self.editor = editor

    def press(self, pointer: SlicePointer) -> bool:
        """Leave it to the view."""
        return False

    def move(self, pointer: SlicePointer) -> None:
        """Nothing is dragged."""

    def release(self, pointer: SlicePointer) -> None:
        """Nothing was dragged."""

    def hover(self, pointer: SlicePointer | None) -> None:
        """Nothing follows the pointer."""

    def wheel(self, pointer: SlicePointer, steps: int) -> bool:
        """Leave it to the view."""
        return False

    def double_click(self, pointer: SlicePointer) -> bool:
        """A double click is two clicks for a tool; it never fills the window."""
        return True

    def key(self, view: SliceView, event: QKeyEvent) -> bool:
        """Lay the tool down with Escape; the other keys are left to the view."""
        if event.key() != Qt.Key.Key_Escape:
            return False
        self.editor.choose_tool(EditorTool.LOOK)
        return True

    def cancel(self) -> None:
        """Nothing was begun."""

    def can_take_back(self) -> bool:
        """True when the last click can be taken back."""
        return False

    def take_back(self) -> None:
        """Take the last click back."""

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw nothing."""


def as_point(point_lps_mm: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return a point as three numbers."""
    x, y, z = (float(value) for value in point_lps_mm)
    return (x, y, z)


def is_on_slice(view: SliceView, point_lps_mm: NDArray[np.float64]) -> bool:
    """Tell whether a point lies on the slice that a view shows."""
    frame = view.frame_of_slice
    return frame is not None and abs(float(frame.pixel_from_lps(point_lps_mm)[2]) - view.slice_index) <= _NEAR_SLICES


def structure_colour(structure_id: str | None) -> QColor:
    """Return the colour of a structure, light enough for a dark slice."""
    colour = QColor("#e9f0f0") if structure_id is None else QColor(structure(structure_id).colour)
    lightness = max(colour.lightnessF(), 0.72)
    return QColor.fromHslF(max(colour.hslHueF(), 0.0), colour.hslSaturationF(), lightness)


def paint_line(painter: QPainter, points: Sequence[QPointF], colour: QColor, width: float = 2.0) -> None:
    """Draw a line with a dark halo."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(HALO, width + 2.0), QPen(colour, width)):
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(list(points))


def paint_marker(painter: QPainter, at: QPointF, colour: QColor, sign: str = "") -> None:
    """Draw a click: a disc with plus, minus, a number or nothing in it."""
    painter.setPen(QPen(HALO, 1.5))
    painter.setBrush(colour)
    painter.drawEllipse(at, 7.0, 7.0)
    if sign:
        font = painter.font()
        font.setPixelSize(12)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QColor("#101416"))
        painter.drawText(QRectF(at.x() - 8, at.y() - 8, 16, 16), int(Qt.AlignmentFlag.AlignCenter), sign)
    painter.setBrush(Qt.BrushStyle.NoBrush)
