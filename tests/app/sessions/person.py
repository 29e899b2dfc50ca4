"""A person before the real window: mouse, keys, menus and dialogs, nothing behind the window's back."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from app.ui.main_window import MainWindow
from app.ui.shown_figures import FigureState
from app.ui.steps import Step

__all__ = ["Person"]

_PATIENCE_S = 900.0  # a hang guard: networks on a loaded machine take minutes
_NONE = Qt.KeyboardModifier.NoModifier
_LEFT = Qt.MouseButton.LeftButton
_LOOK_MS = 30  # between two looks for a dialog that is expected


class Person:
    """Hands and eyes.

    Parameters
    ----------
    window
        The window, shown.
    """

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    # Eyes

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Look until something is so."""
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            live()
            assert time.monotonic() < deadline, f"still not: {what}; it says: {self.window.message_bar.text!r}"

    def rest(self) -> None:
        """Wait until nothing runs and every picture is the last one."""
        window = self.window
        self.wait(lambda: not window.task_strip.is_busy and not window.control.opening.is_busy, "no task")
        work = window.control.work
        if work is not None:
            self.wait(lambda: not work.is_building, "twin built")
            self.wait(lambda: window.editor.task is None and not window.quality_checks.is_checking, "labels examined")
            self.wait(lambda: window.desk.plan is None or self._is_settled(), "figures settled")
        if window.twin_view.isVisible():
            self.wait(lambda: window.twin_view.is_settled, "picture in space")
        live(0.25)

    def _is_settled(self) -> bool:
        desk, plan, work = self.window.desk, self.window.desk.plan, self.window.control.work
        if plan is None or work is None or desk.shown.state is FigureState.FAILED:
            return True
        if desk.shown.state is not FigureState.SETTLED or desk.shown.settled is None:
            return False
        outcome = work.case.outcomes.get(plan.name)
        is_kept = outcome is not None and not outcome.is_stale
        return is_kept and desk.shown.settled.plan.hash == plan.hash and desk.faces is not None

    # Hands

    def step(self, step: Step) -> None:
        """Click on a step of the rail."""
        self.click(self.window.rail.buttons[step])
        self.wait(lambda: self.window.pages.step is step, f"step {step}")

    def choose(self, action_id: str) -> None:
        """Open a menu of the bar and click on an entry."""
        window = self.window
        action = window.actions_[action_id]
        self.wait(action.isEnabled, f"{action_id} possible ({action.toolTip()})")
        bar, menu = window.menuBar(), window.actions_.menu(action_id.partition(".")[0])
        QTest.mouseClick(bar, _LEFT, _NONE, bar.actionGeometry(menu.menuAction()).center())
        self.wait(menu.isVisible, f"menu of {action_id}")
        self._click_entry(menu, action)

    def choose_in(self, button: QWidget, menu: QWidget, action_id: str) -> None:
        """Open the menu of a button and click on an entry."""
        action = self.window.actions_[action_id]
        self.wait(action.isEnabled, f"{action_id} possible ({action.toolTip()})")
        _once(menu.isVisible, lambda: self._click_entry(menu, action))  # the menu of a button runs its own loop
        self.click(button)
        live(0.1)

    def click(self, widget: QWidget, at: QPointF | None = None) -> None:
        """Press and release, once the widget is seen."""
        _show_in_its_area(widget)
        self.wait(lambda: widget.isVisible() and widget.isEnabled(), f"{widget} to be clicked ({widget.toolTip()})")
        QTest.mouseClick(widget, _LEFT, _NONE, widget.rect().center() if at is None else at.toPoint())
        live(0.02)

    def drag(self, widget: QWidget, points: list[QPointF]) -> None:
        """Press, move through the points, release at the last."""
        QTest.mousePress(widget, _LEFT, _NONE, points[0].toPoint())
        for start, end in pairwise(points):
            for share in (0.25, 0.5, 0.75, 1.0):
                QTest.mouseMove(widget, (start + (end - start) * share).toPoint())
                live(0.02)
        QTest.mouseRelease(widget, _LEFT, _NONE, points[-1].toPoint())
        live(0.05)

    def key(self, widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = _NONE) -> None:
        """Press a key."""
        QTest.keyClick(widget, key, modifiers)
        live(0.02)

    def write(self, field: QLineEdit, text: str) -> None:
        """Write into a field, in the place of what is there."""
        _show_in_its_area(field)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)

    def pick(self, choice: QComboBox, data: object) -> None:
        """Choose an entry of a list with the arrow keys."""
        _show_in_its_area(choice)
        choice.setFocus()
        wanted = choice.findData(data)
        wanted = choice.findText(str(data)) if wanted < 0 else wanted
        assert wanted >= 0, f"{data} is not offered"
        while choice.currentIndex() != wanted:
            self.key(choice, Qt.Key.Key_Down if choice.currentIndex() < wanted else Qt.Key.Key_Up)

    # Dialogs: what the next one is answered with, said before it opens

    def will_give_path(self, path: Path) -> None:
        """Answer the next file dialog."""

        def answer(dialog: QWidget) -> None:
            assert isinstance(dialog, QFileDialog), dialog
            field = dialog.findChild(QLineEdit, "fileNameEdit")
            field.selectAll()
            field.insert(str(path))  # pasted
            live(0.05)
            buttons = dialog.findChild(QDialogButtonBox)
            kinds = (QDialogButtonBox.StandardButton.Open, QDialogButtonBox.StandardButton.Save)
            accept = next(button for kind in kinds if (button := buttons.button(kind)) is not None)
            QTest.mouseClick(accept, _LEFT)

        self._will(answer)

    def will_declare(self, name: str, *, seen: Callable[[], None] = lambda: None) -> None:
        """Answer the next declaration: write the name, tick the box, say yes; ``seen`` looks at it before the yes."""

        def answer(dialog: QWidget) -> None:
            self.write(dialog.findChild(QLineEdit), name)
            self.key(dialog.findChild(QCheckBox), Qt.Key.Key_Space)
            live(0.05)
            seen()
            QTest.mouseClick(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok), _LEFT)

        self._will(answer)

    def will_name(self, name: str) -> None:
        """Answer the next question for a name."""

        def answer(dialog: QWidget) -> None:
            self.write(dialog.findChild(QLineEdit), name)
            QTest.mouseClick(dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok), _LEFT)

        self._will(answer)

    def _will(self, answer: Callable[[QWidget], None]) -> None:
        def is_there() -> bool:
            dialog = QApplication.activeModalWidget()
            return dialog is not None and dialog.isVisible()

        _once(is_there, lambda: answer(QApplication.activeModalWidget()))

    def _click_entry(self, menu: QWidget, action: QAction) -> None:
        QTest.mouseClick(menu, _LEFT, _NONE, menu.actionGeometry(action).center())  # type: ignore[attr-defined]
        live(0.05)


def live(seconds: float = 0.0) -> None:
    """Let the window and its threads live for a while."""
    until = time.monotonic() + seconds
    while True:
        QApplication.processEvents()
        time.sleep(0.002)
        if time.monotonic() >= until:
            return


def _once(condition: Callable[[], bool], answer: Callable[[], None]) -> None:
    """Look again and again, in the loop that then runs, and answer once."""
    deadline = time.monotonic() + _PATIENCE_S

    def look() -> None:
        if condition():
            answer()
        elif time.monotonic() < deadline:
            QTimer.singleShot(_LOOK_MS, look)

    QTimer.singleShot(_LOOK_MS, look)


def _show_in_its_area(widget: QWidget) -> None:
    """Scroll to a widget that lies in a longer page."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
            live(0.02)
        parent = parent.parentWidget()
