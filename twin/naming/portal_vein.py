"""Names of the portal branches: main, right, left, anterior, posterior and segmental ones, and the portal type.

Which side of the hepatic veins a subtree supplies tells what it is (Couinaud): the middle vein divides right and left
liver, the right vein the anterior and the posterior sector, the umbilical portion of the left branch segment 4 from 2
and 3, the left vein 2 from 3, and the level of the fork of a sector its upper from its lower segment. The order of the
forks, not their place, tells the portal type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from twin.naming.branch_tree import BranchTree, Partition
from twin.naming.caudate import CaudateRegion
from twin.naming.landmarks import CRANIAL_AND_BACK, CavaAxis, VeinCourse
from twin.naming.name_book import NameBook

__all__ = ["PortalNames", "PortalType", "portal_names"]

Points = NDArray[np.float64]
Classes = NDArray[np.int64]

# Where a vein is not seen its usual azimuth stands in (degrees); the same as in hepatic_veins.
_USUAL_DEG = {"right": 15.0, "middle": 75.0}
_TRIFURCATION_MM = 6.0  # ours: forks no farther apart than about half a trunk's width are one
# Ours. The trunk that is left after the right posterior branch went off is still the main portal vein while it runs on
# to the right, and the left branch, from which the right anterior one then comes, where it turns to the left.
_LEFTWARD = 0.2
_HALF = 0.5  # the trunk of the left branch goes on while it supplies half of it
_SECTOR_TRUNK = 0.6
_UMBILICAL_MM = 10.0  # what leaves so near to the end of the umbilical portion leaves it
_LEAST_LATERAL = 0.02
_LEAST_CAUDATE = 0.4
_LARGEST_CAUDATE = 0.12  # of the liver; ours, twice a usual caudate lobe
_LEAST_TRIBUTARY_MM = 20.0
_LEAST_TRIBUTARY_WIDTH = 0.3


class PortalType(StrEnum):
    """How the portal vein divides (Cheng and colleagues, Surg Gynecol Obstet 1996; frequencies differ by series)."""

    USUAL = "usual"  # right and left, then the right into anterior and posterior
    TRIFURCATION = "trifurcation"  # left, right anterior, right posterior at one place
    POSTERIOR_FIRST = "right-posterior-first"  # the right posterior branch leaves the main trunk before the others
    ANTERIOR_FROM_LEFT = "right-anterior-from-left"  # the right anterior branch leaves the left one
    OTHER = "other"  # the three are seen, and part in another order
    UNKNOWN = "unknown"  # a branch of the three is not seen


@dataclass(frozen=True, eq=False)
class PortalNames:
    """Names by branch index, the portal type, and the region of the caudate lobe that was found with them."""

    names: Mapping[int, str]
    portal_type: PortalType
    caudate: CaudateRegion | None


def portal_names(
    tree: BranchTree, axis: CavaAxis, courses: Mapping[str, VeinCourse], confluence_lps_mm: Points | None
) -> PortalNames:
    """Name the branches of a portal tree.

    Parameters
    ----------
    tree
        With what each branch supplies.
    axis
        Of the vena cava.
    courses
        Of the main hepatic veins that were found, by name.
    confluence_lps_mm
        Where the middle and left hepatic veins meet the vena cava, (3,), or None.
    """
    return _Namer(tree, axis, courses, confluence_lps_mm).named()


class _Namer:
    def __init__(
        self, tree: BranchTree, axis: CavaAxis, courses: Mapping[str, VeinCourse], confluence_lps_mm: Points | None
    ) -> None:
        self.tree, self.axis, self.courses = tree, axis, courses
        self.confluence = confluence_lps_mm
        self.points = tree.supplied.points_lps_mm
        self.azimuth = axis.azimuth_deg(self.points)
        self.book = NameBook(tree)
        self.caudate: CaudateRegion | None = None
        self.caudate_tops: tuple[int, ...] = ()

    def named(self) -> PortalNames:
        """Return the names."""
        is_left = self._is_beyond("middle").astype(np.int64)
        self.caudate_tops = self._caudate_tops(self.tree.divided(self.tree.roots, is_left, 2))
        sides = self._divided(self.tree.roots, is_left, 2)
        rights, lefts = sides.tops.get(0, ()), sides.tops.get(1, ())
        is_behind = np.where(self._is_beyond("right"), 0, 1)
        sectors = self._divided(rights, is_behind, 2)
        for index in sides.trunk:
            self._name_trunk(index, set(sides.trunk))
        self._name_right(sectors)
        self._name_left(lefts)
        for top in self.caudate_tops:
            self.book.name_subtree(self._caudate_name(top), top)
        return PortalNames(self.book.names, self._type(lefts, sectors), self.caudate)

    def _divided(self, tops: Iterable[int], classes: Classes, n_classes: int) -> Partition:
        return self.tree.divided(tops, classes, n_classes, without=self.caudate_tops)

    def _is_beyond(self, vein: str) -> NDArray[np.bool_]:
        """Tell which points lie to the left of a vein, seen from the vena cava."""
        course = self.courses.get(vein)
        border = _USUAL_DEG[vein] if course is None else course.azimuth_at(self.points[:, 2])
        return np.asarray(self.azimuth > border)

    # The caudate lobe

    def _caudate_tops(self, sides: Partition) -> tuple[int, ...]:
        """Return small subtrees that leave a trunk and supply the region of the caudate lobe."""
        lefts = sides.tops.get(1, ())
        if not sides.trunk or not lefts or self.confluence is None:
            return ()
        main_left = max(lefts, key=lambda top: float(self.tree.supply[top]))
        course = self.tree.main_course(main_left, _HALF)
        left_points = self.tree.graph.nodes_lps_mm[self.tree.nodes_of(course)]
        self.caudate = CaudateRegion.between(self.tree.start(main_left), left_points, self.confluence, self.axis)
        counts = self.tree.class_counts(self.caudate.contains(self.points).astype(np.int64), 2)
        subtree = self.tree.subtree_sums(counts)
        largest = _LARGEST_CAUDATE * len(self.points)
        found = []
        waiting = [child for trunk in (*sides.trunk, *self._main_courses(sides)) for child in self.tree.children[trunk]]
        trunks = {*sides.trunk, *self._main_courses(sides)}
        for top in dict.fromkeys(waiting):
            total = float(subtree[top].sum())
            if top not in trunks and 0 < total <= largest and subtree[top, 1] >= _LEAST_CAUDATE * total:
                found.append(top)
        return tuple(found)

    def _main_courses(self, sides: Partition) -> tuple[int, ...]:
        """Return the trunks of the right and the left branch."""
        tops = [max(sides.tops[c], key=lambda t: float(self.tree.supply[t])) for c in (0, 1) if sides.tops.get(c)]
        return tuple(index for top in tops for index in self.tree.main_course(top, _HALF))

    def _caudate_name(self, top: int) -> str:
        above = [self.book.names.get(index, "") for index in self.tree.above(top)]
        side = next((s for name in above for s in ("right", "left") if name.startswith(f"portal.{s}")), None)
        return "portal.1" if side is None else f"portal.{side}.1"

    # Type and trunks

    def _type(self, lefts: tuple[int, ...], sectors: Partition) -> PortalType:
        """Tell the portal type from the order in which the three branches part."""
        groups = (lefts, sectors.tops.get(0, ()), sectors.tops.get(1, ()))
        if not all(groups):
            return PortalType.UNKNOWN
        left, front, back = (max(group, key=lambda top: float(self.tree.supply[top])) for group in groups)
        right, posterior_first, anterior_first = (
            self._fork(one, other) for one, other in ((front, back), (left, front), (left, back))
        )
        if right is None or posterior_first is None or anterior_first is None:
            return PortalType.UNKNOWN  # pieces apart: nobody knows where they join
        ways = [self._way_to(fork) for fork in (right, posterior_first, anterior_first)]
        if max(ways) - min(ways) <= _TRIFURCATION_MM:
            return PortalType.TRIFURCATION
        if ways[1] == max(ways):  # the left and the right anterior branch part last
            stem = self.tree.end(posterior_first) - self.tree.end(right)
            is_left_branch = float(stem[0]) > _LEFTWARD * float(np.linalg.norm(stem))
            return PortalType.ANTERIOR_FROM_LEFT if is_left_branch else PortalType.POSTERIOR_FIRST
        return PortalType.USUAL if ways[0] == max(ways) else PortalType.OTHER

    def _fork(self, one: int, other: int) -> int | None:
        """Return the branch at whose end two branches part; None when they have none in common."""
        over = set(self.tree.above(one)) | {one}
        return next((index for index in (other, *self.tree.above(other)) if index in over), None)

    def _way_to(self, fork: int) -> float:
        """Return the way from the root to the end of a branch in mm."""
        return sum(self.tree.graph.lengths_mm[index] for index in (fork, *self.tree.above(fork)))

    def _name_trunk(self, index: int, trunk: set[int]) -> None:
        """Name a piece of the trunk: the main portal vein and what flows into it, or what it becomes in a variant."""
        if self.tree.parent[index] is None:
            self._name_main(index, trunk)
        elif index not in self.book.names:
            self.book.name_one("portal", index)

    def _name_main(self, root: int, trunk: set[int]) -> None:
        """Name the way from a root to the first fork towards the liver, from there upstream."""
        way = [root]
        while True:
            onward = [c for c in self.tree.children[way[-1]] if self.tree.supply[c] >= 0.98 * self.tree.supply[root]]
            if not onward or onward[0] not in trunk:
                break
            way.append(onward[0])
        name = "portal"
        for index in reversed(way):
            self.book.name_one(name, index)
            parent = self.tree.parent[index]
            if name == "portal" and parent is not None and self._has_tributary(parent, index):
                name = f"portal.{self._tributary_name(self.tree.end(parent), self.tree.start(parent))}"

    def _has_tributary(self, parent: int, main: int) -> bool:
        width = self.tree.graph.mean_diameters_mm
        length = self.tree.graph.lengths_mm
        return any(
            sum(length[i] for i in self.tree.below(child)) >= _LEAST_TRIBUTARY_MM
            and width[child] >= _LEAST_TRIBUTARY_WIDTH * width[main]
            for child in self.tree.children[parent]
            if child != main
        )

    @staticmethod
    def _tributary_name(fork: Points, upstream: Points) -> str:
        way = upstream - fork
        return "splenic" if way[0] > abs(way[2]) else "mesenteric"

    # The right liver

    def _name_right(self, sectors: Partition) -> None:
        for index in sectors.trunk:
            self.book.name_one("portal.right", index)
        for kind, name, segments in ((0, "anterior", ("8", "5")), (1, "posterior", ("7", "6"))):
            supplying = self._supplying(sectors.tops.get(kind, ()), "portal.right")
            if supplying:
                path = f"portal.right.{name}"
                self._name_levels(supplying, path, (f"{path}.{segments[0]}", f"{path}.{segments[1]}"))

    def _supplying(self, tops: Iterable[int], name: str) -> tuple[int, ...]:
        """Return the tops that supply the organ; the others are twigs of the trunk or come from outside."""
        supplying = []
        for top in tops:
            if self.tree.supply[top] > 0:
                supplying.append(top)
            elif self._is_tributary(top):
                self.book.name_subtree(f"portal.{self._tributary_name(self.tree.start(top), self._far(top))}", top)
            else:
                self.book.name_subtree(f"{name}.twig", top)
        return tuple(supplying)

    def _is_tributary(self, top: int) -> bool:
        parent = self.tree.parent[top]
        return parent is None or not self.book.names.get(parent, "portal").startswith(("portal.right", "portal.left"))

    def _far(self, top: int) -> Points:
        return self.tree.end(self.tree.main_course(top, 0.0)[-1])

    def _name_levels(self, tops: tuple[int, ...], trunk_name: str, segments: tuple[str, str]) -> None:
        """Divide a sector into its upper and lower segment, at the level of its fork."""
        level = self._level_of_fork(tops)
        parts = self._divided(tops, (self.points[:, 2] <= level).astype(np.int64), 2)
        for index in parts.trunk:
            self.book.name_one(trunk_name, index)
        for kind, name in enumerate(segments):
            self.book.name_subtrees(name, parts.tops.get(kind, ()))

    def _level_of_fork(self, tops: tuple[int, ...]) -> float:
        """Return the height at which a sector divides: the end of its trunk, or the beginning of several branches."""
        largest = max(tops, key=lambda top: float(self.tree.supply[top]))
        whole = sum(float(self.tree.supply[top]) for top in tops)
        if self.tree.supply[largest] < _SECTOR_TRUNK * whole:
            return float(self.tree.start(largest)[2])
        return float(self.tree.end(self.tree.main_course(largest, _SECTOR_TRUNK)[-1])[2])

    # The left liver

    def _name_left(self, lefts: tuple[int, ...]) -> None:
        supplying = self._supplying(lefts, "portal.left")
        if not supplying:
            return
        largest = max(supplying, key=lambda top: float(self.tree.supply[top]))
        umbilical = self.tree.end(self.tree.main_course(largest, _HALF)[-1])
        parts = self._divided(supplying, self._is_lateral(umbilical).astype(np.int64), 2)
        twos, threes, lateral_trunk = self._lateral(parts.tops.get(1, ()), umbilical)
        to_two = {i for top in twos for i in self.tree.above(top)}
        for index in (*parts.trunk, *lateral_trunk):
            is_first = not any(i in parts.trunk for i in self.tree.above(index))
            name = "portal.left" if is_first else f"portal.left.{'transverse' if index in to_two else 'umbilical'}"
            self.book.name_one(name, index)
        self.book.name_subtrees("portal.left.2", twos)
        self.book.name_subtrees("portal.left.3", threes)
        if fourth := parts.tops.get(0, ()):
            self._name_levels(fourth, "portal.left.4", ("portal.left.4a", "portal.left.4b"))

    def _lateral(
        self, tops: tuple[int, ...], umbilical: Points
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Return the subtrees of segment 2, of segment 3, and trunks of both.

        The branch of segment 2 leaves before the umbilical portion, that of segment 3 at its end; where only one of
        them is seen, the left hepatic vein divides what it supplies.
        """
        gaps = {top: float(np.linalg.norm(self.tree.start(top) - umbilical)) for top in tops}
        twos = tuple(top for top in tops if gaps[top] > _UMBILICAL_MM)
        threes = tuple(top for top in tops if gaps[top] <= _UMBILICAL_MM)
        least = _LEAST_LATERAL * len(self.points)
        if all(sum(float(self.tree.supply[top]) for top in group) >= least for group in (twos, threes)):
            return twos, threes, ()
        parts = self._divided(tops, np.where(self._is_above_left_vein(umbilical), 0, 1), 2)
        return parts.tops.get(0, ()), parts.tops.get(1, ()), parts.trunk

    def _is_lateral(self, umbilical: Points) -> NDArray[np.bool_]:
        """Tell which points lie to the left of the plane through the umbilical portion, to the front of the cava."""
        way = umbilical[:2] - self.axis.at(umbilical[2:3])[0]
        forward = way / max(float(np.linalg.norm(way)), 1e-6) + np.array([0.0, -1.0])
        forward /= max(float(np.linalg.norm(forward)), 1e-6)
        return np.asarray((self.points - umbilical) @ np.array([-forward[1], forward[0], 0.0]) > 0)

    def _is_above_left_vein(self, umbilical: Points) -> NDArray[np.bool_]:
        """Tell which points lie above and behind the left hepatic vein, or the umbilical portion without it."""
        course = self.courses.get("left")
        if course is not None:
            return course.is_above_and_behind(self.points)
        return np.asarray((self.points - umbilical) @ CRANIAL_AND_BACK > 0)
