"""Removing a case for good."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from pathlib import Path

from twin.errors import CaseFileError
from twin.store.audit_log import EXPORT_ACTION, AuditEntry, AuditLog
from twin.store.case_lock import CaseLock
from twin.store.durable_file import sync_folder, writing
from twin.store.manifest import FORMAT

__all__ = ["purge"]


def purge(path: str | os.PathLike[str]) -> tuple[AuditEntry, ...]:
    """Remove a case with its history, journal, caches and logs, and return the exports that were made of it.

    The exports lie outside the case and are not removed: whoever purges must see to them. A damaged case, or one
    written by a newer program, can be purged too.

    Raises
    ------
    CaseFileError
        When it is no case, is open elsewhere (``error.case.open_elsewhere``) or cannot be removed.
    """
    path = Path(path)
    if not path.is_dir() or path.is_symlink():
        raise CaseFileError("error.case.not_found", path=str(path))
    if not _is_case(path):
        raise CaseFileError("error.case.not_a_case", path=str(path))
    exports = tuple(entry for entry in AuditLog(path / "audit.log").entries() if entry.action == EXPORT_ACTION)
    lock = CaseLock(path / "lock")
    with writing(path):
        if not lock.is_taken():
            raise CaseFileError("error.case.open_elsewhere", path=str(path))
        try:
            doomed = path.with_name(f".{path.name}.{uuid.uuid4().hex}.purged")
            os.rename(path, doomed)  # gone under its name at once, even if the machine stops half-way
            sync_folder(path.parent)
        finally:
            lock.release()
        shutil.rmtree(doomed)
        sync_folder(path.parent)
    return exports


def _is_case(path: Path) -> bool:
    manifest = path / "manifest.json"
    if not manifest.is_file():
        return False
    try:
        data = json.loads(manifest.read_bytes())
        return isinstance(data, dict) and data.get("format") == FORMAT
    except (OSError, ValueError):
        return (path / "blobs").is_dir() and (path / "history").is_dir()  # damaged, yet a case
