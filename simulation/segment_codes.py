"""Couinaud segments behind the codes of the New World terminology and the living-donor splits.

References
----------
Nagino, Ann Surg 2021, 10.1097/SLA.0000000000004808 (New World terminology); Couinaud's numbering.
"""

from __future__ import annotations

from twin.errors import UsageError

__all__ = ["segment_name", "segments_of_code", "segments_of_graft"]

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
