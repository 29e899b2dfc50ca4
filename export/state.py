"""What a document may claim: draft or approved, verified or not; and the refusal to print old figures."""

from __future__ import annotations

from dataclasses import dataclass

from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.errors import SafetyRefusal
from twin.outcome import Outcome
from twin.plan import Approval, Plan
from twin.twin import Twin

__all__ = ["DocumentState", "document_state", "require_current"]


@dataclass(frozen=True)
class DocumentState:
    """What stands over a document.

    Parameters
    ----------
    approval
        The approval that holds now, or None for a draft.
    unconfirmed
        Ids of labelled structures that no person has confirmed, or that changed since.
    is_nothing_confirmed
        True when that is all of them.
    """

    approval: Approval | None
    unconfirmed: tuple[str, ...]
    is_nothing_confirmed: bool = False

    @property
    def is_approved(self) -> bool:
        """True while an approval holds."""
        return self.approval is not None

    @property
    def watermark_ids(self) -> tuple[str, ...]:
        """Message ids of the words laid over the pictures; none once the plan is approved."""
        if self.is_approved:
            return ()
        return ("notice.draft", "notice.unverified") if self.unconfirmed else ("notice.draft",)

    @property
    def word(self) -> str:
        """``"approved"``, ``"draft"`` or ``"unverified"``, for the manifest."""
        return "approved" if self.is_approved else "unverified" if self.unconfirmed else "draft"


def document_state(case: Case, plan: Plan | None) -> DocumentState:
    """Return the state of documents about a plan, or about the anatomy alone when there is no plan."""
    known = case.plans.get(plan.name) if plan is not None else None
    shown = [name for name in case.structure_ids() if structure(name).layer is not LayerName.CONTEXT]
    unconfirmed = tuple(name for name in shown if not case.is_confirmed(name))
    return DocumentState(None if known is None else known.approval, unconfirmed, len(unconfirmed) == len(shown) > 0)


def require_current(case: Case, twin: Twin, plan: Plan, outcome: Outcome) -> None:
    """Raise unless plan, outcome and twin belong to the case as it is now.

    Raises
    ------
    SafetyRefusal
        ``error.export.foreign_plan`` when the case holds no such plan, ``error.export.stale_twin`` when
        the twin was built from other labels, ``error.export.stale_outcome`` when figures are out of date.
    """
    known = case.plans.get(plan.name)
    if known is None or known.hash != plan.hash:
        raise SafetyRefusal("error.export.foreign_plan", plan=plan.name)
    if twin.labels_hash != case.labels_hash:
        raise SafetyRefusal("error.export.stale_twin")
    made_from = (outcome.plan_hash, outcome.labels_hash, outcome.facts_hash)
    if outcome.is_stale or made_from != (plan.hash, case.labels_hash, case.facts_hash):
        raise SafetyRefusal("error.export.stale_outcome", plan=plan.name)
