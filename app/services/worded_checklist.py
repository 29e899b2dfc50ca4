"""The anatomy checklist in words: for the terminal, for programs and for the window."""

from __future__ import annotations

from app.services.anatomy_checklist import AnatomyChecklist, ChecklistItem, ScanFitness
from export.plan_sections import answer_parameters
from twin.wording import Wording

__all__ = ["answer_line", "checklist_document", "checklist_rows", "distance_rows", "fitness_line", "program_line"]


def checklist_rows(checklist: AnatomyChecklist, wording: Wording) -> tuple[tuple[str, str, str], ...]:
    """Return question, answer and reason of each item; the answer of a person stands before that of the program."""
    return tuple(_row(item, wording) for item in checklist.items)


def answer_line(item: ChecklistItem, wording: Wording) -> str:
    """Return what a person answered, who and when, and whether the program now answers otherwise; empty for none."""
    answer = item.answer
    if answer is None:
        return ""
    line = wording.text("checklist.by_person", **answer_parameters(answer, wording))
    parts = [line, *([answer.note] if answer.note else [])]
    if item.is_outdated:
        parts.append(wording.text("checklist.outdated", answer=wording.text(f"checklist.sight.{item.sight.value}")))
    return " — ".join(parts)


def program_line(item: ChecklistItem, wording: Wording) -> str:
    """Return what the program answers, and why."""
    seen, reason = _seen_and_reason(item, wording)
    return wording.text("checklist.program", answer=seen, reason=reason)


def distance_rows(checklist: AnatomyChecklist, wording: Wording) -> tuple[tuple[str, str, str], ...]:
    """Return lesion, landmark and distance: the roots of the hepatic veins and the portal bifurcation."""
    return tuple(
        (
            wording.text("checklist.lesion", lesion=found.lesion),
            wording.text(f"checklist.target.{found.target}"),
            wording.figure(found.distance_mm, decimals=0),
        )
        for found in checklist.distances
        if found.target.startswith(("root.", "bifurcation."))
    )


def fitness_line(fitness: ScanFitness, wording: Wording) -> str:
    """Return phase, slices, age, stent and motion of the scan in one line."""
    unknown = wording.text("checklist.fitness.unknown")
    parts = [
        wording.text("checklist.fitness.phase", phase=_phase(fitness, wording)),
        wording.text("checklist.fitness.slice", slice=wording.quantity(fitness.slice_mm, "mm")),
        wording.text("checklist.fitness.no_date")
        if fitness.age_days is None
        else wording.text(
            "checklist.fitness.old" if fitness.is_old else "checklist.fitness.age", days=fitness.age_days
        ),
    ]
    for name, found in (("stent", fitness.stent), ("motion", fitness.motion)):
        parts.append(
            wording.text(f"checklist.fitness.no_{name}") if found is None else wording.text(found[0], **found[1])
        )
    return wording.text("contacts.separator").join(part or unknown for part in parts)


def checklist_document(checklist: AnatomyChecklist, wording: Wording) -> dict[str, object]:
    """Return plain values with their words."""
    fitness = checklist.fitness
    return {
        "fitness": {
            "phase": fitness.phase.value,
            "slice_mm": fitness.slice_mm,
            "age_days": fitness.age_days,
            "is_old": fitness.is_old,
            "has_possible_stent": fitness.stent is not None,
            "has_motion": fitness.motion is not None,
            "text": fitness_line(fitness, wording),
        },
        "items": [
            {
                "id": item.id,
                "answer": item.sight.value,
                "reason": item.reason_id,
                "parameters": dict(item.parameters),
                "text": ": ".join(row[:2]) + f" ({row[2]})",
                "person": None if item.answer is None else item.answer.to_json(),
                "is_outdated": item.is_outdated,
            }
            for item, row in zip(checklist.items, checklist_rows(checklist, wording), strict=True)
        ],
        "distances": [found.to_json() for found in checklist.distances],
    }


def _row(item: ChecklistItem, wording: Wording) -> tuple[str, str, str]:
    question = wording.text(f"checklist.item.{item.id}")
    if item.answer is None:
        return question, *_seen_and_reason(item, wording)
    return question, answer_line(item, wording), program_line(item, wording)


def _seen_and_reason(item: ChecklistItem, wording: Wording) -> tuple[str, str]:
    return wording.text(f"checklist.sight.{item.sight.value}"), wording.text(item.reason_id, **item.parameters)


def _phase(fitness: ScanFitness, wording: Wording) -> str:
    known = fitness.phase.value in ("unenhanced", "arterial", "portal", "delayed")
    return wording.text(f"quality.phase.{fitness.phase.value}" if known else "checklist.fitness.unknown")
