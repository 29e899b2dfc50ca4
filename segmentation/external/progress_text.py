"""How far a program is, from what it prints: bars of tqdm, and the parts that TotalSegmentator counts."""

from __future__ import annotations

import re

__all__ = ["ProgressText"]

_BAR = re.compile(r"(\d{1,3})%\|")
_PART = re.compile(r"Predicting part (\d+) of (\d+)")


class ProgressText:
    """Follows one program.

    Examples
    --------
    >>> text = ProgressText()
    >>> text.fraction("Predicting part 2 of 4 ..."), text.fraction(" 50%|#####     | 8/16 [00:05<00:05]")
    (0.25, 0.375)
    >>> text.fraction("Resampling...") is None
    True
    """

    def __init__(self) -> None:
        self._part, self._n_parts = 0, 1

    def fraction(self, text: str) -> float | None:
        """Return how far the program is after this line, from 0 to 1, or None when the line says nothing of it."""
        part = _PART.search(text)
        if part:
            self._part, self._n_parts = int(part[1]) - 1, max(int(part[2]), 1)
            return min(self._part / self._n_parts, 1.0)
        bar = _BAR.search(text)
        if bar is None:
            return None
        return min((self._part + min(int(bar[1]), 100) / 100) / self._n_parts, 1.0)
