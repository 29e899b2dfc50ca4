"""Options of each tool, one page a tool."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.services.edit_requests import ScissorsMode
from app.services.refine_lesion import LesionCandidate
from app.ui.action_table import ActionTable
from app.ui.pieces import clear, label
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_lesion import LesionTool
from app.ui.segment_editor_operation import OPERATIONS, operation_of
from app.ui.segment_editor_page import OptionsPage
from app.ui.segment_editor_state import MOST_RADIUS_MM, EditorTool, IslandAction, VesselClick
from app.ui.theme import DARK, Theme, icon
from twin.wording import Wording

__all__ = ["ToolOptions"]


class ToolOptions(QWidget):
    """Shows the page of the active tool.

    Parameters
    ----------
    editor
        Holds the options.
    actions
        For the buttons.
    lesion
        Its candidates are listed.
    """

    def __init__(self, editor: SegmentEditor, actions: ActionTable, lesion: LesionTool) -> None:
        super().__init__()
        self._editor = editor
        self.candidates = CandidateList(lesion)
        self._pages: dict[EditorTool, OptionsPage] = {}
        column = QVBoxLayout(self)  # a stack would be as large as its largest page
        column.setContentsMargins(0, 0, 0, 0)
        for tool in EditorTool:
            page = OptionsPage(editor, actions, f"segment_editor.hint.{tool}")
            self._fill(tool, page)
            page.column.addStretch(1)
            self._pages[tool] = page
            page.setVisible(tool is editor.tool)
            column.addWidget(page)
        editor.changed.connect(self.refresh)
        editor.case_changed.connect(self.refresh)

    def page(self, tool: EditorTool) -> OptionsPage:
        """Return the page of a tool."""
        return self._pages[tool]

    def refresh(self) -> None:
        """Show the page of the tool that is active now, as its options are."""
        for tool, page in self._pages.items():
            page.setVisible(tool is self._editor.tool)
        self._pages[self._editor.tool].refresh()
        self.candidates.refresh()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        for page in self._pages.values():
            page.set_wording(wording)
        self.candidates.set_wording(wording)

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self.candidates.set_theme(theme)

    def _fill(self, tool: EditorTool, page: OptionsPage) -> None:
        prefix = "segment_editor.option."
        if tool in (EditorTool.BRUSH, EditorTool.ERASER, EditorTool.THRESHOLD):
            if tool is EditorTool.THRESHOLD:
                page.number("range_from", f"{prefix}range_from", -2000, 5000, "HU")
                page.number("range_to", f"{prefix}range_to", -2000, 5000, "HU")
            page.number("radius_mm", f"{prefix}radius", 0.5, MOST_RADIUS_MM, "mm")
            page.check("is_flat", f"{prefix}flat")
        if tool is EditorTool.SCISSORS:
            page.choice("scissors", f"{prefix}scissors", tuple(ScissorsMode), "segment_editor.scissors.")
            page.check("is_one_slice", f"{prefix}one_slice")
        if tool in (EditorTool.BRUSH, EditorTool.THRESHOLD, EditorTool.SCISSORS):
            page.structure_choice("inside", f"{prefix}inside", "segment_editor.everywhere")
            page.check("keeps_others", f"{prefix}keeps_others")
        if tool is EditorTool.PIECES:
            page.choice("island", f"{prefix}piece", tuple(IslandAction), "segment_editor.piece.")
            page.structure_choice("island_target", f"{prefix}target", "segment_editor.choose", same_layer=True)
            page.buttons("tool.keep_largest")
        if tool is EditorTool.WHOLE:
            self._fill_whole(page, prefix)
        if tool is EditorTool.SEEDS:
            page.sides("segment_editor.seeds.inside", "segment_editor.seeds.outside")
        if tool is EditorTool.CLICKS:
            page.sides("segment_editor.clicks.inside", "segment_editor.clicks.outside")
        if tool is EditorTool.LESION:
            page.sides("segment_editor.clicks.inside", "segment_editor.clicks.outside")
            page.check("is_diameter", f"{prefix}diameter")
            page.buttons("tool.new_lesion", "tool.candidates")
            page.column.addWidget(self.candidates)
        if tool is EditorTool.DUCT:
            page.choice("duct_tree", f"{prefix}duct", ("pancreatic", "biliary"), "segment_editor.duct.")
            page.check("replaces_duct", f"{prefix}replaces_duct")
        if tool is EditorTool.VESSELS:
            page.choice("vessel_click", f"{prefix}click", tuple(VesselClick), "segment_editor.vessel.")
            page.buttons("tool.trace_vessels")

    def _fill_whole(self, page: OptionsPage, prefix: str) -> None:
        ids = tuple(entry.id for entry in OPERATIONS)
        page.choice("operation", f"{prefix}operation", ids, "segment_editor.operation.")
        length = page.number("length_mm", f"{prefix}length", 0.5, 40.0, "mm")
        least = page.number("least_ml", f"{prefix}least", 0.1, 500.0, "ml")
        other = page.structure_choice("other", f"{prefix}other", "segment_editor.choose")
        page.buttons("tool.preview", "tool.run")

        def show_needed() -> None:
            entry = operation_of(self._editor.options.operation)
            for control, is_needed in (
                (length, entry.unit == "mm"), (least, entry.unit == "ml"), (other, entry.wants_other),
            ):  # fmt: skip
                page.show_line(control, is_shown=is_needed)

        page.on_refresh(show_needed)


class CandidateList(QWidget):
    """Places of the liver to look at; a click goes there and proposes the outline, the cross adds it as it is."""

    def __init__(self, lesion: LesionTool) -> None:
        super().__init__()
        self._lesion = lesion
        self._wording: Wording | None = None
        self._theme = DARK
        self._shown: tuple[object, ...] = ()
        self.rows: list[CandidateRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording, self._shown = wording, ()
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme, self._shown = theme, ()
        self.refresh()

    def refresh(self) -> None:
        """List the candidates of now."""
        wording, candidates = self._wording, self._lesion.candidates
        if wording is None or self._shown == (wording, *candidates):
            return
        self._shown = (wording, *candidates)
        clear(self._column)
        self.rows = []
        for number, candidate in enumerate(candidates, start=1):
            row = CandidateRow(number, candidate, self._lesion, wording, self._theme)
            self.rows.append(row)
            self._column.addWidget(row)


class CandidateRow(QFrame):
    """One candidate."""

    def __init__(
        self, number: int, candidate: LesionCandidate, lesion: LesionTool, wording: Wording, theme: Theme
    ) -> None:
        super().__init__()
        self.setObjectName("Row")
        volume = wording.quantity(candidate.volume_ml, "ml", decimals=1)
        text = f"{number}. {volume}, {wording.text(candidate.kind.message_id)}"
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 1, 2, 1)
        layout.addWidget(label(text, "Quiet", wraps=True), 1)
        self.look, self.add = QToolButton(), QToolButton()
        for button, name, tip, answer in (
            (self.look, "goto", "segment_editor.candidate.look", lesion.look_at),
            (self.add, "add", "segment_editor.candidate.add", lesion.add),
        ):
            button.setObjectName("Flat")
            button.setIcon(icon(name, theme.text))
            button.setToolTip(wording.text(tip))
            button.setAccessibleName(wording.text(tip))
            button.clicked.connect(lambda checked=False, answer=answer: answer(candidate))
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
