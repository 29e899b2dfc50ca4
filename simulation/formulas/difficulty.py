"""Difficulty of a laparoscopic liver resection by its kind: groups of the Institut Mutualiste Montsouris (IMM)."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.formulas.formula_value import FormulaValue

__all__ = ["imm_group"]

# By New World code. Group 1: wedge, left lateral sectionectomy. 2: anterolateral segmentectomy, left hepatectomy.
# 3: posterosuperior segmentectomy, right posterior sectionectomy, right, central and extended hepatectomy. A whole
# segment 4 is anterolateral (4b) and posterosuperior (4a) at once: it is not in the table.
_GROUPS: Mapping[str, int] = {
    "H23": 1,
    "H2": 2,
    "H3": 2,
    "H5": 2,
    "H6": 2,
    "H234": 2,
    "H1": 3,
    "H7": 3,
    "H8": 3,
    "H67": 3,
    "H5678": 3,
    "H458": 3,
    "H45678": 3,
    "H23458": 3,
}


def imm_group(code: str, *, has_wedges: bool = False) -> FormulaValue | None:
    """Return the group of difficulty, 1 (low) to 3 (high); None where the table has no such resection.

    Parameters
    ----------
    code
        New World code of the segments that are resected whole; empty for wedges alone.
    has_wedges
        True when wedges are resected; with whole segments beside them the table has no row.

    References
    ----------
    Kawaguchi, Fuks, Kokudo, Gayet, Ann Surg 2018;267:13-17.

    Examples
    --------
    >>> imm_group("H5678").value, imm_group("", has_wedges=True).value, imm_group("H58")
    (3, 1, None)
    """
    group = (1 if has_wedges else None) if not code else None if has_wedges else _GROUPS.get(code)
    if group is None:
        return None
    return FormulaValue(
        group,
        "",
        {"resection": code or "wedge"},
        "Kawaguchi, Ann Surg 2018;267:13-17",
        "formula.valid.imm",
        "IMM group by kind of resection",
    )
