"""Couinaud segments behind the codes of the New World terminology and the living-donor splits.

References
----------
Nagino, Ann Surg 2021, 10.1097/SLA.0000000000004808 (New World terminology); Couinaud's numbering.
"""

from __future__ import annotations

from collections.abc import Mapping

from twin.errors import UsageError
from twin.plan import Plan
from twin.resection import DonorSplit, TerritorySet

__all__ = [
    "BRISBANE_CODES",
    "differs_as_drawn",
    "intended_code",
    "new_world_code",
    "segment_name",
    "segments_of_code",
    "segments_of_graft",
]

# Brisbane 2000 resections by their New World codes (Celinski and Gamblin 2010; Nagino 2021); each may take segment 1.
BRISBANE_CODES: Mapping[str, str] = {
    "right-hemihepatectomy": "H5678",
    "left-hemihepatectomy": "H234",
    "right-trisectionectomy": "H45678",
    "left-trisectionectomy": "H23458",
    "right-anterior-sectionectomy": "H58",
    "right-posterior-sectionectomy": "H67",
    "left-medial-sectionectomy": "H4",
    "left-lateral-sectionectomy": "H23",
    "central-hepatectomy": "H458",
    "bisegmentectomy-5-6": "H56",
    "caudate-resection": "H1",
}
_WHOLE, _PART = 0.9, 0.1  # shares of a segment: removed wholly, in part; ours
_DIFFERENCE = 0.25  # of a segment, between what was intended and what the voxels say; ours

_VALUES_OF_DIGIT = {
    "1": (1,), "2": (2,), "3": (3,), "4": (41, 42), "5": (5,), "6": (6,), "7": (7,), "8": (8,),
}  # fmt: skip
_DIGITS_OF_GRAFT = {"left-lateral": "23", "left": "234", "right": "5678"}


def segments_of_code(code: str) -> tuple[int, ...]:
    """Return the label values of the segments that a New World code removes.

    Raises
    ------
    UsageError
        ``error.cut.partial_segment`` for a part of a segment (apostrophe): which part is the surgeon's choice, so a
        plane or a wedge draws it; ``error.cut.bad_code`` for digits that are no segments.

    Examples
    --------
    >>> segments_of_code("H458")
    (41, 42, 5, 8)
    """
    digits = code.removeprefix("H")
    if "'" in digits:
        raise UsageError("error.cut.partial_segment", cut=code)
    if not digits or any(d not in _VALUES_OF_DIGIT for d in digits) or len(set(digits)) != len(digits):
        raise UsageError("error.cut.bad_code", cut=code)
    return tuple(value for digit in sorted(digits) for value in _VALUES_OF_DIGIT[digit])


def segments_of_graft(graft: str) -> tuple[int, ...]:
    """Return the label values of the segments of a living-donor graft."""
    return segments_of_code("H" + _DIGITS_OF_GRAFT[graft])


def segment_name(value: int) -> str:
    """Return the name of a segment on screens and in files: ``"4a"`` for 41.

    Examples
    --------
    >>> segment_name(41), segment_name(8)
    ('4a', '8')
    """
    return {41: "4a", 42: "4b"}.get(value, str(value))


def intended_code(plan: Plan) -> str:
    """Return the New World code that the territory sets and grafts of a plan ask for; empty where none does.

    Examples
    --------
    >>> from twin.resection import parse_cut
    >>> intended_code(Plan("A", (parse_cut("H58"), parse_cut("H67"))))
    'H5678'
    """
    digits = ""
    for cut in plan.resections:
        if isinstance(cut, TerritorySet):
            digits += cut.new_world_code.removeprefix("H")
        elif isinstance(cut, DonorSplit):
            digits += _DIGITS_OF_GRAFT[cut.graft]
    return f"H{''.join(sorted(set(digits)))}" if digits else ""


def new_world_code(segments_ml: Mapping[str, tuple[float, float]]) -> str:
    """Return the New World code of what is removed, read from volumes; empty when no segment is touched.

    A segment that is removed by nine tenths counts as whole, one by a tenth as a part (apostrophe); 4a and 4b together
    are 4.

    Parameters
    ----------
    segments_ml
        By name of the segment (``"4a"``, ``"8"``): removed and whole volume in ml.

    Examples
    --------
    >>> new_world_code({"5": (100, 100), "6": (95, 100), "4a": (5, 60), "4b": (30, 60)})
    "H4'56"
    >>> new_world_code({"2": (2, 100)})
    ''
    """
    text = "".join(
        digit + ("" if share >= _WHOLE else "'") for digit, share in _shares(segments_ml).items() if share >= _PART
    )
    return f"H{text}" if text else ""


def differs_as_drawn(code: str, segments_ml: Mapping[str, tuple[float, float]]) -> bool:
    """Tell whether the volumes differ from an intended code by more than a quarter of some segment.

    Examples
    --------
    >>> differs_as_drawn("H23", {"2": (90, 100), "3": (60, 100), "4a": (0, 100)})
    True
    """
    intended = set(code.removeprefix("H"))
    return any(abs((digit in intended) - share) > _DIFFERENCE for digit, share in _shares(segments_ml).items())


def _shares(segments_ml: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return the removed share of each segment by its digit."""
    sums: dict[str, list[float]] = {}
    for name, (removed_ml, total_ml) in sorted(segments_ml.items()):
        both = sums.setdefault(name[0], [0.0, 0.0])
        both[0] += removed_ml
        both[1] += total_ml
    return {digit: removed / total for digit, (removed, total) in sums.items() if total > 0}
