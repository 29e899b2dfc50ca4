"""The storyboard for the carers: the plan as steps with a picture each, A4 across, with the patient's name."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from weasyprint import HTML
from weasyprint.urls import URLFetcher

from export.identity_banner import identity_banner
from export.model import ModelPart
from export.page_sections import alternative_text, edges_of_view
from export.plan_sections import (
    crossed_branches,
    cuts_in_words,
    date_in_words,
    figures_table,
    state_in_words,
    warnings_section,
)
from export.renderer import Renderer
from export.staging import write_whole
from export.state import DocumentState, document_state, require_current
from export.storyboard_notes import StoryboardNotes
from export.storyboard_pictures import Picture, StoryboardPictures
from export.storyboard_steps import StoryboardStep, approach_of, storyboard_steps
from twin.case import Case
from twin.outcome import CrossedVessel, Outcome
from twin.plan import Plan
from twin.surface import Surface
from twin.twin import Twin
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["write_storyboard"]

_STYLE = Path(__file__).with_name("storyboard.css")
_PICTURE_PX = (1000, 447)  # 85 mm by 38 mm, as in the style
_IN_A_ROW = 3
_TREES = ("portal", "hepatic")


def write_storyboard(
    case: Case,
    twin: Twin,
    plan: Plan,
    outcome: Outcome,
    notes: StoryboardNotes,
    renderer: Renderer,
    language: str,
    path: Path,
    *,
    split: Sequence[Surface] | None = None,
    split_of_cuts: Mapping[int, Sequence[Surface]] | None = None,
    today: date | None = None,
    replace: bool = False,
) -> None:
    """Write the storyboard of a plan as tagged PDF, as many pages as it needs.

    It carries the patient's name and is made for the team, never for the patient's folder.

    Parameters
    ----------
    case, twin, plan, outcome
        What it states; all current.
    notes
        The team's words; lines to write on stand where there are none.
    renderer
        Draws the pictures.
    language
        ``"fr"`` or ``"en"``.
    path
        The PDF file.
    split
        Surfaces of remnant and specimen, or None.
    split_of_cuts
        The same for single cuts, by their place in the plan; they get a card each.
    today
        The day the age of the scan is counted to; the present day unless given.
    replace
        Allow a file that is there to be replaced.

    Raises
    ------
    SafetyRefusal
        When plan, twin or outcome are not those of the case as it is now.
    InputError
        When the file cannot be written; then nothing is.
    """
    require_current(case, twin, plan, outcome)
    wording = Wording(language)
    splits = dict(split_of_cuts or {})
    steps = storyboard_steps(case, plan, outcome, notes, wording, shown_cuts=tuple(splits))
    pictures = StoryboardPictures(twin, outcome, plan.organ_ids[0], split, splits, approach_of(case, notes))
    board = _Board(case, twin, plan, outcome, notes, document_state(case, plan), today or date.today(), wording)
    html = board.html(steps, [pictures.of(step) for step in steps], renderer)
    document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=["data"])).render()
    pdf = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=outcome.figures_hash[:16].encode())
    write_whole(path, pdf, replace=replace)


@dataclass(frozen=True)
class _Board:
    case: Case
    twin: Twin
    plan: Plan
    outcome: Outcome
    notes: StoryboardNotes
    state: DocumentState
    today: date
    wording: Wording

    def html(self, steps: Sequence[StoryboardStep], pictures: Sequence[Picture], renderer: Renderer) -> str:
        title = self._text("export.storyboard.heading", plan=self.plan.name)
        cards = [
            self._card(n, step, picture, renderer)
            for n, (step, picture) in enumerate(zip(steps, pictures, strict=True), 1)
        ]
        rows = ("".join(cards[n : n + _IN_A_ROW]) for n in range(0, len(cards), _IN_A_ROW))
        board = "".join(f'<div class="row">{row}</div>' for row in rows)
        style = _STYLE.read_text(encoding="utf-8").replace("VARIABLE_PAGE", self._text("export.storyboard.page"))
        return (
            f'<!doctype html><html lang="{self.wording.language}"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{style}</style></head><body>{self._head()}{self._foot()}{self._title()}"
            f"{board}{self._colours(pictures)}"
            f'<div class="sheet">{self._team()}{self._vessels()}{self._figures()}{self._notes()}</div></body></html>'
        )

    def _head(self) -> str:
        """Return who the patient is; it stands on every page."""
        made = self._text("export.report.made", date=date_in_words(self.today.isoformat(), self.wording))
        brand = f'<p class="brand">TwinSight · {self._text("export.storyboard.kind")}<span>{made}</span></p>'
        return f'<div class="head">{brand}{identity_banner(self.case, self.today, self.wording)}</div>'

    def _foot(self) -> str:
        return f'<p class="foot">{self._text(NOT_A_DEVICE)}</p>'

    def _title(self) -> str:
        kind = "approved" if self.state.is_approved else "draft"
        cuts = escape(cuts_in_words(self.plan, self.wording))
        return (
            f'<div class="title"><div><h1>{self._text("export.storyboard.heading", plan=self.plan.name)}</h1>'
            f'<p class="cuts">{cuts}. {self._text("export.storyboard.order")}</p>'
            f'</div><p class="state {kind}">{escape(state_in_words(self.state, self.wording))}</p></div>'
        )

    def _card(self, number: int, step: StoryboardStep, picture: Picture, renderer: Renderer) -> str:
        facts = "".join(f"<li>{escape(fact)}</li>" for fact in step.facts)
        asked = escape(step.instruments) or '<span class="blank"></span>'
        return (
            f'<div class="card"><h2><b>{number}</b> {escape(step.title)}</h2>{self._picture(picture, renderer)}'
            f"<p>{escape(step.text)}</p>{f'<ul>{facts}</ul>' if facts else ''}"
            f'<p class="asked">{self._text("export.storyboard.instruments_of_step")} {asked}</p></div>'
        )

    def _picture(self, picture: Picture, renderer: Renderer) -> str:
        png = base64.b64encode(renderer.render(picture.parts, picture.view, _PICTURE_PX)).decode("ascii")
        at_left, at_right = edges_of_view(picture.view)
        mark = "<br>".join(self._text(message_id) for message_id in self.state.watermark_ids)
        return (
            f'<figure><img alt="{escape(alternative_text(picture.parts, picture.view, self.wording))}" '
            f'src="data:image/png;base64,{png}">'
            f'<span class="caption">{self._text(f"export.view.{picture.view.value}")}</span>'
            f'<span class="side at-left">{self._text(f"export.letter.{at_left}")}</span>'
            f'<span class="side at-right">{self._text(f"export.letter.{at_right}")}</span>'
            f"{f'<span class=mark>{mark}</span>' if mark else ''}</figure>"
        )

    def _colours(self, pictures: Sequence[Picture]) -> str:
        shown: dict[str, ModelPart] = {part.id: part for picture in pictures for part in picture.parts}
        names_by_colour: dict[str, list[str]] = {}
        for part in shown.values():
            names_by_colour.setdefault(part.colour, []).append(part.names[self.wording.language])
        lines = (
            f'<li><i style="background: {colour}"></i>{escape(", ".join(dict.fromkeys(names)))}</li>'
            for colour, names in names_by_colour.items()
        )
        return f'<ul class="colours">{"".join(lines)}</ul>'

    def _team(self) -> str:
        """Return what the team typed, side by side, with lines to write on where it typed nothing."""
        boxes = (
            ("instruments", self.notes.instruments),
            ("difficulties", self.notes.difficulties),
            ("prepared", self.notes.prepared),
        )
        blank = '<p class="lines"></p>' * 4
        cells = "".join(
            f'<div class="box"><h2>{self._text(f"export.storyboard.{name}")}</h2>{_items(entries) or blank}</div>'
            for name, entries in boxes
        )
        return f'<div class="row team">{cells}</div>'

    def _vessels(self) -> str:
        untraced = [self.wording.text(f"export.untraced.{tree}") for tree in _TREES if tree not in self.twin.graphs]
        named = crossed_branches(self.outcome, self.wording)
        block = self._table(named) if named else f"<p>{self._text('export.vessels.none')}</p>"
        if untraced:
            block = (
                block if named else ""
            ) + f"<p>{self._text('export.vessels.untraced', trees=', '.join(untraced))}</p>"
        return self._section(
            "export.section.vessels", f'{block}<p class="note">{self._text("export.vessels.footer")}</p>'
        )

    def _table(self, named: Sequence[tuple[str, Sequence[CrossedVessel]]]) -> str:
        heads = ("number", "vessel", "diameter", "preserve", "done")
        head = "".join(f'<th scope="col">{self._text(f"export.storyboard.column.{name}")}</th>' for name in heads)
        lines = "".join(self._line(n, name, vessels) for n, (name, vessels) in enumerate(named, 1))
        return f'<table class="crossed"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'

    def _line(self, number: int, name: str, vessels: Sequence[CrossedVessel]) -> str:
        largest = escape(self.wording.quantity(max(vessel.diameter_mm for vessel in vessels), "mm"))
        if len(vessels) > 1:
            largest = self._text("export.storyboard.largest", count=len(vessels), diameter=largest)
        doubt = self._text("export.vessels.to_preserve") if any(vessel.to_preserve for vessel in vessels) else "–"
        keys = (str(number), *(vessel.branch for vessel in vessels))
        done = next((self.notes.vessels[key] for key in keys if key in self.notes.vessels), "")
        return (
            f'<tr><td>{number}</td><th scope="row">{escape(name)}</th><td>{largest}</td><td>{doubt}</td>'
            f'<td class="done">{escape(done)}</td></tr>'
        )

    def _figures(self) -> str:
        table = figures_table(self.outcome, self.wording, has_caption=False, is_short=True)
        return self._section("export.storyboard.figures", table)

    def _notes(self) -> str:
        warnings = warnings_section(self.case, self.state, self.outcome, self.wording)
        return self._section("export.section.warnings", warnings) if warnings else ""

    def _section(self, message_id: str, block: str) -> str:
        return f"<section><h2>{self._text(message_id)}</h2>{block}</section>"

    def _text(self, message_id: str, **parameters: object) -> str:
        return escape(self.wording.text(message_id, **parameters))


def _items(entries: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(entry)}</li>" for entry in entries)
    return f"<ul>{items}</ul>" if items else ""
