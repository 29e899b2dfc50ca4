"""The 3D view: pictures made by the render thread, drawn into a plain widget, with handles and scale on top."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.scene.cut_plane import CutPlane, PlaneHandle
from app.scene.orbit_camera import OrbitCamera, ViewSide, bounds_of_surfaces, rotation_about
from app.scene.picking import first_hit
from app.scene.render_thread import Frame, FrameRequest, RenderThread, SceneChange
from app.scene.twin_scene import TwinScene
from app.services.describe_point import describe_point
from app.ui.slice_painter import nice_length_mm
from app.ui.turntable import Turntable
from app.ui.twin_overlay import MarginPoints, TwinTexts, handle_positions, paint_net, paint_overlay
from app.ui.twin_pick import PickedPoint, paint_pick
from app.ui.view_state import ViewState
from app.ui.window_thread import WindowThread
from twin.figure import Figure
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import Wording

if TYPE_CHECKING:
    from app.ui.sheet_hands import SheetHands

__all__ = ["TwinView"]

_REST_AFTER_MS = 160
_REST_HELD_MS = 600  # a hand that pauses in a drag is not made to wait for a fine picture when it goes on
_SLOW_S, _FAST_S = 0.045, 0.022  # a moving picture slower or faster than this changes the resolution
_COARSEST = 0.45
_HANDLE_REACH_PX = 13.0
_ZOOM_STEP = 1.12
_CLICK_PX = 4  # a press that moves less is a click


@dataclass(frozen=True, eq=False)
class _Press:
    """How a drag began."""

    button: Qt.MouseButton
    at: QPointF
    camera: OrbitCamera
    handle: PlaneHandle | None = None
    plane: CutPlane | None = None
    knob: int | None = None


class TwinView(QWidget):
    """The twin in space.

    Left button: turn, or drag a handle of the cutting plane. Middle button, or left with shift: pan. Right button
    and wheel: zoom. Double click: fill the window. Keys 1 to 6: sides of the patient; Home: fit.

    Parameters
    ----------
    state
        Shared by all views.
    window_thread
        How pictures come back from the render thread.
    wording
        Language of its texts.
    failed
        Called in the window's thread when drawing failed.
    """

    plane_dragged = Signal(object)  # CutPlane
    plane_released = Signal()
    maximise_asked = Signal()
    frame_shown = Signal()
    picked = Signal(object)  # PickedPoint | None

    def __init__(
        self,
        state: ViewState,
        window_thread: WindowThread,
        wording: Wording,
        failed: Callable[[Exception], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.notice = ""
        self.is_plane_movable = True
        self.watermark = ""
        self.is_light = False
        self.hands: SheetHands | None = None
        self.camera = OrbitCamera.from_side(ViewSide.FRONT)
        self._state = state
        self._wording = wording
        self._surfaces: dict[str, Surface] = {}
        self._image: QImage | None = None
        self._image_camera = self.camera
        self._press: _Press | None = None
        self._hovered: PlaneHandle | None = None
        self._resolution = 1.0
        self._is_fitted = True
        self._margin: Figure | None = None
        self._margin_points: MarginPoints | None = None
        self._twin: Twin | None = None
        self._pick: PickedPoint | None = None
        self._window_thread = window_thread
        self.turntable = Turntable(self._can_turn, self._turn_by, self)
        self._render = RenderThread(
            lambda frame: window_thread.post(lambda: self._show(frame)),
            lambda error: window_thread.post(lambda: failed(error)),
        )
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(lambda: self._request(is_moving=False))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.set_wording(wording)

    def sizeHint(self) -> QSize:
        """Take what there is."""
        return QSize(640, 480)

    @property
    def margin_points(self) -> MarginPoints | None:
        """The ends of the margin that is drawn (lesion, cut), or None."""
        return self._margin_points

    @property
    def is_drawn(self) -> bool:
        """True when every picture asked for so far is made."""
        return self._render.is_idle()

    @property
    def is_settled(self) -> bool:
        """True when the picture at rest of everything asked for is shown."""
        return self._render.is_idle() and not self._rest.isActive()

    def close_scene(self) -> None:
        """Stop drawing and free the graphics memory; the widget cannot draw afterwards."""
        self._rest.stop()
        self.turntable.stop()
        self._render.close()

    def change(self, change: SceneChange, *, is_moving: bool = False) -> None:
        """Change the scene and draw it."""
        self._render.post(change)
        self.redraw(is_moving=is_moving)

    def set_twin(self, twin: Twin | None) -> None:
        """Know what can be fitted into the view and pointed at; the scene itself is changed by :meth:`change`."""
        had_none = not self._surfaces
        self._twin = twin
        surfaces: Mapping[str, Surface] = {} if twin is None else twin.surfaces
        self._surfaces = dict(surfaces)
        self._show_pick(None)
        if had_none and surfaces:
            self.look_from(ViewSide.FRONT)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language, on the cube as well."""
        self._wording = wording
        letters = {letter: wording.text(f"ui.letter.{letter}") for letter in "RLAPSI"}
        self.change(lambda scene: scene.cube.set_letters(letters))

    def look_from(self, side: ViewSide) -> None:
        """Look from a side of the patient, and fit."""
        self.camera = self.camera.turned_to(side)
        self.fit()

    def fit(self) -> None:
        """Fill the view with the organs, or with what is visible when there are none."""
        visible = {i: s for i, s in self._surfaces.items() if self._state.is_visible(i)}
        organs = [s for i, s in visible.items() if i in ("liver", "pancreas") or i.startswith("lesion-")]
        bounds = bounds_of_surfaces(organs or visible.values())
        if bounds is not None:
            self.camera = self.camera.fitted(bounds, self._size())
        self._is_fitted = True
        self.redraw()

    def show_margin(self, margin: Figure | None, points_lps_mm: MarginPoints | None) -> None:
        """Draw the shortest way from a lesion to the cut, or none."""
        is_known = margin is not None and margin.value is not None and points_lps_mm is not None
        self._margin = margin if is_known else None
        self._margin_points = points_lps_mm if is_known else None
        self.update()

    def redraw(self, *, is_moving: bool = False) -> None:
        """Draw soon; while something moves coarsely, and finely once it rests."""
        if is_moving:
            self._request(is_moving=True)
            self._rest.start(_REST_HELD_MS if self._is_held() else _REST_AFTER_MS)
        elif not self._rest.isActive():
            self._rest.start(0)
        elif not self._is_held():
            self._rest.start(min(self._rest.remainingTime(), _REST_AFTER_MS))
        self.update()

    def snapshot(self) -> QImage | None:
        """Return the last picture of the scene, without what is drawn on top."""
        return self._image

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the last picture and what lies on top of it."""
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        if self._image is None:
            painter.fillRect(self.rect(), self.palette().window())
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(self.rect()), self._image)
        mm_per_px = self._image_camera.mm_per_px(self._size())
        length_mm = nice_length_mm(mm_per_px, min(110.0, self.width() / 4))
        texts = TwinTexts(
            title=self._wording.text("ui.view.twin"),
            scale=self._wording.quantity(length_mm, "mm", decimals=0) if self._surfaces else "",
            scale_px=length_mm / mm_per_px,
            notice=self.notice,
            watermark=self.watermark,
            is_on_light=self.is_light,
            margin="" if self._margin is None else self._wording.quantity(self._margin.value, "mm"),
        )
        plane = self._state.plane if self.is_plane_movable else None
        held = self._held_or_hovered()
        paint_overlay(painter, self._size(), self._image_camera, plane, held, self._margin_points, texts)
        if self.hands is not None:
            places = self._image_camera.px_from_lps(self.hands.knobs_lps_mm(), self._size())
            paint_net(painter, places, self.hands.net_lines(), None if self._press is None else self._press.knob)
        if self._pick is not None:
            x, y = self._image_camera.px_from_lps(self._pick.point_lps_mm, self._size())
            paint_pick(painter, QPointF(float(x), float(y)), self._pick.lines(self._wording), self._size())
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _show(self, frame: Frame) -> None:
        rows, columns, _ = frame.pixels.shape
        self._image = QImage(frame.pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGBX8888).copy()
        self._image_camera = frame.request.camera
        if frame.request.is_moving:
            if frame.elapsed_s > _SLOW_S:
                self._resolution = max(_COARSEST, self._resolution * 0.85)
            elif frame.elapsed_s < _FAST_S:
                self._resolution = min(1.0, self._resolution * 1.08)
        self.update()
        self.frame_shown.emit()

    def _is_held(self) -> bool:
        """True while the twin, the plane or the sheet is in the hand, here or on a slice."""
        return self._press is not None or self._state.is_dragging_plane or self._state.is_dragging_sheet

    def _request(self, *, is_moving: bool) -> None:
        if self.width() < 2 or self.height() < 2:
            return
        scale = self.devicePixelRatioF() * (self._resolution if is_moving else 1.0)
        size_px = (max(round(self.width() * scale), 2), max(round(self.height() * scale), 2))
        self._render.request(FrameRequest(self.camera, size_px, is_moving, scale))

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag."""
        if self._press is not None:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        button = event.button()
        if button is Qt.MouseButton.LeftButton and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            button = Qt.MouseButton.MiddleButton
        handle = self.handle_at(event.position()) if button is Qt.MouseButton.LeftButton else None
        knob = self.knob_at(event.position()) if button is Qt.MouseButton.LeftButton and handle is None else None
        self._press = _Press(button, event.position(), self.camera, handle, self._state.plane, knob)
        if knob is not None and self.hands is not None:
            self.hands.hold_knob(knob, self.camera.toward_eye_lps)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer, dragging or not."""
        press, at = self._press, event.position()
        if press is None:
            self._hover(at)
            return
        moved = at - press.at
        if press.handle is not None and press.plane is not None:
            self.plane_dragged.emit(self._dragged(press, at))
            return
        if press.knob is not None and self.hands is not None:
            self.hands.drag_knob(self.camera.ray_from_px(at.x(), at.y(), self._size()))
            return
        if press.button is Qt.MouseButton.LeftButton:
            self.camera = press.camera.orbited(moved.x(), moved.y(), self._size())
        elif press.button is Qt.MouseButton.MiddleButton:
            self.camera = press.camera.panned(moved.x(), moved.y(), self._size())
            self._is_fitted = False
        elif press.button is Qt.MouseButton.RightButton:
            self.camera = press.camera.zoomed(float(np.exp(-moved.y() / 200.0)))
            self._is_fitted = False
        self.redraw(is_moving=True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        press, self._press = self._press, None
        if self._rest.isActive():
            self._rest.start(_REST_AFTER_MS)
        if press is not None and press.handle is not None:
            self.plane_released.emit()
        elif press is not None and press.knob is not None and self.hands is not None:
            self.hands.release_knob()
        elif press is not None and _is_click(press, event):
            self.pick_at(event.position())
        self._hover(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fill the window with this view, or go back."""
        self._press = None
        if event.button() is Qt.MouseButton.LeftButton:
            self.maximise_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        self.camera = self.camera.zoomed(_ZOOM_STEP ** (event.angleDelta().y() / 120.0))
        self._is_fitted = False
        self.redraw(is_moving=True)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Sides of the patient by number, turns by arrow, Home to fit."""
        turn = {
            Qt.Key.Key_Left: (-20, 0),
            Qt.Key.Key_Right: (20, 0),
            Qt.Key.Key_Up: (0, -20),
            Qt.Key.Key_Down: (0, 20),
        }.get(Qt.Key(event.key()))
        number = event.key() - Qt.Key.Key_1
        sides = list(ViewSide)
        if turn is not None:
            self.camera = self.camera.orbited(*turn, self._size())
            self.redraw(is_moving=True)
        elif 0 <= number < len(sides):
            self.look_from(sides[number])
        elif event.key() == Qt.Key.Key_Home:
            self.fit()
        else:
            super().keyPressEvent(event)

    def pick_at(self, at: QPointF) -> None:
        """Find out what lies under a point of the widget; :attr:`picked` tells it, beside the window's work."""
        twin, camera, size = self._twin, self.camera, self._size()
        if twin is None:
            return
        visible = {i: s for i, s in self._surfaces.items() if self._state.is_visible(i)}
        opacities = {i: self._state.opacity(i) for i in visible}
        normal = self._state.clip_normal_lps
        clip = None if normal is None else (self._state.crosshair_lps_mm, normal)
        tell = self._window_thread.post

        def search(scene: TwinScene) -> None:
            hit = first_hit(visible, opacities, camera, (at.x(), at.y()), size, clip=clip)
            found = None
            if hit is not None:
                found = PickedPoint(hit.point_lps_mm, describe_point(twin, hit.structure_id, hit.point_lps_mm))
            tell(lambda: self._show_pick(found))

        self._render.post(search)

    def _show_pick(self, found: PickedPoint | None) -> None:
        if found is None and self._pick is None:
            return
        self._pick = found
        self.update()
        self.picked.emit(found)

    def _can_turn(self) -> bool:
        return self._press is None and self._render.is_idle() and self.isVisible()

    def _turn_by(self, degrees: float) -> None:
        """About the axis from feet to head, as a patient on a turning stool."""
        turn = rotation_about((0.0, 0.0, 1.0), np.radians(degrees))
        camera = self.camera
        toward_eye, up = turn @ camera.toward_eye_lps, turn @ camera.up_lps
        self.camera = replace(camera, toward_eye_lps=toward_eye, up_lps=up)
        self.redraw(is_moving=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw at the new size; while nobody has zoomed or moved it, everything stays in view."""
        if self._is_fitted:
            self.fit()
        self.redraw(is_moving=self._image is not None)

    def handle_at(self, at: QPointF) -> PlaneHandle | None:
        """Return the handle of the cutting plane under a point of the widget."""
        plane = self._state.plane
        if plane is None or not self.is_plane_movable:
            return None
        places = handle_positions(plane, self.camera, self._size())
        distances = {handle: (at - place).manhattanLength() for handle, place in places.items()}
        nearest = min(distances, key=lambda handle: distances[handle])
        return nearest if distances[nearest] < _HANDLE_REACH_PX * 1.3 else None

    def handle_position(self, handle: PlaneHandle) -> QPointF:
        """Where a handle is on the widget."""
        assert self._state.plane is not None
        return handle_positions(self._state.plane, self.camera, self._size())[handle]

    def knob_at(self, at: QPointF) -> int | None:
        """Return the control point of the sheet under the pointer."""
        points = np.zeros((0, 3)) if self.hands is None else self.hands.knobs_lps_mm()
        if not len(points):
            return None
        offsets = self.camera.px_from_lps(points, self._size()) - (at.x(), at.y())
        distances = np.hypot(*np.asarray(offsets).T)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] < _HANDLE_REACH_PX else None

    def _dragged(self, press: _Press, at: QPointF) -> CutPlane:
        assert press.plane is not None
        assert press.handle is not None
        # The pointer may have taken the handle beside its centre: keep that offset.
        start = handle_positions(press.plane, self.camera, self._size())[press.handle]
        aimed = start + (at - press.at)
        ray: tuple[NDArray[np.float64], NDArray[np.float64]] = self.camera.ray_from_px(
            aimed.x(), aimed.y(), self._size()
        )
        return press.plane.dragged(press.handle, ray)

    def _hover(self, at: QPointF) -> None:
        hovered = self.handle_at(at)
        if hovered is not self._hovered:
            self._hovered = hovered
            self.update()
        hovered_any = hovered is not None or self.knob_at(at) is not None
        self.setCursor(Qt.CursorShape.OpenHandCursor if hovered_any else Qt.CursorShape.ArrowCursor)

    def _held_or_hovered(self) -> PlaneHandle | None:
        return self._press.handle if self._press is not None else self._hovered

    def _size(self) -> tuple[int, int]:
        return (max(self.width(), 1), max(self.height(), 1))


def _is_click(press: _Press, event: QMouseEvent) -> bool:
    is_left = press.button is Qt.MouseButton.LeftButton
    return is_left and (event.position() - press.at).manhattanLength() < _CLICK_PX
