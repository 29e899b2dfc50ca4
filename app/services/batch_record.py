"""What is kept of a batch: one record a case, a manifest to go on from and a table to read."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from twin.errors import InputError

__all__ = ["BatchManifest", "BatchRecord", "RecordStatus"]

_FORMAT = "twinsight.batch"
_SCHEMA = 1
_MANIFEST = "manifest.json"
_TABLE = "batch.csv"


class RecordStatus(StrEnum):
    """Where a case of a batch stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # it is no scan: a label map, for instance


@dataclass(frozen=True)
class BatchRecord:
    """One case of a batch.

    Parameters
    ----------
    name
        Name of its folder: a hash of the study's files and of what was asked for. It tells nothing of the patient.
    place
        Where its study lies below the searched folder.
    status
        Where it stands.
    volumes_ml
        Structure id to volume.
    figures
        Leading figures of the plan, by their key.
    not_found
        Ids of structures that were searched and not found.
    seconds
        Step to time, with ``total``.
    peak_memory_mib
        Most memory its process took.
    warnings
        In words.
    message_id, exit_code, reason
        Why it failed or was skipped.
    """

    name: str
    place: str
    status: RecordStatus = RecordStatus.WAITING
    volumes_ml: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, float | None] = field(default_factory=dict)
    not_found: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_memory_mib: float | None = None
    warnings: tuple[str, ...] = ()
    message_id: str = ""
    exit_code: int = 0
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        data = dict(vars(self))
        return {
            **data,
            "status": self.status.value,
            "volumes_ml": dict(self.volumes_ml),
            "figures": dict(self.figures),
            "seconds": dict(self.seconds),
            "not_found": list(self.not_found),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> BatchRecord:
        """Read what :meth:`to_json` wrote."""
        values = dict(data)
        values["status"] = RecordStatus(str(data["status"]))
        for name in ("not_found", "warnings"):
            values[name] = tuple(data[name])  # type: ignore[arg-type]
        return cls(**values)  # type: ignore[arg-type]


class BatchManifest:
    """The records of a batch on disk; each change replaces the file as a whole.

    Parameters
    ----------
    folder
        Output folder of the batch.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / _MANIFEST
        self.table = folder / _TABLE

    def read(self) -> dict[str, BatchRecord]:
        """Return the records by name, none when there is no manifest yet.

        Raises
        ------
        InputError
            ``error.batch.bad_manifest`` when the file is not one of ours.
        """
        if not self.path.exists():
            return {}
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            if data["format"] != _FORMAT or data["schema"] != _SCHEMA:
                raise ValueError(data["format"])
            return {row["name"]: BatchRecord.from_json(row) for row in data["cases"]}
        except (ValueError, TypeError, KeyError) as error:
            raise InputError("error.batch.bad_manifest", name=self.path.name) from error

    def write(self, records: Iterable[BatchRecord]) -> None:
        """Replace manifest and table."""
        rows = list(records)
        document = {"format": _FORMAT, "schema": _SCHEMA, "cases": [record.to_json() for record in rows]}
        _replace(self.path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        _replace(self.table, _table(rows))


def _table(rows: list[BatchRecord]) -> str:
    """Return the table as CSV: one line a case, the same columns for all."""
    volumes = sorted({name for row in rows for name in row.volumes_ml})
    figures = sorted({name for row in rows for name in row.figures})
    steps = sorted({name for row in rows for name in row.seconds} - {"total"})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["case", "study", "status", *(f"{name}_ml" for name in volumes), *figures, "not_found", "total_s"]
        + [f"{name}_s" for name in steps]
        + ["peak_memory_mib", "warnings", "reason"]
    )
    for row in rows:
        writer.writerow(
            [row.name, row.place, row.status.value]
            + [_number(row.volumes_ml.get(name), 1) for name in volumes]
            + [_number(row.figures.get(name), 2) for name in figures]
            + [" ".join(row.not_found), _number(row.seconds.get("total"), 1)]
            + [_number(row.seconds.get(name), 1) for name in steps]
            + [_number(row.peak_memory_mib, 0), " | ".join(row.warnings), row.reason]
        )
    return text.getvalue()


def _number(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"


def _replace(path: Path, text: str) -> None:
    staged = path.with_name(f".{path.name}.part")
    with staged.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(staged, path)
