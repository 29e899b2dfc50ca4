"""What the surgeon asks of a proposal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from twin.errors import UsageError

__all__ = ["LARGEST_MARGIN_MM", "CutKind", "PlanConstraints"]

# Beyond it more margin is no argument for more loss: 10 mm is the historic aim for colorectal metastases
# (JCTH-2022-00383; PMC2814403), 10 to 20 mm are asked for hepatocellular carcinoma (a centre setting).
LARGEST_MARGIN_MM = 20.0

# Under 1 mm a resection counts as R1 for colorectal metastases (JCTH-2022-00383; PMC2814403).
_LEAST_MARGIN_MM = 1.0


class CutKind(StrEnum):
    """Kinds of cut that a proposal may hold."""

    PLANE = "plane"
    SHEET = "sheet"
    TERRITORY = "territory"
    WEDGE = "wedge"


@dataclass(frozen=True)
class PlanConstraints:
    """What a proposal must keep to.

    Parameters
    ----------
    least_margin_mm
        Least distance from a removed lesion to the cut, 0 to 20 mm; by default 1 mm (R0).
    least_flr_percent
        Of the measured liver without lesions (never of a standard volume).
    least_functional_percent
        Perfused and drained remnant, of the measured liver without lesions; needs vessel trees.
    lesion_ids
        Lesions that must be removed; empty for all of the liver.
    kept_branches
        Branches that must not be crossed nor cut off, by name (``"portal.left"``).
    most_vessels
        Most vessels that may be crossed; None for any number.
    kinds
        Kinds of cut that a proposal may be made of.

    Raises
    ------
    UsageError
        ``error.proposals.bad_number`` when a number is out of its range, ``error.proposals.no_kind`` without a kind.
    """

    least_margin_mm: float = _LEAST_MARGIN_MM
    least_flr_percent: float = 0.0
    least_functional_percent: float = 0.0
    lesion_ids: tuple[str, ...] = ()
    kept_branches: tuple[str, ...] = ()
    most_vessels: int | None = None
    kinds: frozenset[CutKind] = frozenset(CutKind)

    def __post_init__(self) -> None:
        for name, value, most in (
            ("least_margin_mm", self.least_margin_mm, LARGEST_MARGIN_MM),
            ("least_flr_percent", self.least_flr_percent, 100.0),
            ("least_functional_percent", self.least_functional_percent, 100.0),
            ("most_vessels", self.most_vessels or 0, 10_000),
        ):
            if not (isfinite(value) and 0 <= value <= most):
                raise UsageError("error.proposals.bad_number", option=name.replace("_", "-"), most=most)
        if not self.kinds:
            raise UsageError("error.proposals.no_kind")
