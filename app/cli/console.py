"""Where a command writes: its result on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from app.cli.interruption import cancelled_by_signals
from twin.job import CancelToken, Progress, ProgressListener
from twin.wording import Wording

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Console", "RunningJob", "progress_bar"]


@dataclass(frozen=True)
class RunningJob:
    """What a service is given to report progress and to be stopped."""

    progress: ProgressListener
    cancel: CancelToken


class Console:
    """The two streams of a command, in one language.

    With ``--json`` the standard output of the whole process is turned to standard error (libraries in C print
    where they like), and one document is written to the real one at the end.
    """

    def __init__(self, wording: Wording, *, is_json: bool) -> None:
        self.wording = wording
        self.is_json = is_json
        self._document_stream: IO[str] = _guarded_standard_output() if is_json else sys.stdout
        self._has_document = False

    @property
    def is_interactive(self) -> bool:
        """True when a person sits at a terminal and can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty()

    def finish(self, document: dict[str, object], parts: Sequence[str | Table] = ()) -> None:
        """Show the result: the document with ``--json``, otherwise the lines and tables."""
        if self.is_json:
            self._write_document(document)
            return
        for part in parts:
            if isinstance(part, str):
                print(part)
            else:
                from rich.console import Console as RichConsole

                RichConsole(width=None if sys.stdout.isatty() else 120, highlight=False).print(part)

    def fail(self, document: dict[str, object], text: str) -> None:
        """Show in one line why there is no result."""
        if text:
            self.say(text)
        if self.is_json:
            self._write_document(document)

    def note(self, message_id: str, **parameters: object) -> None:
        """Say something beside the result."""
        self.say(self.wording.text(message_id, **parameters))

    def say(self, text: str) -> None:
        """Write a line on standard error."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def job(self) -> Iterator[RunningJob]:
        """Run a service with a progress bar (on a terminal only), stoppable by Ctrl-C."""
        from app.services.prepare_engine import told_of_compilation

        with (
            cancelled_by_signals(lambda: self.note("cli.stopping")) as cancel,
            told_of_compilation(lambda: self.note("cli.compiling")),
        ):
            if not sys.stderr.isatty():
                yield RunningJob(_quiet, cancel)
                return
            with progress_bar() as bar:
                yield RunningJob(_BarListener(bar, self.wording), cancel)

    def _write_document(self, document: dict[str, object]) -> None:
        if self._has_document:
            raise RuntimeError("a command writes one document")
        self._has_document = True
        json.dump(document, self._document_stream, ensure_ascii=False, indent=2, allow_nan=False)
        self._document_stream.write("\n")
        self._document_stream.flush()


def _quiet(progress: Progress) -> None:
    """Off a terminal there is no bar to move."""


def _guarded_standard_output() -> IO[str]:
    """Point file descriptor 1 at standard error and return a stream to where it pointed before."""
    sys.stdout.flush()
    kept = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(kept, "w", encoding="utf-8")


def progress_bar():  # type: ignore[no-untyped-def]
    """Return a rich progress display on standard error; its rows vanish when it ends."""
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    console = RichConsole(stderr=True)
    words = min(max(console.width - 56, 30), 64)
    return RichProgress(
        TextColumn(f"{{task.description:<{words}.{words}}}"),
        BarColumn(bar_width=32),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


class _BarListener:
    """Moves one bar; never back, and not more often than an eye can follow."""

    _SHORTEST_INTERVAL_S = 0.05

    def __init__(self, bar, wording: Wording) -> None:  # type: ignore[no-untyped-def]
        self._bar = bar
        self._wording = wording
        self._task = bar.add_task("", total=1.0)
        self._fraction = 0.0
        self._shown_at = 0.0

    def __call__(self, progress: Progress) -> None:
        self._fraction = max(self._fraction, min(progress.fraction, 1.0))
        now = time.monotonic()
        if now - self._shown_at < self._SHORTEST_INTERVAL_S and self._fraction < 1.0:
            return
        self._shown_at = now
        words = self._wording.text(progress.message_id, **progress.parameters)
        self._bar.update(self._task, completed=self._fraction, description=words)
