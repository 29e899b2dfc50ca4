"""What a long job and its caller agree on: progress in words, and a way to stop."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from twin.errors import Cancelled

__all__ = ["CancelSource", "CancelToken", "Progress", "ProgressListener", "no_progress"]


@dataclass(frozen=True)
class Progress:
    """How far a job is: a fraction from 0 to 1 and a message id with parameters."""

    fraction: float
    message_id: str
    parameters: Mapping[str, object] = field(default_factory=dict)


class ProgressListener(Protocol):
    """Receives progress; called from the thread of the job."""

    def __call__(self, progress: Progress) -> None: ...


def no_progress(progress: Progress) -> None:
    """Listen to nothing."""


class CancelToken:
    """Can only look whether the job shall stop; belongs to the job."""

    def __init__(self, flag: threading.Event) -> None:
        self._flag = flag

    @property
    def is_cancelled(self) -> bool:
        """True once the source was cancelled."""
        return self._flag.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise :class:`twin.errors.Cancelled` when the job shall stop."""
        if self._flag.is_set():
            raise Cancelled()


class CancelSource:
    """Can stop a job; belongs to its caller.

    Examples
    --------
    >>> source = CancelSource()
    >>> source.cancel()
    >>> source.token.is_cancelled
    True
    """

    def __init__(self) -> None:
        self._flag = threading.Event()
        self.token = CancelToken(self._flag)

    def cancel(self) -> None:
        """Ask the job to stop."""
        self._flag.set()
