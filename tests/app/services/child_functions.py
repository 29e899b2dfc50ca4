"""Functions that the tests of child processes call; they are found by name in the child."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from twin.errors import InputError
from twin.job import Progress, ProgressListener


def doubled(number: int, *, progress: ProgressListener) -> int:
    progress(Progress(0.5, "progress.half"))
    progress(Progress(1.0, "progress.all"))
    return 2 * number


def process_id(*, progress: ProgressListener) -> int:
    return os.getpid()


def refuses(*, progress: ProgressListener) -> None:
    raise InputError("error.import.empty_folder", folder="scan")


def breaks(*, progress: ProgressListener) -> None:
    raise ZeroDivisionError("here")


class Stubborn(Exception):
    """Cannot be made again from its pickle."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


def raises_what_cannot_travel(*, progress: ProgressListener) -> None:
    raise Stubborn("a", "b")


def dies(*, progress: ProgressListener) -> None:
    os.abort()


def sleeps_with_a_child_of_its_own(*, progress: ProgressListener) -> None:
    own = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    progress(Progress(0.1, f"pid.{own.pid}"))
    time.sleep(600)
