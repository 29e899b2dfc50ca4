"""Page, leaflet and seal: nothing from outside, no identity, readable by everyone who may read it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from weasyprint import HTML

from export.story.choices import SceneId
from export.story.leaflet import _DENSITIES, _SMALLEST_PT, leaflet_html, story_leaflet
from export.story.page import LARGEST_STORY_BYTES, story_page
from export.story.sealing import (
    LARGEST_SEALED_BYTES,
    N_ROUNDS,
    generated_passphrase,
    require_strong,
    sealed_page,
    tidied_passphrase,
)
from export.story.story import Story
from resources import resource_path
from tests.export.conftest import IDENTITY_WORDS, Example
from tests.export.story.conftest import full_choices, told
from tests.export.test_page import Page
from twin.errors import GeometryError, InputError

_TODAY = date(2026, 3, 2)
_WORDS = "Forêt lune sable violon tigre"


@pytest.fixture(scope="module", autouse=True)
def _viewer() -> None:
    for name in ("story", "lock"):
        try:
            resource_path(f"viewer/{name}.js")
        except FileNotFoundError:
            pytest.skip("the viewer was not built: make viewer")


@pytest.fixture(scope="module")
def html(story: Story, pictures: dict[str, bytes]) -> str:
    return story_page(story, pictures, today=_TODAY).decode()


@pytest.fixture(scope="module")
def pdf(story: Story, pictures: dict[str, bytes]) -> bytes:
    return story_leaflet(story, pictures, today=_TODAY)


def opened(pdf: bytes) -> bytes:
    """The file with its compressed streams opened."""
    streams = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.S)
    return pdf + b"".join(zlib.decompressobj().decompress(stream) for stream in streams)


def _secrets_of(case: object) -> Iterator[str]:
    """Everything that must not be found: identity, UIDs, study date, ids and hashes of the case."""
    assert hasattr(case, "volumes")
    yield from IDENTITY_WORDS
    yield case.id  # type: ignore[attr-defined]
    for volume in case.volumes.values():
        yield from (volume.series_uid, volume.scan_date)
    yield from ("Dr Surgeon", "20260215", "2026-02-15", "15/02/2026", "Plan A", "/home/", "/root/", "/tmp/")


def test_that_the_page_forbids_itself_everything_else(html: str) -> None:
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
    page = Page(html)
    addresses = [a for _, attributes in page.elements for n, a in attributes.items() if n in ("src", "href", "action")]
    assert all(address.startswith(("#", "data:image/png;base64,")) for address in addresses)
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_that_the_page_is_small_and_built_for_everyone(html: str, story: Story) -> None:
    assert len(html.encode()) < LARGEST_STORY_BYTES
    page = Page(html)
    assert page.all("html")[0]["lang"] == "fr"
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert all(image["alt"] for image in page.all("img"))
    assert all(button.get("type") == "button" for button in page.all("button"))
    assert [s["id"] for s in page.all("section")] == [f"scene-{scene.id.value}" for scene in story.scenes]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert story.words.say("notice") in page.words
    assert page.words.count(story.words.say("side")) == 1  # said once


def test_that_no_figure_outside_the_white_list_is_on_the_page(html: str, story: Story) -> None:
    words = Page(html).words.replace("2 mars 2026", "")  # the day it was made
    shown = set(re.findall(r"\d+", re.sub(r"En 3D|3D", "", words, flags=re.I)))
    assert shown <= story.allowed_numbers


@pytest.fixture(scope="module")
def side_by_side(approved: Example) -> Story:
    """French and English; risks are typed in French only, and the patient has a question."""
    french = full_choices("fr", questions=("Combien de temps ?",), notes=("On a parlé de 2 choses.",))
    return replace(told(approved, french), beside=told(approved, french.worded_in("en")))


def test_that_two_languages_stand_side_by_side(side_by_side: Story, pictures: dict[str, bytes]) -> None:
    html = story_page(side_by_side, pictures, today=_TODAY).decode()
    page = Page(html)
    other = side_by_side.beside
    assert other is not None
    for story in (side_by_side, other):
        for scene in story.scenes:
            assert scene.title in page.words
            assert all(text in page.words for text in scene.text)
    told_in = [attributes["lang"] for _, attributes in page.elements if "data-told" in attributes]
    assert told_in.count("fr") == told_in.count("en") > 2 * len(side_by_side.scenes)
    assert [button["data-tongue"] for button in page.all("button") if "data-tongue" in button] == ["fr", "en", "both"]
    assert "This part is written in Français only." in page.words  # the risks: a machine does not translate them
    shown = set(re.findall(r"\d+", re.sub("3D|2 mars 2026|2 March 2026", "", page.words)))
    assert shown <= side_by_side.allowed_numbers | other.allowed_numbers


def test_that_questions_and_notes_of_the_talk_are_taken_home(side_by_side: Story, pictures: dict[str, bytes]) -> None:
    for html in (
        story_page(side_by_side, pictures, today=_TODAY).decode(),
        leaflet_html(side_by_side, pictures, _TODAY),
    ):
        words = Page(html).words
        for text in ("Mes questions", "Combien de temps ?", "Ce que nous avons noté", "On a parlé de 2 choses."):
            assert text in words


def test_that_the_draft_mark_lies_on_every_picture(example: Example, approved: Example, story: Story) -> None:
    draft = told(example, full_choices("fr"))
    pictures = dict.fromkeys((scene.id.value for scene in draft.scenes), b"\x89PNG")
    html = story_page(draft, pictures, today=_TODAY).decode()
    assert html.count('class="watermark"') == len(draft.scenes) + 1
    assert draft.words.say("draft_note") in Page(html).words
    assert "brouillon" not in story_page(story, pictures, today=_TODAY).decode()


@pytest.mark.parametrize("kind", ["page", "leaflet"])
def test_that_nothing_identifies_the_patient(html: str, pdf: bytes, approved: Example, kind: str) -> None:
    content = html.encode() if kind == "page" else opened(pdf)
    found = [word for word in _secrets_of(approved.case) if word and word.encode().lower() in content.lower()]
    assert found == []


def test_that_the_leaflet_is_tagged_a4_two_pages(pdf: bytes) -> None:
    content = opened(pdf)
    for mark in (b"/MarkInfo", b"/StructTreeRoot", b"/Lang (fr)", b"pdfuaid", b"/Alt "):
        assert mark in content, mark
    assert len(re.findall(rb"/Type /Page\b", content)) == 2
    assert b"/MediaBox [0 0 595.27" in content
    assert b"CreationDate" not in content
    assert b"/Author" not in content


def test_that_the_leaflet_tells_the_whole_story(story: Story, pictures: dict[str, bytes]) -> None:
    words = Page(re.sub(r"<style>.*?</style>", "", leaflet_html(story, pictures, _TODAY))).words
    for scene in story.scenes:
        assert scene.title in words
        for text in scene.text:
            assert text in words
    assert story.words.say("notice") in words
    shown = set(re.findall(r"\d+", words.replace("2 mars 2026", "")))
    assert shown <= story.allowed_numbers


def test_that_nothing_on_the_leaflet_is_smaller_than_twelve_points(story: Story, pictures: dict[str, bytes]) -> None:
    assert min(density.font_pt for density in _DENSITIES) == _SMALLEST_PT == 12.0
    document = HTML(string=leaflet_html(story, pictures, _TODAY, _DENSITIES[-1])).render()
    sizes = [
        box.style["font_size"]
        for page in document.pages
        for box in page._page_box.descendants()
        if getattr(box, "text", "").strip()
    ]
    assert len(sizes) > 30
    assert min(sizes) >= 12.0 * 96.0 / 72.0 - 0.01


def test_that_large_print_is_sixteen_points_and_as_long_as_it_gets(story: Story, pictures: dict[str, bytes]) -> None:
    pdf = story_leaflet(replace(story, has_large_print=True), pictures, today=_TODAY)
    assert len(re.findall(rb"/Type /Page\b", opened(pdf))) > 2


def test_that_a_story_too_long_for_two_pages_is_refused(approved: Example, pictures: dict[str, bytes]) -> None:
    long = "\n".join(["Voici une phrase de plus."] * 160)
    story = told(approved, full_choices("fr", texts={"done.text": long}))
    with pytest.raises(GeometryError) as refusal:
        story_leaflet(story, pictures, today=_TODAY)
    assert refusal.value.message_id == "error.story.leaflet_too_long"


def _sealed(html: str) -> dict[str, object]:
    block = re.search(r'id="sealed-data">(.*?)</script>', html, re.S)
    assert block
    return dict(json.loads(block[1]))


def _decrypted(html: str, passphrase: str) -> bytes:
    sealed = _sealed(html)
    salt, nonce, content = (base64.b64decode(str(sealed[name])) for name in ("salt", "nonce", "content"))
    assert (len(salt), len(nonce)) == (16, 12)
    rounds = int(str(sealed["rounds"]))
    key = hashlib.pbkdf2_hmac("sha256", tidied_passphrase(passphrase).encode(), salt, rounds, 32)
    return AESGCM(key).decrypt(nonce, content, None)


def test_that_only_the_right_words_open_a_sealed_page(story: Story) -> None:
    page = b"<p>Votre foie</p>"
    html = sealed_page(story, page, _WORDS).decode()
    assert _decrypted(html, "foret LUNE  sable-violon tigre") == page
    for wrong in ("foret lune sable violon", "foret lune sable violon lion", ""):
        with pytest.raises(InvalidTag):
            _decrypted(html, wrong)
    assert N_ROUNDS >= 600_000
    assert _sealed(html)["rounds"] == N_ROUNDS
    again = _sealed(sealed_page(story, page, _WORDS).decode())
    assert all(again[name] != _sealed(html)[name] for name in ("salt", "nonce", "content"))


def test_that_a_sealed_page_says_nothing_of_its_story(story: Story, pictures: dict[str, bytes]) -> None:
    inside = story_page(
        story, pictures, leaflets={"votre-feuille.pdf": b"%PDF-1.7"}, at_most_bytes=LARGEST_SEALED_BYTES
    )
    html = sealed_page(story, inside, _WORDS).decode()
    assert len(html.encode()) <= LARGEST_STORY_BYTES
    words = Page(html).words
    assert story.title not in words
    assert not [scene.title for scene in story.scenes if scene.title in words]
    policy = next(m["content"] for m in Page(html).all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    style = re.search(r"<style>(.*?)</style>", inside.decode(), re.S)
    script = re.search(r"<script>(.*?)</script>", inside.decode(), re.S)
    for part in (style, script):  # what is opened may run under the policy of the lock
        assert part
        assert base64.b64encode(hashlib.sha256(part[1].encode()).digest()).decode() in policy


@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_generated_words_are_many_plain_and_strong(language: str) -> None:
    words = resource_path(f"story/{language}/passphrase_words.txt").read_text(encoding="utf-8").split()
    assert len(words) == len(set(words)) >= 512
    assert all(re.fullmatch("[a-z]{3,10}", word) for word in words)
    drawn = {generated_passphrase(language) for _ in range(20)}
    assert len(drawn) == 20
    for passphrase in drawn:
        require_strong(passphrase)
        assert len(passphrase.split()) == 5


@pytest.mark.parametrize("weak", ["", "lune", "un deux trois quatre", "a b c d e"])
def test_that_a_weak_code_is_refused(weak: str) -> None:
    with pytest.raises(InputError):
        require_strong(weak)


def test_that_sensitive_scenes_left_out_leave_no_word(approved: Example, pictures: dict[str, bytes]) -> None:
    calm = told(approved, replace(full_choices("fr"), scenes=frozenset()))
    words = Page(story_page(calm, pictures, today=_TODAY).decode()).words
    for scene in (SceneId.FOUND, SceneId.RECOVERY, SceneId.RISKS):
        assert calm.words.say(f"{scene.value}.title") not in words
