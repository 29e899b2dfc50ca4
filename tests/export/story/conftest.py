"""Stories of the small made-up case, for livers, pancreas, donors and recipients."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from PIL import Image

from export.model import ModelPart
from export.renderer import View
from export.story.choices import Approach, LengthOfStay, Risk, SceneId, StoryChoices
from export.story.story import Story
from export.story.tell import tell_story
from tests.export.conftest import Example
from twin.case import Case
from twin.plan import Plan
from twin.resection import Resection

SENSITIVE = frozenset({SceneId.FOUND, SceneId.RECOVERY, SceneId.RISKS})


class PlainRenderer:
    """Draws a plain picture of the right size; notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], tuple[int, int]]] = []

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        self.asked.append((tuple(part.id for part in parts), size_px))
        content = io.BytesIO()
        Image.new("RGB", size_px, "#C3CFCF").save(content, "PNG")
        return content.getvalue()

    def turn(
        self, parts: Sequence[ModelPart], elevation_deg: float, size_px: tuple[int, int], n_pictures: int
    ) -> Iterator[bytes]:
        for n in range(n_pictures):
            yield bytes((n, 128, 128)) * (size_px[0] * size_px[1])


def full_choices(language: str, **changes: object) -> StoryChoices:
    """Everything chosen and typed."""
    words = {"fr": ("une fièvre", "dans le premier mois"), "en": ("a fever", "in the first month")}[language]
    typed = StoryChoices(
        language,
        scenes=SENSITIVE,
        approach=Approach.J_SHAPED,
        risks=(Risk(words[0], 7, words[1], "registre", "2019"),),
        length_of_stay=LengthOfStay(5, 8, "registre", "2021"),
        team_phone="01 22 33 44 55",
    )
    return replace(typed, **changes)  # type: ignore[arg-type]


def replanned(example: Example, *resections: Resection) -> Example:
    """The same case with another plan; its outcome stays, as that of the new plan."""
    plan = Plan("Plan A", tuple(resections))
    case: Case = example.case.with_plan(plan)
    outcome = replace(example.outcome, plan_hash=plan.hash)
    return replace(example, case=case.with_outcome(outcome), plan=plan, outcome=outcome)


def told(example: Example, choices: StoryChoices, *, is_split: bool = True) -> Story:
    split = example.split if is_split else ()
    return tell_story(example.case, example.twin, example.plan, example.outcome, split, choices)


@pytest.fixture(scope="session")
def story(approved: Example) -> Story:
    """A full French story of an approved plan."""
    return told(approved, full_choices("fr"))


@pytest.fixture(scope="session")
def pictures(story: Story) -> dict[str, bytes]:
    content = PlainRenderer().render((), View.FRONT, (90, 66))
    return {scene.id.value: content for scene in story.scenes}
