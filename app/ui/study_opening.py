"""Opening a study or a case: headers first, one slice at once, the rest while it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.services.jobs import Job, JobHandle
from app.services.progress_part import part_of
from app.ui.case_work import examine_labels
from app.ui.window_thread import JobAnswers, WindowJobs, WindowThread
from twin.job import CancelToken, Progress, ProgressListener
from twin.readers.series import Series, SliceImage
from twin.readers.study import Study, read_study
from twin.store import CaseFolder
from twin.volume import Volume

__all__ = ["OpenStudy", "StudyOpening", "is_case"]

_AIR_HU = -1024


@dataclass(frozen=True, eq=False)
class OpenStudy:
    """A study that is looked at: where it came from and what it holds."""

    path: Path
    study: Study


class StudyOpening(QObject):
    """Reads studies and cases beside the window; only the newest one asked for is answered.

    Parameters
    ----------
    jobs
        Where the reading runs.
    window_thread
        How parts arrive while the rest is read.
    """

    study_read = Signal(object)  # OpenStudy
    slice_read = Signal(object, object)  # Series, Volume with one slice
    volume_read = Signal(object, object)  # Series, Volume
    case_opened = Signal(object)  # CaseFolder
    started = Signal(str, object)  # message id, JobHandle
    progressed = Signal(object)  # Progress
    failed = Signal(object)  # Exception
    cancelled = Signal()

    def __init__(self, jobs: WindowJobs, window_thread: WindowThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._window_thread = window_thread
        self._handle: JobHandle | None = None
        self._turn = 0

    @property
    def is_busy(self) -> bool:
        """True while something is being opened."""
        return self._handle is not None

    def open(self, path: Path) -> None:
        """Open a case folder, or a study with the series it suggests."""
        if is_case(path):
            self._start("ui.task.open_case", lambda progress, cancel: _opened(path), self.case_opened.emit)
            return
        turn = self._next_turn()

        def read(progress: ProgressListener, cancel: CancelToken) -> object:
            study = read_study(path, progress=part_of(progress, 0.0, 0.3), cancel=cancel)
            self._tell(turn, lambda: self.study_read.emit(OpenStudy(path, study)))
            return self._loaded(turn, study.suggested_series, part_of(progress, 0.3, 1.0), cancel)

        self._start("ui.task.open_study", read, self._tell_volume, turn=turn)

    def load(self, series: Series) -> None:
        """Load another series of the study that is open."""
        turn = self._next_turn()
        self._start(
            "ui.task.load_series",
            lambda progress, cancel: self._loaded(turn, series, progress, cancel),
            self._tell_volume,
            turn=turn,
        )

    def cancel(self) -> None:
        """Stop what is being opened."""
        if self._handle is not None:
            self._handle.cancel()

    def _loaded(
        self, turn: int, series: Series, progress: ProgressListener, cancel: CancelToken
    ) -> tuple[Series, Volume]:
        first = preview_volume(series, series.middle_slice())
        self._tell(turn, lambda: self.slice_read.emit(series, first))
        return series, series.load(progress, cancel)

    def _tell_volume(self, result: object) -> None:
        if isinstance(result, tuple):
            self.volume_read.emit(*result)

    def _start(
        self,
        message_id: str,
        work: Callable[[ProgressListener, CancelToken], object],
        answer: Callable[[object], None],
        *,
        turn: int | None = None,
    ) -> None:
        turn = self._next_turn() if turn is None else turn
        self.cancel()

        def if_current(call: Callable[..., None]) -> Callable[..., None]:
            def run(*values: object) -> None:
                if turn == self._turn:
                    call(*values)

            return run

        def ended(call: Callable[..., None]) -> Callable[..., None]:
            def run(*values: object) -> None:
                self._handle = None
                call(*values)

            return if_current(run)

        def unwanted(result: object) -> None:
            if turn != self._turn and isinstance(result, CaseFolder):
                result.close()

        finished = ended(answer)

        def done(result: object) -> None:
            unwanted(result)
            finished(result)

        answers = JobAnswers(
            done,
            ended(self.failed.emit),
            progressed=if_current(self._tell_progress),
            cancelled=ended(self.cancelled.emit),
        )
        self._handle = self._jobs.submit(Job(message_id, work), answers)
        self.started.emit(message_id, self._handle)

    def _tell_progress(self, progress: Progress) -> None:
        self.progressed.emit(progress)

    def _tell(self, turn: int, call: Callable[[], None]) -> None:
        self._window_thread.post(lambda: call() if turn == self._turn else None)

    def _next_turn(self) -> int:
        self._turn += 1
        return self._turn


def is_case(path: Path) -> bool:
    """Tell whether a path is meant as a case: by its ending, or by its table of contents."""
    return path.suffix == ".twinsight" or (path.is_dir() and (path / "manifest.json").is_file())


def _opened(path: Path) -> CaseFolder:
    folder = CaseFolder.open(path)
    examine_labels(folder.case)
    return folder


def preview_volume(series: Series, image: SliceImage) -> Volume:
    """Return a volume with one slice, air elsewhere, to be looked at while the others are decoded."""
    background = _AIR_HU if image.voxels.dtype == np.int16 else 0
    voxels = np.full(image.grid.shape_kji, background, dtype=image.voxels.dtype)
    voxels[image.k] = image.voxels
    return Volume(
        id="preview",
        grid=image.grid,
        voxels=voxels,
        quantity=series.quantity,
        modality=series.modality,
        phase=series.phase,
        description=series.description,
        scan_date=series.scan_date,
    )
