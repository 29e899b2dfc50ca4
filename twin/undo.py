"""What can be undone and redone, within a budget of bytes."""

from __future__ import annotations

from collections import deque

from twin.edit.edit import Edit

__all__ = ["UndoHistory"]

_USUAL_BUDGET_BYTES = 1 << 30


class UndoHistory:
    """The inverses of what was done, newest last, and those of what was undone.

    It only remembers; the caller applies. Each step is told after it has succeeded, so that a failed write leaves
    the history as it was. When the budget is exceeded the steps farthest from the present are forgotten: after an
    undo those to be undone, after a redo those to be redone, then those on the same side.

    Parameters
    ----------
    budget_bytes
        Sum of ``n_bytes`` of all edits kept; 0 keeps nothing.

    Examples
    --------
    >>> from twin.case import Case
    >>> from twin.edit import FactsEdit
    >>> from twin.patient import PatientFacts
    >>> history = UndoHistory()
    >>> history.record_done(FactsEdit(PatientFacts()))
    >>> history.next_undo.label, history.next_redo
    ('edit.facts', None)
    """

    def __init__(self, budget_bytes: int = _USUAL_BUDGET_BYTES) -> None:
        self.budget_bytes = budget_bytes
        self._undo: deque[tuple[Edit, int]] = deque()
        self._redo: deque[tuple[Edit, int]] = deque()
        self._n_bytes = 0

    @property
    def n_bytes(self) -> int:
        """Bytes of all edits kept, never above the budget."""
        return self._n_bytes

    @property
    def next_undo(self) -> Edit | None:
        """The edit that undoes the last step, or None."""
        return self._undo[-1][0] if self._undo else None

    @property
    def next_redo(self) -> Edit | None:
        """The edit that redoes the step undone last, or None."""
        return self._redo[-1][0] if self._redo else None

    def record_done(self, inverse: Edit) -> None:
        """Remember a new step by its inverse; what was undone can no longer be redone."""
        while self._redo:
            self._forget_oldest(self._redo)
        self._keep(self._undo, inverse)

    def record_undone(self, redo: Edit) -> None:
        """Remember that :attr:`next_undo` was applied; ``redo`` is its inverse."""
        self._n_bytes -= self._undo.pop()[1]
        self._keep(self._redo, redo)

    def record_redone(self, inverse: Edit) -> None:
        """Remember that :attr:`next_redo` was applied; ``inverse`` undoes it again."""
        self._n_bytes -= self._redo.pop()[1]
        self._keep(self._undo, inverse)

    def clear(self) -> None:
        """Forget everything."""
        self._undo.clear()
        self._redo.clear()
        self._n_bytes = 0

    def _keep(self, steps: deque[tuple[Edit, int]], edit: Edit) -> None:
        n_bytes = edit.n_bytes
        if n_bytes > self.budget_bytes:
            # A step that cannot be kept bars the way to those beyond it.
            while steps:
                self._forget_oldest(steps)
            return
        steps.append((edit, n_bytes))
        self._n_bytes += n_bytes
        while self._n_bytes > self.budget_bytes:
            other = self._undo if steps is self._redo else self._redo
            self._forget_oldest(other if other else steps)

    def _forget_oldest(self, steps: deque[tuple[Edit, int]]) -> None:
        self._n_bytes -= steps.popleft()[1]
