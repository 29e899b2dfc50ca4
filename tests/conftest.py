"""Settings and fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twin.geometry.numba_environment import prepare_numba_environment

# Before anything imports numba. The folder is shared by all tests, so that kernels are compiled once.
prepare_numba_environment()

# No screen is assumed: Qt draws into memory unless the caller has chosen a platform (make test runs the
# window tests under Xvfb), VTK renders through EGL or OSMesa.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYVISTA_OFF_SCREEN", "true")
os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from xdist.scheduler import LoadScopeScheduling  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS_WITH_WINDOWS = ("tests/app/ui/", "tests/app/scene/")

# Times of a shared machine say nothing about correctness; the same examples are drawn at each run.
settings.register_profile("twinsight", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("twinsight")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as ``kernel`` what is compared with a plain reference: the pass without JIT runs these again."""
    for item in items:
        if item.get_closest_marker("gui") and not item.nodeid.startswith(FOLDERS_WITH_WINDOWS):
            raise pytest.UsageError(f"{item.nodeid} opens windows: it belongs into one of {FOLDERS_WITH_WINDOWS}")
        imported = vars(getattr(item, "module", object)).values()
        origins = (getattr(value, "__module__", None) or getattr(value, "__name__", "") for value in imported)
        if any(str(origin).startswith("tests.naive") for origin in origins):
            item.add_marker("kernel")


class WholeFiles(LoadScopeScheduling):
    """Gives the processes whole files, so that what a file has built is built once.

    All that opens windows goes to one process: two windows would take the focus from each other.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "windows" if nodeid.startswith(FOLDERS_WITH_WINDOWS) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeFiles:
    """Share the tests out when there are several processes (make test)."""
    return WholeFiles(config, log)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real scans; the test is skipped where it is absent."""
    shared = Path(os.environ.get("TWINSIGHT_SHARED") or REPOSITORY.parent / "shared")
    folder = shared / "data"
    if not folder.is_dir():
        pytest.skip("real scans are absent: no folder ../shared/data (TWINSIGHT_SHARED points elsewhere)")
    return folder


@pytest.fixture
def user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Private home, configuration, data and cache folders, so that a test never touches the user's own.

    The folder of compiled kernels stays the shared one.
    """
    home = tmp_path / "home"
    for variable, name in {
        "HOME": "",
        "XDG_CONFIG_HOME": ".config",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "XDG_CACHE_HOME": ".cache",
    }.items():
        folder = home / name
        folder.mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(variable, str(folder))
    return home
