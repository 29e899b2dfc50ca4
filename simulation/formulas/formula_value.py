"""The answer of a published formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FormulaValue"]


@dataclass(frozen=True)
class FormulaValue:
    """A number with where it comes from.

    Parameters
    ----------
    value, unit
        The number and its unit.
    inputs
        What went in, by name with unit, e.g. ``{"height_cm": 170.0}``.
    citation
        Source of the formula.
    valid_for
        Message id of the sentence that says for whom and under which conditions it holds.
    formula
        The formula as it is written on a screen.
    """

    value: float
    unit: str
    inputs: Mapping[str, float | str] = field(default_factory=dict)
    citation: str = ""
    valid_for: str = ""
    formula: str = ""

    @property
    def source(self) -> str:
        """Formula and citation in one line."""
        return "; ".join(part for part in (self.formula, self.citation) if part)
