"""Logical operations between the masks of two structures."""

from __future__ import annotations

from enum import StrEnum

from segmentation.editing.islands import Mask

__all__ = ["Logic", "combined"]


class Logic(StrEnum):
    """What is done to a structure with another."""

    COPY = "copy"  # it becomes the other
    ADD = "add"  # it gains the other
    SUBTRACT = "subtract"  # it loses the other
    INTERSECT = "intersect"  # it keeps what is also the other


def combined(mask: Mask, other: Mask, logic: Logic) -> Mask:
    """Return the mask of a structure after an operation with another, both bool ``[k, j, i]`` of one box.

    Examples
    --------
    >>> import numpy as np
    >>> a, b = np.array([[[True, True, False]]]), np.array([[[False, True, True]]])
    >>> combined(a, b, Logic.SUBTRACT).tolist()
    [[[True, False, False]]]
    """
    match logic:
        case Logic.COPY:
            return other.copy()
        case Logic.ADD:
            return mask | other
        case Logic.SUBTRACT:
            return mask & ~other
        case Logic.INTERSECT:
            return mask & other
