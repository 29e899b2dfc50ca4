"""Ducts by two clicks; vessels traced again from clicked roots, and branches moved to the other tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from app.scene.slice_scene import LivePatch
from app.services.trace_duct import DuctSummary, DuctTracing, TracedDuct
from app.services.trace_vessels import BranchMoved, VesselSummary, reassign_branch, vessels_edit
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_state import Pending, VesselClick
from app.ui.segment_editor_tool import EditorSliceTool, is_on_slice, paint_marker, structure_colour
from app.ui.slice_tool import SlicePointer
from twin.anatomy import LayerName
from twin.box import Box
from twin.edit import LayersEdit
from twin.job import CancelToken, ProgressListener
from twin.label_layer import LabelLayer

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["DuctTool", "VesselTool"]

_CLICK = QColor("#9fe0d8")


class DuctTool(EditorSliceTool):
    """Two clicks at the ends of a duct, from the papilla on; further ones mend its way or lengthen it."""

    def __init__(self, editor: SegmentEditor) -> None:
        super().__init__(editor)
        self.clicks: list[NDArray[np.float64]] = []
        self._tracing: DuctTracing | None = None
        self._tree = ""

    def press(self, pointer: SlicePointer) -> bool:
        """Take the point."""
        if self.editor.is_editable:
            self.clicks.append(pointer.point_lps_mm)
            self._trace()
            self.editor.pending_changed.emit()
        return True

    def cancel(self) -> None:
        """Forget the clicks."""
        self.clicks = []

    def can_take_back(self) -> bool:
        """True when there is a click."""
        return bool(self.clicks)

    def take_back(self) -> None:
        """Forget the last click."""
        self.clicks.pop()
        self.editor.drop_pending()
        self._trace()
        self.editor.pending_changed.emit()
        self.editor.overlay_changed.emit()

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw the clicks on this slice, numbered from the papilla."""
        for number, place in enumerate(_in_order(self.clicks), start=1):
            if is_on_slice(view, self.clicks[place]):
                paint_marker(painter, view.screen_from_lps(self.clicks[place]), _CLICK, str(number))

    def _trace(self) -> None:
        work, tree = self.editor.work, self.editor.options.duct_tree
        if work is None or not self.clicks:
            return
        if self._tracing is None or self._tree != tree:
            self._tracing, self._tree = DuctTracing(work.session, tree), tree  # type: ignore[arg-type]
        tracing = self._tracing
        points = np.array([self.clicks[place] for place in _in_order(self.clicks)])
        if len(points) < 2:
            self.editor.told.emit("segment_editor.told.second_click", {})
            self.editor.compute(
                "segment_editor.task.duct",
                lambda progress, cancel: tracing.prepare(points),
                lambda result: None,
                is_shown=False,
            )
            return
        self.editor.compute(
            "segment_editor.task.duct",
            lambda progress, cancel: tracing.trace(points),
            self._on_traced,
            failed=self._on_refused,
        )

    def _on_traced(self, duct: object) -> None:
        tracing = self._tracing
        if not isinstance(duct, TracedDuct) or tracing is None or len(self.clicks) < 2:
            return
        found: TracedDuct = duct
        replaces = self.editor.options.replaces_duct
        summary = DuctSummary.of(found)
        edit = tracing.edit(found, replaces_earlier=replaces)
        if edit is None:
            self.editor.told.emit("segment_editor.told.agrees", {})
            return
        labels = edit.after.voxels.array()
        emphasised = frozenset({summary.structure_id})
        patch = LivePatch(edit.layer, edit.box, labels, emphasised)  # type: ignore[arg-type]
        given: dict[str, object] = {
            "structure": summary.structure_id,
            "length": round(summary.length_mm),
            "median": round(summary.median_mm, 1),
            "largest": round(summary.largest_mm, 1),
            "uncertainty": round(summary.uncertainty_mm, 1),
        }
        accept = lambda session: tracing.accept(found, replaces_earlier=replaces)  # noqa: E731
        self.editor.propose(Pending("segment_editor.pending.duct", accept, patch, given))

    def _on_refused(self, error: Exception) -> None:
        if self.clicks:
            self.clicks.pop()
        self.editor.pending_changed.emit()
        self.editor.failed.emit(error)


class VesselTool(EditorSliceTool):
    """A click moves a branch to the other tree, or says where a tree has its root."""

    def __init__(self, editor: SegmentEditor) -> None:
        super().__init__(editor)
        self.roots: dict[VesselClick, NDArray[np.float64]] = {}

    @property
    def cursor(self) -> Qt.CursorShape:  # type: ignore[override]
        """A hand for a branch, a cross for a root."""
        is_branch = self.editor.options.vessel_click is VesselClick.BRANCH
        return Qt.CursorShape.PointingHandCursor if is_branch else Qt.CursorShape.CrossCursor

    def press(self, pointer: SlicePointer) -> bool:
        """Move the branch, or set the root."""
        if not self.editor.is_editable:
            return True
        kind = self.editor.options.vessel_click
        if kind is VesselClick.BRANCH:
            self._move_branch(pointer.point_lps_mm)
        else:
            self.roots[kind] = pointer.point_lps_mm
            self.editor.changed.emit()
            self.editor.pending_changed.emit()
        return True

    def trace(self) -> None:
        """Trace the veins of the liver again, from the clicked roots where there are some."""
        case = self.editor.case
        if case is None:
            return
        portal, hepatic = (self.roots.get(kind) for kind in (VesselClick.PORTAL_ROOT, VesselClick.HEPATIC_ROOT))

        def work(progress: ProgressListener, cancel: CancelToken) -> tuple[LayersEdit, VesselSummary]:
            return vessels_edit(
                case, portal_root_lps_mm=portal, hepatic_root_lps_mm=hepatic, progress=progress, cancel=cancel
            )

        self.editor.compute("segment_editor.task.vessels", work, self._on_traced)

    def cancel(self) -> None:
        """Forget the roots."""
        self.roots.clear()

    def can_take_back(self) -> bool:
        """True when there is a root."""
        return bool(self.roots)

    def take_back(self) -> None:
        """Forget the last root."""
        self.roots.popitem()
        self.editor.changed.emit()
        self.editor.pending_changed.emit()
        self.editor.overlay_changed.emit()

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw the roots on this slice."""
        colours = {VesselClick.PORTAL_ROOT: "portal_vein", VesselClick.HEPATIC_ROOT: "hepatic_vein"}
        for kind, point in self.roots.items():
            if is_on_slice(view, point):
                paint_marker(painter, view.screen_from_lps(point), structure_colour(colours[kind]))

    def _move_branch(self, point_lps_mm: NDArray[np.float64]) -> None:
        work = self.editor.work
        if work is None:
            return
        session = work.session
        self.editor.drop_pending()
        self.editor.compute(
            "segment_editor.task.branch",
            lambda progress, cancel: reassign_branch(session, point_lps_mm),
            self._on_moved,
        )

    def _on_moved(self, moved: object) -> None:
        if isinstance(moved, BranchMoved):
            given = {
                "volume": round(moved.volume_ml, 1),
                "structure": moved.from_structure,
                "organ": moved.to_structure,
            }
            self.editor.told.emit("segment_editor.told.branch", given)

    def _on_traced(self, result: object) -> None:
        if not isinstance(result, tuple):
            return
        edit, summary = result
        assert isinstance(edit, LayersEdit)
        assert isinstance(summary, VesselSummary)
        layer = edit.layers.get(LayerName.VESSELS)
        if not isinstance(layer, LabelLayer):
            self.editor.told.emit("segment_editor.told.no_vessels", {})
            return
        whole = Box((0, 0, 0), layer.grid.shape_kji)
        patch = LivePatch(LayerName.VESSELS, whole, layer.voxels, frozenset(summary.volumes_ml), layer.values())
        volumes = {i: round(ml, 1) for i, ml in summary.volumes_ml.items()}
        given: dict[str, object] = {
            "portal": volumes.get("portal_vein", 0.0),
            "hepatic": volumes.get("hepatic_vein", 0.0),
        }
        self.editor.propose(Pending("segment_editor.pending.vessels", lambda session: session.do(edit), patch, given))


def _in_order(clicks: list[NDArray[np.float64]]) -> list[int]:
    """Order of clicks along a duct: a later one goes where the way becomes least longer, at the far end too.

    The first click is the papilla and stays first.
    """
    order: list[int] = []
    for place, point in enumerate(clicks):
        if len(order) < 2:
            order.append(place)
            continue
        gaps = [float(np.linalg.norm(clicks[a] - point)) for a in order]
        detours = [
            gaps[n] + gaps[n + 1] - float(np.linalg.norm(clicks[order[n]] - clicks[order[n + 1]]))
            for n in range(len(order) - 1)
        ]
        at = int(np.argmin([*detours, gaps[-1]]))
        order.insert(at + 1, place)
    return order
