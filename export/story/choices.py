"""What the team decides about a story: language, scenes, words, approach, and what it types itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from twin.errors import InputError

__all__ = ["Approach", "LengthOfStay", "LesionWord", "Risk", "SceneId", "StoryChoices", "StoryKind"]

_PER = 100  # the one denominator of all risks


class StoryKind(StrEnum):
    """Whose story it is; each has its own file of texts."""

    LIVER = "liver"
    PANCREAS = "pancreas"
    DONOR = "donor"
    TRANSPLANT = "transplant"


class SceneId(StrEnum):
    """Scenes in the order they are told."""

    BODY = "body"
    ORGAN = "organ"
    FOUND = "found"
    DONE = "done"
    STEPS = "steps"
    STAYS = "stays"
    RECOVERY = "recovery"
    RISKS = "risks"
    QUESTIONS = "questions"

    @property
    def is_sensitive(self) -> bool:
        """True for scenes that are told only when the team chose them, one by one."""
        return self in (SceneId.FOUND, SceneId.RECOVERY, SceneId.RISKS)


class Approach(StrEnum):
    """Way into the belly, and with it the scar; untold draws none."""

    UNTOLD = "untold"
    LAPAROSCOPIC = "laparoscopic"
    MIDLINE = "midline"
    J_SHAPED = "j-shaped"
    BILATERAL_SUBCOSTAL = "bilateral-subcostal"


class LesionWord(StrEnum):
    """The word for a lesion, chosen by the surgeon and used everywhere."""

    AREA = "area"
    LESION = "lesion"
    CYST = "cyst"
    TUMOUR = "tumour"
    CANCER = "cancer"


@dataclass(frozen=True)
class Risk:
    """A risk in the surgeon's words: what happens to how many of a hundred people, and within which time.

    Parameters
    ----------
    event
        What happens, as it reads after "have", e.g. ``"une fièvre"``.
    of_hundred
        How many of a hundred people, 0 to 100.
    span
        Time span, e.g. ``"dans le premier mois"``.
    source
        Where the number comes from.
    period
        When it was counted.

    Raises
    ------
    InputError
        ``error.story.bad_risk`` when the number is none of a hundred or words are missing.
    """

    event: str
    of_hundred: int
    span: str
    source: str
    period: str

    def __post_init__(self) -> None:
        if not 0 <= self.of_hundred <= _PER or not all((self.event, self.span, self.source, self.period)):
            raise InputError("error.story.bad_risk", event=self.event or "-")


@dataclass(frozen=True)
class LengthOfStay:
    """Days in hospital of most patients of this team, with the source and the period of the count."""

    low_days: int
    high_days: int
    source: str
    period: str

    def __post_init__(self) -> None:
        if not (0 < self.low_days <= self.high_days <= 365 and self.source and self.period):
            raise InputError("error.story.bad_stay")


@dataclass(frozen=True)
class StoryChoices:
    """The team's choices for one story.

    Parameters
    ----------
    language
        A folder of ``resources/story``.
    kind
        None to follow the plan; a transplant story must be asked for.
    scenes
        Sensitive scenes that are told; the others always are, unless they are in ``left_out``.
    left_out
        Scenes left out although they are not sensitive.
    lesion_words
        Lesion id to the word for it; :attr:`LesionWord.AREA` where nothing is chosen.
    approach
        None to follow what the patient's facts say.
    risks, length_of_stay
        Typed by the team; nothing is told of what is not typed.
    has_regrowth
        True when the surgeon ticked that the liver may grow again.
    team_phone
        Printed with the questions; empty for none.
    texts
        The surgeon's own words: ``"found.title"`` or ``"found.text"`` to the text, one line a paragraph.
    has_large_print
        True for a leaflet in 16 points, as long as it gets.
    has_own_skin
        True when the patient asked to see their own belly in place of the drawn body.
    questions, notes
        Lines that the patient takes home: the patient's own questions, and what was noted in the talk.
    """

    language: str = "fr"
    kind: StoryKind | None = None
    scenes: frozenset[SceneId] = frozenset()
    left_out: frozenset[SceneId] = frozenset()
    lesion_words: Mapping[str, LesionWord] = field(default_factory=dict)
    approach: Approach | None = None
    risks: tuple[Risk, ...] = ()
    length_of_stay: LengthOfStay | None = None
    has_regrowth: bool = False
    team_phone: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    has_large_print: bool = False
    has_own_skin: bool = False
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def tells(self, scene: SceneId) -> bool:
        """Tell whether a scene is part of the story."""
        return scene not in self.left_out and (not scene.is_sensitive or scene in self.scenes)

    def to_json(self) -> dict[str, object]:
        """Plain values for a file."""
        plain = asdict(self)
        return {
            **plain,
            "scenes": [scene.value for scene in SceneId if scene in self.scenes],
            "left_out": [scene.value for scene in SceneId if scene in self.left_out],
            "risks": [asdict(risk) for risk in self.risks],
        }

    @property
    def typed(self) -> tuple[str, ...]:
        """Everything that somebody typed: it is looked through for the patient's name before it is told."""
        stay = self.length_of_stay
        of_risks = [text for risk in self.risks for text in (risk.event, risk.span, risk.source, risk.period)]
        of_stay = [] if stay is None else [stay.source, stay.period]
        return (self.team_phone, *self.texts.values(), *of_risks, *of_stay, *self.questions, *self.notes)

    def worded_in(self, language: str) -> StoryChoices:
        """Return the choices for a story in another language: what was typed in words stays behind."""
        return replace(
            self, language=language, texts={}, risks=(), length_of_stay=None, scenes=self.scenes - {SceneId.RISKS}
        )

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> StoryChoices:
        """Read what :meth:`to_json` wrote, or a part of it written by hand.

        Raises
        ------
        InputError
            ``error.story.bad_choices`` naming what cannot be read.

        Examples
        --------
        >>> StoryChoices.from_json({"scenes": ["found"], "approach": "midline"}).tells(SceneId.FOUND)
        True
        """
        unknown = [name for name in data if name not in _READERS]
        if unknown:
            raise InputError("error.story.bad_choices", field=unknown[0])
        values: dict[str, object] = {}
        for name, value in data.items():
            try:
                values[name] = _READERS[name](value)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError("error.story.bad_choices", field=name) from error
        return cls(**values)  # type: ignore[arg-type]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _scenes(value: Any) -> frozenset[SceneId]:
    return frozenset(SceneId(name) for name in value)


def _lines(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError(value)
    return tuple(line.strip() for line in map(_text, value) if line.strip())


def _risks(value: Any) -> tuple[Risk, ...]:
    return tuple(Risk(**row) for row in value)


_READERS: dict[str, Callable[[Any], object]] = {
    "language": _text,
    "kind": lambda value: None if value is None else StoryKind(value),
    "scenes": _scenes,
    "left_out": _scenes,
    "lesion_words": lambda value: {_text(i): LesionWord(word) for i, word in value.items()},
    "approach": lambda value: None if value is None else Approach(value),
    "risks": _risks,
    "length_of_stay": lambda value: None if value is None else LengthOfStay(**value),
    "has_regrowth": _flag,
    "team_phone": _text,
    "texts": lambda value: {_text(i): _text(text) for i, text in value.items()},
    "has_large_print": _flag,
    "has_own_skin": _flag,
    "questions": _lines,
    "notes": _lines,
}
