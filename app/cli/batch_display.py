"""A batch while it runs: bars on a terminal, a line for each case that ended elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.console import Console
from app.cli.interruption import cancelled_by_signals
from app.services.batch import BatchEvent, BatchListener
from app.services.batch_record import RecordStatus
from twin.job import CancelToken
from twin.wording import Wording

__all__ = ["batch_display"]


@contextmanager
def batch_display(console: Console) -> Iterator[tuple[BatchListener, CancelToken]]:
    """Give a listener that shows events, and a token that Ctrl-C sets."""
    with cancelled_by_signals(lambda: console.note("cli.stopping")) as cancel:
        if not sys.stderr.isatty():
            yield _Lines(console), cancel
            return
        from app.cli.console import progress_bar

        with progress_bar() as bar:
            yield _Bars(bar, console.wording), cancel


def _line(event: BatchEvent, wording: Wording) -> str | None:
    """Return the line for a case that ended, None for anything else."""
    record = event.record
    match record.status:
        case RecordStatus.DONE if event.is_reused:
            return wording.text("cli.batch.line_reused", place=record.place)
        case RecordStatus.DONE:
            seconds = wording.number(record.seconds.get("total", 0.0))
            return wording.text("cli.batch.line_done", place=record.place, seconds=seconds)
        case RecordStatus.FAILED:
            return wording.text("cli.batch.line_failed", place=record.place, reason=record.reason)
        case RecordStatus.SKIPPED:
            return wording.text("cli.batch.line_skipped", place=record.place, reason=record.reason)
        case _:
            return None


class _Lines:
    """One line on standard error for each case that ended."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, event: BatchEvent) -> None:
        line = _line(event, self._console.wording)
        if line is not None:
            self._console.say(line)


class _Bars:
    """One bar for the whole, one for each case that runs."""

    def __init__(self, bar, wording: Wording) -> None:  # type: ignore[no-untyped-def]
        self._bar = bar
        self._wording = wording
        self._whole = bar.add_task("", total=1.0)
        self._tasks: dict[str, int] = {}

    def __call__(self, event: BatchEvent) -> None:
        record = event.record
        whole = self._wording.text("cli.batch.all", finished=event.n_finished, count=event.n_studies)
        self._bar.update(self._whole, completed=event.n_finished / max(event.n_studies, 1), description=whole)
        if record.status is RecordStatus.RUNNING:
            task = self._tasks.setdefault(record.name, -1)
            if task == -1:
                self._tasks[record.name] = task = self._bar.add_task(record.place, total=1.0)
            if event.progress is not None:
                words = self._wording.text(event.progress.message_id, **event.progress.parameters)
                description = f"{record.place}: {words}"
                self._bar.update(task, completed=event.progress.fraction, description=description)
            return
        if record.name in self._tasks:
            self._bar.remove_task(self._tasks.pop(record.name))
        line = _line(event, self._wording)
        if line is not None:
            self._bar.console.print(line, highlight=False, markup=False)
