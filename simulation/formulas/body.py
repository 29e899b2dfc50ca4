"""Body surface area and the liver volume expected of a body."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulation.formulas.formula_value import FormulaValue

__all__ = [
    "STANDARD_LIVER_VOLUMES",
    "bsa_dubois",
    "bsa_mosteller",
    "slv_chan",
    "slv_chinese",
    "slv_korean",
    "slv_urata",
    "slv_vauthey",
    "slv_yu",
]

_COMPARED = "compared in World J Gastroenterol 2017 and 10.1002/lt.20113"


def bsa_mosteller(height_cm: float, weight_kg: float) -> FormulaValue:
    """Body surface area in m2: sqrt(height_cm * weight_kg / 3600).

    References
    ----------
    Mosteller, N Engl J Med 1987;317:1098.

    Examples
    --------
    >>> round(bsa_mosteller(170, 70).value, 3)
    1.818
    """
    return FormulaValue(
        (height_cm * weight_kg / 3600.0) ** 0.5,
        "m2",
        {"height_cm": height_cm, "weight_kg": weight_kg},
        "Mosteller, N Engl J Med 1987;317:1098",
        "formula.valid.bsa",
        "BSA = sqrt(H[cm] * W[kg] / 3600)",
    )


def bsa_dubois(height_cm: float, weight_kg: float) -> FormulaValue:
    """Body surface area in m2: 0.007184 * W^0.425 * H^0.725.

    References
    ----------
    DuBois and DuBois, Arch Intern Med 1916;17:863.

    Examples
    --------
    >>> round(bsa_dubois(170, 70).value, 3)
    1.81
    """
    return FormulaValue(
        0.007184 * weight_kg**0.425 * height_cm**0.725,
        "m2",
        {"height_cm": height_cm, "weight_kg": weight_kg},
        "DuBois and DuBois, Arch Intern Med 1916;17:863",
        "formula.valid.bsa",
        "BSA = 0.007184 * W^0.425 * H^0.725",
    )


def slv_urata(height_cm: float, weight_kg: float, bsa: FormulaValue | None = None) -> FormulaValue:
    """Standard liver volume of Urata in ml: 706.2 * BSA + 2.4; BSA of Mosteller unless given.

    Examples
    --------
    >>> round(slv_urata(170, 70).value, 1)
    1286.4
    """
    return _linear_in_bsa(
        706.2, 2.4, bsa or bsa_mosteller(height_cm, weight_kg), "Urata, Hepatology 1995;21:1317", "slv_urata"
    )


def slv_vauthey(height_cm: float, weight_kg: float, bsa: FormulaValue | None = None) -> FormulaValue:
    """Standard liver volume of Vauthey in ml: 1267.28 * BSA - 794.41; BSA of Mosteller unless given.

    Examples
    --------
    >>> round(slv_vauthey(170, 70).value, 1)
    1509.7
    """
    bsa = bsa or bsa_mosteller(height_cm, weight_kg)
    return _linear_in_bsa(1267.28, -794.41, bsa, "Vauthey, Liver Transpl 2002;8:233", "slv_vauthey")


def slv_chinese(height_cm: float, weight_kg: float) -> FormulaValue:
    """Standard liver volume in ml for Chinese adults: 758.259 * BSA - 124.272 (BSA of Mosteller)."""
    return _linear_in_bsa(758.259, -124.272, bsa_mosteller(height_cm, weight_kg), _COMPARED, "slv_chinese")


def slv_korean(height_cm: float, weight_kg: float, *, is_bsa_dubois: bool = False) -> FormulaValue:
    """Standard liver volume in ml for Korean adults, in its form for the BSA of Mosteller or of DuBois."""
    if is_bsa_dubois:
        return _linear_in_bsa(908.204, -464.728, bsa_dubois(height_cm, weight_kg), _COMPARED, "slv_korean")
    return _linear_in_bsa(893.485, -439.169, bsa_mosteller(height_cm, weight_kg), _COMPARED, "slv_korean")


def slv_yu(height_cm: float, weight_kg: float) -> FormulaValue:
    """Standard liver volume of Yu in ml: 21.585 * W^0.732 * H^0.225."""
    return FormulaValue(
        21.585 * weight_kg**0.732 * height_cm**0.225,
        "ml",
        {"height_cm": height_cm, "weight_kg": weight_kg},
        _COMPARED,
        "formula.valid.slv_yu",
        "SLV = 21.585 * W^0.732 * H^0.225",
    )


def slv_chan(weight_kg: float, sex: str) -> FormulaValue:
    """Standard liver volume of Chan in ml: 218 + 12.3 * W + 51 in men (``sex`` is ``"m"`` or ``"f"``)."""
    return FormulaValue(
        218.0 + 12.3 * weight_kg + (51.0 if sex == "m" else 0.0),
        "ml",
        {"weight_kg": weight_kg, "sex": sex},
        _COMPARED,
        "formula.valid.slv_chan",
        "SLV = 218 + 12.3 * W + 51 (men)",
    )


# The two that are shown side by side; Vauthey is the default in Western adults.
STANDARD_LIVER_VOLUMES: Mapping[str, Callable[[float, float], FormulaValue]] = {
    "vauthey": slv_vauthey,
    "urata": slv_urata,
}


def _linear_in_bsa(slope: float, offset: float, bsa: FormulaValue, citation: str, name: str) -> FormulaValue:
    sign = "-" if offset < 0 else "+"
    return FormulaValue(
        slope * bsa.value + offset,
        "ml",
        {**bsa.inputs, "bsa_m2": bsa.value, "bsa_formula": bsa.citation},
        citation,
        f"formula.valid.{name}",
        f"SLV = {slope:g} * BSA {sign} {abs(offset):g}",
    )
