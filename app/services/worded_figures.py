"""Figures of an outcome with their names and words, the same on every front."""

from __future__ import annotations

from export.contact_rows import contact_rows, suggestion_lines
from export.figure_rows import decimals_of, figure_name, figure_rows
from export.plan_sections import branch_in_words, branches_in_words, date_in_words, warning_in_words
from simulation.volumetry import known_figures
from twin.figure import Figure
from twin.outcome import Outcome
from twin.wording import Wording

__all__ = [
    "branch_in_words",
    "branches_in_words",
    "code_line",
    "compact_figure",
    "contact_rows",
    "date_in_words",
    "figure_name",
    "named_figures",
    "suggestion_lines",
    "warning_in_words",
    "worded_figure",
]


def named_figures(outcome: Outcome, wording: Wording) -> dict[str, tuple[str, Figure]]:
    """Return every figure by its key (``liver.flr_ml``) with its name in words, in the order of reading.

    Parameters
    ----------
    outcome
        Current or stale.
    wording
        The language.
    """
    organs = {"liver": outcome.liver, "pancreas": outcome.pancreas}
    figures = {organ: known_figures(tree) for organ, tree in organs.items() if tree is not None}
    return {f"{row.organ}.{row.key}": (row.name, figures[row.organ][row.key]) for row in figure_rows(outcome, wording)}


def worded_figure(key: str, figure: Figure, wording: Wording) -> str:
    """Word a figure with its interval, by its key with or without its organ, with the places it is written with."""
    organ, _, plain = key.partition(".") if key.startswith(("liver.", "pancreas.")) else ("", "", key)
    return wording.figure(figure, decimals=decimals_of(organ, plain, figure.unit))


def compact_figure(key: str, figure: Figure, wording: Wording) -> str:
    """Word a figure without its unit, its interval as a span: ``825 (668–1,005)``; one not known with what it lacks."""
    if figure.value is None or not figure.is_known:
        return worded_figure(key, figure, wording)
    organ, _, plain = key.partition(".")

    def number(value: float) -> str:
        worded = wording.quantity(value, figure.unit, decimals=decimals_of(organ, plain, figure.unit))
        return worded.removesuffix(wording.unit(figure.unit)).rstrip()

    if figure.low is None or figure.high is None:
        return number(figure.value)
    return f"{number(figure.value)} ({number(figure.low)}–{number(figure.high)})"


def code_line(outcome: Outcome, wording: Wording) -> str:
    """Return the New World code read from the voxels, and whether it is the intended one; empty without segments.

    Examples
    --------
    >>> code_line(Outcome("A", "", "", "", None, new_world_code="H4'5678"), Wording("en"))
    "H4'5678"
    """
    code = outcome.new_world_code
    if not code or not outcome.differs_as_drawn:
        return code
    return wording.text("outcome.code.differs", code=code, intended=outcome.intended_code)
