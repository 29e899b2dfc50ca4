"""Names of the hepatic veins: right, middle, left, their common trunk, inferior right, caudate, accessory ones.

A main vein is a large subtree that ends high at the vena cava; which one it is follows from the azimuth of what it
drains. Veins that enter the vena cava lower down are inferior right ones when they drain the right side, caudate ones
when they are short and drain what lies round the vena cava, else accessory.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, permutations

import numpy as np

from twin.naming.branch_tree import BranchTree
from twin.naming.landmarks import CavaAxis, VeinCourse
from twin.naming.name_book import NameBook

__all__ = ["MAIN_VEINS", "hepatic_names", "vein_courses"]

MAIN_VEINS = ("right", "middle", "left")

# Usual azimuth of what a vein drains (degrees); ours, from phantoms and one labelled CT, 20 degrees apart at least.
_USUAL_DEG = {"right": 15.0, "middle": 75.0, "left": 130.0}
_LEAST_SHARE = 0.07  # of the liver, for a main vein
_LEAST_SHARE_OF_COMMON = 0.06  # each child of a common trunk drains so much
_LEAST_APART_DEG = 22.0
_LONGEST_COMMON_MM = 35.0
_LOW_MM = 25.0  # so far below the highest vein a root belongs to no main vein
_CAUDATE_REACH_MM = 40.0
_MAIN_SHARE = 0.3  # the main course follows the larger child while it keeps this much


def hepatic_names(tree: BranchTree, axis: CavaAxis) -> tuple[dict[int, str], dict[str, int]]:
    """Return a name for each branch, and the top branch of each main vein that was found."""
    book = NameBook(tree)
    candidates, commons, mains = _veins(tree, axis)
    for trunk in commons:
        inside = {name for name, top in mains.items() if trunk in tree.above(top)}
        book.name_one("hepatic." + ("_".join(n for n in MAIN_VEINS if n in inside) or "trunk"), trunk)
    for name, top in mains.items():
        book.name_subtree(f"hepatic.{name}", top)
    for top in sorted(set(candidates) - set(mains.values()), key=lambda t: -tree.supply[t]):
        book.name_subtree(_lesser_name(top, mains, tree, axis), top)
    return book.names, mains


def vein_courses(tree: BranchTree, mains: Mapping[str, int], axis: CavaAxis) -> dict[str, VeinCourse]:
    """Return the courses of the main veins."""
    found = {}
    for name, top in mains.items():
        nodes = tree.nodes_of(tree.main_course(top, _MAIN_SHARE))
        course = VeinCourse.of_points(tree.graph.nodes_lps_mm[nodes], axis)
        if course is not None:
            found[name] = course
    return found


def _mean_azimuths(tree: BranchTree, axis: CavaAxis) -> Mapping[int, float]:
    """Return the mean azimuth of what each subtree drains; that of its nodes where it drains nothing."""
    azimuth = axis.azimuth_deg(tree.supplied.points_lps_mm)
    sums = tree.subtree_sums(np.bincount(tree.supplied.branch, azimuth, minlength=tree.n_rows).astype(np.float64))
    means = sums / np.maximum(tree.supply, 1.0)
    return {index: float(means[index]) for index in tree.order}


def _veins(tree: BranchTree, axis: CavaAxis) -> tuple[list[int], list[int], dict[str, int]]:
    """Return the tops of veins, the branches of common trunks, and the main veins.

    A trunk is common when two main veins part at its end; else it is the first piece of one vein.
    """
    whole: set[int] = set()
    while True:
        tops, forks = _candidates(tree, axis, whole)
        mains = _mains(tops, tree, axis)
        single = {fork[0] for fork in forks if sum(fork[0] in (top, *tree.above(top)) for top in mains.values()) < 2}
        if not single:
            return tops, [branch for fork in forks for branch in fork], mains
        whole |= single


def _candidates(tree: BranchTree, axis: CavaAxis, whole: set[int]) -> tuple[list[int], list[list[int]]]:
    """Return the tops of veins, common trunks opened but for those to be left whole, and the trunks opened."""
    azimuth = _mean_azimuths(tree, axis)
    n_points = max(len(tree.supplied.branch), 1)
    tops: list[int] = []
    forks: list[list[int]] = []
    for root in tree.roots:
        waiting = [root]
        while waiting:
            top = waiting.pop()
            fork = [] if top in whole else _fork_of_common(top, root, tree, azimuth, _LEAST_SHARE_OF_COMMON * n_points)
            if not fork:
                tops.append(top)
                continue
            forks.append(fork)
            waiting += [child for branch in fork for child in tree.children[branch] if child not in fork]
    return tops, forks


def _fork_of_common(
    top: int, root: int, tree: BranchTree, azimuth: Mapping[int, float], least_supply: float
) -> list[int]:
    """Return the branches from a top to the fork near its root where veins of different sides part; none without."""
    way = [top]
    while True:
        large = [child for child in tree.children[way[-1]] if tree.supply[child] >= least_supply]
        if len(large) > 1 and any(abs(azimuth[a] - azimuth[b]) >= _LEAST_APART_DEG for a, b in combinations(large, 2)):
            is_near = np.linalg.norm(tree.end(way[-1]) - tree.start(root)) <= _LONGEST_COMMON_MM
            return way if is_near else []
        if not large:
            return []
        way.append(max(large, key=lambda child: tree.supply[child]))


def _mains(candidates: list[int], tree: BranchTree, axis: CavaAxis) -> dict[str, int]:
    """Choose the main veins: the assignment whose azimuths fit best, large veins first."""
    azimuth = _mean_azimuths(tree, axis)
    share = {top: float(tree.supply[top]) / max(len(tree.supplied.branch), 1) for top in candidates}
    highest = max((float(tree.start(top)[2]) for top in candidates), default=0.0)
    able = [t for t in candidates if share[t] >= _LEAST_SHARE and float(tree.start(t)[2]) >= highest - _LOW_MM]
    able = sorted(able, key=lambda top: -share[top])[:6]

    def fit(choice: tuple[int | None, ...]) -> float:
        return sum(
            share[top] * (1.0 - ((azimuth[top] - _USUAL_DEG[name]) / 45.0) ** 2)
            for name, top in zip(MAIN_VEINS, choice, strict=True)
            if top is not None
        )

    def is_in_order(choice: tuple[int | None, ...]) -> bool:
        there = [azimuth[top] for top in choice if top is not None]
        return there == sorted(there)

    choices = [c for c in permutations([*able, *([None] * 3)], 3) if is_in_order(c)]
    best = max(choices, key=fit)
    return {name: top for name, top in zip(MAIN_VEINS, best, strict=True) if top is not None}


def _lesser_name(top: int, mains: Mapping[str, int], tree: BranchTree, axis: CavaAxis) -> str:
    """Return the name of a vein that is no main one."""
    nodes = tree.nodes_of(tree.below(top))
    points = tree.graph.nodes_lps_mm[nodes]
    azimuth = _mean_azimuths(tree, axis)[top]
    farthest = float(axis.reach_mm(points).max())
    heights = [float(tree.start(main)[2]) for main in mains.values()]
    is_low = bool(heights) and float(tree.start(top)[2]) < max(heights) - _LOW_MM
    if farthest <= _CAUDATE_REACH_MM and azimuth > _USUAL_DEG["right"] + 20.0:
        return "hepatic.caudate"
    if is_low and azimuth < _USUAL_DEG["middle"] - 15.0:
        return "hepatic.inferior_right"
    return "hepatic.accessory"
