"""The offline page says what the plan says, in one file that asks nothing of a network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from export.model import ModelPart
from export.page import LARGEST_PAGE_BYTES, write_page
from export.page_geometry import light_parts, packed_parts, pulled_apart
from export.renderer import View
from resources import resource_path
from tests.export.conftest import IDENTITY_WORDS, Example
from twin.errors import BackendUnavailable, InputError, SafetyRefusal
from twin.plan import Plan
from twin.resection import PlaneCut
from twin.wording import NOT_A_DEVICE, Wording

_VOID = {"meta", "input", "img", "br", "link"}


class OnePixel:
    """A renderer that draws nothing."""

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        return b"\x89PNG\r\n\x1a\n" + view.value.encode()


class Page(HTMLParser):
    """Elements of a page with their attributes and texts; fails on tags that do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in self._open[-1:]:
            self.texts.setdefault(tag, []).append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        return " ".join(text for tag, texts in self.texts.items() if tag not in ("script", "style") for text in texts)


@pytest.fixture(scope="module", autouse=True)
def _viewer() -> None:
    try:
        resource_path("viewer/viewer.js")
    except FileNotFoundError:
        pytest.skip("the viewer was not built: make viewer")


def _write(example: Example, path: Path, language: str = "fr", renderer: OnePixel | None = None) -> str:
    write_page(
        example.case, example.twin, example.plan, example.outcome, example.split, language, path, renderer=renderer
    )
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def html(example: Example, tmp_path_factory: pytest.TempPathFactory) -> str:
    return _write(example, tmp_path_factory.mktemp("page") / "page.html", renderer=OnePixel())


def test_that_the_page_stays_below_five_megabytes(html: str) -> None:
    assert len(html.encode()) < LARGEST_PAGE_BYTES == 5_000_000


def test_that_the_policy_allows_this_style_and_script_and_nothing_else(html: str) -> None:
    (policy,) = [m["content"] for m in Page(html).all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", html, re.S)
    script = re.search(r"<script>(.*?)</script>", html, re.S)
    assert style
    assert script
    hashes = [base64.b64encode(hashlib.sha256(part[1].encode()).digest()).decode() for part in (script, style)]
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_that_nothing_in_the_page_points_outside(html: str) -> None:
    page = Page(html)
    addresses = [a for _, attributes in page.elements for n, a in attributes.items() if n in ("src", "href", "action")]
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in addresses)
    assert not [attributes for _, attributes in page.elements if "style" in attributes]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_that_the_page_is_built_for_everyone(html: str) -> None:
    page = Page(html)
    assert page.all("html")[0]["lang"] == "fr"
    assert page.texts["title"] == ["Jumeau numérique, Plan A · TwinSight"]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1
    assert all(image["alt"] for image in page.all("img"))
    assert all(button.get("type") == "button" for button in page.all("button"))
    labelled = {s["aria-labelledby"] for s in page.all("section")}
    assert labelled <= {h["id"] for h in page.all("h2")}
    assert "prefers-reduced-motion" in html
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_that_every_part_has_a_button_with_its_name(html: str, example: Example) -> None:
    page = Page(html)
    buttons = {button["data-part"]: button["aria-pressed"] for button in page.all("button") if "data-part" in button}
    assert set(buttons) == {part.id for part in example.parts}
    assert buttons["specimen"] == buttons["lesion-1"] == "true"
    assert buttons["liver"] == buttons["couinaud_6"] == "false"  # shown divided; the segments would hide it
    for part in example.parts:
        assert part.names["fr"] in page.words


def test_that_every_figure_stands_with_interval_status_and_source(html: str) -> None:
    cells = Page(html).texts
    assert "32,5\N{NO-BREAK SPACE}%" in cells["td"]
    assert "30,9 à 34,1\N{NO-BREAK SPACE}%" in cells["td"]
    assert "calculé" in cells["td"]
    assert "nombre de voxels segmentés" in Page(html).words
    assert any("poids" in cell for cell in cells["td"])
    assert not [cell for cell in cells["td"] + cells["th"] if "_" in cell or "export." in cell]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_no_message_is_left_without_words(example: Example, tmp_path: Path, language: str) -> None:
    words = Page(_write(example, tmp_path / "page.html", language)).words
    assert not re.findall(r"\b(?:export|notice|figure|warning|fact)\.[a-z_.]+|\{\w+\}", words)
    assert Wording(language).text(NOT_A_DEVICE) in words


def test_that_a_draft_is_marked_and_an_approved_plan_names_who_declared_it(
    example: Example, approved: Example, tmp_path: Path
) -> None:
    draft, final = _write(example, tmp_path / "a.html", "en"), _write(approved, tmp_path / "b.html", "en")
    assert 'class="watermark"' in draft
    assert "Segmentation unverified" in draft
    assert "Draft plan" in draft
    assert 'class="watermark"' not in final
    assert "declared by Dr Surgeon, 2026-03-02" in final


def test_that_still_pictures_carry_the_mark_of_a_draft(example: Example, approved: Example, tmp_path: Path) -> None:
    draft = _write(example, tmp_path / "a.html", "en", OnePixel())
    assert draft.count("<img") == 4
    assert draft.count('class="watermark"') == 5
    assert 'class="watermark"' not in _write(approved, tmp_path / "b.html", "en", OnePixel())


def test_that_confirming_alone_leaves_the_draft_mark(approved: Example, tmp_path: Path) -> None:
    plan = approved.plan.with_approval(None)
    html = _write(replace(approved, case=approved.case.with_plan(plan), plan=plan), tmp_path / "a.html", "en")
    assert "Draft plan" in html
    assert "Segmentation unverified" not in html


def test_that_vessels_are_said_to_be_in_geometric_order(html: str) -> None:
    words = Page(html).words
    assert "ordre géométrique, non opératoire" in words
    assert "Les vaisseaux de moins de 2\N{NO-BREAK SPACE}mm environ" in words
    assert "Veine porte, droite antérieure segment 8, 7,8\N{NO-BREAK SPACE}mm" in words


def test_that_vessels_never_traced_do_not_read_as_none_crossed(example: Example, tmp_path: Path) -> None:
    outcome = replace(example.outcome, clip_list=())
    traced = example.twin.graphs
    words = {}
    for name, graphs in {"all": traced, "portal": {"portal": traced["portal"]}, "none": {}}.items():
        twin = replace(example.twin, graphs=graphs)
        page = Page(_write(replace(example, twin=twin, outcome=outcome), tmp_path / f"{name}.html", "en"))
        words[name] = page.words
    none_crossed = "No vessel that was traced is crossed"
    assert none_crossed in words["all"]
    assert "Not examined" not in words["all"]
    assert none_crossed in words["portal"]
    assert "Not examined: branches of the hepatic veins" in words["portal"]
    assert none_crossed not in words["none"]
    assert "Not examined: branches of the portal vein, branches of the hepatic veins" in words["none"]


def test_that_no_identity_is_in_the_page_even_when_the_plan_carries_it(example: Example, tmp_path: Path) -> None:
    plan = Plan("Zacharie 77120 right liver", example.plan.resections)
    outcome = replace(example.outcome, plan_name=plan.name, plan_hash=plan.hash)
    case = example.case.with_plan(plan).with_outcome(outcome)
    html = _write(replace(example, case=case, plan=plan, outcome=outcome), tmp_path / "page.html", "en")
    assert not [word for word in IDENTITY_WORDS if word in html]
    assert "20260215" not in html
    assert "right liver" in html


def test_that_a_name_cannot_bring_code_into_the_page(example: Example, tmp_path: Path) -> None:
    plan = Plan("</script><script>alert(1)</script>\"'&", example.plan.resections)
    outcome = replace(example.outcome, plan_name=plan.name, plan_hash=plan.hash)
    case = example.case.with_plan(plan).with_outcome(outcome)
    page = Page(_write(replace(example, case=case, plan=plan, outcome=outcome), tmp_path / "page.html"))
    assert len(page.all("script")) == 2
    assert "<script>alert(1)</script>" in page.texts["h1"][0]


def test_that_stale_figures_are_refused_and_nothing_is_written(example: Example, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    other = Plan(example.plan.name, (PlaneCut((0, 0, 0), (0, 0, 1)),))
    cases = {
        "error.export.stale_outcome": replace(example, outcome=example.outcome.as_stale()),
        "error.export.foreign_plan": replace(example, plan=other),
        "error.export.stale_twin": replace(example, twin=replace(example.twin, labels_hash="other")),
    }
    for message_id, broken in cases.items():
        with pytest.raises(SafetyRefusal) as refusal:
            _write(broken, path)
        assert refusal.value.message_id == message_id
    assert list(tmp_path.iterdir()) == []


def test_that_figures_made_with_other_facts_are_refused(example: Example, tmp_path: Path) -> None:
    with pytest.raises(SafetyRefusal):
        _write(replace(example, outcome=replace(example.outcome, facts_hash="other")), tmp_path / "page.html")


def test_that_an_existing_page_is_kept(example: Example, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(InputError):
        _write(example, tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "mine"


def test_that_a_viewer_that_was_not_built_is_said(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> Path:
        raise FileNotFoundError(name)

    monkeypatch.setattr("export.page.resource_path", absent)
    with pytest.raises(BackendUnavailable) as refusal:
        _write(example, tmp_path / "page.html")
    assert refusal.value.message_id == "error.export.no_viewer"
    assert list(tmp_path.iterdir()) == []


def test_that_the_packed_surface_unpacks_to_itself_in_the_frame_of_the_page(example: Example) -> None:
    packed = json.loads(json.dumps(packed_parts(example.parts)))
    low, step = np.array(packed["box"]["low"]), packed["box"]["step"]
    for row, part in zip(packed["parts"], example.parts, strict=True):
        steps = np.frombuffer(base64.b64decode(row["positions"]), "<u2").reshape(-1, 3)
        x, y, z = (low + steps * step).T
        read_lps_mm = np.stack([x, -z, y], axis=1)
        assert np.abs(read_lps_mm - part.surface.points_lps_mm).max() < 0.02
        corners = np.frombuffer(base64.b64decode(row["corners"]), "<u4" if row["wide"] else "<u2").reshape(-1, 3)
        assert np.array_equal(corners, part.surface.triangles)


def test_that_lighter_parts_stay_closed_and_keep_their_volume(example: Example) -> None:
    light = light_parts(example.parts, 20_000)
    assert sum(part.surface.n_triangles for part in light) < 30_000
    for before, after in zip(example.parts, light, strict=True):
        assert after.surface.is_closed
        assert after.surface.volume_ml == pytest.approx(before.surface.volume_ml, rel=0.02)


def test_that_only_the_specimen_and_the_lesion_inside_it_move(example: Example) -> None:
    moving = {str(row["id"]): row["towards"] for row in pulled_apart(example.parts)}
    assert set(moving) == {"specimen", "lesion-1"}
    x, y, z = moving["specimen"]  # type: ignore[misc]
    assert x < -20  # towards the patient's right
    assert abs(y) < 20
    assert abs(z) < 20
    assert pulled_apart([part for part in example.parts if part.id != "remnant"]) == []
