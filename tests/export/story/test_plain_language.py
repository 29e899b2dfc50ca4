"""Every text a patient can read is short, easy and free of words of the trade."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from export.story.choices import Approach, LesionWord, SceneId, StoryKind
from export.story.figures import LesionFate, ToldLesion
from export.story.plain_language import LEAST_EASE, MOST_WORDS, readability
from export.story.slots import Slots
from export.story.words import StoryWords, story_languages
from resources import resource_path
from tests.export.story.conftest import full_choices

_OPERATIONS = {
    StoryKind.LIVER: [("part",), ("part", "wedge"), ("wedge",), ("wedge", "ablation"), ("ablation",)],
    StoryKind.PANCREAS: [("whipple",), ("distal", "spleen"), ("central",), ("total", "spleen"), ("enucleation",)],
    StoryKind.DONOR: [("left-lateral",), ("left",), ("right",)],
    StoryKind.TRANSPLANT: [("transplant",)],
}
_PLACES = ("right_up", "middle_down", "left_up")
_STORIES = [
    (language, kind, operations)
    for language in ("fr", "en")
    for kind, known in _OPERATIONS.items()
    for operations in known
]


def _slots(
    language: str,
    kind: StoryKind,
    operations: tuple[str, ...],
    *,
    n_lesions: int,
    approach: Approach,
    fates: tuple[LesionFate, ...] = (LesionFate.REMOVED,),
) -> Slots:
    choices = full_choices(language, has_regrowth=kind in (StoryKind.LIVER, StoryKind.DONOR))
    has_lesions = kind in (StoryKind.LIVER, StoryKind.PANCREAS)
    lesions = [
        ToldLesion(f"lesion-{n + 1}", place, fates[n % len(fates)]) for n, place in enumerate(_PLACES[:n_lesions])
    ]
    return Slots(
        StoryWords(language, kind),
        choices,
        kind,
        operations,
        approach,
        tuple(lesions) if has_lesions else (),
        "right",
        3,
    )


def _scenes(slots: Slots) -> Iterator[tuple[SceneId, tuple[str, ...]]]:
    for scene in SceneId:
        if slots.words.has(f"{scene.value}.title"):
            title = slots.words.say(f"{scene.value}.title")
            text = slots.steps() if scene is SceneId.STEPS else slots.paragraphs(f"{scene.value}.text")
            yield scene, (f"{title}.", *text, *slots.words.sentences(f"{scene.value}.more"))


def _all_texts(slots: Slots) -> list[str]:
    return [text for _, texts in _scenes(slots) for text in texts]


def _glossary(language: str) -> dict[str, list[str]]:
    return tomllib.loads(resource_path(f"story/{language}/glossary.toml").read_text(encoding="utf-8"))


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}s?\b", text.lower()) is not None


@pytest.mark.parametrize(("language", "kind", "operations"), _STORIES)
@pytest.mark.parametrize("n_lesions", [1, 3])
@pytest.mark.parametrize("approach", list(Approach))
def test_that_every_story_is_plain(
    language: str, kind: StoryKind, operations: tuple[str, ...], n_lesions: int, approach: Approach
) -> None:
    _require_plain(_slots(language, kind, operations, n_lesions=n_lesions, approach=approach), language)


@pytest.mark.parametrize(("language", "kind", "operations"), _STORIES)
@pytest.mark.parametrize("n_lesions", [1, 3])
@pytest.mark.parametrize(
    "fates", [(LesionFate.STAYS,), (LesionFate.TREATED, LesionFate.STAYS), (LesionFate.REMOVED, LesionFate.STAYS)]
)
def test_that_what_stays_is_told_plainly_too(
    language: str, kind: StoryKind, operations: tuple[str, ...], n_lesions: int, fates: tuple[LesionFate, ...]
) -> None:
    slots = _slots(language, kind, operations, n_lesions=n_lesions, approach=Approach.MIDLINE, fates=fates)
    _require_plain(slots, language)


@pytest.mark.parametrize(("language", "kind", "operations"), _STORIES)
def test_that_the_own_skin_is_told_plainly_too(language: str, kind: StoryKind, operations: tuple[str, ...]) -> None:
    slots = _slots(language, kind, operations, n_lesions=1, approach=Approach.MIDLINE)
    _require_plain(replace(slots, choices=replace(slots.choices, has_own_skin=True)), language)


def _require_plain(slots: Slots, language: str) -> None:
    whole = readability(_all_texts(slots), language)
    assert whole.n_longest <= MOST_WORDS, whole.longest
    assert whole.ease is not None
    assert whole.ease >= LEAST_EASE
    for scene, texts in _scenes(slots):
        ease = readability(texts, language).ease
        assert ease is not None
        assert ease >= LEAST_EASE, (scene, ease, texts)


@pytest.mark.parametrize(("language", "kind", "operations"), _STORIES)
def test_that_no_word_of_the_trade_is_left(language: str, kind: StoryKind, operations: tuple[str, ...]) -> None:
    slots = _slots(language, kind, operations, n_lesions=3, approach=Approach.LAPAROSCOPIC)
    told = " ".join(_all_texts(slots))
    assert [word for word in _glossary(language)["forbidden"] if _has_word(told, word)] == []
    for word, explanation in dict(_glossary(language)["explained"]).items():
        if _has_word(told, word) and "total" not in operations:
            assert explanation.lower() in told.lower(), word


@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_general_words_are_plain_too(language: str) -> None:
    words = tomllib.loads(resource_path(f"story/{language}/words.toml").read_text(encoding="utf-8"))
    pieces = [
        words["draft_note"],
        words["side"],
        words["without_name"],
        *words["page"].values(),
        *words["parts"].values(),
    ]
    assert readability(pieces, language).n_longest <= MOST_WORDS
    told = " ".join([*pieces, *words["lock"].values(), words["title"], words["title_donor"]])
    assert [word for word in _glossary(language)["forbidden"] if _has_word(told, word)] == []


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("operation", ["left-lateral", "left", "right"])
def test_that_a_donor_reads_no_word_of_disease(language: str, operation: str) -> None:
    slots = _slots(language, StoryKind.DONOR, (operation,), n_lesions=3, approach=Approach.J_SHAPED)
    told = " ".join(_all_texts(slots))
    assert [word for word in _glossary(language)["disease"] if _has_word(told, word)] == []
    assert not slots.words.has("found.title")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("word", list(LesionWord))
@pytest.mark.parametrize("n", [1, 2])
def test_that_the_chosen_word_is_the_only_one(language: str, word: LesionWord, n: int) -> None:
    chosen = full_choices(language, lesion_words={f"lesion-{k + 1}": word for k in range(n)})
    lesions = tuple(ToldLesion(f"lesion-{k + 1}", "right_up") for k in range(n))
    words = StoryWords(language, StoryKind.LIVER)
    slots = Slots(words, chosen, StoryKind.LIVER, ("wedge",), Approach.MIDLINE, lesions, None, 9)
    told = " ".join(_all_texts(slots)).lower()
    others = [w for w in LesionWord if w is not word]
    assert words.say(f"lesion.{word}.{'the' if n == 1 else 'the_many'}") in told
    assert [w for w in others if _has_word(told, words.say(f"lesion.{w}.one").split(" ", 1)[1])] == []


def test_that_a_long_or_hard_text_is_seen() -> None:
    long = "Le chirurgien ouvre le ventre et il prend tout ce qui est là puis il ferme le tout très vite."
    hard = "Hépatectomie élargie incluant résection biliaire."
    assert not readability([long], "fr").is_plain
    assert not readability([hard], "fr").is_plain
    assert readability(["Le foie est un grand organe. Il nettoie le sang."], "fr").is_plain


def test_that_all_languages_have_the_same_texts() -> None:
    def places(tree: dict[str, object], above: str = "") -> set[str]:
        found = set()
        for key, value in tree.items():
            found |= places(value, f"{above}{key}.") if isinstance(value, dict) else {above + key}
        return found

    for name in ("words", *StoryKind):
        known = [
            places(tomllib.loads(resource_path(f"story/{language}/{name}.toml").read_text(encoding="utf-8")))
            for language in story_languages()
        ]
        assert all(one == known[0] for one in known), name
