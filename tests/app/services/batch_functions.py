"""Stand-ins for the chain of a case, called by name in child processes. What they do is written in their study."""

from __future__ import annotations

import os
import signal
import time

from app.services.batch import StudyRequest, StudyResult
from twin.errors import InputError
from twin.job import Progress, ProgressListener


def process_by_content(request: StudyRequest, *, progress: ProgressListener) -> StudyResult:
    """Do what the first words of the study say, after noting that it was begun."""
    content = request.sources[0].read_text()
    with (request.sources[0].parent / "calls.log").open("a") as log:
        log.write(f"{request.sources[0].name}\n")
    request.folder.mkdir(parents=True)
    (request.folder / "half-written").touch()
    progress(Progress(0.5, "progress.twin.done"))
    match content.split():
        case ["fail", *_]:
            raise InputError("error.case.no_volume")
        case ["label", *_]:
            raise InputError("error.batch.not_a_scan")
        case ["defect", *_]:
            raise ZeroDivisionError("Phantom^TwinSight")
        case ["killed", *_]:
            os.kill(os.getpid(), signal.SIGKILL)
        case ["greedy", *_]:
            from app.services.memory import end_above_memory_limit

            end_above_memory_limit(1)
            time.sleep(60)
        case ["slow", *_]:
            time.sleep(60)
    return StudyResult({"liver": 1500.0}, {"flr_percent": 30.0}, ("aorta",), {"total": 1.0}, 100.0, ("a word",))
