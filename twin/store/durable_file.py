"""Files that are whole or absent: written aside, flushed to the disk, then put in place in one step.

Every write of the store goes through here, and every failure of the system becomes one typed error.
"""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from twin.errors import CaseFileError

__all__ = [
    "PARTIAL",
    "read_whole",
    "remove_partial_files",
    "sync_folder",
    "write_all",
    "write_hashed",
    "write_whole",
    "writing",
]

Bytes = bytes | memoryview
PARTIAL = ".partial"  # ending of a file that is being written
_PRIVATE = 0o600


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure of the system while ``path`` is written into one typed error.

    Raises
    ------
    CaseFileError
        ``error.case.disk_full``, ``error.case.not_writable`` or ``error.case.write_failed``.
    """
    try:
        yield
    except OSError as error:
        where = str(path)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CaseFileError("error.case.disk_full", path=where) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise CaseFileError("error.case.not_writable", path=where) from error
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise CaseFileError("error.case.write_failed", path=where, reason=reason) from error


def write_whole(path: Path, chunks: Iterable[Bytes]) -> None:
    """Write a file so that after a crash ``path`` holds the old or the new content, never a mixture.

    Raises
    ------
    CaseFileError
        When the disk is full or the folder cannot be written; the old content is then untouched.
    """
    with writing(path):
        partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}{PARTIAL}")
        _write_aside(partial, chunks)
        _put_in_place(partial, path)


def write_hashed(folder: Path, ending: str, chunks: Iterable[Bytes]) -> tuple[str, int]:
    """Write a file named after its own SHA-256; return its name and size in bytes.

    Raises
    ------
    CaseFileError
        When the disk is full or the folder cannot be written; no file is then left.
    """
    digest = hashlib.sha256()
    n_bytes = 0

    def counted() -> Iterator[Bytes]:
        nonlocal n_bytes
        for chunk in chunks:
            digest.update(chunk)
            n_bytes += len(chunk)
            yield chunk

    with writing(folder):
        partial = folder / f".{uuid.uuid4().hex}{PARTIAL}"
        _write_aside(partial, counted())
        name = digest.hexdigest() + ending
        _put_in_place(partial, folder / name)
    return name, n_bytes


def read_whole(path: Path) -> bytes:
    """Read a file.

    Raises
    ------
    CaseFileError
        ``error.case.file_missing`` or ``error.case.read_failed``.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CaseFileError("error.case.file_missing", path=str(path)) from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise CaseFileError("error.case.read_failed", path=str(path), reason=reason) from error


def write_all(file: int, data: Bytes) -> None:
    """Write every byte to an open file; the system may take fewer at a time than it is given."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to the disk: a file that was renamed is safe only then."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def remove_partial_files(folder: Path) -> None:
    """Remove what a killed process left half-written."""
    for path in folder.glob(f".*{PARTIAL}"):
        with suppress(OSError):
            path.unlink()


def _write_aside(partial: Path, chunks: Iterable[Bytes]) -> None:
    file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    try:
        try:
            for chunk in chunks:
                write_all(file, chunk)
            os.fsync(file)
        finally:
            os.close(file)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


def _put_in_place(partial: Path, path: Path) -> None:
    try:
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise
    sync_folder(path.parent)
