"""Hands on a sheet: its control points in 3D, its curve on the slices; both can be dragged."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QObject, QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen

from app.services.shape_sheet import SheetShape, shape_of_sheet, sheet_with_point, sheet_with_surface_moved
from app.ui.plan_desk import PlanDesk
from app.ui.slice_tool import SlicePointer
from app.ui.slice_view import SliceView
from app.ui.view_state import ViewState
from twin.resection import SheetCut

__all__ = ["SheetHands"]

_CURVE = QColor("#3fd0c4")
_HELD = QColor("#ffffff")
_REMOVED = QColor("#b84ac0")
_RIM = QColor(0, 0, 0, 170)
_REACH_PX = 8.0
_EVERY_TICK = 5  # segments of the curve between two ticks towards what is removed
_TICK_PX = 8.0
_FACE_ON = 0.85  # cosine: a sheet seen so flat has no height on the screen, its points move in the screen instead

FloatArray = NDArray[np.float64]
Ray = tuple[FloatArray, FloatArray]
_shape = lru_cache(maxsize=4)(shape_of_sheet)


class SheetHands(QObject):
    """What can be taken hold of on the sheet that is worked on.

    On a slice the curve follows the pointer: the sheet bends as little as that takes. In 3D each control point is
    pulled along the direction of the sheet.

    Parameters
    ----------
    state
        Holds the sheet.
    desk
        Told of each step.
    """

    def __init__(self, state: ViewState, desk: PlanDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._desk = desk
        self._held: tuple[SheetCut, SheetShape, int, FloatArray] | None = None
        self._knob: tuple[SheetCut, int, int, FloatArray, FloatArray] | None = None
        self._is_hovered = False
        self._last: SheetCut | None = None
        state.add_overlay(self)
        state.sheet_changed.connect(self._follow)

    @property
    def is_movable(self) -> bool:
        """True when there is a sheet, in a plan that may be changed."""
        return self._state.sheet is not None and self._desk.is_editable

    # In space

    def knobs_lps_mm(self) -> FloatArray:
        """Control points, (n, 3); none when nothing can be moved."""
        sheet = self._state.sheet
        if sheet is None or not self.is_movable:
            return np.zeros((0, 3))
        return np.asarray(sheet.control_points_lps_mm, dtype=np.float64).reshape(-1, 3)

    def net_lines(self) -> list[tuple[int, int]]:
        """Pairs of control points that are neighbours."""
        sheet = self._state.sheet
        if sheet is None:
            return []
        n_rows, n_columns = sheet.n_rows, sheet.n_columns
        at = np.arange(n_rows * n_columns).reshape(n_rows, n_columns)
        pairs = np.concatenate(
            [
                np.stack([at[:, :-1].ravel(), at[:, 1:].ravel()], axis=1),
                np.stack([at[:-1].ravel(), at[1:].ravel()], axis=1),
            ]
        )
        return [(int(a), int(b)) for a, b in pairs]

    def hold_knob(self, index: int, view_direction_lps: FloatArray) -> None:
        """Take hold of a control point, seen along a direction."""
        sheet = self._state.sheet
        if sheet is not None:
            row, column = divmod(index, sheet.n_columns)
            start = np.array(sheet.control_points_lps_mm[row][column])
            self._knob = (sheet, row, column, start, view_direction_lps)

    def drag_knob(self, ray: Ray) -> None:
        """Pull the control point under a ray."""
        if self._knob is None:
            return
        sheet, row, column, start, seen_along = self._knob
        normal = _shape(sheet).normal_lps
        point, direction = ray
        if abs(float(normal @ seen_along)) > _FACE_ON:
            wanted = point + float((start - point) @ direction) * direction
        else:
            across = normal - float(normal @ direction) * direction
            slide = float((point - start) @ across) / float(across @ across)
            wanted = start + slide * normal
        self._desk.drag_cut(sheet_with_point(sheet, row, column, wanted))

    def release_knob(self) -> None:
        """Let the control point go."""
        self._knob = None
        self._desk.release()

    # On slices

    def curve(self, view: SliceView) -> tuple[list[QLineF], NDArray[np.int64]]:
        """Return the curve on a slice as lines of the widget, and the sample of the sheet next to each."""
        sheet, frame = self._state.sheet, view.frame_of_slice
        if sheet is None or frame is None:
            return [], np.zeros(0, np.int64)
        origin, normal = frame.lps_from_pixel(0, 0, view.slice_index), frame.directions_lps[2]
        segments, samples = _shape(sheet).curve_on(origin, normal)
        return [QLineF(view.screen_from_lps(a), view.screen_from_lps(b)) for a, b in segments], samples

    @property
    def cursor(self) -> Qt.CursorShape:
        """Over the curve it can be pulled."""
        return Qt.CursorShape.SizeAllCursor if self._is_hovered else Qt.CursorShape.CrossCursor

    def press(self, pointer: SlicePointer) -> bool:
        """Take hold of the curve."""
        sheet, sample = self._state.sheet, self._sample_at(pointer)
        if sheet is None or sample is None:
            return False
        self._held = (sheet, _shape(sheet), sample, pointer.point_lps_mm)
        return True

    def move(self, pointer: SlicePointer) -> None:
        """Bend the sheet under the pointer, along its own direction."""
        if self._held is None:
            return
        sheet, shape, sample, start = self._held
        frame = pointer.view.frame_of_slice
        moved = pointer.point_lps_mm - start
        assert frame is not None
        through = frame.directions_lps[2]
        within = shape.normal_lps - float(shape.normal_lps @ through) * through
        length = float(np.linalg.norm(within))
        if length > 1.0 - _FACE_ON:  # else the slice lies along the sheet: it is moved as the hand goes
            within /= length
            moved = float(moved @ within) / length * shape.normal_lps
        self._desk.drag_cut(sheet_with_surface_moved(sheet, shape, sample, moved))

    def release(self, pointer: SlicePointer) -> None:
        """Let the curve go."""
        self._held = None
        self._desk.release()

    def hover(self, pointer: SlicePointer | None) -> None:
        """Show that the curve can be pulled."""
        self._is_hovered = pointer is not None and self._sample_at(pointer) is not None

    def wheel(self, pointer: SlicePointer, steps: int) -> bool:
        """Leave the wheel to the view."""
        return False

    def double_click(self, pointer: SlicePointer) -> bool:
        """Leave it to the view."""
        return False

    def key(self, view: SliceView, event: QKeyEvent) -> bool:
        """Leave keys to the view."""
        return False

    def cancel(self) -> None:
        """Nothing is begun without a held button."""
        self._held = None

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw the curve, with ticks towards what is removed."""
        lines, samples = self.curve(view)
        sheet = self._state.sheet
        if not lines or sheet is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = _HELD if self._held is not None else _CURVE
        for pen in (QPen(_RIM, 4.0), QPen(colour, 2.0)):
            painter.setPen(pen)
            painter.drawLines(lines)
        normal, points = _shape(sheet).normal_lps, _shape(sheet).points_lps_mm.reshape(-1, 3)
        painter.setPen(QPen(_REMOVED, 2.0))
        for number in range(0, len(lines), _EVERY_TICK):
            place = points[samples[number]]
            towards = view.screen_from_lps(place + 10.0 * normal) - view.screen_from_lps(place)
            length = float(np.hypot(towards.x(), towards.y()))
            if length > 1.0:
                middle = lines[number].center()
                painter.drawLine(middle, middle + towards * (_TICK_PX / length))

    def _sample_at(self, pointer: SlicePointer) -> int | None:
        if not self.is_movable:
            return None
        lines, samples = self.curve(pointer.view)
        distances = [_distance_px(line, pointer.at) for line in lines]
        nearest = int(np.argmin(distances)) if distances else -1
        return int(samples[nearest]) if nearest >= 0 and distances[nearest] < _REACH_PX else None

    def _follow(self) -> None:
        if self._state.sheet is not self._last:
            self._last = self._state.sheet
            self._state.overlays_changed.emit()  # slices paint the curve where it is now


def _distance_px(line: QLineF, at: QPointF) -> float:
    along = QPointF(line.dx(), line.dy())
    square = QPointF.dotProduct(along, along)
    share = 0.0 if square < 1e-9 else min(max(QPointF.dotProduct(at - line.p1(), along) / square, 0.0), 1.0)
    off = at - (line.p1() + along * share)
    return float(np.hypot(off.x(), off.y()))
