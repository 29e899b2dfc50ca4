"""The record beside exported files: what they are, what they came from, and whether that still holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from export.staging import staged_folder, write_whole
from export.state import document_state
from twin.case import Case
from twin.errors import InputError, SafetyRefusal
from twin.provenance import Provenance

__all__ = ["MANIFEST_NAME", "ExportRecord", "export_folder", "mark_superseded", "read_records"]

MANIFEST_NAME = "export.json"
_SCHEMA = 1
_VERSION = "1"


@dataclass(frozen=True)
class ExportRecord:
    """Files that were exported together. No identity and no name given by a person is in it.

    Parameters
    ----------
    case_id
        Random id of the case.
    labels_hash, facts_hash
        Of the case when it was exported.
    plan_hash, figures_hash
        Of the plan and its outcome, or None when the files show the anatomy alone.
    state
        ``"approved"``, ``"draft"`` or ``"unverified"``.
    files
        Relative name to SHA-256.
    provenance
        Producer, version, time.
    superseded_utc
        When the case was seen to have moved on, or None while the files are current.
    """

    case_id: str
    labels_hash: str
    facts_hash: str
    plan_hash: str | None
    figures_hash: str | None
    state: str
    files: Mapping[str, str]
    provenance: Provenance
    superseded_utc: str | None = None

    def is_current(self, case: Case) -> bool:
        """True while the case still is what was exported."""
        if self.superseded_utc is not None or self.case_id != case.id:
            return False
        if self.labels_hash != case.labels_hash:
            return False
        if self.plan_hash is None:
            return True
        plan = next((p for p in case.plans.values() if p.hash == self.plan_hash), None)
        if plan is None or self.facts_hash != case.facts_hash:
            return False
        now = _record(case, plan.name, self.files)
        return (now.figures_hash, now.state) == (self.figures_hash, self.state)

    def changed_files(self, folder: Path) -> tuple[str, ...]:
        """Return the names of files that are gone or no longer have their hash."""
        return tuple(
            name
            for name, sha256 in self.files.items()
            if not (folder / name).is_file() or _sha256(folder / name) != sha256
        )

    def to_json(self) -> dict[str, object]:
        """Plain values for the file."""
        return {**vars(self), "files": dict(self.files), "provenance": self.provenance.to_json()}


@contextmanager
def export_folder(folder: Path, case: Case, plan_name: str | None = None) -> Iterator[Path]:
    """Give a staging folder to write exports to; they appear in ``folder`` together, with their record.

    Files that an earlier export of the same case left in the folder are replaced; a file of any other origin
    is left alone and refused.

    Parameters
    ----------
    folder
        Where the files shall be; made when it is missing.
    case
        The case they come from.
    plan_name
        The plan they show, or None for the anatomy alone.

    Raises
    ------
    SafetyRefusal
        ``error.export.other_case`` when the folder holds the export of another case.
    InputError
        When the folder cannot be written or holds a foreign file of the same name; then nothing is written.
    """
    folder = Path(folder)
    before = read_records(folder)
    if any(record.case_id != case.id for record in before):
        raise SafetyRefusal("error.export.other_case", name=folder.name)
    known = {MANIFEST_NAME, *(name for record in before for name in record.files)} if before else set()
    with staged_folder(folder, replaceable=frozenset(known)) as staging:
        yield staging
        files = {
            path.relative_to(staging).as_posix(): _sha256(path) for path in sorted(staging.rglob("*")) if path.is_file()
        }
        earlier = (_without_files(record, files) for record in before)
        records = [record for record in earlier if record.files] + [_record(case, plan_name, files)]
        write_whole(staging / MANIFEST_NAME, _json_bytes(records))


def read_records(folder: Path) -> tuple[ExportRecord, ...]:
    """Return the records of a folder, none when it holds no export.

    Raises
    ------
    InputError
        ``error.export.bad_manifest`` when the file is not one of ours.
    """
    path = Path(folder) / MANIFEST_NAME
    if not path.is_file():
        return ()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != _SCHEMA:
            raise ValueError(data["schema"])
        return tuple(
            ExportRecord(**{**row, "provenance": Provenance.from_json(row["provenance"])}) for row in data["exports"]
        )
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("error.export.bad_manifest", name=MANIFEST_NAME) from error


def mark_superseded(folder: Path, case: Case) -> tuple[str, ...]:
    """Mark exports of a case that has moved on; return the names of all files that are superseded now.

    Records of another case are left alone.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    before = read_records(folder)
    after = tuple(
        replace(record, superseded_utc=now)
        if record.case_id == case.id and record.superseded_utc is None and not record.is_current(case)
        else record
        for record in before
    )
    if after != before:
        write_whole(Path(folder) / MANIFEST_NAME, _json_bytes(after), replace=True)
    return tuple(name for record in after if record.superseded_utc is not None for name in record.files)


def _record(case: Case, plan_name: str | None, files: Mapping[str, str]) -> ExportRecord:
    plan = None if plan_name is None else case.plan(plan_name)
    outcome = None if plan is None else case.outcomes.get(plan.name)
    return ExportRecord(
        case.id,
        case.labels_hash,
        case.facts_hash,
        None if plan is None else plan.hash,
        None if outcome is None or outcome.is_stale else outcome.figures_hash,
        document_state(case, plan).word,
        files,
        Provenance("export", _VERSION),
    )


def _without_files(record: ExportRecord, replaced: Mapping[str, str]) -> ExportRecord:
    return replace(record, files={name: sha for name, sha in record.files.items() if name not in replaced})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json_bytes(records: Iterable[ExportRecord]) -> bytes:
    data = {"schema": _SCHEMA, "exports": [record.to_json() for record in records]}
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()
