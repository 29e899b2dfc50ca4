"""Pictures of the window at each step, in every language and theme, and what is cut off in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from tests.app.sessions.person import Person

__all__ = ["LOOKS", "Album", "faults_of", "photograph"]

LOOKS = tuple(product(("en", "fr"), ("dark", "light")))
_MESSAGE_ID = re.compile(r"\b(?:ui|segment_editor|error|figure|notice|edit)\.[a-z_]+(?:\.[a-z_]+)*\b")
_SLACK_PX = 2


class Album:
    """Takes pictures into a folder, and keeps what was wrong in each.

    Parameters
    ----------
    person
        Whose window it is.
    folder
        Where pictures go; None takes none, but still looks for texts that are cut off or not translated.
    looks
        Pairs of language and theme; the window is left in the first.
    """

    def __init__(
        self, person: Person, folder: Path | None, looks: tuple[tuple[str, str], ...] = LOOKS, *, prefix: str = ""
    ) -> None:
        self._person, self._folder, self._looks, self._prefix = person, folder, looks, prefix
        self._number = 0
        self.faults: list[str] = []
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def take(self, name: str, before: Callable[[], None] = lambda: None) -> None:
        """Look at the window in every language and theme; ``before`` is done before each picture."""
        self._number += 1
        for language, theme in (*self._looks[1:], self._looks[0]):
            self._dress(language, theme)
            before()
            self._person.rest()
            self._keep(name, language, theme)

    def take_dialog(self, name: str) -> None:
        """Look at a dialog as it stands over the window, in the language of now."""
        self._number += 1
        self._keep(name, self._person.window.wording.language, self._person.window.settings.theme)

    def _dress(self, language: str, theme: str) -> None:
        window = self._person.window
        if window.wording.language != language:
            self._person.choose("view.language")
        if (window.settings.theme == "light") != (theme == "light"):
            self._person.choose("view.light")

    def _keep(self, name: str, language: str, theme: str) -> None:
        where = f"{name} ({language}, {theme})"
        shown = QApplication.activeModalWidget() or self._person.window
        self.faults += [f"{where}: {fault}" for fault in faults_of(shown)]
        if self._folder is not None:
            file = self._folder / f"{self._prefix}{self._number:02d}-{name}-{language}-{theme}.png"
            photograph(self._person.window).save(str(file))


def photograph(window: QWidget) -> QPixmap:
    """Return the window as it is seen, with a dialog that stands over it."""
    picture = window.grab()
    dialog = QApplication.activeModalWidget()
    if dialog is not None and dialog is not window:
        painter = QPainter(picture)
        offset = dialog.mapToGlobal(QPoint(0, 0)) - window.mapToGlobal(QPoint(0, 0))
        painter.drawPixmap(offset, dialog.grab())
        painter.end()
    return picture


def faults_of(root: QWidget) -> list[str]:
    """Return texts that are cut off, and message ids that were shown instead of words."""
    faults = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or widget.visibleRegion().isEmpty():
            continue
        text = _text_of(widget)
        if not text:
            continue
        if _MESSAGE_ID.search(text):
            faults.append(f"not worded: {text!r}")
        elif _is_cut(widget, text):
            faults.append(f"cut off: {text!r} ({widget.width()} x {widget.height()})")
    return [*faults, *_too_wide_pages(root)]


def _too_wide_pages(root: QWidget) -> list[str]:
    """Return pages that are wider than the area they scroll in, where that cannot scroll sideways."""
    faults = []
    for area in root.findChildren(QScrollArea):
        page = area.widget()
        is_fixed = area.horizontalScrollBarPolicy() is Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if area.isVisible() and is_fixed and page is not None and page.width() > area.viewport().width() + _SLACK_PX:
            owner = type(area.parentWidget()).__name__
            faults.append(f"page of {owner} too wide: {page.width()} in {area.viewport().width()}")
    return faults


def _text_of(widget: QWidget) -> str:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return widget.text() if isinstance(widget, QLabel | QPushButton | QToolButton) else ""


def _is_cut(widget: QWidget, text: str) -> bool:
    needed = widget.sizeHint()
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            return widget.heightForWidth(widget.width()) > widget.height() + _SLACK_PX
        return needed.width() > widget.width() + _SLACK_PX or needed.height() > widget.height() + _SLACK_PX
    if isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        field = widget.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, widget
        )
        return widget.fontMetrics().horizontalAdvance(text) > field.width() + _SLACK_PX
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly:
        return False
    return bool(widget.fontMetrics().horizontalAdvance(text.replace("&", "")) > widget.width() - _SLACK_PX)
