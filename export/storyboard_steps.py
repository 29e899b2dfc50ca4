"""The steps of a storyboard: which ones a plan has, their proposed words, and the figures that belong to each."""

from __future__ import annotations

from dataclasses import dataclass

from export.figure_rows import FigureRow, figure_rows
from export.plan_sections import crossed_branches, cut_in_words
from export.story.choices import Approach
from export.storyboard_notes import StepId, StoryboardNotes
from twin.case import Case
from twin.outcome import Outcome
from twin.plan import Plan
from twin.resection import (
    AbsentTerritory,
    DonorSplit,
    EmbolisedTerritory,
    PancreasCut,
    PancreasOperation,
    Partition,
    ReconstructedVessel,
    Resection,
)
from twin.wording import Wording

__all__ = ["StoryboardStep", "approach_of", "storyboard_steps", "tissue_cuts"]

_CONDITIONS = (AbsentTerritory, EmbolisedTerritory, Partition, ReconstructedVessel)
_A, _E, _V, _C, _R, _S, _Z = StepId
_STEPS = {
    "liver": (_A, _E, _V, _C, _S, _Z),
    "donor": (_A, _E, _V, _C, _S, _Z),
    PancreasOperation.WHIPPLE: (_A, _E, _V, _C, _R, _Z),
    PancreasOperation.DISTAL: (_A, _E, _V, _C, _S, _Z),
    PancreasOperation.CENTRAL: (_A, _E, _C, _S, _R, _Z),
    PancreasOperation.TOTAL: (_A, _E, _V, _C, _R, _Z),
    PancreasOperation.ENUCLEATION: (_A, _E, _C, _S, _Z),
}
_REMOVED = ("resected_ml", "specimen_weight_g", "ablated_ml")
_STAYING = ("flr_percent", "remnant_percent", "remnant_ml", "donor_remnant_percent", "graft_ml")
_MARGINS = ("margin_mm", "duct_distance_mm")
_STUMPS = ("duct_mm", "thickness_mm")


@dataclass(frozen=True)
class StoryboardStep:
    """One card.

    Parameters
    ----------
    id
        Kind of step.
    title, text
        Heading and proposed words, or those of the team.
    facts
        What plan and outcome say about it, each figure with its interval.
    instruments
        The team's words, empty for a line to write on.
    cut
        Place of the cut in the plan for :attr:`StepId.CUT`; None when all are shown together.
    """

    id: StepId
    title: str
    text: str
    facts: tuple[str, ...]
    instruments: str
    cut: int | None = None


def storyboard_steps(
    case: Case,
    plan: Plan,
    outcome: Outcome,
    notes: StoryboardNotes,
    wording: Wording,
    *,
    shown_cuts: tuple[int, ...] = (),
) -> tuple[StoryboardStep, ...]:
    """Return the steps of a plan in their usual order; the team changes words, never the figures.

    Parameters
    ----------
    case, plan, outcome
        All current.
    notes
        The team's words.
    wording
        Language.
    shown_cuts
        Places of the cuts that have a picture of their own; none shows all cuts on one card.
    """
    kind = _kind(plan)
    told = _Told(case, plan, outcome, notes, wording, kind)
    steps: list[StoryboardStep] = []
    for step in _STEPS[kind]:
        if step is StepId.CUT and len(shown_cuts) > 1:
            steps += [told.card(step, cut) for cut in shown_cuts]
        else:
            steps.append(told.card(step))
    return tuple(steps)


def tissue_cuts(plan: Plan) -> tuple[tuple[int, int, Resection], ...]:
    """Return place, stage and cut of all that takes tissue or destroys it, the first stage first."""
    cuts = [(n, at, cut) for n, (at, cut) in enumerate(plan.staged_resections) if not isinstance(cut, _CONDITIONS)]
    return tuple(sorted(cuts, key=lambda one: one[1]))


def approach_of(case: Case, notes: StoryboardNotes) -> Approach:
    """Return the way in: typed, or what the facts say; "open" alone does not say where the scar will be."""
    is_minimal = case.facts.word("approach") == "minimally-invasive"
    return notes.approach or (Approach.LAPAROSCOPIC if is_minimal else Approach.UNTOLD)


@dataclass(frozen=True)
class _Told:
    case: Case
    plan: Plan
    outcome: Outcome
    notes: StoryboardNotes
    wording: Wording
    kind: str

    def card(self, step: StepId, cut: int | None = None) -> StoryboardStep:
        typed = self.notes.of(step)
        text = typed.text or self._text(step)
        return StoryboardStep(step, self._title(step, cut), text, self._facts(step, cut), typed.instruments, cut)

    def _title(self, step: StepId, cut: int | None) -> str:
        title = self.wording.text(f"export.storyboard.title.{step}")
        if cut is None or not self.plan.is_two_stage:
            return title
        stage = self.plan.staged_resections[cut][0]
        return self.wording.text("export.storyboard.title.of_stage", stage=stage, title=title)

    def _text(self, step: StepId) -> str:
        """Return the words for this operation, or those for any operation on the organ."""
        organ = "liver" if self.kind == "liver" else "donor" if self.kind == "donor" else "pancreas"
        for key in (f"export.storyboard.step.{step}.{self.kind}", f"export.storyboard.step.{step}.{organ}"):
            worded = self.wording.text(key)
            if worded != key:
                return worded
        return self.wording.text(f"export.storyboard.step.{step}.any")

    def _facts(self, step: StepId, cut: int | None) -> tuple[str, ...]:
        match step:
            case StepId.APPROACH:
                return (self.wording.text(f"export.storyboard.approach.{approach_of(self.case, self.notes)}"),)
            case StepId.EXPLORE:
                others = (one for one in self.plan.resections if isinstance(one, _CONDITIONS))
                return (*(cut_in_words(one, self.wording) for one in others), *self._figures(_MARGINS))
            case StepId.CONTROL:
                return self._vessels()
            case StepId.CUT:
                return self._cuts(cut)
            case StepId.REBUILD:
                return self._figures((*_STAYING, *_STUMPS))
            case StepId.STAYS:
                return self._figures((*_STAYING, *_STUMPS))
            case StepId.CLOSE:
                return ()

    def _cuts(self, wanted: int | None) -> tuple[str, ...]:
        cuts = [cut for n, _, cut in tissue_cuts(self.plan) if wanted in (None, n)]
        words = [cut_in_words(cut, self.wording) for cut in cuts]
        words += [self.wording.text(f"export.storyboard.{_spleen(cut)}") for cut in cuts if _spleen(cut)]
        return tuple(words) if wanted is not None else (*words, *self._figures(_REMOVED))

    def _vessels(self) -> tuple[str, ...]:
        named = crossed_branches(self.outcome, self.wording)
        n_doubtful = sum(any(vessel.to_preserve for vessel in vessels) for _, vessels in named)
        facts = [self.wording.text("export.storyboard.crossed", count=len(named))] if named else []
        if n_doubtful:
            facts.append(self.wording.text("export.storyboard.doubtful", count=n_doubtful))
        return tuple(facts)

    def _figures(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        organ = "pancreas" if isinstance(self.kind, PancreasOperation) else "liver"
        rows = {row.key: row for row in figure_rows(self.outcome, self.wording) if row.organ == organ and row.is_known}
        return tuple(_figure(rows[key], self.wording) for key in keys if key in rows)


def _figure(row: FigureRow, wording: Wording) -> str:
    if not row.interval:
        return wording.text("export.storyboard.figure_alone", name=row.name, value=row.value)
    return wording.text("export.storyboard.figure", name=row.name, value=row.value, interval=row.interval)


def _kind(plan: Plan) -> str:
    for cut in plan.resections:
        if isinstance(cut, PancreasCut):
            return cut.operation
        if isinstance(cut, DonorSplit):
            return "donor"
    return "liver"


def _spleen(cut: Resection) -> str:
    """Return the key of what becomes of the spleen, empty when the operation leaves it alone."""
    if not isinstance(cut, PancreasCut) or cut.operation not in (PancreasOperation.DISTAL, PancreasOperation.TOTAL):
        return ""
    return "spleen_kept" if cut.keeps_spleen else "spleen_removed"
