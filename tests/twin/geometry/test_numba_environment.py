"""What numba reads from the environment is set before numba is there, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from twin.geometry import numba_environment

REPOSITORY = Path(__file__).resolve().parents[3]


def _run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_", "OMP_"))}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


PREPARE = "from twin.geometry.numba_environment import *; folder = prepare_numba_environment(2);"


def test_that_the_threads_run_on_openmp_and_are_as_many_as_asked_for() -> None:
    done = _run(PREPARE + "import numba; print(check_threading_layer(), numba.config.NUMBA_NUM_THREADS)")
    assert done.stdout.split() == ["omp", "2"], done.stderr


def test_that_a_thread_count_set_by_the_user_is_kept() -> None:
    done = _run(PREPARE + "import os; print(os.environ['NUMBA_NUM_THREADS'])", NUMBA_NUM_THREADS="1")
    assert done.stdout.strip() == "1", done.stderr


def test_that_preparing_twice_is_harmless_even_after_numba_is_imported() -> None:
    done = _run(PREPARE + "import numba; print(prepare_numba_environment(2) == folder)")
    assert done.stdout.strip() == "True", done.stderr


def test_that_preparing_after_numba_was_imported_is_refused() -> None:
    done = _run("import numba;" + PREPARE)
    assert done.returncode != 0
    assert "error.numba.imported_too_early" in done.stderr


def test_that_compiled_kernels_go_to_a_private_folder_of_the_user(tmp_path: Path) -> None:
    done = _run(PREPARE + "print(folder)", XDG_CACHE_HOME=str(tmp_path))
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path / "twinsight", done.stderr
    assert folder.stat().st_mode & 0o077 == 0


def test_that_an_unwritable_cache_is_replaced_by_a_private_temporary_one(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = _run(PREPARE + "print(folder)", XDG_CACHE_HOME=str(blocked), TMPDIR=str(tmp_path))
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path, done.stderr
    assert folder.stat().st_mode & 0o077 == 0


def test_that_the_hash_changes_with_any_kernel_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "twin" / "geometry" / "numba_environment.py"
    kernel = tmp_path / "simulation" / "kernels" / "half_space.py"
    kernel.parent.mkdir(parents=True)
    monkeypatch.setattr(numba_environment, "__file__", str(module))
    kernel.write_text("x = 1\n")
    before = numba_environment.hash_of_kernel_sources()
    kernel.write_text("x = 2\n")
    changed = numba_environment.hash_of_kernel_sources()
    kernel.rename(kernel.with_name("plane.py"))
    assert len({before, changed, numba_environment.hash_of_kernel_sources()}) == 3
