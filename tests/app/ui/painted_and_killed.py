"""A program that opens a case, erases with the brush, begins another stroke and waits to be killed.

``python -m tests.app.ui.painted_and_killed CASE SETTINGS``; prints ``written`` once the first stroke is safe and
``drawing`` while the second one is under way.
"""

import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.scene.scene_renderer import SceneRenderer
from app.scene.slice_frame import SliceAxis
from app.ui.equipment import Equipment
from app.ui.launch import application
from app.ui.main_window import MainWindow
from app.ui.settings import Settings
from app.ui.steps import Step
from twin.anatomy import LayerName


def main(case_path: Path, settings: Path) -> None:
    """Paint, and wait for the end."""
    application()
    window = MainWindow(Equipment(lambda: (), SceneRenderer, settings, settings / "cache"), Settings(language="en"))
    window.show()
    window.open_path(case_path)
    while window.control.work is None:
        _live()
    window.show_step(Step.SEGMENT)
    window.structure_panel.select("liver")
    window.actions_["tool.eraser"].trigger()
    layer = window.control.work.case.layer(LayerName.ORGANS)
    middle_kji = np.argwhere(layer.mask("liver")).mean(axis=0)
    window.state.move_crosshair(layer.grid.lps_from_ijk(middle_kji[::-1]))
    _live()
    view = window.slices[SliceAxis.AXIAL]
    at = view.screen_from_lps(window.state.crosshair_lps_mm)
    _press(view, at)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at.toPoint())
    while not window.control.work.session.can_undo:
        _live()
    print("written", flush=True)
    _press(view, at + QPointF(40, 0))
    while window.editor.patch is None:
        _live()
    print("drawing", flush=True)
    while True:
        _live()


def _press(view: object, at: QPointF) -> None:
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at.toPoint())  # type: ignore[call-overload]


def _live() -> None:
    QApplication.processEvents()
    time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
