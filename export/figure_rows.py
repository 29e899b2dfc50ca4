"""The figures of an outcome as rows of a table, worded; the same rows stand on the page and in the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twin.figure import Figure
from twin.outcome import FigureTree, Outcome
from twin.wording import Wording

__all__ = ["FigureRow", "decimals_of", "figure_name", "figure_rows"]

# In the order in which a surgeon reads them; what is not named here follows in the order of the outcome.
_READING_ORDER = (
    "flr_percent",
    "flr_ml",
    "sflr_percent.vauthey",
    "sflr_percent.urata",
    "flr_body_weight_percent",
    "hypertrophy_points.vauthey",
    "hypertrophy_points.urata",
    "kinetic_growth_rate.vauthey",
    "kinetic_growth_rate.urata",
    "second_scan.flr_ml",
    "second_scan.growth_ml",
    "second_scan.growth_percent",
    "second_scan.total_ml",
    "donor_remnant_percent",
    "graft_ml",
    "grwr_percent.ct",
    "grwr_percent.blood_free",
    "graft_congested_ml",
    "margin_mm",
    "lesion_margin_mm",
    "resected_ml",
    "ablated_ml",
    "remnant_ml",
    "remnant_percent",
    "duct_mm",
    "thickness_mm",
    "head_stump.duct_mm",
    "head_stump.thickness_mm",
    "duct_distance_mm",
    "fistula",
    "fistula.soft",
    "fistula.firm",
    "fistula.isgps.soft",
    "fistula.isgps.firm",
    "functional_remnant_ml",
    "ischaemic_ml",
    "congested_ml",
    "embolised_ml",
    "absent_ml",
    "stages.1.resected_ml",
    "stages.1.remnant_ml",
    "stages.1.flr_percent",
    "stages.1.functional_remnant_ml",
    "stages.1.staying_ml",
    "stages.1.staying_functional_ml",
    "stages.1.parted_ml",
    "stages.1.parted_ischaemic_ml",
    "stages.2.resected_ml",
    "specimen_weight_g",
    "cut_area_cm2",
    "total_ml",
    "net_ml",
    "lesion_ml",
    "parts.head.total_ml",
    "parts.uncinate.total_ml",
    "parts.neck.total_ml",
    "parts.body.total_ml",
    "parts.tail.total_ml",
)
_MAIN = ("remnant_percent", "flr_percent", "flr_ml", "margin_mm", "donor_remnant_percent", "graft_ml")
# Their published limits are 0.5 % and 0.8 %, the grades of the score lie at -2.60 and -1.39.
_DECIMALS = {
    "flr_body_weight_percent": 2,
    "stages.1.flr_body_weight_percent": 2,
    "grwr_percent.ct": 2,
    "grwr_percent.blood_free": 2,
    "albi.score": 2,
}
_ASKED_FOR = (
    "hypertrophy_points.",
    "kinetic_growth_rate.",
    "albi.",
    "difficulty.",
)  # shown once their inputs are entered
_OF_PATIENTS = ("sflr_percent.", "flr_body_weight_percent", "flr_percent", "flr_ml")  # not for living donors
# Left out where the page is full: each is another reading of a row that stays.
_SECOND_READINGS = (
    "hypertrophy_points.",
    "kinetic_growth_rate.urata",
    "second_scan.growth_ml",
    "second_scan.total_ml",
    "albi.grade",
    "stages.1.remnant_ml",
    "stages.1.flr_percent",
    "graft_ml",
    "lesion_margin_mm.",
    "parts.",
    "fistula.isgps.",  # the class stands in the notes
)
_OF_STAGE = (
    "resected_ml",
    "remnant_ml",
    "flr_percent",
    "functional_remnant_ml",
    "staying_ml",
    "staying_functional_ml",
    "parted_ml",
    "parted_ischaemic_ml",
)


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


def figure_rows(outcome: Outcome, wording: Wording, *, is_short: bool = False) -> tuple[FigureRow, ...]:
    """Return every figure of an outcome; unknown ones too, with what they lack.

    Parameters
    ----------
    outcome
        A current outcome.
    wording
        The language.
    is_short
        Leave out what another row says in another way.
    """
    rows: list[FigureRow] = []
    for organ, tree in (("liver", outcome.liver), ("pancreas", outcome.pancreas)):
        figures = _shown(dict(_flat(tree))) if tree is not None else {}
        if is_short:
            figures = {key: figure for key, figure in figures.items() if not key.startswith(_SECOND_READINGS)}
        rows += [_row(organ, key, figures[key], wording) for key in sorted(figures, key=_place)]
    return tuple(rows)


def figure_name(organ: str, key: str, wording: Wording) -> str:
    """Return the name of a figure; one without a name in the catalogue shows its key.

    Examples
    --------
    >>> figure_name("liver", "lesion_margin_mm.lesion-2", Wording("en"))
    'Margin, Lesion 2'
    """
    if key.startswith("stages."):
        _, stage, rest = key.split(".", 2)
        return wording.text("export.figure.of_stage", stage=stage, figure=figure_name(organ, rest, wording))
    kind, _, last = key.rpartition(".")
    parameters, of_kind = ({"lesion": last}, kind) if last.startswith("lesion-") else ({}, key)
    message_id = f"export.figure.{organ}.{of_kind}"
    named = wording.text(message_id, **parameters)
    return key if named == message_id else named


def decimals_of(organ: str, key: str, unit: str) -> int | None:
    """Return the places after the point that a figure is written with; None for those of its unit.

    The parts of a pancreas measure some millilitres, its cut some square centimetres.
    """
    return 1 if organ == "pancreas" and unit in ("ml", "cm2") else _DECIMALS.get(key)


def _place(key: str) -> int:
    """Return the place in the reading order; what is not named there comes last, in the order of the outcome."""
    kind = key.partition(".lesion-")[0]
    return _READING_ORDER.index(kind) if kind in _READING_ORDER else len(_READING_ORDER)


def _shown(figures: dict[str, Figure]) -> dict[str, Figure]:
    """Leave out the margin of the only lesion: it is the margin; of a part of the pancreas only the whole is shown."""
    figures = {
        key: figure
        for key, figure in figures.items()
        if not _is_share_of_part(key) and not _is_left_out(key, figure, is_donor="graft_ml" in figures)
    }
    of_lesions = [key for key in figures if key.startswith("lesion_margin_mm.")]
    return {key: figure for key, figure in figures.items() if len(of_lesions) > 1 or key not in of_lesions}


def _is_left_out(key: str, figure: Figure, *, is_donor: bool) -> bool:
    """Tell whether a row would only clutter: not asked for, not for donors, or said by the whole plan already."""
    if key.startswith("stages."):
        _, stage, rest = key.split(".", 2)
        return rest != "resected_ml" if stage == "2" else rest not in _OF_STAGE
    if is_donor and key.startswith(_OF_PATIENTS):
        return True
    if key == "specimen_weight_g" and figure.value == 0.0:  # an ablation has no specimen
        return True
    return figure.value is None and key.startswith(_ASKED_FOR)


def _is_share_of_part(key: str) -> bool:
    return key.startswith("parts.") and not key.endswith(".total_ml")


def _flat(tree: FigureTree, before: str = "") -> Iterator[tuple[str, Figure]]:
    for key, value in tree.items():
        if isinstance(value, Figure):
            yield before + key, value
        else:
            yield from _flat(value, f"{before}{key}.")


def _row(organ: str, key: str, figure: Figure, wording: Wording) -> FigureRow:
    return FigureRow(
        key,
        organ,
        figure_name(organ, key, wording),
        wording.figure(figure) if figure.value is None else _quantity(figure.value, organ, key, figure, wording),
        _interval(organ, key, figure, wording),
        wording.text(f"export.status.{figure.status.value}"),
        _source(organ, key, figure, wording),
        key in _MAIN,
        figure.value is not None,
    )


def _source(organ: str, key: str, figure: Figure, wording: Wording) -> str:
    """Return where a figure comes from, in the language where the catalogue has it, else as the engine says it."""
    if figure.value is None:
        return ""
    plain = key.split(".", 2)[2] if key.startswith("stages.") else key
    message_id = f"export.source.{organ}.{plain.partition('.lesion-')[0]}"
    worded = wording.text(message_id)
    return wording.text(figure.source) if worded == message_id else worded


def _interval(organ: str, key: str, figure: Figure, wording: Wording) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return ""
    low, high = (_quantity(value, organ, key, figure, wording) for value in (figure.low, figure.high))
    for sign in (wording.text(f"unit.{figure.unit}"), {"deg": "°", "cm2": "cm²"}.get(figure.unit, figure.unit)):
        low = low.removesuffix(sign)
    return wording.text("export.interval", low=low.rstrip(), high=high)


def _quantity(value: float, organ: str, key: str, figure: Figure, wording: Wording) -> str:
    return wording.quantity(value, figure.unit, decimals=decimals_of(organ, key, figure.unit))
