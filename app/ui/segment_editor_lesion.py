"""Lesions: candidates to look at, a region from clicks, and the organ that grows to hold it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from app.scene.slice_scene import LivePatch
from app.services.refine_lesion import (
    AcceptedLesion,
    LesionCandidate,
    LesionOutlining,
    LesionRegion,
    Stroke,
    candidates_of_case,
)
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_clicks import INSIDE, OUTSIDE
from app.ui.segment_editor_state import Pending
from app.ui.segment_editor_tool import EditorSliceTool, is_on_slice, paint_line, paint_marker
from app.ui.slice_tool import SlicePointer
from twin.anatomy import LayerName, lesion_id, structure
from twin.case import Case
from twin.edit import VoxelEdit
from twin.errors import TwinSightError

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["LesionTool"]

_LEAST_STEP_PX = 5.0
_CANDIDATE = QColor("#f0c36a")


class LesionTool(EditorSliceTool):
    """Clicks and scribbles outline one lesion, with Control what is none of it; nothing is written before a yes.

    With a lesion chosen in the table it is outlined anew, otherwise a new one is.
    """

    def __init__(self, editor: SegmentEditor) -> None:
        super().__init__(editor)
        self.candidates: tuple[LesionCandidate, ...] = ()
        self.shown: LesionCandidate | None = None
        self._outlining: LesionOutlining | None = None
        self._replaced_id: str | None = None
        self._line: list[NDArray[np.float64]] = []
        self._line_view: SliceView | None = None
        self._is_inside = True

    def find_candidates(self) -> None:
        """Look for places of the liver that stand out."""
        case = self.editor.case
        if case is not None:
            self.editor.compute(
                "segment_editor.task.candidates",
                lambda progress, cancel: candidates_of_case(case, progress=progress, cancel=cancel),
                self._on_candidates,
            )

    def look_at(self, candidate: LesionCandidate) -> None:
        """Go to a candidate and propose its outline."""
        self._forget()
        self.shown = candidate
        self.editor.state.move_crosshair(candidate.point_lps_mm)
        outlining = self._begun(None, candidate.region)
        if outlining is not None:
            self._show(candidate.region)

    def add(self, candidate: LesionCandidate) -> None:
        """Accept a candidate as it is."""
        self.look_at(candidate)
        self.editor.accept()

    def start_new(self) -> None:
        """Outline another lesion next, not the one that is chosen."""
        self.editor.drop()
        self.editor.choose_structure(None)

    def press(self, pointer: SlicePointer) -> bool:
        """Begin a click, a scribble or a diameter."""
        if self.editor.is_editable:
            is_turned = bool(pointer.modifiers & Qt.KeyboardModifier.ControlModifier)
            self._is_inside = self.editor.options.is_inside_click != is_turned
            self._line, self._line_view = [pointer.point_lps_mm], pointer.view
        return True

    def move(self, pointer: SlicePointer) -> None:
        """Draw on."""
        if not self._line:
            return
        if self.editor.options.is_diameter:
            self._line = [self._line[0], pointer.point_lps_mm]
        elif (pointer.at - pointer.view.screen_from_lps(self._line[-1])).manhattanLength() >= _LEAST_STEP_PX:
            self._line.append(pointer.point_lps_mm)

    def release(self, pointer: SlicePointer) -> None:
        """Ask for the region."""
        line, self._line = self._line, []
        if not line:
            return
        chosen = self.editor.structure_id
        replaced = chosen if chosen is not None and chosen.startswith("lesion-") else None
        outlining = self._outlining
        if outlining is None:
            is_there = replaced is not None and self.editor.case is not None
            is_there = is_there and replaced in self.editor.case.structure_ids()  # type: ignore[union-attr]
            outlining = self._begun(replaced if is_there else None, None)
        if outlining is None:
            return
        points = np.array(line)
        if self.editor.options.is_diameter and len(line) > 1:
            work: Callable[..., object] = lambda progress, cancel: outlining.start_from_diameter(points)  # noqa: E731
        else:
            stroke = Stroke(points, self._is_inside)
            work = lambda progress, cancel: outlining.add(stroke, cancel=cancel)  # noqa: E731
        self.editor.compute("segment_editor.task.lesion", work, self._on_region, failed=self._on_refused)

    def cancel(self) -> None:
        """Forget the outline; candidates stay listed."""
        self._forget()

    def can_take_back(self) -> bool:
        """True when there is a stroke."""
        return self._outlining is not None and bool(self._outlining.strokes)

    def take_back(self) -> None:
        """Forget the last stroke."""
        if self._outlining is None:
            return
        region = self._outlining.take_back()
        if region is None:
            self.editor.drop()
        else:
            self._show(region)

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw strokes, the line that is drawn and candidates on this slice."""
        for number, candidate in enumerate(self.candidates, start=1):
            if is_on_slice(view, candidate.point_lps_mm):
                paint_marker(painter, view.screen_from_lps(candidate.point_lps_mm), _CANDIDATE, str(number))
        for stroke in () if self._outlining is None else self._outlining.strokes:
            middle = stroke.points_lps_mm[len(stroke.points_lps_mm) // 2]
            if is_on_slice(view, middle):
                colour = INSIDE if stroke.is_inside else OUTSIDE
                paint_marker(painter, view.screen_from_lps(middle), colour, "+" if stroke.is_inside else "−")
        if view is self._line_view and len(self._line) > 1:
            points = [view.screen_from_lps(point) for point in self._line]
            paint_line(painter, points, INSIDE if self._is_inside else OUTSIDE, 2.5)

    def _begun(self, replaced_id: str | None, start: LesionRegion | None) -> LesionOutlining | None:
        work = self.editor.work
        if work is None:
            return None
        try:
            self._outlining = LesionOutlining(work.session, replaced_id=replaced_id, start=start)
        except TwinSightError as error:
            self.editor.failed.emit(error)
            return None
        self._replaced_id = replaced_id
        return self._outlining

    def _on_region(self, region: object) -> None:
        if isinstance(region, LesionRegion) and self._outlining is not None:
            self._show(region)

    def _on_refused(self, error: Exception) -> None:
        if self._outlining is not None and self._outlining.region is None:
            self._forget()
        self.editor.failed.emit(error)

    def _show(self, region: LesionRegion) -> None:
        case, outlining = self.editor.case, self._outlining
        if case is None or outlining is None:
            return
        volume_ml = round(region.volume_ml(case.layer(LayerName.LESIONS).grid), 1)
        is_new = self._replaced_id is None
        message_id = "segment_editor.pending.lesion_new" if is_new else "segment_editor.pending.lesion_again"
        given: dict[str, object] = {"volume": volume_ml, "structure": self._replaced_id or "lesion"}
        patch = _patch_of(case, region, self._replaced_id)
        self.editor.propose(Pending(message_id, lambda session: outlining.accept(), patch, given, self._on_accepted))

    def _on_accepted(self, accepted: object) -> None:
        if not isinstance(accepted, AcceptedLesion):
            return
        self._forget()
        self.candidates = tuple(c for c in self.candidates if c is not self.shown)
        self.shown = None
        self.editor.structure_wanted.emit(accepted.lesion_id)
        given: dict[str, object] = {"structure": accepted.lesion_id, "volume": round(accepted.volume_ml, 1)}
        self.editor.told.emit("segment_editor.told.lesion", given)
        growth = accepted.growth
        if growth is not None:
            edit: VoxelEdit = growth.edit
            labels = edit.after.voxels.array()
            patch = LivePatch(edit.layer, edit.box, labels, frozenset({growth.organ_id}))  # type: ignore[arg-type]
            given = {"organ": growth.organ_id, "lesion": growth.lesion_id, "volume": round(growth.added_ml, 1)}
            growing = Pending("segment_editor.pending.organ", lambda session: session.do(edit), patch, given)
            self.editor.propose(growing)
        self.editor.changed.emit()

    def _on_candidates(self, found: object) -> None:
        self.candidates = found if isinstance(found, tuple) else ()
        self.editor.told.emit("segment_editor.told.candidates", {"count": len(self.candidates)})
        self.editor.changed.emit()
        self.editor.overlay_changed.emit()

    def _forget(self) -> None:
        self._outlining, self._replaced_id, self._line = None, None, []


def _patch_of(case: Case, region: LesionRegion, replaced_id: str | None) -> LivePatch:
    """Show a region as the lesion it would become."""
    layer, box = case.layer(LayerName.LESIONS), region.box
    value = max(layer.values(), default=0) + 1
    if replaced_id is not None:
        value = structure(replaced_id).value
        before = layer.box(replaced_id)
        box = box if before is None else box.joined(before)
    labels = layer.voxels[box.slices].copy()
    if replaced_id is not None:
        labels[labels == value] = 0
    labels[region.in_box(box) & (labels == 0)] = value
    return LivePatch(LayerName.LESIONS, box, labels, frozenset({lesion_id(value)}))
