"""The cuts of the plan: each can be chosen, left to the second operation, or taken out."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.ui.action_table import ActionTable
from app.ui.cut_words import cut_in_words
from app.ui.pieces import clear, label, set_property
from app.ui.plan_desk import PlanDesk
from app.ui.theme import DARK, Theme, icon
from twin.errors import UsageError
from twin.plan import Plan
from twin.resection import Resection
from twin.wording import Wording

__all__ = ["ADD_ACTIONS", "CutList"]

ADD_ACTIONS = (
    "plan.add_plane",
    "plan.add_sheet",
    "plan.add_territory",
    "plan.add_wedge",
    "plan.add_ablation",
    "plan.add_donor",
    "plan.add_pancreas",
    "plan.add_embolised",
    "plan.add_reconstructed",
    "plan.add_partition",
    "plan.add_absent",
)


class CutList(QWidget):
    """Rows of cuts with a button that adds one.

    Parameters
    ----------
    actions
        What can be added.
    desk
        The plan.
    """

    def __init__(self, actions: ActionTable, desk: PlanDesk, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wording = wording
        self._theme = DARK
        self.rows: list[_Row] = []
        self._title = label("", "Section")
        self.add_button = QToolButton()
        self.add_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.add_menu = QMenu(self)
        self.add_menu.setToolTipsVisible(True)
        for action_id in ADD_ACTIONS:
            if action_id in ("plan.add_pancreas", "plan.add_embolised"):
                self.add_menu.addSeparator()
            self.add_menu.addAction(actions[action_id])
        self.add_button.setMenu(self.add_menu)
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.add_button)
        self._column = QVBoxLayout()
        self._column.setSpacing(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(head)
        layout.addLayout(self._column)
        self.set_wording(wording)
        desk.cut_selected.connect(lambda index: self.show_plan())

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._title.setText(wording.text("ui.cuts.title"))
        self.add_button.setText(wording.text("ui.cuts.add"))
        self.add_button.setToolTip(wording.text("ui.cuts.add_tip"))
        self.show_plan()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme = theme
        self.show_plan()

    def show_plan(self) -> None:
        """List the cuts of the selected plan."""
        plan = self._desk.plan
        clear(self._column)
        self.rows = [] if plan is None else [self._made_row(plan, n, cut) for n, cut in enumerate(plan.resections)]
        for row in self.rows:
            self._column.addWidget(row)

    def _made_row(self, plan: Plan, number: int, cut: Resection) -> _Row:
        wording, can_edit = self._wording, self._desk.is_editable
        stage = plan.staged_resections[number][0]
        row = _Row(number, cut_in_words(cut, wording), is_selected=number == self._desk.active)
        row.chosen = self._desk.select_cut
        row.stage.setText(wording.text("ui.cuts.stage", stage=stage))
        row.stage.setToolTip(wording.text("ui.cuts.stage_tip") if can_edit else wording.text("ui.need.draft"))
        row.stage.setEnabled(can_edit)
        row.stage.clicked.connect(lambda: self._switch_stage(number, 3 - stage))
        is_last = len(plan.resections) < 2
        row.remove.setIcon(icon("delete", self._theme.text, self._theme.faint))
        row.remove.setEnabled(can_edit and not is_last)
        tip = "ui.need.draft" if not can_edit else "ui.cuts.last" if is_last else "ui.cuts.remove"
        row.remove.setToolTip(wording.text(tip))
        row.remove.clicked.connect(lambda: self._desk.remove_cut(number))
        return row

    def _switch_stage(self, number: int, stage: int) -> None:
        try:
            self._desk.set_stage(number, stage)
        except UsageError as error:  # nothing would be left for the first operation
            self._desk.failed.emit(error)


class _Row(QFrame):
    """One cut."""

    def __init__(self, number: int, text: str, *, is_selected: bool) -> None:
        super().__init__()
        self.setObjectName("Row")
        self.number = number
        self.chosen = lambda index: None
        set_property(self, "selected", "true" if is_selected else "false")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.text = label(text, wraps=True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.stage = QPushButton()
        self.stage.setObjectName("Small")
        self.remove = QToolButton()
        self.remove.setObjectName("Flat")
        self.remove.setIconSize(QSize(16, 16))
        line = QHBoxLayout(self)
        line.setContentsMargins(7, 2, 2, 2)
        line.setSpacing(4)
        for widget in (self.text, self.stage, self.remove):
            line.addWidget(widget)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Work on this cut."""
        event.accept()
        self.chosen(self.number)
