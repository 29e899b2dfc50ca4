"""One offline page with the twin: everything inside one file, nothing asked of a network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

from export.model import ModelPart, model_parts
from export.page_geometry import light_parts, packed_parts, pulled_apart
from export.page_sections import (
    apart_slider,
    buttons,
    facts_list,
    heading,
    legend,
    orientation_letters,
    plan_sections,
    still_pictures,
    watermark,
)
from export.plan_sections import figures_table, state_in_words
from export.renderer import PICTURE_BACKGROUND, Renderer
from export.staging import write_whole
from export.state import document_state, require_current
from resources import resource_path
from twin.case import Case
from twin.errors import BackendUnavailable, GeometryError
from twin.outcome import Outcome
from twin.plan import Plan
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["LARGEST_PAGE_BYTES", "write_page"]

LARGEST_PAGE_BYTES = 5_000_000
_SOURCES = Path(__file__).parent / "viewer"
_TRIANGLE_BUDGETS = (170_000, 110_000, 70_000, 40_000, 20_000)


def write_page(
    case: Case,
    twin: Twin,
    plan: Plan,
    outcome: Outcome,
    split: Sequence[Surface] | None,
    language: str,
    path: Path,
    *,
    renderer: Renderer | None = None,
    replace: bool = False,
) -> None:
    """Write the surgeon's page: the twin to turn, the figures of the plan, and what they rest on.

    The page holds no identity; it names the case by the beginning of its random id.

    Parameters
    ----------
    case, twin, plan, outcome
        What the page shows; all current.
    split
        Surfaces of remnant and specimen, or None.
    language
        ``"fr"`` or ``"en"``.
    path
        The HTML file.
    renderer
        Draws the still pictures that stand in where WebGL or scripts are missing; without it a sentence stands there.
    replace
        Allow a file that is there to be replaced.

    Raises
    ------
    SafetyRefusal
        When plan, twin or outcome are not those of the case as it is now.
    BackendUnavailable
        ``error.export.no_viewer`` when the viewer was not built.
    InputError
        When the file cannot be written; then nothing is.
    """
    require_current(case, twin, plan, outcome)
    wording = Wording(language)
    parts = model_parts(twin, split)
    pictures = still_pictures(parts, renderer, document_state(case, plan), wording)
    for budget in _TRIANGLE_BUDGETS:
        content = _page(case, twin, plan, outcome, light_parts(parts, budget), pictures, wording)
        if len(content) <= LARGEST_PAGE_BYTES:
            write_whole(path, content, replace=replace)
            return
    raise GeometryError("error.export.page_too_large", megabytes=round(len(content) / 1e6, 1))


def _page(
    case: Case, twin: Twin, plan: Plan, outcome: Outcome, parts: Sequence[ModelPart], pictures: str, wording: Wording
) -> bytes:
    state = document_state(case, plan)
    style, script = _style(parts), _viewer_script()
    title = heading(case, plan, wording)
    words = {
        "title": f"{title} · TwinSight",
        "heading": title,
        "state": state_in_words(state, wording),
        "notice": wording.text(NOT_A_DEVICE),
        "skip": wording.text("export.page.skip"),
        "view_title": wording.text("export.page.view_title"),
        "stage_label": wording.text("export.page.stage_label"),
        "stage_help": wording.text("export.page.stage_help"),
        "controls_label": wording.text("export.page.controls_label"),
        "legend_title": wording.text("export.page.legend_title"),
        "letters_help": wording.text("export.page.letters_help"),
        "figures_title": wording.text("export.page.figures_title"),
        "made": wording.text("export.page.made", case=case.id[:8]),
    }
    blocks = {
        "language": wording.language,
        "policy": _content_policy(style, script),
        "style": style,
        "script": script,
        "data": _data_block(parts, wording),
        "state_class": "approved" if state.is_approved else "draft",
        "facts": facts_list(case, plan, wording),
        "watermark": watermark(state, wording),
        "controls": buttons(wording),
        "apart": apart_slider(parts, wording),
        "legend": legend(parts, wording),
        "pictures": pictures,
        "figures": f'<div class="scroll" tabindex="0">{figures_table(outcome, wording)}</div>',
        "sections": plan_sections(case, state, twin, outcome, wording),
    }
    template = Template((_SOURCES / "page.html").read_text(encoding="utf-8"))
    return template.substitute({name: escape(text) for name, text in words.items()} | blocks).encode()


def _content_policy(style: str, script: str) -> str:
    """Allow this style, this script and pictures inside the page, and nothing else: no network, no other code."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _style(parts: Sequence[ModelPart]) -> str:
    swatches = "".join(f".swatch.{part.id} {{ background: {part.colour}; }}\n" for part in parts)
    return (_SOURCES / "page.css").read_text(encoding="utf-8") + swatches


def _viewer_script() -> str:
    try:
        return resource_path("viewer/viewer.js").read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise BackendUnavailable("error.export.no_viewer") from error


def _data_block(parts: Sequence[ModelPart], wording: Wording) -> str:
    """Return the data of the viewer as JSON that cannot end the element it stands in."""
    data = {
        **packed_parts(parts),
        "background": PICTURE_BACKGROUND,
        "letters": orientation_letters(wording),
        "apart": pulled_apart(parts),
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
