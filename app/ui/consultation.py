"""The consultation: the window of the patient, the window of the team, and what passes between them and the case."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QBuffer, QIODevice, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPixmap

from app.scene.story_scene import StageParts
from app.services.consultation import (
    Approach,
    ConsultationRecord,
    ConsultationStore,
    KeptPicture,
    Risk,
    Story,
    StoryChoices,
    StoryTeller,
    StudyConsent,
    TakeHomeResult,
    ToldStories,
    Understanding,
    asked_items,
    take_home,
)
from app.services.export_understanding import export_understanding
from app.services.jobs import Job, JobHandle
from app.ui.case_work import CaseWork
from app.ui.consultation_measures import alert_of_team
from app.ui.consultation_pictures import GalleryWindow
from app.ui.consultation_player import StoryPlayer
from app.ui.consultation_team import TeamWindow
from app.ui.consultation_window import ConsultationWindow
from app.ui.dialogs import Dialogs
from app.ui.patient_banner import written_name
from app.ui.window_thread import JobAnswers, WindowJobs, WindowThread
from app.ui.worded_error import typed_error, worded_error
from twin.case import Case
from twin.errors import TwinSightError
from twin.job import CancelToken, ProgressListener
from twin.twin import Twin
from twin.wording import LANGUAGES, Wording

__all__ = ["Consultation"]

_AFTER_CHOICE_MS = 150


@dataclass(frozen=True, eq=False)
class _Told:
    """What a telling brings: the stories, the surfaces to draw, and the pictures of the gallery."""

    stories: ToldStories
    parts: StageParts


class Consultation(QObject):
    """One consultation about one plan of the open case.

    Parameters
    ----------
    work
        The open case.
    twin
        With surfaces.
    plan_name
        Plan to tell.
    jobs, window_thread
        For what takes long.
    dialogs
        Ask for folders.
    renderer
        Makes what draws the pictures of documents.
    wording
        Language of the team.
    fail
        Told of defects of ours.
    """

    ended = Signal()

    def __init__(
        self,
        work: CaseWork,
        twin: Twin,
        plan_name: str,
        jobs: WindowJobs,
        window_thread: WindowThread,
        dialogs: Dialogs,
        renderer: Callable[[], Any],
        wording: Wording,
        fail: Callable[[Exception], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.work = work
        self.plan_name = plan_name
        self.language = wording.language
        self.store = ConsultationStore(work.folder)
        self.record = ConsultationRecord()
        self.teller = StoryTeller(work.session, twin, plan_name)
        self.player = StoryPlayer(self)
        self.window = ConsultationWindow(self.player, window_thread, fail, Wording(self.language))
        self.team = TeamWindow(self.player, wording)
        self.told: ToldStories | None = None
        self._jobs, self._dialogs, self._renderer = jobs, dialogs, renderer
        self._wording, self._fail = wording, fail
        self._stage_parts: StageParts | None = None
        self._pixmaps: dict[str, QPixmap] = {}
        self._telling: JobHandle | None = None
        self._others: JobHandle | None = None
        self._making: JobHandle | None = None
        self._shown_since: float | None = None
        self._n_tellings = 0
        self._is_ended = False
        self._gallery: GalleryWindow | None = None
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AFTER_CHOICE_MS)
        self._again.timeout.connect(self._tell)
        self._plan_state = self._state_of_plan(work.case)
        self._connect()

    @property
    def is_told(self) -> bool:
        """True when the story of the present choices is shown."""
        is_waiting = self._telling is not None or self._again.isActive()
        return self.told is not None and len(self.told.by_language) == len(LANGUAGES) and not is_waiting

    @property
    def is_making(self) -> bool:
        """True while the folder is made."""
        return self._making is not None

    @property
    def choices(self) -> StoryChoices:
        """The choices in the language of the patient."""
        return self.record.choices_of(self.plan_name, self.language)

    @property
    def story(self) -> Story | None:
        """The story in the language of the patient."""
        return None if self.told is None else self.told.by_language.get(self.language)

    def start(self) -> None:
        """Show the window of the team and tell the story."""
        self.team.show()
        self.team.say(self._wording.text("consultation.preparing"))
        answers = JobAnswers(self._on_record, self._on_failed)
        self.work.write("ui.task.consultation", lambda progress, cancel: self._read(), answers)

    def end(self) -> None:
        """Close both windows and free the stage."""
        if self._is_ended:
            return
        self._is_ended = True
        self._again.stop()
        self.player.pause()
        self.team.notes.flush()
        self._count_time()
        for handle in (self._telling, self._others, self._making):
            if handle is not None:
                handle.cancel()
        self.window.stage.close_scene()
        for window in (self._gallery, self.window, self.team):
            if window is not None:
                window.close()
                window.deleteLater()
        self.ended.emit()

    def set_wording(self, wording: Wording) -> None:
        """Write the window of the team in another language."""
        self._wording = wording
        self.team.set_wording(wording)
        self._show_team()

    # Telling

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
        record, parts_before, first = self.record, self._stage_parts, self.language

        def work(progress: ProgressListener, cancel: CancelToken) -> _Told:
            stories = self.teller.tell(record, (first,), cancel)
            return _Told(stories, StageParts.of_story(stories.by_language[first], parts_before))

        self._n_tellings += 1
        n = self._n_tellings
        answers = JobAnswers(lambda result: self._on_told(n, result), lambda error: self._on_not_told(n, error))
        self._telling = self._jobs.submit(Job("ui.task.consultation", work), answers)

    def _on_told(self, n: int, result: object) -> None:
        if self._is_ended or n != self._n_tellings or not isinstance(result, _Told):
            return
        self._telling = None
        self.told = result.stories
        before, self._stage_parts = self._stage_parts, result.parts
        self.team.say(self._notes_on_telling())
        self._show_story(None if result.parts is before else result.parts)
        self._tell_others(n)

    def _tell_others(self, n: int) -> None:
        """Tell in the other languages as well, while the first is looked at: they then are there at once."""
        record, first = self.record, self.language
        others = tuple(language for language in LANGUAGES if language != first)

        def done(result: object) -> None:
            if not self._is_ended and n == self._n_tellings and isinstance(result, ToldStories) and self.told:
                self.told = self.told.with_others(result)

        def work(progress: ProgressListener, cancel: CancelToken) -> ToldStories:
            return self.teller.tell(record, others, cancel)

        answers = JobAnswers(done, lambda error: self._on_not_told(n, error))
        self._others = self._jobs.submit(Job("ui.task.consultation", work), answers)

    def _on_not_told(self, n: int, error: Exception) -> None:
        """The story cannot be told as wanted: nothing out of date stays before the patient."""
        if self._is_ended or n != self._n_tellings:
            return
        self._telling = None
        self.window.hide()
        self._on_failed(error)

    def _notes_on_telling(self) -> str:
        assert self.told is not None
        if self.language in self.told.without_risks:
            return self._wording.text("consultation.no_risks_typed")
        return ""

    def _show_story(self, parts: StageParts | None = None) -> None:
        story = self.story
        if story is None:
            return
        self.window.show_story(story, Wording(self.language), parts)
        self.window.mark_approach(self.choices.approach or Approach.UNTOLD)
        self._show_team()

    def _show_team(self) -> None:
        story, team, record = self.story, self.team, self.record
        if story is None or self.told is None:
            return
        team.choices.show_choices(self.choices, self.told.lesion_ids)
        team.texts.show_story(story, self.choices.texts)
        team.risks.show_risks(self.choices.risks)
        team.notes.show_notes(record.notes, record.questions, record.words_taken_home)
        team.pictures.show_pictures(record.pictures, self._pixmaps, story.version)
        team.measures.show_measured(
            record.understanding, record.consent, asked_items(story), self.language,
            story.the_lesions, is_plural=story.has_several_lesions,
        )  # fmt: skip
        team.warn(alert_of_team(record.understanding, self._wording))
        team.follow()

    # Answers of the windows

    def _connect(self) -> None:
        window, team = self.window, self.team
        window.language_chosen.connect(self.choose_language)
        window.approach_chosen.connect(lambda approach: self._choose(replace(self.choices, approach=approach)))
        window.team_asked.connect(self._raise_team)
        window.left.connect(self._count_time)
        window.tools.picture_asked.connect(self.take_picture)
        window.tools.gallery_asked.connect(self._show_gallery)
        team.show_asked.connect(self.show_stage)
        team.left.connect(self.end)
        team.second_screen_chosen.connect(lambda is_on: self.window.set_led_elsewhere(is_led_elsewhere=is_on))
        team.name_unlocked.connect(self._show_name)
        team.choices.changed.connect(self._choose)
        team.texts.changed.connect(lambda texts: self._choose(replace(self.choices, texts=texts)))
        team.risks.changed.connect(self._choose_risks)
        team.notes.changed.connect(
            lambda notes, questions: self._keep(replace(self.record, notes=notes, questions=questions))
        )
        team.notes.taken_home.connect(lambda taken: self._keep(replace(self.record, words_taken_home=taken)))
        team.pictures.changed.connect(lambda picture: self._keep(self.record.with_picture(picture)))
        team.pictures.removed.connect(self._remove_picture)
        team.measures.changed.connect(self._measured)
        team.measures.consented.connect(self._consented)
        team.measures.refused.connect(self._on_failed)
        team.measures.export_asked.connect(self.export_measures)
        team.home.asked.connect(self.make_take_home)
        team.home.cancel_asked.connect(self._stop_making)
        self.work.case_changed.connect(self._on_case)

    def choose_language(self, language: str) -> None:
        """Tell in another language, at once and at the same scene."""
        self.language = language
        self.team.home.choose_language(language)
        if self.story is None:
            self._again.start()  # its telling is still on its way
        else:
            self._show_story()

    def show_stage(self) -> None:
        """Show the story to the patient, full screen: on the second screen when the team leads from the first."""
        if self.story is None:
            return
        screens = QGuiApplication.screens()
        if self.window.is_led_elsewhere and len(screens) > 1:
            other = next(screen for screen in screens if screen is not self.team.screen())
            self.window.setGeometry(other.geometry())
        self.window.showFullScreen()
        self.window.raise_()
        self._shown_since = time.monotonic()
        self.window.recentre()

    def take_picture(self) -> None:
        """Keep what the stage shows, drawing included."""
        story = self.story
        if story is None:
            return
        image = self.window.stage.snapshot()
        version = story.version

        def work(progress: ProgressListener, cancel: CancelToken) -> str:
            buffer = QBuffer()
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            image.save(buffer, "PNG")  # type: ignore[call-overload]
            return self.store.add_picture(bytes(buffer.data().data()))

        def done(name: object) -> None:
            self._pixmaps[str(name)] = QPixmap.fromImage(image)
            self._keep(self.record.with_picture(KeptPicture(str(name), version)))
            self._show_team()
            self.team.say(self._wording.text("consultation.pictures.kept"))

        self.work.write("ui.task.consultation", work, JobAnswers(done, self._on_failed))

    def make_take_home(self) -> None:
        """Make the folder the patient takes home, beside the windows."""
        folder = self._dialogs.folder(self._wording.text("consultation.home.where"), "")
        if folder is None or self._making is not None:
            return
        self.team.notes.flush()
        language, record = self.team.home.language, self.record
        target = folder / "take-home" if any(folder.iterdir()) else folder
        beside = self.team.home.beside
        code = target.with_name(f"{target.name}-code.txt") if self.team.home.seal.isChecked() else None

        def work(progress: ProgressListener, cancel: CancelToken) -> TakeHomeResult:
            return take_home(
                self.teller, record, self.store, language, target, self._renderer,
                beside=beside, passphrase_file=code, progress=progress, cancel=cancel,
            )  # fmt: skip

        home = self.team.home
        home.told.setText("")
        home.set_running(is_running=True)
        answers = JobAnswers(
            self._on_made, self._on_not_made, progressed=home.advance, cancelled=lambda: self._on_not_made(None)
        )
        self._making = self._jobs.submit(Job("ui.task.take_home", work), answers)

    def export_measures(self) -> None:
        """Write answers for a study."""
        folder = self._dialogs.folder(self._wording.text("consultation.measure.where"), "")
        if folder is None:
            return
        record, language = self.record, self.language

        def work(progress: ProgressListener, cancel: CancelToken) -> object:
            return export_understanding(self.work.session, record, folder, language)

        def done(result: object) -> None:
            self.team.say(self._wording.text("consultation.measure.exported", folder=str(folder)))

        self.work.write("ui.task.consultation", work, JobAnswers(done, self._on_failed))

    def _stop_making(self) -> None:
        if self._making is not None:
            self._making.cancel()

    def _on_made(self, result: object) -> None:
        self._making = None
        if self._is_ended or not isinstance(result, TakeHomeResult):
            return
        wording = self._wording
        lines = [wording.text("consultation.home.made", count=len(result.files), folder=str(result.folder))]
        self.team.home.set_running(is_running=False)
        self.team.home.told.setText("\n".join([*lines, *result.notes(wording)]))

    def _on_not_made(self, error: Exception | None) -> None:
        self._making = None
        if self._is_ended:
            return
        self.team.home.set_running(is_running=False)
        if error is not None:
            self._on_failed(error)

    def _choose(self, choices: StoryChoices) -> None:
        self._keep(self.record.with_choices(self.plan_name, choices))
        self._again.start()

    def _choose_risks(self, risks: tuple[Risk, ...]) -> None:
        self._choose(replace(self.choices, risks=risks))

    def _measured(self, measured: Understanding) -> None:
        self._keep(replace(self.record, understanding=measured))
        self._show_team()

    def _consented(self, consent: StudyConsent | None) -> None:
        self._keep(replace(self.record, consent=consent))
        self._show_team()

    def _remove_picture(self, name: str) -> None:
        self._pixmaps.pop(name, None)
        self._keep(self.record.without_picture(name))
        answers = JobAnswers(lambda result: None, self._on_failed)
        self.work.write("ui.task.consultation", lambda progress, cancel: self.store.remove_picture(name), answers)
        self._show_team()

    def _show_gallery(self) -> None:
        story = self.story
        if story is None:
            return
        shown = {one.name: self._pixmaps[one.name] for one in self.record.pictures if one.name in self._pixmaps}
        self._gallery = GalleryWindow(shown, Wording(self.language), self.window)
        self._gallery.show()

    def _show_name(self, is_unlocked: bool) -> None:
        name = written_name(self.work.case.identity.name) if is_unlocked else ""
        self.window.show_name(name)

    def _raise_team(self) -> None:
        self.team.show()
        self.team.raise_()
        self.team.activateWindow()

    # The case

    def _keep(self, record: ConsultationRecord) -> None:
        self.record = record
        if self.store.is_read_only:
            return
        answers = JobAnswers(lambda result: None, self._on_failed)
        self.work.write("ui.task.consultation", lambda progress, cancel: self.store.write(record), answers)

    def _read(self) -> tuple[ConsultationRecord, dict[str, bytes]]:
        record = self.store.read()
        pictures = {}
        for one in record.pictures:
            try:
                pictures[one.name] = self.store.picture(one.name)
            except TwinSightError:  # a picture that is gone leaves a gap in the gallery, no more
                continue
        return record, pictures

    def _on_record(self, result: object) -> None:
        if self._is_ended or not isinstance(result, tuple):
            return
        self.record, pictures = result
        for name, png in pictures.items():
            pixmap = QPixmap()
            pixmap.loadFromData(png)
            self._pixmaps[name] = pixmap
        self.team.home.choose_language(self.language)
        self._tell()

    def _on_case(self, case: Case) -> None:
        """Tell again when the plan or its approval changed: what is shown is never out of date."""
        state = self._state_of_plan(case)
        if state != self._plan_state and not self._is_ended:
            self._plan_state = state
            self._again.start()

    def _state_of_plan(self, case: Case) -> tuple[object, ...]:
        plan, outcome = case.plans.get(self.plan_name), case.outcomes.get(self.plan_name)
        confirmed = tuple(i for i in case.structure_ids() if case.is_confirmed(i))
        figures = None if outcome is None or outcome.is_stale else outcome.figures_hash
        return (None if plan is None else (plan.hash, plan.is_approved), figures, confirmed)

    def _count_time(self) -> None:
        if self._shown_since is None:
            return
        seconds, self._shown_since = time.monotonic() - self._shown_since, None
        measured = self.record.understanding
        self._keep(replace(self.record, understanding=replace(measured, shown_s=measured.shown_s + seconds)))

    def _on_failed(self, error: Exception) -> None:
        if self._is_ended:
            return
        known = typed_error(error)
        if known is None:
            self._fail(error)
        else:
            self.team.say(worded_error(known, self._wording), "error")
