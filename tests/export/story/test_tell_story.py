"""A story tells what was chosen, of what was confirmed, and no figure outside the white list."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from export.story import words as story_words
from export.story.choices import LengthOfStay, LesionWord, Risk, SceneId, StoryChoices, StoryKind
from export.story.figures import tenths_that_stay
from export.story.story import Emphasis, Story
from export.story.tell import _operations
from export.story.words import StoryWords
from resources import resource_path
from tests.export.conftest import Example
from tests.export.story.conftest import SENSITIVE, full_choices, replanned, told
from twin.errors import InputError, SafetyRefusal
from twin.figure import Figure
from twin.patient import FactOrigin
from twin.plan import Plan
from twin.resection import AblationZone, DonorSplit, PancreasCut, PancreasOperation, PlaneCut, WedgeCut, parse_cut


def _ids(story: Story) -> list[SceneId]:
    return [scene.id for scene in story.scenes]


def _texts(story: Story) -> str:
    texts = [t for scene in story.scenes for t in (scene.title, *scene.text, *scene.more, scene.alternative_text)]
    return " ".join([story.title, *texts, *(part.names[story.language] for part in story.parts)])


def test_that_sensitive_scenes_are_told_only_when_chosen(approved: Example) -> None:
    calm = told(approved, StoryChoices("fr"))
    assert _ids(calm) == [scene for scene in SceneId if not scene.is_sensitive]
    assert not [part.id for part in calm.parts if part.id.startswith("lesion-")]  # "see the tumour" is opted into
    assert _ids(told(approved, full_choices("fr"))) == list(SceneId)


@pytest.mark.parametrize("left_out", [SceneId.BODY, SceneId.STEPS, SceneId.QUESTIONS])
def test_that_a_scene_left_out_leaves_no_gap(approved: Example, left_out: SceneId) -> None:
    story = told(approved, full_choices("fr", left_out=frozenset({left_out})))
    assert _ids(story) == [scene for scene in SceneId if scene is not left_out]
    assert all(scene.text and all(scene.text) for scene in story.scenes)


def test_that_only_confirmed_lesions_are_told(example: Example, approved: Example) -> None:
    words = _texts(told(approved, full_choices("fr")))
    assert words.count("On a trouvé une zone") == 2
    draft = told(example, full_choices("fr"))
    assert SceneId.FOUND not in _ids(draft)  # nothing confirmed, nothing to tell
    assert not [part.id for part in draft.parts if part.id.startswith("lesion-")]


def test_that_a_lesion_that_stays_is_never_called_to_be_removed(approved: Example) -> None:
    story = told(approved, full_choices("fr"))  # the cut takes the first lesion and leaves the second
    words, names = _texts(story), {part.id: part.names["fr"] for part in story.parts}
    assert "On a trouvé une zone à enlever. C’est à droite" in words
    assert "On a trouvé une zone qui reste" in words
    assert "pourquoi quelque chose reste en place" in words
    assert "zones à enlever" not in words
    assert names["lesion-1-gone"] == "La zone à enlever"
    assert names["lesion-2"] == "La zone qui reste"
    by_id = {scene.id: scene.stage for scene in story.scenes}
    assert "lesion-2" in by_id[SceneId.STAYS]
    assert "lesion-1-gone" not in by_id[SceneId.STAYS]
    assert (story.the_lesions, story.has_several_lesions) == ("la zone à enlever", False)


def test_that_a_lesion_treated_in_place_is_called_so(approved: Example) -> None:
    ablation = replanned(approved, AblationZone("lesion-1", 5.0))
    words = _texts(told(ablation, full_choices("fr")))
    assert "Le chirurgien soigne la zone à soigner sur place" in words
    assert "zone à enlever" not in words


def test_that_every_number_of_a_story_is_on_the_white_list(approved: Example, story: Story) -> None:
    numbers = set(re.findall(r"\d+", _texts(story)))
    assert numbers <= story.allowed_numbers
    assert {"3", "10", "100", "7", "93", "5", "8"} <= numbers  # tenths, typed risk, typed stay

    def shown(tree: object) -> set[str]:
        if isinstance(tree, Figure):
            return {f"{value:.{n}f}" for value in (tree.value, tree.low, tree.high) if value for n in (0, 1)}
        return set().union(*(shown(branch) for branch in tree.values()))  # type: ignore[attr-defined]

    allowed = story.allowed_numbers | {"10.0"}
    assert approved.outcome.liver is not None
    assert shown(approved.outcome.liver) - allowed
    for figure in shown(approved.outcome.liver) - allowed:
        assert figure not in re.findall(r"\d+(?:[.,]\d+)?", _texts(story).replace(",", "."))


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        (32.5, "Il reste environ 3 parts sur 10 de votre foie."),
        (12.0, "Il reste environ 1 part sur 10 de votre foie."),
        (3.0, "Il reste une petite partie de votre foie."),
        (97.0, "Presque tout votre foie reste en place."),
    ],
)
def test_that_the_share_that_stays_is_told_in_tenths(approved: Example, percent: float, words: str) -> None:
    assert approved.outcome.liver is not None
    liver = {**approved.outcome.liver, "flr_percent": Figure(percent, percent, percent, "%")}
    changed = replace(approved, outcome=replace(approved.outcome, liver=liver))
    assert words in _texts(told(changed, full_choices("fr")))


def test_that_an_unknown_share_is_not_told(approved: Example) -> None:
    liver = {"flr_percent": Figure.unknown("%")}
    changed = replace(approved, outcome=replace(approved.outcome, liver=liver))
    assert "parts sur 10" not in _texts(told(changed, full_choices("fr")))


def test_that_the_pancreas_share_is_of_the_whole_gland(approved: Example) -> None:
    figures = {"remnant_ml": Figure(42.0, 40.0, 44.0, "ml"), "total_ml": Figure(60.0, 58.0, 62.0, "ml")}
    assert tenths_that_stay(replace(approved.outcome, pancreas=figures), "pancreas") == 7


@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_a_donor_story_holds_no_disease_and_no_lesion(approved: Example, language: str) -> None:
    donor = replanned(approved, DonorSplit("right"))
    story = told(donor, full_choices(language, scenes=SENSITIVE, has_regrowth=True))
    assert story.kind is StoryKind.DONOR
    assert SceneId.FOUND not in _ids(story)
    assert not [part.id for part in story.parts if "lesion" in part.id]
    forbidden = {"fr": ("zone à enlever", "lésion", "tumeur"), "en": ("area to be removed", "lesion", "tumour")}
    assert [word for word in forbidden[language] if word in _texts(story).lower()] == []


def test_that_the_pancreas_is_told_not_to_grow_back_and_what_is_certain_is_no_risk(approved: Example) -> None:
    total = replanned(approved, PancreasCut(PancreasOperation.TOTAL))
    story = told(total, full_choices("fr"), is_split=False)
    words = _texts(story)
    assert story.kind is StoryKind.PANCREAS
    assert "Le pancréas ne repousse pas." in words
    assert "vous prendrez de l’insuline toute votre vie" in words
    assert "On vous fera des vaccins" in words
    assert "parts sur 10" not in words
    kept = replanned(approved, PancreasCut(PancreasOperation.DISTAL, (0.5,), keeps_spleen=True))
    assert "rate est enlevée" not in _texts(told(kept, full_choices("fr"), is_split=False))


def test_that_a_transplant_shows_the_whole_liver_fade(approved: Example) -> None:
    story = told(approved, full_choices("fr", kind=StoryKind.TRANSPLANT))
    stays = next(scene for scene in story.scenes if scene.id is SceneId.STAYS)
    assert stays.stage["liver"] is Emphasis.FADED
    assert not {"remnant", "specimen"} & {part.id for part in story.parts}


def test_that_regrowth_is_ticked_and_never_told_in_cirrhosis(approved: Example) -> None:
    assert "grossir" not in _texts(told(approved, full_choices("fr")))
    assert "peut grossir en quelques semaines" in _texts(told(approved, full_choices("fr", has_regrowth=True)))
    facts = approved.case.facts.with_fact("parenchyma", "cirrhosis", FactOrigin.ENTERED, "2026-03-01")
    outcome = replace(approved.outcome, facts_hash=facts.hash)
    ill = replace(approved, case=approved.case.with_facts(facts).with_outcome(outcome), outcome=outcome)
    with pytest.raises(SafetyRefusal) as refusal:
        told(ill, full_choices("fr", has_regrowth=True))
    assert refusal.value.message_id == "error.story.regrowth_in_cirrhosis"
    whipple = replanned(approved, PancreasCut(PancreasOperation.WHIPPLE, (0.4,)))
    with pytest.raises(SafetyRefusal):
        told(whipple, full_choices("fr", has_regrowth=True), is_split=False)


def test_that_a_draft_says_so_and_an_approved_plan_does_not(example: Example, approved: Example) -> None:
    assert told(example, full_choices("fr")).watermark == "brouillon, non validé"
    assert told(example, full_choices("en")).watermark == "draft, not approved"
    assert told(approved, full_choices("fr")).watermark == ""


def test_that_old_figures_are_never_told(approved: Example) -> None:
    with pytest.raises(SafetyRefusal):
        told(replace(approved, outcome=approved.outcome.as_stale()), full_choices("fr"))


def test_that_the_surgeon_can_change_any_text(approved: Example) -> None:
    texts = {"found.title": "Votre foie", "found.text": "Nous en avons parlé.\n\nIl y en a 4."}
    story = told(approved, full_choices("fr", texts=texts))
    scene = next(scene for scene in story.scenes if scene.id is SceneId.FOUND)
    assert (scene.title, scene.text) == ("Votre foie", ("Nous en avons parlé.", "Il y en a 4."))
    assert scene.is_edited
    assert "4" in story.allowed_numbers


def test_that_words_chosen_for_each_lesion_are_used(approved: Example) -> None:
    chosen = {"lesion-1": LesionWord.CYST, "lesion-2": LesionWord.TUMOUR}
    story = told(approved, full_choices("fr", lesion_words=chosen))
    names = {part.id.removesuffix("-gone"): part.names["fr"] for part in story.parts if part.id.startswith("lesion-")}
    assert names == {"lesion-1": "Le kyste", "lesion-2": "La tumeur"}
    assert re.search(r"On a trouvé un kyste\. .*On a trouvé une tumeur\. ", _texts(story))
    with pytest.raises(InputError):
        told(approved, full_choices("fr", lesion_words={"lesion-9": LesionWord.CYST}))


def test_that_the_side_that_goes_is_the_patients_own(approved: Example) -> None:
    assert "Le chirurgien enlève la partie droite de votre foie." in _texts(told(approved, full_choices("fr")))


def test_that_vessels_inside_what_is_removed_go_with_it(story: Story) -> None:
    stays = next(scene for scene in story.scenes if scene.id is SceneId.STAYS)
    assert "portal_vein-gone" in {part.id for part in story.parts}
    assert "portal_vein-gone" not in stays.stage
    gone, kept = story.part("portal_vein-gone").surface, story.part("portal_vein").surface
    assert gone.points_lps_mm[:, 0].mean() < kept.points_lps_mm[:, 0].mean()  # the right part is removed


def test_that_the_letters_change_with_plan_and_figures_and_are_no_number(approved: Example, example: Example) -> None:
    other = replanned(approved, WedgeCut("lesion-1", 10.0), PlaneCut((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)))
    versions = {told(one, full_choices("fr")).version for one in (approved, other)}
    assert len(versions) == 2
    assert all(re.fullmatch("[A-Z]{6}", version) for version in versions)


def test_that_a_third_language_needs_no_code(
    approved: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(resource_path("story"), tmp_path / "story")
    shutil.copytree(tmp_path / "story" / "en", tmp_path / "story" / "it")
    path = tmp_path / "story" / "it" / "words.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Your operation, explained", "La sua operazione"))

    def elsewhere(relative: str) -> Path:
        return tmp_path / relative if relative.startswith("story") else resource_path(relative)

    monkeypatch.setattr(story_words, "resource_path", elsewhere)
    story_words.story_languages.cache_clear()
    try:
        story = told(approved, replace(full_choices("en"), language="it"))
        assert (story.language, story.title) == ("it", "La sua operazione")
    finally:
        story_words.story_languages.cache_clear()


@pytest.mark.parametrize(
    "data",
    [
        {"scenes": ["fond"]},
        {"approach": "through the nose"},
        {"no_such": 1},
        {"has_regrowth": "yes"},
        {"risks": [{"event": "x"}]},
        {"lesion_words": {"lesion-1": "monster"}},
        {"texts": ["x"]},
    ],
)
def test_that_a_choice_that_cannot_be_kept_is_named(data: dict[str, object]) -> None:
    with pytest.raises(InputError) as refusal:
        StoryChoices.from_json(data)
    assert refusal.value.parameters["field"] == next(iter(data))


def test_that_choices_survive_a_file() -> None:
    chosen = full_choices("fr", texts={"done.title": "X"}, lesion_words={"lesion-1": LesionWord.CYST})
    assert StoryChoices.from_json(chosen.to_json()) == chosen


def test_that_typed_figures_need_their_source() -> None:
    with pytest.raises(InputError):
        Risk("une fièvre", 5, "dans le mois", "", "2020")
    with pytest.raises(InputError):
        Risk("une fièvre", 101, "dans le mois", "registre", "2020")
    with pytest.raises(InputError):
        LengthOfStay(8, 5, "registre", "2020")


def test_that_risks_chosen_but_not_typed_are_refused(approved: Example) -> None:
    with pytest.raises(InputError) as refusal:
        told(approved, StoryChoices("fr", scenes=frozenset({SceneId.RISKS})))
    assert refusal.value.message_id == "error.story.risks_missing"


def test_that_an_unknown_language_is_named() -> None:
    with pytest.raises(InputError) as refusal:
        StoryWords("xx", StoryKind.LIVER)
    assert "fr" in str(refusal.value.parameters["known"])


@pytest.mark.parametrize(
    "typed",
    [
        {"questions": ("Quand Élodie rentre-t-elle ?",)},
        {"notes": ("mme zacharie a compris",)},
        {"texts": {"found.text": "Dossier PID-77120."}},
        {"team_phone": "19610423"},
    ],
)
def test_that_nothing_typed_with_a_name_is_told(approved: Example, typed: dict[str, object]) -> None:
    with pytest.raises(SafetyRefusal) as refusal:
        told(approved, full_choices("fr", **typed))
    assert refusal.value.message_id == "error.story.names_the_patient"


def test_that_a_part_of_a_word_is_no_name(approved: Example) -> None:
    assert told(approved, full_choices("fr", notes=("On parle de mélodies.",))).notes == ("On parle de mélodies.",)


def test_that_a_closed_branch_beside_a_wedge_is_no_operation() -> None:
    cuts = ("embolised:portal.right", "wedge:lesion-1:5", "partition:portal.right")
    assert _operations(Plan("A", tuple(parse_cut(cut) for cut in cuts)), StoryKind.LIVER) == ("wedge",)
