"""The report is one A4 page that a surgeon may rely on, or it is not written."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from weasyprint import HTML

from export.model import ModelPart
from export.renderer import View
from export.report import write_report
from tests.export.conftest import Example
from twin.errors import InputError, SafetyRefusal
from twin.outcome import CrossedVessel, OutcomeWarning
from twin.patient import PatientIdentity
from twin.plan import Plan
from twin.wording import NOT_A_DEVICE, Wording

TODAY = date(2026, 3, 2)


class FlatRenderer:
    """A renderer whose pictures are one grey field, right in size."""

    def __init__(self) -> None:
        self.asked: list[tuple[View, tuple[int, int]]] = []

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        self.asked.append((view, size_px))
        width, height = size_px

        def chunk(kind: bytes, content: bytes) -> bytes:
            check = zlib.crc32(kind + content).to_bytes(4, "big")
            return len(content).to_bytes(4, "big") + kind + content + check

        header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
        rows = zlib.compress((b"\0" + b"\xc8" * width) * height)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _write(example: Example, path: Path, language: str = "fr", renderer: FlatRenderer | None = None) -> None:
    write_report(
        example.case,
        example.twin,
        example.plan,
        example.outcome,
        renderer or FlatRenderer(),
        language,
        path,
        split=example.split,
        today=TODAY,
    )


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    """Every layout that was tried: its HTML and its document."""
    tried: list[tuple[str, object]] = []
    real = HTML.render

    def noted(self: HTML, *arguments: object, **options: object) -> object:
        document = real(self, *arguments, **options)
        (body,) = self.etree_element.iter("body")
        flowing = [part for part in body if part.get("class") != "pictures"]  # words on pictures are placed apart
        text = " ".join(re.sub(r"[ \n]+", " ", words) for part in flowing for words in part.itertext())
        tried.append((text, document))
        return document

    monkeypatch.setattr(HTML, "render", noted)
    return tried


def _inside(path: Path) -> bytes:
    """The file with its compressed streams opened."""
    content = path.read_bytes()
    streams = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", content, re.S)
    return content + b"".join(zlib.decompressobj().decompress(stream) for stream in streams)


def _letters(text: str) -> Counter[str]:
    return Counter(text.replace("\N{NO-BREAK SPACE}", "").replace(" ", ""))


def _long(example: Example) -> Example:
    """The same plan with more to say than one page holds comfortably."""
    vessels = tuple(
        CrossedVessel(n, "portal", f"portal.right.twig_{n}", 3.0 + n / 10, (0.0, 0.0, 0.0)) for n in range(1, 41)
    )
    warnings = (
        OutcomeWarning("warning.margin.thick_slices", {"slice_mm": 3.5}),
        OutcomeWarning("warning.lesion.cut_through", {"lesion": "lesion-2", "left_ml": 1.25}),
        OutcomeWarning("warning.slv.under_age"),
    )
    return replace(example, outcome=replace(example.outcome, clip_list=vessels, warnings=warnings))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("is_long", [False, True])
def test_that_it_is_one_a4_page_with_nothing_beyond_its_edges(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]], language: str, is_long: bool
) -> None:
    _write(_long(example) if is_long else example, tmp_path / "report.pdf", language)
    written, document = laid_out[-1]
    (page,) = document.pages  # type: ignore[attr-defined]
    assert (round(page.width * 25.4 / 96), round(page.height * 25.4 / 96)) == (210, 297)
    boxes = [*page._page_box.descendants(), *(b for f in page._page_box.fixed_boxes for b in f.descendants())]
    drawn = [box.text for box in boxes if hasattr(box, "text")]
    assert _letters(" ".join(drawn)) >= _letters(written)  # a box that does not fit may be dropped
    left, right, foot = 12 * 96 / 25.4, page.width - 12 * 96 / 25.4, page.height - 4 * 96 / 25.4
    for box in boxes:
        is_placed = isinstance(box.width, float | int)
        if is_placed and (hasattr(box, "text") or box.element_tag in ("table", "td", "th", "img")):
            assert box.position_x >= left - 1
            assert box.position_x + box.width <= right + 1, box.element_tag
            assert box.position_y + box.height <= foot


def test_that_the_pdf_is_tagged_titled_and_in_its_language(example: Example, tmp_path: Path) -> None:
    _write(example, tmp_path / "report.pdf")
    content = _inside(tmp_path / "report.pdf")
    assert b"/MarkInfo" in content
    assert b"/StructTreeRoot" in content
    assert b"/Lang (fr)" in content
    assert b"pdfuaid" in content


def test_that_the_banner_names_patient_scan_and_its_age(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    _write(example, tmp_path / "report.pdf")
    words = laid_out[-1][0]
    for wanted in ("ZACHARIE Élodie", "PID-77120", "23/04/1961", "féminin", "temps portal", "15/02/2026"):
        assert wanted in words
    assert "il y a 15 jours" in words


def test_that_what_is_not_given_is_said(example: Example, tmp_path: Path, laid_out: list[tuple[str, object]]) -> None:
    case = replace(example.case, identity=PatientIdentity())
    _write(replace(example, case=case), tmp_path / "report.pdf", "en")
    assert laid_out[-1][0].count("not given") == 4


@pytest.mark.parametrize("language", ["fr", "en"])
def test_that_figures_thresholds_vessels_and_notice_are_there(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]], language: str
) -> None:
    _write(example, tmp_path / "report.pdf", language)
    words = laid_out[-1][0]
    wording = Wording(language)
    space = "\N{NO-BREAK SPACE}"
    wanted = {
        "fr": [
            f"32,5{space}%",
            f"30,9 à 34,1{space}%",
            "dans l’intervalle",
            "non calculé",
            "géométrique, non opératoire",
        ],
        "en": ["32.5%", "30.9 to 34.1%", "inside the interval", "not computed", "not of the operation"],
    }
    assert [w for w in wanted[language] if w not in words] == []
    assert wording.text(NOT_A_DEVICE) in words
    assert wording.text("export.vessels.footer") in words
    assert not re.findall(r"\b(?:export|notice|figure|warning|fact)\.[a-z_.]+|\{\w+\}|\w+_\w+", words)


def test_that_draft_and_unverified_stand_on_it_until_approval(
    example: Example, approved: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    _write(example, tmp_path / "a.pdf", "en")
    assert "Draft plan, not approved · Segmentation unverified" in laid_out[-1][0]
    _write(approved, tmp_path / "b.pdf", "en")
    assert "Approved by the surgeon: declared by Dr Surgeon, 2026-03-02" in laid_out[-1][0]
    assert "unverified" not in laid_out[-1][0]


def test_that_vessels_left_out_for_space_are_counted(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    _write(_long(example), tmp_path / "report.pdf", "en")
    words = laid_out[-1][0]
    shown = len(re.findall(r"Portal vein, right twig", words))
    assert 0 < shown < 40
    assert f"and {40 - shown} more" in words


def test_that_twigs_of_one_branch_stand_together_in_the_order_of_the_cut(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    place = (0.0, 0.0, 0.0)
    crossed = (
        CrossedVessel(3, "portal", "portal.right.anterior.8.1.2", 2.5, place),
        CrossedVessel(1, "portal", "portal.right.anterior.8.2", 3.5, place),
        CrossedVessel(2, "hepatic", "hepatic.middle.1.1", 6.0, place),
    )
    _write(replace(example, outcome=replace(example.outcome, clip_list=crossed)), tmp_path / "report.pdf", "en")
    words = laid_out[-1][0]
    twigs = words.index("Portal vein, right anterior segment 8: 2 branches, the largest 3.5\N{NO-BREAK SPACE}mm")
    assert twigs < words.index("Hepatic vein, middle, 6.0\N{NO-BREAK SPACE}mm")


def test_that_stale_figures_are_never_printed(example: Example, tmp_path: Path) -> None:
    with pytest.raises(SafetyRefusal) as refusal:
        _write(replace(example, outcome=example.outcome.as_stale()), tmp_path / "report.pdf")
    assert refusal.value.message_id == "error.export.stale_outcome"
    with pytest.raises(SafetyRefusal) as refusal:
        _write(replace(example, plan=Plan("B", example.plan.resections)), tmp_path / "report.pdf")
    assert refusal.value.message_id == "error.export.foreign_plan"
    assert list(tmp_path.iterdir()) == []


def test_that_an_existing_report_is_kept(example: Example, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes(b"mine")
    with pytest.raises(InputError):
        _write(example, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes() == b"mine"


def test_that_the_same_report_has_the_same_bytes_and_no_more_in_its_metadata(example: Example, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        _write(example, tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    content = _inside(tmp_path / "a.pdf")
    assert not [word for word in ("ZACHARIE", "77120", "Zacharie") if word.encode() in content]  # text is glyphs
    assert b"/Author" not in content
    assert b"CreationDate" not in content


def test_that_each_picture_is_drawn_once_and_in_its_own_shape(example: Example, tmp_path: Path) -> None:
    renderer = FlatRenderer()
    _write(example, tmp_path / "report.pdf", renderer=renderer)
    assert [view for view, _ in renderer.asked] == [View.FRONT, View.RIGHT]
    (size_px,) = {size for _, size in renderer.asked}
    assert 0.3 < size_px[1] / size_px[0] < 0.8


def test_that_a_name_cannot_bring_markup_into_the_report(
    example: Example, tmp_path: Path, laid_out: list[tuple[str, object]]
) -> None:
    identity = PatientIdentity("1", '<img src="file:///etc/hostname">&', "19610423", "F")
    _write(replace(example, case=replace(example.case, identity=identity)), tmp_path / "report.pdf")
    assert '<img src="file:///etc/hostname">&' in laid_out[-1][0]


@pytest.mark.peer
def test_that_poppler_reads_one_tagged_page_with_white_margins(example: Example, tmp_path: Path) -> None:
    if shutil.which("pdftoppm") is None:
        pytest.skip("poppler is not installed (Debian: apt-get install poppler-utils)")
    _write(example, tmp_path / "report.pdf")
    facts = subprocess.run(["pdfinfo", tmp_path / "report.pdf"], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Pages:\s+1\n", facts)
    assert re.search(r"Tagged:\s+yes", facts)
    subprocess.run(["pdftoppm", "-r", "60", "-gray", tmp_path / "report.pdf", tmp_path / "page"], check=True)
    (picture,) = tmp_path.glob("page*.pgm")
    header, size, _, pixels = picture.read_bytes().split(b"\n", 3)
    assert header == b"P5"
    width, height = (int(n) for n in size.split())
    page = np.frombuffer(pixels, np.uint8).reshape(height, width)
    margin = round(10 / 25.4 * 60)
    assert page[:, :margin].min() == page[:, -margin:].min() == 255
    assert page[margin:-margin, margin:-margin].min() < 80
