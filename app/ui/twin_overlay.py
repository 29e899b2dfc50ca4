"""What is drawn over the 3D picture: handles of the cutting plane, scale bar, title, watermark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen

from app.scene.cut_plane import CutPlane, PlaneHandle
from app.scene.orbit_camera import OrbitCamera
from app.ui.slice_painter import ON_DARK, ON_LIGHT, paint_scale, paint_text

__all__ = ["TwinTexts", "handle_positions", "paint_net", "paint_overlay"]

_KNOB = QColor("#3fd0c4")
_KNOB_HELD = QColor("#ffffff")
_RIM = QColor("#0d2b2a")
_REMOVED = QColor("#b84ac0")
_NET = QColor(63, 208, 196, 120)
_MARGIN = QColor("#ffffff")
MarginPoints = tuple[tuple[float, float, float], tuple[float, float, float]]
_SHORTEST_ARROW_PX = 22.0


@dataclass(frozen=True)
class TwinTexts:
    """What is written over the picture."""

    title: str = ""
    scale: str = ""
    scale_px: float = 0.0
    notice: str = ""
    watermark: str = ""
    margin: str = ""
    is_on_light: bool = False


def handle_positions(plane: CutPlane, camera: OrbitCamera, size_px: tuple[int, int]) -> Mapping[PlaneHandle, QPointF]:
    """Return where the handles of a plane are on the widget."""
    points = [plane.handle_lps_mm(handle) for handle in PlaneHandle]
    return {
        handle: QPointF(float(x), float(y))
        for handle, (x, y) in zip(PlaneHandle, camera.px_from_lps(points, size_px), strict=True)
    }


def paint_overlay(
    painter: QPainter,
    size_px: tuple[int, int],
    camera: OrbitCamera,
    plane: CutPlane | None,
    held: PlaneHandle | None,
    margin_lps_mm: MarginPoints | None,
    texts: TwinTexts,
) -> None:
    """Draw the margin and the handles, then the texts."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if margin_lps_mm is not None:
        _paint_margin(painter, camera.px_from_lps(margin_lps_mm, size_px), texts.margin)
    if plane is not None:
        _paint_handles(painter, size_px, camera, plane, held)
    width, height = size_px
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    ink = ON_LIGHT if texts.is_on_light else ON_DARK
    line = QRectF(10, 7, width - 20, 18)
    paint_text(painter, line, texts.title, Qt.AlignmentFlag.AlignLeft, is_bold=True, ink=ink)
    paint_text(painter, line, texts.watermark, Qt.AlignmentFlag.AlignRight, ink=ink)
    if texts.notice:
        font.setPixelSize(13)
        painter.setFont(font)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        paint_text(painter, QRectF(24, height / 2 - 50, width - 48, 100), texts.notice, flags, ink=ink)
    if texts.scale:
        font.setPixelSize(11)
        painter.setFont(font)
        paint_scale(painter, size_px, texts.scale_px, texts.scale, ink=ink)


def paint_net(
    painter: QPainter, places_px: NDArray[np.float64], lines: Sequence[tuple[int, int]], held: int | None
) -> None:
    """Draw the control points of a sheet, joined as neighbours."""
    if not len(places_px):
        return
    places = [QPointF(float(x), float(y)) for x, y in places_px]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_NET, 1.0))
    painter.drawLines([QLineF(places[a], places[b]) for a, b in lines])
    painter.setPen(QPen(_RIM, 1.4))
    for number, place in enumerate(places):
        painter.setBrush(_KNOB_HELD if number == held else _KNOB)
        painter.drawEllipse(place, 5.0, 5.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_margin(painter: QPainter, ends_px: NDArray[np.float64], text: str) -> None:
    """The shortest way from the lesion to the cut, with its length."""
    lesion, cut = (QPointF(float(x), float(y)) for x, y in ends_px)
    for colour, width in ((_RIM, 4.0), (_MARGIN, 1.8)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(lesion, cut)
    painter.setBrush(_MARGIN)
    painter.setPen(QPen(_RIM, 1.0))
    for end in (lesion, cut):
        painter.drawEllipse(end, 3.0, 3.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    middle = (lesion + cut) / 2
    where = QRectF(middle.x() - 60, middle.y() - 22, 120, 18)
    paint_text(painter, where, text, Qt.AlignmentFlag.AlignHCenter, is_bold=True)


def _paint_handles(
    painter: QPainter, size_px: tuple[int, int], camera: OrbitCamera, plane: CutPlane, held: PlaneHandle | None
) -> None:
    places = handle_positions(plane, camera, size_px)
    centre = QPointF(*(float(v) for v in camera.px_from_lps(plane.origin_lps_mm, size_px)))
    _paint_arrow(painter, centre, places[PlaneHandle.MOVE], is_held=held is PlaneHandle.MOVE)
    for handle, place in places.items():
        if handle.is_turning:
            painter.setPen(QPen(_RIM, 1.6))
            painter.setBrush(_KNOB_HELD if handle is held else _KNOB)
            painter.drawEllipse(place, 6.5, 6.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _paint_arrow(painter: QPainter, centre: QPointF, tip: QPointF, *, is_held: bool) -> None:
    """The arrow to what is removed; seen end on it becomes a disc that can still be seen."""
    colour = _KNOB_HELD if is_held else _REMOVED
    along = tip - centre
    length = (along.x() ** 2 + along.y() ** 2) ** 0.5
    if length < _SHORTEST_ARROW_PX:
        painter.setPen(QPen(_RIM, 1.6))
        painter.setBrush(colour)
        painter.drawEllipse(tip, 7.5, 7.5)
        return
    unit = along / length
    across = QPointF(-unit.y(), unit.x())
    for pen in (QPen(_RIM, 5.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap), QPen(colour, 3.0)):
        painter.setPen(pen)
        painter.drawLine(centre, tip - unit * 6.0)
    head = QPainterPath(tip + unit * 9.0)
    head.lineTo(tip - unit * 7.0 + across * 8.5)
    head.lineTo(tip - unit * 7.0 - across * 8.5)
    head.closeSubpath()
    painter.setPen(QPen(_RIM, 1.4))
    painter.setBrush(colour)
    painter.drawPath(head)
