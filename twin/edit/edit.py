"""What every change of a case can do."""

from __future__ import annotations

from typing import Protocol

from twin.case import Case

__all__ = ["Edit"]


class Edit(Protocol):
    """A change of a case, with an inverse.

    ``apply`` either returns the changed case or raises a typed error; it never changes the case it is given.
    The kinds there are stand in :mod:`twin.edit`; :mod:`twin.store.edit_record` writes each of them.
    """

    @property
    def label(self) -> str:
        """Message id of the words for undo."""

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""

    def apply(self, case: Case) -> Case:
        """Return the changed case."""

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
