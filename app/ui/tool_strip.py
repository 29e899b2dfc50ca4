"""The strip over the views: what is used all the time, and the choice of window and side."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QWidget

from app.scene.orbit_camera import ViewSide
from app.scene.window_level import MR_PRESETS, PRESETS
from app.ui.action_table import ActionTable
from app.ui.pieces import label, tool_button
from twin.wording import Wording

__all__ = ["ToolStrip"]

_GROUPS = (
    ("file.open_file", "file.open_folder", "file.save"),
    ("steps.undo", "steps.redo"),
    ("view.four", "view.twin", "view.twin_only", "view.slices", "view.slice"),
    ("view.fit", "view.labels", "view.oblique", "space.clip", "space.turntable"),
    ("measure.ruler", "measure.angle"),
)
_GAP_PX = 8


class ToolStrip(QFrame):
    """Buttons of actions, and two lists that trigger actions.

    Parameters
    ----------
    actions
        What the buttons do.
    wording
        Language of its texts.
    """

    def __init__(self, actions: ActionTable, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ToolStrip")
        self._actions = actions
        self._wording = wording
        self._is_mr = False
        self.window_presets, self.side_choice = QComboBox(), QComboBox()
        self._window_label, self._side_label = label("", "Quiet"), label("", "Quiet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 3, 10, 4)
        layout.setSpacing(2)
        for group in _GROUPS:
            for action_id in group:
                layout.addWidget(tool_button(actions[action_id]))
            layout.addSpacing(_GAP_PX)
        for name, box in ((self._window_label, self.window_presets), (self._side_label, self.side_choice)):
            box.activated.connect(lambda index, box=box: self._choose(box))
            layout.addWidget(name)
            layout.addSpacing(4)
            layout.addWidget(box)
            layout.addSpacing(_GAP_PX)
        layout.addStretch(1)
        for action_id in ("go.palette", "view.mask", "view.light", "view.language"):
            layout.addWidget(tool_button(actions[action_id]))
        self.set_wording(wording)

    def set_modality(self, *, is_mr: bool) -> None:
        """Offer the windows of MR, or those of CT."""
        if is_mr != self._is_mr:
            self._is_mr = is_mr
            self.set_wording(self._wording)

    def mark_window(self, name: str | None) -> None:
        """Show which preset the grey window is, if it is one."""
        self.window_presets.setCurrentIndex(-1 if name is None else self.window_presets.findData(f"view.window_{name}"))

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._window_label.setText(wording.text("ui.strip.window"))
        self._side_label.setText(wording.text("ui.strip.side"))
        chosen = self.window_presets.currentData()
        windows = [f"view.window_{name}" for name in (MR_PRESETS if self._is_mr else PRESETS)]
        sides = [f"space.{side}" for side in ViewSide]
        for box, action_ids in ((self.window_presets, windows), (self.side_choice, sides)):
            box.clear()
            for action_id in action_ids:
                box.addItem(wording.text(f"ui.action.{action_id}"), action_id)
            box.setPlaceholderText(wording.text("ui.strip.choose"))
        self.window_presets.setCurrentIndex(self.window_presets.findData(chosen))
        self.side_choice.setCurrentIndex(-1)

    def _choose(self, box: QComboBox) -> None:
        self._actions[str(box.currentData())].trigger()
        if box is self.side_choice:
            box.setCurrentIndex(-1)
