"""Risk of a pancreatic fistula: population models, never shown to a patient."""

from __future__ import annotations

from enum import StrEnum
from math import exp

from simulation.formulas.formula_value import FormulaValue

__all__ = [
    "RiskBand",
    "a_frs",
    "d_frs_intraoperative",
    "d_frs_preoperative",
    "frs",
    "frs_band",
    "isgps_class",
    "ua_frs",
]

_WIDEST_DUCT_MM = 5.0  # both models were fitted with the duct cut off at 5 mm


class RiskBand(StrEnum):
    """Bands in the words of the papers."""

    NEGLIGIBLE = "negligible"
    LOW = "low"
    INTERMEDIATE = "intermediate"
    MODERATE = "moderate"
    HIGH = "high"


def a_frs(*, is_soft: bool, bmi: float, duct_mm: float) -> FormulaValue:
    """Alternative fistula risk score after open pancreatoduodenectomy, in per cent.

    References
    ----------
    Mungroop, Ann Surg 2019, 10.1097/SLA.0000000000002620.

    Examples
    --------
    >>> [round(a_frs(is_soft=soft, bmi=25, duct_mm=3).value, 1) for soft in (True, False)]
    [16.2, 7.0]
    """
    logit = -3.136 + 0.947 * is_soft + 0.0679 * bmi - 0.385 * min(duct_mm, _WIDEST_DUCT_MM)
    return _risk(logit, _inputs(is_soft, bmi=bmi, duct_mm=duct_mm), "10.1097/SLA.0000000000002620", "a_frs")


def ua_frs(*, is_soft: bool, bmi: float, duct_mm: float, is_male: bool) -> FormulaValue:
    """Updated alternative score after minimally invasive pancreatoduodenectomy, in per cent. BMI is held in 10 to 50.

    References
    ----------
    Mungroop, Ann Surg, 10.1097/SLA.0000000000003234.

    Examples
    --------
    >>> [round(ua_frs(is_soft=soft, bmi=25, duct_mm=3, is_male=male).value, 1)
    ...  for male in (True, False) for soft in (True, False)]
    [45.3, 24.2, 30.4, 14.4]
    """
    held_bmi = min(max(bmi, 10.0), 50.0)
    duct = min(duct_mm, _WIDEST_DUCT_MM)
    logit = -2.36 + 0.95 * is_soft + 0.07 * held_bmi - 0.39 * duct + 0.64 * is_male
    inputs = {**_inputs(is_soft, bmi=bmi, duct_mm=duct_mm), "sex": "m" if is_male else "f"}
    return _risk(logit, inputs, "10.1097/SLA.0000000000003234", "ua_frs")


def d_frs_preoperative(*, duct_mm: float, thickness_mm: float) -> FormulaValue:
    """Fistula after distal pancreatectomy before the operation, in per cent; the neck's thickness. Research only.

    The coefficient of the duct is positive on purpose; external AUC .48 to .73.

    References
    ----------
    De Pastena, Ann Surg, 10.1097/SLA.0000000000005497.

    Examples
    --------
    >>> round(d_frs_preoperative(duct_mm=2, thickness_mm=15).value, 1)
    18.7
    """
    logit = -4.211 + 0.388 * duct_mm + 0.131 * thickness_mm
    inputs = {"duct_mm": duct_mm, "thickness_mm": thickness_mm}
    return _risk(logit, inputs, "10.1097/SLA.0000000000005497", "d_frs")


def d_frs_intraoperative(
    *, is_soft: bool, bmi: float, duct_mm: float, thickness_mm: float, minutes: float
) -> FormulaValue:
    """Fistula after distal pancreatectomy with what is known in theatre, in per cent. Research only.

    Examples
    --------
    >>> risk = d_frs_intraoperative(is_soft=True, bmi=25, duct_mm=2, thickness_mm=15, minutes=200)
    >>> round(risk.value, 1)
    10.9
    """
    logit = -11.923 + 1.592 * is_soft + 0.107 * bmi + 0.783 * duct_mm + 0.199 * thickness_mm + 0.005 * minutes
    inputs = _inputs(is_soft, bmi=bmi, duct_mm=duct_mm, thickness_mm=thickness_mm, minutes=minutes)
    return _risk(logit, inputs, "10.1097/SLA.0000000000005497", "d_frs")


def frs(*, is_soft: bool, is_pdac_or_pancreatitis: bool, duct_mm: float, blood_loss_ml: float) -> FormulaValue:
    """Fistula risk score, 0 to 10 points. It needs the blood loss: after theatre only.

    References
    ----------
    Callery, J Am Coll Surg 2013;216:1.

    Examples
    --------
    >>> frs(is_soft=True, is_pdac_or_pancreatitis=False, duct_mm=1, blood_loss_ml=1200).value
    10.0
    """
    duct = 0 if duct_mm >= 5 else 1 if duct_mm >= 4 else 2 if duct_mm >= 3 else 3 if duct_mm > 1 else 4
    loss = 0 if blood_loss_ml <= 400 else 1 if blood_loss_ml <= 700 else 2 if blood_loss_ml <= 1000 else 3
    points = 2 * is_soft + (not is_pdac_or_pancreatitis) + duct + loss
    return FormulaValue(
        float(points),
        "points",
        {
            **_inputs(is_soft, duct_mm=duct_mm, blood_loss_ml=blood_loss_ml),
            "pathology": "pdac_or_pancreatitis" if is_pdac_or_pancreatitis else "other",
        },
        "Callery, J Am Coll Surg 2013;216:1",
        "formula.valid.frs",
        "FRS 0-10",
    )


def frs_band(points: float) -> RiskBand:
    """0 negligible, 1-2 low, 3-6 moderate, 7-10 high (Callery 2013)."""
    if points <= 0:
        return RiskBand.NEGLIGIBLE
    return RiskBand.LOW if points <= 2 else RiskBand.MODERATE if points <= 6 else RiskBand.HIGH


def isgps_class(*, is_soft: bool, duct_mm: float) -> tuple[str, FormulaValue]:
    """Class A to D of the International Study Group, and the fistula rate of the class in per cent.

    References
    ----------
    Schuh, Ann Surg 2023, 10.1097/SLA.0000000000004855.

    Examples
    --------
    >>> classes = [isgps_class(is_soft=soft, duct_mm=duct) for soft in (False, True) for duct in (4, 3)]
    >>> [(name, rate.value) for name, rate in classes]
    [('A', 3.5), ('B', 6.2), ('C', 16.6), ('D', 23.2)]
    """
    name = {(False, True): "A", (False, False): "B", (True, True): "C", (True, False): "D"}[is_soft, duct_mm > 3.0]
    rate = {"A": 3.5, "B": 6.2, "C": 16.6, "D": 23.2}[name]
    citation = "Schuh, Ann Surg 2023, 10.1097/SLA.0000000000004855"
    return name, FormulaValue(rate, "%", _inputs(is_soft, duct_mm=duct_mm), citation, "formula.valid.isgps")


def _inputs(is_soft: bool, **numbers: float) -> dict[str, float | str]:
    return {"texture": "soft" if is_soft else "firm", **numbers}


def _risk(logit: float, inputs: dict[str, float | str] | dict[str, float], citation: str, name: str) -> FormulaValue:
    return FormulaValue(100.0 / (1.0 + exp(-logit)), "%", dict(inputs), citation, f"formula.valid.{name}")
