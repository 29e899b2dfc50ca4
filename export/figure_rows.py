"""The figures of an outcome as rows of a table, worded; the same rows stand on the page and in the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twin.figure import Figure
from twin.outcome import FigureTree, Outcome
from twin.wording import Wording

__all__ = ["FigureRow", "figure_rows"]

# In the order in which a surgeon reads them; what is not named here follows in the order of the outcome.
_READING_ORDER = (
    "flr_percent",
    "flr_ml",
    "sflr_percent.vauthey",
    "sflr_percent.urata",
    "flr_body_weight_percent",
    "margin_mm",
    "resected_ml",
    "remnant_ml",
    "functional_remnant_ml",
    "ischaemic_ml",
    "congested_ml",
    "total_ml",
    "net_ml",
    "lesion_ml",
)
_MAIN = ("flr_percent", "flr_ml", "margin_mm")


@dataclass(frozen=True)
class FigureRow:
    """One figure in words: what it is, how much, how sure, how it came to be."""

    key: str
    organ: str
    name: str
    value: str
    interval: str
    status: str
    source: str
    is_main: bool
    is_known: bool


def figure_rows(outcome: Outcome, wording: Wording) -> tuple[FigureRow, ...]:
    """Return every figure of an outcome; unknown ones too, with what they lack.

    Parameters
    ----------
    outcome
        A current outcome.
    wording
        The language.
    """
    rows: list[FigureRow] = []
    for organ, tree in (("liver", outcome.liver), ("pancreas", outcome.pancreas)):
        figures = dict(_flat(tree)) if tree is not None else {}
        for key in sorted(figures, key=lambda k: _READING_ORDER.index(k) if k in _READING_ORDER else len(figures)):
            rows.append(_row(organ, key, figures[key], wording))
    return tuple(rows)


def _flat(tree: FigureTree, before: str = "") -> Iterator[tuple[str, Figure]]:
    for key, value in tree.items():
        if isinstance(value, Figure):
            yield before + key, value
        else:
            yield from _flat(value, f"{before}{key}.")


def _row(organ: str, key: str, figure: Figure, wording: Wording) -> FigureRow:
    message_id = f"export.figure.{organ}.{key}"
    named = wording.text(message_id)
    return FigureRow(
        key,
        organ,
        key.replace("_", " ").replace(".", ", ") if named == message_id else named,
        wording.quantity(figure.value, figure.unit) if figure.value is not None else wording.figure(figure),
        _interval(figure, wording),
        wording.text(f"export.status.{figure.status.value}"),
        wording.text(figure.source) if figure.source else "",
        key in _MAIN,
        figure.value is not None,
    )


def _interval(figure: Figure, wording: Wording) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    low, high = (wording.quantity(bound, figure.unit) for bound in (figure.low, figure.high))
    low_number = low.removesuffix(figure.unit).removesuffix("°").rstrip() if figure.unit else low
    return wording.text("export.interval", low=low_number, high=high)
