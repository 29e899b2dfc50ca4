"""Figures of an outcome with their names and words, the same on every front."""

from __future__ import annotations

from export.contact_rows import contact_rows, suggestion_lines
from export.figure_rows import decimals_of, figure_rows
from simulation.volumetry import known_figures
from twin.figure import Figure
from twin.outcome import Outcome
from twin.wording import Wording

__all__ = ["contact_rows", "named_figures", "suggestion_lines", "worded_figure"]


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
