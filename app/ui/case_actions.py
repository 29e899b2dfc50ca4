"""What is done to a case: make one, segment, confirm, plan, approve, export."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6

from app.services.anatomy_checklist import answer_edit, checklist_items
from app.services.case_session import CaseSession
from app.services.import_study import ImportRequest, import_into_case
from app.services.jobs import Job
from app.services.second_scan import LabelledScan, segment_scan_of_session
from app.services.segment_case import (
    SegmenterState,
    SegmentSummary,
    choose_segmenter,
    segment_session,
    states_of_segmenters,
)
from app.ui.segmenters_dialog import SegmentersDialog
from app.ui.steps import Step
from app.ui.window_thread import JobAnswers
from twin.anatomy import structure
from twin.checklist import Judgement, Sight
from twin.edit import ApprovalEdit, ConfirmationEdit, FactsEdit, GroupEdit
from twin.job import CancelToken, ProgressListener
from twin.patient import PatientFacts
from twin.resection import WedgeCut
from twin.wording import NOT_A_DEVICE, Wording

if TYPE_CHECKING:
    from app.ui.desk_control import DeskControl

__all__ = ["CaseActions"]

_USUAL_MARGIN_MM = 10.0  # historic aim for metastases, set by the user (JCTH-2022-00383)


class CaseActions:
    """Answers of the actions that change a case.

    Parameters
    ----------
    control
        Knows what is open.
    """

    def __init__(self, control: DeskControl) -> None:
        self._control = control
        self._window = control.window

    def answers(self) -> dict[str, Callable[[], None]]:
        """Return what each action does."""
        desk = self._window.desk
        return {
            "file.demo": self.make_demo,
            "file.create_case": self.create_case,
            "file.save": lambda: self._control.work.save() if self._control.work else None,
            "file.export": self.export,
            "anatomy.segment": self.segment,
            "anatomy.segment_with": self.choose_segmenter,
            "anatomy.confirm": self.confirm_selected,
            "anatomy.confirm_all": self.confirm_all,
            "plan.new_plane": self.new_plane,
            "plan.new_wedge": self.new_wedge,
            "plan.flip": desk.flip_plane,
            "plan.centre": desk.centre_plane,
            "plan.rename": self.rename_plan,
            "plan.duplicate": self.duplicate_plan,
            "plan.delete": self.delete_plan,
            "plan.approve": self.approve_plan,
            "plan.unlock": self.unlock_plan,
            "help.about": self.show_about,
        }

    def make_demo(self) -> None:
        """Build a made-up patient and open it."""
        equipment = self._window.equipment
        folder = equipment.cache_folder / "demo"

        def work(progress: ProgressListener, cancel: CancelToken) -> Path:
            from app.services.demo_case import make_demo_case  # the phantom is not needed at every start

            return make_demo_case(folder, recipe=equipment.demo_recipe, progress=progress, cancel=cancel)

        self._control.begin("ui.task.demo", work, lambda path: self._control.open_made_case(path))

    def create_case(self, then: Callable[[], None] | None = None) -> None:
        """Make a case of the series that is looked at; ``then`` is done once it is open."""
        control, window = self._control, self._window
        if control.study is None or control.series is None:
            return
        proposal = f"{date.today().isoformat()}.twinsight"  # no name of a patient in a file name
        path = window.dialogs.new_case(window.wording, window.settings.last_folder, proposal)
        if path is None:
            return
        request = ImportRequest(path, control.study.path, (control.series.uid,), control.series.uid)

        def work(progress: ProgressListener, cancel: CancelToken) -> object:
            return import_into_case(request, progress=progress, cancel=cancel)

        window.remember(last_folder=str(path.parent))
        control.begin("ui.task.create_case", work, lambda result: control.open_made_case(path, then))

    def segment(self, segmenter_id: str = "") -> None:
        """Label the planning scan, by the first segmenter that can run here or by one that was chosen.

        A case is made first where there is none.
        """
        control = self._control
        if control.work is None:
            self.create_case(lambda: self.segment(segmenter_id))
            return
        session, segmenters = control.work.session, self._window.equipment.segmenters

        def work(progress: ProgressListener, cancel: CancelToken) -> SegmentSummary:
            chosen = choose_segmenter(segmenters(), segmenter_id)
            return segment_session(session, chosen, progress=progress, cancel=cancel)

        control.begin("ui.task.segment", work, self._on_segmented)

    def choose_segmenter(self) -> None:
        """Show every segmenter, with the reason where one cannot run here, and start the one that is chosen."""
        window, segmenters = self._window, self._window.equipment.segmenters
        dialog = SegmentersDialog(window.wording, self.segment, window)
        dialog.finished.connect(dialog.deleteLater)
        dialog.show()

        def ask(progress: ProgressListener, cancel: CancelToken) -> tuple[SegmenterState, ...]:
            return tuple(states_of_segmenters(segmenters()))

        def show(states: object) -> None:
            if isinstance(states, tuple) and shiboken6.isValid(dialog):
                dialog.show_states(states)

        # One of another program is asked by starting it: that takes a while.
        window.jobs.submit(Job("ui.task.segmenters", ask), JobAnswers(show, self._control.fail))

    def confirm_selected(self) -> None:
        """Declare one structure right."""
        selected = self._window.structure_panel.selected
        if selected is not None:
            self.confirm((selected,))

    def confirm_all(self) -> None:
        """Declare every structure right that nobody has confirmed."""
        case = self._control.work.case if self._control.work else None
        if case is not None:
            self.confirm(tuple(i for i in case.structure_ids() if not case.is_confirmed(i)))

    def enter_facts(self, facts: PatientFacts) -> None:
        """Take over facts that a person entered."""
        if self._control.work is not None:
            self._control.work.do(FactsEdit(facts))

    def new_plane(self) -> None:
        """Make a plan with a plane through the middle of the liver."""
        cut = self._window.desk.first_plane()
        if cut is not None:
            self._window.show_step(Step.PLAN)
            self._window.desk.add_plan(self.free_name(), (cut,))

    def new_wedge(self) -> None:
        """Make a plan with a wedge around the largest lesion."""
        lesions = self._window.desk.lesion_ids()
        if lesions:
            self._window.show_step(Step.PLAN)
            self._window.desk.add_plan(self.free_name(), (WedgeCut(lesions[0], _USUAL_MARGIN_MM),))

    def rename_plan(self) -> None:
        """Give the plan another name."""
        plan = self._window.desk.plan
        if plan is None:
            return
        wording = self._window.wording
        title = wording.text("ui.action.plan.rename").replace("…", "")
        name = self._window.dialogs.name(title, wording.text("ui.dialog.plan_name"), plan.name)
        if name is None or name == plan.name:
            return
        if name in self._plans():
            self._window.message_bar.say(lambda words: words.text("ui.message.plan_exists", plan=name), "warning")
            return
        self._window.desk.rename_plan(name)

    def duplicate_plan(self) -> None:
        """Make a copy of the plan, to try a variant."""
        plan = self._window.desk.plan
        if plan is not None:
            self._window.desk.add_plan(self.free_name(), plan.resections, plan.stages)

    def delete_plan(self) -> None:
        """Remove the plan; it can be undone."""
        self._window.desk.delete_plan()

    def approve_plan(self) -> None:
        """Let the surgeon approve the plan, or say what is still missing."""
        window, plan = self._window, self._window.desk.plan
        if plan is None:
            return
        wording = window.wording
        by = window.dialogs.declaration(
            wording,
            wording.text("ui.action.plan.approve").replace("…", ""),
            wording.text("ui.dialog.approve", plan=plan.name),
            window.settings.declared_name,
        )
        if by is not None:
            window.remember(declared_name=by)
            window.desk.approve(by)

    def unlock_plan(self) -> None:
        """Take the approval back: the plan is a draft again."""
        plan, work = self._window.desk.plan, self._control.work
        if plan is not None and work is not None:
            work.do(ApprovalEdit(plan.name, None))

    def export(self) -> None:
        """Write files for other programs and documents for people."""
        from app.services.export_case import ExportRequest, export_session  # brings WeasyPrint: not at every start

        window, work = self._window, self._control.work
        if work is None:
            return
        folder = window.dialogs.folder(window.wording.text("ui.dialog.export"), window.settings.last_folder)
        if folder is None:
            return
        target = folder / f"{work.folder.path.stem}-export" if any(folder.iterdir()) else folder
        plan = window.desk.plan
        request = ExportRequest(target, (), plan.name if plan else "", window.wording.language, omits_impossible=True)
        session: CaseSession = work.session
        twin = None if work.built is None else work.built.twin
        renderer = window.equipment.renderer

        def job(progress: ProgressListener, cancel: CancelToken) -> object:
            return export_session(session, request, renderer, twin=twin, progress=progress, cancel=cancel)

        self._control.begin("ui.task.export", job, self._on_exported)

    def show_about(self) -> None:
        """Say what TwinSight is, and what it is not."""
        wording = self._window.wording
        text = f"<h3>TwinSight</h3><p>{wording.text('ui.about')}</p><p>{wording.text(NOT_A_DEVICE)}</p>"
        self._window.dialogs.tell(wording.text("ui.action.help.about"), text)

    def confirm(self, structure_ids: tuple[str, ...]) -> None:
        """Let a person declare structures right under a name."""
        window, work = self._window, self._control.work
        if work is None or not structure_ids:
            return
        wording = window.wording
        names = ", ".join(structure(i).name(wording.language) for i in structure_ids)
        by = window.dialogs.declaration(
            wording,
            wording.text("ui.dialog.confirm_title"),
            wording.text("ui.dialog.confirm", structures=names),
            window.settings.declared_name,
        )
        if by is None:
            return
        window.remember(declared_name=by)
        work.do(
            lambda case: GroupEdit(
                "edit.confirmation", tuple(ConfirmationEdit.declaring(case, i, by) for i in structure_ids)
            )
        )

    def answer_question(self, item_id: str, judgement: Judgement, sight: Sight | None) -> None:
        """Let a person answer a first question about the anatomy under a name."""
        window, work, twin = self._window, self._control.work, self._window.desk.twin
        if work is None or twin is None:
            return
        wording = window.wording
        by = window.dialogs.declaration(
            wording,
            wording.text("ui.checklist.dialog_title"),
            wording.text("ui.checklist.dialog", question=wording.text(f"checklist.item.{item_id}")),
            window.settings.declared_name,
        )
        if by is None:
            return
        window.remember(declared_name=by)
        work.do(lambda case: answer_edit(checklist_items(case, twin), item_id, judgement, sight, by=by))

    def label_scan(self, volume_id: str) -> None:
        """Label a scan of another date and register it on the liver, so that growth is measured on it."""
        control = self._control
        if control.work is None:
            return
        session, segmenters = control.work.session, self._window.equipment.segmenters

        def work(progress: ProgressListener, cancel: CancelToken) -> LabelledScan:
            chosen = choose_segmenter(segmenters())
            return segment_scan_of_session(session, volume_id, chosen, progress=progress, cancel=cancel)

        control.begin("ui.task.segment", work, self._on_scan_labelled)

    def _on_scan_labelled(self, result: object) -> None:
        if not isinstance(result, LabelledScan):
            return
        registered = result.registered
        kind = "warning" if registered.doubts else "info"
        self._window.message_bar.say(lambda words: " ".join(registered.lines(words)), kind)

    def _on_segmented(self, result: object) -> None:
        window = self._window
        if not isinstance(result, SegmentSummary):
            return
        self._control.say("ui.status.segmented", count=len(result.volumes_ml), seconds=round(result.seconds))
        if result.warnings:
            found = result.warnings
            window.message_bar.say(
                lambda words: " ".join(words.text(w.message_id, **w.parameters) for w in found), "warning"
            )

    def _on_exported(self, result: object) -> None:
        window = self._window
        from app.services.export_case import ExportResult

        if not isinstance(result, ExportResult):
            return

        def told(words: Wording) -> str:
            text = words.text("ui.message.exported", count=len(result.files), folder=str(result.folder))
            return " ".join([text, *result.worded_omissions(words)])

        window.message_bar.say(told, "warning" if result.worded_omissions(window.wording) else "info")

    def _plans(self) -> tuple[str, ...]:
        work = self._control.work
        return () if work is None else tuple(work.case.plans)

    def free_name(self) -> str:
        """Return the next letter that no plan has as its name."""
        used = self._plans()
        letters = (chr(ord("A") + n) for n in range(26))
        return next((letter for letter in letters if letter not in used), f"{len(used) + 1}")
