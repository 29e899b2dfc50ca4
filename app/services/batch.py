"""Run the chain over every study of a folder: one child process a case, resumable at any moment.

This module imports no engine: each case runs in a process of its own, and the parent stays small.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from app.services.batch_record import BatchManifest, BatchRecord, RecordStatus
from app.services.child_process import run_in_child
from app.services.crash_log import product_version, write_crash_log
from app.services.memory import MEMORY_EXIT_CODE, usable_memory_bytes
from app.services.study_search import FoundStudy, find_studies
from twin.cut_text import read_staged_cut
from twin.errors import Cancelled, CaseFileError, InputError, TwinSightError
from twin.job import CancelSource, CancelToken, Progress
from twin.processor import core_count
from twin.resection import SheetCut, resection_to_json
from twin.wording import Wording

__all__ = ["BatchEvent", "BatchListener", "BatchRequest", "BatchResult", "StudyRequest", "StudyResult", "run_batch"]

_GIB = 1024.0**3
_MEMORY_OF_A_CASE_GIB = 6.0  # a large CT; decides how many cases run at a time
_SHARE_OF_MEMORY = 0.8  # the rest is for the system
_WAIT_S = 0.2


@dataclass(frozen=True)
class BatchRequest:
    """What to run and where.

    Parameters
    ----------
    source
        Folder to search, or one study.
    out
        Folder for cases, exports, manifest and table.
    n_jobs
        Cases at a time; 0 for as many as cores and memory allow.
    memory_limit_gib
        Memory one case may take; 0 for a fair share of the machine.
    cuts
        Cuts to plan in every case; none for no plan.
    formats
        What to export; none for all that the case allows.
    segmenter_id
        Empty for the preferred one.
    language
        Of documents and of the reasons in the table.
    units, modality
        What volume files do not say: ``"mm"``, ``"m"`` or ``"um"``; ``"CT"`` or ``"MR"``; empty for neither.
    """

    source: Path
    out: Path
    n_jobs: int = 0
    memory_limit_gib: float = 0.0
    cuts: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    segmenter_id: str = ""
    language: str = "en"
    units: str = ""
    modality: str = ""


@dataclass(frozen=True)
class StudyRequest:
    """One case, as its process is asked for it."""

    sources: tuple[Path, ...]
    folder: Path
    cuts: tuple[str, ...]
    formats: tuple[str, ...]
    segmenter_id: str
    language: str
    units: str
    modality: str
    n_threads: int
    memory_limit_bytes: int


@dataclass(frozen=True)
class StudyResult:
    """What the process of a case answers: plain values, the warnings in words."""

    volumes_ml: dict[str, float]
    figures: dict[str, float | None]
    not_found: tuple[str, ...]
    seconds: dict[str, float]
    peak_memory_mib: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class BatchEvent:
    """Something happened to a case: it began, came further (then ``progress``) or ended."""

    record: BatchRecord
    n_finished: int
    n_studies: int
    progress: Progress | None = None
    is_reused: bool = False


class BatchListener(Protocol):
    """Receives events, from several threads but one at a time."""

    def __call__(self, event: BatchEvent) -> None: ...


@dataclass(frozen=True)
class BatchResult:
    """All records, in the order of the studies."""

    records: tuple[BatchRecord, ...]
    manifest: Path
    table: Path

    @property
    def n_failed(self) -> int:
        """Number of cases that failed."""
        return sum(record.status is RecordStatus.FAILED for record in self.records)

    def summary_error(self) -> InputError:
        """Return the one line that says that cases failed."""
        return InputError("error.batch.some_failed", failed=self.n_failed, count=len(self.records))

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "manifest": str(self.manifest),
            "table": str(self.table),
            "n_studies": len(self.records),
            "n_failed": self.n_failed,
            "cases": [record.to_json() for record in self.records],
        }


ProcessStudy = Callable[..., StudyResult]


def run_batch(
    request: BatchRequest, process_study: ProcessStudy, *, listener: BatchListener, cancel: CancelToken | None = None
) -> BatchResult:
    """Run every study that is not done yet; a case that fails never stops the others.

    Parameters
    ----------
    request
        What to run and where.
    process_study
        A function of a module, ``process_study(request, *, progress)``, called in a child process a case.
    listener
        Told of everything that happens.
    cancel
        Stops the batch; what is done stays done.

    Raises
    ------
    InputError
        When nothing is found or the output folder holds something else.
    CaseFileError
        When another batch writes to the folder.
    Cancelled
        When it was stopped.
    """
    for cut in request.cuts:
        read_staged_cut(cut)
    studies = find_studies(request.source, excluded=request.out)
    with _output_folder(request.out):
        run = _Run(request, process_study, studies, listener, cancel or CancelSource().token)
        return run.finished()


@contextmanager
def _output_folder(folder: Path) -> Iterator[None]:
    """Make the output folder and hold it for this batch alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / ".batch.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise CaseFileError("error.batch.running") from error
    try:
        yield
    finally:
        lock.release()


class _Run:
    """One run over the studies: what is done is kept, the rest goes through the children."""

    def __init__(
        self,
        request: BatchRequest,
        process_study: ProcessStudy,
        studies: tuple[FoundStudy, ...],
        listener: BatchListener,
        cancel: CancelToken,
    ) -> None:
        self._request = request
        self._process_study = process_study
        self._listener = listener
        self._cancel = cancel
        self._manifest = BatchManifest(request.out)
        self._guard = threading.Lock()
        self._n_jobs = request.n_jobs or _usual_n_jobs()
        before = self._manifest.read()
        self._studies = {_name(study, request): study for study in studies}
        self._records = {
            name: self._known(before.get(name)) or BatchRecord(name, study.place)
            for name, study in self._studies.items()
        }

    def finished(self) -> BatchResult:
        """Run what is not done, write the table, return all records."""
        self._manifest.write(self._records.values())
        waiting = [name for name, record in self._records.items() if record.status is RecordStatus.WAITING]
        for record in self._records.values():
            if record.status is not RecordStatus.WAITING:
                self._tell(record, is_reused=True)
        with ThreadPoolExecutor(self._n_jobs) as threads:
            self._wait({threads.submit(self._run_one, name) for name in waiting})
        if self._cancel.is_cancelled:
            raise Cancelled("error.batch.stopped", finished=self._n_finished(), count=len(self._records))
        return BatchResult(tuple(self._records.values()), self._manifest.path, self._manifest.table)

    def _wait(self, pending: set[Future[None]]) -> None:
        """Wait in short steps, so that Ctrl-C is heard; pass on what a thread could not handle."""
        while pending:
            done, pending = wait(pending, timeout=_WAIT_S, return_when=FIRST_COMPLETED)
            for future in done:
                future.result()

    def _known(self, record: BatchRecord | None) -> BatchRecord | None:
        """Return the record of an earlier run when its work still stands; the name says that nothing changed."""
        if record is None or record.status not in (RecordStatus.DONE, RecordStatus.SKIPPED):
            return None
        is_there = record.status is RecordStatus.SKIPPED or self._folder(record.name).is_dir()
        return record if is_there else None

    def _folder(self, name: str) -> Path:
        return self._request.out / name

    def _run_one(self, name: str) -> None:
        if self._cancel.is_cancelled:
            return
        waiting = BatchRecord(name, self._records[name].place)
        shutil.rmtree(self._folder(name), ignore_errors=True)  # what a killed run left
        self._keep(replace(waiting, status=RecordStatus.RUNNING))
        try:
            record = self._done(waiting)
        except Cancelled:
            record = waiting
        except TwinSightError as error:
            record = self._failed(waiting, self._explained(error))
        except Exception as error:  # a defect of ours in one case must not cost the others
            log = write_crash_log(error, self._request.out / "logs", doing="batch")
            record = self._failed(waiting, TwinSightError("error.batch.defect", log=str(log)))
        if record.status is not RecordStatus.DONE:
            shutil.rmtree(self._folder(name), ignore_errors=True)  # nothing half-written
        self._keep(record)

    def _done(self, record: BatchRecord) -> BatchRecord:
        request = self._request
        study = StudyRequest(
            self._studies[record.name].sources,
            self._folder(record.name),
            request.cuts,
            request.formats,
            request.segmenter_id,
            request.language,
            request.units,
            request.modality,
            n_threads=max(core_count() // self._n_jobs, 1),
            memory_limit_bytes=self._memory_limit_bytes(),
        )
        running = replace(record, status=RecordStatus.RUNNING)
        result = run_in_child(
            self._process_study,
            study,
            progress=lambda progress: self._tell(running, progress=progress),
            cancel=self._cancel,
        )
        return replace(record, status=RecordStatus.DONE, **vars(result))

    def _failed(self, record: BatchRecord, error: TwinSightError) -> BatchRecord:
        is_scan = error.message_id != "error.batch.not_a_scan"
        return replace(
            record,
            status=RecordStatus.FAILED if is_scan else RecordStatus.SKIPPED,
            message_id=error.message_id,
            exit_code=error.exit_code,
            reason=" ".join(Wording(self._request.language).error(error).splitlines()),
        )

    def _explained(self, error: TwinSightError) -> TwinSightError:
        """Say why a child ended without an answer."""
        code = error.parameters.get("code")
        if error.message_id != "error.job.child_died" or not isinstance(code, int):
            return error
        if code == MEMORY_EXIT_CODE:
            limit = Wording(self._request.language).quantity(self._memory_limit_bytes() / _GIB, "GiB", decimals=1)
            return InputError("error.batch.memory", limit=limit)
        return InputError("error.batch.killed", signal=-code) if code < 0 else error

    def _memory_limit_bytes(self) -> int:
        asked = self._request.memory_limit_gib * _GIB
        return int(asked or usable_memory_bytes() * _SHARE_OF_MEMORY / self._n_jobs)

    def _keep(self, record: BatchRecord) -> None:
        """Write the record down before anybody hears of it."""
        with self._guard:
            self._records[record.name] = record
            self._manifest.write(self._records.values())
        self._tell(record)

    def _tell(self, record: BatchRecord, *, progress: Progress | None = None, is_reused: bool = False) -> None:
        with self._guard:
            self._listener(BatchEvent(record, self._n_finished(), len(self._records), progress, is_reused))

    def _n_finished(self) -> int:
        ended = (RecordStatus.DONE, RecordStatus.FAILED, RecordStatus.SKIPPED)
        return sum(record.status in ended for record in self._records.values())


def _name(study: FoundStudy, request: BatchRequest) -> str:
    """Name of a case: another study, other options or another version make another name, so nothing is replaced."""
    cuts = [_cut_content(cut) for cut in request.cuts]
    asked = [cuts, request.formats, request.segmenter_id, request.language, request.units, request.modality]
    text = json.dumps([study.fingerprint, asked, product_version()])
    return f"case-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _cut_content(text: str) -> str:
    """Return a cut with all that decides about it: for a sheet the points in its file, not the name of that."""
    stage, cut = read_staged_cut(text)
    return f"{stage}:{json.dumps(resection_to_json(cut))}" if isinstance(cut, SheetCut) else text


def _usual_n_jobs() -> int:
    by_memory = int(usable_memory_bytes() * _SHARE_OF_MEMORY / (_MEMORY_OF_A_CASE_GIB * _GIB))
    return max(min(core_count() // 2, by_memory), 1)
