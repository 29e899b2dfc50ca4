"""What each scene puts on the stage, from where it is seen, and the same in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from export.model import REMNANT, SPECIMEN
from export.story.choices import SceneId, StoryKind
from export.story.parts import GONE, SCAR, TORSO, is_context, main_organ, whole_id
from export.story.slots import Slots
from export.story.story import Emphasis, SceneCamera

__all__ = ["alternative_text", "camera_of", "stage_of"]

_CAMERAS = {SceneId.ORGAN: (12.0, 6.0), SceneId.STEPS: (-14.0, 4.0), SceneId.STAYS: (10.0, 4.0)}  # else from the front
_ON_THE_BODY = (SceneId.BODY, SceneId.DONE)
_ZOOM_ON_THE_BODY = 1.3  # shoulders and hips run out of the picture, the belly fills it


def stage_of(
    scene: SceneId,
    part_ids: set[str],
    kind: StoryKind,
    *,
    leaving: Collection[str] = (),
    staying: Collection[str] = (),
) -> dict[str, Emphasis]:
    """Return which parts a scene shows, and how.

    What leaves with the organ, ``leaving``, fades with it; lesions that the plan leaves in place, ``staying``, are
    shown with what stays.
    """
    organ = main_organ(kind)
    is_split = SPECIMEN in part_ids  # after a total removal there is no remnant
    is_lesion = {i for i in part_ids if i.startswith("lesion-")}
    inside = {i for i in part_ids if i not in {TORSO, SCAR, organ, REMNANT, SPECIMEN} | is_lesion}
    inside = {i for i in inside if not is_context(i, kind)}
    whole = {REMNANT: Emphasis.SHOWN, SPECIMEN: Emphasis.HIGHLIGHTED} if is_split else {organ: Emphasis.SHOWN}
    stage: dict[str, Emphasis] = {}
    match scene:
        case SceneId.BODY:
            stage = {TORSO: Emphasis.FADED, organ: Emphasis.HIGHLIGHTED}
        case SceneId.ORGAN:
            around = {part_id for part_id in part_ids if is_context(part_id, kind)}
            stage = {organ: Emphasis.HIGHLIGHTED if around else Emphasis.SHOWN}
            stage |= dict.fromkeys(inside, Emphasis.SHOWN) | dict.fromkeys(around, Emphasis.FADED)
        case SceneId.QUESTIONS | SceneId.RISKS:
            stage = {organ: Emphasis.SHOWN, **dict.fromkeys(inside, Emphasis.SHOWN)}
        case SceneId.FOUND:
            stage = {organ: Emphasis.SHOWN, **dict.fromkeys(is_lesion, Emphasis.HIGHLIGHTED)}
            stage |= dict.fromkeys(inside, Emphasis.FADED)
        case SceneId.DONE:
            body = {TORSO: Emphasis.SHOWN, SCAR: Emphasis.HIGHLIGHTED}
            solid = dict.fromkeys(whole, Emphasis.HIGHLIGHTED)
            stage = body | solid
        case SceneId.STEPS:
            stage = whole | dict.fromkeys(inside | is_lesion, Emphasis.SHOWN)
            if SPECIMEN in stage and any(i.endswith(GONE) for i in is_lesion):
                stage[SPECIMEN] = Emphasis.CLEAR
        case SceneId.STAYS | SceneId.RECOVERY:
            stays = {REMNANT: Emphasis.SHOWN, SPECIMEN: Emphasis.FADED} if is_split else {organ: Emphasis.SHOWN}
            if kind is StoryKind.TRANSPLANT:
                stays = {organ: Emphasis.FADED}
            kept = {i for i in inside if not i.endswith(GONE)} | {i for i in is_lesion if i in staying}
            stage = stays | dict.fromkeys(kept, Emphasis.SHOWN) | dict.fromkeys(leaving, Emphasis.FADED)
    if scene is SceneId.RECOVERY and REMNANT in part_ids:
        stage = {part_id: emphasis for part_id, emphasis in stage.items() if part_id not in {SPECIMEN, *leaving}}
    if kind is StoryKind.PANCREAS:  # the gland is small: its large veins stay in the background
        veins = {part_id for part_id in stage if whole_id(part_id) in ("portal_vein", "superior_mesenteric_vein")}
        stage |= dict.fromkeys(veins, Emphasis.FADED)
    return {part_id: emphasis for part_id, emphasis in stage.items() if part_id in part_ids}


def camera_of(scene: SceneId, stage: Mapping[str, Emphasis], kind: StoryKind) -> SceneCamera:
    """Return where a scene is seen from; the torso fills the view where it is shown, else the organ does."""
    azimuth, elevation = _CAMERAS.get(scene, (0.0, 0.0))
    if scene in _ON_THE_BODY and TORSO in stage:
        return SceneCamera(azimuth, elevation, (TORSO,), _ZOOM_ON_THE_BODY)
    organ = tuple(part_id for part_id in stage if part_id in (main_organ(kind), REMNANT, SPECIMEN))
    return SceneCamera(azimuth, elevation, organ or tuple(stage))


def alternative_text(title: str, stage: Mapping[str, Emphasis], slots: Slots) -> str:
    """Return a picture in words: its parts with their colours, and the side of what is removed."""
    words = slots.words

    def named(wanted: set[Emphasis]) -> str:
        names = dict.fromkeys(_name(part_id, slots) for part_id, emphasis in stage.items() if emphasis in wanted)
        return ", ".join(names)

    clear, faded = named({Emphasis.SHOWN, Emphasis.HIGHLIGHTED, Emphasis.CLEAR}), named({Emphasis.FADED})
    sentences = [words.say("say.picture", title=title)]
    if clear:
        sentences.append(words.say("say.picture_shows", parts=clear))
    if faded:
        sentences.append(words.say("say.picture_faded", parts=faded))
    if SPECIMEN in stage and slots.side is not None:
        sentences.append(words.say("say.picture_side", side=words.say(f"sides.{slots.side}")))
    return " ".join(sentences)


def _name(part_id: str, slots: Slots) -> str:
    words = slots.words
    part_id = whole_id(part_id)
    if part_id.startswith("lesion-"):
        name, colour = slots.lesion_word_of_all(part_id), words.say("colours.lesion")
    else:
        is_own = part_id == TORSO and slots.choices.has_own_skin
        text = words.say("parts.own_torso" if is_own else f"parts.{part_id}")
        name = text[0].lower() + text[1:]
        place = f"colours.{main_organ(slots.kind) if part_id == REMNANT else part_id}"
        colour = words.say(place) if words.has(place) else ""
    return words.say("say.coloured", part=name, colour=colour) if colour else name
