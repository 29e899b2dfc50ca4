"""Calls in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.services.jobs import run_in_child
from tests.app.services import child_functions
from twin.errors import Cancelled, InputError, TwinSightError
from twin.job import CancelSource, Progress


def _lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _ends(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not _lives(pid)


def test_that_a_call_in_a_child_returns_its_result_and_passes_progress_on() -> None:
    heard: list[Progress] = []
    assert run_in_child(child_functions.doubled, 21, progress=heard.append) == 42
    assert [progress.fraction for progress in heard] == [0.5, 1.0]


def test_that_the_call_runs_in_another_process() -> None:
    assert run_in_child(child_functions.process_id) != os.getpid()


def test_that_a_typed_error_arrives_with_its_type_and_parameters() -> None:
    with pytest.raises(InputError) as caught:
        run_in_child(child_functions.refuses)
    assert (caught.value.message_id, caught.value.parameters) == ("error.import.empty_folder", {"folder": "scan"})


def test_that_any_other_error_arrives_with_its_place_in_the_child() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_in_child(child_functions.breaks)
    assert "in breaks" in caught.value.__notes__[0]


def test_that_an_error_that_cannot_travel_is_told_by_its_name() -> None:
    with pytest.raises(RuntimeError, match="Stubborn"):
        run_in_child(child_functions.raises_what_cannot_travel)


def test_that_a_child_that_dies_is_one_typed_error() -> None:
    with pytest.raises(TwinSightError) as caught:
        run_in_child(child_functions.dies)
    assert caught.value.message_id == "error.job.child_died"
    assert caught.value.parameters["code"] == -6


def test_that_cancelling_kills_the_child_and_all_it_has_started() -> None:
    source = CancelSource()
    pids: list[int] = []

    def listen(progress: Progress) -> None:
        pids.append(int(progress.message_id.removeprefix("pid.")))
        source.cancel()

    with pytest.raises(Cancelled):
        run_in_child(child_functions.sleeps_with_a_child_of_its_own, progress=listen, cancel=source.token)
    assert _ends(pids[0])


def test_that_the_child_ends_when_its_parent_is_killed() -> None:
    script = (
        "from app.services.jobs import run_in_child\n"
        "from tests.app.services import child_functions\n"
        "function = child_functions.sleeps_with_a_child_of_its_own\n"
        "run_in_child(function, progress=lambda p: print(p.message_id, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        grandchild = int(parent.stdout.readline().strip().removeprefix("pid."))
        parent.kill()
        parent.wait()
    assert _ends(grandchild)


def test_that_calls_from_several_threads_do_not_disturb_each_other() -> None:
    results: dict[int, int] = {}

    def call(number: int) -> None:
        results[number] = run_in_child(child_functions.doubled, number)

    threads = [threading.Thread(target=call, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {0: 0, 1: 2, 2: 4}
