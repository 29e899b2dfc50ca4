"""Trees of centreline points as a vessel graph: smooth courses, radii of the vessels themselves, branches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from twin.geometry.spanning_tree import RootedTrees
from twin.geometry.vessel_sections import MaskVoxels, vessel_sections
from twin.vessel_graph import GraphRepair, VesselBranch, VesselGraph

__all__ = ["branched_graph"]

_SMOOTHING_ROUNDS = 20


def branched_graph(
    trees: RootedTrees, tree: str, voxels: MaskVoxels, smooth_mm: float, repairs: tuple[GraphRepair, ...] = ()
) -> VesselGraph:
    """Cut trees into branches at their forks and number them from the root, the larger child first.

    Parameters
    ----------
    trees
        Points with parents; their radii are depths in the mask.
    tree
        Name of the tree, and of its first branch; with several roots ``tree.1``, ``tree.2``, ...
    voxels
        Of the mask, for the radii.
    smooth_mm
        See :func:`twin.geometry.centreline.vessel_graph_of_mask`.
    repairs
        Passed on.
    """
    children = _children(trees)
    chains = _chains(children)
    nodes = np.array([node for chain in chains for node in chain.nodes], np.int64)
    place = np.full(len(trees.parents) + 1, -1, np.int64)
    place[nodes] = np.arange(nodes.size)
    parents = place[trees.parents[nodes]]
    n_nodes = [len(chain.nodes) for chain in chains]
    smoothing = _Smoothing.along(trees, children, smooth_mm)
    points = smoothing.smoothed(trees.network.points_lps_mm)
    radii, shifts = vessel_sections(
        points[nodes],
        parents,
        np.cumsum([0, *n_nodes[:-1]]),
        np.array([chain.goes_on for chain in chains]),
        trees.network.radii_mm[nodes],
        voxels,
    )
    if smooth_mm > 0:
        points[nodes] += shifts
        points = smoothing.smoothed(points)
    points = points[nodes]
    branches = (
        VesselBranch(number, name, chain.parent)
        for number, (chain, name) in enumerate(zip(chains, _names(chains, tree), strict=True), start=1)
    )
    branch_of_node = np.repeat(np.arange(1, len(chains) + 1), n_nodes).astype(np.int32)
    return VesselGraph(tree, points, radii, parents.astype(np.int32), branch_of_node, tuple(branches), repairs)


@dataclass(frozen=True)
class _Chain:
    """Points of one branch from behind the fork to the next, its parent, and whether it is the main child."""

    nodes: list[int]
    parent: int | None
    goes_on: bool


def _chains(children: dict[int, list[int]]) -> list[_Chain]:
    """Return the branches, parents before children, each followed by all that leave it."""
    chains: list[_Chain] = []
    stack: list[tuple[int, int | None, bool]] = [(root, None, False) for root in reversed(children[-1])]
    while stack:
        first, parent, goes_on = stack.pop()
        nodes = [first]
        while len(children[nodes[-1]]) == 1:
            nodes.append(children[nodes[-1]][0])
        chains.append(_Chain(nodes, parent, goes_on))
        brood = children[nodes[-1]]
        stack += [(child, len(chains), child == brood[0]) for child in reversed(brood)]
    return chains


def _children(trees: RootedTrees) -> dict[int, list[int]]:
    """Return the children of each point, and the roots under -1, those with the longest vessels below first."""
    below = trees.steps_mm.tolist()
    parents, order = trees.parents.tolist(), trees.order.tolist()
    children: dict[int, list[int]] = {node: [] for node in range(-1, len(parents))}
    for node in reversed(order):
        children[parents[node]].append(node)
        if parents[node] >= 0:
            below[parents[node]] += below[node]
    for brood in children.values():
        brood.sort(key=lambda node: (-below[node], node))
    return children


def _names(chains: list[_Chain], tree: str) -> list[str]:
    """Return neutral names: the place of each branch among the children of its parent."""
    n_roots = sum(chain.parent is None for chain in chains)
    names: list[str] = []
    counts: dict[int | None, int] = {}
    for chain in chains:
        counts[chain.parent] = counts.get(chain.parent, 0) + 1
        if chain.parent is not None:
            names.append(f"{names[chain.parent - 1]}.{counts[chain.parent]}")
        else:
            names.append(tree if n_roots == 1 else f"{tree}.{counts[None]}")
    return names


@dataclass(frozen=True, eq=False)
class _Smoothing:
    """Steps forth and back that keep long waves (Taubin, SIGGRAPH 1995); roots and ends stay.

    ``bend`` is the matrix from positions to the way from each point to the middle of its two neighbours.
    """

    bend: csr_matrix
    n_rounds: int
    forth: float
    back: float

    @classmethod
    def along(cls, trees: RootedTrees, children: dict[int, list[int]], smooth_mm: float) -> _Smoothing:
        """At a fork only the parent and the main child pull: a side branch does not bend the vessel it leaves."""
        parents = trees.parents
        main = np.full(len(parents), -1, np.int64)
        for parent, brood in children.items():
            if parent >= 0 and brood:
                main[parent] = brood[0]
        inner = np.flatnonzero((parents >= 0) & (main >= 0))
        rows = np.concatenate([inner, inner, inner])
        columns = np.concatenate([parents[inner], main[inner], inner])
        weights = np.repeat([0.5, 0.5, -1.0], inner.size)
        bend = coo_matrix((weights, (rows, columns)), shape=(len(parents), len(parents))).tocsr()
        if smooth_mm <= 0 or inner.size == 0:
            return cls(bend, 0, 0.0, 0.0)
        step_mm = float(np.median(trees.steps_mm[parents >= 0]))
        kept = 1.0 - np.cos(min(step_mm / smooth_mm, 1.0))
        return cls(bend, _SMOOTHING_ROUNDS, 0.5, -1.0 / (1.0 / 0.5 - kept))

    def smoothed(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points with short waves taken out."""
        for _ in range(self.n_rounds):
            points = points + self.forth * (self.bend @ points)
            points = points + self.back * (self.bend @ points)
        return points
