"""The strip of tools under the stage: turn, zoom, recentre, draw, take a picture, look at pictures."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QToolButton, QWidget

from app.ui.consultation_drawing import DRAWING_COLOURS, DrawingTool
from app.ui.consultation_stage import ConsultationStage
from app.ui.consultation_style import big_button
from twin.wording import Wording

__all__ = ["StageTools"]

_STEP_DEG = 20.0
_ZOOM = 1.25
_TURNS = {
    "turn_left": (_STEP_DEG, 0.0),
    "turn_right": (-_STEP_DEG, 0.0),
    "turn_up": (0.0, -_STEP_DEG),
    "turn_down": (0.0, _STEP_DEG),
}


class StageTools(QFrame):
    """Buttons for a stage, each at least 48 pixels wide and high.

    Parameters
    ----------
    stage
        What is turned and drawn upon.
    recentre
        Brings the eye of the scene back.
    """

    picture_asked = Signal()
    gallery_asked = Signal()

    def __init__(self, stage: ConsultationStage, recentre: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Tools")
        self._stage = stage
        self.buttons: dict[str, QToolButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 6, 14, 6)
        layout.setSpacing(6)
        layout.addLayout(self._made_pad())
        self._add(layout, "zoom_in", lambda: stage.zoom(_ZOOM))
        self._add(layout, "zoom_out", lambda: stage.zoom(1 / _ZOOM))
        self._add(layout, "recentre", recentre, drawing="fit")
        layout.addStretch(1)
        for tool, drawing in ((DrawingTool.LOOK, "hand"), (DrawingTool.PEN, "pen"), (DrawingTool.ARROW, "arrow")):
            self._add(layout, tool.value, lambda checked=False, t=tool: self.choose(t), drawing=drawing, checks=True)
        for name, colour in DRAWING_COLOURS.items():
            button = self._add(layout, name, lambda checked=False, c=colour: self._choose_colour(c), checks=True)
            button.setIcon(_drop(colour))
        self._add(layout, "undo", self._undo, drawing="undo")
        self._add(layout, "clear", self._clear, drawing="delete")
        layout.addStretch(1)
        self._add(layout, "picture", self.picture_asked.emit, drawing="camera")
        self._add(layout, "gallery", self.gallery_asked.emit, drawing="gallery")
        stage.drawn.connect(self.refresh)
        self.refresh()

    def choose(self, tool: DrawingTool) -> None:
        """Look, or draw with pen or arrows."""
        self._stage.choose_tool(tool)
        self.refresh()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        for name, button in self.buttons.items():
            text = wording.text(f"consultation.tool.{name}")
            if button.objectName() == "Under":
                button.setText(text)
            button.setToolTip(text)
            button.setAccessibleName(text)

    def refresh(self) -> None:
        """Mark what is chosen; grey what has nothing to do."""
        stage = self._stage
        for tool in DrawingTool:
            self.buttons[tool.value].setChecked(stage.tool is tool)
        is_drawing = stage.tool is not DrawingTool.LOOK
        for name, colour in DRAWING_COLOURS.items():
            self.buttons[name].setChecked(is_drawing and stage.colour == colour)
            self.buttons[name].setVisible(is_drawing)
        for name in ("undo", "clear"):
            self.buttons[name].setEnabled(bool(stage.drawing.strokes))
        for name in (*_TURNS, "zoom_in", "zoom_out"):  # the stage holds still while one draws
            self.buttons[name].setVisible(not is_drawing)

    def _made_pad(self) -> QGridLayout:
        pad = QGridLayout()
        pad.setSpacing(4)
        for n, name in enumerate(_TURNS):
            button = big_button(name)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setAutoRepeat(True)
            button.setAutoRepeatInterval(350)
            button.clicked.connect(lambda checked=False, by=_TURNS[name]: self._stage.turn(*by))
            self.buttons[name] = button
            pad.addWidget(button, 0, n)
        return pad

    def _add(
        self, layout: QHBoxLayout, name: str, do: Callable[..., object], *, drawing: str = "", checks: bool = False
    ) -> QToolButton:
        button = big_button(drawing or name if name not in DRAWING_COLOURS else "", under=True, checkable=checks)
        button.clicked.connect(do)
        self.buttons[name] = button
        layout.addWidget(button)
        return button

    def _choose_colour(self, colour: str) -> None:
        self._stage.colour = colour
        self.refresh()

    def _undo(self) -> None:
        self._stage.drawing.undo()
        self._stage.update()
        self.refresh()

    def _clear(self) -> None:
        self._stage.drawing.clear()
        self._stage.update()
        self.refresh()


def _drop(colour: str) -> QIcon:
    pixmap = QPixmap(48, 48)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(8, 8, 32, 32)
    painter.end()
    pixmap.setDevicePixelRatio(2.0)
    return QIcon(pixmap)
