"""The seven steps from a scan to the conversation with the patient, as data: what each of them needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from app.ui.action_table import Need

__all__ = ["STEPS", "Step", "StepEntry", "lacking_needs"]


class Step(StrEnum):
    """A step of the work; its words are ``ui.action.go.<step>`` and ``ui.tip.go.<step>``."""

    STUDY = "study"
    SEGMENT = "segment"
    TWIN = "twin"
    PLAN = "plan"
    COMPARE = "compare"
    REPORT = "report"
    CONSULT = "consult"


@dataclass(frozen=True)
class StepEntry:
    """One step: its drawing in ``resources/icons`` and what must be there, the most telling first."""

    step: Step
    icon: str
    needs: tuple[Need, ...] = ()


STEPS: tuple[StepEntry, ...] = (
    StepEntry(Step.STUDY, "series", (Need.OPEN,)),
    StepEntry(Step.SEGMENT, "segment", (Need.VOLUME,)),
    StepEntry(Step.TWIN, "structures", (Need.CASE, Need.LABELS)),
    StepEntry(Step.PLAN, "plane", (Need.CASE, Need.ORGAN)),
    StepEntry(Step.COMPARE, "compare", (Need.CASE, Need.ORGAN)),
    StepEntry(Step.REPORT, "export", (Need.CASE, Need.LABELS)),
    StepEntry(Step.CONSULT, "consult", (Need.CASE, Need.PLAN, Need.FIGURES)),
)


def lacking_needs(entry: StepEntry, met: Collection[Need]) -> tuple[Need, ...]:
    """Return what a step still needs, the most telling first.

    Examples
    --------
    >>> [need.value for need in lacking_needs(STEPS[2], {Need.CASE})]
    ['labels']
    """
    return tuple(need for need in entry.needs if need not in met)
