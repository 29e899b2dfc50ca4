"""An organ prepared for the search: few states, voxels near lesions, joined trees. Made once for a model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

from simulation.organ_model import OrganModel
from simulation.perfusion import missing_inputs
from simulation.proposals.constraints import LARGEST_MARGIN_MM
from simulation.proposals.kernels.candidates import gather_near, labels_near_nodes, least_by_label
from simulation.run_table import RunTable
from simulation.spared_trunks import SparingRule
from simulation.vessels import wall_mm
from twin.anatomy import LayerName, lesion_id
from twin.box import Box
from twin.geometry.distance_edt import distance_to_mm

__all__ = ["JoinedTrees", "LabelReach", "NearLesions", "SearchSpace"]

_FAR_MM = np.float32(1e6)
_COARSE_ROWS = 4  # one row of so many each way, for a first look

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NearLesions:
    """Voxels of the organ within the largest margin of a lesion, by rising distance to any of them.

    ``flat`` int64 (n,) are indices of the box, ``ijk`` int32 (n, 3), ``group`` uint32 (n,), ``distance_mm`` float32
    (n, lesions) to the nearest voxel of each lesion. ``capsule_mm`` (lesions,) is the distance from a lesion to the
    nearest voxel outside of the organ.
    """

    flat: NDArray[np.int64]
    ijk: NDArray[np.int32]
    group: NDArray[np.uint32]
    distance_mm: NDArray[np.float32]
    capsule_mm: NDArray[np.float64]

    @cached_property
    def _steps(self) -> NDArray[np.uint16]:
        return _steps(self.distance_mm.min(axis=1, initial=_FAR_MM))

    def within(self, margins_mm: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return how many voxels, from the first on, lie within margins (and a trifle more)."""
        return np.searchsorted(self._steps, _steps(np.asarray(margins_mm) + 1e-3), side="right").astype(np.int64)

    def every(self, n_rows: int) -> NearLesions:
        """Return one voxel of so many along each axis."""
        chosen = (self.ijk % n_rows == 0).all(axis=1)
        return NearLesions(
            self.flat[chosen], self.ijk[chosen], self.group[chosen], self.distance_mm[chosen], self.capsule_mm
        )


@dataclass(frozen=True, eq=False)
class JoinedTrees:
    """All trees of the twin, one after the other, as :func:`simulation.proposals.kernels.candidates.judge_trees` asks.

    ``first_slot`` and ``first_node`` are the places of branch 0 and node 0 of each tree; slot 0 is no branch.
    """

    nodes_ijk: Points
    in_organ: NDArray[np.bool_]
    limits_mm: NDArray[np.float64]
    parents: NDArray[np.int32]
    order: NDArray[np.int64]
    begins: NDArray[np.bool_]
    slots: NDArray[np.int64]
    names: tuple[str, ...]
    first_slot: dict[str, int]
    first_node: dict[str, int]

    @property
    def n_slots(self) -> int:
        """Number of branches of all trees, and the slot of none."""
        return len(self.names)

    def nodes_of(self, branch: str) -> NDArray[np.bool_]:
        """Return the nodes of a branch by its name (not those downstream), bool (n_nodes,)."""
        slots = [slot for slot, name in enumerate(self.names) if name == branch]
        return np.isin(self.slots, slots)

    @classmethod
    def of_model(cls, model: OrganModel) -> JoinedTrees:
        """Join the trees of a model's twin."""
        parts: list[tuple[NDArray[Any], ...]] = []
        names, first_slot, first_node, n_nodes = [""], {}, {}, 0
        for tree, graph in model.twin.graphs.items():
            first_node[tree], first_slot[tree] = n_nodes, len(names) - 1  # indices of branches begin at 1
            by_index = {branch.index: branch.name for branch in graph.branches}
            names += [by_index.get(index, "") for index in range(1, max(by_index, default=0) + 1)]
            parents = graph.parents.astype(np.int64)
            parts.append(
                (
                    np.rint(model.grid.ijk_from_lps(graph.nodes_lps_mm)).reshape(-1, 3),
                    model.is_organ_at(graph.nodes_lps_mm),
                    wall_mm(graph),
                    np.where(parents >= 0, parents + n_nodes, -1),
                    graph.order_from_root + n_nodes,
                    graph.begins_branch,
                    graph.branch_of_node.astype(np.int64) + first_slot[tree],
                )
            )
            n_nodes += len(parents)
        columns = list(zip(*parts, strict=True)) or [(np.zeros((0, 3)),), *[(np.zeros(0),)] * 6]
        nodes, in_organ, limits, joined, order, begins, slots = (np.concatenate(column) for column in columns)
        return cls(
            nodes,
            in_organ.astype(np.bool_),
            limits.astype(np.float64),
            joined.astype(np.int32),
            order.astype(np.int64),
            begins.astype(np.bool_),
            slots.astype(np.int64),
            tuple(names),
            first_slot,
            first_node,
        )


@dataclass(frozen=True, eq=False)
class LabelReach:
    """Where the labels of a layer lie, seen from lesions and vessels.

    ``near_mm`` float64 (n_labels, lesions) is the least distance of a label to each lesion, infinite beyond the largest
    margin. ``label_of_node`` int64 (n_nodes,) is the label at each node of the trees, and ``packed_near`` uint8
    (n_nodes, n) which labels lie within the reach of its wall, a bit each.
    """

    near_mm: NDArray[np.float64]
    label_of_node: NDArray[np.int64]
    packed_near: NDArray[np.uint8]

    @property
    def n_labels(self) -> int:
        """Largest label and 0."""
        return len(self.near_mm)

    def has_other_near(self, nodes: NDArray[np.int64], is_in: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which nodes have a label within the reach of their wall that is not in a set, bool (n,)."""
        return np.asarray((self.packed_near[nodes] & np.packbits(~is_in)).any(axis=1))


@dataclass(frozen=True, eq=False)
class SearchSpace:
    """What the search asks of an organ, prepared once.

    A *group* joins the states of the model that the search need not tell apart: inside the organ as drawn, the lesion
    the segment and the portal and venous branch decide.

    Parameters
    ----------
    model
        The organ.
    group_of_state
        uint32 (n_states,), 0 outside of the organ as drawn.
    net_ml
        float64 (n_groups,): ml of a voxel that counts as remnant (lesions do not).
    lesion_of_group
        int64 (n_groups,): label value of the lesion, or 0.
    segment_of_group, branch_of_group, drain_of_group
        int64 (n_groups,): label values of the Couinaud segment, the portal and the venous branch, or 0.
    portal_slot, venous_slot
        int64 (n_groups,): slot of the branch of the territory.
    counts
        int64 (n_groups,): all voxels.
    """

    model: OrganModel
    group_of_state: NDArray[np.uint32]
    net_ml: NDArray[np.float64]
    lesion_of_group: NDArray[np.int64]
    segment_of_group: NDArray[np.int64]
    branch_of_group: NDArray[np.int64]
    drain_of_group: NDArray[np.int64]
    portal_slot: NDArray[np.int64]
    venous_slot: NDArray[np.int64]
    counts: NDArray[np.int64]
    trees: JoinedTrees

    @classmethod
    def of_model(cls, model: OrganModel) -> SearchSpace:
        """Prepare an organ for the search."""
        trees = JoinedTrees.of_model(model)
        table = model.table
        columns = np.stack([table.lesion_value, table.portal, table.venous, table.couinaud], axis=1)
        drawn = table.organ[1] > 0
        values, inverse = np.unique(columns[drawn], axis=0, return_inverse=True)
        groups = np.zeros(table.n_states, np.uint32)
        groups[drawn] = inverse.ravel() + 1
        values = np.concatenate([np.zeros((1, 4), np.int64), values])
        is_net = values[:, 0] == 0
        is_net[0] = False
        return cls(
            model,
            groups,
            np.where(is_net, model.grid.voxel_volume_ml, 0.0),
            values[:, 0],
            values[:, 3],
            values[:, 1],
            values[:, 2],
            _slots(values[:, 1], trees.first_slot.get("portal")),
            _slots(values[:, 2], trees.first_slot.get("hepatic")),
            np.bincount(groups, model.counts, len(values)).astype(np.int64),
            trees,
        )

    @property
    def n_groups(self) -> int:
        """Number of groups, that of the background included."""
        return int(self.net_ml.size)

    @property
    def has_perfusion(self) -> bool:
        """True when trees and territories are known, so that the perfused and drained remnant is."""
        return not missing_inputs(self.model)

    @cached_property
    def net_total_ml(self) -> float:
        """Volume of the organ without lesions, as drawn."""
        return float(self.counts @ self.net_ml)

    @cached_property
    def _groups(self) -> NDArray[np.uint32]:
        return self.group_of_state[self.model.states]

    @cached_property
    def runs(self) -> RunTable:
        """The groups as runs along rows."""
        return RunTable.of_states(self._groups, self.n_groups)

    @cached_property
    def coarse_runs(self) -> RunTable:
        """The groups of one row in sixteen."""
        rows = np.ascontiguousarray(self._groups[::_COARSE_ROWS, ::_COARSE_ROWS])
        return RunTable.of_states(rows, self.n_groups)

    @property
    def coarse_step(self) -> int:
        """Rows along j and along k of which the coarse table holds one."""
        return _COARSE_ROWS

    @cached_property
    def lesion_ids(self) -> tuple[str, ...]:
        """Lesions of the organ, in the order of every array with one value per lesion."""
        return tuple(lesion_id(value) for value in self.model.lesion_values)

    @cached_property
    def hulls_lps_mm(self) -> tuple[Points, ...]:
        """Corners of the convex hull of each lesion."""
        return tuple(_hull(self.model.lesion_points_lps_mm[name]) for name in self.lesion_ids)

    @cached_property
    def near(self) -> NearLesions:
        """Voxels near lesions, full resolution."""
        return _near_lesions(self)

    @cached_property
    def coarse_near(self) -> NearLesions:
        """One in 64 of them, on the rows of the coarse table."""
        return self.near.every(_COARSE_ROWS)

    @cached_property
    def node_distance_mm(self) -> NDArray[np.float32]:
        """Distance of the voxel of each node to each lesion, float32 (n_nodes, lesions); far beyond 20 mm."""
        distances = np.full((len(self.trees.nodes_ijk), len(self.lesion_ids)), _FAR_MM, np.float32)
        inside = np.flatnonzero(self.trees.in_organ)
        i, j, k = self.trees.nodes_ijk[inside].astype(np.int64).T
        flat = np.ravel_multi_index((k, j, i), self.model.organ.shape) if inside.size else np.zeros(0, np.int64)
        if self.near.flat.size and flat.size:
            by_place = np.argsort(self.near.flat)
            at = np.minimum(np.searchsorted(self.near.flat, flat, sorter=by_place), by_place.size - 1)
            known = self.near.flat[by_place[at]] == flat
            distances[inside[known]] = self.near.distance_mm[by_place[at[known]]]
        return distances

    @cached_property
    def sparing_rule(self) -> SparingRule:
        """Which trunks territories leave alone."""
        return SparingRule(self.model)

    @cached_property
    def segment_reach(self) -> LabelReach | None:
        """Where the Couinaud segments lie; None without them."""
        return None if self.model.couinaud is None else self._reach_of(self.model.couinaud)

    @cached_property
    def branch_reach(self) -> LabelReach | None:
        """Where the territories of the portal branches lie; None without them."""
        return None if self.model.portal is None else self._reach_of(self.model.portal)

    def _reach_of(self, labels: NDArray[np.int32]) -> LabelReach:
        near_mm = np.full((int(labels.max(initial=0)) + 1, len(self.lesion_ids)), np.inf)
        least_by_label(labels.ravel(), self.near.flat, self.near.distance_mm, near_mm)
        near_mm[near_mm > LARGEST_MARGIN_MM] = np.inf
        i, j, k = np.where(self.trees.in_organ[:, None], self.trees.nodes_ijk, 0).astype(np.int64).T
        return LabelReach(
            near_mm, labels[k, j, i].astype(np.int64), np.packbits(self.labels_near_nodes(labels), axis=1)
        )

    def labels_near_nodes(self, labels: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Return which labels lie within the reach of each node's wall, bool (n_nodes, largest label + 1)."""
        near = np.zeros((len(self.trees.nodes_ijk), int(labels.max(initial=0)) + 1), np.bool_)
        spacing = np.asarray(self.model.grid.spacing_ijk_mm, np.float64)
        trees = self.trees
        labels_near_nodes(labels, self.model.organ, trees.nodes_ijk, trees.in_organ, trees.limits_mm, spacing, near)
        return near


def _steps(distances_mm: NDArray[np.floating[Any]]) -> NDArray[np.uint16]:
    """Return distances in steps of a few micrometres: whole numbers of 16 bits are sorted in no time."""
    steps = np.minimum(np.ceil(distances_mm * (60_000 / LARGEST_MARGIN_MM)), 65_535)
    return np.asarray(steps, np.uint16)


def _slots(branches: NDArray[np.int64], first: int | None) -> NDArray[np.int64]:
    return np.zeros_like(branches) if first is None else np.where(branches > 0, branches + first, 0)


def _hull(points: Points) -> Points:
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except QhullError:  # flat or a few points: all of them
        return points


def _near_lesions(space: SearchSpace) -> NearLesions:
    """Measure the distance to each lesion around it, exactly as a wedge does."""
    model, grid = space.model, space.model.twin.grid
    spacing = grid.spacing_ijk_mm
    k_room, j_room, i_room = (int(LARGEST_MARGIN_MM / size) + 2 for size in spacing[::-1])
    layer = model.twin.layers.get(LayerName.LESIONS)
    capsule_mm, measured = [], []
    for value, name in zip(model.lesion_values, space.lesion_ids, strict=True):
        box = model.twin.box(name)
        assert box is not None
        assert layer is not None
        room = box.grown((k_room, j_room, i_room), grid.shape_kji)
        distance = distance_to_mm(layer.voxels[room.slices] == value, spacing)
        here = _common(model.box, room)
        there = tuple(
            slice(a - r, b - r) for a, b, r in zip(here.start_kji, here.stop_kji, room.start_kji, strict=True)
        )
        k0, j0, i0 = (int(a - b) for a, b in zip(here.start_kji, model.box.start_kji, strict=True))
        measured.append((np.ascontiguousarray(distance[there]), (k0, j0, i0)))
    n_most = sum(np.count_nonzero(distance <= LARGEST_MARGIN_MM) for distance, _ in measured)
    place = np.zeros(model.organ.shape, np.int32)
    flat, distances = np.empty(n_most, np.int64), np.full((n_most, len(measured)), _FAR_MM, np.float32)
    n_found = 0
    for column, (distance, origin) in enumerate(measured):
        n_found, capsule = gather_near(
            distance, model.organ, origin, LARGEST_MARGIN_MM, column, place, flat, distances, n_found
        )
        capsule_mm.append(capsule)
    order = np.argsort(_steps(distances[:n_found].min(axis=1, initial=_FAR_MM)), kind="stable")
    flat, distances = flat[order], distances[order]
    k, j, i = np.unravel_index(flat, model.organ.shape)
    ijk = np.stack([i, j, k], axis=1).astype(np.int32)
    group = space.group_of_state[model.states.ravel()[flat]]
    return NearLesions(flat, ijk, group, distances, np.array(capsule_mm))


def _common(box: Box, other: Box) -> Box:
    start = tuple(max(a, b) for a, b in zip(box.start_kji, other.start_kji, strict=True))
    stop = tuple(max(min(a, b), s) for a, b, s in zip(box.stop_kji, other.stop_kji, start, strict=True))
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
