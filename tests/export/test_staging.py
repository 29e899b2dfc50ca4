"""What is written is whole or absent, and what was there stays."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from export.meshes import MeshFormat, write_meshes
from export.nifti import write_nifti_set
from export.staging import staged_file, staged_folder, write_whole
from tests.export.conftest import Example
from twin.errors import InputError


@contextmanager
def disk_of(n_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond a size: to a writer, a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def _left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_that_a_file_appears_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "note.txt", b"whole")
    assert (tmp_path / "new" / "note.txt").read_bytes() == b"whole"
    assert _left_in(tmp_path / "new") == ["note.txt"]


def test_that_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def write_half() -> None:
        with staged_file(tmp_path / "note.txt") as staged:
            staged.write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert _left_in(tmp_path) == []


def _write_set(folder: Path, replaceable: frozenset[str] = frozenset()) -> None:
    with staged_folder(folder, replaceable=replaceable) as staging:
        (staging / "a.txt").write_bytes(b"new a")
        (staging / "b.txt").write_bytes(b"new b")


def test_that_an_existing_file_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(b"old")
    with pytest.raises(InputError) as refusal:
        write_whole(path, b"new")
    assert refusal.value.message_id == "error.export.exists"
    assert path.read_bytes() == b"old"
    write_whole(path, b"new", replace=True)
    assert path.read_bytes() == b"new"


def test_that_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"mine")
    with pytest.raises(InputError) as refusal, staged_folder(tmp_path / "out"):
        pass
    assert refusal.value.message_id == "error.export.not_a_folder"
    with pytest.raises(InputError) as refusal:
        write_whole(tmp_path / "out" / "note.txt", b"new")
    assert refusal.value.message_id == "error.export.not_a_folder"
    assert (tmp_path / "out").read_bytes() == b"mine"


def test_that_a_foreign_file_in_the_folder_stops_the_whole_export(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"mine")
    with pytest.raises(InputError) as refusal:
        _write_set(tmp_path)
    assert refusal.value.parameters == {"name": "b.txt"}
    assert _left_in(tmp_path) == ["b.txt"]
    assert (tmp_path / "b.txt").read_bytes() == b"mine"


def test_that_a_move_that_fails_halfway_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")
    real = os.replace

    def fail_on_b(source: Path, target: Path) -> None:
        if Path(target).name == "b.txt":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(os, "replace", fail_on_b)
    with pytest.raises(InputError) as refusal:
        _write_set(tmp_path, frozenset({"a.txt"}))
    monkeypatch.undo()
    assert refusal.value.message_id == "error.export.disk_full"
    assert _left_in(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"old"


@pytest.mark.parametrize("mesh_format", list(MeshFormat))
def test_that_a_full_disk_leaves_no_mesh(example: Example, folder: Path, mesh_format: MeshFormat) -> None:
    with disk_of(3000), pytest.raises(InputError) as refusal:
        write_meshes(example.twin, example.split, folder, mesh_format)
    assert refusal.value.message_id in ("error.export.disk_full", "error.export.incomplete")
    assert _left_in(folder.parent) == []


def test_that_a_full_disk_leaves_no_image(example: Example, folder: Path) -> None:
    with disk_of(3000), pytest.raises(InputError) as refusal:
        write_nifti_set(example.case, folder)
    assert refusal.value.message_id in ("error.export.disk_full", "error.export.incomplete")
    assert _left_in(folder.parent) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_that_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError) as refusal:
        write_whole(tmp_path / "note.txt", b"new")
    tmp_path.chmod(0o700)
    assert refusal.value.message_id == "error.export.no_permission"


@pytest.mark.parametrize("number", [13, 1, 30])
def test_that_a_forbidden_folder_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def forbidden(**_: object) -> str:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tempfile.mkdtemp", forbidden)
    with pytest.raises(InputError) as refusal:
        write_whole(tmp_path / "note.txt", b"new")
    assert refusal.value.message_id == "error.export.no_permission"
    assert refusal.value.parameters == {"name": "note.txt"}
