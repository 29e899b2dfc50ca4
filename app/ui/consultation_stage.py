"""The stage: the story in 3D, turned by mouse, finger, pen or button, and drawn upon."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.scene.orbit_camera import OrbitCamera, upright_camera
from app.scene.render_thread import Frame, FrameRequest, RenderThread
from app.scene.story_scene import (
    StageLook,
    StageParts,
    camera_between,
    set_stage,
    show_parts,
    turned_by,
)
from app.ui.consultation_drawing import DRAWING_COLOURS, Drawing, DrawingTool
from app.ui.window_thread import WindowThread

__all__ = ["ConsultationStage"]

_MOVE_S = 0.9  # from one scene to the next
_TICK_MS = 33
_REST_MS = 160
_DEGREES_PER_VIEW = 200.0
_SWAY_DEG, _SWAY_S = 9.0, 14.0
_NEAREST_MM, _FARTHEST_MM = 12.0, 600.0
_COARSEST, _SLOW_S, _FAST_S = 0.45, 0.06, 0.025
_GROUND = "#dde4e5"
_FRONTAL = 0.5  # how much the eye must look along the body for left and right to be told


class ConsultationStage(QWidget):
    """Shows a look from an eye, and moves softly to the next one.

    Looking: one finger or the left button turns, two fingers or the wheel zoom, two fingers or the right button
    move. Drawing: one finger, pen or left button draws, and the stage holds still.

    Parameters
    ----------
    window_thread
        How pictures come back from the render thread.
    failed
        Called in the window's thread when drawing failed.
    """

    turned = Signal()  # by a hand, not by the story
    drawn = Signal()

    def __init__(
        self, window_thread: WindowThread, failed: Callable[[Exception], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.camera = upright_camera(0.0, 0.0)
        self.drawing = Drawing()
        self.tool = DrawingTool.LOOK
        self.colour = next(iter(DRAWING_COLOURS.values()))
        self.watermark = ""
        self.sides = ("", "")  # the patient's right and left, in words
        self.is_calm = False  # no movement on its own
        self._look = StageLook({})
        self._aim: tuple[StageLook, OrbitCamera, StageLook, OrbitCamera, float] | None = None
        self._sway: tuple[OrbitCamera, float] | None = None
        self._image: QImage | None = None
        self._image_camera = self.camera
        self._press: tuple[QPointF, OrbitCamera, Qt.MouseButton] | None = None
        self._pinch: tuple[float, QPointF, OrbitCamera] | None = None
        self._resolution = 1.0
        self._render = RenderThread(
            lambda frame: window_thread.post(lambda: self._show(frame)),
            lambda error: window_thread.post(lambda: failed(error)),
        )
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self._tick)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(lambda: self._request(is_moving=False))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 240)

    def sizeHint(self) -> QSize:
        """Take what there is."""
        return QSize(800, 560)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in pixels of the screen."""
        return (max(self.width(), 1), max(self.height(), 1))

    @property
    def is_settled(self) -> bool:
        """True when the last picture asked for is shown and nothing moves."""
        return self._render.is_idle() and not self._rest.isActive() and self._aim is None

    @property
    def opacities(self) -> dict[str, float]:
        """How solid each part is in the look that is shown or moved to."""
        return dict((self._aim[2] if self._aim else self._look).opacities)

    def close_scene(self) -> None:
        """Stop drawing and free the graphics memory; the widget cannot draw afterwards."""
        self._clock.stop()
        self._rest.stop()
        self._render.close()

    def show_parts(self, parts: StageParts) -> None:
        """Bring the parts of a story onto the stage."""
        look = self._look
        self._render.post(lambda scene: show_parts(scene, parts))
        self._render.post(lambda scene: set_stage(scene, look))
        self._soon()

    def go_to(self, look: StageLook, camera: OrbitCamera | None = None, *, at_once: bool = False) -> None:
        """Move to a look and an eye; without an eye it stays where it is."""
        self._sway = None
        aimed = camera or (self._aim[3] if self._aim else self.camera)
        if at_once or self.is_calm or self._image is None:
            self._aim = None
            self.camera = aimed
            self._set_look(look)
            self._soon()
            return
        self._aim = (self._look, self.camera, look, aimed, time.monotonic())
        self._clock.start()

    def sway(self, *, is_on: bool) -> None:
        """Turn gently to and fro while the story plays, so that the eye sees depth."""
        if not is_on or self.is_calm:
            if self._sway is not None:
                self.camera, self._sway = self._sway[0], None
                self._soon()
        elif self._sway is None and self._aim is None:
            self._sway = (self.camera, time.monotonic())
            self._clock.start()

    # The buttons

    def turn(self, azimuth_deg: float, elevation_deg: float) -> None:
        """Turn by a step."""
        self._take_over()
        self.go_to(self._look, turned_by(self.camera, azimuth_deg, elevation_deg))
        self.turned.emit()

    def zoom(self, factor: float) -> None:
        """Come nearer (above 1) or go away by a step."""
        self._take_over()
        self.go_to(self._look, _zoomed(self.camera, factor))
        self.turned.emit()

    def choose_tool(self, tool: DrawingTool) -> None:
        """Look or draw; a drawing that is there is looked at from where it was drawn."""
        self._take_over()
        self.tool = tool
        self.setCursor(Qt.CursorShape.ArrowCursor if tool is DrawingTool.LOOK else Qt.CursorShape.CrossCursor)
        if tool is not DrawingTool.LOOK and self.drawing.strokes and self.drawing.camera is not None:
            self.go_to(self._look, self.drawing.camera)

    def set_drawing(self, drawing: Drawing) -> None:
        """Draw on another scene."""
        self.drawing = drawing
        self.update()

    def snapshot(self) -> QImage:
        """Return what the stage shows with drawing and watermark: nothing else, and no name."""
        picture = QImage(self.size(), QImage.Format.Format_RGB32)
        with QPainter(picture) as painter:
            self._paint(painter)
        return picture

    # Pictures

    def _take_over(self) -> None:
        """Let the hand lead: finish what moves on its own."""
        if self._sway is not None:
            self._sway = None
        if self._aim is not None:
            self.camera = self._aim[3]
            self._set_look(self._aim[2])
            self._aim = None
            self._soon()

    def _set_look(self, look: StageLook) -> None:
        self._look = look
        self._render.post(lambda scene: set_stage(scene, look))

    def _tick(self) -> None:
        if self._aim is not None:
            look, camera, next_look, next_camera, began = self._aim
            share = min((time.monotonic() - began) / _MOVE_S, 1.0)
            eased = share * share * (3 - 2 * share)
            self.camera = next_camera if share >= 1.0 else camera_between(camera, next_camera, eased)
            self._set_look(next_look if share >= 1.0 else look.between(next_look, eased))
            if share >= 1.0:
                self._aim = None
            self._request(is_moving=share < 1.0)
        elif self._sway is not None:
            base, began = self._sway
            angle = _SWAY_DEG * float(np.sin(2 * np.pi * (time.monotonic() - began) / _SWAY_S))
            self.camera = turned_by(base, angle, 0.0)
            if self._render.is_idle():
                self._request(is_moving=True)
        else:
            self._clock.stop()

    def _soon(self) -> None:
        self._rest.start(0)

    def _moving(self) -> None:
        self._request(is_moving=True)
        self._rest.start(_REST_MS)

    def _request(self, *, is_moving: bool) -> None:
        scale = self.devicePixelRatioF() * (self._resolution if is_moving else 1.0)
        size_px = (max(round(self.width() * scale), 2), max(round(self.height() * scale), 2))
        self._render.request(FrameRequest(self.camera, size_px, is_moving, scale))

    def _show(self, frame: Frame) -> None:
        rows, columns, _ = frame.pixels.shape
        self._image = QImage(frame.pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGBX8888).copy()
        self._image_camera = frame.request.camera
        if frame.request.is_moving and frame.elapsed_s > _SLOW_S:
            self._resolution = max(_COARSEST, self._resolution * 0.85)
        elif frame.request.is_moving and frame.elapsed_s < _FAST_S:
            self._resolution = min(1.0, self._resolution * 1.08)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the last picture and what lies on top of it."""
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        if self._image is None:
            painter.fillRect(self.rect(), QColor(_GROUND))
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        # A picture of another size, while the next one is on its way, is never stretched: only its height fits.
        width = self._image.width() * self.height() / max(self._image.height(), 1)
        painter.fillRect(self.rect(), QColor(_GROUND))
        painter.drawImage(QRectF((self.width() - width) / 2, 0.0, width, self.height()), self._image)
        if self.drawing.is_seen_from(self._image_camera):
            self.drawing.paint(painter, self.size_px)
        self._paint_sides(painter)
        if self.watermark:
            _paint_watermark(painter, self.watermark, self.rect().toRectF())

    def _paint_sides(self, painter: QPainter) -> None:
        """Tell the patient's right and left, unless one looks from a side."""
        toward_front = -float(self._image_camera.toward_eye_lps[1])
        if abs(toward_front) < _FRONTAL or not all(self.sides):
            return
        font = QFont(self.font())
        font.setPixelSize(17)
        painter.setFont(font)
        at_left, at_right = self.sides if toward_front > 0 else self.sides[::-1]
        flags = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight)
        area = self.rect().toRectF().adjusted(16, 0, -16, -12)
        for text, flag in zip((at_left, at_right), flags, strict=True):
            bounds = painter.boundingRect(area, flag | Qt.AlignmentFlag.AlignBottom, text).adjusted(-8, -4, 8, 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(255, 255, 255, 215))
            painter.drawRoundedRect(bounds, 6, 6)
            painter.setPen(QColor("#12302f"))
            painter.drawText(bounds, Qt.AlignmentFlag.AlignCenter, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw at the new size."""
        self._soon()

    # Pointer, finger and pen

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to turn, move or draw."""
        self._begin(event.position(), event.button())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        self._follow(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End."""
        self._end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self._take_over()
        self.camera = _zoomed(self.camera, 1.12 ** (event.angleDelta().y() / 120.0))
        self._moving()
        self.turned.emit()
        event.accept()

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Draw with a pen; where nothing is drawn it works like the mouse."""
        if self.tool is DrawingTool.LOOK:
            event.ignore()
            return
        if event.type() == QEvent.Type.TabletPress:
            self._begin(event.position(), Qt.MouseButton.LeftButton)
        elif event.type() == QEvent.Type.TabletMove:
            self._follow(event.position())
        else:
            self._end()
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Take touches: one finger turns or draws, two zoom and move."""
        if isinstance(event, QTouchEvent):
            self._touch(event)
            event.accept()
            return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        points = [point.position() for point in event.points()]
        if event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
            self._pinch = None
            self._end()
        elif len(points) > 1:
            self._pinch_to(points)
        elif event.type() == QEvent.Type.TouchBegin:
            self._begin(points[0], Qt.MouseButton.LeftButton)
        elif self._pinch is None:
            self._follow(points[0])

    def _pinch_to(self, points: list[QPointF]) -> None:
        """Zoom by the distance of two fingers and move with their middle; what one finger had begun ends."""
        if self.tool is not DrawingTool.LOOK:
            return
        self._press = None
        apart = points[1] - points[0]
        distance, middle = max(float(np.hypot(apart.x(), apart.y())), 1.0), (points[0] + points[1]) / 2
        if self._pinch is None:
            self._take_over()
            self._pinch = (distance, middle, self.camera)
            return
        first, start, camera = self._pinch
        moved = middle - start
        self.camera = _zoomed(camera.panned(moved.x(), moved.y(), self.size_px), distance / first)
        self._moving()
        self.turned.emit()

    def _begin(self, at: QPointF, button: Qt.MouseButton) -> None:
        if self._press is not None:
            return
        self._take_over()
        self._press = (at, self.camera, button)
        if self.tool is not DrawingTool.LOOK and button is Qt.MouseButton.LeftButton:
            if not self.drawing.is_seen_from(self.camera):
                self.drawing.clear()
            self.drawing.begin(self.tool, self.colour, at, self.size_px, self.camera)

    def _follow(self, at: QPointF) -> None:
        if self._press is None:
            return
        start, camera, button = self._press
        if self.tool is not DrawingTool.LOOK:
            if button is Qt.MouseButton.LeftButton and self.drawing.strokes:
                self.drawing.go_on(at, self.size_px)
                self.update()
            return
        moved = at - start
        if button is Qt.MouseButton.LeftButton:
            degrees = _DEGREES_PER_VIEW / self.width()
            self.camera = turned_by(camera, -moved.x() * degrees, moved.y() * degrees)
        else:
            self.camera = camera.panned(moved.x(), moved.y(), self.size_px)
        self._moving()
        self.turned.emit()

    def _end(self) -> None:
        press, self._press = self._press, None
        if press is not None and self.tool is not DrawingTool.LOOK:
            self.drawing.end()
            self.update()
            self.drawn.emit()


def _zoomed(camera: OrbitCamera, factor: float) -> OrbitCamera:
    half = min(max(camera.half_height_mm / factor, _NEAREST_MM), _FARTHEST_MM)
    return replace(camera, half_height_mm=half)


def _paint_watermark(painter: QPainter, text: str, area: QRectF) -> None:
    painter.save()
    font = QFont(painter.font())
    font.setPixelSize(max(round(area.width() / 22), 16))
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(18, 48, 47, 105))
    painter.translate(area.center())
    painter.rotate(-12)
    painter.drawText(QRectF(-area.width() / 2, -60, area.width(), 120), Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
