"""A program that opens a case, drags a plane, begins to drag it again and waits to be killed.

``python -m tests.app.ui.planned_and_killed CASE SETTINGS``; prints ``written`` once the first drag is safe and
``dragging`` while the second one is under way.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.scene.cut_plane import PlaneHandle
from app.scene.scene_renderer import SceneRenderer
from app.ui.equipment import Equipment
from app.ui.launch import application
from app.ui.main_window import MainWindow
from app.ui.settings import Settings
from app.ui.shown_figures import FigureState

_LEFT, _NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def main(case_path: Path, settings: Path) -> None:
    """Plan, and wait for the end."""
    application()
    window = MainWindow(Equipment(lambda: (), SceneRenderer, settings, settings / "cache"), Settings(language="en"))
    window.show()
    window.open_path(case_path)
    _until(lambda: window.desk.can_plan)
    window.actions_["plan.new_plane"].trigger()
    _until(lambda: window.desk.shown.state is FigureState.SETTLED and window.twin_view.is_settled)
    first = window.desk.plan
    _pull(window, 30)
    QTest.mouseRelease(window.twin_view, _LEFT, _NONE, _tip(window).toPoint())
    _until(lambda: window.desk.plan is not None and window.desk.plan is not first)
    assert window.desk.plan is not None
    print("written", *window.desk.plan.resections[0].origin_lps_mm, flush=True)  # type: ignore[union-attr]
    _until(lambda: window.desk.shown.state is FigureState.SETTLED)
    _pull(window, -60)
    _until(lambda: window.state.is_dragging_plane)
    print("dragging", flush=True)
    _until(lambda: False)


def _tip(window: MainWindow) -> QPointF:
    return window.twin_view.handle_position(PlaneHandle.MOVE)


def _pull(window: MainWindow, by: float) -> None:
    """Take hold of the arrow and pull it, without letting go."""
    at = _tip(window)
    QTest.mousePress(window.twin_view, _LEFT, _NONE, at.toPoint())
    for share in (0.5, 1.0):
        QTest.mouseMove(window.twin_view, (at + QPointF(by * share, 0)).toPoint())
        QApplication.processEvents()


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        QApplication.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
