"""How a drag on a slice began, and what a turn of the oblique slice does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt

from app.scene.cut_plane import CutPlane
from app.scene.orbit_camera import rotation_about
from app.scene.window_level import WindowLevel
from app.ui.slice_cut import CutGrip, CutLine
from app.ui.slice_geometry import SlicePlacement
from app.ui.slice_tool import SliceTool

__all__ = ["SlicePress", "turned_directions"]

_DEGREES_PER_PX = 0.35


@dataclass(frozen=True, eq=False)
class SlicePress:
    """What was held where when a drag began.

    Parameters
    ----------
    button, at
        Button, with shift and left taken as the middle one, and place on the widget.
    window, placement
        As they were.
    grip, plane, line
        What of the cutting line is held, if anything.
    directions
        Of the oblique slice while it is turned, else None.
    tool
        The tool that took the press, else None.
    """

    button: Qt.MouseButton
    at: QPointF
    window: WindowLevel
    placement: SlicePlacement
    grip: CutGrip | None = None
    plane: CutPlane | None = None
    line: CutLine | None = None
    directions: NDArray[np.float64] | None = None
    tool: SliceTool | None = None


def turned_directions(directions_lps: NDArray[np.float64], right_px: float, down_px: float) -> NDArray[np.float64]:
    """Return the directions of an oblique slice after a drag: sideways turns about its upright, up and down tilts.

    Parameters
    ----------
    directions_lps
        Rows rightwards, downwards and through (3, 3), as they were when the drag began.
    right_px, down_px
        How far the pointer went.
    """
    _, down, _ = directions_lps
    swing = rotation_about(down, np.radians(_DEGREES_PER_PX * right_px))
    swung = directions_lps @ swing.T
    tilt = rotation_about(swung[0], np.radians(_DEGREES_PER_PX * down_px))
    return np.asarray(swung @ tilt.T)
