"""The watch over the window: a stretch in which it does not answer is kept, with where it was."""

import time

import pytest

from app.ui.gap_watch import GapWatch
from app.ui.launch import application
from tests.app.ui.conftest import live

pytestmark = pytest.mark.gui


def _hold_the_window(until: float) -> None:
    while time.monotonic() < until:
        time.sleep(0.01)


def test_that_a_stretch_without_an_answer_is_kept_with_its_place(leak_guard: None) -> None:
    application()
    watch = GapWatch(patience_s=0.2)
    watch.start()
    live(0.1)
    _hold_the_window(time.monotonic() + 0.8)
    live(0.1)
    watch.stop()
    worst = watch.worst()
    assert worst is not None
    assert worst.wall_s > 0.5
    assert worst.own_s < worst.wall_s, "sleeping is no work of its own"
    assert "_hold_the_window test_gap_watch.py:" in worst.where
    assert "/" not in worst.text(), "no path goes into a log"
    kept = len(watch.gaps)
    _hold_the_window(time.monotonic() + 0.3)
    live(0.05)
    assert len(watch.gaps) == kept, "a watch that was stopped hears nothing"
