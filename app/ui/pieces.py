"""Small parts that the panels are made of."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QPushButton, QScrollArea, QToolButton, QWidget

__all__ = [
    "Chip",
    "ColourChip",
    "action_button",
    "clear",
    "label",
    "main_button",
    "rule",
    "scrolled",
    "set_property",
    "tool_button",
    "widgets_in",
]


def label(text: str = "", name: str = "", *, wraps: bool = False) -> QLabel:
    """Return a text; ``name`` is its role in the style sheet."""
    made = QLabel(text)
    made.setObjectName(name)
    made.setWordWrap(wraps)
    if wraps:
        made.setMinimumWidth(40)
    return made


def rule() -> QFrame:
    """Return a thin line between sections."""
    made = QFrame()
    made.setObjectName("Rule")
    return made


def scrolled(page: QWidget, *, sideways: bool = False) -> QScrollArea:
    """Return a page that scrolls when it is too long, and with ``sideways`` also when it is too wide."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    if not sideways:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area


def tool_button(action: QAction, *, name: str = "Flat", size: int = 20) -> QToolButton:
    """Return a button with the drawing of an action."""
    made = QToolButton()
    made.setObjectName(name)
    made.setDefaultAction(action)
    made.setIconSize(QSize(size, size))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


def action_button(action: QAction, *, name: str = "", has_icon: bool = True) -> QPushButton:
    """Return a button with text and drawing of an action; it follows the action."""
    made = QPushButton()
    made.setObjectName(name)

    def follow() -> None:
        made.setText(action.text().replace("…", "").replace("&", ""))
        if has_icon:
            made.setIcon(action.icon())
        made.setToolTip(action.toolTip())
        made.setEnabled(action.isEnabled())

    action.changed.connect(follow)
    made.clicked.connect(action.trigger)
    follow()
    return made


def main_button(action: QAction) -> QPushButton:
    """Return the button of what is to be done next."""
    made = action_button(action, name="Main", has_icon=False)
    made.setMinimumHeight(34)
    return made


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def widgets_in(layout: QLayout) -> list[QWidget]:
    """Return the widgets of a layout, in order."""
    items = (layout.itemAt(n) for n in range(layout.count()))
    return [widget for item in items if item is not None and (widget := item.widget()) is not None]


class Chip(QLabel):
    """A word in a rounded field; ``kind`` is empty, ``good``, ``warning`` or ``error``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Chip")

    def show_state(self, text: str, kind: str = "", tip: str = "") -> None:
        """Show a word, or nothing when it is empty."""
        self.setText(text)
        self.setToolTip(tip)
        self.setVisible(bool(text))
        set_property(self, "kind", kind)


class ColourChip(QWidget):
    """A small square in the colour of a structure, rimmed so that no colour is lost on its ground."""

    def __init__(self, colour: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QColor(colour)
        self.setFixedSize(14, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the square."""
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.palette().placeholderText().color())
        painter.setBrush(self._colour)
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 3, 3)
