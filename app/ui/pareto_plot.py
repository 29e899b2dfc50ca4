"""Proposals as points: margin to the right, what remains upwards; a click chooses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from twin.plan import Plan
from twin.wording import Wording

__all__ = ["ParetoPlot", "PlotPoint"]

_REACH_PX = 11.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 22.0, 34.0
_N_TICKS = 4


@dataclass(frozen=True, eq=False)
class PlotPoint:
    """A point of the plot.

    Parameters
    ----------
    plan
        What a click shows.
    margin_mm, remnant_ml
        Where it is.
    is_proposal
        True for a proposal with settled figures, False for another place of the front.
    is_on_front
        False for one that another dominates.
    is_of_case
        True for a plan of the case, to compare with.
    text
        What is said of it.
    """

    plan: Plan
    margin_mm: float
    remnant_ml: float
    is_proposal: bool = False
    is_on_front: bool = True
    is_of_case: bool = False
    text: str = ""


class ParetoPlot(QWidget):
    """The plot; arrows go from point to point.

    Parameters
    ----------
    wording
        Language of its texts.
    """

    point_chosen = Signal(object)  # PlotPoint

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self.points: tuple[PlotPoint, ...] = ()
        self.chosen: PlotPoint | None = None
        self._remnant_name = "ui.proposals.axis_flr"
        self.setMinimumSize(220, 210)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """As broad as the page."""
        return QSize(280, 230)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.setAccessibleName(wording.text("ui.proposals.title"))
        self.update()

    def show_points(self, points: Sequence[PlotPoint], *, has_perfusion: bool) -> None:
        """Show points in place of those before."""
        self.points, self.chosen = tuple(points), None
        self._remnant_name = "ui.proposals.axis_functional" if has_perfusion else "ui.proposals.axis_flr"
        self.update()

    def choose(self, point: PlotPoint | None) -> None:
        """Mark a point, and tell it."""
        self.chosen = point
        self.update()
        if point is not None:
            self.point_chosen.emit(point)

    def position_of(self, point: PlotPoint) -> QPointF:
        """Where a point is on the widget."""
        (low_x, high_x), (low_y, high_y) = self._ranges()
        box = self._box()
        share_x = (point.margin_mm - low_x) / (high_x - low_x)
        share_y = (point.remnant_ml - low_y) / (high_y - low_y)
        return QPointF(box.left() + share_x * box.width(), box.bottom() - share_y * box.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the point under the pointer."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        found = self._at(event.position())
        if found is not None:
            self.choose(found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what lies under the pointer."""
        found = self._at(event.position())
        self.setToolTip("" if found is None else self._said(found))
        self.setCursor(Qt.CursorShape.ArrowCursor if found is None else Qt.CursorShape.PointingHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the next point with the arrows."""
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1}.get(Qt.Key(event.key()))
        ordered = sorted((p for p in self.points if not p.is_of_case), key=lambda p: p.margin_mm)
        if step is None or not ordered:
            super().keyPressEvent(event)
            return
        at = ordered.index(self.chosen) + step if self.chosen in ordered else 0
        self.choose(ordered[min(max(at, 0), len(ordered) - 1)])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axes, the front as a line, and the points."""
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.points:
            return
        self._paint_axes(painter)
        colours = self.palette()
        accent, quiet = colours.highlight().color(), colours.placeholderText().color()
        front = sorted((p for p in self.points if p.is_on_front and not p.is_of_case), key=lambda p: p.margin_mm)
        painter.setPen(QPen(accent, 1.2))
        painter.drawPolyline(QPolygonF([self.position_of(p) for p in front]))
        for point in sorted(self.points, key=lambda p: (p.is_proposal, p is self.chosen)):
            self._paint_point(painter, point, accent, quiet)

    def _paint_point(self, painter: QPainter, point: PlotPoint, accent: QColor, quiet: QColor) -> None:
        at, text = self.position_of(point), self.palette().windowText().color()
        if point.is_of_case:
            painter.setPen(QPen(text, 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(QPolygonF([at + QPointF(*d) for d in ((0, -6), (6, 0), (0, 6), (-6, 0))]))
            painter.drawText(QRectF(at.x() + 8, at.y() - 8, 60, 16), int(Qt.AlignmentFlag.AlignLeft), point.plan.name)
            return
        painter.setPen(QPen(text, 2.2) if point is self.chosen else QPen(accent if point.is_on_front else quiet, 1.4))
        is_full = point.is_proposal and point.is_on_front
        painter.setBrush(accent if is_full else self.palette().window().color())
        radius = 5.5 if point.is_proposal else 3.2
        painter.drawEllipse(at, radius, radius)
        if point is self.chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, radius + 4, radius + 4)

    def _paint_axes(self, painter: QPainter) -> None:
        wording, box = self._wording, self._box()
        (low_x, high_x), (low_y, high_y) = self._ranges()
        painter.setPen(QPen(self.palette().placeholderText().color(), 1.0))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topLeft())
        font = QFont(painter.font())
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(self.palette().windowText().color())
        for share in np.linspace(0.0, 1.0, _N_TICKS):
            x, y = low_x + share * (high_x - low_x), low_y + share * (high_y - low_y)
            at = box.left() + share * box.width()
            text = wording.number(x, decimals=0 if high_x - low_x > 6 else 1)
            painter.drawText(QRectF(at - 24, box.bottom() + 3, 48, 14), int(Qt.AlignmentFlag.AlignHCenter), text)
            up = QRectF(0, box.bottom() - share * box.height() - 7, _LEFT - 5, 14)
            painter.drawText(up, int(Qt.AlignmentFlag.AlignRight), wording.number(y, decimals=0))
        below = QRectF(box.left(), box.bottom() + 17, box.width(), 15)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignRight), f"{wording.text('ui.proposals.axis_margin')} (mm)")
        above = QRectF(4, 2, self.width() - 8, 15)
        painter.drawText(above, int(Qt.AlignmentFlag.AlignLeft), f"{wording.text(self._remnant_name)} (ml)")

    def _said(self, point: PlotPoint) -> str:
        wording = self._wording
        margin, remnant = wording.quantity(point.margin_mm, "mm"), wording.quantity(point.remnant_ml, "ml")
        return f"{point.text}\n{margin}, {remnant}".strip()

    def _at(self, at: QPointF) -> PlotPoint | None:
        distances = {
            n: (self.position_of(p) - at).manhattanLength() - (2.0 if p.is_proposal else 0.0)
            for n, p in enumerate(self.points)
            if not p.is_of_case
        }
        nearest = min(distances, key=lambda n: distances[n], default=None)
        return self.points[nearest] if nearest is not None and distances[nearest] < _REACH_PX else None

    def _box(self) -> QRectF:
        return QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)

    def _ranges(self) -> tuple[tuple[float, float], tuple[float, float]]:
        margins, remnants = [p.margin_mm for p in self.points], [p.remnant_ml for p in self.points]
        room_x = max(0.06 * (max(margins) - min(margins)), 0.5)
        room_y = max(0.08 * (max(remnants) - min(remnants)), 5.0)
        return (
            (max(min(margins) - room_x, 0.0), max(margins) + room_x),
            (max(min(remnants) - room_y, 0.0), max(remnants) + room_y),
        )
