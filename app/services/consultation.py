"""What the consultation window asks of the case: its story in every language, its gallery, its folder to take home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.services.case_session import CaseSession
from app.services.consultation_record import ConsultationRecord, ConsultationStore, KeptPicture
from app.services.make_take_home import (
    RendererFactory,
    TakeHomeRequest,
    TakeHomeResult,
    story_of_plan,
    take_home_of_session,
)
from export.model import ModelPart
from export.story.choices import Approach, LengthOfStay, LesionWord, Risk, SceneId, StoryChoices, StoryKind
from export.story.figures import told_lesions
from export.story.parts import main_organ
from export.story.plain_language import Readability, readability
from export.story.story import Scene, Story
from export.story.words import StoryWords, story_languages
from export.understanding import (
    APAIS_ITEMS,
    Apais,
    ConsentBasis,
    Moment,
    StudyConsent,
    TeachBackItem,
    TeachBackResult,
    Understanding,
    understanding_bundle,
    understanding_csv,
)
from simulation.split import split_organ
from twin.errors import GeometryError, InputError
from twin.job import CancelToken, ProgressListener, no_progress
from twin.surface import Surface
from twin.twin import Twin

__all__ = [
    "APAIS_ITEMS",
    "Apais",
    "Approach",
    "ConsentBasis",
    "ConsultationRecord",
    "ConsultationStore",
    "KeptPicture",
    "LengthOfStay",
    "LesionWord",
    "Moment",
    "Readability",
    "Risk",
    "Scene",
    "SceneId",
    "Story",
    "StoryChoices",
    "StoryKind",
    "StoryTeller",
    "StoryWords",
    "StudyConsent",
    "TakeHomeResult",
    "TeachBackItem",
    "TeachBackResult",
    "ToldStories",
    "Understanding",
    "asked_items",
    "pictures_taken_home",
    "readability",
    "story_languages",
    "take_home",
    "understanding_bundle",
    "understanding_csv",
]


@dataclass(frozen=True, eq=False)
class ToldStories:
    """The story of a plan in every language, drawn with the same surfaces.

    Parameters
    ----------
    by_language
        Language to story.
    without_risks
        Languages whose story leaves the risks out although they were chosen, because none is typed in them.
    lesion_ids
        Confirmed lesions that it may tell.
    """

    by_language: dict[str, Story]
    without_risks: tuple[str, ...]
    lesion_ids: tuple[str, ...]

    def with_others(self, others: ToldStories) -> ToldStories:
        """Return the stories with those in other languages."""
        return replace(
            self,
            by_language={**self.by_language, **others.by_language},
            without_risks=self.without_risks + others.without_risks,
        )


class StoryTeller:
    """Tells the story of one plan again and again while choices change.

    Parameters
    ----------
    session
        The open case.
    twin
        With surfaces.
    plan_name
        Plan to tell.
    """

    def __init__(self, session: CaseSession, twin: Twin, plan_name: str) -> None:
        self.session = session
        self.twin = twin
        self.plan_name = plan_name
        self._split: tuple[str, tuple[Surface, ...]] | None = None
        self._parts: tuple[ModelPart, ...] = ()

    def tell(
        self,
        record: ConsultationRecord,
        languages: Sequence[str] | None = None,
        cancel: CancelToken | None = None,
    ) -> ToldStories:
        """Return the story as the record wants it told, in some languages or in all of them.

        Raises
        ------
        InputError
            When the plan is gone or was not simulated, or as `tell_story`.
        SafetyRefusal
            When figures are out of date or a rule forbids what was chosen.
        """
        case = self.session.case
        plan = case.plan(self.plan_name)
        outcome = case.outcomes.get(plan.name)
        if outcome is None or outcome.is_stale:
            raise InputError("error.plan.not_simulated", plan=plan.name)
        split = self.split()
        told: dict[str, Story] = {}
        without_risks = []
        for language in languages or story_languages():
            if cancel is not None:
                cancel.raise_if_cancelled()
            choices = record.choices_of(self.plan_name, language)
            if _lacks_risks(choices):
                choices = _with_what_can_be_told(choices)
                without_risks.append(language)
            story = story_of_plan(case, self.twin, plan, outcome, choices, split=split)
            told[language] = replace(story, parts=tuple(_drawn_like(part, self._parts) for part in story.parts))
            self._parts = told[language].parts
        lesions = told_lesions(case, self.twin, main_organ(next(iter(told.values())).kind))
        return ToldStories(told, tuple(without_risks), tuple(lesion.id for lesion in lesions))

    def split(self) -> tuple[Surface, ...]:
        """Return remnant and specimen, computed once for each state of the plan; empty when nothing is divided."""
        plan = self.session.case.plan(self.plan_name)
        if self._split is None or self._split[0] != plan.hash:
            try:
                found = tuple(surface for surface in split_organ(plan, self.twin) if surface is not None)
            except GeometryError as error:
                if error.message_id != "error.surface.empty":
                    raise
                found = ()
            self._split = (plan.hash, found)
        return self._split[1]


def asked_items(story: Story) -> tuple[TeachBackItem, ...]:
    """Return the items that make sense after a story: nothing is asked that was not told."""
    told = {scene.id for scene in story.scenes}
    needed = {
        TeachBackItem.WHERE: SceneId.FOUND,
        TeachBackItem.REMOVED: SceneId.DONE,
        TeachBackItem.STAYS: SceneId.STAYS,
        TeachBackItem.RISKS: SceneId.RISKS,
    }
    return tuple(item for item in TeachBackItem if item not in needed or needed[item] in told)


def pictures_taken_home(record: ConsultationRecord, version: str) -> tuple[KeptPicture, ...]:
    """Return the pictures that someone looked through and that show the plan as it is now."""
    return tuple(one for one in record.pictures if one.is_taken_home and one.version == version)


def take_home(
    teller: StoryTeller,
    record: ConsultationRecord,
    store: ConsultationStore,
    language: str,
    folder: Path,
    renderer: RendererFactory,
    *,
    beside: str = "",
    passphrase_file: Path | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> TakeHomeResult:
    """Make the folder that the patient takes home, with the pictures and the words of the talk that were chosen for it.

    ``beside`` is a second language, told side by side with the first one; see `take_home_of_session`.
    """
    stories = teller.tell(record, (language,), cancel)

    questions, notes = (record.lines_taken_home(name) for name in ("questions", "notes"))

    def choices(wanted: str) -> StoryChoices:
        known = _with_what_can_be_told(record.choices_of(teller.plan_name, wanted))
        return replace(known, questions=questions, notes=notes)

    kept = pictures_taken_home(record, stories.by_language[language].version)
    request = TakeHomeRequest(
        folder,
        teller.plan_name,
        choices(language),
        passphrase_file,
        tuple(store.picture(one.name) for one in kept),
        choices(beside) if beside else None,
    )
    return take_home_of_session(
        teller.session, request, renderer, twin=teller.twin, split=teller.split(), progress=progress, cancel=cancel
    )


def _with_what_can_be_told(choices: StoryChoices) -> StoryChoices:
    """Return choices without the risks when none is typed in their language."""
    return replace(choices, scenes=choices.scenes - {SceneId.RISKS}) if _lacks_risks(choices) else choices


def _lacks_risks(choices: StoryChoices) -> bool:
    return choices.tells(SceneId.RISKS) and not choices.risks and "risks.text" not in choices.texts


def _drawn_like(part: ModelPart, others: Sequence[ModelPart]) -> ModelPart:
    """Return a part with the very surface of an earlier telling when it is the same: it then is not drawn anew."""
    for other in others:
        is_same = other.id == part.id and np.array_equal(other.surface.points_lps_mm, part.surface.points_lps_mm)
        if is_same and np.array_equal(other.surface.triangles, part.surface.triangles):
            return replace(part, surface=other.surface)
    return part
