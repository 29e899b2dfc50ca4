"""Lets the twin turn by itself, at the same speed on every machine."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

__all__ = ["Turntable"]

_DEGREES_PER_SECOND = 24.0
_LONGEST_STEP_S = 0.12  # after a hitch it goes on from where it was instead of leaping
_BEAT_MS = 15


class Turntable(QObject):
    """Asks for the next angle whenever the last picture has been shown.

    Parameters
    ----------
    is_ready
        Tells whether the last picture has come: a slow machine turns with fewer pictures, not slower.
    turn
        Called with the degrees to turn by.
    """

    def __init__(self, is_ready: Callable[[], bool], turn: Callable[[float], None], parent: QObject) -> None:
        super().__init__(parent)
        self._is_ready = is_ready
        self._turn = turn
        self._last_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)

    @property
    def is_turning(self) -> bool:
        """True while it turns."""
        return self._timer.isActive()

    def start(self) -> None:
        """Begin to turn."""
        self._last_s = time.perf_counter()
        self._timer.start()

    def stop(self) -> None:
        """Stand still."""
        self._timer.stop()

    def _beat(self) -> None:
        if not self._is_ready():
            return
        now = time.perf_counter()
        step_s, self._last_s = min(now - self._last_s, _LONGEST_STEP_S), now
        self._turn(_DEGREES_PER_SECOND * step_s)
