"""Tell the story of a plan: from plan, outcome and choices to scenes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from export.model import REMNANT, SPECIMEN
from export.privacy import identity_words
from export.state import document_state, require_current
from export.story.choices import Approach, SceneId, StoryChoices, StoryKind
from export.story.figures import LesionFate, ToldLesion, removed_side, tenths_that_stay, told_lesions, with_fates
from export.story.parts import main_organ, story_parts
from export.story.slots import Slots
from export.story.staging import alternative_text, camera_of, stage_of
from export.story.story import Scene, Story
from export.story.words import StoryWords, capitalised
from twin.case import Case
from twin.errors import GeometryError, InputError, SafetyRefusal
from twin.outcome import Outcome
from twin.plan import Plan
from twin.resection import AblationZone, DonorSplit, PancreasCut, PancreasOperation, PlanCondition, WedgeCut
from twin.surface import Surface
from twin.twin import Twin

__all__ = ["tell_story"]

_LISTS = (SceneId.STEPS,)
_LEAVING = ("bile_duct", "bile_duct-gone")  # gallbladder and lower bile duct leave with the head of the pancreas


def tell_story(
    case: Case, twin: Twin, plan: Plan, outcome: Outcome, split: Sequence[Surface] | None, choices: StoryChoices
) -> Story:
    """Return the story of a plan as the team wants it told.

    Only lesions that a clinician confirmed are told, only figures of the white list, and nothing that identifies the
    patient. A draft plan may be told; its story says on every picture that it is a draft.

    Parameters
    ----------
    case, twin, plan, outcome
        All current.
    split
        Surfaces of remnant and specimen, or None when the plan divides nothing.
    choices
        What the team wants told.

    Raises
    ------
    SafetyRefusal
        When plan, twin or outcome are not those of the case as it is now; ``error.story.regrowth_in_cirrhosis`` and
        ``error.story.regrowth_of_pancreas`` when regrowth is ticked where it must not be told;
        ``error.story.names_the_patient`` when something that was typed holds the patient's name, number or birth date.
    GeometryError
        ``error.story.no_organ`` when the organ of the story has no surface.
    InputError
        ``error.story.no_such_language``; ``error.story.no_skin``; ``error.story.risks_missing`` when the
        risks are chosen and none is typed.
    """
    require_current(case, twin, plan, outcome)
    kind = _kind(plan, choices)
    _check(case, twin, kind, choices)
    words = StoryWords(choices.language, kind)
    surfaces = {_split_id(surface): surface for surface in split or ()}
    facts = _Facts(
        kind,
        _operations(plan, kind),
        choices.approach or _approach_of(case),
        with_fates(_told(case, twin, kind, choices), plan, surfaces, twin.surfaces),
        removed_side(surfaces),
        None if kind is StoryKind.TRANSPLANT else tenths_that_stay(outcome, main_organ(kind)),
    )
    slots = Slots(words, choices, facts.kind, facts.operations, facts.approach, facts.lesions, facts.side, facts.tenths)
    shown = facts.lesions if choices.tells(SceneId.FOUND) else ()
    names = {lesion.id: capitalised(slots.lesion_word_of_all(lesion.id)) for lesion in shown}
    pictures = () if kind is StoryKind.TRANSPLANT else tuple(surfaces.values())
    own = choices.has_own_skin
    parts = story_parts(twin, pictures, kind, facts.approach, names, words, has_own_skin=own)
    scenes = tuple(
        _scene(scene, slots, {part.id for part in parts}, choices)
        for scene in SceneId
        if choices.tells(scene) and words.has(f"{scene.value}.title") and _has_content(scene, facts, choices)
    )
    title = words.say("title_donor" if kind is StoryKind.DONOR else "title")
    return Story(
        kind,
        words,
        title,
        scenes,
        parts,
        document_state(case, plan),
        _letters(plan.hash + outcome.figures_hash),
        slots.allowed_numbers(),
        choices.has_large_print,
        *slots.asked_lesions(),
        choices.questions,
        choices.notes,
    )


@dataclass(frozen=True)
class _Facts:
    kind: StoryKind
    operations: tuple[str, ...]
    approach: Approach
    lesions: tuple[ToldLesion, ...]
    side: str | None
    tenths: int | None


def _kind(plan: Plan, choices: StoryChoices) -> StoryKind:
    if any(isinstance(resection, DonorSplit) for resection in plan.resections):
        planned = StoryKind.DONOR
    elif any(isinstance(resection, PancreasCut) for resection in plan.resections):
        planned = StoryKind.PANCREAS
    else:
        planned = StoryKind.LIVER
    if choices.kind not in (None, planned, StoryKind.TRANSPLANT):
        raise InputError("error.story.other_kind", kind=str(choices.kind), planned=planned.value)
    return choices.kind or planned


def _check(case: Case, twin: Twin, kind: StoryKind, choices: StoryChoices) -> None:
    if main_organ(kind) not in twin.surfaces:
        raise GeometryError("error.story.no_organ", organ=main_organ(kind))
    if choices.has_regrowth and case.facts.word("parenchyma") == "cirrhosis":
        raise SafetyRefusal("error.story.regrowth_in_cirrhosis")
    if choices.has_regrowth and kind in (StoryKind.PANCREAS, StoryKind.TRANSPLANT):
        raise SafetyRefusal("error.story.regrowth_of_pancreas")
    typed = " ".join(choices.typed)
    for word in identity_words(case.identity):
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", typed, re.IGNORECASE):
            raise SafetyRefusal("error.story.names_the_patient", word=word)
    if choices.tells(SceneId.RISKS) and not choices.risks and "risks.text" not in choices.texts:
        raise InputError("error.story.risks_missing")


def _approach_of(case: Case) -> Approach:
    """Return what the entered facts say; "open" alone does not say where the scar will be."""
    is_minimal = case.facts.word("approach") == "minimally-invasive"
    return Approach.LAPAROSCOPIC if is_minimal else Approach.UNTOLD


def _told(case: Case, twin: Twin, kind: StoryKind, choices: StoryChoices) -> tuple[ToldLesion, ...]:
    """Return the lesions of the story; a donor's and a recipient's story have none."""
    if kind in (StoryKind.DONOR, StoryKind.TRANSPLANT):
        return ()
    told = told_lesions(case, twin, main_organ(kind))
    unknown = set(choices.lesion_words) - set(twin.lesion_ids)
    if unknown:
        raise InputError("error.plan.no_such_lesion", lesion=min(unknown), known=", ".join(twin.lesion_ids) or "-")
    return told


def _operations(plan: Plan, kind: StoryKind) -> tuple[str, ...]:
    """Return the operations of a plan, the leading one first: keys of the texts."""
    if kind is StoryKind.TRANSPLANT:
        return ("transplant",)
    found: set[str] = set()
    for resection in plan.resections:
        if isinstance(resection, PlanCondition):
            continue  # a closed or rejoined vessel removes nothing
        match resection:
            case PancreasCut(operation=operation, keeps_spleen=keeps_spleen):
                found.add(operation.value)
                if operation in (PancreasOperation.DISTAL, PancreasOperation.TOTAL) and not keeps_spleen:
                    found.add("spleen")
            case DonorSplit(graft):
                found.add(graft)
            case AblationZone():
                found.add("ablation")
            case WedgeCut():
                found.add("wedge")
            case _:
                found.add("part")
    order = ("part", "wedge", "ablation")
    return tuple(sorted(found, key=lambda name: (order.index(name) if name in order else -1, name == "spleen", name)))


def _scene(scene: SceneId, slots: Slots, part_ids: set[str], choices: StoryChoices) -> Scene:
    words = slots.words
    title = choices.texts.get(f"{scene.value}.title", "").strip() or words.say(f"{scene.value}.title")
    own = tuple(line.strip() for line in choices.texts.get(f"{scene.value}.text", "").splitlines() if line.strip())
    is_list = scene in _LISTS
    told = own or (slots.steps() if is_list else slots.paragraphs(f"{scene.value}.text"))
    leaving = _LEAVING if {"whipple", "total"} & set(slots.operations) else ()
    staying = [lesion.id for lesion in slots.lesions if lesion.fate is LesionFate.STAYS]
    stage = stage_of(scene, part_ids, slots.kind, leaving=leaving, staying=staying)
    return Scene(
        scene,
        title,
        told,
        words.sentences(f"{scene.value}.more"),
        is_list,
        camera_of(scene, stage, slots.kind),
        stage,
        alternative_text(title, stage, slots),
        scene.is_sensitive,
        bool(own) or f"{scene.value}.title" in choices.texts,
    )


def _has_content(scene: SceneId, facts: _Facts, choices: StoryChoices) -> bool:
    """Tell whether there is something to tell: nothing was found without a confirmed lesion or the surgeon's words."""
    return scene is not SceneId.FOUND or bool(facts.lesions) or bool(choices.texts.get("found.text", "").strip())


def _split_id(surface: Surface) -> str:
    return SPECIMEN if surface.structure_id.startswith(SPECIMEN) else REMNANT


def _letters(hexadecimal: str) -> str:
    """Return six letters that change with plan and figures; letters, because a digit could be read as a figure."""
    digest = hashlib.sha256(hexadecimal.encode()).digest()
    return "".join("ABCDEFGHJKLMNPQRSTUVWXYZ"[byte % 24] for byte in digest[:6])
