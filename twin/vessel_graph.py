"""A vessel tree as a graph: centreline nodes with radii, oriented from the root, with named branches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from twin.errors import InputError

__all__ = ["GraphRepair", "RepairKind", "VesselBranch", "VesselGraph", "order_from_root"]


class RepairKind(StrEnum):
    """What was done to make a tree of vessels out of labelled voxels."""

    LOOP = "loop"  # opened at its thinnest place
    GAP = "gap"  # bridged
    ROOTS = "roots"  # two roots met: separated at the thinnest place between them
    APART = "apart"  # a piece that nothing reaches, kept with a root of its own
    DROPPED = "dropped"  # a small piece that nothing reaches, left out


@dataclass(frozen=True)
class GraphRepair:
    """One repair: where, and how long the loop, the bridge or the piece is. A person should look at it."""

    kind: RepairKind
    point_lps_mm: tuple[float, float, float]
    length_mm: float


@dataclass(frozen=True)
class VesselBranch:
    """One branch between two forks: its stable name and its parent.

    ``name`` is a path such as ``"portal.right.anterior"``; ``index`` is the value in the branch layer (from 1).
    """

    index: int
    name: str
    parent: int | None
    is_name_confirmed: bool = False


@dataclass(frozen=True, eq=False)
class VesselGraph:
    """Centreline tree of one vessel system.

    Parameters
    ----------
    tree
        ``"portal"``, ``"hepatic"``, ``"arterial"``, ``"biliary"``, ``"pancreatic"``.
    nodes_lps_mm
        (n, 3) float64.
    radii_mm
        (n,) float64, radius at each node.
    parents
        (n,) int32, index of the next node towards the root; -1 at a root.
    branch_of_node
        (n,) int32, ``VesselBranch.index`` of each node.
    branches
        The branches, by index.
    repairs
        What was mended when the tree was traced from voxels.
    """

    tree: str
    nodes_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    parents: NDArray[np.int32]
    branch_of_node: NDArray[np.int32]
    branches: tuple[VesselBranch, ...] = field(default_factory=tuple)
    repairs: tuple[GraphRepair, ...] = ()

    def __post_init__(self) -> None:
        n_nodes = self.nodes_lps_mm.shape[0]
        for array in (self.radii_mm, self.parents, self.branch_of_node):
            if array.shape != (n_nodes,):
                raise ValueError("radii, parents and branches need one value per node")
            array.setflags(write=False)
        self.nodes_lps_mm.setflags(write=False)

    def branch(self, index: int) -> VesselBranch:
        """Return a branch by its index.

        Raises
        ------
        InputError
            ``error.vessels.no_branch`` when the tree has none of this index.
        """
        for branch in self.branches:
            if branch.index == index:
                return branch
        raise InputError("error.vessels.no_branch", tree=self.tree, branch=index)

    def downstream_branches(self, index: int) -> tuple[int, ...]:
        """Return the branches whose way to the root passes through a branch, itself first.

        Examples
        --------
        >>> branches = tuple(VesselBranch(i, str(i), p) for i, p in ((1, None), (2, 1), (3, 1), (4, 2)))
        >>> empty = np.zeros(0)
        >>> graph = VesselGraph("portal", np.zeros((0, 3)), empty, empty.astype(int), empty.astype(int), branches)
        >>> graph.downstream_branches(2), graph.downstream_branches(1)
        ((2, 4), (1, 2, 4, 3))
        """
        children: dict[int | None, list[int]] = {}
        for branch in self.branches:
            children.setdefault(branch.parent, []).append(branch.index)
        found, waiting = [], [self.branch(index).index]
        while waiting:
            found.append(waiting.pop())
            waiting += reversed(children.get(found[-1], []))
        return tuple(found)

    def branches_of(self, name: str) -> tuple[int, ...]:
        """Return the indices of a named branch and of all that hangs on it; none when nothing bears the name.

        What hangs on it counts whatever its name (segment 4 has 4a and 4b, the umbilical portion segments 3 and 4),
        but for a branch named after the other side: an anterior branch from the left portal vein stays a right one.

        Parameters
        ----------
        name
            ``"portal.right"``, ``"hepatic.middle"``, ...
        """
        names = {branch.index: branch.name for branch in self.branches}
        own = {index for index, known in names.items() if known == name or known.startswith(name + ".")}
        tops = [branch.index for branch in self.branches if branch.index in own and branch.parent not in own]
        side = name.split(".")[1:2]

        def is_of_other_side(index: int) -> bool:
            other = names[index].split(".")[1:2]
            return self.tree == "portal" and side != other and {*side, *other} == {"left", "right"}

        hanging = {below for top in tops for below in self.downstream_branches(top) if not is_of_other_side(below)}
        return tuple(sorted(own | hanging))

    @cached_property
    def order_from_root(self) -> NDArray[np.int64]:
        """Nodes, each parent before its children, int64 (n_nodes,)."""
        return order_from_root(self.parents)

    @cached_property
    def begins_branch(self) -> NDArray[np.bool_]:
        """Nodes at which a branch begins: roots, and those whose parent lies on another branch, bool (n_nodes,)."""
        has_parent = self.parents >= 0
        parents = np.where(has_parent, self.parents, 0)
        return np.asarray(~has_parent | (self.branch_of_node != self.branch_of_node[parents]))

    @cached_property
    def lengths_mm(self) -> Mapping[int, float]:
        """Length of each branch by its index, from the fork that it leaves to its end, in mm."""
        has_parent = self.parents >= 0
        steps = np.zeros(len(self.parents))
        gaps = self.nodes_lps_mm[has_parent] - self.nodes_lps_mm[self.parents[has_parent]]
        steps[has_parent] = np.linalg.norm(gaps, axis=1)
        return self._by_branch(steps)

    @cached_property
    def mean_diameters_mm(self) -> Mapping[int, float]:
        """Mean diameter of each branch by its index, over its nodes, in mm."""
        totals, counts = self._by_branch(2.0 * self.radii_mm), self._by_branch(np.ones(len(self.radii_mm)))
        return {index: total / counts[index] if counts[index] else 0.0 for index, total in totals.items()}

    def _by_branch(self, values: NDArray[np.float64]) -> dict[int, float]:
        largest = max((branch.index for branch in self.branches), default=0)
        sums = np.bincount(self.branch_of_node, values, minlength=largest + 1)
        return {branch.index: float(sums[branch.index]) for branch in self.branches}

    def nearest_node(self, point_lps_mm: ArrayLike) -> int:
        """Return the number of the node nearest to a point, LPS mm; the first of several.

        Raises
        ------
        InputError
            ``error.vessels.empty`` when the tree has no node.
        """
        if len(self.radii_mm) == 0:
            raise InputError("error.vessels.empty", tree=self.tree)
        gaps = self.nodes_lps_mm - np.asarray(point_lps_mm, np.float64)
        return int(np.einsum("nx,nx->n", gaps, gaps).argmin())

    def with_names(self, names: Mapping[int, str], *, is_confirmed: bool = False) -> VesselGraph:
        """Return a copy in which branches (by index) have other names; the others keep theirs.

        Raises
        ------
        InputError
            ``error.vessels.no_branch`` for an index that the tree does not have, ``error.vessels.same_name`` when
            two branches would have one name.
        """
        for index in names:
            self.branch(index)
        branches = tuple(
            replace(branch, name=names[branch.index], is_name_confirmed=is_confirmed)
            if branch.index in names
            else branch
            for branch in self.branches
        )
        seen: set[str] = set()
        for branch in branches:
            if branch.name in seen:
                raise InputError("error.vessels.same_name", tree=self.tree, branch=branch.name)
            seen.add(branch.name)
        return replace(self, branches=branches)


def order_from_root(parents: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the nodes so that each parent comes before its children."""
    depth = np.full(len(parents), -1, np.int64)
    depth[parents < 0] = 0
    while (depth < 0).any():
        known = (depth < 0) & (depth[np.maximum(parents, 0)] >= 0) & (parents >= 0)
        if not known.any():  # a loop: its nodes come last
            depth[depth < 0] = depth.max() + 1
            break
        depth[known] = depth[parents[known]] + 1
    return np.argsort(depth, kind="stable")
