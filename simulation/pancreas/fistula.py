"""The risk of a fistula as figures: the one model that fits operation and approach, for both textures while unknown.

Population models that separate patients poorly; for the surgeon, never in a patient's document (CLINICAL rules in
:mod:`simulation.formulas.fistula`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulation.formulas.fistula import a_frs, isgps_class, ua_frs
from simulation.formulas.formula_value import FormulaValue
from simulation.intervals import envelope
from twin.figure import Figure, FigureStatus, ThresholdPosition
from twin.outcome import FigureTree, OutcomeWarning
from twin.patient import PatientFacts
from twin.resection import PancreasCut, PancreasOperation

__all__ = ["FistulaRisk", "fistula_risk"]

_OPEN = "open"
_LIMITS_PERCENT = (5.0, 20.0)  # between low, intermediate and high risk: Mungroop 2019, of the a-FRS
_LIMIT_DUCT_MM = 3.0  # between the classes of the International Study Group: Schuh 2023
_OUT_OF_REACH = "no published model of this operation is shown before theatre"


@dataclass(frozen=True)
class FistulaRisk:
    """Risk in per cent by texture (and by class of the International Study Group), and what is to be said of it."""

    figures: Figure | FigureTree
    warnings: tuple[OutcomeWarning, ...] = ()


def fistula_risk(cut: PancreasCut, duct_mm: Figure, facts: PatientFacts) -> FistulaRisk:
    """Return the risk of a fistula after an operation on the pancreas.

    After a pancreatoduodenectomy that of the a-FRS (open) or ua-FRS (minimally invasive), under ``soft`` and ``firm``,
    or under the one texture that was entered; with it the rate of the ISGPS class under ``isgps``. The interval is
    that of the duct. After other operations there is no percentage: the score for a distal pancreatectomy is for
    research only.

    Parameters
    ----------
    cut
        The operation.
    duct_mm
        Diameter of the duct at the cut.
    facts
        Of the patient; what is missing is named in ``needs``.
    """
    if cut.operation is not PancreasOperation.WHIPPLE:
        message_id = f"warning.pancreas.fistula.{cut.operation.value}"
        return FistulaRisk(Figure.unknown("%", source=_OUT_OF_REACH), (OutcomeWarning(message_id),))
    known = facts.word("pancreas_texture")
    textures = (known,) if known else ("soft", "firm")
    needs = _missing(facts, duct_mm)
    risks = {texture: _risk(texture, duct_mm, facts, needs) for texture in textures}
    rates = {texture: _rate_of_class(texture, duct_mm) for texture in textures}
    warnings: list[OutcomeWarning] = []
    if duct_mm.is_known:
        warnings += _class_notes(textures, duct_mm)
    if not needs:
        warnings.append(OutcomeWarning("warning.pancreas.fistula.caption" + ("" if known else "_both")))
        if facts.word("approach") == _OPEN:
            warnings += _limit_notes(risks)
    return FistulaRisk({**risks, "isgps": rates}, tuple(warnings))


def _missing(facts: PatientFacts, duct_mm: Figure) -> tuple[str, ...]:
    approach = facts.word("approach")
    wanted = ["height_cm", "weight_kg"] + (["sex"] if approach not in (_OPEN, None) else [])
    missing = [] if approach else ["approach"]
    missing += [name for name in wanted if getattr(facts, name) is None or getattr(facts, name).is_proposal]
    return (*missing, *duct_mm.needs)


def _risk(texture: str, duct_mm: Figure, facts: PatientFacts, needs: tuple[str, ...]) -> Figure:
    if needs:
        return Figure.unknown("%", needs=needs)
    height_cm, weight_kg = facts.number("height_cm"), facts.number("weight_kg")
    assert height_cm is not None
    assert weight_kg is not None
    bmi = weight_kg / (height_cm / 100.0) ** 2
    is_soft = texture == "soft"

    def of_duct(mm: float) -> FormulaValue:
        if facts.word("approach") == _OPEN:
            return a_frs(is_soft=is_soft, bmi=bmi, duct_mm=mm)
        return ua_frs(is_soft=is_soft, bmi=bmi, duct_mm=mm, is_male=facts.word("sex") == "m")

    name = "a-FRS" if facts.word("approach") == _OPEN else "ua-FRS"
    return _over_duct(of_duct, duct_mm, name)


def _rate_of_class(texture: str, duct_mm: Figure) -> Figure:
    if not duct_mm.is_known:
        return Figure.unknown("%", needs=duct_mm.needs)
    return _over_duct(lambda mm: isgps_class(is_soft=texture == "soft", duct_mm=mm)[1], duct_mm, "ISGPS")


def _over_duct(of_duct: Callable[[float], FormulaValue], duct_mm: Figure, name: str) -> Figure:
    """Return a risk with the interval that the doubt about the duct gives it."""
    assert duct_mm.value is not None
    assert duct_mm.low is not None
    assert duct_mm.high is not None
    drawn = of_duct(duct_mm.value)
    low, high = envelope(of_duct(mm).value for mm in (duct_mm.low, duct_mm.value, duct_mm.high))
    return Figure(drawn.value, low, high, "%", FigureStatus.COMPUTED, f"{name}; {drawn.citation}")


def _class_notes(textures: tuple[str, ...], duct_mm: Figure) -> list[OutcomeWarning]:
    """Say the class of the International Study Group in words, and when the limit of the duct does not decide it."""
    assert duct_mm.value is not None
    classes = {t: isgps_class(is_soft=t == "soft", duct_mm=duct_mm.value)[0] for t in textures}
    notes = [
        OutcomeWarning(f"warning.pancreas.isgps.{texture}", {"class_name": name}) for texture, name in classes.items()
    ]
    if duct_mm.threshold_position(_LIMIT_DUCT_MM) is ThresholdPosition.INSIDE:
        notes.append(OutcomeWarning("warning.threshold.isgps_duct", {"limit_mm": _LIMIT_DUCT_MM}))
    return notes


def _limit_notes(risks: dict[str, Figure]) -> list[OutcomeWarning]:
    return [
        OutcomeWarning(f"warning.threshold.fistula.{texture}", {"percent": limit})
        for texture, risk in risks.items()
        for limit in _LIMITS_PERCENT
        if risk.threshold_position(limit) is ThresholdPosition.INSIDE
    ]
