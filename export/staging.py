"""Writing that either happens whole or not at all: a staging place beside the target, then one rename."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twin.errors import InputError

__all__ = ["export_fault", "staged_file", "staged_folder", "write_whole"]

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_STAGING_PREFIX = ".twinsight-"


@contextmanager
def staged_file(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """Give a path to write to; it becomes ``path`` when the block ends well, and vanishes when it does not.

    Parameters
    ----------
    path
        The file to make. Its folder is made when it is missing.
    replace
        Allow a file that is there to be replaced.

    Raises
    ------
    InputError
        ``error.export.exists``, ``.not_a_folder``, ``.no_permission``, ``.disk_full`` or ``.cannot_write``.
    """
    path = Path(path)
    with _faults_worded(path):
        if path.is_dir() or (path.exists() and not replace):
            raise InputError("error.export.exists", name=path.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX, dir=path.parent))
        try:
            written = staging / path.name
            yield written
            _flush_to_disk(written)
            os.replace(written, path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def staged_folder(folder: Path, *, replaceable: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Give an empty folder to write to; its files move into ``folder`` when the block ends well.

    A folder that is not there yet appears in one rename. Into one that is there each file moves by its own
    rename; when one fails the earlier ones are taken back.

    Parameters
    ----------
    folder
        Where the files shall be.
    replaceable
        Names (relative, with forward slashes) that may be replaced; any other file of that name is refused.

    Raises
    ------
    InputError
        As :func:`staged_file`.
    """
    folder = Path(folder)
    with _faults_worded(folder):
        is_new = not folder.exists()
        if not is_new and not folder.is_dir():
            raise InputError("error.export.not_a_folder", name=folder.name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=_STAGING_PREFIX, dir=folder.parent if is_new else folder))
        try:
            staging = scratch / "files"
            staging.mkdir()
            yield staging
            names = sorted(path.relative_to(staging) for path in staging.rglob("*") if path.is_file())
            for name in names:
                _flush_to_disk(staging / name)
            if is_new:
                os.replace(staging, folder)
            else:
                _refuse_foreign(folder, names, replaceable)
                _move_all(staging, folder, names, scratch / "replaced")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def write_whole(path: Path, content: bytes, *, replace: bool = False) -> None:
    """Write a file that appears complete or not at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder) / "note.txt", b"whole")
    ...     (Path(folder) / "note.txt").read_bytes()
    b'whole'
    """
    with staged_file(path, replace=replace) as staged:
        staged.write_bytes(content)


def export_fault(error: OSError, path: Path) -> InputError:
    """Return the typed error that says why a file could not be written; it names the last folder alone."""
    if error.errno in _FULL:
        return InputError("error.export.disk_full", name=path.name)
    if error.errno in _FORBIDDEN:
        return InputError("error.export.no_permission", name=path.name)
    if isinstance(error, NotADirectoryError | FileExistsError):
        return InputError("error.export.not_a_folder", name=path.name)
    return InputError("error.export.cannot_write", name=path.name, reason=error.strerror or type(error).__name__)


@contextmanager
def _faults_worded(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise export_fault(error, path) from error


def _refuse_foreign(folder: Path, names: list[Path], replaceable: frozenset[str]) -> None:
    for name in names:
        if (folder / name).exists() and name.as_posix() not in replaceable:
            raise InputError("error.export.exists", name=name.as_posix())


def _move_all(staging: Path, folder: Path, names: list[Path], replaced: Path) -> None:
    moved: list[Path] = []
    try:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (folder / name).exists():
                (replaced / name).parent.mkdir(parents=True, exist_ok=True)
                os.replace(folder / name, replaced / name)
            moved.append(name)
            os.replace(staging / name, folder / name)
    except OSError:
        for name in reversed(moved):
            (folder / name).unlink(missing_ok=True)
            if (replaced / name).exists():
                os.replace(replaced / name, folder / name)
        raise


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
