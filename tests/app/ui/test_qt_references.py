"""Qt gives no reference away: with PySide6 6.12.0 the program died after some ten thousand signals."""

import sys

import pytest
from PySide6.QtCore import QObject, QTimer, Signal

from app.ui.launch import application

pytestmark = pytest.mark.gui

_N = 400


class _Bell(QObject):
    rang = Signal(object)


def _lost(action: object) -> int:
    """Return how many references to True, False and None are lost, at most, in many calls."""
    app = application()
    action()  # type: ignore[operator]
    app.processEvents()
    counted = (True, False, None)
    before = [sys.getrefcount(value) for value in counted]
    for _ in range(_N):
        action()  # type: ignore[operator]
    app.processEvents()
    return max(old - sys.getrefcount(value) for old, value in zip(before, counted, strict=True))


def test_that_a_signal_gives_no_reference_away() -> None:
    bell = _Bell()
    bell.rang.connect(lambda value: None)
    assert _lost(lambda: bell.rang.emit(bell)) < _N / 4


def test_that_a_single_shot_gives_no_reference_away() -> None:
    assert _lost(lambda: QTimer.singleShot(0, lambda: None)) < _N / 4
