"""The storyboard tells the carers the plan step by step, with the patient's name on every page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from weasyprint import HTML

from export.model import ModelPart
from export.renderer import View
from export.storyboard import write_storyboard
from export.storyboard_notes import StepId, StoryboardNotes
from export.storyboard_steps import storyboard_steps
from tests.export.conftest import Example
from tests.export.story.conftest import PlainRenderer, replanned
from tests.export.story.test_take_home_documents import opened
from twin.errors import InputError, SafetyRefusal
from twin.outcome import CrossedVessel
from twin.resection import EmbolisedTerritory, PancreasCut, PancreasOperation, PlaneCut, WedgeCut
from twin.wording import NOT_A_DEVICE, Wording

PLANE = PlaneCut((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))


class NotingRenderer(PlainRenderer):
    """Notes the parts of each picture."""

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        self.pictures = [*getattr(self, "pictures", []), tuple(parts)]
        return super().render(parts, view, (90, 40))


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """The words of what was laid out, and its document."""
    seen: list[tuple[str, object]] = []
    real = HTML.render

    def noted(self: HTML, *arguments: object, **options: object) -> object:
        document = real(self, *arguments, **options)
        (body,) = self.etree_element.iter("body")
        seen.append((" ".join(" ".join(body.itertext()).split()), document))
        return document

    monkeypatch.setattr(HTML, "render", noted)
    return seen


def _crossed(example: Example) -> Example:
    """The same plan across a vein to be preserved and a portal branch, both inside the liver."""
    x, y, z = (float(v) for v in example.twin.surfaces["liver"].points_lps_mm.mean(axis=0))
    vessels = (
        CrossedVessel(1, "hepatic", "hepatic.middle", 6.4, (x, y, z), to_preserve=True),
        CrossedVessel(2, "portal", "portal.right", 8.1, (x, y, z + 10.0), to_preserve=False),
    )
    return replace(example, outcome=replace(example.outcome, clip_list=vessels))


def _write(example: Example, path: Path, language: str = "en", **changes: object) -> NotingRenderer:
    renderer = NotingRenderer()
    notes = changes.pop("notes", StoryboardNotes())
    write_storyboard(
        *(example.case, example.twin, example.plan, example.outcome, notes, renderer, language, path),  # type: ignore[arg-type]
        split=example.split,
        **changes,  # type: ignore[arg-type]
    )
    return renderer


@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_every_page_names_the_patient_and_says_what_it_is_not(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]], language: str
) -> None:
    _write(_crossed(example), tmp_path / "s.pdf", language)
    words, document = laid_out[-1]
    for page in document.pages:  # type: ignore[attr-defined]
        drawn = " ".join(box.text for box in page._page_box.descendants() if hasattr(box, "text"))
        drawn += " ".join(b.text for f in page._page_box.fixed_boxes for b in f.descendants() if hasattr(b, "text"))
        assert "ZACHARIE" in drawn
        assert "77120" in drawn
    assert Wording(language).text(NOT_A_DEVICE) in words
    assert not re.findall(r"\b(?:export|notice|figure|warning)\.[a-z_.]+|\{\w+\}", words)
    content = opened((tmp_path / "s.pdf").read_bytes())
    assert b"/StructTreeRoot" in content
    assert f"/Lang ({language})".encode() in content


def test_that_steps_stand_in_order_with_a_picture_each(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    renderer = _write(_crossed(example), tmp_path / "s.pdf")
    titles = ("Position and approach", "Exploration", "Vessels", "Resection", "What stays", "Check and closure")
    places = [laid_out[-1][0].index(f"{n} {title}") for n, title in enumerate(titles, 1)]
    assert places == sorted(places)
    assert len(renderer.pictures) == len(titles)
    ids = [{part.id for part in parts} for parts in renderer.pictures]
    assert "torso" in ids[0]
    assert {"crossed", "doubtful"} <= ids[2]
    assert {"remnant", "specimen"} <= ids[3]
    assert "specimen" not in ids[4]


def test_that_crossed_vessels_carry_diameter_doubt_and_what_is_done(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    notes = StoryboardNotes(vessels={"portal.right": "stapler"}, difficulties=("<b>Adhesions</b>",))
    _write(_crossed(example), tmp_path / "s.pdf", notes=notes)
    words = laid_out[-1][0].replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(
        r"1 Hepatic vein, middle 6\.4 mm to be preserved\?\s+2 Portal vein, right 8\.1 mm – stapler", words
    )
    assert "<b>Adhesions</b>" in words  # typed words bring no markup
    assert "32.5% (30.9 to 34.1%)" in words


def test_that_a_draft_says_so_and_stale_figures_are_never_printed(
    example: Example, approved: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    _write(example, tmp_path / "a.pdf")
    assert "Draft plan, not approved" in laid_out[-1][0]
    _write(approved, tmp_path / "b.pdf")
    assert "Draft plan" not in laid_out[-1][0]
    with pytest.raises(SafetyRefusal):
        _write(replace(example, outcome=example.outcome.as_stale()), tmp_path / "c.pdf")
    assert not (tmp_path / "c.pdf").exists()


def test_that_each_of_several_cuts_has_a_card_and_conditions_are_told(example: Example) -> None:
    planned = replanned(example, WedgeCut("lesion-1", 5.0), PLANE, EmbolisedTerritory(("portal.right",)))
    steps = storyboard_steps(
        planned.case, planned.plan, planned.outcome, StoryboardNotes(), Wording("en"), shown_cuts=(0, 1)
    )
    assert [step.cut for step in steps if step.id is StepId.CUT] == [0, 1]
    explored = next(step for step in steps if step.id is StepId.EXPLORE)
    assert any("Emboli" in fact for fact in explored.facts)


@pytest.mark.parametrize("operation", list(PancreasOperation))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_every_operation_on_the_pancreas_has_words_for_each_step(
    example: Example, operation: PancreasOperation, language: str
) -> None:
    planned = replanned(example, PancreasCut(operation, (0.4,), "lesion-1"))
    steps = storyboard_steps(planned.case, planned.plan, planned.outcome, StoryboardNotes(), Wording(language))
    assert all(step.title and step.text and "storyboard." not in step.title + step.text for step in steps)
    told = " ".join(fact for step in steps for fact in step.facts)
    takes_spleen = operation in (PancreasOperation.DISTAL, PancreasOperation.TOTAL)
    assert ("vaccination" in told) == takes_spleen


def test_that_the_teams_words_replace_the_proposed_ones(example: Example) -> None:
    notes = StoryboardNotes.from_json(
        {"approach": "midline", "steps": {"close": {"text": "Two drains.", "instruments": "Drains 18"}}}
    )
    steps = storyboard_steps(example.case, example.plan, example.outcome, notes, Wording("en"))
    assert (steps[-1].text, steps[-1].instruments) == ("Two drains.", "Drains 18")
    assert "midline" in steps[0].facts[0]


@pytest.mark.parametrize(
    "wrong",
    [
        *([], {"no": 1}, {"steps": {"no": {}}}, {"steps": {"cut": {"no": ""}}}, {"instruments": "x"}),
        *({"approach": "no"}, {"difficulties": ["x" * 601]}, {"vessels": {"1": 3}}),
    ],
)
def test_that_notes_that_cannot_be_kept_are_refused(wrong: object) -> None:
    with pytest.raises(InputError) as refusal:
        StoryboardNotes.from_json(wrong)
    assert refusal.value.message_id == "error.storyboard.bad_notes"
