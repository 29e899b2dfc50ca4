"""Outcomes of plans as tables for a terminal: one alone, or many side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from rich.table import Table

from app.services.worded_figures import (
    branch_in_words,
    code_line,
    compact_figure,
    contact_rows,
    named_figures,
    suggestion_lines,
    warning_in_words,
    worded_figure,
)
from twin.anatomy import structure
from twin.figure import Figure
from twin.outcome import CrossedVessel, FigureTree, Outcome
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["comparison_parts", "outcome_parts"]

_MOST_COLUMNS = 4  # plans side by side on 120 columns
_VOLUMES = ("total_ml", "resected_ml", "remnant_ml")


def outcome_parts(outcome: Outcome, wording: Wording) -> list[str | Table]:
    """Every figure of an outcome with its status, its warnings, and the notice."""
    table = _table(wording, "cli.table.figure", "cli.table.value", "cli.table.status")
    for key, (name, figure) in named_figures(outcome, wording).items():
        table.add_row(name, worded_figure(key, figure, wording), wording.text(f"export.status.{figure.status.value}"))
    if outcome.new_world_code:
        table.add_row(wording.text("outcome.code.name"), code_line(outcome, wording), "")
    parts: list[str | Table] = [wording.text("cli.simulate.title", name=outcome.plan_name), table]
    if outcome.segments:
        parts.append(_volumes("cli.table.segment", outcome.segments, wording))
    if outcome.territories:
        named = {
            branch_in_words(name, wording): tree
            for branches in outcome.territories.values()
            for name, tree in branches.items()
        }
        parts.append(_volumes("cli.table.territory", named, wording))
    if outcome.clip_list:
        parts += [wording.text("cli.simulate.crossed"), _crossed_vessels(outcome, wording)]
    if outcome.contacts:
        parts += [wording.text("contacts.title"), _contacts(outcome, wording)]
    parts += suggestion_lines(outcome, wording)
    parts += [warning_in_words(warning, wording) for warning in outcome.warnings]
    return [*parts, wording.text(NOT_A_DEVICE)]


def comparison_parts(outcomes: Sequence[Outcome], wording: Wording) -> list[str | Table]:
    """The figures of several outcomes side by side: what all share, blocks of plans, what is said of each.

    A cell holds the number and its interval; the unit stands with the name of the row, so that four plans fit on a
    line of 120 columns.
    """
    parts: list[str | Table] = [wording.text("cli.compare.title", count=len(outcomes))]
    for organ in ("liver", "pancreas"):
        on_organ = [outcome for outcome in outcomes if getattr(outcome, organ) is not None]
        if on_organ:
            parts += [structure(organ).name(wording.language), *_tables(organ, on_organ, wording)]
    parts += [wording.text("cli.simulate.crossed"), *(_crossed_line(outcome, wording) for outcome in outcomes)]
    if outcomes and outcomes[0].contacts and all(one.contacts == outcomes[0].contacts for one in outcomes):
        parts += [wording.text("contacts.title"), _contacts(outcomes[0], wording)]
        parts += suggestion_lines(outcomes[0], wording)
    return [*parts, *_warning_lines(outcomes, wording), wording.text(NOT_A_DEVICE)]


def _tables(organ: str, outcomes: Sequence[Outcome], wording: Wording) -> list[Table]:
    """Return what all plans of an organ share, then the plans in blocks."""
    rows = _rows(organ, outcomes, wording)
    shared = {name: cells[0] for name, cells in rows.items() if len(outcomes) > 1 and len(set(cells)) == 1 and cells[0]}
    tables = []
    if shared:
        table = Table(wording.text("cli.table.figure"), wording.text("cli.compare.shared"))
        for name, cell in shared.items():
            table.add_row(name, cell)
        tables.append(table)
    for block in _blocks(len(outcomes)):
        table = Table(wording.text("cli.table.figure"))
        for outcome in outcomes[block]:
            table.add_column(outcome.plan_name, justify="right")
        for name, cells in rows.items():
            if name not in shared and any(cells[block]):
                table.add_row(name, *(cell or "–" for cell in cells[block]))
        tables.append(table)
    return tables


def _blocks(count: int) -> list[slice]:
    """Return which plans stand side by side: blocks of nearly the same number."""
    n_blocks = max(-(-count // _MOST_COLUMNS), 1)
    ends = [round(count * n / n_blocks) for n in range(n_blocks + 1)]
    return [slice(first, last) for first, last in pairwise(ends)]


def _rows(organ: str, outcomes: Sequence[Outcome], wording: Wording) -> dict[str, list[str]]:
    """Return by name of the row a cell for each plan, empty where a plan has no such figure."""
    columns = [
        {key: named for key, named in named_figures(outcome, wording).items() if key.startswith(f"{organ}.")}
        for outcome in outcomes
    ]
    names: dict[str, str] = {}
    for key, (name, figure) in sorted((item for column in columns for item in column.items()), key=_place_in(columns)):
        names.setdefault(key, name + (f" ({wording.unit(figure.unit)})" if figure.unit else ""))
    rows = {
        name: [compact_figure(key, column[key][1], wording) if key in column else "" for column in columns]
        for key, name in names.items()
    }
    if organ == "liver" and any(outcome.new_world_code for outcome in outcomes):
        rows[wording.text("outcome.code.name")] = [code_line(outcome, wording) for outcome in outcomes]
    return rows


def _place_in(columns: Sequence[Mapping[str, object]]) -> Callable[[tuple[str, object]], float]:
    """Return the key by which figures of several plans are put in the order of reading of the plan that has most."""
    fullest = max((list(column) for column in columns), key=len, default=[])
    order = {key: float(place) for place, key in enumerate(fullest)}
    for column in columns:
        before = -1.0
        for key in column:
            if key not in order:  # behind the figure that it follows in its own plan
                order[key] = before + 1e-3
            before = order[key]
    return lambda item: order[item[0]]


def _crossed_line(outcome: Outcome, wording: Wording) -> str:
    """Return the vessels that a plan crosses with their widths, in the order along the cut."""
    named = _by_name(outcome, wording).items()
    separator = wording.text("contacts.separator")
    vessels = separator.join(f"{name} {wording.quantity(_width_mm(crossed), 'mm')}" for name, crossed in named)
    text = vessels or wording.text("cli.compare.no_vessel")
    return "  " + wording.text("cli.compare.of_plans", plans=outcome.plan_name, text=text)


def _warning_lines(outcomes: Sequence[Outcome], wording: Wording) -> list[str]:
    """Return each warning once, with the plans that it is about where it is not about all."""
    plans: dict[str, list[str]] = {}
    for outcome in outcomes:
        for warning in outcome.warnings:
            named = plans.setdefault(warning_in_words(warning, wording), [])
            if outcome.plan_name not in named:
                named.append(outcome.plan_name)
    general = [text for text, names in plans.items() if len(names) == len(outcomes)]
    special = [
        wording.text("cli.compare.of_plans", plans=", ".join(names), text=text)
        for text, names in plans.items()
        if len(names) < len(outcomes)
    ]
    return [*general, *special]


def _by_name(outcome: Outcome, wording: Wording) -> dict[str, list[CrossedVessel]]:
    """Return the crossed vessels by name in words, in the order along the cut; twigs of one branch stand together."""
    found: dict[str, list[CrossedVessel]] = {}
    for vessel in sorted(outcome.clip_list, key=lambda one: one.order):
        found.setdefault(branch_in_words(vessel.branch or vessel.tree, wording), []).append(vessel)
    return found


def _width_mm(vessels: Sequence[CrossedVessel]) -> float:
    return max(vessel.diameter_mm for vessel in vessels)


def _crossed_vessels(outcome: Outcome, wording: Wording) -> Table:
    names = ("order", "vessel", "places", "diameter", "question")
    table = _table(wording, *(f"cli.table.{name}" for name in names))
    for name, vessels in _by_name(outcome, wording).items():
        question = wording.text("export.vessels.to_preserve") if any(v.to_preserve for v in vessels) else ""
        width = wording.quantity(_width_mm(vessels), "mm")
        table.add_row(str(vessels[0].order), name, str(len(vessels)), width, question)
    return table


def _contacts(outcome: Outcome, wording: Wording) -> Table:
    names = ("lesion", "vessel", "axial", "normal", "maximum", "length", "plane")
    table = _table(wording, *(f"contacts.column.{name}" for name in names))
    for row in contact_rows(outcome, wording):
        table.add_row(*(getattr(row, name) for name in names))
    return table


def _volumes(heading: str, trees: Mapping[str, FigureTree], wording: Wording) -> Table:
    """Total, removed and remaining volume by name."""
    heads = (wording.text(f"export.segment.{name}") for name in _VOLUMES)
    table = Table(wording.text(heading), *heads)
    for name, tree in sorted(trees.items()) if heading == "cli.table.segment" else trees.items():
        figures = (tree[key] for key in _VOLUMES)
        table.add_row(name, *(wording.figure(figure) for figure in figures if isinstance(figure, Figure)))
    return table


def _table(wording: Wording, *headings: str) -> Table:
    return Table(*(wording.text(heading) for heading in headings))
