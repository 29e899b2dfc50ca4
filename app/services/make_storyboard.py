"""Make the storyboard of a plan for the carers: steps, vessels, figures, and the team's own words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from export.renderer import Renderer
from export.storyboard import write_storyboard
from export.storyboard_notes import StoryboardNotes
from export.storyboard_steps import tissue_cuts
from simulation.split import split_organ
from twin.case import Case
from twin.errors import GeometryError, InputError
from twin.outcome import Outcome
from twin.plan import Plan
from twin.surface import Surface
from twin.twin import Twin

__all__ = ["StoryboardNotes", "make_storyboard", "read_notes"]

_MOST_CARDS_OF_CUTS = 4  # with more, one card shows all cuts


def make_storyboard(
    case: Case,
    twin: Twin,
    plan: Plan,
    outcome: Outcome,
    notes: StoryboardNotes,
    renderer: Renderer,
    language: str,
    path: Path,
    *,
    split: Sequence[Surface] | None = None,
) -> None:
    """Write the storyboard, each cut with a picture of its own; see :func:`export.storyboard.write_storyboard`."""
    write_storyboard(
        case, twin, plan, outcome, notes, renderer, language, path,
        split=split, split_of_cuts=_split_of_cuts(plan, twin),
    )  # fmt: skip


def read_notes(path: Path | None) -> StoryboardNotes:
    """Read the team's words from a JSON file; none leaves lines to write on.

    Raises
    ------
    InputError
        ``error.storyboard.bad_file`` when it is no JSON object, ``error.storyboard.bad_notes`` for an entry.
    """
    if path is None:
        return StoryboardNotes()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("error.storyboard.bad_file", name=path.name) from error
    if not isinstance(data, dict):
        raise InputError("error.storyboard.bad_file", name=path.name)
    return StoryboardNotes.from_json(data)


def _split_of_cuts(plan: Plan, twin: Twin) -> Mapping[int, Sequence[Surface]]:
    """Return what each of several cuts would take on its own; none for a single cut, which is the plan."""
    cuts = tissue_cuts(plan)
    if not 1 < len(cuts) <= _MOST_CARDS_OF_CUTS:
        return {}
    splits: dict[int, Sequence[Surface]] = {}
    for n, _, cut in cuts:
        try:
            splits[n] = tuple(part for part in split_organ(Plan(plan.name, (cut,)), twin) if part is not None)
        except GeometryError as error:
            if error.message_id != "error.surface.empty":  # an ablation takes nothing away
                raise
            splits[n] = ()
    return splits
