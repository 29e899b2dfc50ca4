"""What stands in the slots of the texts: operation, approach, lesions, share that stays, risks, length of stay."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from export.story.choices import Approach, LesionWord, StoryChoices, StoryKind
from export.story.figures import LesionFate, ToldLesion
from export.story.words import StoryWords, capitalised

__all__ = ["Slots"]

Sentences = tuple[str, ...]
_NEUTRAL = {LesionFate.REMOVED: "area", LesionFate.TREATED: "area_treated", LesionFate.STAYS: "area_stays"}


@dataclass(frozen=True)
class Slots:
    """The sentences that depend on the plan and on the choices.

    Parameters
    ----------
    words, choices, kind
        Of the story.
    operations
        Keys of the texts of the operations, the leading one first; ``"spleen"`` when the spleen is removed too.
    approach
        Way in.
    lesions
        Confirmed lesions of the organ.
    side
        Side that is removed, or None.
    tenths
        Tenths of the organ that stay, or None when not known.
    """

    words: StoryWords
    choices: StoryChoices
    kind: StoryKind
    operations: tuple[str, ...]
    approach: Approach
    lesions: tuple[ToldLesion, ...]
    side: str | None
    tenths: int | None

    def paragraphs(self, place: str) -> Sentences:
        """Return the paragraphs of a scene with its slots filled; an empty slot leaves no gap."""
        told: list[str] = []
        for text in self.words.sentences(place):
            told += self._slot(text[1:]) if text.startswith("@") else (text,)
        return tuple(told)

    def steps(self) -> Sentences:
        """Return the steps of the leading operation."""
        return self.words.sentences(f"operation.{self.operations[0]}.steps", the=self.the_lesions())

    def lesion_word_of_all(self, lesion_id: str) -> str:
        """Return the word for every lesion that has the same word as this one, with its article."""
        same = [lesion for lesion in self.lesions if self._word(lesion) == self._word_of(lesion_id)]
        return self._the(self._word_of(lesion_id), len(same))

    def the_lesions(self) -> str:
        """Return the word for the lesions that the operation is about, with its article; the neutral one for several.

        These are the lesions that are removed, or treated when nothing is removed. What stays is not among them.
        """
        for fate in (LesionFate.REMOVED, LesionFate.TREATED):
            meant = [lesion for lesion in self.lesions if lesion.fate is fate]
            if meant:
                words = {self._word(lesion) for lesion in meant}
                return self._the(words.pop() if len(words) == 1 else _NEUTRAL[fate], len(meant))
        return self._the(_NEUTRAL[LesionFate.REMOVED], 1)

    def asked_lesions(self) -> tuple[str, bool]:
        """Return the words for what was found as the team asks for it, and whether they are several."""
        words = {self._word(lesion) for lesion in self.lesions}
        if len(words) != 1:
            n_meant = len([lesion for lesion in self.lesions if lesion.fate is LesionFate.REMOVED])
            return self.the_lesions(), n_meant > 1
        return self._the(words.pop(), len(self.lesions)), len(self.lesions) > 1

    def allowed_numbers(self) -> frozenset[str]:
        """Return the white list: every number that the texts may hold."""
        numbers = {str(count) for count in range(1, len(self.lesions) + 1)}
        if self.tenths is not None:
            numbers |= {str(self.tenths), "1", "10"}
        for risk in self.choices.risks:
            numbers |= {"100", str(risk.of_hundred), str(100 - risk.of_hundred)} | _numbers_in(
                risk.event, risk.span, risk.source, risk.period
            )
        stay = self.choices.length_of_stay
        if stay is not None:
            numbers |= {str(stay.low_days), str(stay.high_days)} | _numbers_in(stay.source, stay.period)
        return frozenset(numbers | _numbers_in(*self.choices.typed))

    def _slot(self, name: str) -> Sentences:
        fill: dict[str, Callable[[], Sentences]] = {
            "body": lambda: self.words.sentences("body.own" if self.choices.has_own_skin else "body.drawn"),
            "side": lambda: (self.words.say("side"),),
            "lesions": self._lesions,
            "lesion_colour": self._lesion_colour,
            "operation": self._operation,
            "approach": lambda: self.words.sentences(f"approach.{self.approach}.text"),
            "scar": lambda: self.words.sentences(f"approach.{self.approach}.scar"),
            "removed": lambda: self._of_operation("removed"),
            "stays": lambda: self._of_operation("stays"),
            "share": self._share,
            "spleen": lambda: (self._say("spleen"),) if "spleen" in self.operations else (),
            "vaccination": lambda: (self._say("vaccination"),) if "spleen" in self.operations else (),
            "regrowth": self._regrowth,
            "lifelong": lambda: (self._say("lifelong"),) if "total" in self.operations else (),
            "stay": self._stay,
            "risks": self._risks,
            "phone": lambda: (self._say("phone", phone=self.choices.team_phone),) if self.choices.team_phone else (),
        }
        return fill[name]()

    def _operation(self) -> Sentences:
        told: list[str] = []
        for name in self.operations:
            if name == "spleen":
                continue
            alone = f"operation.{name}.done_alone"
            place = alone if not told and self.words.has(alone) else f"operation.{name}.done"
            removed = self.words.say(f"removed.{self.side or 'right'}") if name == "part" else ""
            told += self.words.sentences(place, the=self.the_lesions(), removed=removed)
        return tuple(told)

    def _of_operation(self, name: str) -> Sentences:
        return self.words.sentences(f"operation.{self.operations[0]}.{name}")

    def _lesions(self) -> Sentences:
        if not self.lesions:
            return ()
        told: list[str] = []
        for word, n in Counter(self._word(lesion) for lesion in self.lesions).items():
            lying = [self.words.say(f"places.{one.place}") for one in self.lesions if self._word(one) == word]
            if n == 1:
                told.append(self._say("lesions_one", one=self._counted(word, 1)))
                told.append(self._say("lesion_single_at", place=lying[0]))
            else:
                told.append(self._say("lesions_many", many=self._counted(word, n)))
                told += [self._say("lesions_at", n=count, place=place) for place, count in Counter(lying).items()]
        return (*told, *self._why_stays())

    def _lesion_colour(self) -> Sentences:
        if not self.lesions:
            return ()
        words = {self._word(lesion) for lesion in self.lesions}
        if len(words) > 1:
            return (self._say("lesion_colour_of_all"),)
        return (self._say("lesion_colour", the=self.lesion_word_of_all(self.lesions[0].id)),)

    def _why_stays(self) -> Sentences:
        """Nothing that was found and stays is left unexplained."""
        return (self._say("why_stays"),) if any(one.fate is LesionFate.STAYS for one in self.lesions) else ()

    def _the(self, word: str, n: int) -> str:
        return self.words.say(f"lesion.{word}.{'the_many' if n > 1 else 'the'}")

    def _counted(self, word: str, n: int) -> str:
        return self.words.say(f"lesion.{word}.one") if n == 1 else self.words.say(f"lesion.{word}.many", n=n)

    def _share(self) -> Sentences:
        if self.tenths is None or self.operations[0] == "total":
            return ()
        name = {0: "none", 1: "one"}.get(self.tenths, "all" if self.tenths >= 10 else "some")
        values = {"tenths": self.tenths} if name == "some" else {}
        return (self._say(f"share_{name}", organ=self.words.say("organ_share"), **values),)

    def _regrowth(self) -> Sentences:
        if self.kind is StoryKind.PANCREAS:
            return (self._say("no_regrowth"),)
        return (self._say("regrowth"),) if self.choices.has_regrowth else ()

    def _stay(self) -> Sentences:
        stay = self.choices.length_of_stay
        if stay is None:
            return ()
        if stay.low_days == stay.high_days:
            told = self._say("stay_one", low=stay.low_days)
        else:
            told = self._say("stay_range", low=stay.low_days, high=stay.high_days)
        return (told, self._say("source", source=stay.source, period=stay.period))

    def _risks(self) -> Sentences:
        told: list[str] = []
        for risk in self.choices.risks:
            bad, good = risk.of_hundred, 100 - risk.of_hundred
            told.append(self._say("risk", bad=bad, good=good, event=risk.event, span=risk.span))
            told.append(self._say("source", source=risk.source, period=risk.period))
        return tuple(told)

    def _say(self, name: str, **values: object) -> str:
        return capitalised(self.words.say(f"say.{name}" if name != "phone" else "phone", **values))

    def _word(self, lesion: ToldLesion) -> str:
        """Return the key of the word that the surgeon chose; the neutral one tells what becomes of the lesion."""
        word = self.choices.lesion_words.get(lesion.id, LesionWord.AREA)
        return _NEUTRAL[lesion.fate] if word is LesionWord.AREA else word.value

    def _word_of(self, lesion_id: str) -> str:
        return next(self._word(lesion) for lesion in self.lesions if lesion.id == lesion_id)


def _numbers_in(*texts: str) -> set[str]:
    return {number for text in texts for number in re.findall(r"\d+", text)}
