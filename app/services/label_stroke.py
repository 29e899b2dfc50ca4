"""A stroke of the brush or the eraser while it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.services.case_session import CaseSession
from segmentation.editing.box_change import BoxMask, Labels
from segmentation.editing.brush import Brush, stroke_mask
from segmentation.editing.paint_rules import LabelTarget, PaintRules, erased, painted
from twin.box import Box
from twin.case import Case
from twin.edit import VoxelEdit
from twin.errors import InputError
from twin.grid import Grid

__all__ = ["LabelStroke", "StrokeMode", "StrokePlan"]

Point = tuple[float, float, float]


class StrokeMode(StrEnum):
    """What a brush does."""

    PAINT = "paint"
    ERASE = "erase"


@dataclass(frozen=True, eq=False)
class StrokePlan:
    """All that a stroke needs to know; made by :class:`app.services.edit_labels.LabelEditor`.

    Parameters
    ----------
    target, rules
        Which structure, and what may change in its layer.
    brush, mode
        With what, and whether it paints or erases.
    grid
        Of the layer.
    allowed
        Returns where in a box anything may change; None for everywhere.
    label
        Message id of the words for undo.
    """

    target: LabelTarget
    rules: PaintRules
    brush: Brush
    mode: StrokeMode
    grid: Grid
    allowed: Callable[[Box], NDArray[np.bool_]] | None
    label: str


class LabelStroke:
    """A stroke drawn into the working buffer, so that the slices show it at once; at its end it is one edit.

    Begin it with :meth:`app.services.edit_labels.LabelEditor.begin_stroke`, move it, then finish or cancel it.
    """

    def __init__(self, session: CaseSession, plan: StrokePlan) -> None:
        self._session = session
        self._plan = plan
        self._buffer = session.working_buffer(plan.target.layer)
        self._buffer.discard()  # nobody else draws into it: what is left was never finished
        self._revision = self._buffer.revision
        self._last: Point | None = None
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """True once it was finished or cancelled."""
        return self._is_over

    def move(self, point_lps_mm: Point) -> Box | None:
        """Draw on to a point; return the box to be drawn again, None when the brush is outside the scan."""
        path = [point_lps_mm] if self._last is None else [self._last, point_lps_mm]
        self._last = point_lps_mm
        covered = stroke_mask(path, self._plan.brush, self._plan.grid)
        if covered is None or self._is_over:
            return None
        before = self._buffer.crop(covered.box).voxels
        self._buffer.write(covered.box, self._after(before, covered))
        return covered.box

    def labels(self, box: Box) -> Labels:
        """Return the labels of a box as they are with the stroke, for the slices."""
        return self._buffer.crop(box).voxels

    def edit(self) -> VoxelEdit | None:
        """Return the stroke as an edit; None when it changed nothing.

        Raises
        ------
        InputError
            ``error.edit.outdated`` when the layer was changed by something else meanwhile.
        """
        if self._buffer.revision != self._revision:
            raise InputError("error.edit.outdated")
        return self._buffer.finished(label=self._plan.label)

    def finish(self) -> Case | None:
        """End the stroke as one step of undo, safe on the disk; None when it changed nothing.

        Raises
        ------
        TwinSightError
            When it does not fit the case any more or cannot be written; the voxels are then as before the stroke.
        """
        try:
            edit = self.edit()
            return None if edit is None else self._session.do(edit)
        finally:
            self._end()

    def cancel(self) -> Box | None:
        """Take the stroke back; return the box to be drawn again."""
        touched = self._buffer.touched
        self._end()
        return touched

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._buffer.discard()

    def _after(self, labels: Labels, covered: BoxMask) -> Labels:
        plan, mask = self._plan, covered.mask
        if plan.allowed is not None:
            mask = mask & plan.allowed(covered.box)
        change = painted if plan.mode is StrokeMode.PAINT else erased
        return change(labels, mask, plan.target, plan.rules)
