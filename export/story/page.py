"""The take-home page: the story in one offline file that asks nothing of a network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from pathlib import Path
from string import Template

from babel.dates import format_date

from export.model import ModelPart
from export.page_geometry import light_parts, packed_parts
from export.renderer import PICTURE_BACKGROUND
from export.story.pictures import opacity_on_stage
from export.story.story import Scene, Story
from resources import resource_path
from twin.errors import BackendUnavailable, GeometryError

__all__ = ["LARGEST_STORY_BYTES", "content_policy", "made_on", "page_script", "page_style", "story_page"]

LARGEST_STORY_BYTES = 5_000_000
_SOURCES = Path(__file__).parents[1] / "viewer"
_TRIANGLE_BUDGETS = (110_000, 80_000, 55_000, 35_000, 20_000)
_ACTIONS = ("turn-left", "turn-right", "turn-up", "turn-down", "zoom-in", "zoom-out")


def story_page(
    story: Story,
    pictures: Mapping[str, bytes],
    *,
    today: date | None = None,
    leaflet: bytes | None = None,
    at_most_bytes: int = LARGEST_STORY_BYTES,
) -> bytes:
    """Return the page as HTML.

    Parameters
    ----------
    story
        What it tells.
    pictures
        Scene id to PNG; the page shows them where it cannot draw the twin.
    today
        The day it is made; the present day unless given.
    leaflet
        PDF to carry inside, for a page that will be sealed.
    at_most_bytes
        Limit of its size; surfaces get coarser until it fits.

    Raises
    ------
    BackendUnavailable
        ``error.export.no_viewer`` when the viewer was not built.
    GeometryError
        ``error.export.page_too_large`` when it does not fit even with coarse surfaces.
    """
    for budget in _TRIANGLE_BUDGETS:
        parts = light_parts(story.parts, budget)
        content = _page(story, parts, pictures, today or date.today(), leaflet)
        if len(content) <= at_most_bytes:
            return content
    raise GeometryError("error.export.page_too_large", megabytes=round(len(content) / 1e6, 1))


def content_policy(styles: Sequence[str], scripts: Sequence[str]) -> str:
    """Allow these styles, these scripts and pictures inside the page, and nothing else."""
    script, style = (" ".join(f"'{_hash(text)}'" for text in texts) for texts in (scripts, styles))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def page_script(name: str) -> str:
    """Return a built script of the viewer.

    Raises
    ------
    BackendUnavailable
        ``error.export.no_viewer`` when it was not built.
    """
    try:
        return resource_path(f"viewer/{name}.js").read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise BackendUnavailable("error.export.no_viewer") from error


def page_style(parts: Sequence[ModelPart] = ()) -> str:
    """Return the style sheet, with the colours of some parts."""
    style = (_SOURCES / "story.css").read_text(encoding="utf-8").replace("$background", PICTURE_BACKGROUND)
    return style + "".join(f'[data-part="{part.id}"]::before {{ background: {part.colour}; }}\n' for part in parts)


def made_on(story: Story, today: date) -> str:
    """Return the day it was made, and the version of plan and figures, in words."""
    day = format_date(today, format="long", locale=story.words.say("locale"))
    return story.words.say("made", date=day, version=story.version)


def _page(
    story: Story, parts: Sequence[ModelPart], pictures: Mapping[str, bytes], today: date, leaflet: bytes | None
) -> bytes:
    words, style, script = story.words, page_style(parts), page_script("story")
    shown = ("skip", "stage", "stage_help", "show", "previous", "next", "read_aloud")
    texts = {name: words.say(f"page.{name}") for name in shown} | {
        "title": story.title,
        "controls_label": words.say("page.controls"),
        "scenes_label": words.say("page.scenes"),
        "pictures_note": words.say("page.pictures"),
        "notice": words.say("notice"),
        "without_name": words.say("without_name"),
        "made": made_on(story, today),
    }
    blocks = {
        "language": story.language,
        "policy": content_policy([style], [script]),
        "style": style,
        "script": script,
        "draft": f'<p class="draft">{escape(words.say("draft_note"))}</p>' if story.watermark else "",
        "watermark": _watermark(story),
        "controls": _controls(story),
        "toggles": _toggles(story),
        "tabs": _tabs(story),
        "scenes": "".join(_section(story, scene, pictures.get(scene.id.value)) for scene in story.scenes),
        "data": _data(story, parts),
        "leaflet": _leaflet_button(story) if leaflet else "",
        "attachment": _attachment(leaflet) if leaflet else "",
    }
    template = Template((_SOURCES / "story.html").read_text(encoding="utf-8"))
    return template.substitute({name: escape(text) for name, text in texts.items()} | blocks).encode()


def _section(story: Story, scene: Scene, picture: bytes | None) -> str:
    name = f"scene-{scene.id.value}"
    figure = "" if picture is None else _figure(story, scene, picture)
    if scene.is_list:
        body = "<ol>" + "".join(f"<li>{escape(text)}</li>" for text in scene.text) + "</ol>"
    else:
        body = "".join(f"<p>{escape(text)}</p>" for text in scene.text)
    more = "".join(f"<p>{escape(text)}</p>" for text in scene.more)
    if more:
        more = f"<details><summary>{escape(story.words.say('page.more'))}</summary>{more}</details>"
    return (
        f'<section class="scene" id="{name}" aria-labelledby="{name}-title">'
        f'<h2 id="{name}-title">{escape(scene.title)}</h2>{figure}{body}{more}</section>'
    )


def _figure(story: Story, scene: Scene, picture: bytes) -> str:
    png = base64.b64encode(picture).decode("ascii")
    right, left = (escape(story.words.say(f"page.{side}")) for side in ("right", "left"))
    return (
        f'<figure class="picture"><img alt="{escape(scene.alternative_text)}" src="data:image/png;base64,{png}">'
        f'<span class="edge left" aria-hidden="true">{right}</span>'
        f'<span class="edge right" aria-hidden="true">{left}</span>{_watermark(story)}</figure>'
    )


def _watermark(story: Story) -> str:
    if not story.watermark:
        return ""
    return f'<div class="watermark" aria-hidden="true">{f"<span>{escape(story.watermark)}</span>" * 3}</div>'


def _controls(story: Story) -> str:
    texts = {name: escape(story.words.say("page." + name.replace("-", "_"))) for name in _ACTIONS}
    buttons = "".join(f'<button type="button" data-action="{name}">{text}</button>' for name, text in texts.items())
    return f'{buttons}<button type="button" id="recentre">{escape(story.words.say("page.recentre"))}</button>'


def _toggles(story: Story) -> str:
    """Return a button for each name: parts of one name, such as a vessel and its piece that goes, share it."""
    ids_by_name: dict[str, list[str]] = {}
    for part in story.parts:
        if any(part.id in scene.stage for scene in story.scenes):
            ids_by_name.setdefault(part.names[story.language], []).append(part.id)
    return "".join(
        f'<li><button type="button" data-part="{ids[0]}" data-parts="{" ".join(ids)}" aria-pressed="true">'
        f"{escape(name)}</button></li>"
        for name, ids in ids_by_name.items()
    )


def _tabs(story: Story) -> str:
    return "".join(
        f'<li><button type="button" data-scene="{scene.id.value}">{escape(scene.title)}</button></li>'
        for scene in story.scenes
    )


def _data(story: Story, parts: Sequence[ModelPart]) -> str:
    """Return the data of the viewer as JSON that cannot end the element it stands in."""
    sides = {name: story.words.say(f"page.{name}") if name in ("left", "right") else "" for name in _SIDES}
    scenes = [
        {
            "id": scene.id.value,
            "alternative": scene.alternative_text,
            "azimuth": scene.camera.azimuth_deg,
            "elevation": scene.camera.elevation_deg,
            "focus": list(scene.camera.focus),
            "zoom": scene.camera.zoom,
            "looks": {p.id: opacity_on_stage(p, scene.stage[p.id]) for p in story.parts if p.id in scene.stage},
        }
        for scene in story.scenes
    ]
    packed = packed_parts(parts, is_shown=lambda part: True)
    data = {**packed, "background": PICTURE_BACKGROUND, "letters": sides, "scenes": scenes}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


_SIDES = ("left", "right", "up", "down", "front", "back")


def _leaflet_button(story: Story) -> str:
    text, name = story.words.say("page.leaflet"), story.words.say("files.leaflet")
    return f'<p><button type="button" id="save-leaflet" data-name="{escape(name)}">{escape(text)}</button></p>'


def _attachment(leaflet: bytes) -> str:
    content = base64.b64encode(leaflet).decode("ascii")
    return f'<script type="application/octet-stream" id="leaflet-data">{content}</script>'


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
