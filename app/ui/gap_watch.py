"""How long the window did not answer: the worst gaps since it opened, and where in the program each was."""

from __future__ import annotations

import faulthandler
import logging
import re
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from PySide6.QtCore import QObject, Qt, QTimer

__all__ = ["PROMISE_S", "Gap", "GapWatch"]

_LOGGER = logging.getLogger(__name__)
PROMISE_S = 0.1  # the window answers within a tenth of a second
_BEAT_MS = 25
_MOST_KEPT = 400
_FRAMES_TOLD = 7
_PROGRAM = Path(__file__).resolve().parents[2]
_THREAD = re.compile(r"^(?:Current thread|Thread) 0x([0-9a-f]+)", re.MULTILINE)
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


@dataclass(frozen=True)
class Gap:
    """A time in which the window did not answer.

    Parameters
    ----------
    wall_s
        As a clock on the wall saw it: other programs and other threads may have had the processor.
    own_s
        Processor time that the window's thread itself took meanwhile.
    where
        What it was doing when it was looked at: functions and lines of the program, the innermost first; no path, no
        value. Empty where it answered again before it was looked at.
    """

    wall_s: float
    own_s: float
    where: str = ""

    def text(self) -> str:
        """Return it as one line for a log."""
        place = f" in {self.where}" if self.where else ""
        return f"{1000 * self.wall_s:.0f} ms, {1000 * self.own_s:.0f} ms of its own{place}"


class GapWatch(QObject):
    """Beats in the window's thread and listens from another: a beat that comes late is a gap.

    Parameters
    ----------
    patience_s
        Gaps below this are forgotten.

    Examples
    --------
    >>> watch = GapWatch()  # doctest: +SKIP
    >>> watch.start()  # doctest: +SKIP
    >>> watch.worst()  # doctest: +SKIP
    Gap(wall_s=0.14, own_s=0.12, where='paintEvent slice_view.py:160')
    """

    def __init__(self, parent: QObject | None = None, *, patience_s: float = PROMISE_S) -> None:
        super().__init__(parent)
        self.gaps: list[Gap] = []
        self._patience_s = patience_s
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._watched = threading.get_ident()
        self._seen = (-1, "")  # number of the beat that was late, and what the window did then
        self._number = 0
        self._last, self._last_own = 0.0, 0.0
        self._beat = QTimer(self)
        self._beat.setTimerType(Qt.TimerType.PreciseTimer)
        self._beat.setInterval(_BEAT_MS)
        self._beat.timeout.connect(self._on_beat)

    def start(self) -> None:
        """Begin to watch the thread this is called in."""
        self._watched = threading.get_ident()
        self._last, self._last_own = time.monotonic(), time.thread_time()
        self._number += 1
        self._ended.clear()
        self._beat.start()
        self._thread = threading.Thread(target=self._listen, name="gap watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more; the worst gap goes into the log."""
        self._beat.stop()
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        worst = self.worst()
        if worst is not None:
            _LOGGER.info("the window answered late: %s", worst.text())

    def worst(self) -> Gap | None:
        """Return the longest gap, or None while there was none."""
        return max(self.gaps, key=lambda gap: gap.wall_s, default=None)

    def _on_beat(self) -> None:
        now, own = time.monotonic(), time.thread_time()
        late_s, own_s = now - self._last - _BEAT_MS / 1000, own - self._last_own
        number, where = self._seen
        if late_s > self._patience_s:
            self._keep(Gap(late_s, own_s, where if number == self._number else ""))
        self._number += 1
        self._last, self._last_own = now, own

    def _keep(self, gap: Gap) -> None:
        self.gaps.append(gap)
        if len(self.gaps) > _MOST_KEPT:
            self.gaps.remove(min(self.gaps, key=lambda one: one.wall_s))

    def _listen(self) -> None:
        """Look what the window does once it is late; in a thread of its own."""
        with tempfile.TemporaryFile("w+") as sheet:
            while not self._ended.wait(self._patience_s / 2):
                number = self._number
                is_late = time.monotonic() - self._last > self._patience_s * 0.75 + _BEAT_MS / 1000
                if is_late and self._seen[0] != number:
                    self._seen = (number, _place_of(self._watched, sheet))


def _place_of(thread: int, sheet: IO[str]) -> str:
    """Name the innermost functions of the program that a thread is in.

    The stack is written down rather than taken: a frame that another thread holds keeps its painter alive, and a
    painter that outlives its paint event ends the program.
    """
    sheet.seek(0)
    sheet.truncate()
    faulthandler.dump_traceback(sheet, all_threads=True)
    sheet.seek(0)
    parts = _THREAD.split(sheet.read())
    stacks = dict(zip((int(ident, 16) for ident in parts[1::2]), parts[2::2], strict=True))
    places = []
    for file, line, name in _FRAME.findall(stacks.get(thread, "")):
        path = Path(file)
        if _PROGRAM in path.parents and ".venv" not in path.parts:
            places.append(f"{name} {path.name}:{line}")
    return " < ".join(places[:_FRAMES_TOLD])
