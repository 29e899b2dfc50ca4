"""The cutting plane on a slice: the line in which they meet, its handles, and what a drag of them does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from app.scene.cut_plane import CutPlane
from app.scene.slice_frame import SliceFrame
from app.ui.slice_geometry import SlicePlacement

__all__ = ["CutGrip", "CutLine"]

_REACH_PX = 7.0
_KNOB_REACH_PX = 11.0
_KNOB_PX = 95.0  # distance of the turning knobs from the middle


class CutGrip(StrEnum):
    """What of the line can be taken hold of."""

    MOVE = "move"
    TURN = "turn"


@dataclass(frozen=True, eq=False)
class CutLine:
    """The line on the screen.

    Parameters
    ----------
    middle
        Point of the line nearest to the centre of the plane.
    along, removed
        Unit vectors on the screen: along the line, and at right angles to where tissue is removed.
    knobs
        The two turning knobs.
    """

    middle: QPointF
    along: QPointF
    removed: QPointF
    knobs: tuple[QPointF, QPointF]

    @classmethod
    def of(
        cls, plane: CutPlane, frame: SliceFrame, index: int, placement: SlicePlacement, size_px: tuple[float, float]
    ) -> CutLine | None:
        """Return the line in which a plane meets a slice, or None where the slice runs along the plane."""
        line = frame.line_of_plane(plane.origin_lps_mm, plane.normal_lps, index)
        if line is None:
            return None
        to_screen = placement.transform(frame, size_px)
        # The gradient on the screen: a pixel of the slice may be wider than high.
        gradient = np.array([line[0] / to_screen.m11(), line[1] / to_screen.m22()])
        removed = gradient / np.linalg.norm(gradient)
        x, y, _ = frame.pixel_from_lps(plane.origin_lps_mm)
        centre = to_screen.map(QPointF(x, y))
        distance = float(line[0] * x + line[1] * y + line[2]) / float(np.linalg.norm(gradient))
        middle = QPointF(centre.x() - distance * removed[0], centre.y() - distance * removed[1])
        along = QPointF(-removed[1], removed[0])
        knobs = (middle + along * _KNOB_PX, middle - along * _KNOB_PX)
        return cls(middle, along, QPointF(*removed), knobs)

    def grip_at(self, at: QPointF) -> CutGrip | None:
        """Return what lies under the pointer."""
        if any(_length(at - knob) < _KNOB_REACH_PX for knob in self.knobs):
            return CutGrip.TURN
        offset = at - self.middle
        is_near = abs(QPointF.dotProduct(offset, self.removed)) < _REACH_PX
        return CutGrip.MOVE if is_near else None

    def turned_angle_rad(self, start: QPointF, now: QPointF) -> float:
        """Angle swept about the middle, from x towards y of the screen."""
        first, second = start - self.middle, now - self.middle
        cross = first.x() * second.y() - first.y() * second.x()
        return float(np.arctan2(cross, QPointF.dotProduct(first, second)))


def dragged_plane(
    plane: CutPlane,
    grip: CutGrip,
    line: CutLine,
    start: QPointF,
    now: QPointF,
    frame: SliceFrame,
    points_lps_mm: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
) -> CutPlane:
    """Return the plane after a drag on a slice.

    Parameters
    ----------
    plane, line
        As they were when the drag began.
    grip
        What is held.
    start, now
        Pointer on the screen, at the beginning and now.
    frame
        The slice.
    points_lps_mm
        Patient points under ``start``, under ``now`` and under the middle of the line.
    """
    started, there, middle = points_lps_mm
    if grip is CutGrip.MOVE:
        return plane.moved(float(plane.normal_lps @ (there - started)))
    right, down, _ = frame.directions_lps
    return plane.turned_about(middle, np.cross(right, down), line.turned_angle_rad(start, now))


def _length(vector: QPointF) -> float:
    return float(np.hypot(vector.x(), vector.y()))
