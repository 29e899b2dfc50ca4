"""The words that say that the engine is being prepared."""

import threading

import pytest
from PySide6.QtWidgets import QWidget

from app.ui import engine_state
from app.ui.engine_state import EngineState
from twin.wording import Wording

pytestmark = pytest.mark.gui


class _Window(QWidget):
    wording = Wording("fr")


def test_that_the_preparation_of_the_engine_is_said_until_it_is_done(qtbot, monkeypatch):
    may_end = threading.Event()
    monkeypatch.setattr(engine_state, "prepare_engine", lambda **_: may_end.wait(30))
    window = _Window()
    qtbot.addWidget(window)
    window.show()
    state = EngineState(window)
    state.start()
    assert state.is_preparing
    assert state.label.isVisible()
    assert state.label.text() == "Préparation du moteur…"
    window.resize(500, 400)
    qtbot.waitUntil(lambda: 350 < state.label.geometry().bottom() < 400)
    may_end.set()
    qtbot.waitUntil(lambda: not state.label.isVisible())
    state.stop()
    assert not state.is_preparing
