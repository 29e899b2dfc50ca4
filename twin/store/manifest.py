"""The manifest of a case: its generation and the table of the blobs that hold it. One file, replaced in one step."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.account import utc_now
from twin.errors import CaseFileError
from twin.store import migration
from twin.store.blobs import Blob
from twin.store.durable_file import read_whole, write_whole

__all__ = ["FORMAT", "Manifest"]

FORMAT = "twinsight.case"
_FILE = "manifest.json"
_HISTORY = "history"
_N_KEPT = 20


@dataclass(frozen=True)
class Manifest:
    """One generation of a case.

    Parameters
    ----------
    case_id
        Random id of the case.
    generation
        Counts the commits.
    schema
        Of the record and of the journal that follows.
    objects
        Blob by name; ``"record"`` holds all that is not voxels and names the others.
    sha256
        Of the rest of the manifest; the journal of this generation carries it.
    """

    case_id: str
    generation: int
    schema: int
    objects: Mapping[str, Blob]
    time_utc: str
    sha256: str

    @classmethod
    def of(cls, case_id: str, generation: int, objects: Mapping[str, Blob]) -> Manifest:
        """Return the manifest of a new generation."""
        draft = cls(case_id, generation, migration.SCHEMA, dict(objects), utc_now(), "")
        return cls(case_id, generation, draft.schema, draft.objects, draft.time_utc, _hash_of(draft._content()))

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a case folder and check it.

        Raises
        ------
        CaseFileError
            When the folder is no case (``error.case.not_found``, ``error.case.not_a_case``), when it was written by
            a newer program (``error.case.too_new``) or is damaged (``error.case.manifest_damaged``).
        """
        path = folder / _FILE
        if not folder.is_dir():
            raise CaseFileError("error.case.not_found", path=str(folder))
        if not path.is_file():
            raise CaseFileError("error.case.not_a_case", path=str(folder))
        data = _document(read_whole(path), path)
        if data.get("format") != FORMAT:
            raise CaseFileError("error.case.not_a_case", path=str(folder))
        schema = data.get("schema")
        if isinstance(schema, int) and schema > migration.SCHEMA:
            raise CaseFileError("error.case.too_new", path=str(folder), schema=schema, supported=migration.SCHEMA)
        return cls._checked(data, path)

    @classmethod
    def read_history(cls, folder: Path) -> tuple[Manifest, ...]:
        """Read the earlier generations that are still there, oldest first; a damaged one is left out."""
        found = []
        for path in (folder / _HISTORY).glob("*.json"):
            with suppress(CaseFileError):
                found.append(cls._checked(_document(read_whole(path), path), path))
        return tuple(sorted(found, key=lambda manifest: manifest.generation))

    def write(self, folder: Path, before: Manifest | None) -> None:
        """Make this the generation of the case; ``before`` goes to the history, of which the last 20 stay.

        Raises
        ------
        CaseFileError
            When it cannot be written. The manifest on the disk is then the old or, where only the last flush
            failed, the new one, never a mixture.
        """
        if before is not None:
            write_whole(folder / _HISTORY / f"{before.generation:08d}.json", [before._text()])
        write_whole(folder / _FILE, [self._text()])
        for path in sorted((folder / _HISTORY).glob("*.json"))[:-_N_KEPT]:
            with suppress(OSError):
                path.unlink()

    @classmethod
    def _checked(cls, data: dict[str, Any], path: Path) -> Manifest:
        try:
            objects = {name: Blob(str(entry["blob"]), int(entry["n_bytes"])) for name, entry in data["objects"].items()}
            manifest = cls(
                str(data["case_id"]),
                int(data["generation"]),
                int(data["schema"]),
                objects,
                str(data["time_utc"]),
                str(data["sha256"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CaseFileError("error.case.manifest_damaged", path=str(path)) from error
        if _hash_of({key: value for key, value in data.items() if key != "sha256"}) != manifest.sha256:
            raise CaseFileError("error.case.manifest_damaged", path=str(path))
        return manifest

    def _content(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "schema": self.schema,
            "case_id": self.case_id,
            "generation": self.generation,
            "time_utc": self.time_utc,
            "objects": {
                name: {"blob": blob.name, "sha256": blob.sha256, "n_bytes": blob.n_bytes}
                for name, blob in self.objects.items()
            },
        }

    def _text(self) -> bytes:
        return (json.dumps({**self._content(), "sha256": self.sha256}, indent=1) + "\n").encode()


def _hash_of(content: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _document(content: bytes, path: Path) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except ValueError as error:
        raise CaseFileError("error.case.manifest_damaged", path=str(path)) from error
    if not isinstance(data, dict):
        raise CaseFileError("error.case.manifest_damaged", path=str(path))
    return data
