"""Runs of a vessel network: stretches of centreline between forks, crossings and ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twin.geometry.curve_network import CurveNetwork

__all__ = ["Run", "RunNetwork", "runs_of"]


@dataclass(frozen=True, eq=False)
class Run:
    """A stretch of centreline without a fork.

    Parameters
    ----------
    points
        (n,) int64, indices of its points in order.
    forks
        Number of the fork at its first and at its last point; -1 for a free end.
    length_mm, radius_mm
        Its length, and the median of its radii.
    """

    points: NDArray[np.int64]
    forks: tuple[int, int]
    length_mm: float
    radius_mm: float


@dataclass(frozen=True, eq=False)
class RunNetwork:
    """A network of points cut into runs.

    Parameters
    ----------
    network
        The points.
    runs
        Its runs.
    run_of_point
        (n,) int64, the run of each point; -1 for points of forks.
    fork_of_point
        (n,) int64, the fork of each point; -1 elsewhere.
    runs_at_fork
        Of each fork: (run, end) with end 0 for its first and 1 for its last point.
    fork_points_lps_mm
        (n_forks, 3) float64, the middle of each fork.
    """

    network: CurveNetwork
    runs: tuple[Run, ...]
    run_of_point: NDArray[np.int64]
    fork_of_point: NDArray[np.int64]
    runs_at_fork: tuple[tuple[tuple[int, int], ...], ...]
    fork_points_lps_mm: NDArray[np.float64]


def runs_of(network: CurveNetwork) -> RunNetwork:
    """Cut a network into runs; points with more than two neighbours make the forks."""
    is_fork = network.degrees > 2
    fork_of_point = _pieces_among(network, is_fork)
    piece_of_point = _pieces_among(network, ~is_fork)
    n_forks = int(fork_of_point.max(initial=-1)) + 1
    neighbours = _neighbours(network)
    runs: list[Run] = []
    at_fork: list[list[tuple[int, int]]] = [[] for _ in range(n_forks)]
    order = np.argsort(piece_of_point, kind="stable")
    order = order[piece_of_point[order] >= 0]
    starts = np.flatnonzero(np.diff(piece_of_point[order], prepend=-1))
    for members in np.split(order, starts[1:]) if order.size else []:
        run = _run(members, network, neighbours, fork_of_point)
        for end, fork in enumerate(run.forks):
            if fork >= 0:
                at_fork[fork].append((len(runs), end))
        runs.append(run)
    run_of_point = np.full(network.n_nodes, -1, np.int64)
    for number, run in enumerate(runs):
        run_of_point[run.points] = number
    middles = np.zeros((n_forks, 3))
    for axis in range(3):
        sums = np.bincount(fork_of_point[is_fork], network.points_lps_mm[is_fork, axis], minlength=n_forks)
        middles[:, axis] = sums / np.maximum(np.bincount(fork_of_point[is_fork], minlength=n_forks), 1)
    return RunNetwork(
        network, tuple(runs), run_of_point, fork_of_point, tuple(tuple(ends) for ends in at_fork), middles
    )


def _pieces_among(network: CurveNetwork, is_asked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of the connected piece of each asked point among the asked points only; -1 elsewhere."""
    edges = network.edges[is_asked[network.edges].all(axis=1)]
    n = network.n_nodes
    matrix = coo_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n, n))
    labels = connected_components(matrix, directed=False)[1]
    pieces = np.full(n, -1, np.int64)
    pieces[is_asked] = np.unique(labels[is_asked], return_inverse=True)[1]
    return pieces


def _neighbours(network: CurveNetwork) -> list[list[int]]:
    lists: list[list[int]] = [[] for _ in range(network.n_nodes)]
    for a, b in network.edges.tolist():
        lists[a].append(b)
        lists[b].append(a)
    return lists


def _run(
    members: NDArray[np.int64],
    network: CurveNetwork,
    neighbours: list[list[int]],
    fork_of_point: NDArray[np.int64],
) -> Run:
    inside = set(members.tolist())
    next_to = {p: [q for q in neighbours[p] if q in inside] for p in inside}
    first = min((p for p in inside if len(next_to[p]) < 2), default=int(members[0]))  # a ring begins anywhere
    ordered, seen = [first], {first}
    while True:
        onward = [q for q in next_to[ordered[-1]] if q not in seen]
        if not onward:
            break
        ordered.append(onward[0])
        seen.add(onward[0])
    at_first = [int(fork_of_point[q]) for q in neighbours[ordered[0]] if fork_of_point[q] >= 0]
    at_last = [int(fork_of_point[q]) for q in neighbours[ordered[-1]] if fork_of_point[q] >= 0]
    if len(ordered) == 1:
        forks = (at_first[0] if at_first else -1, at_first[1] if len(at_first) > 1 else -1)
    else:
        forks = (at_first[0] if at_first else -1, at_last[0] if at_last else -1)
    points = np.array(ordered, np.int64)
    steps = np.linalg.norm(np.diff(network.points_lps_mm[points], axis=0), axis=1)
    return Run(points, forks, float(steps.sum()), float(np.median(network.radii_mm[points])))
