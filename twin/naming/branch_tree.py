"""A vessel tree seen as branches that hang on branches, with what each subtree supplies by class of tissue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.vessel_graph import VesselGraph

__all__ = ["TRUNK", "BranchTree", "Partition", "Supplied"]

TRUNK = -1  # class of a branch that carries blood for several classes

# Ours, found on phantoms and on one labelled CT: a fork that divides a subtree among classes must put so much more of
# the organ right; forks with a twig that supplies less than so much are none.
_GAIN_OF_FORK = 0.015
_TWIG = 0.02

Counts = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Supplied:
    """Points of an organ and the branch that supplies each: ``points_lps_mm`` (n, 3), ``branch`` int (n,)."""

    points_lps_mm: NDArray[np.float64]
    branch: NDArray[np.int64]

    def only(self, wanted: NDArray[np.bool_]) -> Supplied:
        """Return some of the points."""
        return Supplied(self.points_lps_mm[wanted], self.branch[wanted])


@dataclass(frozen=True)
class Partition:
    """Which class each branch belongs to (``TRUNK`` for several), and the tops of the subtrees of each class."""

    class_of: Mapping[int, int]
    tops: Mapping[int, tuple[int, ...]]

    @property
    def trunk(self) -> tuple[int, ...]:
        """Branches that carry blood for several classes, from the root outwards."""
        return self.tops.get(TRUNK, ())


class BranchTree:
    """The branches of a graph by their parents and children.

    Parameters
    ----------
    graph
        The tree.
    supplied
        Points of the organ with their branch.
    """

    def __init__(self, graph: VesselGraph, supplied: Supplied) -> None:
        self.graph = graph
        self.supplied = supplied
        self.parent: dict[int, int | None] = {branch.index: branch.parent for branch in graph.branches}
        self.children: dict[int, list[int]] = {branch.index: [] for branch in graph.branches}
        for branch in graph.branches:
            if branch.parent is not None:
                self.children[branch.parent].append(branch.index)
        self.roots = [branch.index for branch in graph.branches if branch.parent is None]
        self.n_rows = max(self.parent, default=0) + 1

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Branches, parents before their children."""
        return tuple(index for root in self.roots for index in self.below(root))

    @cached_property
    def supply(self) -> NDArray[np.float64]:
        """Points that the subtree of each branch supplies, float64 (n_rows,)."""
        return self.subtree_sums(np.bincount(self.supplied.branch, minlength=self.n_rows).astype(np.float64))

    @cached_property
    def first_and_last(self) -> dict[int, tuple[int, int]]:
        """First and last node of each branch that has nodes."""
        nodes = np.arange(len(self.graph.branch_of_node))
        first = np.full(self.n_rows, len(nodes))
        last = np.full(self.n_rows, -1)
        np.minimum.at(first, self.graph.branch_of_node, nodes)
        np.maximum.at(last, self.graph.branch_of_node, nodes)
        return {index: (int(first[index]), int(last[index])) for index in self.parent if last[index] >= 0}

    def start(self, index: int) -> NDArray[np.float64]:
        """Point where a branch leaves its parent, or its root."""
        first = self.first_and_last[index][0]
        above = int(self.graph.parents[first])
        return np.asarray(self.graph.nodes_lps_mm[above if above >= 0 else first])

    def end(self, index: int) -> NDArray[np.float64]:
        """Last point of a branch."""
        return np.asarray(self.graph.nodes_lps_mm[self.first_and_last[index][1]])

    def below(self, top: int) -> Iterator[int]:
        """Yield a branch and all that hang on it, parents first."""
        waiting = [top]
        while waiting:
            index = waiting.pop()
            yield index
            waiting += reversed(self.children[index])

    def above(self, index: int) -> Iterator[int]:
        """Yield the branches between a branch and its root, the nearest first, itself left out."""
        parent = self.parent[index]
        while parent is not None:
            yield parent
            parent = self.parent[parent]

    def main_course(self, top: int, least_share: float) -> list[int]:
        """Return the branches from a top on, each the best supplying child, while they keep a share of its supply."""
        course = [top]
        while True:
            onward = max(self.children[course[-1]], key=lambda child: (self.supply[child], -child), default=None)
            if onward is None or self.supply[onward] < least_share * self.supply[top]:
                return course
            course.append(onward)

    def nodes_of(self, branches: Iterable[int]) -> NDArray[np.int64]:
        """Return the nodes of branches."""
        return np.flatnonzero(np.isin(self.graph.branch_of_node, list(branches)))

    def subtree_sums(self, own: Counts) -> Counts:
        """Return for each branch (row) the sum over its subtree."""
        sums = own.copy()
        for index in reversed(self.order):
            parent = self.parent[index]
            if parent is not None:
                sums[parent] += sums[index]
        return sums

    def class_counts(self, classes: NDArray[np.int64], n_classes: int) -> Counts:
        """Count the points of each class that each branch supplies itself, float64 (n_rows, n_classes)."""
        flat = np.bincount(self.supplied.branch * n_classes + classes, minlength=self.n_rows * n_classes)
        return flat.reshape(-1, n_classes).astype(np.float64)

    def divided(
        self, tops: Iterable[int], classes: NDArray[np.int64], n_classes: int, *, without: Iterable[int] = ()
    ) -> Partition:
        """Divide subtrees among classes of tissue.

        Each subtree goes to one class, or is divided at its first fork, whichever puts more points right; a fork has
        to earn a small share of the organ, so that a few branches that reach over a border do not tear a subtree
        apart. What is divided is a trunk.

        Parameters
        ----------
        tops
            Tops of the subtrees.
        classes
            Class of each supplied point, int64 (n,), 0 to ``n_classes`` - 1.
        n_classes
            How many there are.
        without
            Tops of subtrees that are left out.
        """
        left_out = set(without)
        tops = tuple(top for top in tops if top not in left_out)
        own = self.class_counts(classes, n_classes)
        own[[index for top in left_out for index in self.below(top)]] = 0.0
        whole = self.subtree_sums(own)
        is_divided = self._worth_dividing(tops, own, whole)
        class_of: dict[int, int] = {}
        found: dict[int, list[int]] = {}
        waiting = list(reversed(tops))
        while waiting:
            index = waiting.pop()
            chosen = TRUNK if is_divided[index] else int(whole[index].argmax())
            found.setdefault(chosen, []).append(index)
            if chosen == TRUNK:
                class_of[index] = TRUNK
                waiting += [child for child in reversed(self.children[index]) if child not in left_out]
            else:
                class_of.update(dict.fromkeys(self.below(index), chosen))
        return Partition(class_of, {key: tuple(value) for key, value in found.items()})

    def _worth_dividing(self, tops: tuple[int, ...], own: Counts, whole: Counts) -> NDArray[np.bool_]:
        """Tell of each branch whether its subtree is better divided at its end, by pruning from the leaves."""
        n_points = len(self.supplied.branch)
        supply, right = whole.sum(axis=1), whole.max(axis=1)
        is_divided = np.zeros(self.n_rows, np.bool_)
        for index in reversed([i for top in tops for i in self.below(top)]):
            children = self.children[index]
            n_large = sum(bool(supply[child] >= _TWIG * n_points) for child in children)
            cost = _GAIN_OF_FORK * n_points if n_large > 1 else 0.0
            divided = float(own[index].max() + sum(right[child] for child in children)) - cost
            # A twig alone does not make a trunk of the vessel it leaves.
            least_gain = 0.0 if n_large > 1 or any(is_divided[child] for child in children) else _TWIG * n_points
            if children and divided > right[index] + least_gain:
                is_divided[index], right[index] = True, divided
        return is_divided
