"""Plans of the case: list, cuts, figures, vessels, the unfolded cut, confirmation and approval."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.services.anatomy_checklist import ChecklistItem, checklist_items
from app.services.rehearse_plan import CutFaces
from app.services.worded_figures import warning_in_words
from app.ui.action_table import ActionTable
from app.ui.approval_page import ApprovalPage
from app.ui.cut_list import CutList
from app.ui.cut_options import CutOptions
from app.ui.figure_table import FigureTable
from app.ui.patient_banner import written_day
from app.ui.pieces import Chip, action_button, clear, label, main_button, rule, scrolled, tool_button
from app.ui.plan_desk import PlanDesk
from app.ui.resectogram_view import ResectogramPanel
from app.ui.shown_figures import FigureState, ShownFigures
from app.ui.theme import Theme
from app.ui.vessel_list import VesselList
from app.ui.view_state import ViewState
from twin.case import Case
from twin.checklist import ChecklistAnswer
from twin.outcome import Outcome
from twin.plan import Approval, Plan
from twin.twin import Twin
from twin.wording import Wording

__all__ = ["PLAN_TABS", "PlanPanel"]

PLAN_TABS = ("figures", "vessels", "cut", "approval")
_UNDER_WAY = (FigureState.LIVE, FigureState.COMPUTING, FigureState.PREVIEW)


class PlanPanel(QWidget):
    """Right side of the window in the step Plan.

    Parameters
    ----------
    actions
        What can be done with plans.
    desk, state
        The plan that is worked on and its cut.
    """

    apart_changed = Signal(float)  # 0 to 1

    def __init__(
        self,
        actions: ActionTable,
        desk: PlanDesk,
        state: ViewState,
        wording: Wording,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._desk = desk
        self._wording = wording
        self._case: Case | None = None
        self._approvals: dict[str, Approval] = {}
        self._asked: tuple[Twin, Mapping[str, ChecklistAnswer], tuple[ChecklistItem, ...]] | None = None
        self._fit_timer = QTimer(self)
        self._fit_timer.setSingleShot(True)
        self._fit_timer.timeout.connect(self._fit_hands)
        self._title = label("", "Section")
        self.state_chip = Chip()
        self.plan_box = QComboBox()
        self.plan_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.plan_box.activated.connect(lambda index: desk.select(self.plan_box.currentText()))
        self._empty = label("", "Quiet", wraps=True)
        self.cuts = CutList(actions, desk, wording)
        self.options = CutOptions(actions, desk, state, wording)
        self.figures = FigureTable(wording)
        self.gland_figures = FigureTable(wording, "pancreas")
        self.vessels = VesselList(wording)
        self.unfolded = ResectogramPanel(wording)
        self.approval = ApprovalPage(wording)
        self._apart_label = label("", "Quiet")
        self.apart = QSlider(Qt.Orientation.Horizontal)
        self.apart.setRange(0, 100)
        self.apart.valueChanged.connect(lambda value: self.apart_changed.emit(value / 100.0))
        self.tabs: dict[str, QPushButton] = {}
        self.approve_button = main_button(actions["plan.approve"])
        self.unlock_button = action_button(actions["plan.unlock"])
        self._lay_out(actions)
        self.set_wording(wording)
        self.show_tab("figures")
        desk.figures_changed.connect(self.show_figures)
        desk.faces_changed.connect(self._on_faces)
        desk.cut_selected.connect(lambda index: self._fit_timer.start())
        self.vessels.vessel_chosen.connect(lambda vessel: state.move_crosshair(vessel.point_lps_mm))
        self.unfolded.view.place_chosen.connect(state.move_crosshair)
        state.crosshair_moved.connect(lambda: self.unfolded.view.show_crosshair(state.crosshair_lps_mm))

    def show_case(self, case: Case | None) -> None:
        """List the plans of a case, and show the one worked on."""
        self._case = case
        for plan in () if case is None else case.plans.values():
            if plan.approval is not None:
                self._approvals[plan.name] = plan.approval
        self._write()

    def show_figures(self, shown: ShownFigures) -> None:
        """Show the figures of the plan worked on."""
        plan = self._desk.previewed or self._desk.plan
        organs = ("liver",) if plan is None else plan.organ_ids
        self.figures.setVisible("liver" in organs)
        self.gland_figures.setVisible("pancreas" in organs)
        self.figures.show_figures(shown)
        self.gland_figures.show_figures(shown)
        self.vessels.show_vessels(shown.vessels)
        self._write_chip(self._case, self._desk.plan)
        self._write_notes(None if shown.settled is None else shown.settled.outcome)
        self.apart.setEnabled(shown.settled is not None)
        self.apart.setToolTip(self._wording.text("ui.apart.tip" if shown.settled is not None else "ui.need.figures"))

    def show_tab(self, name: str) -> None:
        """Show one of the pages below the cuts: figures, vessels, cut, approval."""
        self._pages.setCurrentIndex(PLAN_TABS.index(name))
        self.tabs[name].setChecked(True)

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self.cuts.set_theme(theme)
        self.vessels.set_theme(theme)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        parts = (self.figures, self.gland_figures, self.cuts, self.options, self.vessels, self.unfolded, self.approval)
        for part in parts:
            part.set_wording(wording)
        self._title.setText(wording.text("ui.plan.title"))
        self._empty.setText(wording.text("ui.plan.empty"))
        self.plan_box.setToolTip(wording.text("ui.plan.choose"))
        self._apart_label.setText(wording.text("ui.apart.label"))
        self.apart.setAccessibleName(wording.text("ui.apart.label"))
        for name, button in self.tabs.items():
            button.setText(wording.text(f"ui.tab.{name}"))
            button.setToolTip(wording.text(f"ui.tab.{name}_tip"))
        self._write()
        self.show_figures(self._desk.shown)

    def _lay_out(self, actions: ActionTable) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self.plan_box, 1)
        head.addWidget(self.state_chip)
        tools = QHBoxLayout()
        tools.setSpacing(2)
        for action_id in ("plan.new_plane", "plan.new_wedge", "plan.rename", "plan.duplicate", "plan.delete"):
            tools.addWidget(tool_button(actions[action_id]))
        tools.addStretch(1)
        tools.addWidget(self._apart_label)
        self.apart.setFixedWidth(56)  # the row must fit the panel at 1366 pixels
        tools.addWidget(self.apart)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 8, 10)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addLayout(tools)
        layout.addWidget(self._empty)
        layout.addWidget(self._made_hands())
        layout.addWidget(rule())
        layout.addLayout(self._made_tabs())
        layout.addWidget(self._made_pages(), 1)
        layout.addStretch(0)
        layout.addWidget(self.approve_button)
        layout.addWidget(self.unlock_button)

    def _made_hands(self) -> QScrollArea:
        """Cuts and options: as high as they are, up to a third of the window, then they scroll."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)  # beside the bar that scrolls
        column.setSpacing(5)
        column.addWidget(self.cuts)
        column.addWidget(self.options)
        column.addStretch(1)
        self._hands = scrolled(inner)
        return self._hands

    def _fit_hands(self) -> None:
        """Give cuts and options the height they need."""
        inner = self._hands.widget()
        width = self._hands.viewport().width()
        layout = None if inner is None else inner.layout()
        if layout is None:
            return
        layout.activate()
        needed = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height()
        self._hands.setFixedHeight(min(needed + 2, max(self.height() // 3, 180)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the height anew."""
        super().resizeEvent(event)
        self._fit_hands()

    def _made_tabs(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)
        group = QButtonGroup(self)
        for name in PLAN_TABS:
            button = QPushButton()
            button.setObjectName("Tab")
            button.setCheckable(True)
            button.clicked.connect(lambda checked=False, tab=name: self.show_tab(tab))
            group.addButton(button)
            self.tabs[name] = button
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _made_pages(self) -> QStackedWidget:
        figures = QWidget()
        column = QVBoxLayout(figures)
        column.setContentsMargins(0, 0, 6, 0)
        column.addWidget(self.figures)
        column.addWidget(self.gland_figures)
        column.addStretch(1)
        self._pages = QStackedWidget()
        for page in (figures, self.vessels, self.unfolded, self.approval):
            self._pages.addWidget(page if page is self.unfolded else scrolled(page))
        return self._pages

    def _on_faces(self, faces: CutFaces | None) -> None:
        awaited = faces is None and self._desk.shown.state is not FigureState.NONE
        self.unfolded.show_cuts(() if faces is None else faces.unfolded, self._desk.shown.vessels, is_awaited=awaited)

    def _write(self) -> None:
        case, plan = self._case, self._desk.plan
        plans = () if case is None else tuple(case.plans)
        self.plan_box.clear()
        self.plan_box.addItems(list(plans))
        if plan is not None:
            self.plan_box.setCurrentText(plan.name)
        self.plan_box.setVisible(bool(plans))
        self._empty.setVisible(plan is None)
        self._pages.setVisible(plan is not None)
        for button in self.tabs.values():
            button.setVisible(plan is not None)
        self.cuts.show_plan()
        self.options.setVisible(plan is not None)
        self.options.show_cut()
        questions = self._questions(case)
        self.approval.show_plan(case, plan, is_read_only=not self._desk.can_write, questions=questions)
        is_approved = plan is not None and plan.is_approved
        self.approve_button.setVisible(not is_approved)
        self.unlock_button.setVisible(is_approved)
        self._write_chip(case, plan)
        self._hands.setVisible(plan is not None or case is not None)
        self._fit_timer.start()  # once the new rows are laid out

    def _questions(self, case: Case | None) -> tuple[ChecklistItem, ...]:
        """Return the first questions about the anatomy; looked for again only when twin or answers changed."""
        twin = self._desk.twin
        if case is None or twin is None:
            return ()
        if self._asked is None or self._asked[0] is not twin or self._asked[1] != case.checklist_answers:
            self._asked = (twin, case.checklist_answers, checklist_items(case, twin))
        return self._asked[2]

    def _write_chip(self, case: Case | None, plan: Plan | None) -> None:
        wording = self._wording
        if self._desk.previewed is not None:
            self.state_chip.show_state(wording.text("ui.plan.state.proposal"), "warning")
            return
        if case is None or plan is None:
            self.state_chip.show_state("")
            return
        outcome, earlier = case.outcomes.get(plan.name), self._approvals.get(plan.name)
        if plan.approval is not None:
            day = written_day(plan.approval.time_utc, wording)
            tip = wording.text("ui.plan.approved_by", by=plan.approval.by, time=day)
            self.state_chip.show_state(wording.text("ui.plan.state.approved"), "good", tip)
        elif earlier is not None:
            tip = wording.text("ui.plan.superseded_tip", by=earlier.by, time=written_day(earlier.time_utc, wording))
            self.state_chip.show_state(wording.text("ui.plan.state.superseded"), "warning", tip)
        elif outcome is not None and outcome.is_stale and self._desk.shown.state not in _UNDER_WAY:
            self.state_chip.show_state(wording.text("ui.plan.state.stale"), "warning")
        else:
            self.state_chip.show_state(wording.text("ui.plan.state.draft"), "")

    def _write_notes(self, outcome: Outcome | None) -> None:
        """What the surgeon must know beside the figures."""
        clear(self.figures.notes)
        clear(self.gland_figures.notes)
        if outcome is None:
            return
        table = self.figures if outcome.liver is not None else self.gland_figures
        for warning in outcome.warnings:
            text = warning_in_words(warning, self._wording)
            table.notes.addWidget(label(text, "Warning", wraps=True))
