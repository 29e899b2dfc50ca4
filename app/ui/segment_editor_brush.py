"""Brush, eraser, threshold brush and scissors on slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from app.services.edit_requests import Brush, ScissorsCut, StrokeMode
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_state import EditorTool
from app.ui.segment_editor_stroke import LiveStroke
from app.ui.segment_editor_tool import HALO, EditorSliceTool, as_point, paint_line, structure_colour
from app.ui.slice_tool import SlicePointer

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["BrushTool", "ScissorsTool"]

_ERASES = QColor("#ff9d8f")
_IN_RANGE = QColor(76, 194, 185, 70)
_PICK_REACH_MM = 3.0
_PICK_SPREADS = 2.0  # of the grey values around a click that a range takes in on either side
_LEAST_STEP_PX = 3.0


class BrushTool(EditorSliceTool):
    """Paints along the pointer; with Control the other way round. Shift and wheel, or the keys, change its size."""

    def __init__(self, editor: SegmentEditor, kind: EditorTool) -> None:
        super().__init__(editor)
        self._kind = kind
        self._pointer: SlicePointer | None = None
        self._stroke: LiveStroke | None = None

    def press(self, pointer: SlicePointer) -> bool:
        """Begin a stroke; with Alt the threshold brush takes its range from here."""
        self._pointer = pointer
        if self._is_threshold and pointer.modifiers & Qt.KeyboardModifier.AltModifier:
            self._pick_range(pointer)
            return True
        frame = pointer.view.frame_of_slice
        assert frame is not None
        normal = as_point(frame.directions_lps[2]) if self.editor.options.is_flat else None
        brush = Brush(self.editor.options.radius_mm, normal)
        self._stroke = self.editor.begin_stroke(brush, self._mode(pointer), with_range=self._is_threshold)
        if self._stroke is not None:
            self._stroke.add(as_point(pointer.point_lps_mm))
        return True

    def move(self, pointer: SlicePointer) -> None:
        """Draw on."""
        self._pointer = pointer
        if self._stroke is not None:
            self._stroke.add(as_point(pointer.point_lps_mm))

    def release(self, pointer: SlicePointer) -> None:
        """The stroke becomes a step."""
        self._pointer = pointer
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            stroke.finish()

    def hover(self, pointer: SlicePointer | None) -> None:
        """Show the brush under the pointer."""
        self._pointer = pointer
        if not self.editor.options.is_flat:
            self.editor.overlay_changed.emit()  # a ball is seen on every slice

    def wheel(self, pointer: SlicePointer, steps: int) -> bool:
        """Change the size."""
        self.editor.resize_brush(steps)
        return True

    def cancel(self) -> None:
        """Take the stroke back."""
        stroke, self._stroke = self._stroke, None
        if stroke is not None:
            stroke.cancel()

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw the outline of the brush, and for the threshold brush what lies in its range."""
        if self._is_threshold:
            self._paint_range(painter, view)
        pointer, frame = self._pointer, view.frame_of_slice
        if pointer is None or frame is None:
            return
        apart_mm = (float(frame.pixel_from_lps(pointer.point_lps_mm)[2]) - view.slice_index) * frame.spacing_mm[2]
        radius_mm = self.editor.options.radius_mm
        is_here = pointer.view is view
        if (not is_here and self.editor.options.is_flat) or abs(apart_mm) >= radius_mm:
            return
        reach_px = float(np.sqrt(radius_mm**2 - (0.0 if is_here else apart_mm) ** 2)) / view.mm_per_px
        erases = self._mode(pointer) is StrokeMode.ERASE
        colour = _ERASES if erases else structure_colour(self.editor.structure_id)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(HALO, 3.4), QPen(colour, 1.8, Qt.PenStyle.DashLine if erases else Qt.PenStyle.SolidLine)):
            painter.setPen(pen)
            painter.drawEllipse(view.screen_from_lps(pointer.point_lps_mm), reach_px, reach_px)

    @property
    def _is_threshold(self) -> bool:
        return self._kind is EditorTool.THRESHOLD

    def _mode(self, pointer: SlicePointer) -> StrokeMode:
        is_turned = bool(pointer.modifiers & Qt.KeyboardModifier.ControlModifier)
        return StrokeMode.ERASE if (self._kind is EditorTool.ERASER) != is_turned else StrokeMode.PAINT

    def _pick_range(self, pointer: SlicePointer) -> None:
        """Take the grey values around the pointer as the range."""
        case = self.editor.case
        if case is None or case.planning_volume_id is None:
            return
        volume = case.planning_volume
        middle = np.rint(volume.grid.ijk_from_lps(pointer.point_lps_mm)).astype(int)[::-1]
        reach = np.maximum(np.rint(_PICK_REACH_MM / volume.grid.spacing_ijk_mm[::-1]).astype(int), 1)
        start, stop = np.maximum(middle - reach, 0), np.minimum(middle + reach + 1, volume.grid.shape_kji)
        values = volume.voxels[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))].astype(np.float64)
        if values.size:
            spread = max(float(values.std()), 5.0) * _PICK_SPREADS
            centre = float(np.median(values))
            self.editor.set_option(range_from=round(centre - spread), range_to=round(centre + spread))

    def _paint_range(self, painter: QPainter, view: SliceView) -> None:
        frame, case = view.frame_of_slice, self.editor.case
        if frame is None or case is None or case.planning_volume_id is None:
            return
        voxels = case.planning_volume.voxels
        if voxels.shape != frame.grid.shape_kji:
            return
        low, high = sorted((self.editor.options.range_from, self.editor.options.range_to))
        values: NDArray[Any] = frame.slice_of(voxels, view.slice_index)
        is_in = (values >= low) & (values <= high)
        pixels = np.where(is_in, np.uint32(_IN_RANGE.rgba()), np.uint32(0))
        rows, columns = pixels.shape
        data = pixels.tobytes()  # Qt reads it while it draws
        image = QImage(data, columns, rows, columns * 4, QImage.Format.Format_ARGB32)
        corners = (frame.lps_from_pixel(x, y, view.slice_index) for x, y in ((-0.5, -0.5), (columns - 0.5, rows - 0.5)))
        first, last = (view.screen_from_lps(corner) for corner in corners)
        painter.drawImage(QRectF(first, last), image)


class ScissorsTool(EditorSliceTool):
    """Cuts along a line that is drawn round; it closes itself at the release."""

    def __init__(self, editor: SegmentEditor) -> None:
        super().__init__(editor)
        self._line: list[NDArray[np.float64]] = []
        self._last_at = QPointF()
        self._view: SliceView | None = None

    def press(self, pointer: SlicePointer) -> bool:
        """Begin the line."""
        if self.editor.ready_structure() is not None:
            self._line, self._last_at, self._view = [pointer.point_lps_mm], pointer.at, pointer.view
        return True

    def move(self, pointer: SlicePointer) -> None:
        """Draw the line on."""
        if self._line and (pointer.at - self._last_at).manhattanLength() >= _LEAST_STEP_PX:
            self._line.append(pointer.point_lps_mm)
            self._last_at = pointer.at

    def release(self, pointer: SlicePointer) -> None:
        """Cut."""
        line, self._line = self._line, []
        structure_id, labels, frame = self.editor.structure_id, self.editor.labels, pointer.view.frame_of_slice
        if not line or structure_id is None or labels is None or frame is None:
            return
        options = self.editor.options
        half_mm = 0.5 * frame.spacing_mm[2]
        depth = (-half_mm, half_mm) if options.is_one_slice else None
        cut = ScissorsCut(np.array(line), as_point(frame.directions_lps[2]), options.scissors, depth)
        limits = options.limits()
        self.editor.step(
            "segment_editor.task.scissors", lambda cancel: labels.scissors_edit(structure_id, cut, limits=limits)
        )

    def cancel(self) -> None:
        """Forget the line."""
        self._line = []

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw the line, filled faintly, closed by a thin one."""
        if view is not self._view or len(self._line) < 2:
            return
        points = [view.screen_from_lps(point) for point in self._line]
        colour = structure_colour(self.editor.structure_id) if self.editor.options.scissors.is_fill else _ERASES
        fill = QColor(colour)
        fill.setAlpha(50)
        painter.setPen(QPen(colour, 1.0, Qt.PenStyle.DashLine))
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF(points))
        paint_line(painter, points, colour)
