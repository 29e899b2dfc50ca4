"""Work beside the window: one engine thread, one work thread, and child processes that can be killed. No Qt.

The engine thread serves a drag: a request that waits is replaced by a newer one. The work thread runs long jobs one
after the other. Each job tells one listener what happens to it, from the thread it runs on: first that it started,
then progress, and last exactly one end.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.services.child_process import run_in_child
from twin.errors import Cancelled
from twin.job import CancelSource, CancelToken, Progress, ProgressListener

__all__ = [
    "Job",
    "JobCancelled",
    "JobEvent",
    "JobFailed",
    "JobFinished",
    "JobHandle",
    "JobProgress",
    "JobRunner",
    "JobStarted",
    "run_in_child",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Something to be done: a name for people (message id) and the work.

    The work takes an immutable request by closure and returns its result, most often an edit that carries the
    basis it was made from. It is called as ``work(progress, cancel)``.
    """

    message_id: str
    work: Callable[[ProgressListener, CancelToken], object]


@dataclass(frozen=True)
class JobStarted:
    """The job runs now."""

    job_id: int
    message_id: str


@dataclass(frozen=True)
class JobProgress:
    """The job came further; the fraction never falls."""

    job_id: int
    progress: Progress


@dataclass(frozen=True)
class JobFinished:
    """End: the job is done."""

    job_id: int
    result: object


@dataclass(frozen=True)
class JobFailed:
    """End: the job raised an error, most often a :class:`twin.errors.TwinSightError`."""

    job_id: int
    error: Exception


@dataclass(frozen=True)
class JobCancelled:
    """End: the job was stopped, or dropped before it began."""

    job_id: int


JobEvent = JobStarted | JobProgress | JobFinished | JobFailed | JobCancelled
JobListener = Callable[[JobEvent], None]


class JobHandle:
    """A job that was handed in."""

    def __init__(self, job_id: int, job: Job, listener: JobListener) -> None:
        self.job_id = job_id
        self.job = job
        self._listener = listener
        self._source = CancelSource()
        self._ended = threading.Event()
        self._fraction = 0.0

    def cancel(self) -> None:
        """Ask the job to stop; its end event comes when it has."""
        self._source.cancel()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the job has ended; tell whether it has."""
        return self._ended.wait(timeout_s)

    def run(self) -> None:
        """Do the work on the calling thread and tell the listener."""
        if self._source.token.is_cancelled:
            self.end(JobCancelled(self.job_id))
            return
        self._tell(JobStarted(self.job_id, self.job.message_id))
        end: JobEvent
        try:
            end = JobFinished(self.job_id, self.job.work(self._progressed, self._source.token))
        except Cancelled:
            end = JobCancelled(self.job_id)
        except Exception as error:  # it travels to whoever asked, with its type
            end = JobFailed(self.job_id, error)
        self.end(end)

    def end(self, event: JobEvent) -> None:
        """Tell the end of the job."""
        self._tell(event)
        self._ended.set()

    def _progressed(self, progress: Progress) -> None:
        self._fraction = min(max(self._fraction, progress.fraction), 1.0)
        self._tell(JobProgress(self.job_id, Progress(self._fraction, progress.message_id, progress.parameters)))

    def _tell(self, event: JobEvent) -> None:
        try:
            self._listener(event)
        except Exception:  # a listener that fails must neither stop the thread nor cost a job its end
            log.exception("a listener of jobs failed at %s", type(event).__name__)


@dataclass
class _Lane:
    """A thread and the jobs that wait for it."""

    name: str
    is_newest_wins: bool
    waiting: deque[JobHandle] = field(default_factory=deque)
    running: JobHandle | None = None
    thread: threading.Thread | None = None


class JobRunner:
    """Owns the engine thread and the work thread; they start with the first job.

    Examples
    --------
    >>> with JobRunner() as runner:
    ...     handle = runner.submit(Job("job.example", lambda progress, cancel: 42), lambda event: None)
    ...     handle.wait(10)
    True
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._work = _Lane("work", is_newest_wins=False)
        self._engine = _Lane("engine", is_newest_wins=True)
        self._ids = itertools.count(1)
        self._is_stopping = False

    def submit(self, job: Job, on_event: JobListener) -> JobHandle:
        """Hand a long job to the work thread; jobs run in the order they come."""
        return self._hand_in(self._work, job, on_event)

    def submit_newest(self, job: Job, on_event: JobListener) -> JobHandle:
        """Hand a short request to the engine thread; one that still waits there is dropped (cancelled)."""
        return self._hand_in(self._engine, job, on_event)

    @property
    def is_busy(self) -> bool:
        """True while a long job runs or waits."""
        with self._changed:
            return self._work.running is not None or bool(self._work.waiting)

    def stop(self, timeout_s: float | None = 30.0) -> bool:
        """Cancel everything and wait for the threads; tell whether they have ended in time."""
        with self._changed:
            self._is_stopping = True
            for lane in (self._work, self._engine):
                for handle in (*lane.waiting, *([lane.running] if lane.running else [])):
                    handle.cancel()
            self._changed.notify_all()
        threads = [lane.thread for lane in (self._work, self._engine) if lane.thread is not None]
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout_s)
        return not any(thread.is_alive() for thread in threads)

    def __enter__(self) -> JobRunner:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _hand_in(self, lane: _Lane, job: Job, listener: JobListener) -> JobHandle:
        handle = JobHandle(next(self._ids), job, listener)
        dropped: list[JobHandle] = []
        with self._changed:
            if self._is_stopping:
                dropped.append(handle)
            else:
                if lane.is_newest_wins:
                    dropped.extend(lane.waiting)
                    lane.waiting.clear()
                lane.waiting.append(handle)
                self._start(lane)
                self._changed.notify_all()
        for old in dropped:
            old.end(JobCancelled(old.job_id))
        return handle

    def _start(self, lane: _Lane) -> None:
        if lane.thread is None:
            lane.thread = threading.Thread(target=self._serve, args=(lane,), name=f"twinsight-{lane.name}", daemon=True)
            lane.thread.start()

    def _serve(self, lane: _Lane) -> None:
        while (handle := self._next(lane)) is not None:
            handle.run()
            with self._changed:
                lane.running = None

    def _next(self, lane: _Lane) -> JobHandle | None:
        """Wait for the next job; None when the runner stops and nothing waits any more."""
        with self._changed:
            while not lane.waiting:
                if self._is_stopping:
                    return None
                self._changed.wait()
            lane.running = lane.waiting.popleft()
            return lane.running
