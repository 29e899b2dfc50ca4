"""Liver function from blood tests."""

from __future__ import annotations

from math import log10

from simulation.formulas.formula_value import FormulaValue

__all__ = ["albi_grade", "albi_score"]


def albi_score(bilirubin_umol_l: float, albumin_g_l: float) -> FormulaValue:
    """Albumin-bilirubin score: 0.66 * log10(bilirubin) - 0.085 * albumin.

    References
    ----------
    Johnson, J Clin Oncol 2015;33:550.

    Examples
    --------
    >>> score = albi_score(20, 40)
    >>> round(score.value, 3), albi_grade(score.value)
    (-2.541, 2)
    """
    return FormulaValue(
        0.66 * log10(bilirubin_umol_l) - 0.085 * albumin_g_l,
        "",
        {"bilirubin_umol_l": bilirubin_umol_l, "albumin_g_l": albumin_g_l},
        "Johnson, J Clin Oncol 2015;33:550",
        "formula.valid.albi",
        "ALBI = 0.66 * log10(bilirubin[umol/l]) - 0.085 * albumin[g/l]",
    )


def albi_grade(score: float) -> int:
    """Grade 1 up to -2.60, grade 2 up to -1.39, grade 3 above (m: centre setting)."""
    return 1 if score <= -2.60 else 2 if score <= -1.39 else 3
