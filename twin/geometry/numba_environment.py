"""Settings that numba reads once, when it is first imported.

They are made here, in one place, for the program and for the tests. This module must not import numba,
nor may anything that is imported before `prepare_numba_environment` is called.

Why these settings:

- The threading layer is OpenMP. Numba's own ``workqueue`` aborts the whole process when two threads call a
  parallel kernel at once, which a window with a background job does.
- Idle OpenMP threads sleep (``OMP_WAIT_POLICY=PASSIVE``): spinning ones take the cores that draw the window.
- The folder of compiled kernels is named after a hash of all kernel sources. Numba notices a change in the
  file of a cached function only, not in a function that it calls from another file, and would then go on
  returning the old result.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from pathlib import Path

import platformdirs

from twin.errors import BackendUnavailable
from twin.processor import core_count

_PACKAGES_WITH_KERNELS = ("twin", "segmentation", "simulation", "export")
_logger = logging.getLogger(__name__)


def prepare_numba_environment(n_threads: int | None = None) -> Path:
    """Set what numba reads from the environment; call it before numba is imported.

    Parameters
    ----------
    n_threads
        Threads of the parallel kernels; by default as many as this process has cores.
        A ``NUMBA_NUM_THREADS`` that the user has set is kept.

    Returns
    -------
    pathlib.Path
        The folder that receives the compiled kernels.

    Raises
    ------
    BackendUnavailable
        When numba was imported first, so that the settings would be ignored.

    """
    cache_folder = _cache_folder()
    settings = {
        "NUMBA_THREADING_LAYER": "omp",
        "OMP_WAIT_POLICY": "PASSIVE",
        "NUMBA_NUM_THREADS": os.environ.get("NUMBA_NUM_THREADS") or str(n_threads or core_count()),
        "NUMBA_CACHE_DIR": str(cache_folder),
    }
    if "numba" in sys.modules and any(os.environ.get(name) != value for name, value in settings.items()):
        raise BackendUnavailable("error.numba.imported_too_early")
    os.environ.update(settings)
    return cache_folder


def check_threading_layer() -> str:
    """Start numba's threads and return the name of their layer, which must be ``omp``.

    Raises
    ------
    BackendUnavailable
        When OpenMP cannot be loaded (on Debian: the package libgomp1 is missing).

    """
    import numba

    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        return "none"
    try:
        numba.get_num_threads()  # starts the threads
        layer = numba.threading_layer()
    except ValueError as error:
        raise BackendUnavailable("error.numba.openmp_missing") from error
    if layer != "omp":
        raise BackendUnavailable("error.numba.wrong_threading_layer", layer=layer)
    return str(layer)


def hash_of_kernel_sources() -> str:
    """Return a short hash that changes when any kernel source of the product changes."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in _PACKAGES_WITH_KERNELS:
        for source in sorted((root / package).rglob("kernels/**/*.py")):
            digest.update(source.relative_to(root).as_posix().encode())
            digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path:
    """Return a writable folder for compiled kernels, private to this user."""
    chosen = os.environ.get("TWINSIGHT_NUMBA_CACHE", "")
    if chosen:  # while kernels are written: the folder outlives changes of kernels that are not run
        Path(chosen).mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(chosen)
    already_prepared = os.environ.get("NUMBA_CACHE_DIR", "")
    name = f"numba-{hash_of_kernel_sources()}"
    if Path(already_prepared).name.startswith(name) and Path(already_prepared).is_dir():
        return Path(already_prepared)
    folder = platformdirs.user_cache_path("twinsight") / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        # Never a shared, guessable folder: compiled code is loaded from it.
        temporary = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        _logger.warning(
            "The cache folder cannot be written (%s): compiled kernels last for this run only.",
            error.strerror,
        )
        return temporary
