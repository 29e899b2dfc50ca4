"""Grow from seeds: scribbles in structures and beside them, and what grows from them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from app.services.grow_labels import GrowthPreview, SeededGrowth
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_clicks import OUTSIDE
from app.ui.segment_editor_tool import EditorSliceTool, is_on_slice, paint_line, structure_colour
from app.ui.slice_tool import SlicePointer
from twin.edit import VoxelEdit
from twin.errors import InputError, TwinSightError
from twin.job import CancelToken, ProgressListener

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["SeedsTool"]

_LEAST_STEP_PX = 4.0


@dataclass(frozen=True, eq=False)
class _Scribble:
    """Points in a structure; None stands for what is none of them."""

    structure_id: str | None
    points_lps_mm: NDArray[np.float64]


class SeedsTool(EditorSliceTool):
    """Scribbles; with Control beside the structures. A structure chosen in the table meanwhile grows as well."""

    def __init__(self, editor: SegmentEditor) -> None:
        super().__init__(editor)
        self.scribbles: list[_Scribble] = []
        self._growth: SeededGrowth | None = None
        self._n_drawn = 0
        self._line: list[NDArray[np.float64]] = []
        self._line_view: SliceView | None = None
        self._drawn_for: str | None = None

    def press(self, pointer: SlicePointer) -> bool:
        """Begin a scribble."""
        structure_id = self.editor.ready_structure()
        if structure_id is not None:
            is_beside = bool(pointer.modifiers & Qt.KeyboardModifier.ControlModifier)
            is_beside = is_beside or not self.editor.options.is_inside_click
            self._drawn_for = None if is_beside else structure_id
            self._line, self._line_view = [pointer.point_lps_mm], pointer.view
        return True

    def move(self, pointer: SlicePointer) -> None:
        """Draw on."""
        if self._line:
            last = pointer.view.screen_from_lps(self._line[-1])
            if (pointer.at - last).manhattanLength() >= _LEAST_STEP_PX:
                self._line.append(pointer.point_lps_mm)

    def release(self, pointer: SlicePointer) -> None:
        """Let grow what was scribbled so far."""
        line, self._line = self._line, []
        if line:
            self.scribbles.append(_Scribble(self._drawn_for, np.array(line)))
            self._preview()

    def cancel(self) -> None:
        """Forget every scribble."""
        self._line, self.scribbles = [], []
        self._growth, self._n_drawn = None, 0

    def can_take_back(self) -> bool:
        """True when there is a scribble."""
        return bool(self.scribbles)

    def take_back(self) -> None:
        """Forget the last scribble."""
        self.scribbles.pop()
        self._growth = None
        self.editor.drop_pending()
        self._preview()
        self.editor.overlay_changed.emit()

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw the scribbles on this slice."""
        for scribble in self.scribbles:
            if is_on_slice(view, scribble.points_lps_mm[0]):
                self._paint(painter, view, list(scribble.points_lps_mm), scribble.structure_id)
        if view is self._line_view and self._line:
            self._paint(painter, view, self._line, self._drawn_for)

    def _paint(
        self, painter: QPainter, view: SliceView, points: list[NDArray[np.float64]], structure_id: str | None
    ) -> None:
        colour = OUTSIDE if structure_id is None else structure_colour(structure_id)
        drawn = [view.screen_from_lps(point) for point in points]
        paint_line(painter, drawn if len(drawn) > 1 else drawn * 2, colour, 4.0)

    def _preview(self) -> None:
        kinds = {scribble.structure_id for scribble in self.scribbles}
        if len(kinds) < 2:
            self.editor.pending_changed.emit()  # there is something to take back
            self.editor.told.emit("segment_editor.told.one_side", {})
            return
        growth = self._prepared()
        if growth is None:
            return

        def work(progress: ProgressListener, cancel: CancelToken) -> tuple[GrowthPreview, VoxelEdit]:
            preview = growth.preview(progress=progress, cancel=cancel)
            return preview, growth.edit(preview)

        self.editor.compute("segment_editor.task.grow", work, self._on_grown, failed=self._on_failed, is_newest=True)

    def _prepared(self) -> SeededGrowth | None:
        """Return the growth with every scribble drawn; a structure more needs a new one."""
        work = self.editor.work
        wanted = tuple(dict.fromkeys(s.structure_id for s in self.scribbles if s.structure_id is not None))
        if work is None:
            return None
        try:
            if self._growth is None or self._growth.structure_ids != wanted:
                self._growth, self._n_drawn = SeededGrowth(work.session, wanted), 0
            for scribble in self.scribbles[self._n_drawn :]:
                self._growth.scribble(scribble.structure_id, scribble.points_lps_mm)
        except TwinSightError as error:
            self.scribbles.pop()
            self._growth = None
            self.editor.failed.emit(error)
            return None
        self._n_drawn = len(self.scribbles)
        return self._growth

    def _on_grown(self, result: object) -> None:
        if not self.scribbles or not isinstance(result, tuple):
            return
        preview, edit = result
        assert isinstance(preview, GrowthPreview)
        case = self.editor.case
        volume_ml = 0.0
        if case is not None:
            voxel_ml = case.planning_volume.grid.voxel_volume_ml
            volume_ml = round(float(np.count_nonzero(preview.labels_kji)) * voxel_ml, 1)
        self.editor.propose_edit("segment_editor.pending.grow", edit, volume=volume_ml)

    def _on_failed(self, error: Exception) -> None:
        self.editor.drop_pending()
        if isinstance(error, InputError) and error.message_id == "error.editing.nothing_changed":
            self.editor.told.emit("segment_editor.told.agrees", {})
        else:
            self.editor.failed.emit(error)
