"""From an exception to one line, one JSON document and an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from twin.errors import TwinSightError
from twin.wording import Wording

if TYPE_CHECKING:
    from twin.readers.problem import Problem

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
    problems
        Everything that an import found wrong, for the document; the sentence tells the most telling.
    """

    message_id: str
    text: str
    exit_code: int
    problems: tuple[dict[str, object], ...] = ()

    @classmethod
    def from_error(cls, error: TwinSightError, wording: Wording) -> Failure:
        """Word a typed error in one line."""
        text = " ".join(wording.error(error).splitlines())
        collected = getattr(error, "problems", ())
        return cls(error.message_id, text, error.exit_code, tuple(_problem(one, wording) for one in collected))

    @classmethod
    def of_defect(cls, log: Path | None, wording: Wording) -> Failure:
        """Say that we are at fault, and where the crash log lies."""
        if log is None:
            return cls("error.defect.no_log", wording.text("error.defect.no_log"), EXIT_DEFECT)
        return cls("error.defect.logged", wording.text("error.defect.logged", log=str(log)), EXIT_DEFECT)

    def to_json(self) -> dict[str, object]:
        """Return the document that stands on standard output with ``--json``."""
        error: dict[str, object] = {"message_id": self.message_id, "text": self.text, "exit_code": self.exit_code}
        if self.problems:
            error["problems"] = list(self.problems)
        return {"error": error}


def _problem(problem: Problem, wording: Wording) -> dict[str, object]:
    from app.services.import_result import problem_to_json

    return problem_to_json(problem, wording)
