"""Names that persons gave put on the branches of a tree, over those proposed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from twin.naming.branch_name import BranchName
from twin.vessel_graph import VesselGraph

__all__ = ["with_given_names"]

# Ours: a centreline traced anew from changed labels moves by less; farther off the branch is another, or gone.
_FARTHEST_MM = 8.0


def with_given_names(graph: VesselGraph, given: Iterable[BranchName]) -> tuple[VesselGraph, tuple[BranchName, ...]]:
    """Return a tree with the names that persons gave, and the names whose branch is no longer there.

    The branch nearest to the place of a name gets it, confirmed; below a segmental branch or a hepatic vein all that
    hangs on it is numbered after it. A branch that had the name as a proposal gets a letter behind it.

    Parameters
    ----------
    graph
        With names proposed.
    given
        Names, of any tree; the later one counts where two mean one branch.
    """
    names = {branch.index: branch.name for branch in graph.branches}
    tops: dict[int, BranchName] = {}
    lost = []
    for one in given:
        if one.tree != graph.tree:
            continue
        branch = _branch_at(graph, one)
        if branch is None:
            lost.append(one)
        else:
            tops[branch] = one
    for index in sorted(tops, key=lambda top: _depth(graph, top)):
        _rename(names, graph, index, tops[index], set(tops))
    branches = tuple(
        replace(branch, name=names[branch.index], is_name_confirmed=branch.is_name_confirmed or branch.index in tops)
        for branch in graph.branches
    )
    return (replace(graph, branches=branches) if tops else graph), tuple(lost)


def _branch_at(graph: VesselGraph, one: BranchName) -> int | None:
    if len(graph.radii_mm) == 0:
        return None
    node = graph.nearest_node(one.point_lps_mm)
    gap = float(np.linalg.norm(graph.nodes_lps_mm[node] - np.asarray(one.point_lps_mm)))
    return int(graph.branch_of_node[node]) if gap <= max(_FARTHEST_MM, float(graph.radii_mm[node])) else None


def _depth(graph: VesselGraph, index: int) -> int:
    depth, parent = 0, graph.branch(index).parent
    while parent is not None:
        depth, parent = depth + 1, graph.branch(parent).parent
    return depth


def _rename(names: dict[int, str], graph: VesselGraph, top: int, one: BranchName, tops: set[int]) -> None:
    """Give a branch its name, with what hangs on it where the name means that too, no name twice."""
    changed = [top]
    if one.covers_subtree:
        changed = [i for i in graph.downstream_branches(top) if i == top or not _has_top_between(graph, i, top, tops)]
    for index in changed:
        names.pop(index)
    holder = next((index for index, name in names.items() if name == one.name), None)
    taken = {*names.values(), one.name}
    if holder is not None:
        names[holder] = _free(one.name, taken)
        taken.add(names[holder])
    names[top] = one.name
    for index in changed[1:]:
        parent = graph.branch(index).parent
        assert parent is not None
        names[index] = _numbered(names[parent], taken)
        taken.add(names[index])


def _has_top_between(graph: VesselGraph, index: int, top: int, tops: set[int]) -> bool:
    """Tell whether a branch is named by a person itself, or hangs on one that is, below a top."""
    here: int | None = index
    while here is not None and here != top:
        if here in tops:
            return True
        here = graph.branch(here).parent
    return False


def _free(name: str, taken: set[str]) -> str:
    letters = (f"{name}.{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")
    return next((one for one in letters if one not in taken), "") or _numbered(f"{name}.z", taken)


def _numbered(name: str, taken: set[str]) -> str:
    number = 1
    while f"{name}.{number}" in taken:
        number += 1
    return f"{name}.{number}"
