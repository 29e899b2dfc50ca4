"""Calm teal on light, in large type: the style of what the patient sees, whatever the theme of the workstation."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolButton, QWidget

from app.ui.theme import icon

__all__ = ["ACCENT", "KEY_PX", "PATIENT_STYLE", "QUIET", "TEXT", "PartToggle", "big_button"]

TEXT, QUIET, ACCENT = "#12302f", "#3f5b5a", "#0b6e69"
KEY_PX = 236  # width of the key of colours
_FONT_PX = 18
_LEAST_PX = 48  # of anything that a finger touches

PATIENT_STYLE = """
* { font-size: 18px; color: #12302f; }
#Stage, #Consultation { background: #eef4f4; }
#Head { background: #ffffff; border-bottom: 1px solid #b9cfce; }
#Tools, #Timeline { background: #ffffff; border-top: 1px solid #b9cfce; }
#StoryTitle { font-size: 22px; font-weight: 600; color: #07504c; }
#SceneTitle { font-size: 31px; font-weight: 600; color: #07504c; }
#Told { font-size: 23px; }
#Told[current="true"] { color: #07504c; font-weight: 600; }
#More { font-size: 20px; color: #2c4a49; }
#Small { font-size: 15px; color: #3f5b5a; }
#Draft { font-size: 15px; font-weight: 600; color: #6b4300; background: #fff1d2; border-radius: 8px;
  padding: 6px 12px; }
#Unlocked { font-size: 18px; color: #07504c; }
QToolButton, QPushButton { background: #ffffff; border: 1px solid #8fb3b1; border-radius: 9px; padding: 4px 10px;
  min-height: 38px; min-width: 28px; color: #12302f; }
QToolButton:hover, QPushButton:hover { border-color: #0b6e69; }
QToolButton:pressed, QPushButton:pressed { background: #d3e9e7; }
QToolButton:checked, QPushButton:checked { background: #d3e9e7; border: 2px solid #0b6e69; }
QToolButton:focus, QPushButton:focus, QComboBox:focus { border: 2px solid #0b6e69; }
QToolButton:disabled, QPushButton:disabled { color: #8aa09f; border-color: #d3dedd; background: #f4f7f7; }
QToolButton#Go, QPushButton#Go { background: #0b6e69; color: #ffffff; border-color: #0b6e69; font-weight: 600; }
QToolButton#Go:disabled, QPushButton#Go:disabled { background: #d3dedd; color: #6d8382; border-color: #d3dedd; }
QToolButton#Under { font-size: 14px; padding: 4px 3px 3px 3px; min-height: 51px; min-width: 68px; }
QToolButton#Dot { font-size: 15px; padding: 2px; border-color: transparent; background: transparent; }
QToolButton#Dot:checked { background: #d3e9e7; border: 2px solid #0b6e69; font-weight: 600; }
QComboBox { background: #ffffff; border: 1px solid #8fb3b1; border-radius: 9px; padding: 4px 10px; min-height: 38px; }
QComboBox QAbstractItemView { background: #ffffff; color: #12302f; selection-background-color: #d3e9e7;
  selection-color: #12302f; }
QComboBox QAbstractItemView::item { min-height: 44px; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QProgressBar { background: #d3dedd; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }
QProgressBar::chunk { background: #0b6e69; border-radius: 3px; }
QListWidget { background: #ffffff; border: none; }
QScrollBar:vertical { background: transparent; width: 14px; margin: 0; }
QScrollBar::handle:vertical { background: #8fb3b1; border-radius: 5px; min-height: 44px; }
QDialog { background: #eef4f4; }
"""


def big_button(drawing: str = "", name: str = "", *, under: bool = False, checkable: bool = False) -> QToolButton:
    """Return a button that a finger meets: at least 48 pixels each way."""
    made = QToolButton()
    made.setObjectName("Under" if under else name)
    made.setCheckable(checkable)
    made.setMinimumSize(_LEAST_PX, _LEAST_PX)
    made.setIconSize(QSize(24, 24))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if under else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    made.setToolButtonStyle(style)
    if drawing:
        made.setIcon(icon(drawing, "#ffffff" if name == "Go" else ACCENT, "#8aa09f"))
    return made


class PartToggle(QAbstractButton):
    """A part of the stage with its colour and its name: the key of the colours, and the switch."""

    def __init__(self, name: str, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(name)
        self.setCheckable(True)
        self.setChecked(True)
        self._colour = QColor(colour)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        """As high as the name needs in the width there is."""
        font = QFont(self.font())
        font.setPixelSize(_FONT_PX)
        flags = int(Qt.TextFlag.TextWordWrap)
        text = QFontMetrics(font).boundingRect(0, 0, KEY_PX - 58, 400, flags, self.text())
        return QSize(KEY_PX, max(_LEAST_PX, text.height() + 14))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw colour and name; what is hidden is pale and struck through."""
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_shown, area = self.isChecked(), self.rect().toRectF().adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(ACCENT if self.hasFocus() else "#8fb3b1"), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor("#ffffff" if is_shown else "#eef4f4"))
        painter.drawRoundedRect(area, 9, 9)
        painter.setPen(QPen(QColor("#26403f" if is_shown else "#8aa09f"), 1.2))
        painter.setBrush(self._colour if is_shown else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(14, self.height() // 2 - 10, 20, 20, 4, 4)
        font = QFont(self.font())
        font.setPixelSize(_FONT_PX)
        font.setStrikeOut(not is_shown)
        painter.setFont(font)
        painter.setPen(QColor(TEXT if is_shown else "#5d7372"))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(self.rect().adjusted(46, 4, -10, -4), flags, self.text())
