"""The right side of the step Segment: tools, their options, what waits for a yes, what runs, quality control."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.action_table import ActionTable
from app.ui.pieces import action_button, label, main_button, rule, scrolled, tool_button
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_options import ToolOptions
from app.ui.segment_editor_quality import QualityPanel
from app.ui.segment_editor_state import EditorTool
from app.ui.theme import Theme
from twin.anatomy import structure
from twin.wording import Wording

__all__ = ["SegmentEditorPanel"]

_COLUMNS = 4
_SHOWN_AFTER_MS = 300  # what is over sooner needs no progress bar
_STEPS = 1000


class SegmentEditorPanel(QWidget):
    """Palette, options and quality control.

    Parameters
    ----------
    editor
        What is edited.
    actions
        The tools and buttons.
    options, quality
        Parts of the panel.
    wording
        Language of its texts.
    """

    def __init__(
        self,
        editor: SegmentEditor,
        actions: ActionTable,
        options: ToolOptions,
        quality: QualityPanel,
        wording: Wording,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._editor, self._actions, self._wording = editor, actions, wording
        self.options, self.quality = options, quality
        self._title = label("", "Section", wraps=True)
        self.pending = PendingBar(editor, actions)
        self.task = TaskRow(editor)
        self._options_area = scrolled(options)
        self._lay_out()
        editor.changed.connect(self._refresh)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        for part in (self.options, self.quality, self.pending, self.task):
            part.set_wording(wording)
        self._refresh()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self.options.set_theme(theme)
        self.quality.set_theme(theme)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        for action_id in ("tool.lock", "tool.delete"):
            head.addWidget(tool_button(self._actions[action_id]))
        palette = QGridLayout()
        palette.setSpacing(4)
        for number, tool in enumerate(EditorTool):
            palette.addWidget(self._tool_button(tool), number // _COLUMNS, number % _COLUMNS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 10)
        layout.setSpacing(7)
        layout.addLayout(head)
        layout.addLayout(palette)
        layout.addWidget(rule())
        layout.addWidget(self._options_area, 5)
        layout.addWidget(self.pending)
        layout.addWidget(self.task)
        layout.addWidget(rule())
        layout.addWidget(self.quality, 2)

    def _tool_button(self, tool: EditorTool) -> QToolButton:
        button = QToolButton()
        button.setObjectName("Tool")
        button.setDefaultAction(self._actions[f"tool.{tool}"])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(20, 20))
        button.setFixedHeight(46)
        button.setMinimumWidth(62)
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        return button

    def _refresh(self) -> None:
        structure_id = self._editor.structure_id
        if structure_id is None:
            self._title.setText(self._wording.text("segment_editor.title.none"))
        else:
            name = structure(structure_id).name(self._wording.language)
            message_id = "segment_editor.title.locked" if self._editor.is_locked else "segment_editor.title.chosen"
            self._title.setText(self._wording.text(message_id, name=name))
        for tool in EditorTool:
            self._actions[f"tool.{tool}"].setChecked(tool is self._editor.tool)
        self._actions["tool.flat"].setChecked(self._editor.options.is_flat)
        self._actions["tool.lock"].setChecked(self._editor.is_locked)


class PendingBar(QFrame):
    """What waits for a yes: its words, apply, cancel, and taking the last click back."""

    def __init__(self, editor: SegmentEditor, actions: ActionTable) -> None:
        super().__init__()
        self.setObjectName("Pending")
        self._editor, self._actions = editor, actions
        self._wording: Wording | None = None
        self.text = label("", "", wraps=True)
        self.accept_button = main_button(actions["tool.accept"])
        self.drop_button = action_button(actions["tool.drop"], has_icon=False)
        self.back_button = action_button(actions["tool.take_back"], has_icon=False)
        buttons = QHBoxLayout()
        for button in (self.accept_button, self.drop_button):
            buttons.addWidget(button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        layout.addWidget(self.back_button)
        editor.pending_changed.connect(self._refresh)
        editor.changed.connect(self._refresh)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._refresh()

    def _refresh(self) -> None:
        pending, tool = self._editor.pending, self._editor.state.tool
        can_take_back = bool(getattr(tool, "can_take_back", bool)())
        if pending is not None and self._wording is not None:
            self.text.setText(self._wording.text(pending.message_id, **pending.parameters))
        self.text.setVisible(pending is not None)
        self.accept_button.setVisible(pending is not None)
        self.drop_button.setVisible(pending is not None)
        self.back_button.setVisible(can_take_back)
        self.setVisible(pending is not None or can_take_back)


class TaskRow(QWidget):
    """What is computed for the editor, how far it is, and a way to stop it; hidden while it is quick."""

    def __init__(self, editor: SegmentEditor) -> None:
        super().__init__()
        self._editor = editor
        self._wording: Wording | None = None
        self._text = label("", "Quiet", wraps=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setFixedHeight(8)
        self.cancel_button = QPushButton()
        self.cancel_button.setObjectName("Small")
        self.cancel_button.clicked.connect(self._cancel)
        line = QHBoxLayout()
        line.addWidget(self._bar, 1)
        line.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self._text)
        layout.addLayout(line)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_AFTER_MS)
        self._timer.timeout.connect(self._show_it)
        editor.tasks_changed.connect(self._refresh)
        self.hide()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.cancel_button.setText(wording.text("ui.task.cancel"))
        self._refresh()

    def _refresh(self) -> None:
        task = self._editor.task
        if task is None:
            self._timer.stop()
            self.hide()
            return
        if self.isHidden() and not self._timer.isActive():
            self._timer.start()
        if self._wording is not None:
            self._text.setText(self._wording.text(task.message_id))
        # An answer without steps shows that it runs, not how far it is.
        self._bar.setRange(0, _STEPS if task.progress is not None else 0)
        if task.progress is not None:
            self._bar.setValue(round(_STEPS * task.progress.fraction))

    def _show_it(self) -> None:
        if self._editor.task is not None:
            self.cancel_button.setEnabled(True)
            self.show()

    def _cancel(self) -> None:
        task = self._editor.task
        if task is not None and task.handle is not None:
            self.cancel_button.setEnabled(False)
            task.handle.cancel()
