"""Territory sets and wedges as candidates: each evaluated once, from counts of states."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulation.proposals.candidate import Candidate, Counted, Question, wedges_of
from simulation.proposals.constraints import LARGEST_MARGIN_MM, CutKind
from simulation.proposals.kernels.candidates import count_wedges, least_by_label
from simulation.proposals.search_space import SearchSpace
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
    found: list[Candidate] = []
    for labels, of_state, sets in _partitions(space, margins_mm):
        near_mm = _distances_of_labels(space, labels, int(of_state.max(initial=0)) + 1)
        near_nodes = space.labels_near_nodes(labels)
        for territory, is_in in sets(near_mm):
            found += _with_wedges(question, territory, is_in, labels, of_state, near_mm, near_nodes, margins_mm)
    return found


def wedge_candidates(question: Question, margins_mm: tuple[float, ...]) -> list[Candidate]:
    """Return a wedge around every required lesion, at each margin at which all of them open onto the capsule."""
    space = question.space
    required = question.is_required
    found: list[Candidate] = []
    for margin_mm in margins_mm:
        if not (space.near.capsule_mm[required] <= margin_mm).all():
            continue
        removed = wedge_counts(space, required, margin_mm)
        depths = margin_mm - space.node_distance_mm[:, required].min(axis=1, initial=np.inf)
        counted = question.count_removal(removed, depths.astype(np.float64))
        cuts = wedges_of(required, margin_mm, space.lesion_ids)
        found += question.candidates(counted, [cuts], np.array([margin_mm]))
    return found


def _partitions(space: SearchSpace, margins_mm: tuple[float, ...]):  # type: ignore[no-untyped-def]
    model, table = space.model, space.model.table
    if model.couinaud is not None:
        n_labels = int(table.couinaud.max(initial=0)) + 1
        yield model.couinaud, table.couinaud, lambda near_mm: _segment_sets(n_labels, table.couinaud)
    if model.portal is not None and "portal" in model.twin.graphs:
        yield model.portal, table.portal, lambda near_mm: _branch_sets(space, near_mm, margins_mm)


def _segment_sets(n_labels: int, of_state: NDArray[np.int64]) -> Iterator[_Set]:
    present = np.unique(of_state)
    for code in _CODES:
        values = [value for value in segments_of_code(code) if value in present]
        if values:
            yield TerritorySet(new_world_code=code), np.isin(np.arange(n_labels), values)


def _branch_sets(space: SearchSpace, near_mm: NDArray[np.float64], margins_mm: tuple[float, ...]) -> Iterator[_Set]:
    """Yield, for each lesion, each margin and each level of the portal tree, the branches that take all within it."""
    graph = space.model.twin.graphs["portal"]
    names = {branch.index: branch.name for branch in graph.branches}
    deepest = max((name.count(".") for name in names.values()), default=0)
    known: set[tuple[str, ...]] = set()
    for column in (*(near_mm[:, n] for n in range(near_mm.shape[1])), near_mm.min(axis=1, initial=np.inf)):
        for margin_mm in margins_mm:
            touched = [names[index] for index in np.flatnonzero(column <= margin_mm) if index in names]
            for level in range(1, deepest + 1):
                chosen = tuple(sorted({".".join(name.split(".")[: level + 1]) for name in touched}))
                if not chosen or len(chosen) > _MOST_BRANCHES or chosen in known:
                    continue
                known.add(chosen)
                is_in = np.zeros(len(near_mm), np.bool_)
                below = [i for i, name in names.items() if any(name == c or name.startswith(c + ".") for c in chosen)]
                is_in[[index for index in below if index < is_in.size]] = True
                if all(c in names.values() for c in chosen):
                    yield TerritorySet(branches=chosen), is_in


def _with_wedges(
    question: Question,
    territory: TerritorySet,
    is_in: NDArray[np.bool_],
    labels: NDArray[np.int32],
    of_state: NDArray[np.int64],
    near_mm: NDArray[np.float64],
    near_nodes: NDArray[np.bool_],
    margins_mm: tuple[float, ...],
) -> list[Candidate]:
    """Return a territory set as it is, or with wedges at each margin around the required lesions that it leaves."""
    space, required = question.space, question.is_required
    table, model = space.model.table, space.model
    removed_states = np.where(is_in[of_state] & (table.organ[1] > 0), model.counts, 0)
    in_organ = float(table.organ[1] @ model.counts)
    n_removed = float(removed_states.sum())
    if not 0 < n_removed <= _MOST_OF_ORGAN * in_organ:
        return []
    # From the voxels of the lesion to those that stay; the borders lie half a voxel from both.
    voxel_mm = float(model.grid.spacing_ijk_mm.min())
    left_mm = near_mm[~is_in].min(axis=0, initial=np.inf)
    clear_mm = np.where(np.isfinite(left_mm), np.maximum(left_mm - voxel_mm, 0.0), LARGEST_MARGIN_MM)
    is_taken = left_mm > 0.0
    if not is_taken[required].any():
        return []
    base = np.bincount(space.group_of_state, removed_states, space.n_groups).astype(np.int64)
    depths = _depths(space, labels, is_in, near_nodes)
    cut: tuple[Resection, ...] = (territory,)
    found: list[Candidate] = []
    if is_taken[required].all():
        margin = min(float(clear_mm[is_taken].min()), LARGEST_MARGIN_MM)
        found += question.candidates(question.count_removal(base, depths), [cut], np.array([margin]))
    if CutKind.WEDGE not in question.constraints.kinds:
        return found
    for margin_mm in margins_mm:
        wedged = required & ~(clear_mm >= margin_mm)
        opens = (space.near.capsule_mm <= margin_mm) | (near_mm[is_in].min(axis=0, initial=np.inf) <= margin_mm)
        if not wedged.any() or wedged[required].all() or not opens[wedged].all():
            continue
        counted = _joined(question, base, depths, is_in, labels, wedged, margin_mm)
        cuts = (*cut, *wedges_of(wedged, margin_mm, space.lesion_ids))
        found += question.candidates(counted, [cuts], np.array([margin_mm]))
    return found


def _joined(
    question: Question,
    base: NDArray[np.int64],
    depths: NDArray[np.float64],
    is_in: NDArray[np.bool_],
    labels: NDArray[np.int32],
    wedged: NDArray[np.bool_],
    margin_mm: float,
) -> Counted:
    """Count a territory set together with wedges."""
    space = question.space
    (n_within,) = space.near.within(np.array([margin_mm]))
    is_removed = is_in[labels.ravel()[space.near.flat[:n_within]]]
    removed = base + wedge_counts(space, wedged, margin_mm, is_removed)
    wedge_depths = margin_mm - space.node_distance_mm[:, wedged].min(axis=1, initial=np.inf)
    return question.count_removal(removed, np.maximum(depths, wedge_depths))


def wedge_counts(
    space: SearchSpace, wedged: NDArray[np.bool_], margin_mm: float, is_removed: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Return the voxels of each group that wedges remove, by the rule of the plans, int64 (n_groups,).

    ``is_removed`` are the voxels near lesions, as many as lie within the margin, that are gone already.
    """
    (n_within,) = space.near.within(np.array([margin_mm]))
    gone = np.zeros(n_within, np.bool_) if is_removed is None else is_removed
    counts = np.zeros(space.n_groups, np.int64)
    count_wedges(space.near.group, space.near.distance_mm, n_within, wedged, margin_mm, gone, counts)
    return counts


def _depths(
    space: SearchSpace, labels: NDArray[np.int32], is_in: NDArray[np.bool_], near_nodes: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return stand-ins for the depth of nodes in a territory set: only their order beside the walls matters."""
    trees = space.trees
    i, j, k = np.where(trees.in_organ[:, None], trees.nodes_ijk, 0).astype(np.int64).T
    inside = trees.in_organ & is_in[labels[k, j, i]]
    is_deep = inside & ~near_nodes[:, ~is_in].any(axis=1)
    return np.where(is_deep, trees.limits_mm + 1.0, np.where(inside, 0.5 * trees.limits_mm, -1.0))


def _distances_of_labels(space: SearchSpace, labels: NDArray[np.int32], n_labels: int) -> NDArray[np.float64]:
    """Return the least distance of the organ's voxels of each label to each lesion, (labels, lesions); inf beyond."""
    least = np.full((n_labels, space.near.distance_mm.shape[1]), np.inf)
    least_by_label(labels.ravel(), space.near.flat, space.near.distance_mm, least)
    least[least > LARGEST_MARGIN_MM] = np.inf
    return least
