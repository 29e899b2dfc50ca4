"""Several edits as one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twin.case import Case
from twin.edit.edit import Edit

__all__ = ["GroupEdit"]


@dataclass(frozen=True)
class GroupEdit:
    """Several edits as one: all or none, one step of undo. An import is the scan, the identity and the facts.

    Examples
    --------
    >>> GroupEdit("edit.import", ()).apply(Case("example")).id
    'example'
    """

    label: str
    edits: Sequence[Edit]

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return sum(edit.n_bytes for edit in self.edits)

    def apply(self, case: Case) -> Case:
        """Return the case after all of them, in order."""
        for edit in self.edits:
            case = edit.apply(case)
        return case

    def inverted(self, case_before: Case) -> GroupEdit:
        """Return the edit that brings back ``case_before``."""
        inverses: list[Edit] = []
        case = case_before
        for edit in self.edits:
            inverses.insert(0, edit.inverted(case))
            case = edit.apply(case)
        return GroupEdit(self.label, tuple(inverses))
