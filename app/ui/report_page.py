"""The page of the step Report: what the documents are made from, and the button that writes them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui.action_table import ActionTable
from app.ui.pieces import label, main_button
from twin.case import Case
from twin.wording import Wording

__all__ = ["ReportPage"]


class ReportPage(QWidget):
    """Says of which plan the report will be, and in what state it is."""

    def __init__(self, actions: ActionTable, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._wording = wording
        self._case: Case | None = None
        self._plan: str | None = None
        self._title = label("", "Section")
        self._intro = label("", "Quiet", wraps=True)
        self._state = label("", "Quiet", wraps=True)
        self.export_button = main_button(actions["file.export"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 10, 12)
        layout.setSpacing(10)
        for widget in (self._title, self._intro, self._state):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.export_button)
        self.set_wording(wording)

    def show_plan(self, case: Case | None, plan: str | None) -> None:
        """Say what the report will be of."""
        self._case, self._plan = case, plan
        self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def _write(self) -> None:
        wording = self._wording
        self._title.setText(wording.text("ui.report.title"))
        self._intro.setText(wording.text("ui.report.intro"))
        plan = None if self._case is None or self._plan is None else self._case.plans.get(self._plan)
        if plan is None:
            self._state.setText(wording.text("ui.report.no_plan"))
        else:
            state = "approved" if plan.is_approved else "draft"
            self._state.setText(wording.text(f"ui.report.{state}", plan=plan.name))
