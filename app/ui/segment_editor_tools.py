"""The tools of the segment editor on slices, and which of them answers presses."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_brush import BrushTool, ScissorsTool
from app.ui.segment_editor_clicks import ClicksTool, PiecesTool
from app.ui.segment_editor_lesion import LesionTool
from app.ui.segment_editor_seeds import SeedsTool
from app.ui.segment_editor_state import EditorTool
from app.ui.segment_editor_tool import EditorSliceTool
from app.ui.segment_editor_tubes import DuctTool, VesselTool

__all__ = ["EditorTools"]


class EditorTools(QObject):
    """One tool of each kind; `SegmentEditor.tool` says which is active.

    Parameters
    ----------
    editor
        What is edited.
    """

    def __init__(self, editor: SegmentEditor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.clicks, self.lesion, self.vessels = ClicksTool(editor), LesionTool(editor), VesselTool(editor)
        self._tools: dict[EditorTool, EditorSliceTool] = {
            EditorTool.BRUSH: BrushTool(editor, EditorTool.BRUSH),
            EditorTool.ERASER: BrushTool(editor, EditorTool.ERASER),
            EditorTool.THRESHOLD: BrushTool(editor, EditorTool.THRESHOLD),
            EditorTool.SCISSORS: ScissorsTool(editor),
            EditorTool.PIECES: PiecesTool(editor),
            EditorTool.SEEDS: SeedsTool(editor),
            EditorTool.CLICKS: self.clicks,
            EditorTool.LESION: self.lesion,
            EditorTool.DUCT: DuctTool(editor),
            EditorTool.VESSELS: self.vessels,
        }
        editor.changed.connect(self._follow)
        editor.state.tool_changed.connect(self._on_tool_of_views)

    @property
    def active(self) -> EditorSliceTool | None:
        """The tool that answers presses, or None while slices are only looked at."""
        return self._tools.get(self._editor.tool)

    def forget_case(self) -> None:
        """Another case is open: nothing found in the one before is true of it."""
        self.clicks.leave()
        self.lesion.candidates, self.lesion.shown = (), None
        for tool in self._tools.values():
            tool.cancel()

    def _follow(self) -> None:
        """Bring the views in line with the tool and the structure that are chosen."""
        state, wanted = self._editor.state, self.active
        if self._editor.tool is EditorTool.CLICKS:
            self.clicks.follow_structure()
        else:
            self.clicks.leave()
        if wanted is not None or state.tool in self._tools.values():
            state.set_tool(wanted)

    def _on_tool_of_views(self) -> None:
        """A ruler or another tool of the views was taken up: ours rests."""
        tool = self._editor.state.tool
        if tool not in self._tools.values() and self.active is not None:
            self._editor.choose_tool(EditorTool.LOOK)
