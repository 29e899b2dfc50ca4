"""The page of the step Consult: of which plan the story is, and the button that opens the consultation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.services.jobs import Job
from app.ui.case_work import CaseWork
from app.ui.dialogs import Dialogs
from app.ui.equipment import Equipment
from app.ui.pieces import label
from app.ui.plan_desk import PlanDesk
from app.ui.window_thread import JobAnswers, WindowJobs, WindowThread
from twin.wording import Wording

if TYPE_CHECKING:
    from app.ui.consultation import Consultation

__all__ = ["ConsultationPage"]


class ConsultationPage(QWidget):
    """Says of which plan the story will be, and opens the consultation.

    Parameters
    ----------
    desk
        Knows the plan that is chosen.
    equipment, jobs, window_thread, dialogs
        Of the window.
    """

    asked_too_early = Signal(str)  # message id
    failed = Signal(object)  # Exception

    def __init__(
        self,
        desk: PlanDesk,
        equipment: Equipment,
        jobs: WindowJobs,
        window_thread: WindowThread,
        dialogs: Dialogs,
        wording: Wording,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.consultation: Consultation | None = None
        self._desk, self._equipment, self._jobs = desk, equipment, jobs
        self._window_thread, self._dialogs, self._wording = window_thread, dialogs, wording
        self._work: CaseWork | None = None
        self._title = label("", "Section")
        self._intro = label("", "Quiet", wraps=True)
        self._state = label("", "Quiet", wraps=True)
        self.open_button = QPushButton()
        self.open_button.setObjectName("Main")
        self.open_button.setMinimumHeight(44)
        self.open_button.clicked.connect(self.open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 10, 12)
        layout.setSpacing(10)
        for widget in (self._title, self._intro, self._state, self.open_button):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.set_wording(wording)

    def set_work(self, work: CaseWork | None) -> None:
        """Know the open case; the consultation about another one ends."""
        if work is not self._work:
            self.end()
        self._work = work
        self._write()

    def refresh(self) -> None:
        """Say what the story will be of, as the plan is now."""
        self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        if self.consultation is not None:
            self.consultation.set_wording(wording)
        self._write()

    def open(self) -> None:
        """Open the consultation about the chosen plan, or bring the one that is open to the front."""
        work, plan = self._work, self._desk.plan
        if work is None or plan is None:
            return
        if self.consultation is not None and self.consultation.plan_name == plan.name:
            self.consultation.team.raise_()
            return
        if work.built is None:
            self.asked_too_early.emit("ui.consult.wait")
            return
        # What makes documents takes a second to load: neither at every start of the program nor in the window's thread.
        job = Job("ui.task.consultation", lambda progress, cancel: import_module("app.ui.consultation"))
        name = plan.name
        self._jobs.submit(job, JobAnswers(lambda result: self._begin(work, name), self.failed.emit))

    def _begin(self, work: CaseWork, plan_name: str) -> None:
        from app.ui.consultation import Consultation

        if work is not self._work or work.built is None:
            return  # closed meanwhile
        self.end()
        self.consultation = Consultation(
            work, work.built.twin, plan_name, self._jobs, self._window_thread, self._dialogs,
            self._equipment.renderer, self._wording, self.failed.emit, self,
        )  # fmt: skip
        self.consultation.ended.connect(self._on_ended)
        self.consultation.start()

    def end(self) -> None:
        """Close the consultation that is open."""
        if self.consultation is not None:
            self.consultation.end()

    def _on_ended(self) -> None:
        ended: QObject | None = self.consultation
        self.consultation = None
        if ended is not None:
            ended.deleteLater()

    def _write(self) -> None:
        say, plan = self._wording.text, self._desk.plan
        self._title.setText(say("ui.consult.title"))
        self._intro.setText(say("ui.consult.intro"))
        self.open_button.setText(say("ui.consult.open"))
        self.open_button.setEnabled(plan is not None and self._work is not None)
        if plan is None:
            self._state.setText(say("ui.consult.no_plan"))
        else:
            self._state.setText(say(f"ui.consult.{'approved' if plan.is_approved else 'draft'}", plan=plan.name))
