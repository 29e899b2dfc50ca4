"""The report of a plan: one A4 page for the surgeon (more for long plans), with the patient's name, as tagged PDF."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from weasyprint import HTML, Document
from weasyprint.urls import URLFetcher

from export.contact_section import contacts_section
from export.identity_banner import identity_banner, name_in_words
from export.model import ModelPart, model_parts, parts_in_focus
from export.page_sections import alternative_text, edges_of_view
from export.plan_sections import (
    answers_section,
    crossed_vessels_section,
    cuts_in_words,
    date_in_words,
    figures_table,
    origins_section,
    state_in_words,
    thresholds_section,
    warnings_section,
)
from export.renderer import Renderer, View
from export.staging import write_whole
from export.state import DocumentState, document_state, require_current
from twin.case import Case
from twin.errors import GeometryError
from twin.outcome import Outcome
from twin.plan import Plan
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["write_report"]

_STYLE = Path(__file__).with_name("report.css")
_PICTURE_VIEWS = (View.FRONT, View.RIGHT)
_PICTURE_WIDTH_MM = 92.0
_PICTURE_WIDTH_PX = 1100
_MOST_CONTACTS = 5  # one page holds no more
_FEW_VESSELS = 4
_ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


@dataclass(frozen=True)
class _Density:
    """How tightly the report is set; the first one that fits on one page is taken."""

    picture_mm: float
    row_mm: float
    font_pt: float
    n_vessels: int
    is_short: bool = False


_DENSITIES = (
    _Density(66, 0.75, 8.8, 14),
    _Density(58, 0.6, 8.6, 12),
    _Density(52, 0.45, 8.4, 10),
    _Density(46, 0.35, 8.2, 8),
    _Density(40, 0.25, 8.0, 6),
    _Density(32, 0.15, 7.8, 4),
    _Density(27, 0.1, 7.6, 4),
    _Density(32, 0.1, 7.6, 5, is_short=True),
    _Density(24, 0.05, 7.4, 4, is_short=True),
)
# Smaller print than that nobody reads: what does not fit runs over more pages, each with the patient's name.
_OF_SEVERAL_PAGES = _Density(52, 0.45, 8.4, 14)
_MOST_PAGES = 3


def write_report(
    case: Case,
    twin: Twin,
    plan: Plan,
    outcome: Outcome,
    renderer: Renderer,
    language: str,
    path: Path,
    *,
    split: Sequence[Surface] | None = None,
    today: date | None = None,
    replace: bool = False,
) -> None:
    """Write the report of a plan: one page, or up to three when the plan is long.

    The only document that carries the patient's name. Its metadata hold no more than the page shows.

    Parameters
    ----------
    case, twin, plan, outcome
        What the report states; all current.
    renderer
        Draws the two pictures.
    language
        ``"fr"`` or ``"en"``.
    path
        The PDF file.
    split
        Surfaces of remnant and specimen, or None.
    today
        The day the age of the scan is counted to; the present day unless given.
    replace
        Allow a file that is there to be replaced.

    Raises
    ------
    SafetyRefusal
        When plan, twin or outcome are not those of the case as it is now: a stale figure is never printed.
    GeometryError
        ``error.export.report_too_long`` when the content does not fit on three pages.
    InputError
        When the file cannot be written; then nothing is.
    """
    require_current(case, twin, plan, outcome)
    wording = Wording(language)
    parts = parts_in_focus(model_parts(twin, split))
    content = _Content(case, twin, plan, outcome, parts, document_state(case, plan), today or date.today(), wording)
    density = next((d for d in _DENSITIES if content.n_pages(d) == 1), _OF_SEVERAL_PAGES)
    if density is _OF_SEVERAL_PAGES and content.n_pages(density) > _MOST_PAGES:
        raise GeometryError("error.export.report_too_long", plan=plan.name)
    document = _laid_out(content.html(renderer, density))
    pdf = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=outcome.figures_hash[:16].encode())
    write_whole(path, pdf, replace=replace)


def _laid_out(html: str) -> Document:
    """Lay out a document that may load nothing from outside itself."""
    return HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"])).render()


class _BlankRenderer:
    """Stands in for the pictures while the density is sought: their place is known, their content costs seconds."""

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        """Return the smallest PNG there is."""
        return _ONE_PIXEL


@dataclass(frozen=True)
class _Content:
    case: Case
    twin: Twin
    plan: Plan
    outcome: Outcome
    parts: Sequence[ModelPart]
    state: DocumentState
    today: date
    wording: Wording

    def n_pages(self, density: _Density) -> int:
        return len(_laid_out(self.html(_BlankRenderer(), density)).pages)

    def html(self, renderer: Renderer, density: _Density) -> str:
        wording = self.wording
        title = wording.text("export.report.title", plan=self.plan.name)
        style = _STYLE.read_text(encoding="utf-8")
        style = style.replace("VARIABLE_PICTURE", f"{density.picture_mm}mm")
        style = style.replace("VARIABLE_ROW", f"{density.row_mm}mm").replace("VARIABLE_FONT", f"{density.font_pt}pt")
        return (
            f'<!doctype html><html lang="{wording.language}"><head><meta charset="utf-8">'
            f"<title>{escape(title)}</title><style>{style}</style></head><body>"
            f"{self._brand()}{identity_banner(self.case, self.today, wording)}{self._title()}"
            f"{self._pictures(renderer, density)}"
            f"{figures_table(self.outcome, wording, has_caption=False, is_short=density.is_short)}"
            f"{self._section('contacts', contacts_section(self.outcome, wording, at_most=_MOST_CONTACTS))}"
            f"{self._section('anatomy', answers_section(self.case, wording))}"
            f'<div class="columns"><div>{self._left(density)}</div><div>{self._right(density)}</div></div>'
            f"{self._footer(density)}</body></html>"
        )

    def _brand(self) -> str:
        made = date_in_words(self.today.isoformat(), self.wording)
        return (
            f'<p class="brand">TwinSight · {self._text("export.report.kind")}'
            f"<span>{self._text('export.report.made', date=made)}</span></p>"
        )

    def _title(self) -> str:
        cuts = cuts_in_words(self.plan, self.wording)
        kind = "approved" if self.state.is_approved else "draft"
        return (
            f'<div class="title"><div><h1>{escape(self.plan.name)}</h1><p class="cuts">{escape(cuts)}</p></div>'
            f'<p class="state {kind}">{escape(state_in_words(self.state, self.wording))}</p></div>'
        )

    def _pictures(self, renderer: Renderer, density: _Density) -> str:
        size_px = (_PICTURE_WIDTH_PX, round(_PICTURE_WIDTH_PX * density.picture_mm / _PICTURE_WIDTH_MM))
        figures = "".join(self._picture(renderer, view, size_px) for view in _PICTURE_VIEWS)
        names_by_colour: dict[str, list[str]] = {}
        for part in self.parts:
            names_by_colour.setdefault(part.colour, []).append(part.names[self.wording.language])
        colours = "".join(
            f'<li><i style="background: {colour}"></i>{escape(", ".join(names))}</li>'
            for colour, names in names_by_colour.items()
        )
        return f'<div class="pictures">{figures}</div><ul class="colours">{colours}</ul>'

    def _picture(self, renderer: Renderer, view: View, size_px: tuple[int, int]) -> str:
        png = base64.b64encode(renderer.render(self.parts, view, size_px)).decode("ascii")
        at_left, at_right = edges_of_view(view)
        marks = "<br>".join(self._text(message_id) for message_id in self.state.watermark_ids)
        mark = f'<span class="mark">{marks}</span>' if marks else ""
        return (
            f'<figure><img alt="{escape(alternative_text(self.parts, view, self.wording))}" '
            f'src="data:image/png;base64,{png}">'
            f'<span class="caption">{self._text(f"export.view.{view.value}")}</span>'
            f'<span class="side at-left">{self._text(f"export.letter.{at_left}")}</span>'
            f'<span class="side at-right">{self._text(f"export.letter.{at_right}")}</span>{mark}</figure>'
        )

    def _left(self, density: _Density) -> str:
        warnings = self._section("warnings", warnings_section(self.case, self.state, self.outcome, self.wording))
        if not self._has_short_right(density):
            return self._thresholds() + warnings + self._origins()
        return warnings + (self._origins() if self._thresholds() else "")

    def _right(self, density: _Density) -> str:
        vessels = crossed_vessels_section(self.outcome, self.twin, self.wording, at_most=density.n_vessels)
        rest = (self._thresholds() or self._origins()) if self._has_short_right(density) else ""
        return self._section("vessels", vessels) + rest

    def _has_short_right(self, density: _Density) -> bool:
        """True when few vessels are listed: then the right column has room for more."""
        return min(len(self.outcome.clip_list), density.n_vessels) <= _FEW_VESSELS

    def _thresholds(self) -> str:
        return self._section("thresholds", thresholds_section(self.outcome, self.wording))

    def _origins(self) -> str:
        return self._section("origins", origins_section(self.case, self.wording))

    def _section(self, name: str, block: str) -> str:
        return f"<section><h2>{self._text(f'export.section.{name}')}</h2>{block}</section>" if block else ""

    def _footer(self, density: _Density) -> str:
        whose = ""
        if density is _OF_SEVERAL_PAGES:
            named = f"{name_in_words(self.case, self.wording)} · {self.case.identity.patient_id} · {self.plan.name}"
            whose = f'<p class="whose">{escape(named)}</p>'
        return (
            f'<div class="footer">{whose}<p class="notice">{self._text(NOT_A_DEVICE)}</p>'
            f'<p class="note">{self._text("export.report.footer", hash=self.outcome.figures_hash[:12])}</p></div>'
        )

    def _text(self, message_id: str, **parameters: object) -> str:
        return escape(self.wording.text(message_id, **parameters))
