"""Sections of HTML that the offline page and the report share: figures, vessels crossed, warnings, origins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from string import ascii_lowercase
from typing import assert_never

from export.figure_rows import FigureRow, figure_name, figure_rows
from export.state import DocumentState
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.checklist import CHECKLIST_ITEMS, ChecklistAnswer
from twin.figure import Figure
from twin.outcome import CrossedVessel, Outcome, OutcomeWarning
from twin.plan import Plan
from twin.resection import (
    AblationZone,
    AbsentTerritory,
    DonorSplit,
    EmbolisedTerritory,
    PancreasCut,
    Partition,
    PlaneCut,
    ReconstructedVessel,
    Resection,
    SheetCut,
    TerritorySet,
    WedgeCut,
)
from twin.twin import Twin
from twin.wording import Wording

__all__ = [
    "answer_parameters",
    "answered_in_words",
    "answers_section",
    "branch_in_words",
    "branches_in_words",
    "crossed_branches",
    "crossed_vessels_section",
    "cut_in_words",
    "cuts_in_words",
    "date_in_words",
    "figures_table",
    "origins_section",
    "segments_table",
    "state_in_words",
    "thresholds_section",
    "warning_in_words",
    "warnings_section",
]

_TREES = ("portal", "hepatic")
_COLUMNS = ("figure", "value", "interval", "status", "source")


def figures_table(outcome: Outcome, wording: Wording, *, has_caption: bool = True, is_short: bool = False) -> str:
    """Return the table of figures: name, value, 90 % interval, status, source; the sources stand below, each once."""
    rows = figure_rows(outcome, wording, is_short=is_short)
    sources = dict.fromkeys(row.source for row in rows if row.source)
    letters = {source: ascii_lowercase[n % 26] for n, source in enumerate(sources)}
    heads = "".join(f'<th scope="col">{_text(wording, f"export.column.{name}")}</th>' for name in _COLUMNS)
    organs = [organ for organ in ("liver", "pancreas") if any(row.organ == organ for row in rows)]
    bodies = []
    for organ in organs:
        lines = "".join(_figure_line(row, letters) for row in rows if row.organ == organ)
        name = escape(structure(organ).name(wording.language))
        group = f'<tr class="organ"><th scope="rowgroup" colspan="{len(_COLUMNS)}">{name}</th></tr>'
        bodies.append("<tbody>" + (group if len(organs) > 1 else "") + lines + "</tbody>")
    caption = f"<caption>{_text(wording, 'export.figures.caption')}</caption>" if has_caption else ""
    notes = "; ".join(f"({letter}) {source}" for source, letter in letters.items())
    return (
        f'<table>{caption}<thead><tr>{heads}</tr></thead>{"".join(bodies)}</table><p class="note">{escape(notes)}</p>'
    )


def segments_table(outcome: Outcome, wording: Wording) -> str:
    """Return total, removed and remaining volume of each Couinaud segment, or nothing when they are not known."""
    names = ("total_ml", "resected_ml", "remnant_ml")
    heads = "".join(f'<th scope="col">{_text(wording, f"export.segment.{name}")}</th>' for name in ("name", *names))
    lines = []
    for segment, tree in sorted(outcome.segments.items()):
        figures = [tree[name] for name in names]
        cells = "".join(f"<td>{escape(wording.figure(f))}</td>" for f in figures if isinstance(f, Figure))
        lines.append(f'<tr><th scope="row">{escape(segment)}</th>{cells}</tr>')
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>" if lines else ""


def _figure_line(row: FigureRow, letters: Mapping[str, str]) -> str:
    source = letters.get(row.source, "")
    if row.is_known:
        cells = f"<td>{escape(row.value)}</td><td>{escape(row.interval)}</td><td>{escape(row.status)}</td>"
    else:  # why it is not known takes the place of value, interval and status
        cells = f'<td colspan="3" class="unknown">{escape(row.value)}</td>'
    tag = ' class="main"' if row.is_main else ""
    return f'<tr{tag}><th scope="row">{escape(row.name)}</th>{cells}<td class="source">{source}</td></tr>'


def crossed_vessels_section(outcome: Outcome, twin: Twin, wording: Wording, *, at_most: int | None = None) -> str:
    """Return the vessels crossed by the cut, in geometric order, with the footer that belongs to them.

    Twigs of one named branch stand together where the first of them is met. A tree that was never traced is named:
    an empty list must not read as "none is crossed".
    """
    untraced = [wording.text(f"export.untraced.{tree}") for tree in _TREES if tree not in twin.graphs]
    named = crossed_branches(outcome, wording)
    footer = f'<p class="note">{_text(wording, "export.vessels.footer")}</p>'
    if untraced:
        footer = f"<p>{_text(wording, 'export.vessels.untraced', trees=', '.join(untraced))}</p>{footer}"
    if not named and len(untraced) == len(_TREES):
        return footer
    if not named:
        return f"<p>{_text(wording, 'export.vessels.none')}</p>{footer}"
    shown = named if at_most is None else named[:at_most]
    items = "".join(f"<li>{escape(_crossing(name, vessels, wording))}</li>" for name, vessels in shown)
    n_left = sum(len(vessels) for _, vessels in named[len(shown) :])
    more = f"<p>{_text(wording, 'export.vessels.more', count=n_left)}</p>" if n_left else ""
    return f'<ol class="vessels">{items}</ol>{more}{footer}'


def crossed_branches(outcome: Outcome, wording: Wording) -> tuple[tuple[str, tuple[CrossedVessel, ...]], ...]:
    """Return the vessels crossed by the cut under the names of their branches, in geometric order along it."""
    by_name: dict[str, list[CrossedVessel]] = {}
    for vessel in sorted(outcome.clip_list, key=lambda v: v.order):
        by_name.setdefault(_branch_name(vessel, wording), []).append(vessel)
    return tuple((name, tuple(vessels)) for name, vessels in by_name.items())


def _crossing(name: str, vessels: Sequence[CrossedVessel], wording: Wording) -> str:
    diameter = wording.quantity(max(vessel.diameter_mm for vessel in vessels), "mm")
    mark = f" — {wording.text('export.vessels.to_preserve')}" if any(v.to_preserve for v in vessels) else ""
    if len(vessels) == 1:
        return wording.text("export.vessels.one", name=name, diameter=diameter) + mark
    return wording.text("export.vessels.several", name=name, count=len(vessels), diameter=diameter) + mark


def thresholds_section(outcome: Outcome, wording: Wording) -> str:
    """Return what the outcome says of published thresholds: text and interval, never a colour."""
    return _list(warning_in_words(warning, wording) for warning in outcome.warnings if _is_on_threshold(warning))


def warnings_section(case: Case, state: DocumentState, outcome: Outcome, wording: Wording) -> str:
    """Return what else the surgeon must know beside the figures, as a list."""
    lines = [warning_in_words(warning, wording) for warning in outcome.warnings if not _is_on_threshold(warning)]
    if state.is_nothing_confirmed:
        lines.append(wording.text("export.warning.nothing_confirmed"))
    elif state.unconfirmed:
        names = ", ".join(structure(name).name(wording.language) for name in state.unconfirmed)
        lines.append(wording.text("export.warning.unconfirmed", structures=names))
    if case.not_found:
        names = ", ".join(structure(name).name(wording.language) for name in case.not_found)
        lines.append(wording.text("export.warning.not_found", structures=names))
    if not case.checklist_answers:
        lines.append(wording.text("checklist.nobody"))
    return _list(lines)


def answers_section(case: Case, wording: Wording) -> str:
    """Return what persons answered to the first questions about the anatomy, and how many nobody answered."""
    answers = [case.checklist_answers[i] for i in CHECKLIST_ITEMS if i in case.checklist_answers]
    n_open = len(CHECKLIST_ITEMS) - len(answers)
    lines = [answered_in_words(answer, wording) for answer in answers]
    return _list([*lines, *([wording.text("checklist.open", count=n_open)] if n_open and answers else [])])


def answered_in_words(answer: ChecklistAnswer, wording: Wording) -> str:
    """Return a question with the answer of a person: what, who, when, and the note."""
    question = wording.text(f"checklist.item.{answer.item_id}")
    line = wording.text("checklist.answered", question=question, **answer_parameters(answer, wording))
    return f"{line} — {answer.note}" if answer.note else line


def answer_parameters(answer: ChecklistAnswer, wording: Wording) -> dict[str, str]:
    """Return what a message about the answer of a person names, in words: the answer, how it was judged, who, when."""
    said = "not_applicable" if answer.sight is None else f"sight.{answer.sight.value}"
    return {
        "answer": wording.text(f"checklist.{said}"),
        "judged": wording.text(f"checklist.judged.{answer.judgement.value}"),
        "by": answer.by,
        "date": date_in_words(answer.time_utc[:10], wording),
    }


def origins_section(case: Case, wording: Wording) -> str:
    """Return who made each label layer, from what and when."""
    layers_by_origin: dict[tuple[str, str, str], list[str]] = {}
    for name in LayerName:
        layer = case.layers.get(name)
        if layer is None or layer.provenance is None or not layer.values():
            continue
        made = layer.provenance
        origin = (made.producer, made.version, made.time_utc[:10])
        layers_by_origin.setdefault(origin, []).append(wording.text(f"export.layer.{name.value}"))
    return _list(
        wording.text(
            "export.origin.line",
            layers=", ".join(layers),
            producer=_producer(producer, wording),
            version=version,
            date=date_in_words(day, wording),
        )
        for (producer, version, day), layers in layers_by_origin.items()
    )


def state_in_words(state: DocumentState, wording: Wording) -> str:
    """Return draft, or approved with who declared it and when."""
    if state.approval is None:
        return " · ".join(wording.text(message_id) for message_id in state.watermark_ids)
    date = date_in_words(state.approval.time_utc[:10], wording)
    return wording.text("export.state.approved", by=state.approval.by, date=date)


def date_in_words(iso: str, wording: Wording) -> str:
    """Return ``YYYY-MM-DD`` as the language writes it: 2026-03-01 or 01/03/2026."""
    return "/".join(reversed(iso.split("-"))) if wording.language == "fr" else iso


def cut_in_words(resection: Resection, wording: Wording) -> str:
    """Return what a resection is, in a surgeon's words."""
    names: Mapping[str, object] = {}
    match resection:
        case PlaneCut():
            kind = "plane"
        case SheetCut():
            kind = "sheet"
        case TerritorySet(branches, code):
            kind, names = "territory", {"what": code or branches_in_words(branches, wording)}
        case WedgeCut(lesion, margin) | AblationZone(lesion, margin):
            kind = "wedge" if isinstance(resection, WedgeCut) else "ablation"
            names = {
                "lesion": structure(lesion).name(wording.language),
                "margin": wording.quantity(margin, "mm", decimals=0),
            }
        case PancreasCut(operation):
            kind = f"pancreas.{operation.value}"
        case DonorSplit(graft, takes_middle_vein):
            kind = f"donor.{graft}"
            if takes_middle_vein is not None:
                vein = wording.text("export.cut.with_vein" if takes_middle_vein else "export.cut.without_vein")
                return f"{wording.text(f'export.cut.{kind}')} {vein}"
        case EmbolisedTerritory(branches):
            kind, names = "embolised", {"what": branches_in_words(branches, wording)}
        case AbsentTerritory(branches, code):
            kind, names = "absent", {"what": code or branches_in_words(branches, wording)}
        case ReconstructedVessel(branches):
            kind, names = "reconstructed", {"what": branches_in_words(branches, wording)}
        case Partition(branches):
            kind, names = "partition", {"what": branches_in_words(branches, wording)}
        case _:
            assert_never(resection)
    return wording.text(f"export.cut.{kind}", **names)


def cuts_in_words(plan: Plan, wording: Wording) -> str:
    """Return what a plan is made of; with two stages, which of it belongs to each."""
    if not plan.is_two_stage:
        return "; ".join(cut_in_words(resection, wording) for resection in plan.resections)
    of_stages = []
    for stage in (1, 2):
        words = "; ".join(cut_in_words(resection, wording) for at, resection in plan.staged_resections if at == stage)
        of_stages.append(wording.text("export.cut.stage", stage=stage, cuts=words))
    return " — ".join(of_stages)


def branches_in_words(branches: Sequence[str], wording: Wording) -> str:
    """Return branches in a surgeon's words, to stand inside a sentence.

    Examples
    --------
    >>> branches_in_words(("portal.right", "hepatic.middle"), Wording("en"))
    'portal vein, right + hepatic vein, middle'
    """
    words = (branch_in_words(name, wording) for name in branches)
    return " + ".join(word[:1].lower() + word[1:] for word in words)


def _is_on_threshold(warning: OutcomeWarning) -> bool:
    return warning.message_id.startswith("warning.threshold.")


def warning_in_words(warning: OutcomeWarning, wording: Wording) -> str:
    """Return a warning with figures and vessels named in words."""
    parameters = dict(warning.parameters)
    if "ratio" in parameters:  # the key of a figure
        parameters["ratio"] = figure_name("liver", str(parameters["ratio"]), wording)
    for name in ("first_date", "last_date"):
        if name in parameters:
            parameters[name] = date_in_words(str(parameters[name]), wording)
    branches = parameters.get("branches")
    if isinstance(branches, tuple | list):
        parameters["branches"] = branches_in_words([str(name) for name in branches], wording)
    if "vessel" in parameters:
        parameters["vessel"] = branches_in_words((str(parameters["vessel"]),), wording)
    if parameters.get("distance_mm") == 0:
        parameters["distance_mm"] = wording.text("outcome.under_one")
    return wording.text(warning.message_id, **parameters)


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _producer(producer: str, wording: Wording) -> str:
    message_id = f"export.producer.{producer}"
    worded = wording.text(message_id)
    return producer if worded == message_id else worded


def _branch_name(vessel: CrossedVessel, wording: Wording) -> str:
    return branch_in_words(vessel.branch or vessel.tree, wording)


def branch_in_words(branch: str, wording: Wording) -> str:
    """Return a branch in a surgeon's words: the tree and its named parts, for the portal vein down to the segment.

    Examples
    --------
    >>> branch_in_words("portal.left.4a.b", Wording("en")), branch_in_words("portal.right.c", Wording("en"))
    ('Portal vein, left segment 4a', 'Portal vein, right')
    """
    tree, *parts = branch.split(".")
    words = [wording.text(f"export.tree.{tree}")]
    for part in parts:
        if len(part) == 1 and part.isalpha():  # a letter tells pieces of one branch apart
            break
        if part[0].isdigit():  # deeper numbers only count forks
            words += [wording.text("export.branch.segment", number=part)] if tree == "portal" and len(words) > 1 else []
            break
        words.append(_side(part, wording))
    return " ".join(words).removesuffix(",")


def _side(part: str, wording: Wording) -> str:
    message_id = f"export.branch.{part}"
    worded = wording.text(message_id)
    return part.replace("_", " ") if worded == message_id else worded


def _text(wording: Wording, message_id: str, **parameters: object) -> str:
    return escape(wording.text(message_id, **parameters))
