"""The take-home page: the story in one offline file that asks nothing of a network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
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
    leaflets: Mapping[str, bytes] | None = None,
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
    leaflets
        Name to PDF to carry inside, for a page that will be sealed.
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
        content = _page(story, parts, pictures, today or date.today(), leaflets or {})
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
    story: Story, parts: Sequence[ModelPart], pictures: Mapping[str, bytes], today: date, leaflets: Mapping[str, bytes]
) -> bytes:
    words, style, script = story.words, page_style(parts), page_script("story")
    told = ("skip", "stage_help", "previous", "next", "read_aloud")
    texts = {
        "title": story.title,
        "stage": words.say("page.stage"),
        "show": words.say("page.show"),
        "controls_label": words.say("page.controls"),
        "scenes_label": words.say("page.scenes"),
    }
    blocks = {name: _said(story, f"page.{name}") for name in told} | {
        "heading": _told(story, lambda one: one.title),
        "pictures_note": _said(story, "page.pictures"),
        "notice": _said(story, "notice"),
        "without_name": _said(story, "without_name"),
        "made": _told(story, lambda one: made_on(one, today)),
        "languages": _languages(story),
        "language": story.language,
        "policy": content_policy([style], [script]),
        "style": style,
        "script": script,
        "draft": f'<p class="draft">{_said(story, "draft_note")}</p>' if story.watermark else "",
        "watermark": _watermark(story),
        "controls": _controls(story),
        "toggles": _toggles(story),
        "tabs": _tabs(story),
        "scenes": "".join(_section(story, scene, pictures.get(scene.id.value)) for scene in story.scenes),
        "data": _data(story, parts),
        "leaflet": "".join(_leaflet_button(story, name) for name in leaflets),
        "attachment": "".join(_attachment(name, content) for name, content in leaflets.items()),
    }
    template = Template((_SOURCES / "story.html").read_text(encoding="utf-8"))
    return template.substitute({name: escape(text) for name, text in texts.items()} | blocks).encode()


def _told(story: Story, text: Callable[[Story], str]) -> str:
    """Return a text as HTML; of two languages each says which one it is, so that it can be hidden and read aloud."""
    if story.beside is None:
        return escape(text(story))
    first, second = (
        f'<span lang="{one.language}" data-told>{escape(text(one))}</span>' for one in (story, story.beside)
    )
    return f'{first}<span class="between"> / </span>{second}'


def _said(story: Story, place: str) -> str:
    return _told(story, lambda one: one.words.say(place))


def _languages(story: Story) -> str:
    """Return the switch between two languages and both; nothing for one."""
    if story.beside is None:
        return ""
    tongues = {one.language: escape(one.words.say("language")) for one in (story, story.beside)}
    tongues["both"] = _said(story, "page.both_languages")
    buttons = "".join(
        f'<button type="button" data-tongue="{tongue}" aria-pressed="{str(tongue == "both").lower()}">{text}</button>'
        for tongue, text in tongues.items()
    )
    return (
        f'<div class="languages" role="group" aria-label="{escape(story.words.say("page.languages"))}">{buttons}</div>'
    )


def _section(story: Story, scene: Scene, picture: bytes | None) -> str:
    name = f"scene-{scene.id.value}"
    figure = "" if picture is None else _figure(story, scene, picture)
    if story.beside is None:
        body = _words_of(story, scene)
    else:
        columns = "".join(
            f'<div lang="{one.language}" data-told>{_words_of(one, scene, story)}</div>'
            for one in (story, story.beside)
        )
        body = f'<div class="beside">{columns}</div>'
    title = _told(story, lambda one: (_scene_of(one, scene) or scene).title)
    own = _own_words(story) if scene is story.scenes[-1] else ""
    return (
        f'<section class="scene" id="{name}" aria-labelledby="{name}-title">'
        f'<h2 id="{name}-title">{title}</h2>{figure}{body}{own}</section>'
    )


def _words_of(story: Story, scene: Scene, main: Story | None = None) -> str:
    """Return text and second layer of a scene in the language of a story; what only the other has says so."""
    told = _scene_of(story, scene)
    if told is None:
        assert main is not None
        return f"<p>{escape(story.words.say('page.only_in', language=main.words.say('language')))}</p>"
    if told.is_list:
        body = "<ol>" + "".join(f"<li>{escape(text)}</li>" for text in told.text) + "</ol>"
    else:
        body = "".join(f"<p>{escape(text)}</p>" for text in told.text)
    more = "".join(f"<p>{escape(text)}</p>" for text in told.more)
    if more:
        more = f"<details><summary>{escape(story.words.say('page.more'))}</summary>{more}</details>"
    return body + more


def _scene_of(story: Story, scene: Scene) -> Scene | None:
    return next((one for one in story.scenes if one.id is scene.id), None)


def _own_words(story: Story) -> str:
    """Return the patient's questions and what was noted, each under its heading; nothing where nothing was typed."""
    blocks = []
    for place, lines in (("page.my_questions", story.questions), ("page.my_notes", story.notes)):
        if lines:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            blocks.append(f'<div class="own"><h3>{_said(story, place)}</h3><ul>{items}</ul></div>')
    return "".join(blocks)


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
    texts = {name: _said(story, "page." + name.replace("-", "_")) for name in _ACTIONS}
    buttons = "".join(f'<button type="button" data-action="{name}">{text}</button>' for name, text in texts.items())
    return f'{buttons}<button type="button" id="recentre">{_said(story, "page.recentre")}</button>'


def _toggles(story: Story) -> str:
    """Return a button for each name: parts of one name, such as a vessel and its piece that goes, share it."""
    ids_by_name: dict[str, list[str]] = {}
    for part in story.parts:
        if any(part.id in scene.stage for scene in story.scenes):
            ids_by_name.setdefault(part.names[story.language], []).append(part.id)
    return "".join(
        f'<li><button type="button" data-part="{ids[0]}" data-parts="{" ".join(ids)}" aria-pressed="true">'
        f"{_told(story, lambda one, ids=ids: _part_name(one, story, ids[0]))}</button></li>"  # type: ignore[misc]
        for ids in ids_by_name.values()
    )


def _part_name(told: Story, story: Story, part_id: str) -> str:
    """Return the name of a part in the language of a telling; in that of the story where it is told there only."""
    known = {part.id: part.names[told.language] for part in told.parts}
    return known.get(part_id) or story.part(part_id).names[story.language]


def _tabs(story: Story) -> str:
    return "".join(
        f'<li><button type="button" data-scene="{scene.id.value}">'
        f"{_told(story, lambda one, scene=scene: (_scene_of(one, scene) or scene).title)}</button></li>"  # type: ignore[misc]
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


def _leaflet_button(story: Story, name: str) -> str:
    text = _said(story, "page.leaflet")
    return (
        f'<p><button type="button" class="save-leaflet" data-name="{escape(name)}">{text} {escape(name)}</button></p>'
    )


def _attachment(name: str, leaflet: bytes) -> str:
    content = base64.b64encode(leaflet).decode("ascii")
    return f'<script type="application/octet-stream" data-leaflet="{escape(name)}">{content}</script>'


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
