"""What it costs a venous tree to reach each run of a vessel network from its root."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.vessels.vessel_runs import RunNetwork

__all__ = ["Growth", "growth", "owners"]

Points = NDArray[np.float64]

# A vessel keeps its direction over about this length; directions are judged on it.
_LOOK_MM = 8.0
# Turning up to about 45 degrees is free (1 - cos 45 is 0.3): branches leave their parent so. A right angle costs 0.6,
# turning back 2.2.
_FREE_TURN = 0.3
_TURN_POWER = 1.5
# A branch is no wider than what feeds it: a fifth is within what voxels allow, twice as wide costs 1.5.
_FREE_WIDENING = 0.2
_WIDENING_COST = 3.0
# Runs shorter than these tell neither a radius nor a direction. Radii count from this far from the root on: before, the
# vessel opens into the vena cava or leaves the drawn liver.
_RADIUS_LENGTH_MM = 5.0
_MOUTH_MM = 15.0
_DIRECTION_LENGTH_MM = 6.0
# Only decides between ways that are otherwise alike.
_COST_OF_LENGTH = 0.002


@dataclass(frozen=True, eq=False)
class _Front:
    """Where growth has arrived: at the start of a run, with what it came by."""

    run: int
    end: int
    came_from: int
    trail_lps_mm: Points
    radius_mm: float
    travelled_mm: float


@dataclass(frozen=True, eq=False)
class Growth:
    """How a tree grows from its root over the runs of a network.

    Parameters
    ----------
    costs
        (n_runs,) float64: least cost of reaching each run; infinite where nothing leads.
    came_from
        (n_runs,) int64: the run before it on the cheapest way; -1 at a root and where nothing leads.
    entered_at
        (n_runs,) int64: which end of the run that way enters at, 0 for its first point and 1 for its last.
    arrived
        (n_runs,) int64: the order in which runs were reached, from 0; -1 where nothing leads.
    """

    costs: NDArray[np.float64]
    came_from: NDArray[np.int64]
    entered_at: NDArray[np.int64]
    arrived: NDArray[np.int64]

    def path(self, run: int) -> list[int]:
        """Return the runs from the root to a run."""
        way = [run]
        while self.came_from[way[-1]] >= 0:
            way.append(int(self.came_from[way[-1]]))
        return way[::-1]


def growth(network: RunNetwork, roots: NDArray[np.int64], *, prices: NDArray[np.float64] | None = None) -> Growth:
    """Return the cheapest ways from the roots to each run.

    A way pays at each fork for turning and for widening, hardly for its length: so a tree goes straight through a
    crossing with the other tree instead of turning into it, and does not climb from a twig into a trunk.

    Parameters
    ----------
    network
        Runs between forks.
    roots
        Indices of the points where the tree begins.
    prices
        (n_runs,) float64: what entering each run costs beside, e.g. for blood of another brightness; None for nothing.
    """
    n = len(network.runs)
    found = Growth(np.full(n, np.inf), np.full(n, -1), np.zeros(n, np.int64), np.full(n, -1))
    heap: list[tuple[float, int, _Front]] = []
    order = 0  # equal costs are taken first come, first served, so that the result does not depend on chance
    for front in _first_fronts(network, roots):
        heap.append((0.0, order, front))
        order += 1
    arrived: set[tuple[int, int]] = set()
    while heap:
        cost, _, front = heapq.heappop(heap)
        if (front.run, front.end) in arrived:
            continue
        arrived.add((front.run, front.end))
        if cost < found.costs[front.run]:
            found.costs[front.run], found.came_from[front.run] = cost, front.came_from
            found.entered_at[front.run], found.arrived[front.run] = front.end, len(arrived)
        onward_cost = cost + _COST_OF_LENGTH * network.runs[front.run].length_mm
        for onward, price in _onward(network, front):
            if (onward.run, onward.end) not in arrived:
                entry = 0.0 if prices is None else float(prices[onward.run])
                heapq.heappush(heap, (onward_cost + price + entry, order, onward))
                order += 1
    return found


def owners(network: RunNetwork, growths: Sequence[Growth], *, dearest: float = np.inf) -> NDArray[np.int64]:
    """Return which growth each run belongs to, (n_runs,) int64; -1 where none reaches it at a bearable cost.

    A run is first won by the growth that reaches it at least cost. Then each growth claims the ways to what it has won,
    and a run goes to the one with the greater length of vessel behind it: where two vessels run into one for a stretch,
    neither is interrupted by a stub of the other.
    """
    lengths = np.array([max(run.length_mm, 0.5) for run in network.runs])
    costs = np.stack([grown.costs for grown in growths])
    winner = np.where(costs.min(axis=0) <= dearest, costs.argmin(axis=0), -1)
    winner[np.isinf(costs.min(axis=0))] = -1
    behind_mm = np.zeros(costs.shape)
    for number, grown in enumerate(growths):
        carried = np.where(winner == number, lengths, 0.0)
        # From the farthest run inwards: what lies behind a run is complete before it is handed on.
        for run in np.argsort(-np.where(np.isfinite(grown.costs), grown.arrived, -1), kind="stable").tolist():
            if np.isfinite(grown.costs[run]) and grown.came_from[run] >= 0:
                carried[grown.came_from[run]] += carried[run]
        behind_mm[number] = carried
    return np.where(behind_mm.max(axis=0) > 0.0, behind_mm.argmax(axis=0), -1)


def _first_fronts(network: RunNetwork, roots: NDArray[np.int64]) -> list[_Front]:
    nothing = np.zeros((0, 3))
    runs = sorted({int(run) for run in network.run_of_point[roots] if run >= 0})
    forks = sorted({int(fork) for fork in network.fork_of_point[roots] if fork >= 0})
    fronts = [_Front(run, end, -1, nothing, np.inf, 0.0) for run in runs for end in (0, 1)]
    at_forks = [start for fork in forks for start in network.runs_at_fork[fork]]
    return fronts + [_Front(run, end, -1, nothing, np.inf, 0.0) for run, end in at_forks]


def _onward(network: RunNetwork, front: _Front) -> list[tuple[_Front, float]]:
    """Return the runs that leave the far end of a run, each with the price of going there."""
    run = network.runs[front.run]
    fork = run.forks[1 - front.end]
    if fork < 0:
        return []
    trail = np.concatenate([front.trail_lps_mm, _course(network, front.run, front.end)])
    here = network.fork_points_lps_mm[fork]
    arriving = here - _point_along(trail[::-1], _LOOK_MM)
    radius_mm, travelled_mm = front.radius_mm, front.travelled_mm
    if travelled_mm > _MOUTH_MM and run.length_mm > _RADIUS_LENGTH_MM:
        radius_mm = min(radius_mm, run.radius_mm)
    if len(front.trail_lps_mm):  # of the run that holds the root only a part is travelled
        travelled_mm += run.length_mm
    trail = np.concatenate([trail[-40:], here[None]])
    onward = []
    for number, end in network.runs_at_fork[fork]:
        if number == front.run:
            continue
        leaving = _point_along(_course(network, number, end), _LOOK_MM) - here
        price = _turn_cost(arriving, leaving) + _widening_cost(network, number, radius_mm)
        onward.append((_Front(number, end, front.run, trail, radius_mm, travelled_mm), price))
    return onward


def _course(network: RunNetwork, run: int, end: int) -> Points:
    points = network.network.points_lps_mm[network.runs[run].points]
    return points if end == 0 else points[::-1]


def _point_along(points_lps_mm: Points, length_mm: float) -> Points:
    """Return the point this far along a course, or its last one."""
    if len(points_lps_mm) < 2:
        return points_lps_mm[0]
    walked = np.cumsum(np.linalg.norm(np.diff(points_lps_mm, axis=0), axis=1))
    return points_lps_mm[min(int(np.searchsorted(walked, length_mm)) + 1, len(points_lps_mm) - 1)]


def _turn_cost(arriving: Points, leaving: Points) -> float:
    came_mm, goes_mm = float(np.linalg.norm(arriving)), float(np.linalg.norm(leaving))
    if came_mm < 2.0 or goes_mm < 1.0:
        return 0.0
    cosine = float(arriving @ leaving) / (came_mm * goes_mm)
    trust = min(1.0, came_mm / _DIRECTION_LENGTH_MM) * min(1.0, goes_mm / _DIRECTION_LENGTH_MM)
    return trust * max(0.0, 1.0 - cosine - _FREE_TURN) ** _TURN_POWER


def _widening_cost(network: RunNetwork, number: int, radius_mm: float) -> float:
    run = network.runs[number]
    if run.length_mm <= _RADIUS_LENGTH_MM or not np.isfinite(radius_mm):
        return 0.0
    return _WIDENING_COST * max(0.0, float(np.log(run.radius_mm / max(radius_mm, 0.5))) - _FREE_WIDENING)
