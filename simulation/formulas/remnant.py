"""Ratios of the future liver remnant, graft and specimen."""

from __future__ import annotations

from datetime import date

from simulation.formulas.formula_value import FormulaValue

__all__ = [
    "degree_of_hypertrophy",
    "flr_body_weight_percent",
    "flr_percent",
    "grwr_percent",
    "kinetic_growth_rate",
    "sflr_percent",
    "specimen_weight_g",
]

# (m) both factors: centre settings. Density of liver, and the share left once the blood has run out.
DENSITY_G_PER_ML = 1.054
BLOOD_FREE_SHARE = 0.906
_KGR_SOURCE = "Shindoh, J Am Coll Surg 2013 (PMC3632508)"


def flr_percent(flr_net_ml: float, tlv_net_ml: float) -> FormulaValue:
    """Future liver remnant in per cent of the measured liver, both without lesions.

    Parameters
    ----------
    flr_net_ml
        Remnant without the lesions in it.
    tlv_net_ml
        Whole organ without lesions, cysts, ablation scars. Intrahepatic vessels count in both.

    Examples
    --------
    Liver of 1800 ml with a tumour of 300 ml, remnant of 450 ml:

    >>> flr_percent(450, 1800 - 300).value
    30.0
    """
    return FormulaValue(
        100.0 * flr_net_ml / tlv_net_ml,
        "%",
        {"flr_net_ml": flr_net_ml, "tlv_net_ml": tlv_net_ml},
        "PMC6422720",
        "formula.valid.flr_percent",
        "FLR % = FLR net / TLV net * 100",
    )


def sflr_percent(flr_ml: float, slv: FormulaValue) -> FormulaValue:
    """Future liver remnant in per cent of a standard liver volume.

    Examples
    --------
    >>> from simulation.formulas.body import slv_urata, slv_vauthey
    >>> [round(sflr_percent(400, slv(170, 70)).value, 1) for slv in (slv_urata, slv_vauthey)]
    [31.1, 26.5]
    """
    return FormulaValue(
        100.0 * flr_ml / slv.value,
        "%",
        {**slv.inputs, "flr_ml": flr_ml, "slv_ml": slv.value},
        slv.citation,
        slv.valid_for,
        f"sFLR % = FLR / SLV * 100; {slv.formula}",
    )


def flr_body_weight_percent(flr_ml: float, weight_kg: float) -> FormulaValue:
    """Future liver remnant in per cent of the body weight (1 ml is about 1 g).

    Examples
    --------
    >>> round(flr_body_weight_percent(400, 70).value, 3)
    0.571
    """
    return FormulaValue(
        flr_ml / weight_kg / 10.0,
        "%",
        {"flr_ml": flr_ml, "weight_kg": weight_kg},
        "Truant, J Am Coll Surg 2007 (PMID 17189109)",
        "formula.valid.flr_body_weight",
        "FLR / BW % = FLR[ml] / W[kg] / 10",
    )


def grwr_percent(graft_g: float, recipient_kg: float) -> FormulaValue:
    """Weight of the graft in per cent of the recipient's body weight.

    Examples
    --------
    >>> grwr_percent(600, 75).value, round(grwr_percent(specimen_weight_g(600, is_blood_free=True).value, 75).value, 2)
    (0.8, 0.76)
    """
    return FormulaValue(
        graft_g / recipient_kg / 10.0,
        "%",
        {"graft_g": graft_g, "recipient_kg": recipient_kg},
        "",
        "formula.valid.grwr",
        "GRWR % = graft[g] / W[kg] / 10",
    )


def specimen_weight_g(volume_ml: float, *, is_blood_free: bool = True) -> FormulaValue:
    """Weight expected of a specimen on the scales; without its blood unless told otherwise.

    Examples
    --------
    >>> round(specimen_weight_g(600).value), round(specimen_weight_g(600, is_blood_free=False).value, 1)
    (573, 632.4)
    """
    factor = DENSITY_G_PER_ML * (BLOOD_FREE_SHARE if is_blood_free else 1.0)
    return FormulaValue(
        volume_ml * factor,
        "g",
        {"volume_ml": volume_ml},
        "",
        "formula.valid.specimen_weight",
        f"weight = V * {DENSITY_G_PER_ML:g}" + (f" * {BLOOD_FREE_SHARE:g}" if is_blood_free else ""),
    )


def degree_of_hypertrophy(sflr_before_percent: float, sflr_after_percent: float) -> FormulaValue:
    """Degree of hypertrophy in percentage points; both sFLR with the same standard liver volume."""
    return FormulaValue(
        sflr_after_percent - sflr_before_percent,
        "points",
        {"sflr_before_percent": sflr_before_percent, "sflr_after_percent": sflr_after_percent},
        _KGR_SOURCE,
        "formula.valid.hypertrophy",
        "DH = sFLR after - sFLR before",
    )


def kinetic_growth_rate(
    sflr_before_percent: float, sflr_after_percent: float, pve_date: date, first_volumetry_date: date
) -> FormulaValue:
    """Kinetic growth rate in points a week: hypertrophy at the first volumetry over the weeks since the embolisation.

    The cut-off of 2 points a week holds from day 14 to day 56 only; outside, ``valid_for`` says so.

    Raises
    ------
    ValueError
        When the volumetry is not after the embolisation.

    Examples
    --------
    >>> kinetic_growth_rate(20, 30, date(2026, 1, 1), date(2026, 1, 29)).value
    2.5
    """
    days = (first_volumetry_date - pve_date).days
    if days <= 0:
        raise ValueError("the first volumetry must come after the embolisation")
    hypertrophy = degree_of_hypertrophy(sflr_before_percent, sflr_after_percent)
    return FormulaValue(
        hypertrophy.value / (days / 7.0),
        "points/week",
        {**hypertrophy.inputs, "days_since_pve": days},
        _KGR_SOURCE,
        "formula.valid.kgr" if 14 <= days <= 56 else "formula.valid.kgr_outside",
        "KGR = DH / weeks since PVE",
    )
