"""The rail at the left: the steps in their order; one that is not possible yet says what it needs."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from app.ui.action_table import ActionTable, Need
from app.ui.pieces import set_property
from app.ui.steps import STEPS, Step, lacking_needs
from app.ui.theme import DARK, Theme, icon
from twin.wording import Wording

__all__ = ["StepRail"]

_WIDTH_PX = 104
_ICON_PX = 22


class StepRail(QFrame):
    """Buttons of the steps.

    A button of a step that is not possible yet is grey but answers a click: it says what is missing, where a
    switched-off button would say nothing.

    Parameters
    ----------
    actions
        For the keys in the tool tips.
    wording
        Language of its texts.
    """

    step_chosen = Signal(object)  # Step
    refused = Signal(str)  # message id of what the step needs

    def __init__(self, actions: ActionTable, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Rail")
        self.setFixedWidth(_WIDTH_PX)
        self.step = Step.STUDY
        self.buttons: dict[Step, QToolButton] = {}
        self._actions = actions
        self._wording = wording
        self._theme = DARK
        self._met: frozenset[Need] = frozenset()
        self._missing_pages: frozenset[Step] = frozenset()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 6, 8)
        layout.setSpacing(3)
        for entry in STEPS:
            button = QToolButton()
            button.setObjectName("Step")
            button.setCheckable(True)
            button.setIconSize(QSize(_ICON_PX, _ICON_PX))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setFixedSize(_WIDTH_PX - 12, 58)
            button.clicked.connect(lambda checked=False, step=entry.step: self._click(step))
            self.buttons[entry.step] = button
            layout.addWidget(button)
        layout.addStretch(1)
        self.set_wording(wording)

    def mark(self, step: Step) -> None:
        """Show which step is worked on."""
        self.step = step
        self._write()

    def need_of(self, step: Step) -> str | None:
        """Return the message that says what a step needs, or None when it is possible."""
        entry = next(entry for entry in STEPS if entry.step is step)
        lacking = lacking_needs(entry, self._met)
        if lacking:
            return f"ui.need.{lacking[0]}"
        return "ui.need.page" if step in self._missing_pages else None

    def update_needs(self, met: Collection[Need], missing_pages: Collection[Step]) -> None:
        """Grey the steps that are not possible; their tool tip says what they need."""
        if (frozenset(met), frozenset(missing_pages)) != (self._met, self._missing_pages):
            self._met, self._missing_pages = frozenset(met), frozenset(missing_pages)
            self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme = theme
        self._write()

    def _write(self) -> None:
        wording, theme = self._wording, self._theme
        for entry in STEPS:
            button, need = self.buttons[entry.step], self.need_of(entry.step)
            button.setChecked(entry.step is self.step)
            button.setText(wording.text(f"ui.action.go.{entry.step}"))
            colour = theme.faint if need else theme.accent if entry.step is self.step else theme.text
            button.setIcon(icon(entry.icon, colour))
            keys = self._actions[f"go.{entry.step}"].shortcut().toString()
            tip = f"{wording.text(f'ui.tip.go.{entry.step}')} ({keys})"
            button.setToolTip(f"{tip}\n{wording.text(need)}" if need else tip)
            button.setAccessibleDescription(wording.text(need) if need else "")
            set_property(button, "possible", "false" if need else "true")

    def _click(self, step: Step) -> None:
        need = self.need_of(step)
        self._write()  # a click on a step that is not possible must not leave it checked
        if need is None:
            self.step_chosen.emit(step)
        else:
            self.refused.emit(need)
