"""Propose plans for a case: search, then the settled figures of each. For the surgeon only, never for a patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.services.case_file import case_read, opened_case
from app.services.case_session import CaseSession
from app.services.check_quality import with_current_doubts
from app.services.contact_cache import contacts_of_case
from app.services.second_scan import second_scan_of
from app.services.simulate_plan import confirmed_structures_of, scan_date_of, scan_state_of
from app.services.tree_cache import traced_vessels_of
from app.services.worded_figures import branches_in_words
from simulation.organ_model import OrganModel
from simulation.proposals.constraints import CutKind, PlanConstraints
from simulation.proposals.front import Explanation, Weighed, explanations, is_dominated
from simulation.proposals.propose import Proposal, Proposals, propose
from simulation.simulate import simulate
from twin.anatomy import structure
from twin.case import Case
from twin.edit import OutcomeEdit, PlanEdit
from twin.errors import UsageError
from twin.figure import Figure
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.outcome import Outcome
from twin.plan import Plan
from twin.resection import PlaneCut, Resection, SheetCut, TerritorySet, WedgeCut
from twin.twin import Twin, build_twin
from twin.wording import Wording

__all__ = [
    "PlanConstraints",
    "PlanProposals",
    "SettledProposal",
    "cut_kinds",
    "propose_plans_of_file",
    "propose_plans_of_session",
    "worded_cuts",
    "worded_explanation",
]

_NOT_RELIABLE_MM = 0.05  # a settled margin may miss the asked one by hundredths of a millimetre


@dataclass(frozen=True)
class SettledProposal:
    """A proposal with the outcome that :func:`simulation.simulate.simulate` gives its plan.

    ``is_on_front`` tells whether no other settled proposal has as much margin and remnant.
    """

    plan: Plan
    outcome: Outcome
    explanation: Explanation
    is_on_front: bool

    def figure(self, key: str) -> Figure:
        """Return a figure of the liver by its key, e.g. ``"margin_mm"``."""
        assert self.outcome.liver is not None
        figure = self.outcome.liver[key]
        assert isinstance(figure, Figure)
        return figure


@dataclass(frozen=True)
class PlanProposals:
    """Settled proposals, those on the front first, by rising margin; ``search`` holds the whole front for a plot."""

    settled: tuple[SettledProposal, ...]
    search: Proposals
    saved: tuple[str, ...] = ()

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Return the document that ``twinsight plan --propose N --json`` prints."""
        return {
            "proposals": [_proposal_json(one, wording) for one in self.settled],
            "weighs": "functional_remnant_ml" if self.search.has_perfusion else "flr_ml",
            "planes_searched": self.search.n_planes,
            "candidates_counted": self.search.n_candidates,
            "front": [{"margin_mm": c.margin_mm, "remnant_ml": c.remnant_ml} for c in self.search.front],
            "saved": list(self.saved),
        }


def cut_kinds(names: Sequence[str]) -> frozenset[CutKind]:
    """Read kinds of cut by their names; none given allows all.

    Raises
    ------
    UsageError
        ``error.proposals.bad_kind`` for another name.
    """
    known = [kind.value for kind in CutKind]
    for name in names:
        if name not in known:
            raise UsageError("error.proposals.bad_kind", kind=name, known=", ".join(known))
    return frozenset(CutKind(name) for name in names) or frozenset(CutKind)


def propose_plans_of_file(
    case_path: Path,
    constraints: PlanConstraints,
    *,
    n_proposals: int,
    name: str = "",
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> PlanProposals:
    """Propose plans for a case on disk; with a name they are saved as ``name-1``, ``name-2``, ... with their outcomes.

    Raises
    ------
    TwinSightError
        As :func:`propose_plans_of_session`.
    """
    if not name:
        with case_read(case_path) as case:
            return _proposed(case, case_path, constraints, n_proposals, "", None, progress, cancel)
    with opened_case(case_path) as session:
        found = propose_plans_of_session(
            session, constraints, n_proposals=n_proposals, name=name, progress=progress, cancel=cancel
        )
        for one in found.settled:
            session.do(PlanEdit(one.plan.name, one.plan))
            session.do(OutcomeEdit(one.outcome))
        return replace(found, saved=tuple(one.plan.name for one in found.settled))


def propose_plans_of_session(
    session: CaseSession,
    constraints: PlanConstraints,
    *,
    n_proposals: int,
    name: str = "",
    twin: Twin | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> PlanProposals:
    """Propose plans for an open case; nothing is changed in it.

    Parameters
    ----------
    session, constraints
        The case, and what proposals must keep to.
    n_proposals
        Most proposals on the front; the best of each other kind of cut comes on top.
    name
        Plans are called by it and a number.
    twin
        The twin of the case where it was built already.
    progress, cancel
        Contract of long jobs.

    Raises
    ------
    UsageError
        ``error.proposals.no_count`` when none is asked for.
    GeometryError, InputError
        As :func:`simulation.proposals.propose.propose`.
    """
    return _proposed(session.case, session.folder.path, constraints, n_proposals, name, twin, progress, cancel)


def worded_explanation(explanation: Explanation, wording: Wording) -> str:
    """Word what a proposal gives up, in one sentence with the numbers of the language."""
    quantities = {key: wording.quantity(value, unit) for key, (value, unit) in explanation.quantities.items()}
    return wording.text(explanation.message_id, **quantities, **explanation.names)


def worded_cuts(plan: Plan, wording: Wording) -> str:
    """Word the cuts of a proposal for a table."""
    wedges = [resection for resection in plan.resections if isinstance(resection, WedgeCut)]
    words = [_worded_cut(resection, wording) for resection in plan.resections if not isinstance(resection, WedgeCut)]
    for margin_mm in dict.fromkeys(wedge.margin_mm for wedge in wedges):
        names = [structure(w.lesion_id).name(wording.language) for w in wedges if w.margin_mm == margin_mm]
        margin = wording.quantity(margin_mm, "mm")
        words.append(wording.text("proposal.cut.wedge", lesions=", ".join(names), margin=margin))
    return " + ".join(words)


def _worded_cut(resection: Resection, wording: Wording) -> str:
    match resection:
        case PlaneCut():
            return wording.text("proposal.cut.plane")
        case SheetCut():
            return wording.text("proposal.cut.sheet")
        case TerritorySet(branches, code):
            if code:
                return wording.text("proposal.cut.segments", code=code)
            return wording.text("proposal.cut.branches", branches=branches_in_words(branches, wording))
        case _:
            raise ValueError(f"no proposal holds {resection}")


def _proposed(
    case: Case,
    case_path: Path,
    constraints: PlanConstraints,
    n_proposals: int,
    name: str,
    twin: Twin | None,
    progress: ProgressListener,
    cancel: CancelToken | None,
) -> PlanProposals:
    if n_proposals < 1:
        raise UsageError("error.proposals.no_count")
    if twin is None or twin.labels_hash != case.labels_hash:
        traced = traced_vessels_of(case, case_path) if case.layers else None
        twin = build_twin(case, structure_ids=(), traced=traced, cancel=cancel)
    twin = replace(twin, layers=with_current_doubts(twin.layers, case))
    scan_date, scan = scan_date_of(case), scan_state_of(case)
    contacts = contacts_of_case(case, case_path, twin)
    second = second_scan_of(case, case_path, cancel=cancel)
    progress(Progress(0.2, "progress.proposals.search"))
    model = OrganModel.of_twin(twin)
    search = propose(model, constraints, n_proposals=n_proposals, name=name or "proposal")
    outcomes: list[tuple[Proposal, Outcome]] = []
    for done, proposal in enumerate(search.all):
        if cancel is not None:
            cancel.raise_if_cancelled()
        share = 0.4 + 0.6 * done / len(search.all)
        progress(Progress(share, "progress.proposals.settle", {"plan": proposal.plan.name}))
        outcome = simulate(
            proposal.plan,
            twin,
            case.facts,
            model=model,
            scan_date=scan_date,
            scan=scan,
            contacts=contacts,
            confirmed=confirmed_structures_of(case),
            second=second,
        )
        outcomes.append((proposal, outcome))
    progress(Progress(1.0, "progress.proposals.done"))
    return PlanProposals(_explained(outcomes, search), search)


def _explained(outcomes: Sequence[tuple[Proposal, Outcome]], search: Proposals) -> tuple[SettledProposal, ...]:
    """Weigh proposals by their settled figures: those of the search are the same, or a little less of margin."""
    least_mm = search.constraints.least_margin_mm - _NOT_RELIABLE_MM
    key = "functional_remnant_ml" if search.has_perfusion else "flr_ml"
    known = []
    for proposal, outcome in outcomes:
        one = SettledProposal(proposal.plan, outcome, proposal.explanation, proposal.is_on_front)
        margin_mm, remnant_ml = one.figure("margin_mm").value, one.figure(key).value
        if margin_mm is not None and remnant_ml is not None and margin_mm >= least_mm:
            known.append((one, Weighed(one.plan.name, remnant_ml, margin_mm)))
    known.sort(key=lambda pair: pair[1].margin_mm)
    front = [pair for pair in known if not any(is_dominated(pair[1], other) for _, other in known)]
    others = [pair for pair in known if not any(pair[0] is one for one, _ in front)]
    sentences = explanations([weighed for _, weighed in front], [weighed for _, weighed in others])
    return tuple(
        replace(one, explanation=sentence, is_on_front=place < len(front))
        for place, ((one, _), sentence) in enumerate(zip((*front, *others), sentences, strict=True))
    )


def _proposal_json(one: SettledProposal, wording: Wording) -> dict[str, object]:
    keys = ("margin_mm", "functional_remnant_ml", "flr_ml", "flr_percent", "resected_ml")
    return {
        "plan": one.plan.to_json(),
        "is_on_front": one.is_on_front,
        "figures": {key: one.figure(key).to_json() for key in keys},
        "crossed_vessels": len(one.outcome.clip_list),
        "explanation": worded_explanation(one.explanation, wording),
    }
