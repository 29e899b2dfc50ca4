"""From an exception to one line, one JSON document and an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twin.errors import TwinSightError
from twin.wording import Wording

__all__ = ["EXIT_CANCELLED", "EXIT_DEFECT", "Failure"]

EXIT_DEFECT = 1
EXIT_CANCELLED = 130


@dataclass(frozen=True)
class Failure:
    """How a command ended when it did not end well.

    Parameters
    ----------
    message_id, text
        The sentence by its id and in words.
    exit_code
        As in the table of the command line.
    details
        Further lines, e.g. each problem of an import.
    """

    message_id: str
    text: str
    exit_code: int
    details: tuple[str, ...] = ()

    @classmethod
    def from_error(cls, error: TwinSightError, wording: Wording) -> Failure:
        """Word a typed error; problems it collected follow in lines of their own."""
        text = " ".join(wording.error(error).split())
        return cls(error.message_id, text, error.exit_code)

    @classmethod
    def of_defect(cls, log: Path | None, wording: Wording) -> Failure:
        """Say that we are at fault, and where the crash log lies."""
        if log is None:
            return cls("error.defect.no_log", wording.text("error.defect.no_log"), EXIT_DEFECT)
        return cls("error.defect.logged", wording.text("error.defect.logged", log=str(log)), EXIT_DEFECT)

    def to_json(self) -> dict[str, object]:
        """Return the document that stands on standard output with ``--json``."""
        error: dict[str, object] = {"message_id": self.message_id, "text": self.text, "exit_code": self.exit_code}
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}
