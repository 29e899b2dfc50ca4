"""The blobs of a case: immutable files named after their SHA-256, each read checked against its name."""

from __future__ import annotations

import hashlib
import json
import os
import re
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.errors import CaseFileError
from twin.grid import Grid
from twin.store.durable_file import read_whole, remove_partial_files, write_hashed
from twin.store.nrrd import nrrd_chunks, voxels_of_nrrd

__all__ = ["Blob", "BlobFolder"]

_READ_BYTES = 1 << 22
_NAME = re.compile(r"[0-9a-f]{64}\.(nrrd|ply|json)")


@dataclass(frozen=True)
class Blob:
    """A file of the folder ``blobs``: ``name`` is its SHA-256 in hexadecimal with an ending."""

    name: str
    n_bytes: int

    @property
    def sha256(self) -> str:
        """The hash its name promises."""
        return self.name.partition(".")[0]


class BlobFolder:
    """Writes, reads, checks and collects blobs.

    Voxels that are already in a blob are not written again: read-only arrays are known by identity.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[int, tuple[weakref.ref[NDArray[np.generic]], Grid, Blob]] = {}

    def put_voxels(self, voxels: NDArray[np.generic], grid: Grid, *, encoding: str) -> Blob:
        """Write voxels ``[k, j, i]`` on their grid (``"raw"`` or ``"gzip"``) unless a blob holds them already.

        Raises
        ------
        CaseFileError
            When it cannot be written.
        """
        known = self._known.get(id(voxels))
        if known is not None and known[0]() is voxels and known[1] is grid:
            return known[2]
        blob = Blob(*write_hashed(self.folder, ".nrrd", nrrd_chunks(voxels, grid, encoding=encoding)))
        self._remember(voxels, grid, blob)
        return blob

    def put_json(self, document: object) -> Blob:
        """Write a JSON document; the same document always gives the same blob."""
        text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
        return Blob(*write_hashed(self.folder, ".json", [text.encode("utf-8")]))

    def voxels(self, name: str, grid: Grid) -> NDArray[np.generic]:
        """Read voxels ``[k, j, i]``, read-only.

        Raises
        ------
        CaseFileError
            When the file is missing or its content does not give the hash in its name.
        """
        content = self._content(name)
        voxels = voxels_of_nrrd(content, str(self.folder / name))
        if voxels.shape != grid.shape_kji:
            raise CaseFileError("error.case.damaged", path=str(self.folder / name))
        self._remember(voxels, grid, Blob(name, len(content)))
        return voxels

    def json(self, name: str) -> object:
        """Read a JSON document, checked like :meth:`voxels`."""
        return json.loads(self._content(name))

    def verify(self, name: str) -> None:
        """Read a blob through and compare it with its name.

        Raises
        ------
        CaseFileError
            ``error.case.file_missing``, ``error.case.read_failed`` or ``error.case.damaged``.
        """
        digest = hashlib.sha256()
        path = self._path(name)
        try:
            with path.open("rb") as file:
                while chunk := file.read(_READ_BYTES):
                    digest.update(chunk)
        except FileNotFoundError as error:
            raise CaseFileError("error.case.file_missing", path=str(path)) from error
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            raise CaseFileError("error.case.read_failed", path=str(path), reason=reason) from error
        if digest.hexdigest() != Blob(name, 0).sha256:
            raise CaseFileError("error.case.damaged", path=str(path))

    def collect(self, is_used: Callable[[str], bool]) -> None:
        """Remove blobs that nothing uses, and what a killed process left half-written."""
        remove_partial_files(self.folder)
        for path in self.folder.iterdir():
            if not is_used(path.name):
                with suppress(OSError):
                    path.unlink()
        self._known.clear()

    def _content(self, name: str) -> bytes:
        content = read_whole(self._path(name))
        if hashlib.sha256(content).hexdigest() != Blob(name, 0).sha256:
            raise CaseFileError("error.case.damaged", path=str(self.folder / name))
        return content

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if not _NAME.fullmatch(name):
            raise CaseFileError("error.case.damaged", path=str(path))
        return path

    def _remember(self, voxels: NDArray[np.generic], grid: Grid, blob: Blob) -> None:
        if voxels.flags.writeable:
            return  # it may still change
        known = self._known
        key = id(voxels)
        known[key] = (weakref.ref(voxels, lambda _: known.pop(key, None)), grid, blob)
