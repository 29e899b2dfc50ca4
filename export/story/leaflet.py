"""The leaflet: the whole story on two pages of paper, as tagged PDF."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from weasyprint import HTML, Document
from weasyprint.urls import URLFetcher

from export.story.choices import SceneId
from export.story.page import made_on
from export.story.story import Scene, Story
from twin.errors import GeometryError

__all__ = ["LEAFLET_PICTURE_PX", "leaflet_html", "story_leaflet"]

LEAFLET_PICTURE_PX = (900, 660)
_STYLE = Path(__file__).with_name("leaflet.css")
_PICTURE_SHAPE = LEAFLET_PICTURE_PX[1] / LEAFLET_PICTURE_PX[0]
_PAGES = 2
# The scenes that a page is lost without, in the order in which the others give up their picture for want of space.
_PICTURED = (SceneId.DONE, SceneId.STAYS, SceneId.ORGAN, SceneId.FOUND, SceneId.BODY, SceneId.STEPS)
_KEY_SCENES = (SceneId.DONE, SceneId.STAYS, SceneId.QUESTIONS)
_SMALLEST_PT, _LARGE_PT = 12.0, 16.0
_ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


@dataclass(frozen=True)
class _Density:
    """How tightly the leaflet is set; the first one that fits on two pages is taken. Never below 12 points."""

    font_pt: float
    line: float
    picture_mm: float
    gap_mm: float
    n_pictures: int
    n_lines: int


_DENSITIES = (
    _Density(13.0, 1.35, 76, 5, 6, 6),
    _Density(13.0, 1.3, 68, 4, 6, 5),
    _Density(12.5, 1.3, 62, 4, 6, 4),
    _Density(12.0, 1.3, 60, 3.5, 6, 4),
    _Density(12.0, 1.25, 56, 3, 6, 3),
    _Density(12.0, 1.25, 54, 3, 5, 3),
    _Density(12.0, 1.22, 50, 2.5, 5, 2),
    _Density(_SMALLEST_PT, 1.2, 48, 2, 4, 2),
    _Density(_SMALLEST_PT, 1.18, 46, 1.5, 3, 2),
)
_LARGE_PRINT = _Density(_LARGE_PT, 1.4, 84, 6, 6, 6)


def story_leaflet(
    story: Story, pictures: Mapping[str, bytes], *, today: date | None = None, drawings: Sequence[bytes] = ()
) -> bytes:
    """Return the leaflet as PDF/UA-1; in large print it is as long as it gets.

    Parameters
    ----------
    story
        What it tells.
    pictures
        Scene id to PNG.
    today
        The day it is made; the present day unless given.
    drawings
        Pictures of the talk as PNG; they follow on pages of their own.

    Raises
    ------
    GeometryError
        ``error.story.leaflet_too_long`` when the texts do not fit on two pages at 12 points.
    """
    day = today or date.today()
    density = _LARGE_PRINT if story.has_large_print else _fitting(story, pictures, day)
    html = leaflet_html(story, pictures, day, density).replace("</body>", f"{_drawings(story, drawings)}</body>")
    document = _laid_out(html)
    return bytes(document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=story.version.encode()))


def leaflet_html(story: Story, pictures: Mapping[str, bytes], today: date, density: _Density = _DENSITIES[0]) -> str:
    """Return the leaflet as the HTML it is laid out from."""
    pictured = [scene for scene in _PICTURED if scene.value in pictures][: density.n_pictures]
    scenes = "".join(
        _scene(story, scene, pictures[scene.id.value] if scene.id in pictured else None, density)
        for scene in story.scenes
    )
    return (
        f'<!doctype html><html lang="{story.language}"><head><meta charset="utf-8">'
        f"<title>{escape(story.title)}</title><style>{_style(density)}</style></head><body>"
        f"{_head(story)}{_key_messages(story)}{_colour_key(story, pictured)}{scenes}{_notice(story)}"
        f"{_footer(story, today)}</body></html>"
    )


def _fitting(story: Story, pictures: Mapping[str, bytes], today: date) -> _Density:
    blank = dict.fromkeys(pictures, _ONE_PIXEL)
    for density in _DENSITIES:
        if len(_laid_out(leaflet_html(story, blank, today, density)).pages) <= _PAGES:
            return density
    raise GeometryError("error.story.leaflet_too_long")


def _laid_out(html: str) -> Document:
    """Lay out a document that may load nothing from outside itself."""
    return HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"])).render()


def _style(density: _Density) -> str:
    values = {
        "VARIABLE_FONT": f"{density.font_pt}pt",
        "VARIABLE_LINE": str(density.line),
        "VARIABLE_PICTURE": f"{density.picture_mm}mm",
        "VARIABLE_HEIGHT": f"{density.picture_mm * _PICTURE_SHAPE:.1f}mm",
        "VARIABLE_GAP": f"{density.gap_mm}mm",
    }
    style = _STYLE.read_text(encoding="utf-8")
    for name, value in values.items():
        style = style.replace(name, value)
    return style


def _head(story: Story) -> str:
    draft = f'<p class="draft">{escape(story.words.say("draft_note"))}</p>' if story.watermark else ""
    return f'<div class="head"><h1>{escape(story.title)}</h1>{draft}</div>'


def _key_messages(story: Story) -> str:
    """Return the first sentence of three scenes: what a reader keeps who reads no more."""
    told = [scene for scene in story.scenes if scene.id in _KEY_SCENES and scene.text]
    if not told:
        return ""
    lines = "".join(f"<li>{escape(_key_sentence(story, scene))}</li>" for scene in told)
    return f'<div class="key"><h2>{escape(story.words.say("page.key_messages"))}</h2><ul>{lines}</ul></div>'


def _key_sentence(story: Story, scene: Scene) -> str:
    """Return the first sentence; of what stays, the share, or what is sure to be needed for life."""
    marks = (story.words.say("organ_share"), story.words.say("say.lifelong"))
    wanted = [text for text in scene.text if any(mark in text for mark in marks)] if scene.id is SceneId.STAYS else []
    return (wanted or list(scene.text))[0]


def _colour_key(story: Story, pictured: Sequence[SceneId]) -> str:
    """Return what each colour of the pictures stands for: colour is never the only sign."""
    seen = {part_id for scene in story.scenes if scene.id in pictured for part_id in scene.stage}
    colours = {part.names[story.language]: part.colour for part in story.parts if part.id in seen}
    items = "".join(f'<li><i style="background: {colour}"></i>{escape(name)}</li>' for name, colour in colours.items())
    return f'<ul class="colours">{items}</ul>' if items else ""


def _notice(story: Story) -> str:
    return f'<p class="notice">{escape(story.words.say("notice"))}</p>'


def _scene(story: Story, scene: Scene, picture: bytes | None, density: _Density) -> str:
    if scene.is_list:
        body = "<ol>" + "".join(f"<li>{escape(text)}</li>" for text in scene.text) + "</ol>"
    else:
        body = "".join(f"<p>{escape(text)}</p>" for text in scene.text)
    if scene is story.scenes[-1]:
        body += _own_words(story)
    if scene.id is SceneId.QUESTIONS:
        heading = escape(story.words.say("page.my_questions"))
        heading = "" if story.questions else f"<h2>{heading}</h2>"  # it stands above those that were typed
        body += f'<div class="lines">{heading}{"<p> </p>" * density.n_lines}</div>'
    text = f"<h2>{escape(scene.title)}</h2>{body}"
    if picture is None:
        return f'<div class="scene">{text}</div>'
    return f'<div class="scene pictured">{_figure(story, scene, picture)}<div>{text}</div></div>'


def _own_words(story: Story) -> str:
    """Return what was noted and the patient's questions; the lines to write on follow them."""
    blocks = []
    for place, lines in (("page.my_notes", story.notes), ("page.my_questions", story.questions)):
        if lines:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            blocks.append(f'<h2>{escape(story.words.say(place))}</h2><ul class="own">{items}</ul>')
    return "".join(blocks)


def _figure(story: Story, scene: Scene, picture: bytes) -> str:
    png = base64.b64encode(picture).decode("ascii")
    right, left = (escape(story.words.say(f"page.{side}_short")) for side in ("right", "left"))
    mark = f'<span class="mark">{escape(story.watermark)}</span>' if story.watermark else ""
    return (
        f'<figure><img alt="{escape(scene.alternative_text)}" src="data:image/png;base64,{png}">'
        f'<span class="side at-left">{right}</span><span class="side at-right">{left}</span>{mark}</figure>'
    )


def _drawings(story: Story, drawings: Sequence[bytes]) -> str:
    """Return the pages with the pictures of the talk, each with its description in words."""
    if not drawings:
        return ""
    alternative = escape(story.words.say("say.drawing"))
    pictures = "".join(
        f'<img alt="{alternative}" src="data:image/png;base64,{base64.b64encode(png).decode("ascii")}">'
        for png in drawings
    )
    return f'<div class="drawings"><h2>{escape(story.words.say("page.drawings"))}</h2>{pictures}</div>'


def _footer(story: Story, today: date) -> str:
    words = story.words
    return f'<p class="footer">{escape(words.say("without_name"))} {escape(made_on(story, today))}</p>'
