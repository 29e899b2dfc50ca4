"""A story: scenes in order, each with its words and with what the stage shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from export.model import ModelPart
from export.state import DocumentState
from export.story.choices import SceneId, StoryKind
from export.story.words import StoryWords

__all__ = ["Emphasis", "Scene", "SceneCamera", "Story"]


class Emphasis(StrEnum):
    """How a part stands on the stage; a part that is not named is hidden."""

    SHOWN = "shown"
    FADED = "faded"
    HIGHLIGHTED = "highlighted"
    CLEAR = "clear"  # so see-through that what lies inside keeps its own colour


@dataclass(frozen=True)
class SceneCamera:
    """Where the eye is: turned around the patient, and near enough to see the parts in focus.

    Parameters
    ----------
    azimuth_deg, elevation_deg
        0, 0 sees the patient from the front; a positive azimuth shows the left side, a positive elevation the top.
    focus
        Ids of the parts that fill the view.
    zoom
        How much nearer than that.
    """

    azimuth_deg: float
    elevation_deg: float
    focus: tuple[str, ...]
    zoom: float = 1.0


@dataclass(frozen=True)
class Scene:
    """One scene.

    Parameters
    ----------
    id
        Which scene.
    title
        Heading.
    text
        Paragraphs of short sentences.
    more
        Second layer, for those who want to know more.
    is_list
        True when the paragraphs are steps in order.
    camera
        Where the eye is.
    stage
        Part id to emphasis; parts that are not named are hidden.
    alternative_text
        The picture in words.
    is_sensitive
        True for a scene that was chosen on its own.
    is_edited
        True when the surgeon changed title or text.
    """

    id: SceneId
    title: str
    text: tuple[str, ...]
    more: tuple[str, ...]
    is_list: bool
    camera: SceneCamera
    stage: Mapping[str, Emphasis]
    alternative_text: str
    is_sensitive: bool
    is_edited: bool = False


@dataclass(frozen=True, eq=False)
class Story:
    """A story with everything its page, leaflet and stage need. No identity is in it.

    Parameters
    ----------
    kind
        Kind of story.
    words
        Texts in its language.
    title
        Heading of all documents.
    scenes
        In order; what was left out leaves no gap.
    parts
        Surfaces that any scene shows, named and painted for the patient.
    state
        Draft or approved, of the plan it tells.
    version
        Letters that stand for plan and figures (no digits: nothing that could be read as a figure).
    allowed_numbers
        Every number that its texts may hold: the white list.
    has_large_print
        True when the leaflet is wanted in large print.
    the_lesions, has_several_lesions
        What was found, in the words of the story with the article, as the team asks for it; and whether it is plural.
    questions, notes
        Lines of the talk that go home: the patient's questions, and what was noted.
    beside
        The same story in a second language, told side by side; None for one language.
    """

    kind: StoryKind
    words: StoryWords
    title: str
    scenes: tuple[Scene, ...]
    parts: tuple[ModelPart, ...]
    state: DocumentState
    version: str
    allowed_numbers: frozenset[str]
    has_large_print: bool = False
    the_lesions: str = ""
    has_several_lesions: bool = False
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    beside: Story | None = None

    @property
    def language(self) -> str:
        """Language code."""
        return self.words.language

    @property
    def watermark(self) -> str:
        """Words laid over every picture; empty once the plan is approved."""
        return "" if self.state.is_approved else self.words.say("watermark")

    def part(self, part_id: str) -> ModelPart:
        """Return a part by its id."""
        return next(part for part in self.parts if part.id == part_id)
