"""Plans of the case: list, cut, figures, warnings, approval and export."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.action_table import ActionTable
from app.ui.figure_table import FigureTable
from app.ui.pieces import Chip, action_button, clear, label, main_button, rule, tool_button
from app.ui.plan_desk import FigureState, PlanDesk, ShownFigures
from twin.anatomy import structure
from twin.case import Case
from twin.outcome import Outcome
from twin.plan import Plan
from twin.resection import WedgeCut
from twin.wording import Wording

__all__ = ["PlanPanel"]

_MARGIN_DELAY_MS = 250
_MOST_VESSELS = 8
_UNDER_WAY = (FigureState.LIVE, FigureState.COMPUTING)


class PlanPanel(QWidget):
    """Right side of the window."""

    wedge_changed = Signal(object)  # WedgeCut

    def __init__(self, actions: ActionTable, desk: PlanDesk, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = desk
        self._wording = wording
        self._case: Case | None = None
        self._is_writing = False
        self._title = label("", "Section")
        self.state_chip = Chip()
        self.plan_box = QComboBox()
        self.plan_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.plan_box.activated.connect(self._on_plan_chosen)
        self._empty = label("", "Quiet", wraps=True)
        self._footer = label("", "Faint", wraps=True)
        self.figures = FigureTable(wording)
        self._vessels = QVBoxLayout()
        self._vessels.setSpacing(4)
        self.wedge_box = QWidget()
        self._lesion_label, self._margin_label = label("", "Quiet"), label("", "Quiet")
        self.lesion_choice = QComboBox()
        self.lesion_choice.activated.connect(self._tell_wedge)
        self.margin = QDoubleSpinBox()
        self.margin.setRange(0.0, 50.0)
        self.margin.setSingleStep(1.0)
        self.margin.setDecimals(1)
        self._margin_timer = QTimer(self)
        self._margin_timer.setSingleShot(True)
        self._margin_timer.setInterval(_MARGIN_DELAY_MS)
        self._margin_timer.timeout.connect(self._tell_wedge)
        self.margin.valueChanged.connect(self._on_margin_typed)
        self._plane_row = QWidget()
        self.approve_button = main_button(actions["plan.approve"])
        self.unlock_button = action_button(actions["plan.unlock"])
        self._lay_out(actions)
        self.set_wording(wording)
        desk.figures_changed.connect(self.show_figures)

    def show_case(self, case: Case | None) -> None:
        """List the plans of a case, and show the one worked on."""
        self._case = case
        self._write()

    def show_figures(self, shown: ShownFigures) -> None:
        """Show the figures of the plan worked on."""
        self.figures.show_figures(shown)
        self._write_chip(self._case, self._desk.plan)
        self._write_notes(None if shown.settled is None else shown.settled.outcome)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.figures.set_wording(wording)
        self._title.setText(wording.text("ui.plan.title"))
        self._empty.setText(wording.text("ui.plan.empty"))
        self._lesion_label.setText(wording.text("ui.plan.lesion"))
        self._margin_label.setText(wording.text("ui.plan.margin"))
        self._footer.setText(wording.text("ui.plan.footer"))
        self.margin.setSuffix("\u00a0mm")
        self.margin.setLocale(QLocale(wording.language))
        self.plan_box.setToolTip(wording.text("ui.plan.choose"))
        self._write()
        settled = self._desk.shown.settled
        self._write_notes(None if settled is None else settled.outcome)

    def _lay_out(self, actions: ActionTable) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self.state_chip)
        tools = QHBoxLayout()
        tools.setSpacing(2)
        for action_id in ("plan.new_plane", "plan.new_wedge", "plan.rename", "plan.duplicate", "plan.delete"):
            tools.addWidget(tool_button(actions[action_id]))
        tools.addStretch(1)
        plane = QHBoxLayout(self._plane_row)
        plane.setContentsMargins(0, 0, 0, 0)
        for action_id in ("plan.flip", "plan.centre"):
            plane.addWidget(action_button(actions[action_id]))
        wedge = QVBoxLayout(self.wedge_box)
        wedge.setContentsMargins(0, 0, 0, 0)
        for name, editor in ((self._lesion_label, self.lesion_choice), (self._margin_label, self.margin)):
            line = QHBoxLayout()
            line.addWidget(name, 1)
            line.addWidget(editor, 1)
            wedge.addLayout(line)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.addWidget(self.figures)
        column.addLayout(self._vessels)
        column.addStretch(1)
        column.addWidget(self._footer)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 8, 10)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.plan_box)
        layout.addLayout(tools)
        layout.addWidget(self._plane_row)
        layout.addWidget(self.wedge_box)
        layout.addWidget(rule())
        layout.addWidget(self._empty)
        layout.addWidget(self._area, 1)
        layout.addStretch(0)
        layout.addWidget(self.approve_button)
        layout.addWidget(self.unlock_button)
        layout.addWidget(action_button(actions["file.export"]))

    def _write(self) -> None:
        case, plan = self._case, self._desk.plan
        plans = () if case is None else tuple(case.plans)
        self._is_writing = True
        self.plan_box.clear()
        self.plan_box.addItems(list(plans))
        if plan is not None:
            self.plan_box.setCurrentText(plan.name)
        self.plan_box.setVisible(bool(plans))
        self._empty.setVisible(plan is None)
        self._area.setVisible(plan is not None)
        wedge = self._desk.wedge()
        self.wedge_box.setVisible(wedge is not None)
        self._plane_row.setVisible(plan is not None and wedge is None)
        if wedge is not None:
            self._write_wedge(wedge)
        self._is_writing = False
        is_approved = plan is not None and plan.is_approved
        self.approve_button.setVisible(not is_approved)
        self.unlock_button.setVisible(is_approved)
        self._write_chip(case, plan)

    def _write_wedge(self, wedge: WedgeCut) -> None:
        self.lesion_choice.clear()
        for lesion_id in self._desk.lesion_ids():
            self.lesion_choice.addItem(structure(lesion_id).name(self._wording.language), lesion_id)
        self.lesion_choice.setCurrentIndex(max(self.lesion_choice.findData(wedge.lesion_id), 0))
        if not self.margin.hasFocus() or not self._margin_timer.isActive():
            self.margin.setValue(wedge.margin_mm)

    def _write_chip(self, case: Case | None, plan: Plan | None) -> None:
        wording = self._wording
        if case is None or plan is None:
            self.state_chip.show_state("")
            return
        outcome = case.outcomes.get(plan.name)
        if plan.approval is not None:
            tip = wording.text("ui.plan.approved_by", by=plan.approval.by, time=plan.approval.time_utc[:10])
            self.state_chip.show_state(wording.text("ui.plan.state.approved"), "good", tip)
        elif outcome is not None and outcome.is_stale and self._desk.shown.state not in _UNDER_WAY:
            self.state_chip.show_state(wording.text("ui.plan.state.stale"), "warning")
        else:
            self.state_chip.show_state(wording.text("ui.plan.state.draft"), "")

    def _write_notes(self, outcome: Outcome | None) -> None:
        """What the surgeon must know beside the figures, and the vessels that are crossed."""
        clear(self.figures.notes)
        clear(self._vessels)
        if outcome is None:
            return
        wording = self._wording
        for warning in outcome.warnings:
            text = wording.text(warning.message_id, **warning.parameters)
            self.figures.notes.addWidget(label(text, "Warning", wraps=True))
        if outcome.clip_list:
            self._vessels.addWidget(label(wording.text("ui.plan.vessels"), "Section", wraps=True))
        for vessel in outcome.clip_list[:_MOST_VESSELS]:
            text = wording.text(
                "ui.plan.vessel",
                order=vessel.order,
                branch=vessel.branch,
                diameter=wording.quantity(vessel.diameter_mm, "mm"),
            )
            self._vessels.addWidget(label(text, "Quiet", wraps=True))

    def _on_plan_chosen(self) -> None:
        self._desk.select(self.plan_box.currentText())

    def _on_margin_typed(self) -> None:
        if not self._is_writing:
            self._margin_timer.start()

    def _tell_wedge(self) -> None:
        if not self._is_writing and self._desk.wedge() is not None:
            lesion_id = str(self.lesion_choice.currentData())
            self.wedge_changed.emit(WedgeCut(lesion_id, self.margin.value()))
