"""Structures that the figures of the plan use: each is confirmed by a person before the plan can be approved."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.services.anatomy_checklist import ChecklistItem
from app.services.plan_resection import structures_of_figures
from app.ui.checklist_rows import ChecklistRows
from app.ui.patient_banner import written_day
from app.ui.pieces import ColourChip, clear, label
from twin.anatomy import structure
from twin.case import Case
from twin.plan import Plan
from twin.wording import Wording

__all__ = ["ApprovalPage"]


class ApprovalPage(QWidget):
    """Rows of structures, then what is still lacking."""

    confirm_asked = Signal(object)  # tuple of structure ids
    answer_given = Signal(str, object, object)  # question of the anatomy, Judgement, Sight or None

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._case: Case | None = None
        self._plan: Plan | None = None
        self._is_read_only = False
        self.confirm_buttons: dict[str, QPushButton] = {}
        self._lead = label("", "Quiet", wraps=True)
        self.confirm_all = QPushButton()
        self._rows = QVBoxLayout()
        self._rows.setSpacing(3)
        self.lacking = label("", "Warning", wraps=True)
        self._note = label("", "Faint", wraps=True)
        self.checklist = ChecklistRows(wording)
        self.checklist.answered.connect(self.answer_given)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._lead)
        layout.addLayout(self._rows)
        layout.addWidget(self.confirm_all)
        layout.addWidget(self.lacking)
        layout.addWidget(self._note)
        layout.addWidget(self.checklist)
        layout.addStretch(1)
        self.confirm_all.clicked.connect(lambda: self.confirm_asked.emit(self.unconfirmed()))
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._lead.setText(wording.text("ui.approval.lead"))
        self._note.setText(wording.text("ui.approval.note"))
        self.checklist.set_wording(wording)
        self._write()

    def show_plan(
        self,
        case: Case | None,
        plan: Plan | None,
        *,
        is_read_only: bool,
        questions: Sequence[ChecklistItem] = (),
    ) -> None:
        """Show what a plan uses, and the first questions about the anatomy."""
        self._case, self._plan, self._is_read_only = case, plan, is_read_only
        self.checklist.show_items(questions if plan is not None else (), is_read_only=is_read_only)
        self._write()

    def used(self) -> tuple[str, ...]:
        """Structures that the figures of the plan use."""
        return () if self._case is None or self._plan is None else structures_of_figures(self._case, self._plan)

    def unconfirmed(self) -> tuple[str, ...]:
        """Those that nobody has confirmed as they are now."""
        return tuple(i for i in self.used() if self._case is not None and not self._case.is_confirmed(i))

    def _write(self) -> None:
        wording, case, plan = self._wording, self._case, self._plan
        clear(self._rows)
        self.confirm_buttons = {}
        for structure_id in self.used():
            self._rows.addWidget(self._made_row(structure_id))
        open_ids = self.unconfirmed()
        self.confirm_all.setText(wording.text("ui.approval.confirm_all", count=len(open_ids)))
        self.confirm_all.setVisible(len(open_ids) > 1)
        self.confirm_all.setEnabled(not self._is_read_only)
        self.confirm_all.setToolTip(wording.text("ui.need.writable") if self._is_read_only else "")
        text = ""
        if case is not None and plan is not None and not plan.is_approved:
            outcome = case.outcomes.get(plan.name)
            if open_ids:
                text = wording.text("ui.approval.unconfirmed", count=len(open_ids))
            elif outcome is None or outcome.is_stale:
                text = wording.text("ui.need.figures")
        self.lacking.setText(text)
        self.lacking.setVisible(bool(text))

    def _made_row(self, structure_id: str) -> QWidget:
        wording, case = self._wording, self._case
        assert case is not None
        known = structure(structure_id)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(ColourChip(known.colour))
        column = QVBoxLayout()
        column.setSpacing(0)
        name = label(known.name(wording.language), wraps=True)
        name.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        column.addWidget(name)
        line.addLayout(column, 1)
        confirmation = case.confirmations.get(structure_id)
        if case.is_confirmed(structure_id) and confirmation is not None:
            text = wording.text("ui.approval.by", by=confirmation.by, time=written_day(confirmation.time_utc, wording))
            column.addWidget(label(text, "Good", wraps=True))
            return row
        if confirmation is not None:
            column.addWidget(label(wording.text("ui.approval.changed"), "Warning", wraps=True))
        button = QPushButton(wording.text("ui.approval.confirm"))
        button.setObjectName("Small")
        button.setEnabled(not self._is_read_only)
        button.setToolTip(
            wording.text("ui.need.writable") if self._is_read_only else wording.text("ui.approval.confirm_tip")
        )
        button.setAccessibleName(f"{wording.text('ui.approval.confirm')} {known.name(wording.language)}")
        button.clicked.connect(lambda: self.confirm_asked.emit((structure_id,)))
        self.confirm_buttons[structure_id] = button
        line.addWidget(button)
        return row
