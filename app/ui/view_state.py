"""What all views share: the point looked at, the grey window, what is shown and how, the cutting plane."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QObject, Signal

from app.scene.cut_plane import CutPlane
from app.scene.fusion import FusedScan
from app.scene.slab import Slab
from app.scene.window_level import WindowLevel
from app.ui.slice_tool import SliceOverlay, SliceTool
from twin.anatomy import structure
from twin.resection import SheetCut

__all__ = ["ViewState"]

# The skin would hide everything, bone most of it: hidden until asked for.
_HIDDEN_AT_FIRST = ("skin", "bone")


class ViewState(QObject):
    """Shared state of the views; each change is told by one signal."""

    crosshair_moved = Signal()
    window_changed = Signal()
    appearance_changed = Signal()
    plane_changed = Signal()
    sheet_changed = Signal()
    tool_changed = Signal()
    overlays_changed = Signal()
    clip_changed = Signal()
    oblique_changed = Signal()
    slab_changed = Signal()
    fusion_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.crosshair_lps_mm: NDArray[np.float64] = np.zeros(3)
        self.window = WindowLevel(400.0, 40.0)
        self.slab: Slab | None = None
        self.fusion: FusedScan | None = None
        self.shows_labels = True
        self.fill_opacity = 0.25
        self.plane: CutPlane | None = None
        self.is_dragging_plane = False
        self.sheet: SheetCut | None = None
        self.is_dragging_sheet = False
        self.cut_tool: SliceTool | None = None  # hands on the cut; asked after the tool that was chosen
        self.tool: SliceTool | None = None
        self.overlays: tuple[SliceOverlay, ...] = ()
        self.clip_normal_lps: NDArray[np.float64] | None = None
        self.oblique_directions: NDArray[np.float64] | None = None
        self._visible: dict[str, bool] = {}
        self._opacity: dict[str, float] = {}

    def move_crosshair(self, point_lps_mm: ArrayLike) -> None:
        """Look at a point."""
        self.crosshair_lps_mm = np.asarray(point_lps_mm, dtype=np.float64)
        self.crosshair_moved.emit()

    def set_window(self, window: WindowLevel) -> None:
        """Show grey values through a window."""
        if window != self.window:
            self.window = window
            self.window_changed.emit()

    def set_slab(self, slab: Slab | None) -> None:
        """Show thick slices, or thin ones; nothing is laid over a thick one."""
        if slab is not None and self.fusion is not None:
            self.set_fusion(None)
        self.slab = slab
        self.slab_changed.emit()

    def set_fusion(self, fusion: FusedScan | None) -> None:
        """Lay another scan over the slices, or none; they are thin then."""
        if fusion is not None and self.slab is not None:
            self.set_slab(None)
        self.fusion = fusion
        self.fusion_changed.emit()

    def set_plane(self, plane: CutPlane | None, *, is_dragging: bool = False) -> None:
        """Show a cutting plane, or none; while it is dragged figures are estimates."""
        self.plane = plane
        self.is_dragging_plane = is_dragging
        self.plane_changed.emit()

    def set_sheet(self, sheet: SheetCut | None, *, is_dragging: bool = False) -> None:
        """Show a sheet that can be bent, or none."""
        if sheet is None and self.sheet is None:
            return
        self.sheet = sheet
        self.is_dragging_sheet = is_dragging
        self.sheet_changed.emit()

    def set_tool(self, tool: SliceTool | None) -> None:
        """Let a tool answer left presses on slices, or none; the one before gives up what it began."""
        if tool is self.tool:
            return
        before, self.tool = self.tool, tool
        if before is not None:
            before.cancel()
        self.tool_changed.emit()

    def add_overlay(self, overlay: SliceOverlay) -> None:
        """Let something paint over every slice, whichever tool is active."""
        self.overlays = (*self.overlays, overlay)
        self.overlays_changed.emit()

    def set_clip(self, normal_lps: NDArray[np.float64] | None) -> None:
        """Cut the 3D view open at the crosshair: what lies where the normal points to is left out; None closes it."""
        self.clip_normal_lps = normal_lps
        self.clip_changed.emit()

    def turn_oblique(self, directions_lps: NDArray[np.float64]) -> None:
        """Cut the oblique slices so: rows rightwards, downwards and through, (3, 3)."""
        self.oblique_directions = directions_lps
        self.oblique_changed.emit()

    def set_labels_shown(self, *, shows_labels: bool) -> None:
        """Show or hide all labels on slices."""
        self.shows_labels = shows_labels
        self.appearance_changed.emit()

    def set_fill_opacity(self, opacity: float) -> None:
        """Fill labels on slices so strongly; 0 leaves the contours."""
        self.fill_opacity = opacity
        self.appearance_changed.emit()

    def is_visible(self, structure_id: str) -> bool:
        """Tell whether a structure is to be seen."""
        return self._visible.get(structure_id, structure_id not in _HIDDEN_AT_FIRST)

    def opacity(self, structure_id: str) -> float:
        """How opaque a structure is in 3D, 0 to 1."""
        return self._opacity.get(structure_id, structure(structure_id).opacity)

    def set_visible(self, structure_ids: Iterable[str], *, is_visible: bool) -> None:
        """Show or hide structures."""
        self._visible |= dict.fromkeys(structure_ids, is_visible)
        self.appearance_changed.emit()

    def set_opacity(self, structure_id: str, opacity: float) -> None:
        """Let what lies behind a structure shine through."""
        self._opacity[structure_id] = opacity
        self.appearance_changed.emit()
