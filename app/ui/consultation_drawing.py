"""What the surgeon draws on the stage: pen and arrows in few colours, tied to the eye they were drawn for."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from app.scene.orbit_camera import OrbitCamera

__all__ = ["DRAWING_COLOURS", "Drawing", "DrawingTool", "Stroke"]

SizePx = tuple[int, int]
# Three that stand apart from each other and from the organs on the pale ground of the stage, for every eye.
DRAWING_COLOURS = {"ink": "#12302F", "orange": "#B84A00", "blue": "#0B5CAD"}
_WIDTH = 0.0075  # of the height of the stage
_HEAD = 0.04  # length of the head of an arrow
_LEAST = 0.006  # a stroke that moved less is a slip of the hand


class DrawingTool(StrEnum):
    """What the pointer does on the stage."""

    LOOK = "look"
    PEN = "pen"
    ARROW = "arrow"


@dataclass
class Stroke:
    """A line: points relative to the middle of the stage, in heights of the stage."""

    tool: DrawingTool
    colour: str
    points: list[tuple[float, float]]

    def extend(self, point: tuple[float, float]) -> None:
        """Draw on: the pen follows, the tip of an arrow moves."""
        if self.tool is DrawingTool.PEN:
            self.points.append(point)
        else:
            self.points[1:] = [point]

    @property
    def length(self) -> float:
        """From the first to the farthest point, in heights of the stage."""
        first = np.array(self.points[0])
        return float(max(np.linalg.norm(np.array(point) - first) for point in self.points))


@dataclass
class Drawing:
    """The strokes on one scene, and the eye they were drawn for."""

    camera: OrbitCamera | None = None
    strokes: list[Stroke] = field(default_factory=list)
    undone: list[Stroke] = field(default_factory=list)

    def begin(self, tool: DrawingTool, colour: str, at: QPointF, size: SizePx, camera: OrbitCamera) -> None:
        """Set the pen down."""
        self.camera = camera
        self.undone.clear()
        self.strokes.append(Stroke(tool, colour, [_relative(at, size)]))

    def go_on(self, at: QPointF, size: SizePx) -> None:
        """Move the pen."""
        self.strokes[-1].extend(_relative(at, size))

    def end(self) -> None:
        """Lift the pen; a mere touch leaves nothing."""
        if self.strokes and self.strokes[-1].length < _LEAST:
            self.strokes.pop()

    def undo(self) -> None:
        """Take the last stroke away."""
        if self.strokes:
            self.undone.append(self.strokes.pop())

    def clear(self) -> None:
        """Take all strokes away."""
        self.strokes.clear()
        self.undone.clear()

    def is_seen_from(self, camera: OrbitCamera) -> bool:
        """True when the eye is where it was when the strokes were drawn: elsewhere they would point at nothing."""
        return bool(self.strokes) and self.camera is camera

    def paint(self, painter: QPainter, size: SizePx) -> None:
        """Draw all strokes, each with a pale rim so that it stands out on every organ."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stroke in self.strokes:
            if len(stroke.points) > 1:
                _paint_stroke(painter, stroke, size)


def _paint_stroke(painter: QPainter, stroke: Stroke, size: SizePx) -> None:
    points = [_absolute(point, size) for point in stroke.points]
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    width = _WIDTH * size[1]
    head = _arrow_head(points, size) if stroke.tool is DrawingTool.ARROW else None
    for colour, rim in ((QColor(255, 255, 255, 220), width), (QColor(stroke.colour), 0.0)):
        pen = QPen(colour, width + rim)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        if head is not None:
            painter.setPen(QPen(colour, max(rim, 1.0)))
            painter.setBrush(colour)
            painter.drawPolygon(head)


def _arrow_head(points: list[QPointF], size: SizePx) -> QPolygonF:
    start, tip = (np.array([p.x(), p.y()]) for p in (points[0], points[-1]))
    along = (tip - start) / max(float(np.linalg.norm(tip - start)), 1e-6)
    across = np.array([-along[1], along[0]])
    length = _HEAD * size[1]
    corners = (tip + along * 0.3 * length, tip - along * length + across * 0.5 * length,
               tip - along * length - across * 0.5 * length)  # fmt: skip
    return QPolygonF([QPointF(float(x), float(y)) for x, y in corners])


def _relative(at: QPointF, size: SizePx) -> tuple[float, float]:
    return ((at.x() - size[0] / 2) / size[1], (at.y() - size[1] / 2) / size[1])


def _absolute(point: tuple[float, float], size: SizePx) -> QPointF:
    return QPointF(point[0] * size[1] + size[0] / 2, point[1] * size[1] + size[1] / 2)
