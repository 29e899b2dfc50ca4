"""What is wrong with the files or the series of a study, as named by the quality control of the readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from twin.errors import InputError

__all__ = ["NothingImportable", "Problem", "Severity"]


class Severity(StrEnum):
    """What a problem means for the import."""

    REFUSED = "refused"  # the series cannot be used
    WARNING = "warning"  # it is used, and the surgeon has to know
    INFO = "info"  # set aside or changed as expected


@dataclass(frozen=True)
class Problem:
    """One thing found wrong, to be worded by :class:`twin.wording.Wording`.

    Parameters
    ----------
    severity
        Refused, warning or info.
    message_id, parameters
        The sentence and its values. Never an identity.
    where
        File or series it concerns, in the words of the files (names that hold the patient's are masked).
    """

    severity: Severity
    message_id: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    where: str = ""


class NothingImportable(InputError):
    """No series of the study can be used; it carries every problem that was found.

    The sentence is the one of the most telling problem, so that one line says what is wrong and what to do.
    """

    problems: tuple[Problem, ...] = ()

    @classmethod
    def because_of(cls, problems: Iterable[Problem]) -> NothingImportable:
        """Word the refusal after the problems: those of series first, then the most frequent of files."""
        found = tuple(problems)
        refusals = [p for p in found if p.severity is Severity.REFUSED]
        ids = Counter(p.message_id for p in refusals)
        if len(ids) > 1 and sum(p.message_id.startswith("problem.series.") for p in refusals) > 1:
            return _with_problems("error.import.nothing_usable", {"count": len(refusals)}, found)
        telling = next(iter(refusals), None) or max(found, key=_n_files, default=None)
        if telling is None:
            return _with_problems("error.import.nothing_usable", {"count": 0}, found)
        return _with_problems(telling.message_id, dict(telling.parameters), found)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with the problems."""
        return (_with_problems, (self.message_id, self.parameters, self.problems))


def _with_problems(
    message_id: str, parameters: Mapping[str, object], problems: tuple[Problem, ...]
) -> NothingImportable:
    error = NothingImportable(message_id, **parameters)
    error.problems = problems
    return error


def _n_files(problem: Problem) -> int:
    count = problem.parameters.get("count", 1)
    return count if isinstance(count, int) else 1
