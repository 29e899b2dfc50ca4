"""The page works in a real browser, without a network, by pointer and by keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from export.page import write_page
from resources import resource_path
from tests.export.chromium import Browser, chromium
from tests.export.conftest import Example
from tests.export.still_renderer_vtk import StillRenderer

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(example: Example, tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        resource_path("viewer/viewer.js")
    except FileNotFoundError:
        pytest.skip("the viewer was not built: make viewer")
    path = tmp_path_factory.mktemp("page") / "page.html"
    case = (example.case, example.twin, example.plan, example.outcome, example.split)
    write_page(*case, "en", path, renderer=StillRenderer())
    return path


def _pixels(browser: Browser) -> np.ndarray:
    """Colours of the 3D view on a coarse grid, read from the canvas itself."""
    values = browser.run(
        """(() => { const s = document.querySelector('#stage canvas'); const c = document.createElement('canvas');
        c.width = 96; c.height = 64; const g = c.getContext('2d'); g.drawImage(s, 0, 0, 96, 64);
        return [...g.getImageData(0, 0, 96, 64).data]; })()"""
    )
    return np.array(values, dtype=float).reshape(64, 96, 4)[..., :3]


def _purple(pixels: np.ndarray) -> np.ndarray:
    """Where the part to be removed is seen: red and blue above green."""
    return (pixels[..., 0] > pixels[..., 1] + 25) & (pixels[..., 2] > pixels[..., 1] + 25)


def test_that_the_page_opens_without_a_complaint_and_without_a_request(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.complaints == []
    assert [r for r in browser.requests if not r.startswith("data:")] == [page.as_uri()]
    assert browser.run("document.documentElement.dataset.viewer") == "live"


def test_that_the_patients_right_is_on_the_left_seen_from_the_front(browser: Browser, page: Path) -> None:
    browser.open(page)
    columns = np.nonzero(_purple(_pixels(browser)))[1]
    assert len(columns) > 50
    assert columns.mean() < 40  # the specimen is the right part of the liver: left half of 96 columns
    letters = browser.run("[...document.querySelectorAll('[data-edge]')].map(e => e.dataset.edge + e.textContent)")
    assert sorted(letters) == ["bottomI", "leftR", "rightL", "topS"]
    browser.click("button[data-view=back]")
    assert np.nonzero(_purple(_pixels(browser)))[1].mean() > 48
    assert browser.run("document.querySelector('[data-edge=left]').textContent") == "L"


@pytest.mark.parametrize("action", ["turn-left", "turn-right", "turn-up", "turn-down", "zoom-in", "zoom-out"])
def test_that_every_button_moves_the_view(browser: Browser, page: Path, action: str) -> None:
    browser.open(page)
    before = _pixels(browser)
    browser.click(f"button[data-action={action}]")
    assert np.abs(_pixels(browser) - before).mean() > 0.3


def test_that_turned_to_the_left_the_front_moves_to_the_left(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.click("button[data-action=turn-left]")
    browser.click("button[data-action=turn-left]")
    # Then the patient's left side comes into view: its letter moves towards the middle, front to the left.
    assert browser.run("document.querySelector('[data-edge=left]').textContent") == "RA"


@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowUp", "+", "-"])
def test_that_keys_move_the_view_that_has_the_focus(browser: Browser, page: Path, key: str) -> None:
    browser.open(page)
    browser.run("document.getElementById('stage').focus()")
    before = _pixels(browser)
    browser.press(key)
    assert np.abs(_pixels(browser) - before).mean() > 0.3
    browser.press("Home")
    assert np.abs(_pixels(browser) - before).mean() < 0.05


def test_that_a_structure_hides_and_comes_back(browser: Browser, page: Path) -> None:
    browser.open(page)
    shown = int(_purple(_pixels(browser)).sum())
    browser.click("button[data-part=specimen]")
    assert browser.run("document.querySelector('[data-part=specimen]').getAttribute('aria-pressed')") == "false"
    assert int(_purple(_pixels(browser)).sum()) < shown / 5
    browser.click("button[data-part=specimen]")
    assert int(_purple(_pixels(browser)).sum()) == shown


def test_that_the_slider_pulls_the_specimen_to_the_patients_right(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.getElementById('apart').focus()")
    before = np.nonzero(_purple(_pixels(browser)))[1].mean()
    browser.press("End")
    assert browser.run("document.getElementById('apart').value") == "100"
    assert np.nonzero(_purple(_pixels(browser)))[1].mean() < before - 5


def test_that_dragging_turns_the_twin(browser: Browser, page: Path) -> None:
    browser.open(page)
    before = _pixels(browser)
    for kind, x in (("mousePressed", 400), ("mouseMoved", 300), ("mouseReleased", 300)):
        browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=400, button="left", buttons=1, clickCount=1)
    browser.settle()
    assert np.abs(_pixels(browser) - before).mean() > 0.3


def test_that_buttons_are_large_enough_for_a_finger(browser: Browser, page: Path) -> None:
    browser.open(page, width=390, height=844)
    sizes = browser.run(
        "[...document.querySelectorAll('button, input')].filter(b => !b.hidden)"
        ".map(b => { const r = b.getBoundingClientRect(); return Math.min(r.width, r.height); })"
    )
    assert min(sizes) >= 44
    assert browser.run("document.documentElement.scrollWidth") <= 390  # nothing runs out of a phone


def test_that_the_focus_is_seen(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.press("Tab")
    browser.press("Tab")
    assert browser.run("document.activeElement.id") == "stage"
    assert "rgb" in browser.run("getComputedStyle(document.activeElement).boxShadow")
    browser.press("Tab")
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_that_reduced_motion_takes_the_turning_away(browser: Browser, page: Path) -> None:
    browser.open(page, features={"prefers-reduced-motion": "reduce"})
    assert browser.run("document.getElementById('turning').hidden") is True
    browser.open(page)
    before = _pixels(browser)
    browser.click("#turning")
    browser.run("new Promise(done => setTimeout(done, 400))")
    assert np.abs(_pixels(browser) - before).mean() > 0.3


def test_that_without_webgl_pictures_and_figures_are_there(browser: Browser, page: Path, tmp_path: Path) -> None:
    # The policy of the page forbids foreign code, so WebGL is taken away before the page runs.
    script = "HTMLCanvasElement.prototype.getContext = () => null;"
    added = browser.call("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
    try:
        browser.open(page)
        assert browser.complaints == []
        seen = browser.run(
            "[...document.querySelectorAll('.pictures img')].map(i => i.complete && i.naturalWidth > 0 "
            "&& i.getBoundingClientRect().width > 200)"
        )
        assert seen == [True] * 4
        assert browser.run("document.querySelector('.stage-frame').getBoundingClientRect().height") == 0
        assert browser.run("document.querySelectorAll('.pictures .watermark').length") == 4
        assert "32.5%" in browser.run("document.querySelector('table').innerText")
    finally:
        browser.call("Page.removeScriptToEvaluateOnNewDocument", identifier=added)
