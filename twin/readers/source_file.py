"""The files of a study, whether they lie in a folder or inside a zip archive."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from twin.errors import InputError

__all__ = ["FolderFile", "SourceFile", "ZipArchive", "files_in_folder"]

# Limits of an archive. Deflate itself cannot shrink by more than about 1032; CT slices shrink by 2 to 20, and
# an image of nothing but air by some hundreds, hence the ratio only counts once the whole is large.
_LARGEST_ARCHIVE_BYTES = 40 * 1024**3
_LARGEST_RATIO = 200
_RATIO_COUNTS_FROM_BYTES = 1024**3
_MOST_ENTRIES = 200_000

# What operating systems add beside the images.
_IGNORED_NAMES = {".ds_store", "thumbs.db", "desktop.ini"}
_IGNORED_FOLDERS = {"__macosx"}


class SourceFile(Protocol):
    """A file that can be read; nothing is ever written beside it."""

    @property
    def name(self) -> str:
        """Path inside the study, with forward slashes."""
        ...

    @property
    def n_bytes(self) -> int:
        """Length of the content."""
        ...

    def open_head(self, n_bytes: int) -> BinaryIO:
        """Open a seekable stream that holds at least the first ``n_bytes``, cheaply."""
        ...

    def read(self) -> bytes:
        """Read the whole content; raises OSError when it cannot be read."""
        ...


@dataclass(frozen=True)
class FolderFile:
    """A file on disk."""

    path: Path
    name: str

    @property
    def n_bytes(self) -> int:
        return self.path.stat().st_size

    def open_head(self, n_bytes: int) -> BinaryIO:
        return self.path.open("rb")

    def read(self) -> bytes:
        return self.path.read_bytes()


def files_in_folder(folder: Path, *, recursive: bool = True) -> Iterator[FolderFile]:
    """Yield the regular files of a folder in the order of their names, without those of the operating system."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if recursive and not _is_ignored(f))
        for name in sorted(names):
            path = Path(where, name)
            if not _is_ignored(name) and path.is_file():
                yield FolderFile(path, path.relative_to(folder).as_posix())


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in _IGNORED_NAMES | _IGNORED_FOLDERS


@dataclass(frozen=True)
class _ZipMember:
    archive: ZipArchive
    name: str
    n_bytes: int

    def open_head(self, n_bytes: int) -> BinaryIO:
        with self._reporting_damage(), self.archive.opened.open(self.name) as stream:
            return io.BytesIO(stream.read(n_bytes))

    def read(self) -> bytes:
        with self._reporting_damage():
            return self.archive.opened.read(self.name)

    @staticmethod
    def _reporting_damage() -> _DamageAsOSError:
        return _DamageAsOSError()


class _DamageAsOSError:
    """A damaged member of an archive is a file that cannot be read."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, zipfile.BadZipFile | zlib.error | EOFError | NotImplementedError | RuntimeError):
            raise OSError("damaged member of an archive") from error


class ZipArchive:
    """A zip archive that is read in memory and never unpacked to disk.

    Parameters
    ----------
    path
        The archive.

    Raises
    ------
    InputError
        When it is no zip archive, is encrypted, holds a path that leads outside of it, or would grow beyond
        all reason (a "zip bomb").
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: zipfile.ZipFile | None = None
        self._check()

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_opened": None}

    @property
    def opened(self) -> zipfile.ZipFile:
        """The open archive; it is opened again in another process."""
        if self._opened is None:
            try:
                self._opened = zipfile.ZipFile(self.path)
            except (zipfile.BadZipFile, EOFError) as error:
                raise InputError("error.import.bad_zip", file=self.path.name) from error
            except OSError as error:
                raise InputError("error.import.unreadable", file=self.path.name) from error
        return self._opened

    def files(self) -> Iterator[SourceFile]:
        """Yield the members in the order of their names, without those of the operating system."""
        for info in sorted(self.opened.infolist(), key=lambda member: member.filename):
            parts = PurePosixPath(info.filename).parts
            if not info.is_dir() and not any(_is_ignored(part) for part in parts):
                yield _ZipMember(self, info.filename, info.file_size)

    def _check(self) -> None:
        members = self.opened.infolist()
        if any(_leads_outside(info) for info in members):
            raise InputError("error.import.zip_traversal", file=self.path.name)
        if any(info.flag_bits & 0x1 for info in members):
            raise InputError("error.import.zip_encrypted", file=self.path.name)
        n_bytes = sum(info.file_size for info in members)
        ratio = n_bytes / max(self.path.stat().st_size, 1)
        is_bomb = n_bytes > _LARGEST_ARCHIVE_BYTES or (n_bytes > _RATIO_COUNTS_FROM_BYTES and ratio > _LARGEST_RATIO)
        if is_bomb or len(members) > _MOST_ENTRIES:
            raise InputError(
                "error.import.zip_bomb",
                file=self.path.name,
                gigabytes=round(n_bytes / 1024**3, 1),
                files=len(members),
            )


def _leads_outside(info: zipfile.ZipInfo) -> bool:
    """Absolute paths, drive letters, steps upwards and symbolic links."""
    name = info.orig_filename.replace("\\", "/")
    is_link = (info.external_attr >> 16) & 0o170000 == 0o120000
    return is_link or name.startswith("/") or (len(name) > 1 and name[1] == ":") or ".." in name.split("/")
