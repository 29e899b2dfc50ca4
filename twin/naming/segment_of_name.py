"""Which Couinaud segment a portal branch belongs to, by its name."""

from __future__ import annotations

__all__ = ["segment_of_branch_name"]

_SEGMENTS = frozenset(("1", "2", "3", "4a", "4b", "5", "6", "7", "8"))
_TRUNKS = frozenset(("right", "left", "anterior", "posterior"))


def segment_of_branch_name(name: str) -> str | None:
    """Return ``"1"`` ... ``"4a"`` ... ``"8"`` for a portal branch of a segment, None for a trunk or another tree.

    Examples
    --------
    >>> segment_of_branch_name("portal.right.anterior.8.1.2"), segment_of_branch_name("portal.left.umbilical")
    ('8', None)
    """
    tree, *path = name.split(".")
    if tree != "portal":
        return None
    for word in path:
        if word in _SEGMENTS:
            return word
        if word not in _TRUNKS:
            return None
    return None
