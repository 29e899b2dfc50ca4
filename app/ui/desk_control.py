"""What happens when: opening, the case that is open, and what can be done at each moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.scene.slice_frame import SliceAxis
from app.scene.window_level import presets_of
from app.services.case_session import SessionEvent, SessionEventKind
from app.services.jobs import Job, JobHandle
from app.ui.action_table import ACTIONS, Need
from app.ui.availability import needs_met
from app.ui.case_actions import CaseActions
from app.ui.case_work import BuiltTwin, CaseWork
from app.ui.plan_desk import FigureState, ShownFigures
from app.ui.planner_actions import PlannerActions
from app.ui.segment_editor_actions import SegmentEditorActions
from app.ui.slab_actions import SlabActions
from app.ui.steps import Step
from app.ui.study_opening import OpenStudy, StudyOpening
from app.ui.study_page import StudyTab
from app.ui.window_actions import WindowActions
from app.ui.window_thread import JobAnswers
from app.ui.worded_error import typed_error, worded_error
from twin.case import Case
from twin.job import CancelToken, ProgressListener
from twin.patient import PatientFacts, PatientIdentity
from twin.readers.series import Series
from twin.store import CaseFolder
from twin.volume import Quantity, Volume
from twin.wording import Wording

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow

__all__ = ["DeskControl"]

_LOGGER = logging.getLogger(__name__)


class DeskControl(QObject):
    """Brings the parts of the window together.

    Parameters
    ----------
    window
        Owns the parts.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.opening = StudyOpening(window.jobs, window.window_thread, self)
        self.case_actions = CaseActions(self)
        self.window_actions = WindowActions(self)
        self.planner_actions = PlannerActions(self)
        self.work: CaseWork | None = None
        self.study: OpenStudy | None = None
        self.series: Series | None = None
        self.volume: Volume | None = None
        self._then: Callable[[], None] | None = None
        self._is_closing = False
        self._finishing: list[Callable[[], None]] = []
        self._said: tuple[str, dict[str, object]] = ("", {})
        self._said_text = ""

    def answers(self) -> dict[str, Callable[[], None]]:
        """Return what each action does."""
        answers = {
            **self.window_actions.answers(),
            **self.case_actions.answers(),
            **SegmentEditorActions(self.window).answers(),
            **self.planner_actions.answers(),
            **SlabActions(self).answers(),
        }
        assert set(answers) == {action.id for action in ACTIONS}
        return answers

    def connect_parts(self) -> None:
        """Listen to every part of the window."""
        window, opening = self.window, self.opening
        opening.started.connect(self._on_task)
        opening.progressed.connect(window.task_strip.advance)
        opening.study_read.connect(self._on_study)
        opening.slice_read.connect(lambda series, volume: self._on_volume(series, volume, is_preview=True))
        opening.volume_read.connect(lambda series, volume: self._on_volume(series, volume, is_preview=False))
        opening.case_opened.connect(self._on_case_folder)
        opening.failed.connect(self._on_opening_failed)
        opening.cancelled.connect(self._on_opening_cancelled)
        window.start_page.recent_chosen.connect(self.open_path)
        window.series_panel.series_chosen.connect(self.load_series)
        window.series_panel.volume_chosen.connect(self._show_case_volume)
        window.series_panel.growth_asked.connect(self.case_actions.label_scan)
        window.structure_panel.selected_changed.connect(self.refresh)
        self._connect_editor()
        window.facts_form.entered.connect(self.case_actions.enter_facts)
        window.facts_form.refused.connect(self.fail)
        window.compare_page.plan_chosen.connect(window.desk.select)
        window.proposals_page.search_asked.connect(self.planner_actions.propose)
        window.proposals_page.preview_asked.connect(window.desk.preview)
        window.proposals_page.keep_asked.connect(self.planner_actions.keep_proposal)
        window.plan_panel.apart_changed.connect(window.plan_sync.pull_apart)
        window.plan_panel.approval.confirm_asked.connect(self.case_actions.confirm)
        window.plan_panel.approval.answer_given.connect(self.case_actions.answer_question)
        for view in window.views.views:
            view.plane_dragged.connect(window.desk.drag_plane)
            view.plane_released.connect(window.desk.release_plane)
        window.desk.failed.connect(self.fail)
        window.desk.figures_changed.connect(self._on_figures)
        window.desk.plan_selected.connect(lambda name: self._on_plan())
        window.state.window_changed.connect(window.mark_preset)
        window.rail.step_chosen.connect(window.show_step)
        window.rail.refused.connect(self.say)
        window.consultation_page.asked_too_early.connect(self.say)
        window.consultation_page.failed.connect(self.fail)
        window.twin_view.picked.connect(self.window_actions.follow_pick)
        window.twin_view.picked.connect(window.plan_panel.options.territory.pick)
        window.measures.changed.connect(self.window_actions.follow_measures)
        window.state.clip_changed.connect(self.refresh)
        window.state.tool_changed.connect(self.window_actions.mark_tools)
        window.actions_["view.labels"].setChecked(True)
        window.actions_["view.light"].setChecked(window.settings.theme == "light")

    def _connect_editor(self) -> None:
        editor, window = self.window.editor, self.window
        editor.failed.connect(self.fail)
        editor.told.connect(lambda message_id, parameters: self.say(message_id, **parameters))
        editor.patch_changed.connect(window.sync.show_patch)
        for changed in (editor.changed, editor.pending_changed):
            changed.connect(self.refresh)
        for view in window.slices.values():
            editor.overlay_changed.connect(view.update)

    # Opening

    def open_path(self, path: Path) -> None:
        """Open a study or a case; what was open is closed once the new one has come."""
        self._then = None
        self.window.message_bar.hide()
        if self.work is not None and self.work.folder.path.resolve() == path.resolve():
            self.say("ui.status.already_open")
            return
        self.opening.open(path)
        self.refresh()

    def load_series(self, series: Series) -> None:
        """Look at another series of the study."""
        if self.series is not series:
            self.opening.load(series)

    def open_made_case(self, path: Path, then: Callable[[], None] | None = None) -> None:
        """Open a case that was just made, and go on with ``then``."""
        self._then = then
        self.opening.open(path)

    def close_all(self) -> None:
        """Close the case or study, and go back to the start."""
        self.opening.cancel()
        self.say("")
        self._close_work()
        self.study, self.series, self.volume = None, None, None
        self._show_volume(None)
        self.window.show_work(is_open=False)
        self.refresh()

    def close_everything(self) -> None:
        """Close for good: the window goes."""
        self._is_closing = True
        self.opening.cancel()
        last = self._leave_work()
        self.window.editor.close()
        self.window.quality_checks.close()
        self.window.runner.stop()  # waits for what runs; what was cancelled has let go of the case then
        for finish in (*self._finishing, *([last] if last is not None else [])):
            finish()

    def begin(self, message_id: str, work: Callable[[ProgressListener, CancelToken], object], done: Callable) -> None:
        """Run a long job with progress and a way to stop it."""
        window = self.window

        def ended(call: Callable[..., None]) -> Callable[..., None]:
            def run(*values: object) -> None:
                window.task_strip.end()
                call(*values)
                self.refresh()

            return run

        answers = JobAnswers(
            ended(done),
            ended(self.fail),
            progressed=window.task_strip.advance,
            cancelled=ended(lambda: self.say("ui.status.cancelled")),
        )
        self._on_task(message_id, window.jobs.submit(Job(message_id, work), answers))

    # Words to the user

    def fail(self, error: Exception) -> None:
        """Say what went wrong in one line; a defect of ours goes into the log with all it knows."""
        known = typed_error(error)
        if known is None:
            _LOGGER.error("unexpected failure", exc_info=error)
            self.window_actions.tell_crash(error)

        def told(words: Wording) -> str:
            if known is not None:
                return worded_error(known, words)
            return words.text("ui.message.defect", kind=type(error).__name__)

        self.window.message_bar.say(told, "error")

    def say(self, message_id: str, **parameters: object) -> None:
        """Say something that needs no answer, in the foot of the window."""
        self._said, self._said_text = (message_id, parameters), ""
        self.say_again()

    def say_text(self, text: str) -> None:
        """Say something that is worded already."""
        self._said, self._said_text = ("", {}), text
        self.say_again()

    def say_again(self) -> None:
        """Write what was said last in the language of now."""
        message_id, parameters = self._said
        self.window.status.setText(
            self.window.wording.text(message_id, **parameters) if message_id else self._said_text
        )

    # Refreshing

    def refresh(self) -> None:
        """Bring actions, banner and panels in line with what is open."""
        window = self.window
        if self._is_closing or not hasattr(window, "sync"):
            return
        case = None if self.work is None else self.work.case
        met = needs_met(self)
        window.actions_.update_needs(met)
        window.rail.update_needs(met, window.pages.missing())
        session = None if self.work is None else self.work.session
        undo = "ui.action.tool.take_back" if Need.CLICKED in met else session.undo_label if session else None
        window.update_undo(undo, session.redo_label if session else None)
        identity = case.identity if case else (self.study.study.identity if self.study else PatientIdentity())
        window.banner.show_patient(identity, self.volume)
        unconfirmed = case is not None and any(not case.is_confirmed(i) for i in case.structure_ids())
        window.banner.set_unverified(is_unverified=unconfirmed)
        window.banner.set_read_only(self.work.folder.read_only_reason if self.work else None)
        window.twin_view.watermark = window.wording.text("notice.unverified") if unconfirmed else ""
        window.twin_view.notice = self._twin_notice(case)
        is_movable = not self._plan_is_locked()
        for view in window.views.views:
            view.is_plane_movable = is_movable
            view.update()
        self._write_title()

    def _plan_is_locked(self) -> bool:
        plan = self.window.desk.plan
        is_read_only = self.work is not None and self.work.session.is_read_only
        return is_read_only or (plan is not None and plan.is_approved)

    def _twin_notice(self, case: Case | None) -> str:
        wording = self.window.wording
        if self.work is not None and self.work.is_building and self.work.built is None:
            return wording.text("ui.twin.building")
        if case is not None and case.structure_ids():
            return ""
        return wording.text("ui.twin.empty") if self.volume is not None else ""

    def _write_title(self) -> None:
        name = self.work.folder.path.stem if self.work is not None else ""
        is_masked = self.window.actions_["view.mask"].isChecked()
        self.window.setWindowTitle(f"{name} – TwinSight" if name and not is_masked else "TwinSight")

    # Answers of the opening

    def _on_task(self, message_id: str, handle: JobHandle) -> None:
        self.window.task_strip.begin(message_id, handle)
        self.refresh()

    def _on_study(self, opened: OpenStudy) -> None:
        self._close_work()
        self.say("")
        self.study, self.series, self.volume = opened, None, None
        self.window.sync.show_volume(None)
        self.window.series_panel.show_study(opened)
        self.window.facts_form.show_facts(opened.study.facts, is_editable=False)
        self.window.study_page.show_tab(StudyTab.SERIES)
        self.window.show_step(Step.STUDY)
        self.window.show_work(is_open=True)
        self.refresh()

    def _on_volume(self, series: Series, volume: Volume, *, is_preview: bool) -> None:
        self.series = series
        self.window.series_panel.mark(series.uid)
        self._show_volume(volume, is_preview=is_preview)
        if not is_preview:
            self.window.task_strip.end()
            self.say("ui.status.series_read", count=volume.grid.size_ijk[2])
        self.refresh()

    def _show_volume(self, volume: Volume | None, *, is_preview: bool = False) -> None:
        is_other = volume is None or self.volume is None or not volume.grid.is_same_space(self.volume.grid)
        self.volume = volume
        if is_other:
            self.window.measures.clear()
        self.window_actions.presets = {} if volume is None else presets_of(volume)
        self.window.tool_strip.set_modality(is_mr=volume is not None and volume.quantity is not Quantity.HOUNSFIELD)
        self.window.mark_preset()
        loading = self.window.wording.text("ui.slice.loading") if is_preview else ""
        for axis, view in self.window.slices.items():
            view.notice = "" if axis is SliceAxis.AXIAL else loading
        self.window.sync.show_volume(volume, is_preview=is_preview)

    def _on_case_folder(self, folder: CaseFolder) -> None:
        window = self.window
        window.task_strip.end()
        self._close_work()
        self.study = None
        work = CaseWork(folder, window.jobs, window.window_thread, self)
        self.work = work
        work.case_changed.connect(self._on_case)
        work.edited.connect(self._on_edited)
        work.saved.connect(self._on_saved)
        work.twin_started.connect(self._on_task)
        work.twin_progressed.connect(window.task_strip.advance)
        work.twin_ended.connect(self._on_twin_ended)
        work.twin_built.connect(self._on_twin)
        work.failed.connect(self.fail)
        case = folder.case
        self._show_volume(case.planning_volume if case.planning_volume_id else None)
        window.series_panel.show_case(case)
        window.desk.set_work(work)
        window.consultation_page.set_work(work)
        window.editor.set_work(work)
        window.show_work(is_open=True)
        window.show_step(Step.PLAN if case.plans else Step.TWIN if case.structure_ids() else Step.SEGMENT)
        work.start()
        window.remember(recent=window.settings.with_recent(folder.path).recent)
        recovered = folder.recovery
        if recovered.message_id is not None:
            message_id, count = recovered.message_id, recovered.n_edits
            window.message_bar.say(lambda words: words.text(message_id, count=count), "warning")
        elif folder.read_only_reason is not None:
            reason = folder.read_only_reason
            window.message_bar.say(lambda words: words.text(reason), "warning")
        self.refresh()
        then, self._then = self._then, None
        if then is not None:
            then()

    def _on_opening_failed(self, error: Exception) -> None:
        self.window.task_strip.end()
        if self.volume is None and self.study is None:
            self.window.show_work(is_open=self.work is not None)
        elif self.volume is not None and self.volume.id == "preview":
            self._show_volume(None)
        self.fail(error)
        self.refresh()

    def _on_opening_cancelled(self) -> None:
        self.window.task_strip.end()
        if self.volume is not None and self.volume.id == "preview":
            self._show_volume(None)
            self.series = None
        self.say("ui.status.cancelled")
        self.refresh()

    # Answers of the case

    def _on_case(self, case: Case) -> None:
        window = self.window
        if self.volume is None and case.planning_volume_id is not None:
            self._show_volume(case.planning_volume)
        window.sync.show_layers(case.layers)
        window.fusion_choice.show_case(case)
        built = self.work.built if self.work else None
        window.structure_panel.show_case(case, {} if built is None else built.volumes)
        facts: PatientFacts = case.facts
        window.facts_form.show_facts(facts, is_editable=self.work is not None and not self.work.session.is_read_only)
        window.desk.follow_case()
        window.plan_panel.show_case(case)
        window.series_panel.follow_case(case)
        window.report_page.show_plan(case, window.desk.selected)
        self._show_compared()
        window.consultation_page.refresh()
        self.refresh()

    def _show_compared(self) -> None:
        window, case = self.window, None if self.work is None else self.work.case
        window.compare_page.show_case(case, window.desk.selected)
        window.proposals_page.show_twin(window.desk.twin)
        window.proposals_page.show_case(case, can_write=window.desk.can_write)

    def _on_edited(self, event: SessionEvent) -> None:
        if event.edit is None or event.kind is SessionEventKind.READ_ONLY:
            return
        self.window.message_bar.forget_error()
        if event.edit.label != "edit.outcome":
            self.say(f"ui.status.{event.kind}", step=event.edit.label)

    def _on_saved(self, is_asked_for: bool) -> None:
        if is_asked_for:
            self.say("ui.status.saved")
        self.refresh()

    def _on_twin(self, built: BuiltTwin | None) -> None:
        window = self.window
        window.sync.show_twin(built)
        window.desk.set_twin(built)
        if self.work is not None:
            window.structure_panel.show_case(self.work.case, {} if built is None else built.volumes)
            window.plan_panel.show_case(self.work.case)
        self._show_compared()
        self.refresh()

    def _on_twin_ended(self) -> None:
        self.window.task_strip.end()
        self.refresh()

    def _on_figures(self, shown: ShownFigures) -> None:
        """What can be done changes when figures settle, not at every step of a drag."""
        if shown.state is not FigureState.LIVE:
            self.refresh()

    def _on_plan(self) -> None:
        self.window.plan_panel.show_case(None if self.work is None else self.work.case)
        self.window.report_page.show_plan(None if self.work is None else self.work.case, self.window.desk.selected)
        self._show_compared()
        self.window.consultation_page.refresh()
        self.refresh()

    def _show_case_volume(self, volume_id: str) -> None:
        if self.work is not None:
            self._show_volume(self.work.case.volumes[volume_id])
            self.window.series_panel.mark(volume_id)
            self.refresh()

    def _close_work(self) -> None:
        """Leave the case; saving and closing it follow what still runs, beside the window."""
        finish = self._leave_work()
        if finish is not None:
            self._finishing.append(finish)
            job = Job("ui.task.save", lambda progress, cancel: finish())
            self.window.jobs.submit(job, JobAnswers(lambda result: None, self.fail))

    def _leave_work(self) -> Callable[[], None] | None:
        work, self.work = self.work, None
        if work is None:
            return None
        self.window.consultation_page.set_work(None)
        self.window.editor.set_work(None)
        self.window.editor_tools.forget_case()
        self.window.desk.set_work(None)
        self.window.sync.show_twin(None)
        self.window.sync.show_layers({})
        self.window.fusion_choice.show_case(None)
        self.window.structure_panel.show_case(None, {})
        self.window.plan_panel.show_case(None)
        finish = work.detach()
        work.deleteLater()
        return finish
