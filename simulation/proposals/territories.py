"""Territory sets and wedges as candidates: each evaluated once, from counts of states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from simulation.proposals.candidate import Candidate, Found, Question, wedges_of
from simulation.proposals.constraints import LARGEST_MARGIN_MM, CutKind
from simulation.proposals.kernels.candidates import count_wedges
from simulation.proposals.search_space import LabelReach, SearchSpace
from simulation.segment_codes import segments_of_code
from twin.resection import Resection, TerritorySet

__all__ = ["territory_candidates", "wedge_candidates", "wedge_counts"]

# Brisbane 2000 with the caudate and without (CLINICAL table: Celinski & Gamblin 2010), by New World code.
_CODES = (
    "H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H23", "H58", "H67", "H56", "H458", "H234", "H1234", "H5678",
    "H15678", "H45678", "H145678", "H23458", "H123458",
)  # fmt: skip
_MOST_OF_ORGAN = 0.9  # a territory that is nearly all of the liver is no proposal
_MOST_BRANCHES = 4  # a set of more branches is no operation that has a name

_Set = tuple[TerritorySet, NDArray[np.bool_]]  # and, for each label value, whether it is removed


def territory_candidates(question: Question, margins_mm: tuple[float, ...]) -> list[Candidate]:
    """Return territory sets, with wedges around the required lesions that no territory of the set takes.

    Segments are taken by the codes of Brisbane's resections; portal branches where a branch takes all that lies within
    a margin of a lesion, at each level of the tree.
    """
    space = question.space
    wedges = _Wedges(space, margins_mm)
    found = Found(question)
    for partition in _partitions(space):
        for territory, is_in in partition.sets(margins_mm):
            _add_with_wedges(found, partition, territory, is_in, margins_mm, wedges)
    return found.candidates()


def wedge_candidates(question: Question, margins_mm: tuple[float, ...]) -> list[Candidate]:
    """Return a wedge around every required lesion, at each margin at which all of them open onto the capsule."""
    space = question.space
    required = question.is_required
    wedges = _Wedges(space, margins_mm)
    found = Found(question)
    for margin_mm in margins_mm:
        if not (space.near.capsule_mm[required] <= margin_mm).all():
            continue
        depths = margin_mm - space.node_distance_mm[:, required].min(axis=1, initial=np.inf)
        cuts = wedges_of(required, margin_mm, space.lesion_ids)
        found.add(wedges.counts(required, margin_mm), depths.astype(np.float64), cuts, margin_mm)
    return found.candidates()


class _Wedges:
    """Counts of wedges at each of some margins, kept: many sets are joined with the same ones."""

    def __init__(self, space: SearchSpace, margins_mm: tuple[float, ...]) -> None:
        self._space = space
        self._margins_mm = margins_mm
        self._known: dict[bytes, NDArray[np.int64]] = {}

    def counts(self, wedged: NDArray[np.bool_], margin_mm: float) -> NDArray[np.int64]:
        """Return what wedges around some lesions remove of each group."""
        key = wedged.tobytes()
        if key not in self._known:
            self._known[key] = wedge_counts(self._space, wedged, np.array(self._margins_mm))
        return np.asarray(self._known[key][self._margins_mm.index(margin_mm)])


class _Partition:
    """The organ divided by one layer: where each label lies, seen from lesions and vessels."""

    def __init__(self, space: SearchSpace, reach: LabelReach, of_group: NDArray[np.int64]) -> None:
        self.space, self._reach, self.of_group = space, reach, of_group
        self.n_labels, self.near_mm = reach.n_labels, reach.near_mm
        self._rule = space.sparing_rule

    def sets(self, margins_mm: tuple[float, ...]) -> Iterator[_Set]:
        """Yield the segments of Brisbane's resections."""
        present = np.unique(self.of_group)
        for code in _CODES:
            values = [value for value in segments_of_code(code) if value in present]
            if values:
                yield TerritorySet(new_world_code=code), np.isin(np.arange(self.n_labels), values)

    def depths(self, territory: TerritorySet, is_in: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return stand-ins for the depth of nodes in a set of labels: only their order beside the walls matters.

        Trunks that the set spares are left alone, as in a plan.
        """
        trees = self.space.trees
        inside = trees.in_organ & is_in[self._reach.label_of_node]
        for tree, spared in self._spared(territory, is_in).items():
            first = trees.first_node[tree]
            inside[first : first + spared.size] &= ~spared
        is_deep = inside.copy()
        is_deep[inside] = ~self._reach.has_other_near(np.flatnonzero(inside), is_in)
        return np.where(is_deep, trees.limits_mm + 1.0, np.where(inside, 0.5 * trees.limits_mm, -1.0))

    def _spared(self, territory: TerritorySet, is_in: NDArray[np.bool_]) -> Mapping[str, NDArray[np.bool_]]:
        return self._rule.by_segments(segments_of_code(territory.new_world_code), self._counts(is_in))

    def _counts(self, is_in: NDArray[np.bool_]) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Return the voxels of each territory of each tree, whole and staying."""
        space = self.space
        stays = np.where(is_in[self.of_group], 0, space.counts)
        found = {}
        for tree, n_rows in self._rule.n_rows.items():
            branches = space.branch_of_group if tree == "portal" else space.drain_of_group
            sums = (np.bincount(branches, counts, n_rows)[:n_rows].astype(np.int64) for counts in (space.counts, stays))
            found[tree] = (next(sums), next(sums))
        return found


class _PortalPartition(_Partition):
    """The organ divided by its portal branches."""

    def sets(self, margins_mm: tuple[float, ...]) -> Iterator[_Set]:
        """Yield, for each lesion, margin and level of the tree, the branches that take all within that margin."""
        graph = self.space.model.twin.graphs["portal"]
        lines = {branch.index: _line(branch.name) for branch in graph.branches if branch.index < self.n_labels}
        below: dict[str, list[int]] = {}
        for index, line in lines.items():
            for name in line:
                below.setdefault(name, []).append(index)
        real = {branch.name for branch in graph.branches}
        known: set[tuple[str, ...]] = set()
        for column in (*self.near_mm.T, self.near_mm.min(axis=1, initial=np.inf)):
            for margin_mm in margins_mm:
                touched = [lines[index] for index in np.flatnonzero(column <= margin_mm).tolist() if index in lines]
                for level in range(1, max((len(line) for line in touched), default=0)):
                    chosen = tuple(sorted({line[min(level, len(line) - 1)] for line in touched}))
                    if len(chosen) > _MOST_BRANCHES:
                        break  # deeper there are no fewer
                    if chosen in known or not real.issuperset(chosen):
                        continue
                    known.add(chosen)
                    taken = [index for name in chosen for index in below[name]]
                    yield TerritorySet(branches=chosen), np.isin(np.arange(self.n_labels), taken)

    def _spared(self, territory: TerritorySet, is_in: NDArray[np.bool_]) -> Mapping[str, NDArray[np.bool_]]:
        return self._rule.by_branches({"portal": np.flatnonzero(is_in).tolist()}, self._counts(is_in))


def _line(name: str) -> tuple[str, ...]:
    """Return the names from the trunk to a branch.

    Examples
    --------
    >>> _line("portal.right.6")
    ('portal', 'portal.right', 'portal.right.6')
    """
    parts = name.split(".")
    return tuple(".".join(parts[: n + 1]) for n in range(len(parts)))


def _partitions(space: SearchSpace) -> Iterator[_Partition]:
    model = space.model
    if space.segment_reach is not None:
        yield _Partition(space, space.segment_reach, space.segment_of_group)
    if space.branch_reach is not None and "portal" in model.twin.graphs:
        yield _PortalPartition(space, space.branch_reach, space.branch_of_group)


def _add_with_wedges(
    found: Found,
    partition: _Partition,
    territory: TerritorySet,
    is_in: NDArray[np.bool_],
    margins_mm: tuple[float, ...],
    wedges: _Wedges,
) -> None:
    """Add a territory set as it is, or with wedges at each margin around the required lesions that it leaves."""
    question = found.question
    space, required, near_mm = question.space, question.is_required, partition.near_mm
    is_gone = is_in[partition.of_group]
    base = np.where(is_gone, space.counts, 0)
    if not 0 < base[1:].sum() <= _MOST_OF_ORGAN * space.counts[1:].sum():
        return
    # From the voxels of the lesion to those that stay; the borders lie half a voxel from both.
    voxel_mm = float(space.model.grid.spacing_ijk_mm.min())
    left_mm = near_mm[~is_in].min(axis=0, initial=np.inf)
    clear_mm = np.where(np.isfinite(left_mm), np.maximum(left_mm - voxel_mm, 0.0), LARGEST_MARGIN_MM)
    is_taken = left_mm > 0.0
    if not is_taken[required].any():
        return
    depths = partition.depths(territory, is_in)
    if is_taken[required].all():
        found.add(base, depths, (territory,), min(float(clear_mm[is_taken].min()), LARGEST_MARGIN_MM))
    if CutKind.WEDGE not in question.constraints.kinds:
        return
    taken_mm = near_mm[is_in].min(axis=0, initial=np.inf)
    for margin_mm in margins_mm:
        wedged = required & ~(clear_mm >= margin_mm)
        opens = (space.near.capsule_mm <= margin_mm) | (taken_mm <= margin_mm)
        if not wedged.any() or wedged[required].all() or not opens[wedged].all():
            continue
        removed = base + np.where(is_gone, 0, wedges.counts(wedged, margin_mm))
        deepest = np.maximum(depths, margin_mm - space.node_distance_mm[:, wedged].min(axis=1))
        cuts: tuple[Resection, ...] = (territory, *wedges_of(wedged, margin_mm, space.lesion_ids))
        found.add(removed, deepest, cuts, margin_mm)


def wedge_counts(
    space: SearchSpace,
    wedged: NDArray[np.bool_],
    margins_mm: NDArray[np.float64],
    is_removed: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Return the voxels of each group that wedges remove at rising margins, by the rule of the plans.

    ``is_removed`` are the voxels near lesions, as many as lie within the largest margin, that are gone already.
    Returned are int64 (margins, n_groups).
    """
    n_within = int(space.near.within(margins_mm).max(initial=0))
    gone = np.zeros(n_within, np.bool_) if is_removed is None else is_removed
    counts = np.zeros((margins_mm.size, space.n_groups), np.int64)
    margins = margins_mm.astype(np.float32)
    count_wedges(space.near.group, space.near.distance_mm, n_within, wedged, margins, gone, counts)
    return counts.cumsum(axis=0)
