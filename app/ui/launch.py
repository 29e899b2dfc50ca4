"""Start the window and stay in it until it is closed."""

from __future__ import annotations

import gc
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.ui.engine_state import EngineState
from app.ui.equipment import Equipment
from app.ui.main_window import MainWindow
from app.ui.settings import read_settings
from app.ui.theme import DARK, LIGHT, apply_theme

__all__ = ["application", "launch"]

_SWITCH_S = 0.0005


def launch(path: Path | None, language: str, equipment: Equipment) -> int:
    """Open the window, with a case or a study when one is given; return when it is closed.

    Parameters
    ----------
    path
        What to open, or None.
    language
        ``"fr"`` or ``"en"``; a language chosen in the window before takes precedence.
    equipment
        What the composition hands over.
    """
    settings = read_settings(equipment.settings_folder)
    settings = replace(settings, language=settings.language or language)
    app = application()
    apply_theme(app, LIGHT if settings.theme == "light" else DARK)
    window = MainWindow(equipment, settings)
    sys.excepthook = partial(_report, window)
    window.show()
    engine = EngineState(window)
    engine.start()
    gc.collect()
    gc.freeze()  # what lives as long as the program is not looked through again in the middle of a drag
    if path is not None:
        QTimer.singleShot(0, window, lambda: window.open_path(path))
    signal.signal(signal.SIGINT, lambda *_: window.close())
    beat = QTimer()  # lets Python see Ctrl+C in the terminal
    beat.start(250)
    beat.timeout.connect(lambda: None)
    window.gap_watch.start()
    code = app.exec()
    beat.stop()
    engine.stop()
    return int(code)


def _report(window: MainWindow, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A failure nobody caught: into the technical log, and one line in the window."""
    if isinstance(error, Exception):
        window.control.fail(error)  # a defect of ours opens the crash dialog
    else:
        sys.__excepthook__(kind, error, trace)


def application() -> QApplication:
    """Return the application, made once."""
    known = QApplication.instance()
    if isinstance(known, QApplication):
        return known
    # Each call into Qt lets go of Python's lock: a thread that computes gives it back within half a millisecond
    # instead of five, or a slice of a hundred strokes would wait a hundred times.
    sys.setswitchinterval(_SWITCH_S)
    QGuiApplication.setApplicationName("TwinSight")
    QGuiApplication.setApplicationDisplayName("TwinSight")
    QGuiApplication.setDesktopFileName("twinsight")
    return QApplication(sys.argv[:1])
