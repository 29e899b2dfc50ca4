"""The audit log of a case: who did what to which patient, and when. One JSON document a line, only ever appended."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.account import system_account, utc_now
from twin.store.durable_file import read_whole, write_all, writing

__all__ = ["EXPORT_ACTION", "AuditEntry", "AuditLog"]

EXPORT_ACTION = "export"


@dataclass(frozen=True)
class AuditEntry:
    """One line of the log."""

    time_utc: str
    user: str
    patient_id: str
    action: str
    details: dict[str, Any]


class AuditLog:
    """Appends to and reads the file ``audit.log``."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, action: str, patient_id: str, details: dict[str, object]) -> None:
        """Append a line and flush it to the disk.

        Raises
        ------
        CaseFileError
            When it cannot be written; no part of the line then stays.
        """
        entry = {
            "time_utc": utc_now(),
            "user": system_account(),
            "patient_id": patient_id,
            "action": action,
            "details": details,
        }
        line = json.dumps(entry, ensure_ascii=False).encode("utf-8") + b"\n"
        with writing(self.path):
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                self._append_whole(file, line)
            finally:
                os.close(file)

    def entries(self) -> tuple[AuditEntry, ...]:
        """Read the log, oldest first; a line cut short by a crash is left out.

        Raises
        ------
        CaseFileError
            When it cannot be read.
        """
        if not self.path.exists():
            return ()
        entries = []
        for line in read_whole(self.path).splitlines():
            try:
                entries.append(AuditEntry(**json.loads(line)))
            except (ValueError, TypeError):
                continue
        return tuple(entries)

    @staticmethod
    def _append_whole(file: int, line: bytes) -> None:
        before = os.fstat(file).st_size
        if before and os.pread(file, 1, before - 1) != b"\n":
            line = b"\n" + line  # a line cut short by a crash must not spoil this one
        try:
            write_all(file, line)
            os.fsync(file)
        except OSError:
            os.ftruncate(file, before)
            raise
