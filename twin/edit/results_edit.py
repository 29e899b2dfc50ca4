"""Plans and outcomes brought back as they were: part of most inverses, because results become stale with a change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from twin.case import Case
from twin.edit.edit import Edit
from twin.edit.group_edit import GroupEdit
from twin.outcome import Outcome
from twin.plan import Plan

__all__ = ["ResultsEdit", "with_results_of"]


@dataclass(frozen=True)
class ResultsEdit:
    """Put these plans and outcomes in place of those there are.

    An outcome or approval that does not belong to the labels, facts and plans it meets is stale or withdrawn all
    the same: this edit can bring back what was, never declare current what is not.
    """

    plans: Mapping[str, Plan]
    outcomes: Mapping[str, Outcome]
    label: str = "edit.plan"

    @classmethod
    def of(cls, case: Case, label: str = "edit.plan") -> ResultsEdit:
        """Return the edit that brings back the results of ``case``."""
        return cls(dict(case.plans), dict(case.outcomes), label)

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        entries = [p.to_json() for p in self.plans.values()] + [o.to_json() for o in self.outcomes.values()]
        return 512 + len(json.dumps(entries))

    def apply(self, case: Case) -> Case:
        """Return the case with these results."""
        return case.with_results(self.plans, self.outcomes)

    def inverted(self, case_before: Case) -> ResultsEdit:
        """Return the edit that brings back ``case_before``."""
        return ResultsEdit.of(case_before, self.label)


def with_results_of(inverse: Edit, case_before: Case) -> Edit:
    """Return ``inverse`` followed by the results of before, where there were any that can become stale."""
    has_current = any(not outcome.is_stale for outcome in case_before.outcomes.values())
    if not has_current and not any(plan.is_approved for plan in case_before.plans.values()):
        return inverse
    return GroupEdit(inverse.label, (inverse, ResultsEdit.of(case_before)))
