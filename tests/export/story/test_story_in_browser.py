"""The take-home page in a real browser, opened from disk without a network, by pointer, keys and a screen reader."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from export.story.page import story_page
from export.story.pictures import scene_picture
from export.story.sealing import LARGEST_SEALED_BYTES, sealed_page
from export.story.story import Story
from resources import resource_path
from tests.export.chromium import Browser, chromium
from tests.export.conftest import Example
from tests.export.still_renderer_vtk import StillRenderer
from tests.export.story.conftest import full_choices, told

pytestmark = pytest.mark.peer

_WORDS = "foret lune sable violon tigre"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        started.call(
            "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0
        )
        yield started


@pytest.fixture(scope="module")
def english(approved: Example) -> Story:
    return told(approved, full_choices("fr").worded_in("en"))


@pytest.fixture(scope="module")
def pages(story: Story, english: Story, tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("story", "lock"):
        try:
            resource_path(f"viewer/{name}.js")
        except FileNotFoundError:
            pytest.skip("the viewer was not built: make viewer")
    folder = tmp_path_factory.mktemp("story")
    renderer = StillRenderer()
    pictures = {s.id.value: scene_picture(story, s, renderer, (450, 330)) for s in story.scenes}
    open_page = story_page(story, pictures, today=date(2026, 3, 2))
    (folder / "open.html").write_bytes(open_page)
    (folder / "two.html").write_bytes(story_page(replace(story, beside=english), pictures, today=date(2026, 3, 2)))
    inside = story_page(
        story, pictures, leaflets={"votre-feuille.pdf": b"%PDF-1.7 leaflet"}, at_most_bytes=LARGEST_SEALED_BYTES
    )
    (folder / "sealed.html").write_bytes(sealed_page(story, inside, _WORDS))
    return folder


def _open(browser: Browser, page: Path, **view: int) -> None:
    browser.open(page, features={"prefers-reduced-motion": "reduce"}, **view)  # type: ignore[arg-type]


def _pixels(browser: Browser) -> np.ndarray:
    values = browser.run(
        """(() => { const s = document.querySelector('#stage canvas'); const c = document.createElement('canvas');
        c.width = 96; c.height = 64; const g = c.getContext('2d'); g.drawImage(s, 0, 0, 96, 64);
        return [...g.getImageData(0, 0, 96, 64).data]; })()"""
    )
    return np.array(values, dtype=float).reshape(64, 96, 4)[..., :3]


def _current(browser: Browser) -> str:
    return str(browser.run("document.querySelector('.scene.current').id"))


def _faults(browser: Browser, repository: Path) -> list[str]:
    source = repository / "node_modules" / "axe-core" / "axe.min.js"
    if not source.is_file():
        pytest.skip("axe-core is not installed: make viewer")
    browser.run(source.read_text(encoding="utf-8") + ";1")
    run = f"axe.run(document, {{runOnly: {json.dumps(_RULES)}}})"
    found = browser.run(f"{run}.then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | ')))")
    return list(found)


def test_that_it_opens_without_a_complaint_and_without_a_request(browser: Browser, pages: Path) -> None:
    _open(browser, pages / "open.html")
    assert browser.complaints == []
    assert [r for r in browser.requests if not r.startswith("data:")] == [(pages / "open.html").as_uri()]
    assert browser.run("document.documentElement.dataset.viewer") == "live"


def test_that_every_scene_is_reached_and_shows_something_else(browser: Browser, pages: Path, story: Story) -> None:
    _open(browser, pages / "open.html")
    seen, stages = [_current(browser)], [_pixels(browser)]
    assert browser.run("document.getElementById('previous').disabled") is True
    while not browser.run("document.getElementById('next').disabled"):
        browser.click("#next")
        seen.append(_current(browser))
        stages.append(_pixels(browser))
    assert seen == [f"scene-{scene.id.value}" for scene in story.scenes]
    assert sum(np.abs(a - b).mean() > 0.3 for a, b in itertools.pairwise(stages)) >= len(seen) - 3
    browser.click("#previous")
    assert _current(browser) == seen[-2]
    browser.click("button[data-scene=body]")
    assert _current(browser) == "scene-body"
    assert browser.complaints == []


@pytest.mark.parametrize(
    "button", ["[data-action=turn-left]", "[data-action=turn-up]", "[data-action=zoom-in]", "[data-action=zoom-out]"]
)
def test_that_buttons_move_the_view_and_the_middle_comes_back(browser: Browser, pages: Path, button: str) -> None:
    _open(browser, pages / "open.html")
    before = _pixels(browser)
    browser.click(button)
    assert np.abs(_pixels(browser) - before).mean() > 0.3
    browser.click("#recentre")
    assert np.abs(_pixels(browser) - before).mean() < 0.05


def test_that_a_part_hides_and_comes_back(browser: Browser, pages: Path) -> None:
    _open(browser, pages / "open.html")
    browser.click("button[data-scene=organ]")
    before = _pixels(browser)
    browser.click("button[data-part=portal_vein]")
    assert np.abs(_pixels(browser) - before).mean() > 0.1
    browser.click("button[data-part=portal_vein]")
    assert np.abs(_pixels(browser) - before).mean() < 0.05


def test_that_keys_turn_the_view(browser: Browser, pages: Path) -> None:
    _open(browser, pages / "open.html")
    browser.run("document.getElementById('stage').focus()")
    before = _pixels(browser)
    browser.press("ArrowLeft")
    assert np.abs(_pixels(browser) - before).mean() > 0.3


@pytest.mark.parametrize("size", [(1366, 900), (390, 844)])
def test_that_axe_finds_nothing_in_any_scene(
    browser: Browser, pages: Path, story: Story, repository: Path, size: tuple[int, int]
) -> None:
    _open(browser, pages / "open.html", width=size[0], height=size[1])
    assert _faults(browser, repository) == []
    for _ in story.scenes[1:]:
        browser.click("#next")
        assert _faults(browser, repository) == []


def test_that_a_phone_shows_everything_in_its_width_with_large_buttons(browser: Browser, pages: Path) -> None:
    _open(browser, pages / "open.html", width=390, height=844)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    sizes = browser.run(
        "[...document.querySelectorAll('button')].map(b => b.getBoundingClientRect()).filter(r => r.width)"
        ".map(r => Math.min(r.width, r.height))"
    )
    assert min(sizes) >= 44


def test_that_without_webgl_all_scenes_stand_below_each_other(
    browser: Browser, pages: Path, story: Story, repository: Path
) -> None:
    script = "HTMLCanvasElement.prototype.getContext = () => null;"
    added = browser.call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    try:
        _open(browser, pages / "open.html")
        assert browser.complaints == []
        heights = browser.run("[...document.querySelectorAll('.scene')].map(s => s.getBoundingClientRect().height)")
        assert len(heights) == len(story.scenes)
        assert min(heights) > 60
        widths = browser.run("[...document.querySelectorAll('.picture img')].map(i => i.getBoundingClientRect().width)")
        assert min(widths) > 200
        assert browser.run("document.getElementById('stage').getBoundingClientRect().height") == 0
        assert _faults(browser, repository) == []
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added)


def _try(browser: Browser, words: str) -> None:
    browser.run(f"document.getElementById('code').value = {json.dumps(words)}")
    browser.run("document.getElementById('lock').requestSubmit()")
    browser.run(
        "new Promise(done => { const look = () => { const said = document.getElementById('said');"
        "if (!document.getElementById('lock') || said.textContent === said.dataset.wrong) done(1);"
        "else setTimeout(look, 50); }; look(); })"
    )


def test_that_wrong_words_open_nothing_and_the_right_ones_open_it_all(
    browser: Browser, pages: Path, story: Story, repository: Path
) -> None:
    _open(browser, pages / "sealed.html")
    assert _faults(browser, repository) == []
    assert story.title not in browser.run("document.body.innerText")
    for wrong in ("foret lune sable violon", "foret lune sable violon tigres"):
        _try(browser, wrong)
        assert browser.run("Boolean(document.getElementById('lock'))")
        assert browser.run("document.querySelectorAll('.scene').length") == 0
    _try(browser, "Forêt LUNE sable-violon tigre")
    browser.settle()
    assert browser.run("document.documentElement.dataset.viewer") == "live"
    assert _current(browser) == "scene-body"
    browser.click("#next")
    assert _current(browser) == "scene-organ"
    assert browser.run("Boolean(document.querySelector('.save-leaflet'))")
    assert browser.complaints == []
    assert [r for r in browser.requests if not r.startswith(("data:", "file:"))] == []


def test_that_languages_are_switched_or_stand_side_by_side(browser: Browser, pages: Path, repository: Path) -> None:
    _open(browser, pages / "two.html")
    assert _faults(browser, repository) == []
    heading = "document.querySelector('.scene.current h2').innerText"
    assert browser.run(heading) == "Votre corps / Your body"
    for tongue, title in (("en", "Your body"), ("fr", "Votre corps"), ("both", "Votre corps / Your body")):
        browser.click(f"button[data-tongue={tongue}]")
        assert browser.run(heading) == title
        assert browser.run("document.documentElement.lang") == ("en" if tongue == "en" else "fr")
        assert browser.run("document.querySelectorAll('[data-tongue][aria-pressed=true]').length") == 1
        assert _faults(browser, repository) == []
    _open(browser, pages / "two.html", width=390, height=844)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    assert browser.complaints == []


_VOICES = """
window.heard = [];
const voices = [{ lang: "fr-FR", localService: false, name: "far" }, %s];
Object.defineProperty(window, "speechSynthesis", { value: {
  speaking: false, getVoices: () => voices, addEventListener() {}, cancel() { this.speaking = false; },
  speak(one) { this.speaking = true; window.heard.push({ text: one.text, lang: one.lang, voice: one.voice.name }); },
} });
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


@pytest.mark.parametrize("has_local_voice", [True, False])
def test_that_a_scene_is_read_aloud_by_a_voice_of_the_device_alone(
    browser: Browser, pages: Path, has_local_voice: bool
) -> None:
    near = '{ lang: "fr-FR", localService: true, name: "near" }, { lang: "en", localService: true, name: "en" }'
    source = _VOICES % (near if has_local_voice else "")
    added = browser.call("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]
    try:
        _open(browser, pages / "two.html")
        is_offered = browser.run("document.getElementById('read-aloud').getBoundingClientRect().height > 0")
        assert is_offered is has_local_voice, "a voice of a network would send the text away"
        if has_local_voice:
            browser.click("#read-aloud")
            (heard,) = browser.run("window.heard")
            assert (heard["voice"], heard["lang"]) == ("near", "fr")
            assert "Voici un corps dessiné." in heard["text"]
            assert "drawn body" not in heard["text"], "one language at a time"
            browser.click("#read-aloud")
            assert not browser.run("speechSynthesis.speaking"), "pressed again it is silent"
            browser.click("button[data-tongue=en]")
            browser.click("#read-aloud")
            assert browser.run("window.heard.at(-1).voice") == "en"
            assert "This is a drawn body." in browser.run("window.heard.at(-1).text")
        assert browser.complaints == []
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added)
