"""System calls of the store that fail on demand, and a disk that forgets what was not flushed."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CALLS = ("open", "write", "fsync", "replace", "ftruncate", "rename")


def _is_of_the_store() -> bool:
    return "/twin/store/" in sys._getframe(2).f_code.co_filename.replace(os.sep, "/")


@dataclass
class Failure:
    """The ``after``-th call of the store fails, and all later ones too when it ``lasts``.

    A write that fails has written half of what it was given, as a full disk does.
    """

    after: int
    lasts: bool = False
    number: int = errno.ENOSPC
    n_calls: int = 0
    has_failed: bool = False

    def is_due(self) -> bool:
        self.n_calls += 1
        due = self.n_calls == self.after + 1 or (self.lasts and self.n_calls > self.after)
        self.has_failed |= due
        return due


@contextmanager
def failing(failure: Failure) -> Iterator[Failure]:
    """Let the calls of the store fail inside the block; calls of anyone else pass."""
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, _failing_call(name, getattr(os, name), failure))
        yield failure


def _failing_call(name: str, call: Callable[..., Any], failure: Failure) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not _is_of_the_store() or not failure.is_due():
            return call(*args, **kwargs)
        if name == "write":
            call(args[0], bytes(args[1])[: len(args[1]) // 2])
        raise OSError(failure.number, os.strerror(failure.number))

    return wrapped


@dataclass
class ForgetfulDisk:
    """What a disk surely holds below ``root``: files as last flushed, folders as last flushed.

    ``fsync`` of a file keeps its content, ``fsync`` of a folder keeps the names in it. :meth:`after_power_cut`
    writes what is left when the power goes now.
    """

    root: Path
    contents: dict[int, bytes] = field(default_factory=dict)
    entries: dict[int, dict[str, int]] = field(default_factory=dict)
    folders: set[int] = field(default_factory=set)
    n_flushes: int = 0

    def flushed(self, file: int) -> None:
        self.n_flushes += 1
        known = os.fstat(file)
        if stat.S_ISDIR(known.st_mode):
            path = Path(f"/proc/self/fd/{file}")
            found = {entry.name: entry.stat(follow_symlinks=False) for entry in os.scandir(path)}
            self.entries[known.st_ino] = {name: s.st_ino for name, s in found.items()}
            self.folders.update(s.st_ino for s in found.values() if stat.S_ISDIR(s.st_mode))
        else:
            self.contents[known.st_ino] = Path(os.readlink(f"/proc/self/fd/{file}")).read_bytes()

    def after_power_cut(self, target: Path, *, keeps_names: bool) -> None:
        """Write what is left into ``target``.

        With ``keeps_names`` the disk had written all names by itself, though not the contents; without, only what
        was flushed.
        """
        self._write(self.root, os.stat(self.root).st_ino, target, keeps_names)

    def _write(self, path: Path | None, inode: int, target: Path, keeps_names: bool) -> None:
        target.mkdir(mode=0o700)
        names = dict(self.entries.get(inode, {}))
        if keeps_names and path is not None:
            names = {entry.name: entry.stat(follow_symlinks=False).st_ino for entry in os.scandir(path)}
        for name, child in names.items():
            inside = None if path is None else path / name
            if child in self.folders or (inside is not None and inside.is_dir()):
                self._write(inside, child, target / name, keeps_names)
            else:
                (target / name).write_bytes(self.contents.get(child, b""))


@contextmanager
def forgetful(root: Path, on_flush: Callable[[ForgetfulDisk], None]) -> Iterator[None]:
    """Watch what is flushed below ``root`` inside the block, and tell of each flush when it is done."""
    disk, fsync = ForgetfulDisk(root), os.fsync

    def watched(file: int) -> None:
        fsync(file)
        disk.flushed(file)
        on_flush(disk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", watched)
        yield
