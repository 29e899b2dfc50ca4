"""The Pareto front of remnant against margin, a choice of it that a person can compare, and what each gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulation.proposals.candidate import Candidate
from simulation.proposals.constraints import LARGEST_MARGIN_MM

__all__ = ["Explanation", "Weighed", "explanations", "is_dominated", "pareto_front", "spread_choice"]


@dataclass(frozen=True)
class Explanation:
    """One sentence: a message id, and its quantities as number and unit, worded at the edge."""

    message_id: str
    quantities: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Weighed:
    """What a proposal is compared by: its name, the remnant in ml and the margin in mm."""

    name: str
    remnant_ml: float
    margin_mm: float

    @property
    def weighed_margin_mm(self) -> float:
        """Above 20 mm more margin is no advantage."""
        return min(self.margin_mm, LARGEST_MARGIN_MM)


def is_dominated(one: Candidate | Weighed, other: Candidate | Weighed) -> bool:
    """Tell whether another one has as much remnant and as much margin, and more of either."""
    gain_ml, gain_mm = other.remnant_ml - one.remnant_ml, other.weighed_margin_mm - one.weighed_margin_mm
    return gain_ml >= 0 and gain_mm >= 0 and (gain_ml > 0 or gain_mm > 0)


def pareto_front(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates that no other dominates, by rising margin; of equal ones the one with fewer vessels.

    The order in which candidates come decides between those that are equal in all that is weighed.
    """
    order = sorted(
        range(len(candidates)),
        key=lambda n: (
            -candidates[n].weighed_margin_mm,
            -candidates[n].remnant_ml,
            candidates[n].n_crossed,
            len(candidates[n].resections),
            n,
        ),
    )
    front: list[Candidate] = []
    for n in order:
        if not front or candidates[n].remnant_ml > front[-1].remnant_ml:
            front.append(candidates[n])
    return tuple(reversed(front))


def spread_choice(front: Sequence[Candidate], most: int) -> tuple[Candidate, ...]:
    """Return at most so many of a front, spread along it: both ends, then always where the widest gap is.

    Parameters
    ----------
    front
        By rising margin.
    most
        At least 1; a single one is that in the middle of both scales.
    """
    if len(front) <= most:
        return tuple(front)
    scales = np.array([[c.weighed_margin_mm, c.remnant_ml] for c in front])
    spans = scales.max(axis=0) - scales.min(axis=0)
    places = (scales - scales.min(axis=0)) / np.where(spans > 0, spans, 1.0)
    if most == 1:
        return (front[int(places.sum(axis=1).argmax())],)
    chosen = [0, len(front) - 1]
    while len(chosen) < most:
        gaps = np.linalg.norm(places[:, None] - places[None, chosen], axis=2).min(axis=1)
        chosen.append(int(gaps.argmax()))
    return tuple(front[n] for n in sorted(chosen))


def explanations(front: Sequence[Weighed], others: Sequence[Weighed] = ()) -> tuple[Explanation, ...]:
    """Return a sentence for each: what it gives up against its neighbours on the front.

    Parameters
    ----------
    front
        None dominates another, by rising margin.
    others
        Other ways, which need not lie on the front: compared with the best on it that has as much margin.
    """
    found = [_on_front(front, n) for n in range(len(front))]
    return (*found, *(_beside(front, other) for other in others))


def _on_front(front: Sequence[Weighed], n: int) -> Explanation:
    one = front[n]
    quantities = {"margin": (one.margin_mm, "mm"), "remnant": (one.remnant_ml, "ml")}
    names: dict[str, str] = {}
    if n > 0:
        quantities |= {
            "wider": (one.margin_mm - front[n - 1].margin_mm, "mm"),
            "less": (front[n - 1].remnant_ml - one.remnant_ml, "ml"),
        }
        names["before"] = front[n - 1].name
    if n + 1 < len(front):
        quantities |= {
            "narrower": (front[n + 1].margin_mm - one.margin_mm, "mm"),
            "more": (one.remnant_ml - front[n + 1].remnant_ml, "ml"),
        }
        names["after"] = front[n + 1].name
    kind = {(False, False): "only", (False, True): "first", (True, True): "between", (True, False): "last"}
    return Explanation(f"proposal.explained.{kind[(n > 0, n + 1 < len(front))]}", quantities, names)


def _beside(front: Sequence[Weighed], other: Weighed) -> Explanation:
    quantities = {"margin": (other.margin_mm, "mm"), "remnant": (other.remnant_ml, "ml")}
    better = [one for one in front if is_dominated(other, one)]
    if not better:
        return Explanation("proposal.explained.also", quantities)
    best = max(better, key=lambda one: one.remnant_ml)
    quantities |= {"less": (best.remnant_ml - other.remnant_ml, "ml"), "best_margin": (best.margin_mm, "mm")}
    return Explanation("proposal.explained.beside", quantities, {"best": best.name})
