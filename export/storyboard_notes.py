"""What the team writes on a storyboard: free text, printed as it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from export.story.choices import Approach
from twin.errors import InputError

__all__ = ["StepId", "StepNotes", "StoryboardNotes"]

_LONGEST = 600  # signs of one entry; more does not fit beside a picture


class StepId(StrEnum):
    """Steps of a storyboard; which of them a plan has follows from its operation."""

    APPROACH = "approach"
    EXPLORE = "explore"
    CONTROL = "control"
    CUT = "cut"
    REBUILD = "rebuild"
    STAYS = "stays"
    CLOSE = "close"


@dataclass(frozen=True)
class StepNotes:
    """The team's words for one step.

    Parameters
    ----------
    text
        Replaces the proposed words when it is given.
    instruments
        What is asked for at this step.
    """

    text: str = ""
    instruments: str = ""


@dataclass(frozen=True)
class StoryboardNotes:
    """Everything that the team typed; what is empty leaves lines to write on.

    Parameters
    ----------
    approach
        Way in, with the scar of the first picture; None for what the facts of the patient say.
    instruments, difficulties, prepared
        Instruments of the whole operation; difficulties expected, with the answer; what is made ready beforehand.
    steps
        Words for single steps.
    vessels
        Name of a crossed branch (``portal.right``), or its number in the table, to what is done with it.
    """

    approach: Approach | None = None
    instruments: tuple[str, ...] = ()
    difficulties: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    steps: Mapping[StepId, StepNotes] = field(default_factory=dict)
    vessels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: object) -> StoryboardNotes:
        """Read the notes of a file.

        Raises
        ------
        InputError
            ``error.storyboard.bad_notes`` naming the entry that does not exist or cannot be read.

        Examples
        --------
        >>> StoryboardNotes.from_json({"instruments": ["Ultrasound probe"]}).instruments
        ('Ultrasound probe',)
        """
        given = _object(data, "storyboard")
        for name in given:
            if name not in cls.__dataclass_fields__:
                raise _bad(name)
        return cls(
            _approach(given.get("approach")),
            _texts(given, "instruments"),
            _texts(given, "difficulties"),
            _texts(given, "prepared"),
            {_step_id(name): _step(step) for name, step in _object(given.get("steps", {}), "steps").items()},
            {name: _text(text, "vessels") for name, text in _object(given.get("vessels", {}), "vessels").items()},
        )

    def of(self, step: StepId) -> StepNotes:
        """Return the words for a step, empty ones where none are given."""
        return self.steps.get(step, StepNotes())


def _approach(given: object) -> Approach | None:
    try:
        return None if given is None else Approach(str(given))
    except ValueError as error:
        raise _bad("approach") from error


def _step_id(name: str) -> StepId:
    try:
        return StepId(name)
    except ValueError as error:
        raise _bad(f"steps.{name}") from error


def _step(given: object) -> StepNotes:
    fields = _object(given, "steps")
    for name in fields:
        if name not in StepNotes.__dataclass_fields__:
            raise _bad(f"steps.{name}")
    return StepNotes(**{name: _text(text, f"steps.{name}") for name, text in fields.items()})


def _texts(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    entries = given.get(name, [])
    if not isinstance(entries, list):
        raise _bad(name)
    return tuple(_text(entry, name) for entry in entries)


def _text(given: object, name: str) -> str:
    if not isinstance(given, str) or len(given) > _LONGEST:
        raise _bad(name)
    return given.strip()


def _object(given: object, name: str) -> Mapping[str, object]:
    if not isinstance(given, dict):
        raise _bad(name)
    return given


def _bad(name: str) -> InputError:
    return InputError("error.storyboard.bad_notes", field=name, longest=_LONGEST)
