"""Lengths and angles measured on slices: kept while the scan is looked at, painted with their values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from app.scene.slice_frame import SliceFrame
from app.ui.slice_painter import paint_text
from twin.wording import Wording

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["Measure", "MeasureKind", "Measures"]

Points = tuple[NDArray[np.float64], ...]
_INK = QColor("#ffd166")
_RIM = QColor(0, 0, 0, 190)
_REACH_PX = 9.0
_IN_SLICE = 0.51  # of the step between slices: a point belongs to the slice it was set on


class MeasureKind(StrEnum):
    """What is measured."""

    RULER = "ruler"
    ANGLE = "angle"

    @property
    def n_points(self) -> int:
        """Points that it takes."""
        return 2 if self is MeasureKind.RULER else 3


@dataclass(frozen=True, eq=False)
class Measure:
    """A length between two points, or the angle at the middle one of three; LPS millimetres.

    Examples
    --------
    >>> Measure(MeasureKind.RULER, (np.zeros(3), np.array([3.0, 4.0, 0.0]))).value
    5.0
    >>> corner = (np.array([1.0, 0.0, 0.0]), np.zeros(3), np.array([0.0, 2.0, 0.0]))
    >>> round(Measure(MeasureKind.ANGLE, corner).value, 6)
    90.0
    """

    kind: MeasureKind
    points_lps_mm: Points

    @property
    def is_complete(self) -> bool:
        """True when every point is set."""
        return len(self.points_lps_mm) == self.kind.n_points

    @property
    def value(self) -> float:
        """Millimetres of a ruler, degrees of an angle; 0 while a point is missing."""
        points = self.points_lps_mm
        if not self.is_complete:
            return 0.0
        if self.kind is MeasureKind.RULER:
            return float(np.linalg.norm(points[1] - points[0]))
        one, other = points[0] - points[1], points[2] - points[1]
        # atan2 of cross and dot is exact for flat and for nearly straight angles.
        return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), float(one @ other))))

    def with_point(self, number: int, point_lps_mm: NDArray[np.float64]) -> Measure:
        """Return the measure with one point moved, or added at the end."""
        points = list(self.points_lps_mm)
        points[number : number + 1] = [point_lps_mm]
        return replace(self, points_lps_mm=tuple(points))

    def text(self, wording: Wording) -> str:
        """Return its value with its unit."""
        if self.kind is MeasureKind.RULER:
            return wording.quantity(self.value, "mm", decimals=1)
        return f"{wording.number(self.value)}°"


class Measures(QObject):
    """The measures of the scan that is looked at; a slice paints those that lie in it."""

    changed = Signal()

    def __init__(self, wording: Wording, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.measures: list[Measure] = []
        self._wording = wording

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording

    def add(self, measure: Measure) -> int:
        """Keep a measure; return its number."""
        self.measures.append(measure)
        self.changed.emit()
        return len(self.measures) - 1

    def replace(self, number: int, measure: Measure) -> None:
        """Put a measure in place of one."""
        self.measures[number] = measure
        self.changed.emit()

    def remove(self, number: int) -> None:
        """Drop one."""
        del self.measures[number]
        self.changed.emit()

    def clear(self) -> None:
        """Drop all."""
        self.measures.clear()
        self.changed.emit()

    def found_at(self, view: SliceView, at: QPointF) -> tuple[int, int] | None:
        """Return the number of the measure and of its point under the pointer."""
        frame = view.frame_of_slice
        for number, measure in enumerate(self.measures):
            if frame is None or not _lies_in(measure, frame, view.slice_index):
                continue
            for which, point in enumerate(measure.points_lps_mm):
                offset = view.screen_from_lps(point) - at
                if np.hypot(offset.x(), offset.y()) < _REACH_PX:
                    return number, which
        return None

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw what lies in the slice of a view."""
        frame = view.frame_of_slice
        if frame is None:
            return
        for measure in self.measures:
            if _lies_in(measure, frame, view.slice_index):
                self._paint_one(painter, measure, [view.screen_from_lps(p) for p in measure.points_lps_mm])

    def _paint_one(self, painter: QPainter, measure: Measure, at: list[QPointF]) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((_RIM, 3.6), (_INK, 1.5)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(at)
        painter.setPen(QPen(_RIM, 1.0))
        painter.setBrush(_INK)
        for point in at:
            painter.drawEllipse(point, 3.2, 3.2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if measure.is_complete:
            font = QFont(painter.font())
            font.setPixelSize(13)
            painter.setFont(font)
            beside = at[-1] if measure.kind is MeasureKind.RULER else at[1]
            where = QRectF(beside.x() + 9, beside.y() - 20, 120, 18)
            ink = (_INK, _RIM)
            paint_text(painter, where, measure.text(self._wording), Qt.AlignmentFlag.AlignLeft, is_bold=True, ink=ink)


def _lies_in(measure: Measure, frame: SliceFrame, index: int) -> bool:
    depths = frame.pixel_from_lps(np.array(measure.points_lps_mm))[:, 2]
    return bool((np.abs(depths - index) < _IN_SLICE).all())
