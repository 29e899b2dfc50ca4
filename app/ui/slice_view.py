"""One slice view: scroll, window, crosshair, zoom, pan, labels, and the cutting line that can be dragged."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.scene.slice_frame import SliceAxis, SliceFrame
from app.scene.slice_scene import SliceScene
from app.ui.slice_cut import CutGrip, CutLine, dragged_plane
from app.ui.slice_geometry import SlicePlacement, lps_under
from app.ui.slice_painter import (
    PaintedSlice,
    SliceOutlines,
    SlicePicture,
    SliceTexts,
    image_from_pixels,
    outlines_of,
    paint_slice,
    paint_texts,
)
from app.ui.slice_press import SlicePress, turned_directions
from app.ui.slice_texts import SliceReading, readout_text, written_texts
from app.ui.slice_tool import SlicePointer, SliceTool
from app.ui.view_state import ViewState
from twin.wording import Wording

__all__ = ["SliceView"]

_ZOOM_STEP = 1.15
_WINDOW_SPEED = 1.6  # HU a pixel


class SliceView(QWidget):
    """A slice of the scan in one direction.

    Left button: move the crosshair, or the cutting line when it is under the pointer; what an active tool takes is
    the tool's. Left with alt turns the oblique slice. Right button: window and
    level. Middle button, or left with shift: pan. Wheel: scroll; with control: zoom. Double click: fill the window.

    Parameters
    ----------
    axis
        Which way it is cut.
    state
        Shared by all views.
    wording
        Language of its texts.
    """

    plane_dragged = Signal(object)  # CutPlane
    plane_released = Signal()
    maximise_asked = Signal()

    def __init__(self, axis: SliceAxis, state: ViewState, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.notice = ""
        self.is_plane_movable = True
        self._state = state
        self._wording = wording
        self._scene: SliceScene | None = None
        self._placement: SlicePlacement | None = None
        self._is_fitted = True
        self._picture: SlicePicture | None = None
        self._painted: PaintedSlice | None = None
        self._written: tuple[object, SliceTexts] | None = None
        self._pointer: QPointF | None = None
        self._press: SlicePress | None = None
        self._wheel_rest = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 100)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        state.crosshair_moved.connect(self._on_crosshair)
        state.window_changed.connect(self.repaint_slice)
        for signal in (state.slab_changed, state.fusion_changed):
            signal.connect(self.repaint_slice)
        state.plane_changed.connect(self.update)
        for signal in (state.tool_changed, state.overlays_changed):
            signal.connect(self.update)
        self._index = 0
        self._outlines: SliceOutlines = {}
        self._is_outlined = False

    @property
    def slice_index(self) -> int:
        """Index of the slice shown."""
        return self._index

    @property
    def frame_of_slice(self) -> SliceFrame | None:
        """Geometry of the slices, or None without a scan."""
        return None if self._scene is None else self._scene.frames[self.axis]

    def show_scene(self, scene: SliceScene | None) -> None:
        """Show another scan; the placement is kept where the grid stays the same."""
        is_same_grid = (
            scene is not None and self._scene is not None and scene.volume.grid.is_same_space(self._scene.volume.grid)
        )
        self._scene = scene
        if not is_same_grid:
            self.fit()
        self._on_crosshair()
        self.refresh()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.update()

    def refresh(self) -> None:
        """Draw everything again: labels or their looks have changed."""
        self._is_outlined = False
        self.repaint_slice()

    def repaint_slice(self) -> None:
        """Draw again with the same contours: window or plane have changed."""
        self._picture, self._painted = None, None
        self.update()

    def fit(self) -> None:
        """Show the whole slice."""
        frame = self.frame_of_slice
        self._is_fitted = True
        self._placement = None if frame is None else SlicePlacement.fitted(frame, self._size())
        self.update()

    def scroll_by(self, steps: int) -> None:
        """Go some slices further; the crosshair goes along."""
        frame = self.frame_of_slice
        if frame is None:
            return
        wanted = int(np.clip(self._index + steps, 0, frame.n_slices - 1))
        x, y, _ = frame.pixel_from_lps(self._state.crosshair_lps_mm)
        self._state.move_crosshair(frame.lps_from_pixel(x, y, wanted))

    def screen_from_lps(self, point_lps_mm: NDArray[np.float64]) -> QPointF:
        """Map a point of the patient to the widget; for tests and overlays."""
        frame = self.frame_of_slice
        assert frame is not None
        assert self._placement is not None
        x, y, _ = frame.pixel_from_lps(point_lps_mm)
        return self._placement.screen_from_pixel(x, y, frame, self._size())

    @property
    def mm_per_px(self) -> float:
        """Millimetres of the patient per pixel of the screen."""
        return 1.0 if self._placement is None else 1.0 / self._placement.zoom

    def cut_line(self) -> CutLine | None:
        """Return the line in which the cutting plane meets this slice."""
        frame, plane = self.frame_of_slice, self._state.plane
        if frame is None or plane is None or self._placement is None:
            return None
        return CutLine.of(plane, frame, self._index, self._placement, self._size())

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the slice."""
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        frame = self.frame_of_slice
        if frame is None or self._scene is None or self._placement is None:
            title = self._wording.text(f"ui.slice.{self.axis}")
            paint_texts(painter, SliceTexts(title=title, notice=self.notice), self._size())
            return
        if self._picture is None:
            self._picture = self._made_picture(self._scene)
        ratio = self.devicePixelRatioF()
        if self._painted is None or not self._painted.fits(self._placement, self._size(), ratio):
            self._painted = PaintedSlice.of(self._picture, frame, self._placement, self._size(), ratio)
        cut = self.cut_line()
        paint_slice(
            painter,
            self._painted,
            self._size(),
            crosshair=self.screen_from_lps(self._state.crosshair_lps_mm),
            cut=cut,
            is_all_removed=cut is None and self._lies_in_removed(frame),
            texts=self._texts(),
        )
        for overlay in self._state.overlays:
            overlay.paint(painter, self)
        if self._state.tool is not None:
            self._state.tool.paint(painter, self)
        if self.hasFocus():
            painter.setPen(self.palette().highlight().color())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _made_picture(self, scene: SliceScene) -> SlicePicture:
        if not self._is_outlined:
            contours = scene.contours(self.axis, self._index) if self._state.shows_labels else []
            self._outlines, self._is_outlined = outlines_of(contours, self._outlines), True
        state, removed = self._state, None
        picture = partial(scene.picture, self.axis, self._index, state.window, slab=state.slab, fused=state.fusion)
        if scene.tint is not None and scene.tint.mask is None:
            removed = image_from_pixels(picture(is_removed=True))
        kept = image_from_pixels(picture())
        return SlicePicture(kept, self._outlines, removed)

    def _lies_in_removed(self, frame: SliceFrame) -> bool:
        """Tell whether a slice along the plane lies where tissue is removed."""
        plane = self._state.plane
        if plane is None:
            return False
        middle = frame.lps_from_pixel(frame.shape[1] / 2, frame.shape[0] / 2, self._index)
        return bool(plane.normal_lps @ (middle - plane.origin_lps_mm) > 0)

    def _texts(self) -> SliceTexts:
        reading = self._reading()
        if reading is None:
            return SliceTexts()
        window, readout = self._state.window, self.readout()
        key = (
            reading.frame,
            reading.index,
            reading.mm_per_px,
            reading.slab,
            reading.fused,
            window,
            self.width(),
            readout,
            self.notice,
            self._wording,
        )
        if self._written is None or self._written[0] != key:
            texts = written_texts(reading, window, self.width(), readout, self.notice, self._wording)
            self._written = (key, texts)
        return self._written[1]

    def _reading(self) -> SliceReading | None:
        frame = self.frame_of_slice
        if self._scene is None or frame is None or self._placement is None:
            return None
        return SliceReading(self._scene, frame, self._index, self.mm_per_px, self._state.slab, self._state.fusion)

    def special_text(self) -> str:
        """What the view says of a thick slice or of a scan that is laid over it; nothing where there is neither."""
        return self._texts().special

    def readout(self) -> str:
        """Value, place and structure under the pointer."""
        reading = self._reading()
        if self._pointer is None or self._placement is None or reading is None:
            return ""
        x, y = self._placement.pixel_from_screen(self._pointer, reading.frame, self._size())
        return readout_text(reading, x, y, self._wording)

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a drag."""
        if self.frame_of_slice is None or self._placement is None or self._press is not None:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        at = event.position()
        button = event.button()
        if button is Qt.MouseButton.LeftButton and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            button = Qt.MouseButton.MiddleButton
        tools = self._tools() if button is Qt.MouseButton.LeftButton else ()
        tool = next((one for one in tools if one.press(self._tool_pointer(event))), None)
        if tool is not None:
            self._press = SlicePress(button, at, self._state.window, self._placement, tool=tool)
            self.update()
            return
        frame = self.frame_of_slice
        if self.axis is SliceAxis.OBLIQUE and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            directions = frame.directions_lps
            self._press = SlicePress(button, at, self._state.window, self._placement, directions=directions)
            return
        line = self.cut_line()
        grip = line.grip_at(at) if line is not None and button is Qt.MouseButton.LeftButton else None
        if not self.is_plane_movable:
            grip = None
        plane = self._state.plane
        self._press = SlicePress(button, at, self._state.window, self._placement, grip, plane, line)
        if button is Qt.MouseButton.LeftButton and grip is None:
            self._state.move_crosshair(self._lps_at(at))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer, dragging or not."""
        at = event.position()
        self._pointer = at
        press = self._press
        if press is None:
            if self._placement is not None:
                for tool in self._tools():
                    tool.hover(self._tool_pointer(event))
            self._show_grip(at)
            self.update()
            return
        if press.tool is not None:
            if press.tool in self._tools():
                press.tool.move(self._tool_pointer(event))
            self.update()
            return
        moved = at - press.at
        if press.directions is not None:
            self._state.turn_oblique(turned_directions(press.directions, moved.x(), moved.y()))
        elif press.button is Qt.MouseButton.RightButton:
            speed = _WINDOW_SPEED * max(press.window.width / 400.0, 0.25)
            self._state.set_window(press.window.dragged(moved.x(), moved.y(), speed))
        elif press.button is Qt.MouseButton.MiddleButton:
            self._placement = press.placement.panned(moved.x(), moved.y())
            self._is_fitted = False
        elif press.grip is not None:
            self._drag_plane(press, at)
        elif press.button is Qt.MouseButton.LeftButton:
            self._state.move_crosshair(self._lps_at(at))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag."""
        press, self._press = self._press, None
        if press is not None and press.tool is not None:
            if press.tool in self._tools():
                press.tool.release(self._tool_pointer(event))
            self.update()
        elif press is not None and press.grip is not None:
            self.plane_released.emit()
        self._show_grip(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fill the window with this view, or go back."""
        self._press = None
        tool = self._state.tool
        if tool is not None and self._placement is not None and tool.double_click(self._tool_pointer(event)):
            return
        if event.button() is Qt.MouseButton.LeftButton:
            self.maximise_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, or zoom with control."""
        frame = self.frame_of_slice
        if frame is None or self._placement is None:
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            factor = _ZOOM_STEP ** (delta / 120.0)
            self._placement = self._placement.zoomed(factor, event.position(), self._size())
            self._is_fitted = False
            self.update()
        else:
            self._wheel_rest += delta
            steps = int(self._wheel_rest / 120)
            self._wheel_rest -= steps * 120
            if not (event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._tool_wheel(event, steps)):
                self.scroll_by(steps)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Scroll with the arrows and page keys, fit with Home."""
        if self._state.tool is not None and self._state.tool.key(self, event):
            self.update()
            return
        steps = {
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_PageUp: 10,
            Qt.Key.Key_PageDown: -10,
        }.get(Qt.Key(event.key()))
        if steps is not None:
            self.scroll_by(steps)
        elif event.key() == Qt.Key.Key_Home:
            self.fit()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: object) -> None:
        """Forget the pointer: the read-out goes."""
        self._pointer = None
        if self._state.tool is not None:
            self._state.tool.hover(None)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole slice in view while nobody has zoomed."""
        if self._is_fitted:
            self.fit()

    def _on_crosshair(self) -> None:
        frame = self.frame_of_slice
        if frame is None:
            return
        index = frame.nearest_slice(self._state.crosshair_lps_mm)
        if index != self._index:
            self._index = index
            self._picture, self._painted, self._is_outlined = None, None, False
        self.update()

    def _drag_plane(self, press: SlicePress, at: QPointF) -> None:
        frame = self.frame_of_slice
        if press.plane is None or press.line is None or press.grip is None or frame is None:
            return
        points = (self._lps_at(press.at), self._lps_at(at), self._lps_at(press.line.middle))
        self.plane_dragged.emit(dragged_plane(press.plane, press.grip, press.line, press.at, at, frame, points))

    def _tools(self) -> tuple[SliceTool, ...]:
        """Who may answer a press: the tool that was chosen, then the hands on the cut."""
        return tuple(tool for tool in (self._state.tool, self._state.cut_tool) if tool is not None)

    def _tool_pointer(self, event: QMouseEvent | QWheelEvent) -> SlicePointer:
        at = event.position()
        button = event.button() if isinstance(event, QMouseEvent) else Qt.MouseButton.NoButton
        if button is Qt.MouseButton.NoButton and self._press is not None:
            button = self._press.button
        return SlicePointer(self, at, self._lps_at(at), button, event.modifiers())

    def _tool_wheel(self, event: QWheelEvent, steps: int) -> bool:
        tool = self._state.tool
        is_taken = tool is not None and tool.wheel(self._tool_pointer(event), steps)
        self.update()
        return is_taken

    def _show_grip(self, at: QPointF) -> None:
        if self._state.tool is not None:
            self.setCursor(self._state.tool.cursor)
            return
        line = self.cut_line() if self.is_plane_movable else None
        grip = line.grip_at(at) if line is not None else None
        if grip is None and self._state.cut_tool is not None:
            self.setCursor(self._state.cut_tool.cursor)
            return
        shape = {CutGrip.MOVE: Qt.CursorShape.SizeAllCursor, CutGrip.TURN: Qt.CursorShape.OpenHandCursor}
        self.setCursor(shape[grip] if grip else Qt.CursorShape.CrossCursor)

    def _lps_at(self, at: QPointF | QPoint) -> NDArray[np.float64]:
        frame = self.frame_of_slice
        assert frame is not None
        assert self._placement is not None
        return lps_under(self._placement, QPointF(at), frame, self._index, self._size())

    def _size(self) -> tuple[float, float]:
        return (float(self.width()), float(self.height()))
