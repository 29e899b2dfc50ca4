"""A case as it stands on the disk: the last commit, with the edits that were acknowledged since."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.case import Case
from twin.errors import CaseFileError, TwinSightError
from twin.patient import PatientIdentity
from twin.store.blobs import BlobFolder
from twin.store.case_lock import CaseLock
from twin.store.case_record import case_from_record
from twin.store.durable_file import read_whole, write_whole
from twin.store.edit_record import edit_from_bytes
from twin.store.journal import JournalContent, is_begun, read_journal
from twin.store.manifest import Manifest
from twin.store.migration import migrated_record

__all__ = [
    "RECORD",
    "Recovery",
    "StoredCase",
    "has_unsaved_steps",
    "journal_path",
    "read_case",
    "read_identity",
    "write_identity",
]

_PATIENT_FILE = "patient.json"
RECORD = "record"


@dataclass(frozen=True)
class Recovery:
    """What opening a case found in its journal, for a word to the user.

    Parameters
    ----------
    n_edits
        Edits since the last save that were brought back.
    n_dropped_bytes
        Bytes of a last record that a crash cut short; it was never acknowledged.
    is_damaged
        True when acknowledged edits may be among what could not be read; the journal is then kept aside.
    """

    n_edits: int = 0
    n_dropped_bytes: int = 0
    is_damaged: bool = False

    @property
    def message_id(self) -> str | None:
        """Message id with the parameter ``count``, or None when there is nothing to tell."""
        if self.is_damaged:
            return "recovery.damaged"
        if self.n_dropped_bytes:
            return "recovery.torn"
        return "recovery.replayed" if self.n_edits else None


@dataclass(frozen=True)
class StoredCase:
    """A case read from its folder."""

    manifest: Manifest
    case: Case
    journal: JournalContent
    recovery: Recovery


def journal_path(folder: Path, generation: int) -> Path:
    """Where the journal of a generation is."""
    return folder / "journal" / f"{generation:08d}.log"


def read_case(folder: Path, blobs: BlobFolder) -> StoredCase:
    """Read the last commit and replay the journal; every blob read is checked. Nothing is written.

    Raises
    ------
    CaseFileError
        When the folder is no case, is damaged or was written by a newer program.
    """
    manifest = Manifest.read(folder)
    try:
        record: Any = blobs.json(manifest.objects[RECORD].name)
        record = migrated_record(record, manifest.schema)
        case = case_from_record(record, read_identity(folder), blobs)
    except (KeyError, TypeError, ValueError) as error:
        raise CaseFileError("error.case.manifest_damaged", path=str(folder)) from error
    path = journal_path(folder, manifest.generation)
    content = read_journal(path, manifest.sha256)
    for number, payload in enumerate(content.payloads, start=1):
        case = _replayed(case, payload, blobs, manifest.schema, path, number)
    recovery = Recovery(len(content.payloads), content.n_dropped_bytes, content.is_damaged)
    return StoredCase(manifest, case, content, recovery)


def has_unsaved_steps(folder: Path) -> bool:
    """Tell whether steps were done after the last commit of a case that nobody holds open.

    Then the program that had it open was killed; :func:`read_case` brings the steps back. Only a few bytes are read.
    """
    try:
        journal = journal_path(folder, Manifest.read(folder).generation)
        if not is_begun(journal):
            return False
        lock = CaseLock(folder / "lock")
        if not lock.is_taken():
            return False  # open in another window
        lock.release()
        return True
    except (OSError, CaseFileError):
        return False  # what is wrong with it is said when it is opened


def read_identity(folder: Path) -> PatientIdentity:
    """Read who the patient is, from the only file that says it.

    Raises
    ------
    CaseFileError
        When the file is missing or damaged.
    """
    path = folder / _PATIENT_FILE
    try:
        data = json.loads(read_whole(path))
        if data["sha256"] != _hash_of(data["identity"]):
            raise ValueError("hash")
        return PatientIdentity.from_json(data["identity"])
    except (KeyError, TypeError, ValueError) as error:
        raise CaseFileError("error.case.damaged", path=str(path)) from error


def write_identity(folder: Path, identity: PatientIdentity) -> None:
    """Write who the patient is.

    Raises
    ------
    CaseFileError
        When it cannot be written.
    """
    content = identity.to_json()
    text = json.dumps({"identity": content, "sha256": _hash_of(content)}, indent=1, ensure_ascii=False)
    write_whole(folder / _PATIENT_FILE, [text.encode("utf-8")])


def _hash_of(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _replayed(case: Case, payload: bytes, blobs: BlobFolder, schema: int, path: Path, number: int) -> Case:
    try:
        return edit_from_bytes(payload, blobs, schema).apply(case)
    except CaseFileError:
        raise  # a blob is missing or damaged: it says which
    except (TwinSightError, KeyError, TypeError, ValueError) as error:
        # The record is whole, so this is a defect of the program; nothing on the disk is touched.
        raise CaseFileError("error.case.journal_unreadable", path=str(path), number=number) from error
