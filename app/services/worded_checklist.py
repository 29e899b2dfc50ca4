"""The anatomy checklist in words: for the terminal, for programs and for the window."""

from __future__ import annotations

from app.services.anatomy_checklist import AnatomyChecklist, ChecklistItem, ScanFitness
from twin.wording import Wording

__all__ = ["checklist_document", "checklist_rows", "distance_rows", "fitness_line"]


def checklist_rows(checklist: AnatomyChecklist, wording: Wording) -> tuple[tuple[str, str, str], ...]:
    """Return question, answer and reason of each item."""
    return tuple(_row(item, wording) for item in checklist.items)


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
            }
            for item, row in zip(checklist.items, checklist_rows(checklist, wording), strict=True)
        ],
        "distances": [found.to_json() for found in checklist.distances],
    }


def _row(item: ChecklistItem, wording: Wording) -> tuple[str, str, str]:
    return (
        wording.text(f"checklist.item.{item.id}"),
        wording.text(f"checklist.sight.{item.sight.value}"),
        wording.text(item.reason_id, **item.parameters),
    )


def _phase(fitness: ScanFitness, wording: Wording) -> str:
    known = fitness.phase.value in ("unenhanced", "arterial", "portal", "delayed")
    return wording.text(f"quality.phase.{fitness.phase.value}" if known else "checklist.fitness.unknown")
