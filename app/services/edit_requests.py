"""What a window asks the label editor for: brushes, cuts, operations, and where a tool may change anything.

The operations themselves stand in :mod:`segmentation.editing.operations`; the window takes them from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from numpy.typing import ArrayLike

from app.services.label_stroke import StrokeMode
from segmentation.editing.brush import Brush
from segmentation.editing.logical import Logic
from segmentation.editing.margin import Shell
from segmentation.editing.operations import (
    Combine,
    FillBetweenSlices,
    FillHoles,
    Grow,
    Hollow,
    InvertInBox,
    KeepIslandAt,
    KeepLargestIsland,
    LabelOperation,
    MoveIslandAt,
    RemoveIslandAt,
    RemoveSmallIslands,
    Shrink,
    Smooth,
    SplitIslands,
)
from segmentation.editing.paint_rules import Overwrite

__all__ = [
    "EVERYWHERE",
    "Brush",
    "Combine",
    "FillBetweenSlices",
    "FillHoles",
    "Grow",
    "Hollow",
    "InvertInBox",
    "KeepIslandAt",
    "KeepLargestIsland",
    "LabelOperation",
    "Limits",
    "Logic",
    "MoveIslandAt",
    "Overwrite",
    "RemoveIslandAt",
    "RemoveSmallIslands",
    "ScissorsCut",
    "ScissorsMode",
    "Shell",
    "Shrink",
    "Smooth",
    "SplitIslands",
    "StrokeMode",
]


class ScissorsMode(StrEnum):
    """What scissors do to the structure."""

    FILL_INSIDE = "fill_inside"
    FILL_OUTSIDE = "fill_outside"
    ERASE_INSIDE = "erase_inside"
    ERASE_OUTSIDE = "erase_outside"

    @property
    def is_fill(self) -> bool:
        """True when it adds to the structure."""
        return self in (ScissorsMode.FILL_INSIDE, ScissorsMode.FILL_OUTSIDE)

    @property
    def is_outside(self) -> bool:
        """True when it acts outside the line."""
        return self in (ScissorsMode.FILL_OUTSIDE, ScissorsMode.ERASE_OUTSIDE)


@dataclass(frozen=True, eq=False)
class ScissorsCut:
    """A closed line drawn in a view.

    Parameters
    ----------
    polygon_lps_mm
        (n, 3) corners in LPS; the last joins the first.
    view_direction_lps
        Along which it cuts, of any length.
    mode
        What happens.
    depth_mm
        Half-open range along the view from the plane of the line; None cuts through everything.
    """

    polygon_lps_mm: ArrayLike
    view_direction_lps: tuple[float, float, float]
    mode: ScissorsMode
    depth_mm: tuple[float, float] | None = None


@dataclass(frozen=True)
class Limits:
    """Where a tool may change anything.

    Parameters
    ----------
    inside
        Only inside this structure, of any layer; None for everywhere.
    overwrite
        What the structure may grow over within its layer. Inside a structure of the same layer it grows over that.
    intensity_range
        Only voxels of the planning volume from the first to the second value; None for all.
    """

    inside: str | None = None
    overwrite: Overwrite = Overwrite.UNLOCKED
    intensity_range: tuple[float, float] | None = None


EVERYWHERE = Limits()
