"""Typed errors: a message id and parameters, worded for people at the edge.

An error never carries text for people, nor anything that identifies a patient: the edge (CLI, GUI) words it
with :class:`twin.wording.Wording` from ``message_id`` and ``parameters``. Each class fixes the exit code of the CLI.
"""

from typing import ClassVar

__all__ = [
    "BackendUnavailable",
    "Cancelled",
    "CaseFileError",
    "GeometryError",
    "InputError",
    "SafetyRefusal",
    "TwinSightError",
    "UsageError",
]


class TwinSightError(Exception):
    """Root of all errors that are explained to the user in one line.

    Parameters
    ----------
    message_id
        Key of the catalogue, e.g. ``"error.import.empty_folder"``.
    **parameters
        Values the sentence needs: names of files, counts, names of structures. Never an identity.

    Examples
    --------
    >>> error = InputError("error.import.empty_folder", folder="scan")
    >>> error.exit_code, error.parameters["folder"]
    (3, 'scan')
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message_id: str, **parameters: object) -> None:
        super().__init__(message_id, parameters)
        self.message_id = message_id
        self.parameters = parameters

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes with class, message id and parameters."""
        return (_rebuilt, (type(self), self.message_id, self.parameters))

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.message_id} ({inside})" if inside else self.message_id


class UsageError(TwinSightError):
    """The command was called wrongly (exit code 2)."""

    exit_code = 2


class InputError(TwinSightError):
    """A file or value given by the user cannot be used (exit code 3)."""

    exit_code = 3


class GeometryError(TwinSightError):
    """Two things live in different spaces, or an anatomy is empty (exit code 4)."""

    exit_code = 4


class BackendUnavailable(TwinSightError):
    """A component that is needed is not on this machine (exit code 5)."""

    exit_code = 5


class CaseFileError(TwinSightError):
    """A case on disk cannot be opened, read or written (exit code 6)."""

    exit_code = 6


class SafetyRefusal(TwinSightError):
    """A rule of safety forbids it, e.g. joining two patients (exit code 7)."""

    exit_code = 7


class Cancelled(TwinSightError):
    """The user stopped a job (exit code 130)."""

    exit_code = 130

    def __init__(self, message_id: str = "error.cancelled", **parameters: object) -> None:
        super().__init__(message_id, **parameters)


def _rebuilt(kind: type[TwinSightError], message_id: str, parameters: dict[str, object]) -> TwinSightError:
    return kind(message_id, **parameters)
