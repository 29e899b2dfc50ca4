"""Weights are used only as long as they are the files they were: compared with a list beside them, or remembered."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from twin.errors import BackendUnavailable
from twin.job import CancelToken

__all__ = ["checked_weights", "file_sha256"]

_LIST_NAMES = ("SHA256SUMS", "sha256sums.txt", "checksums.sha256")
_CHUNK = 1 << 22


def checked_weights(
    folder: Path, files: Sequence[Path], record: Path, cancel: CancelToken | None = None
) -> dict[str, str]:
    """Return the SHA-256 of weight files by their name below ``folder``, after comparing them with what is known.

    Known is what a list ``SHA256SUMS`` in the folder says (the form of ``sha256sum``), or a file ``NAME.sha256``
    beside a file. What neither says is remembered in ``record`` at the first use and compared from then on.

    Parameters
    ----------
    folder
        Folder of the weights.
    files
        The files that the program will read, below it.
    record
        JSON file of this user that remembers.
    cancel
        Looked at every four megabytes.

    Raises
    ------
    BackendUnavailable
        ``error.external.weights_missing`` or ``error.external.weights_changed`` with the name of the file.
    """
    listed = _listed(folder)
    remembered = _remembered(record)
    mine = dict(remembered.get(str(folder.resolve()), {}))
    hashes: dict[str, str] = {}
    for path in files:
        name = path.relative_to(folder).as_posix()
        known = listed.get(name) or _beside(path) or mine.get(name)
        hashes[name] = file_sha256(path, cancel)
        if known is not None and known != hashes[name]:
            raise BackendUnavailable("error.external.weights_changed", file=name)
    if any(mine.get(name) != digest for name, digest in hashes.items()):
        _remember(record, {**remembered, str(folder.resolve()): {**mine, **hashes}})
    return hashes


def _listed(folder: Path) -> dict[str, str]:
    known: dict[str, str] = {}
    for name in _LIST_NAMES:
        path = folder / name
        if path.is_file():
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                found = re.fullmatch(r"([0-9a-fA-F]{64})\s+\*?(?:\./)?(.+)", line.strip())
                if found:
                    known[found[2]] = found[1].lower()
    return known


def _beside(path: Path) -> str | None:
    beside = path.with_name(path.name + ".sha256")
    if not beside.is_file():
        return None
    found = re.match(r"[0-9a-fA-F]{64}", beside.read_text(encoding="utf-8", errors="replace").strip())
    return found[0].lower() if found else None


def _remembered(record: Path) -> dict[str, dict[str, str]]:
    try:
        data = json.loads(record.read_text(encoding="utf-8"))
        return {str(folder): {str(n): str(h) for n, h in files.items()} for folder, files in data.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise BackendUnavailable("error.external.record_damaged", file=record.name) from error


def _remember(record: Path, data: Mapping[str, Mapping[str, str]]) -> None:
    try:
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=record.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
        os.replace(name, record)
    except OSError as error:
        raise BackendUnavailable("error.external.record_unwritable", file=record.name) from error


def file_sha256(path: Path, cancel: CancelToken | None = None) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if cancel is not None:
                    cancel.raise_if_cancelled()
                digest.update(chunk)
    except OSError as error:
        raise BackendUnavailable("error.external.weights_missing", file=path.name) from error
    return digest.hexdigest()
