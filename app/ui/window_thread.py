"""The one way from other threads into the window: a call posted here runs in the thread of the window."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from app.services.jobs import (
    Job,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobHandle,
    JobProgress,
    JobRunner,
)
from twin.job import Progress

__all__ = ["JobAnswers", "WindowJobs", "WindowThread"]

_LOGGER = logging.getLogger(__name__)


class WindowThread(QObject):
    """Runs calls in the thread this object lives in, in the order they were posted."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._is_open = True
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """Run a call in the window's thread, soon; from any thread."""
        if self._is_open:
            self._posted.emit(call)

    def close(self) -> None:
        """Drop what is posted from now on."""
        self._is_open = False

    def _run(self, call: Callable[[], None]) -> None:
        if self._is_open:
            call()


class JobAnswers:
    """What the window does with the events of one job; each is called in the window's thread."""

    def __init__(
        self,
        finished: Callable[[object], None],
        failed: Callable[[Exception], None],
        *,
        progressed: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        self.finished = finished
        self.failed = failed
        self.progressed = progressed
        self.cancelled = cancelled


class WindowJobs:
    """Hands jobs to a runner and brings their events into the window.

    Parameters
    ----------
    runner
        Engine thread and work thread.
    window_thread
        Where answers run.
    """

    def __init__(self, runner: JobRunner, window_thread: WindowThread) -> None:
        self._runner = runner
        self._window_thread = window_thread

    def submit(self, job: Job, answers: JobAnswers) -> JobHandle:
        """Hand a long job to the work thread."""
        return self._runner.submit(job, self._listener(answers))

    def submit_newest(self, job: Job, answers: JobAnswers) -> JobHandle:
        """Hand a short request to the engine thread; one that still waits there is dropped."""
        return self._runner.submit_newest(job, self._listener(answers))

    def _listener(self, answers: JobAnswers) -> Callable[[JobEvent], None]:
        def listen(event: JobEvent) -> None:
            self._window_thread.post(lambda: _answer(answers, event))

        return listen


def _answer(answers: JobAnswers, event: JobEvent) -> None:
    match event:
        case JobProgress(progress=progress) if answers.progressed is not None:
            answers.progressed(progress)
        case JobFinished(result=result):
            answers.finished(result)
        case JobFailed(error=error):
            _LOGGER.info("a job failed: %s", type(error).__name__)
            answers.failed(error)
        case JobCancelled() if answers.cancelled is not None:
            answers.cancelled()
        case _:
            pass
