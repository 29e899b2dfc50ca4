"""Plans of a case: save, list, compare, confirm structures, approve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.services.case_file import case_read, opened_case
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.cut_text import read_staged_cut, write_staged_cut
from twin.edit import ApprovalEdit, ConfirmationEdit, PlanEdit
from twin.errors import GeometryError, InputError
from twin.outcome import Outcome
from twin.plan import Confirmation, Plan

__all__ = [
    "ListedPlan",
    "approve_plan",
    "compare_plans",
    "confirm_structures",
    "list_plans",
    "plan_from_cuts",
    "remove_plan",
    "save_plan",
]


@dataclass(frozen=True)
class ListedPlan:
    """A plan as it is listed: ``state`` is draft, simulated, stale or approved."""

    name: str
    cuts: tuple[str, ...]
    state: str
    approved_by: str = ""

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "name": self.name,
            "cuts": list(self.cuts),
            "state": self.state,
            "approved_by": self.approved_by or None,
        }


def plan_from_cuts(case: Case, name: str, cuts: Sequence[str]) -> Plan:
    """Read cuts in the notation of the command line into a plan that this case can hold.

    Raises
    ------
    UsageError
        When a text is no cut.
    InputError
        ``error.plan.no_such_lesion`` with the lesions there are; when the file of a sheet cannot be used.
    """
    staged = [read_staged_cut(text) for text in cuts]
    resections = tuple(resection for _, resection in staged)
    lesions = case.layers[LayerName.LESIONS].structure_ids() if LayerName.LESIONS in case.layers else ()
    for resection in resections:
        lesion_id = getattr(resection, "lesion_id", "")
        if lesion_id and lesion_id not in lesions:
            raise InputError("error.plan.no_such_lesion", lesion=lesion_id, known=", ".join(lesions) or "-")
    plan = Plan(name, resections, stages=tuple(stage for stage, _ in staged))
    plan.check_partition()
    return plan


def save_plan(case_path: Path, name: str, cuts: Sequence[str]) -> Plan:
    """Save a plan under a name; one of that name is replaced and its outcome becomes stale."""
    with opened_case(case_path) as session:
        plan = plan_from_cuts(session.case, name, cuts)
        session.do(PlanEdit(name, plan))
        return plan


def remove_plan(case_path: Path, name: str) -> None:
    """Remove a plan and its outcome."""
    with opened_case(case_path) as session:
        session.case.plan(name)
        session.do(PlanEdit(name, None))


def list_plans(case_path: Path) -> tuple[ListedPlan, ...]:
    """Every plan of a case, in the order they were made."""
    with case_read(case_path) as case:
        return tuple(_listed(case, plan) for plan in case.plans.values())


def compare_plans(case_path: Path, *names: str) -> tuple[Outcome, ...]:
    """Return the current outcomes of some plans; without names, of every plan that has one.

    Raises
    ------
    InputError
        When there is no such plan, it has not been simulated since it changed, or none has.
    """
    with case_read(case_path) as case:
        current = [name for name, outcome in case.outcomes.items() if not outcome.is_stale]
        if not (names or current):
            raise InputError("error.plan.none_simulated")
        outcomes = []
        for name in dict.fromkeys(names or current):
            outcome = case.outcomes.get(case.plan(name).name)
            if outcome is None or outcome.is_stale:
                raise InputError("error.plan.not_simulated", plan=name)
            outcomes.append(outcome)
        return tuple(outcomes)


def confirm_structures(case_path: Path, structure_ids: Sequence[str], by: str) -> tuple[Confirmation, ...]:
    """Note that a person has looked at structures and declares them right; all or none.

    Raises
    ------
    GeometryError
        When one is not in the case.
    """
    with opened_case(case_path) as session:
        for structure_id in structure_ids:
            structure(structure_id)
            if structure_id not in session.case.structure_ids():
                raise GeometryError("error.case.structure_absent", structure=structure_id)
        for structure_id in structure_ids:
            session.do(ConfirmationEdit.declaring(session.case, structure_id, by))
        return tuple(session.case.confirmations[structure_id] for structure_id in structure_ids)


def approve_plan(case_path: Path, name: str, by: str) -> Plan:
    """Approve a plan: freezes the hashes of plan, labels and figures.

    Raises
    ------
    SafetyRefusal
        When its outcome is missing or stale, or a structure that its figures use is not confirmed.
    """
    with opened_case(case_path) as session:
        case = session.case
        plan = case.plan(name)
        session.do(ApprovalEdit.declaring(case, name, by, structures_of_figures(case, plan)))
        return session.case.plan(name)


def structures_of_figures(case: Case, plan: Plan) -> tuple[str, ...]:
    """Ids of the structures that the figures of a plan use: its organ, every lesion, and the vessels inside.

    A cut of the pancreas uses the pancreas, any other cut the liver. Lesions count whether cut or not: the net
    volume is without them.
    """
    trees = {
        "liver": ("portal_vein", "hepatic_vein"),
        "pancreas": ("portal_vein", "superior_mesenteric_vein", "pancreatic_duct"),
    }
    wanted = {name for organ in plan.organ_ids for name in (organ, *trees[organ])}
    labelled = case.structure_ids()
    return tuple(i for i in labelled if i in wanted or i.startswith("lesion-"))


def _listed(case: Case, plan: Plan) -> ListedPlan:
    outcome = case.outcomes.get(plan.name)
    state = "draft" if outcome is None else "stale" if outcome.is_stale else "simulated"
    if plan.approval is not None:
        state = "approved"
    cuts = tuple(write_staged_cut(stage, resection) for stage, resection in plan.staged_resections)
    return ListedPlan(plan.name, cuts, state, plan.approval.by if plan.approval else "")
