"""Remove a case for good, and say which exports were made of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twin.errors import CaseFileError
from twin.store import purge
from twin.wording import Wording

__all__ = ["PurgedCase", "purge_case", "size_of_case", "worded_size"]

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class PurgedCase:
    """What was removed, and the files that left the case before: whoever purges must see to them."""

    name: str
    size_bytes: int
    exports: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {"removed": self.name, "size_bytes": self.size_bytes, "exports_left": list(self.exports)}

    def lines(self, wording: Wording) -> list[str]:
        """What was removed and which exports remain."""
        lines = [wording.text("purge.removed", case=self.name, size=worded_size(self.size_bytes, wording))]
        if self.exports:
            lines += [wording.text("purge.exports_left"), *(f"  {place}" for place in self.exports)]
        return lines


def purge_case(case_path: Path) -> PurgedCase:
    """Remove a case with its history, journal, caches and logs.

    Raises
    ------
    CaseFileError
        When it is no case, is open elsewhere or cannot be removed.
    """
    size = size_of_case(case_path)
    exports = tuple(dict.fromkeys(str(entry.details.get("folder", "")) for entry in purge(case_path)))
    return PurgedCase(case_path.name, size, exports)


def size_of_case(case_path: Path) -> int:
    """Bytes of all files of a case.

    Raises
    ------
    CaseFileError
        When there is no such folder.
    """
    if not case_path.is_dir():
        raise CaseFileError("error.case.not_found", path=str(case_path))
    return sum(path.stat().st_size for path in case_path.rglob("*") if path.is_file())


def worded_size(size_bytes: int, wording: Wording) -> str:
    """Size in megabytes."""
    return wording.quantity(size_bytes / _MEGABYTE, "MB" if wording.language == "en" else "Mo", decimals=1)
