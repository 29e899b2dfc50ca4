"""The engine thread and the work thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.jobs import (
    Job,
    JobCancelled,
    JobEvent,
    JobFailed,
    JobFinished,
    JobProgress,
    JobRunner,
    JobStarted,
)
from twin.errors import InputError
from twin.job import CancelToken, Progress, ProgressListener

WAIT_S = 30.0
ENDS = (JobFinished, JobFailed, JobCancelled)


@pytest.fixture
def runner() -> Iterator[JobRunner]:
    with JobRunner() as running:
        yield running


def _job(result: object = None) -> Job:
    return Job("job.example", lambda progress, cancel: result)


class Held:
    """A job that runs until it is let go or cancelled."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self.let_go = threading.Event()

    def job(self) -> Job:
        def work(progress: ProgressListener, cancel: CancelToken) -> str:
            self.has_begun.set()
            while not self.let_go.wait(0.005):
                cancel.raise_if_cancelled()
            return "held"

        return Job("job.held", work)


def test_that_a_job_tells_start_progress_and_one_end_in_that_order(runner: JobRunner) -> None:
    def work(progress: ProgressListener, cancel: CancelToken) -> int:
        progress(Progress(0.5, "progress.half"))
        return 7

    events: list[JobEvent] = []
    handle = runner.submit(Job("job.example", work), events.append)
    assert handle.wait(WAIT_S)
    assert events == [
        JobStarted(1, "job.example"),
        JobProgress(1, Progress(0.5, "progress.half")),
        JobFinished(1, 7),
    ]


def test_that_progress_never_falls_and_never_passes_one(runner: JobRunner) -> None:
    def work(progress: ProgressListener, cancel: CancelToken) -> None:
        for fraction in (0.6, 0.2, 1.7):
            progress(Progress(fraction, "progress.some"))

    events: list[JobEvent] = []
    assert runner.submit(Job("job.example", work), events.append).wait(WAIT_S)
    assert [e.progress.fraction for e in events if isinstance(e, JobProgress)] == [0.6, 0.6, 1.0]


def test_that_an_error_travels_with_its_type(runner: JobRunner) -> None:
    error = InputError("error.import.empty_folder", folder="scan")

    def work(progress: ProgressListener, cancel: CancelToken) -> None:
        raise error

    events: list[JobEvent] = []
    assert runner.submit(Job("job.example", work), events.append).wait(WAIT_S)
    assert events[-1] == JobFailed(1, error)


def test_that_a_failed_job_does_not_stop_those_behind_it(runner: JobRunner) -> None:
    events: list[JobEvent] = []
    runner.submit(Job("job.bad", lambda progress, cancel: 1 / 0), events.append)
    assert runner.submit(_job("next"), events.append).wait(WAIT_S)
    assert events[-1] == JobFinished(2, "next")


def test_that_long_jobs_run_one_after_the_other_in_the_order_they_came(runner: JobRunner) -> None:
    order: list[int] = []
    handles = [
        runner.submit(Job("job.example", lambda progress, cancel, n=n: order.append(n)), lambda event: None)  # type: ignore[misc]
        for n in range(20)
    ]
    assert all(handle.wait(WAIT_S) for handle in handles)
    assert order == list(range(20))


def test_that_a_running_job_stops_when_it_is_cancelled(runner: JobRunner) -> None:
    held, events = Held(), list[JobEvent]()
    handle = runner.submit(held.job(), events.append)
    assert held.has_begun.wait(WAIT_S)
    assert runner.is_busy
    handle.cancel()
    assert handle.wait(WAIT_S)
    assert events == [JobStarted(1, "job.held"), JobCancelled(1)]


def test_that_a_waiting_job_that_is_cancelled_never_starts(runner: JobRunner) -> None:
    held, events = Held(), list[JobEvent]()
    runner.submit(held.job(), lambda event: None)
    waiting = runner.submit(_job(), events.append)
    waiting.cancel()
    held.let_go.set()
    assert waiting.wait(WAIT_S)
    assert events == [JobCancelled(2)]


def test_that_the_engine_drops_all_waiting_requests_but_the_newest(runner: JobRunner) -> None:
    held, ends = Held(), dict[int, JobEvent]()

    def listen(event: JobEvent) -> None:
        if isinstance(event, ENDS):
            assert event.job_id not in ends
            ends[event.job_id] = event

    runner.submit_newest(held.job(), listen)
    assert held.has_begun.wait(WAIT_S)
    handles = [runner.submit_newest(_job(n), listen) for n in range(5)]
    held.let_go.set()
    assert handles[-1].wait(WAIT_S)
    assert ends == {
        1: JobFinished(1, "held"),  # the one that ran is not disturbed: a drag shows something
        **{job_id: JobCancelled(job_id) for job_id in (2, 3, 4, 5)},
        6: JobFinished(6, 4),
    }


def test_that_a_drag_is_served_while_a_long_job_runs(runner: JobRunner) -> None:
    held = Held()
    runner.submit(held.job(), lambda event: None)
    assert held.has_begun.wait(WAIT_S)
    assert runner.submit_newest(_job(), lambda event: None).wait(WAIT_S)
    held.let_go.set()


def test_that_a_listener_that_fails_costs_no_job_its_end(runner: JobRunner) -> None:
    def listen(event: JobEvent) -> None:
        raise RuntimeError("a widget that is gone")

    assert runner.submit(_job(), listen).wait(WAIT_S)
    assert runner.submit(_job(), lambda event: None).wait(WAIT_S)


def test_that_stopping_ends_every_job_and_takes_no_new_one() -> None:
    runner, held, events = JobRunner(), Held(), list[JobEvent]()
    runner.submit(held.job(), events.append)
    runner.submit(_job(), events.append)
    assert held.has_begun.wait(WAIT_S)
    assert runner.stop(WAIT_S)
    runner.submit(_job(), events.append)
    assert [event for event in events if isinstance(event, ENDS)] == [JobCancelled(n) for n in (1, 2, 3)]


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from(["ends", "fails", "waits"])), max_size=12))
def test_that_every_job_has_exactly_one_end_and_nothing_follows_it(plan: list[tuple[bool, bool, str]]) -> None:
    def work(progress: ProgressListener, cancel: CancelToken, kind: str) -> None:
        progress(Progress(0.5, "progress.half"))
        if kind == "fails":
            raise InputError("error.import.empty_folder")
        if kind == "waits":
            threading.Event().wait(0.001)
            cancel.raise_if_cancelled()

    heard: dict[int, list[JobEvent]] = {}
    runner = JobRunner()
    for is_newest, is_cancelled, kind in plan:
        submit = runner.submit_newest if is_newest else runner.submit
        job = Job("job.example", lambda progress, cancel, kind=kind: work(progress, cancel, kind))  # type: ignore[misc]
        handle = submit(job, lambda event: heard.setdefault(event.job_id, []).append(event))
        if is_cancelled:
            handle.cancel()
    assert runner.stop(WAIT_S)
    assert len(heard) == len(plan)
    for events in heard.values():
        assert [isinstance(event, ENDS) for event in events] == [False] * (len(events) - 1) + [True]
        assert len(events) == 1 or isinstance(events[0], JobStarted)
