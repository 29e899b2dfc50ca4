"""How difficult a laparoscopic resection of this kind is said to be."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.formulas.difficulty import imm_group
from twin.figure import Figure, FigureStatus
from twin.outcome import FigureTree, OutcomeWarning
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlanCondition, PlaneCut, SheetCut, TerritorySet, WedgeCut

__all__ = ["difficulty_figures", "difficulty_warnings"]

_LAPAROSCOPIC = "minimally-invasive"


def difficulty_figures(
    plan: Plan, facts: PatientFacts, *, intended_code: str, drawn_code: str
) -> dict[str, Figure | FigureTree]:
    """Return the group of difficulty of a laparoscopic resection; nothing for an open one.

    Unknown while the approach is, and where the table has no such resection.

    Parameters
    ----------
    plan, facts
        The plan and the patient; the approach decides.
    intended_code, drawn_code
        New World codes that the plan asks for, and that is read from the voxels: it counts for planes and sheets.
    """
    approach = facts.word("approach")
    if approach is None:
        return {"difficulty": {"imm": Figure.unknown("", needs=("approach",))}}
    if approach != _LAPAROSCOPIC:
        return {}
    cuts = [cut for cut in plan.resections if not isinstance(cut, PlanCondition)]
    is_drawn = all(isinstance(cut, PlaneCut | SheetCut) for cut in cuts)
    code = drawn_code if is_drawn else intended_code
    has_wedges = any(isinstance(cut, WedgeCut) for cut in cuts)
    is_in_table = not plan.is_two_stage and (
        is_drawn or all(isinstance(cut, WedgeCut) or _is_of_segments(cut) for cut in cuts)
    )
    found = imm_group(code, has_wedges=has_wedges) if is_in_table else None
    if found is None:
        return {"difficulty": {"imm": Figure.unknown("", source="no such resection in the table")}}
    return {"difficulty": {"imm": Figure(found.value, None, None, "", FigureStatus.COMPUTED, found.source)}}


def difficulty_warnings(facts: PatientFacts, figures: Mapping[str, Figure | FigureTree]) -> tuple[OutcomeWarning, ...]:
    """Say that the classification has no row for a laparoscopic plan."""
    tree = figures.get("difficulty")
    if facts.word("approach") != _LAPAROSCOPIC or tree is None or isinstance(tree, Figure):
        return ()
    imm = tree["imm"]
    return (OutcomeWarning("warning.difficulty.no_row"),) if isinstance(imm, Figure) and imm.value is None else ()


def _is_of_segments(cut: object) -> bool:
    return isinstance(cut, TerritorySet) and bool(cut.new_world_code)
