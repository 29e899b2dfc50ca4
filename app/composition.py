"""The only wiring: which segmenters, renderer, folders and logs the fronts are given.

Nothing here imports numba, VTK or Qt before it is asked for, so that ``twinsight --help`` answers at once.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from twin.errors import BackendUnavailable, TwinSightError
from twin.geometry.numba_environment import check_threading_layer, prepare_numba_environment

if TYPE_CHECKING:
    from app.services.batch import StudyRequest, StudyResult
    from export.renderer import FilmRenderer
    from segmentation.segmenter import Segmenter
    from twin.job import ProgressListener

__all__ = [
    "RENDERING_PROBE",
    "UserFolders",
    "forget_case",
    "prepare_computing",
    "prepare_program",
    "process_study",
    "renderer",
    "run_workstation",
    "segmenters",
    "user_folders",
]

_PACKAGES = ("app", "twin", "segmentation", "simulation", "export")
_LOG_BYTES = 1_000_000
_LOG_GENERATIONS = 5
_PROBE_SECONDS = 120
_THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")

_SCREEN_PROBE = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"

# Python source that draws without a screen; run it in a process of its own.
RENDERING_PROBE = "from app.scene.offscreen_view import OffscreenView; OffscreenView((64, 48)).rendered()"


@dataclass(frozen=True)
class UserFolders:
    """Where TwinSight keeps things that belong to the user and to no case."""

    cache: Path
    logs: Path
    settings: Path


def user_folders() -> UserFolders:
    """Folders of this user, by the custom of the platform; they need not exist yet."""
    return UserFolders(
        platformdirs.user_cache_path("twinsight"),
        platformdirs.user_log_path("twinsight"),
        platformdirs.user_config_path("twinsight"),
    )


def prepare_program(*, is_child: bool = False) -> None:
    """Set what libraries read once from the environment, and open the technical log; comes before all else.

    Parameters
    ----------
    is_child
        True in a process started by another one of ours, which alone may rotate the log.
    """
    prepare_numba_environment()
    _open_technical_log(user_folders().logs, is_child=is_child)


def prepare_computing() -> str:
    """Start numba's threads and return their layer; refuse to go on with one that can abort the process."""
    return check_threading_layer()


def segmenters() -> tuple[Segmenter, ...]:
    """Every automatic segmenter, the preferred one first: ours, then those of others that this user has."""
    from segmentation.external import configured_segmenters
    from segmentation.segmenter import segmenters as registered

    return (*registered(), *configured_segmenters(user_folders().settings))


def renderer() -> FilmRenderer:
    """Return what draws the pictures of pages and reports.

    Raises
    ------
    BackendUnavailable
        ``error.rendering.unavailable`` when this machine cannot draw.
    """
    _check_rendering()
    from app.scene.scene_renderer import SceneRenderer

    return SceneRenderer()


def process_study(request: StudyRequest, *, progress: ProgressListener) -> StudyResult:
    """Run one case of a batch; called in a process of its own, before anything else was set there."""
    threads = str(request.n_threads)
    os.environ |= dict.fromkeys(_THREAD_VARIABLES, threads)
    prepare_program(is_child=True)
    from app.services.crash_log import write_crash_log
    from app.services.memory import end_above_memory_limit
    from app.services.process_study import process_study as run
    from app.services.system_fault import error_of_system

    end_above_memory_limit(request.memory_limit_bytes)
    try:
        prepare_computing()
        return run(request, segmenters(), renderer, progress=progress)
    except TwinSightError:
        raise
    except Exception as error:
        fault = error_of_system(error) if isinstance(error, OSError | MemoryError) else None
        if fault is not None:
            raise fault from error
        log = write_crash_log(error, user_folders().logs, doing="batch")
        raise TwinSightError("error.batch.defect", log=str(log)) from error


def run_workstation(path: Path | None, language: str) -> int:
    """Open the window, with a case or study when one is given; returns when it is closed.

    Raises
    ------
    BackendUnavailable
        ``error.window.no_screen`` where no window can be opened, ``error.rendering.unavailable`` where nothing can
        be drawn in it.
    """
    _check_screen()
    _check_rendering()
    from app.ui.equipment import Equipment
    from app.ui.launch import launch

    folders = user_folders()
    equipment = Equipment(segmenters, renderer, folders.settings, folders.cache, log_folder=folders.logs)
    return launch(path, language, equipment)


def forget_case(path: Path) -> None:
    """Take a case off the list of recent ones that the window remembers."""
    from app.ui.settings import read_settings, write_settings

    folder = user_folders().settings
    settings = read_settings(folder)
    kept = tuple(known for known in settings.recent if Path(known).absolute() != path.absolute())
    if kept != settings.recent:
        write_settings(folder, replace(settings, recent=kept))


def _check_screen() -> None:
    """Reach the screen in a process of its own: Qt ends the process when it finds none."""
    if not _succeeds(_SCREEN_PROBE):
        raise BackendUnavailable("error.window.no_screen")


@cache
def _check_rendering() -> None:
    """Draw once in a process of its own: VTK without a software renderer ends the process instead of raising."""
    if not _succeeds(RENDERING_PROBE):
        raise BackendUnavailable("error.rendering.unavailable")


def _succeeds(source: str) -> bool:
    line = [sys.executable, "-c", source]
    root = Path(__file__).resolve().parents[1]
    try:
        done = subprocess.run(line, cwd=root, capture_output=True, timeout=_PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _open_technical_log(folder: Path, *, is_child: bool) -> None:
    """Send the messages of our own packages (never those of third parties) to a rotating file of mode 0600."""
    logger = logging.getLogger("app")
    if any(isinstance(handler, logging.FileHandler) for handler in logger.handlers):
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "twinsight.log"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        handler: logging.Handler
        if is_child:
            handler = logging.FileHandler(path, encoding="utf-8")
        else:
            handler = logging.handlers.RotatingFileHandler(
                path, maxBytes=_LOG_BYTES, backupCount=_LOG_GENERATIONS, encoding="utf-8"
            )
    except OSError:  # a read-only home: the program works without its log
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"))
    for name in _PACKAGES:
        package = logging.getLogger(name)
        package.addHandler(handler)
        package.setLevel(logging.INFO)
        package.propagate = False
