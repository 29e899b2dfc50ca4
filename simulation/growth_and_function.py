"""Growth of the remnant between two scans, and what blood tests and measured function say beside the volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from simulation.formulas.body import STANDARD_LIVER_VOLUMES
from simulation.formulas.formula_value import FormulaValue
from simulation.formulas.liver_function import albi_grade, albi_score
from simulation.formulas.remnant import degree_of_hypertrophy, kinetic_growth_rate, sflr_percent
from simulation.second_scan import DatedRemnant
from twin.figure import Figure, FigureStatus, ThresholdPosition
from twin.outcome import FigureTree, OutcomeWarning
from twin.patient import PatientFacts

__all__ = ["KGR_CUT_OFFS", "function_figures", "growth_figures", "growth_warnings"]

_DAYS = (14, 56)  # the cut-offs were derived within them
# sFLR at the first volumetry, degree of hypertrophy (points), kinetic growth rate (points a week); PMC3632508.
KGR_CUT_OFFS = {"sflr_percent": 29.6, "hypertrophy_points": 7.5, "kinetic_growth_rate": 2.0}
_CUT_OFF_SOURCE = "threshold.source.growth"  # Shindoh 2013, PMC3632508, in the words of the reader
_MEASURED = {"hbs_percent": "%/min/m2", "icg_r15_percent": "%", "limax_ug_kg_h": "ug/kg/h"}
_EARLIER_DOUBT = "the earlier volume is taken to be as uncertain as that of today"


Volumes = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]  # before and after, ml


@dataclass(frozen=True)
class _Dated:
    """Volume of the remnant on one day: as measured, its least and its most."""

    on: date
    ml: tuple[float, float, float]


def growth_figures(
    flr_ml: Figure,
    facts: PatientFacts,
    scan_date: date | None,
    *,
    may_use_slv: bool,
    second: DatedRemnant | None = None,
) -> dict[str, Figure | FigureTree]:
    """Return the degree of hypertrophy (points) and the kinetic growth rate (points a week) by standard volume.

    With a second scan also the remnant on it, and by how much it grew between the two.

    Parameters
    ----------
    flr_ml
        The remnant on the scan of this case. Without a second scan it is the first one after the embolisation.
    facts
        ``pve_date``, height, weight; without a second scan ``earlier_flr_ml`` and ``earlier_flr_date`` of the same
        remnant before the embolisation too. What is missing is named in ``needs``.
    scan_date
        Day of the scan of this case.
    may_use_slv
        False under 18 years: there is no standard liver volume.
    second
        The remnant measured on a scan of another date, before or after; it stands before a volume typed by hand.
    """
    pair = _pair(flr_ml, facts, scan_date, second)
    found: dict[str, Figure | FigureTree] = {}
    if second is not None and pair is not None:
        found["second_scan"] = {
            "flr_ml": second.flr_ml,
            "total_ml": second.total_ml,
            **_between(_extremes(*pair, is_measured=True)),
        }
    needs = _needs(facts, scan_date, second)
    source = "" if may_use_slv else "no standard liver volume under 18 years"
    if not needs and may_use_slv and not _are_ordered(facts, scan_date, second):
        source = "the scans must lie before and after the embolisation"
    if needs or source or pair is None:
        unknown: dict[str, Figure | FigureTree] = {
            key: {name: Figure.unknown(unit, needs=needs, source=source) for name in STANDARD_LIVER_VOLUMES}
            for key, unit in (("hypertrophy_points", "points"), ("kinetic_growth_rate", "points/week"))
        }
        return found | unknown
    doubt = _EARLIER_DOUBT if second is None else second.flr_ml.source
    volumes = _extremes(*pair, is_measured=second is not None)
    by_volume = {name: _growth(name, volumes, pair[1].on, facts, doubt) for name in STANDARD_LIVER_VOLUMES}
    return {
        **found,
        "hypertrophy_points": {name: hypertrophy for name, (hypertrophy, _) in by_volume.items()},
        "kinetic_growth_rate": {name: rate for name, (_, rate) in by_volume.items()},
    }


def _pair(
    flr_ml: Figure, facts: PatientFacts, scan_date: date | None, second: DatedRemnant | None
) -> tuple[_Dated, _Dated] | None:
    """Return the remnant on the earlier and on the later day; None while one of them is not known."""
    if scan_date is None or flr_ml.value is None:
        return None
    present = _Dated(scan_date, _span(flr_ml))
    if second is not None:
        other = _Dated(second.scan.scan_date, _span(second.flr_ml))
        return (other, present) if other.on <= present.on else (present, other)
    before_ml, day = facts.number("earlier_flr_ml"), facts.word("earlier_flr_date")
    if before_ml is None or day is None:
        return None
    scale = before_ml / max(flr_ml.value, 1e-9)  # its boundary is in doubt as today's is
    value, low, high = present.ml
    return _Dated(date.fromisoformat(day), (value * scale, low * scale, high * scale)), present


def _span(figure: Figure) -> tuple[float, float, float]:
    assert figure.value is not None
    low, high = (figure.value if end is None else end for end in (figure.low, figure.high))
    return figure.value, low, high


def _between(volumes: Volumes) -> dict[str, Figure]:
    """Return by how much the remnant grew between two scans, in ml and in per cent, with the least and the most."""
    ml, least_ml, most_ml = (after - before for before, after in volumes)
    share, least, most = (100.0 * (after - before) / max(before, 1e-9) for before, after in volumes)
    return {
        "growth_ml": Figure(ml, least_ml, most_ml, "ml", FigureStatus.COMPUTED, "later scan less earlier scan"),
        "growth_percent": Figure(
            share, least, most, "%", FigureStatus.COMPUTED, "growth / volume on the earlier scan * 100"
        ),
    }


def _extremes(earlier: _Dated, later: _Dated, *, is_measured: bool) -> Volumes:
    """Return volumes before and after: as measured, for the least growth, for the most.

    Two labellings err each for itself: their intervals add up as squares. A volume of unknown origin typed by hand is
    taken at its worst.
    """
    (before, before_low, before_high), (after, after_low, after_high) = earlier.ml, later.ml

    def ends(down: float, up: float) -> float:
        both = abs(down) + abs(up)
        return 1.0 if not is_measured or both == 0.0 else (down**2 + up**2) ** 0.5 / both

    least = ends(before_high - before, after - after_low)
    most = ends(before - before_low, after_high - after)
    return (
        (before, after),
        (before + least * (before_high - before), after - least * (after - after_low)),
        (before - most * (before - before_low), after + most * (after_high - after)),
    )


def _growth(name: str, volumes: Volumes, later: date, facts: PatientFacts, doubt: str) -> tuple[Figure, Figure]:
    """Return hypertrophy and growth rate by one standard volume; the least and the most the two volumes allow."""
    height_cm, weight_kg, pve = facts.number("height_cm"), facts.number("weight_kg"), facts.word("pve_date")
    assert height_cm is not None
    assert weight_kg is not None
    assert pve is not None
    slv = STANDARD_LIVER_VOLUMES[name](height_cm, weight_kg)
    shares = [(sflr_percent(before, slv).value, sflr_percent(after, slv).value) for before, after in volumes]
    points = [degree_of_hypertrophy(before, after) for before, after in shares]
    rates = [kinetic_growth_rate(before, after, date.fromisoformat(pve), later) for before, after in shares]
    return _spanned(points, doubt), _spanned(rates, doubt)


def _spanned(values: Sequence[FormulaValue], doubt: str) -> Figure:
    """Return the figure of a value, its least and its most."""
    value, low, high = values
    source = f"{value.source}; {doubt}"
    return Figure(value.value, low.value, high.value, value.unit, FigureStatus.COMPUTED, source)


def growth_warnings(
    figures: Mapping[str, Figure | FigureTree],
    facts: PatientFacts,
    scan_date: date | None,
    *,
    second: DatedRemnant | None = None,
) -> tuple[OutcomeWarning, ...]:
    """Say how the growth was measured and how many days after the embolisation, and where cut-offs lie while they hold.

    Nothing while the growth is not asked for; scans in the wrong order are said.

    Parameters
    ----------
    figures
        With :func:`growth_figures` and ``sflr_percent``; compared by Vauthey's standard volume, as derived.
    facts, scan_date, second
        As for :func:`growth_figures`.
    """
    measured = _measured_notes(facts, scan_date, second)
    pve = facts.word("pve_date")
    if pve is None or _needs(facts, scan_date, second) or scan_date is None:
        return measured
    if not _are_ordered(facts, scan_date, second):
        return (*measured, OutcomeWarning("warning.growth.wrong_order"))
    later = scan_date if second is None else max(scan_date, second.scan.scan_date)
    days = (later - date.fromisoformat(pve)).days
    if not _DAYS[0] <= days <= _DAYS[1]:
        return (*measured, OutcomeWarning("warning.growth.days_outside", {"days": days}))
    found = [*measured, OutcomeWarning("warning.growth.days", {"days": days})]
    for key, limit in KGR_CUT_OFFS.items():
        figure = _compared(key, figures, facts, scan_date, second)
        said = {
            ThresholdPosition.INSIDE: "warning.threshold.growth_inside",
            ThresholdPosition.ABOVE: "warning.threshold.growth_below",
        }.get(figure.threshold_position(limit))
        if said is not None:
            parameters = {"limit": limit, "ratio": f"{key}.vauthey", "source": _CUT_OFF_SOURCE}
            found.append(OutcomeWarning(said, parameters))
    return tuple(found)


def _compared(
    key: str,
    figures: Mapping[str, Figure | FigureTree],
    facts: PatientFacts,
    scan_date: date,
    second: DatedRemnant | None,
) -> Figure:
    """Return the figure that a cut-off is compared with: sFLR is that of the volumetry after the embolisation."""
    if key == "sflr_percent" and second is not None and second.scan.scan_date > scan_date:
        height_cm, weight_kg = facts.number("height_cm"), facts.number("weight_kg")
        assert height_cm is not None
        assert weight_kg is not None
        slv = STANDARD_LIVER_VOLUMES["vauthey"](height_cm, weight_kg)
        value, low, high = (sflr_percent(ml, slv).value for ml in _span(second.flr_ml))
        return Figure(value, low, high, "%")
    tree = figures[key]
    figure = tree if isinstance(tree, Figure) else tree["vauthey"]
    assert isinstance(figure, Figure)
    return figure


def _measured_notes(
    facts: PatientFacts, scan_date: date | None, second: DatedRemnant | None
) -> tuple[OutcomeWarning, ...]:
    """Say on which two scans the remnant was measured, how, and what makes that doubtful."""
    if second is None or scan_date is None:
        return ()
    first, last = sorted((scan_date, second.scan.scan_date))
    parameters: dict[str, object] = {
        "first_date": first.isoformat(),
        "last_date": last.isoformat(),
        "days": (last - first).days,
    }
    median_mm = second.scan.registration.quality.value
    if second.by_own_vessels:
        found = [OutcomeWarning("warning.growth.by_own_vessels", parameters)]
    elif median_mm is None:
        found = [OutcomeWarning("warning.growth.by_assumed_place", parameters)]
    else:
        found = [OutcomeWarning("warning.growth.by_registration", {**parameters, "median_mm": round(median_mm, 1)})]
        if second.scan.is_doubtful:
            found.append(OutcomeWarning("warning.growth.doubtful_registration"))
    if facts.number("earlier_flr_ml") is not None:
        found.append(OutcomeWarning("warning.growth.typed_set_aside"))
    if facts.word("pve_date") is None:
        found.append(OutcomeWarning("warning.growth.no_embolisation"))
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


def _needs(facts: PatientFacts, scan_date: date | None, second: DatedRemnant | None) -> tuple[str, ...]:
    typed = ("earlier_flr_ml", "earlier_flr_date") if second is None else ()
    missing = [name for name in (*typed, "pve_date", "height_cm", "weight_kg") if facts.word(name) is None]
    return (*missing, *(("scan_date",) if scan_date is None else ()))


def _are_ordered(facts: PatientFacts, scan_date: date | None, second: DatedRemnant | None) -> bool:
    """Tell whether the earlier scan lies before the embolisation and the later one after it."""
    pve, typed = facts.word("pve_date"), facts.word("earlier_flr_date")
    if pve is None or scan_date is None or (second is None and typed is None):
        return False
    other = second.scan.scan_date if second is not None else date.fromisoformat(str(typed))
    first, last = sorted((other, scan_date)) if second is not None else (other, scan_date)
    return first <= date.fromisoformat(pve) < last
