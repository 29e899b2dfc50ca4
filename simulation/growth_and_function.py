"""Growth of the remnant between two scans, and what blood tests and measured function say beside the volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from simulation.formulas.body import STANDARD_LIVER_VOLUMES
from simulation.formulas.formula_value import FormulaValue
from simulation.formulas.liver_function import albi_grade, albi_score
from simulation.formulas.remnant import degree_of_hypertrophy, kinetic_growth_rate, sflr_percent
from twin.figure import Figure, FigureStatus, ThresholdPosition
from twin.outcome import FigureTree, OutcomeWarning
from twin.patient import PatientFacts

__all__ = ["KGR_CUT_OFFS", "function_figures", "growth_figures", "growth_warnings"]

_DAYS = (14, 56)  # the cut-offs were derived within them
# sFLR at the first volumetry, degree of hypertrophy (points), kinetic growth rate (points a week); PMC3632508.
KGR_CUT_OFFS = {"sflr_percent": 29.6, "hypertrophy_points": 7.5, "kinetic_growth_rate": 2.0}
_CUT_OFF_SOURCE = "Shindoh 2013, colorectal metastases, PMC3632508"
_MEASURED = {"hbs_percent": "%/min/m2", "icg_r15_percent": "%", "limax_ug_kg_h": "ug/kg/h"}
_EARLIER_DOUBT = "the earlier volume is taken to be as uncertain as that of today"


def growth_figures(
    flr_ml: Figure, facts: PatientFacts, scan_date: date | None, *, may_use_slv: bool
) -> dict[str, Figure | FigureTree]:
    """Return the degree of hypertrophy (points) and the kinetic growth rate (points a week) by standard volume.

    Parameters
    ----------
    flr_ml
        The remnant on the scan of this case: the first one after the embolisation.
    facts
        ``earlier_flr_ml`` and ``earlier_flr_date`` of the same remnant before the embolisation, ``pve_date``, height,
        weight. What is missing is named in ``needs``.
    scan_date
        Day of the scan of this case.
    may_use_slv
        False under 18 years: there is no standard liver volume.
    """
    needs = _needs(facts, scan_date)
    source = "" if may_use_slv else "no standard liver volume under 18 years"
    if not needs and may_use_slv and not _are_ordered(facts, scan_date):
        source = "the scans must lie before and after the embolisation"
    if needs or source or scan_date is None:
        return {
            key: {name: Figure.unknown(unit, needs=needs, source=source) for name in STANDARD_LIVER_VOLUMES}
            for key, unit in (("hypertrophy_points", "points"), ("kinetic_growth_rate", "points/week"))
        }
    by_volume = {name: _growth(name, flr_ml, facts, scan_date) for name in STANDARD_LIVER_VOLUMES}
    return {
        "hypertrophy_points": {name: hypertrophy for name, (hypertrophy, _) in by_volume.items()},
        "kinetic_growth_rate": {name: rate for name, (_, rate) in by_volume.items()},
    }


def _growth(name: str, flr_ml: Figure, facts: PatientFacts, scan_date: date) -> tuple[Figure, Figure]:
    """Return hypertrophy and growth rate by one standard volume; the least and the most the two volumes allow."""
    height_cm, weight_kg, before_ml = (facts.number(fact) for fact in ("height_cm", "weight_kg", "earlier_flr_ml"))
    pve = facts.word("pve_date")
    assert height_cm is not None
    assert weight_kg is not None
    assert before_ml is not None
    assert pve is not None
    assert flr_ml.value is not None
    assert flr_ml.low is not None
    assert flr_ml.high is not None
    slv = STANDARD_LIVER_VOLUMES[name](height_cm, weight_kg)
    scale = before_ml / max(flr_ml.value, 1e-9)  # its boundary is in doubt as today's is
    volumes = ((before_ml, flr_ml.value), (flr_ml.high * scale, flr_ml.low), (flr_ml.low * scale, flr_ml.high))
    shares = [(sflr_percent(before, slv).value, sflr_percent(after, slv).value) for before, after in volumes]
    points = [degree_of_hypertrophy(before, after) for before, after in shares]
    rates = [kinetic_growth_rate(before, after, date.fromisoformat(pve), scan_date) for before, after in shares]
    return _spanned(points), _spanned(rates)


def _spanned(values: Sequence[FormulaValue]) -> Figure:
    """Return the figure of a value, its least and its most."""
    value, low, high = values
    source = f"{value.source}; {_EARLIER_DOUBT}"
    return Figure(value.value, low.value, high.value, value.unit, FigureStatus.COMPUTED, source)


def growth_warnings(
    figures: Mapping[str, Figure | FigureTree], facts: PatientFacts, scan_date: date | None
) -> tuple[OutcomeWarning, ...]:
    """Say how many days after the embolisation the scan was made, and where the cut-offs lie while they hold.

    Nothing while the growth is not asked for; scans in the wrong order are said.

    Parameters
    ----------
    figures
        With :func:`growth_figures` and ``sflr_percent``; compared by Vauthey's standard volume, as derived.
    facts, scan_date
        As for :func:`growth_figures`.
    """
    pve = facts.word("pve_date")
    if pve is None or _needs(facts, scan_date) or scan_date is None:
        return ()
    if not _are_ordered(facts, scan_date):
        return (OutcomeWarning("warning.growth.wrong_order"),)
    days = (scan_date - date.fromisoformat(pve)).days
    if not _DAYS[0] <= days <= _DAYS[1]:
        return (OutcomeWarning("warning.growth.days_outside", {"days": days}),)
    found = [OutcomeWarning("warning.growth.days", {"days": days})]
    for key, limit in KGR_CUT_OFFS.items():
        tree = figures[key]
        figure = tree if isinstance(tree, Figure) else tree["vauthey"]
        assert isinstance(figure, Figure)
        said = {
            ThresholdPosition.INSIDE: "warning.threshold.growth_inside",
            ThresholdPosition.ABOVE: "warning.threshold.growth_below",
        }.get(figure.threshold_position(limit))
        if said is not None:
            parameters = {"limit": limit, "ratio": f"{key}.vauthey", "source": _CUT_OFF_SOURCE}
            found.append(OutcomeWarning(said, parameters))
    return tuple(found)


def function_figures(facts: PatientFacts) -> dict[str, Figure | FigureTree]:
    """Return the ALBI score and grade, and liver function as measured: printed beside, compared with nothing."""
    bilirubin, albumin = facts.number("bilirubin_umol_l"), facts.number("albumin_g_l")
    needs = tuple(n for n, v in (("bilirubin_umol_l", bilirubin), ("albumin_g_l", albumin)) if v is None)
    if bilirubin is None or albumin is None:
        albi = {name: Figure.unknown("", needs=needs) for name in ("score", "grade")}
    else:
        score = albi_score(bilirubin, albumin)
        grade = float(albi_grade(score.value))
        albi = {
            "score": Figure(score.value, None, None, "", FigureStatus.COMPUTED, score.source),
            "grade": Figure(grade, None, None, "", FigureStatus.COMPUTED, "1 up to -2.60, 2 up to -1.39, else 3"),
        }
    entered = {name: (facts.number(name), unit) for name, unit in _MEASURED.items()}
    measured = {
        name: Figure(value, None, None, unit, FigureStatus.MEASURED, "entered by hand")
        for name, (value, unit) in entered.items()
        if value is not None
    }
    return {"albi": albi, **({"measured_function": measured} if measured else {})}


def _needs(facts: PatientFacts, scan_date: date | None) -> tuple[str, ...]:
    names = ("earlier_flr_ml", "earlier_flr_date", "pve_date", "height_cm", "weight_kg")
    missing = [name for name in names if facts.word(name) is None]
    return (*missing, *(("scan_date",) if scan_date is None else ()))


def _are_ordered(facts: PatientFacts, scan_date: date | None) -> bool:
    """Tell whether the earlier scan lies before the embolisation and that of the case after it."""
    earlier, pve = facts.word("earlier_flr_date"), facts.word("pve_date")
    if earlier is None or pve is None or scan_date is None:
        return False
    return date.fromisoformat(earlier) <= date.fromisoformat(pve) < scan_date
