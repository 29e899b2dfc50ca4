"""A network of centrelines as trees: loops opened at their thinnest place, roots apart, spurs taken off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from twin.geometry.curve_network import CurveNetwork
from twin.vessel_graph import GraphRepair, RepairKind

__all__ = ["RootedTrees", "rooted_trees"]

_VOXELS_OF_A_CORNER = 4  # a cycle of so few voxels is a place where voxels touch, not a loop of vessels


@dataclass(frozen=True, eq=False)
class RootedTrees:
    """Trees on the points of a network.

    Parameters
    ----------
    network
        Points and radii; its edges are those of the trees.
    parents
        (n,) int64, next point towards the root, -1 at a root.
    order
        (n,) int64, the points so that parents come before children.
    """

    network: CurveNetwork
    parents: NDArray[np.int64]
    order: NDArray[np.int64]

    @property
    def steps_mm(self) -> NDArray[np.float64]:
        """Distance of each point to its parent, (n,) float64, 0 at a root."""
        points = self.network.points_lps_mm
        gap = points - points[np.where(self.parents >= 0, self.parents, np.arange(len(points)))]
        return np.asarray(np.linalg.norm(gap, axis=1))

    def heights_mm(self) -> NDArray[np.float64]:
        """Return the length of the longest way from each point to an end below it, (n,) float64."""
        heights = [0.0] * len(self.parents)
        parents, steps = self.parents.tolist(), self.steps_mm.tolist()
        for node in reversed(self.order.tolist()):
            parent = parents[node]
            if parent >= 0:
                heights[parent] = max(heights[parent], heights[node] + steps[node])
        return np.array(heights)

    def without_spurs(self, least_visible_mm: float) -> RootedTrees:
        """Take off side branches that reach less than ``least_visible_mm`` beyond the wall of what they leave.

        The longest way on from a point always stays.
        """
        extents = self.heights_mm() + self.steps_mm
        has_parent = self.parents >= 0
        parents = np.where(has_parent, self.parents, 0)
        longest = np.zeros(len(extents))
        np.maximum.at(longest, parents[has_parent], extents[has_parent])
        # Of equally long ways the first point of the array goes on.
        goes_on = np.full(len(extents), len(extents))
        is_longest = np.flatnonzero(has_parent & (extents == longest[parents]))
        np.minimum.at(goes_on, parents[is_longest], is_longest)
        stays = ~has_parent | (goes_on[parents] == np.arange(len(extents)))
        stays |= extents >= self.network.radii_mm[parents] + least_visible_mm
        keeps = stays.tolist()
        above = self.parents.tolist()
        for node in self.order.tolist():
            keeps[node] = keeps[node] and (above[node] < 0 or keeps[above[node]])
        return self._only(np.array(keeps, np.bool_))

    def _only(self, keeps: NDArray[np.bool_]) -> RootedTrees:
        number = np.append(np.cumsum(keeps) - 1, -1)
        return RootedTrees(self.network.only(keeps), number[self.parents[keeps]], number[self.order[keeps[self.order]]])


def rooted_trees(network: CurveNetwork, roots: NDArray[np.int64]) -> tuple[RootedTrees, tuple[GraphRepair, ...]]:
    """Span a network by trees from its roots; of each loop, and between roots, the thinnest edge goes.

    Parameters
    ----------
    network
        Every piece holds at least one root.
    roots
        (r,) points.

    Returns
    -------
    trees
        One for each root.
    repairs
        Of kinds ``loop`` and ``roots``.
    """
    n_nodes = network.n_nodes
    thinnest = network.radii_mm[network.edges].min(axis=1)
    by_preference = np.lexsort((network.edges[:, 1], network.edges[:, 0], network.lengths_mm, -thinnest))
    rank = np.empty(len(by_preference))
    rank[by_preference] = np.arange(len(by_preference)) + 1.0 + roots.size
    # Above all roots stands one point more, whose edges are preferred to all others.
    start = np.concatenate([network.edges[:, 0], np.full(roots.size, n_nodes)])
    end = np.concatenate([network.edges[:, 1], roots])
    weight = np.concatenate([rank, 1.0 + np.arange(roots.size)])
    matrix = coo_matrix((weight, (start, end)), shape=(n_nodes + 1, n_nodes + 1)).tocsr()
    order, parents = breadth_first_order(minimum_spanning_tree(matrix), n_nodes, directed=False)
    if len(order) != n_nodes + 1:
        raise ValueError("every piece of the network needs a root")
    parents = np.where(parents[:n_nodes] == n_nodes, -1, parents[:n_nodes]).astype(np.int64)
    is_kept = (parents[network.edges[:, 0]] == network.edges[:, 1]) | (
        parents[network.edges[:, 1]] == network.edges[:, 0]
    )
    trees = RootedTrees(network.with_edges(network.edges[is_kept]), parents, order[1:].astype(np.int64))
    return trees, _repairs(trees, network.edges[~is_kept])


def _repairs(trees: RootedTrees, dropped: NDArray[np.int64]) -> tuple[GraphRepair, ...]:
    points, parents, steps = trees.network.points_lps_mm, trees.parents.tolist(), trees.steps_mm.tolist()
    repairs = []
    for one, other in dropped.tolist():
        cycle = _way_between(one, other, parents)
        if cycle is not None and len(cycle) <= _VOXELS_OF_A_CORNER:
            continue
        x, y, z = (float(v) for v in (points[one] + points[other]) / 2)
        if cycle is None:
            repairs.append(GraphRepair(RepairKind.ROOTS, (x, y, z), float(np.linalg.norm(points[one] - points[other]))))
        else:
            repairs.append(GraphRepair(RepairKind.LOOP, (x, y, z), sum(steps[node] for node in cycle)))
    return tuple(repairs)


def _way_between(one: int, other: int, parents: list[int]) -> list[int] | None:
    """Return the points on the way between two points of a tree, the highest left out; None between two trees."""
    seen = {}
    for number, node in enumerate(_upwards(one, parents)):
        seen[node] = number
    below: list[int] = []
    for node in _upwards(other, parents):
        if node in seen:
            return list(seen)[: seen[node]] + below
        below.append(node)
    return None


def _upwards(node: int, parents: list[int]) -> list[int]:
    way = []
    while node >= 0:
        way.append(node)
        node = parents[node]
    return way
