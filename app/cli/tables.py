"""Results as tables for a terminal, in the user's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from app.services.name_branches import named_levels
from app.services.worded_checklist import checklist_rows, distance_rows, fitness_line
from app.services.worded_figures import branch_in_words
from twin.anatomy import structure
from twin.wording import NOT_A_DEVICE, Wording

if TYPE_CHECKING:
    from app.services.anatomy_checklist import AnatomyChecklist
    from app.services.batch import BatchResult
    from app.services.build_twin import TwinSummary
    from app.services.demo import DemoResult
    from app.services.doctor import Check, Examination
    from app.services.plan_resection import ListedPlan

__all__ = [
    "batch_parts",
    "branch_parts",
    "checklist_parts",
    "demo_parts",
    "doctor_document",
    "doctor_parts",
    "plans_table",
    "twin_table",
]


def plans_table(plans: Sequence[ListedPlan], wording: Wording) -> Table:
    """Names, cuts and states of the plans of a case."""
    table = _table(wording, "cli.table.plan", "cli.table.cuts", "cli.table.state")
    for plan in plans:
        table.add_row(plan.name, "\n".join(plan.cuts), wording.text(f"cli.state.{plan.state}", by=plan.approved_by))
    return table


def twin_table(twin: TwinSummary, wording: Wording) -> Table:
    """Volume of each structure and how well its surface stands for it."""
    table = _table(wording, "cli.table.structure", "cli.table.volume", "cli.table.triangles", "cli.table.difference")
    for quality in twin.quality:
        table.add_row(
            structure(quality.structure_id).name(wording.language),
            wording.figure(twin.volumes[quality.structure_id]),
            wording.number(quality.n_triangles),
            wording.quantity(quality.difference_percent, "%", decimals=2),
        )
    return table


def branch_parts(twin: TwinSummary, wording: Wording) -> list[str | Table]:
    """The named branches with what they supply or drain, and what was mended or is a proposal."""
    names = ("vessel", "name", "diameter", "territory_volume", "name_state", "place_lps")
    table = _table(wording, *(f"cli.table.{name}" for name in names))
    for row in named_levels(twin.branches):
        table.add_row(
            branch_in_words(row.name, wording),
            row.name,
            wording.quantity(row.diameter_mm, "mm"),
            "" if row.territory_ml is None else wording.quantity(row.territory_ml, "ml"),
            wording.text("cli.twin.confirmed" if row.is_name_confirmed else "cli.twin.proposed"),
            " ".join(f"{value:.0f}" for value in row.point_lps_mm),
        )
    parts: list[str | Table] = [wording.text("cli.twin.branches"), table] if twin.branches else []
    return [*parts, *(wording.text(doubt.message_id, **doubt.parameters) for doubt in twin.tracing_doubts)]


def checklist_parts(checklist: AnatomyChecklist, wording: Wording) -> list[str | Table]:
    """The fitness of the scan, the first questions with their answers, and how far the lesions are from landmarks."""
    questions = _table(wording, "checklist.column.question", "checklist.column.answer", "checklist.column.reason")
    for row in checklist_rows(checklist, wording):
        questions.add_row(*row)
    parts: list[str | Table] = [fitness_line(checklist.fitness, wording), wording.text("checklist.title"), questions]
    rows = distance_rows(checklist, wording)
    if rows:
        names = ("contacts.column.lesion", "checklist.column.landmark", "checklist.column.distance")
        distances = _table(wording, *names)
        for row in rows:
            distances.add_row(*row)
        parts.append(distances)
    return parts


def doctor_document(examination: Examination, wording: Wording) -> dict[str, object]:
    """Return the JSON document of ``doctor``."""
    return {
        "is_healthy": examination.is_healthy,
        "versions": examination.versions,
        "checks": [
            {
                "id": check.id,
                "is_ok": check.is_ok,
                "is_needed": check.is_needed,
                "detail": check.detail,
                "advice": wording.text(check.advice_id) if check.advice_id else None,
            }
            for check in examination.checks
        ],
    }


def doctor_parts(examination: Examination, wording: Wording) -> list[str | Table]:
    """What works, what does not, and what to do."""
    table = _table(wording, "cli.table.component", "cli.table.state", "cli.table.detail")
    for check in examination.checks:
        advice = f"\n{wording.text(check.advice_id)}" if check.advice_id else ""
        table.add_row(wording.text(f"doctor.{check.id}"), _state_of(check, wording), check.detail + advice)
    versions = ", ".join(f"{name} {number}" for name, number in examination.versions.items())
    return [table, versions, wording.text(NOT_A_DEVICE)]


def batch_parts(result: BatchResult, wording: Wording) -> list[str | Table]:
    """One row a case: what came of it."""
    table = _table(
        wording, "cli.table.case", "cli.table.place", "cli.table.state", "cli.table.liver", "cli.table.reason"
    )
    for record in result.records:
        liver = record.volumes_ml.get("liver")
        table.add_row(
            record.name,
            record.place,
            wording.text(f"cli.batch.{record.status}"),
            "" if liver is None else wording.quantity(liver, "ml"),
            record.reason,
        )
    return [table, wording.text("cli.batch.written", manifest=str(result.manifest), table=str(result.table))]


def demo_parts(result: DemoResult, wording: Wording) -> list[str | Table]:
    """What the demo made, and its figures beside the truth of the phantom."""
    headings = ("cli.table.figure", "cli.table.computed", "cli.table.truth", "cli.table.error", "cli.table.dice")
    table = _table(wording, *headings)
    for row in result.rows:
        shown = (wording.quantity(value, row.unit) for value in (row.computed, row.truth))
        error, dice = row.error_percent, row.dice
        table.add_row(
            row.name(wording),
            *shown,
            "" if error is None else wording.quantity(error, "%"),
            "" if dice is None else wording.number(dice, decimals=3),
        )
    return [
        table,
        *(wording.text(note) for note in result.notes),
        wording.text("cli.demo.files", folder=str(result.folder), count=len(result.exported.files)),
        *(f"  {path}" for path in result.places()),
        wording.text("cli.demo.seconds", seconds=wording.number(result.seconds)),
        wording.text(NOT_A_DEVICE),
    ]


def _table(wording: Wording, *headings: str) -> Table:
    return Table(*(wording.text(heading) for heading in headings))


def _state_of(check: Check, wording: Wording) -> str:
    if check.is_ok:
        return wording.text("cli.doctor.ok")
    return wording.text("cli.doctor.missing" if check.is_needed else "cli.doctor.optional")
