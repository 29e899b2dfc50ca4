"""Changes of the plans, of their outcomes and of their approval."""

from __future__ import annotations

from dataclasses import dataclass

from twin.account import system_account, utc_now
from twin.case import Case
from twin.edit.results_edit import ResultsEdit
from twin.errors import InputError, SafetyRefusal
from twin.outcome import Outcome
from twin.plan import Approval, Plan

__all__ = ["ApprovalEdit", "OutcomeEdit", "PlanEdit"]

_N_BYTES = 4096  # texts and some dozens of numbers


@dataclass(frozen=True)
class PlanEdit:
    """Add or replace a plan, or remove it with its outcome (None)."""

    name: str
    plan: Plan | None
    label: str = "edit.plan"

    def __post_init__(self) -> None:
        if self.plan is not None and self.plan.name != self.name:
            raise ValueError(f"the plan {self.plan.name} is given as {self.name}")

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case with the plan; the outcome of an earlier plan of that name becomes stale.

        Raises
        ------
        InputError
            When a plan to be removed is not in the case.
        """
        if self.plan is not None:
            return case.with_plan(self.plan)
        case.plan(self.name)
        return case.without_plan(self.name)

    def inverted(self, case_before: Case) -> ResultsEdit:
        """Return the edit that brings back ``case_before``."""
        return ResultsEdit.of(case_before, self.label)


@dataclass(frozen=True)
class OutcomeEdit:
    """Keep the figures of a plan."""

    outcome: Outcome
    label: str = "edit.outcome"

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case with the outcome.

        Raises
        ------
        InputError
            When the plan is not in the case, or ``error.edit.outdated`` when plan, labels or facts changed while
            the figures were computed.
        """
        changed = case.with_outcome(self.outcome)
        if changed.outcomes[self.outcome.plan_name].is_stale:
            raise InputError("error.edit.outdated")
        return changed

    def inverted(self, case_before: Case) -> ResultsEdit:
        """Return the edit that brings back ``case_before``."""
        return ResultsEdit.of(case_before, self.label)


@dataclass(frozen=True)
class ApprovalEdit:
    """Approve a plan, or put it back in draft (None).

    Make it with :meth:`declaring`: who, when and the hashes of what was seen are then part of the edit.
    """

    plan_name: str
    approval: Approval | None
    label: str = "edit.approval"

    @classmethod
    def declaring(cls, case: Case, plan_name: str, by: str, structure_ids: tuple[str, ...]) -> ApprovalEdit:
        """Return the edit by which a surgeon approves a plan.

        Parameters
        ----------
        case, plan_name
            The plan, with current figures.
        by
            Name as declared.
        structure_ids
            The structures that its figures use; each must be confirmed.

        Raises
        ------
        SafetyRefusal
            When the figures are missing or stale, or a structure is not confirmed.
        """
        outcome = case.require_approvable(plan_name, structure_ids)
        hashes = (case.plan(plan_name).hash, case.labels_hash, outcome.figures_hash)
        return cls(plan_name, Approval(by, system_account(), utc_now(), *hashes))

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return _N_BYTES

    def apply(self, case: Case) -> Case:
        """Return the case with the plan approved or in draft.

        Raises
        ------
        InputError
            When the plan is not in the case.
        SafetyRefusal
            When what was approved is no longer what the case holds.
        """
        changed = case.with_plan(case.plan(self.plan_name).with_approval(self.approval))
        if changed.plan(self.plan_name).approval != self.approval:
            raise SafetyRefusal("error.approve.no_current_outcome", plan=self.plan_name)
        return changed

    def inverted(self, case_before: Case) -> ResultsEdit:
        """Return the edit that brings back ``case_before``."""
        return ResultsEdit.of(case_before, self.label)
