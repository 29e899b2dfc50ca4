"""The search for proposals: planes, sheets, territory sets and wedges, weighed by margin and remnant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from simulation.organ_model import OrganModel
from simulation.proposals.candidate import Candidate, Question
from simulation.proposals.constraints import CutKind, PlanConstraints
from simulation.proposals.front import Explanation, Weighed, explanations, pareto_front, spread_choice
from simulation.proposals.planes import margin_ladder, plane_candidates
from simulation.proposals.search_space import SearchSpace
from simulation.proposals.sheets import sheet_candidates
from simulation.proposals.territories import territory_candidates, wedge_candidates
from twin.errors import GeometryError, InputError
from twin.plan import Plan

__all__ = ["Proposal", "Proposals", "propose"]

_EASED = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95)  # shares of the asked margin that are tried when nothing is found
_BENT = 2  # planes of the front that sheets are bent from


@dataclass(frozen=True)
class Proposal:
    """A plan that the search found, with its central figures and one sentence on what it gives up.

    ``is_on_front`` is False for the best of a kind that another proposal dominates.
    """

    plan: Plan
    candidate: Candidate
    explanation: Explanation
    is_on_front: bool = True


@dataclass(frozen=True)
class Proposals:
    """What a search found.

    Parameters
    ----------
    constraints
        What was asked.
    chosen
        Proposals on the front, by rising margin, as many as were asked for at most.
    other_ways
        The best of each kind of cut that is not among them.
    front
        The whole front, by rising margin: what a plot draws and a click turns into a plan.
    candidates
        Every candidate that was counted exactly and keeps to the constraints.
    has_perfusion
        False where trees or territories are lacking: then the plain FLR is weighed.
    n_planes, n_candidates
        Planes looked at, and all candidates counted exactly.
    """

    constraints: PlanConstraints
    chosen: tuple[Proposal, ...]
    other_ways: tuple[Proposal, ...]
    front: tuple[Candidate, ...]
    candidates: tuple[Candidate, ...]
    has_perfusion: bool
    n_planes: int
    n_candidates: int

    @property
    def all(self) -> tuple[Proposal, ...]:
        """The chosen ones, then the other ways."""
        return self.chosen + self.other_ways


def propose(
    model: OrganModel,
    constraints: PlanConstraints | None = None,
    *,
    n_proposals: int = 5,
    name: str = "proposal",
    space: SearchSpace | None = None,
) -> Proposals:
    """Search for plans that keep to what a surgeon asks.

    The same organ and constraints always give the same answer.

    Parameters
    ----------
    model
        The liver.
    constraints
        What proposals must keep to.
    n_proposals
        Most proposals of the front.
    name
        Plans are called by it and a number.
    space
        The organ prepared by :meth:`SearchSpace.of_model`, to save that when it is asked again.

    Raises
    ------
    GeometryError
        ``error.proposals.no_lesion`` where no lesion lies in the organ; ``error.proposals.none_by_...`` when nothing
        keeps to the constraints, with the constraint that binds and what comes nearest to it.
    InputError
        When a lesion or a branch that is named does not exist, or the perfused and drained remnant is asked for where
        trees are lacking.
    """
    asked = constraints or PlanConstraints()
    space = space or SearchSpace.of_model(model)
    _check(space, asked)
    candidates, n_planes = _searched(Question(space, asked), margin_ladder(asked.least_margin_mm))
    usable = tuple(c for c in candidates if not c.broken)
    if not usable:
        raise _none_found(space, asked, candidates)
    front = pareto_front(usable)
    chosen = spread_choice(front, max(n_proposals, 1))
    others = _best_of_other_kinds(usable, chosen)
    return Proposals(
        asked, *_named(chosen, others, name), front, usable, space.has_perfusion, n_planes, len(candidates)
    )


def _searched(question: Question, ladder: tuple[float, ...]) -> tuple[list[Candidate], int]:
    """Return every candidate that was counted, in a fixed order, and how many planes were looked at."""
    kinds = question.constraints.kinds
    found: list[Candidate] = []
    n_planes = 0
    opening = _with_openings(question, ladder)
    if CutKind.WEDGE in kinds:
        found += wedge_candidates(question, opening)
    if CutKind.TERRITORY in kinds:
        found += territory_candidates(question, opening)
    if kinds & {CutKind.PLANE, CutKind.SHEET}:
        planes, n_planes = plane_candidates(question, ladder)
        if CutKind.SHEET in kinds:
            best = pareto_front([c for c in planes if c.broken in ((), ("kinds",))])
            found += sheet_candidates(question, spread_choice(best, _BENT) if best else ())
        found += planes
    return found, n_planes


def _with_openings(question: Question, ladder: tuple[float, ...]) -> tuple[float, ...]:
    """Return the margins with those at which a wedge around a required lesion begins to open onto the capsule."""
    capsule_mm = question.space.near.capsule_mm[question.is_required]
    openings = {ceil(10.0 * mm) / 10.0 for mm in capsule_mm if mm <= ladder[-1]}
    return tuple(sorted({*ladder, *(mm for mm in openings if mm > ladder[0])}))


def _best_of_other_kinds(usable: Sequence[Candidate], chosen: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return, for each way of cutting that no chosen one has, its candidate with the largest remnant."""
    shown = {c.kinds for c in chosen}
    best: dict[tuple[CutKind, ...], Candidate] = {}
    for candidate in usable:
        kinds = candidate.kinds
        if kinds in shown:
            continue
        known = best.get(kinds)
        if known is None or candidate.remnant_ml > known.remnant_ml:
            best[kinds] = candidate
    single = {kinds: c for kinds, c in best.items() if len(kinds) == 1}
    joined = {kinds: c for kinds, c in best.items() if len(kinds) > 1 and (kinds[0],) not in {*single, *_firsts(shown)}}
    return (*single.values(), *joined.values())


def _firsts(kinds: set[tuple[CutKind, ...]]) -> set[tuple[CutKind, ...]]:
    return {(one[0],) for one in kinds}


def _named(
    chosen: Sequence[Candidate], others: Sequence[Candidate], name: str
) -> tuple[tuple[Proposal, ...], tuple[Proposal, ...]]:
    names = [f"{name}-{number}" for number in range(1, len(chosen) + len(others) + 1)]
    weighed = [Weighed(n, c.remnant_ml, c.margin_mm) for n, c in zip(names, (*chosen, *others), strict=True)]
    sentences = explanations(weighed[: len(chosen)], weighed[len(chosen) :])
    made = tuple(
        Proposal(Plan(n, c.resections), c, sentence, number < len(chosen))
        for number, (n, c, sentence) in enumerate(zip(names, (*chosen, *others), sentences, strict=True))
    )
    return made[: len(chosen)], made[len(chosen) :]


def _check(space: SearchSpace, asked: PlanConstraints) -> None:
    if not space.lesion_ids:
        raise GeometryError("error.proposals.no_lesion", structure=space.model.organ_id)
    for name in asked.lesion_ids:
        if name not in space.lesion_ids:
            raise InputError("error.plan.no_such_lesion", lesion=name, known=", ".join(space.lesion_ids))
    for branch in asked.kept_branches:
        if branch not in space.trees.names:
            known = ", ".join(sorted(name for name in space.trees.names if 0 < name.count(".") <= 2)) or "-"
            raise InputError("error.proposals.no_such_branch", branch=branch, known=known)
    if asked.least_functional_percent > 0 and not space.has_perfusion:
        raise InputError("error.proposals.no_trees")


def _none_found(space: SearchSpace, asked: PlanConstraints, candidates: Sequence[Candidate]) -> GeometryError:
    """Return the refusal: the one constraint that alone stands against a plan, and the nearest to it."""
    if asked.least_margin_mm > 0:  # what would a smaller margin allow?
        ladder = tuple(share * asked.least_margin_mm for share in _EASED)
        eased, _ = _searched(Question(space, replace(asked, least_margin_mm=0.0)), ladder)
        question = Question(space, asked)
        candidates = [*candidates, *(question.judged(c) for c in eased)]
    alone: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if len(candidate.broken) == 1:
            alone.setdefault(candidate.broken[0], []).append(candidate)
    misses = {name: _nearest_miss(name, found, asked) for name, found in alone.items()}
    if misses:
        binding = min(misses, key=lambda name: (misses[name][0], name))
        return GeometryError(f"error.proposals.none_by_{binding}", **misses[binding][1])
    broken = sorted({name for candidate in candidates for name in candidate.broken})
    if not broken:
        return GeometryError("error.proposals.none_by_geometry")
    names = tuple(f"proposal.constraint.{name}" for name in broken)
    return GeometryError("error.proposals.none_by_several", constraints=names)


def _nearest_miss(name: str, found: Sequence[Candidate], asked: PlanConstraints) -> tuple[float, dict[str, object]]:
    """Return how far the nearest candidate is from one constraint, as a share of it, and the words for it."""
    if name == "margin":
        best = max(c.margin_mm for c in found)
        return _share(best, asked.least_margin_mm)
    if name == "flr":
        return _share(max(c.flr_percent for c in found), asked.least_flr_percent)
    if name == "functional":
        return _share(max(c.functional_percent or 0.0 for c in found), asked.least_functional_percent)
    if name == "vessels":
        best_n, most = min(c.n_crossed for c in found), asked.most_vessels or 0
        return (best_n - most) / max(best_n, 1), {"asked": most, "nearest": best_n}
    branches = sorted({c.cut_branch for c in found})
    return 1.0, {"branches": ", ".join(branches)}


def _share(nearest: float, asked: float) -> tuple[float, dict[str, object]]:
    return (asked - nearest) / asked, {"asked": round(asked, 1), "nearest": round(nearest, 1)}
