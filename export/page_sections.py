"""The pieces of the offline page: heading, buttons, legend, pictures, sections below the view."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import numpy as np

from export.model import REMNANT, SPECIMEN, ModelPart, is_shown_at_first, parts_in_focus
from export.plan_sections import (
    crossed_vessels_section,
    cuts_in_words,
    origins_section,
    segments_table,
    thresholds_section,
    warnings_section,
)
from export.privacy import without_identity
from export.renderer import Renderer, View
from export.state import DocumentState
from twin.anatomy import structure
from twin.case import Case
from twin.outcome import Outcome
from twin.plan import Plan
from twin.twin import Twin
from twin.wording import Wording

__all__ = [
    "alternative_text",
    "apart_slider",
    "buttons",
    "edges_of_view",
    "facts_list",
    "heading",
    "legend",
    "orientation_letters",
    "plan_sections",
    "scan_in_words",
    "still_pictures",
    "watermark",
]

_ACTIONS = ("turn-left", "turn-right", "turn-up", "turn-down", "zoom-in", "zoom-out")
_STILL_VIEWS = (View.FRONT, View.RIGHT, View.BELOW, View.BACK)
_STILL_SIZE_PX = (800, 600)
_DIRECTIONS = ("left", "right", "up", "down", "front", "back")
# From the frame of the patient (L, P, S) to the words of a direction: positive and negative side of each axis.
_SIDES = (("left", "right"), ("back", "front"), ("up", "down"))


def heading(case: Case, plan: Plan, wording: Wording) -> str:
    """Return the title: the plan by its name, with what identifies the patient taken out."""
    return wording.text("export.page.heading", plan=without_identity(plan.name, case.identity))


def facts_list(case: Case, plan: Plan, wording: Wording) -> str:
    """Return case, scan and cuts as terms with their values."""
    volume = case.planning_volume if case.planning_volume_id is not None else None
    cuts = cuts_in_words(plan, wording)
    rows = [
        ("export.fact.case", case.id[:8]),
        ("export.fact.scan", "" if volume is None else scan_in_words(volume.modality, volume.phase, wording)),
        ("export.fact.cuts", cuts),
    ]
    return "".join(f"<dt>{_text(wording, key)}</dt><dd>{escape(text)}</dd>" for key, text in rows if text)


def scan_in_words(modality: str, phase: str, wording: Wording) -> str:
    """Return modality and phase, e.g. "CT, portal phase"."""
    return wording.text(f"export.modality.{modality}") + ", " + wording.text(f"export.phase.{phase}")


def watermark(state: DocumentState, wording: Wording) -> str:
    """Return the words laid over the view until the plan is approved."""
    words = [wording.text(message_id) for message_id in state.watermark_ids]
    if not words:
        return ""
    lines = "".join(f"<span>{escape(words[n % len(words)])}</span>" for n in range(3))
    return f'<div class="watermark" aria-hidden="true">{lines}</div>'


def buttons(wording: Wording) -> str:
    """Return the buttons that turn, zoom and choose a side."""
    actions = "".join(
        f'<button type="button" data-action="{name}">{_text(wording, f"export.action.{name}")}</button>'
        for name in _ACTIONS
    )
    views = "".join(
        f'<button type="button" data-view="{view.value}">{_text(wording, f"export.view.{view.value}")}</button>'
        for view in View
    )
    turning = (
        f'<button type="button" id="turning" aria-pressed="false">{_text(wording, "export.action.turning")}</button>'
    )
    return f'{actions}{turning}<span class="gap"></span>{views}'


def apart_slider(parts: Sequence[ModelPart], wording: Wording) -> str:
    """Return the slider that pulls the specimen away, when the plan divides an organ."""
    if not {REMNANT, SPECIMEN} <= {part.id for part in parts}:
        return ""
    label = _text(wording, "export.page.apart")
    return (
        f'<div class="apart"><label for="apart">{label}</label>'
        '<input type="range" id="apart" min="0" max="100" value="0" step="1"></div>'
        f'<p class="note">{_text(wording, "export.page.apart_note")}</p>'
    )


def legend(parts: Sequence[ModelPart], wording: Wording) -> str:
    """Return the parts by kind: colour, name, and a button that shows or hides each."""
    groups: dict[str, list[ModelPart]] = {}
    for part in parts:
        kind = "plan" if part.id in (REMNANT, SPECIMEN) else structure(part.id).layer.value
        groups.setdefault(kind, []).append(part)
    return "".join(
        f"<h3>{_text(wording, f'export.group.{kind}')}</h3>"
        f"<ul>{''.join(_legend_line(part, wording) for part in group)}</ul>"
        for kind, group in groups.items()
    )


def _legend_line(part: ModelPart, wording: Wording) -> str:
    shown, hidden = _text(wording, "export.page.shown"), _text(wording, "export.page.hidden")
    return (
        f'<li><button type="button" data-part="{part.id}" aria-pressed="{str(is_shown_at_first(part)).lower()}">'
        f'<span class="swatch {part.id}" aria-hidden="true"></span><span>{escape(part.names[wording.language])}</span>'
        f'<span class="eye" aria-hidden="true"><span class="on">{shown}</span><span class="off">{hidden}</span></span>'
        "</button></li>"
    )


def orientation_letters(wording: Wording) -> dict[str, str]:
    """Return the letter of each direction of the patient."""
    return {name: wording.text(f"export.letter.{name}") for name in _DIRECTIONS}


def still_pictures(
    parts: Sequence[ModelPart], renderer: Renderer | None, state: DocumentState, wording: Wording
) -> str:
    """Return pictures from four sides for browsers that cannot draw the twin, or a sentence without a renderer."""
    sentence = f"<p>{_text(wording, 'export.page.no_webgl')}</p>"
    if renderer is None:
        return sentence
    shown = parts_in_focus(parts)
    pictures = "".join(_still_picture(shown, view, renderer, state, wording) for view in _STILL_VIEWS)
    return f'{sentence}<div class="stills">{pictures}</div>'


def _still_picture(
    parts: Sequence[ModelPart], view: View, renderer: Renderer, state: DocumentState, wording: Wording
) -> str:
    png = base64.b64encode(renderer.render(parts, view, _STILL_SIZE_PX)).decode("ascii")
    width, height = _STILL_SIZE_PX
    at_left, at_right = edges_of_view(view)
    return (
        f'<figure><div class="frame"><img alt="{escape(alternative_text(parts, view, wording))}" width="{width}" '
        f'height="{height}" src="data:image/png;base64,{png}">'
        f'<span class="edge left" aria-hidden="true">{_text(wording, f"export.letter.{at_left}")}</span>'
        f'<span class="edge right" aria-hidden="true">{_text(wording, f"export.letter.{at_right}")}</span>'
        f"{watermark(state, wording)}</div>"
        f"<figcaption>{_text(wording, f'export.view.{view.value}')}</figcaption></figure>"
    )


def edges_of_view(view: View) -> tuple[str, str]:
    """Return the sides of the patient at the left and the right edge of a picture."""
    match view:
        case View.FRONT | View.ABOVE | View.BELOW:
            return ("right", "left")
        case View.BACK:
            return ("left", "right")
        case View.RIGHT:
            return ("back", "front")
        case View.LEFT:
            return ("front", "back")


def alternative_text(parts: Sequence[ModelPart], view: View, wording: Wording) -> str:
    """Return what a picture shows, in words: the side it is seen from, what is in it, where the part to remove lies."""
    names = ", ".join(part.names[wording.language] for part in parts)
    sentences = [
        wording.text("export.picture.view", view=wording.text(f"export.view.{view.value}")),
        wording.text("export.picture.parts", parts=names),
    ]
    by_id = {part.id: part.surface.points_lps_mm for part in parts}
    if REMNANT in by_id and SPECIMEN in by_id:
        away_lps_mm = by_id[SPECIMEN].mean(axis=0) - by_id[REMNANT].mean(axis=0)
        axis = int(np.abs(away_lps_mm).argmax())
        side = _SIDES[axis][0 if away_lps_mm[axis] > 0 else 1]
        sentences.append(wording.text("export.picture.specimen", side=wording.text(f"export.side.{side}")))
    return " ".join(sentences)


def plan_sections(case: Case, state: DocumentState, twin: Twin, outcome: Outcome, wording: Wording) -> str:
    """Return the sections below the figures: warnings, vessels crossed, origins."""
    blocks = (
        ("thresholds", thresholds_section(outcome, wording)),
        ("warnings", warnings_section(case, state, outcome, wording)),
        ("segments", _scrolling(segments_table(outcome, wording))),
        ("vessels", crossed_vessels_section(outcome, twin, wording)),
        ("origins", origins_section(case, wording)),
    )
    return "".join(
        f'<section class="wide" aria-labelledby="{name}-title"><h2 id="{name}-title">'
        f"{_text(wording, f'export.section.{name}')}</h2>{block}</section>"
        for name, block in blocks
        if block
    )


def _scrolling(block: str) -> str:
    return f'<div class="scroll" tabindex="0">{block}</div>' if block else ""


def _text(wording: Wording, message_id: str) -> str:
    return escape(wording.text(message_id))
