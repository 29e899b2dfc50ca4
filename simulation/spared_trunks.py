"""Trunks that a resection along territories leaves to the remnant, though they lie in tissue that it removes.

Whoever removes segments 2 and 3 divides their branches where they leave the umbilical portion, and leaves that to
segment 4. The border of the territories alone would cut it: a trunk lies in the territory of the branches beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from simulation.organ_model import OrganModel
from simulation.segment_codes import segment_name
from twin.naming.segment_of_name import segment_of_branch_name
from twin.vessel_graph import VesselGraph

__all__ = ["SparingRule", "spared_beside", "spared_by_branches", "spared_by_segments"]

Nodes = Mapping[str, NDArray[np.bool_]]
TerritoryCounts = Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]

# Ours. A hepatic vein, or a trunk of a tree without names, stays when at least this share of what it drains or feeds
# stays: in a right hepatectomy the middle vein, in a left lateral sectionectomy not the left one.
_LEAST_SHARE = 1.0 / 3.0


def spared_by_segments(values: Collection[int], states: NDArray[np.bool_], model: OrganModel) -> Nodes:
    """Return by tree which nodes a removal of whole segments spares, bool (n_nodes,).

    Parameters
    ----------
    values
        Label values of the segments.
    states
        Which states of the model are removed, bool (n_states,).
    model
        The organ.
    """
    return SparingRule(model).by_segments(values, _territory_counts(model.counts * states, model))


def spared_by_branches(chosen: Mapping[str, Collection[int]], states: NDArray[np.bool_], model: OrganModel) -> Nodes:
    """Return by tree which nodes a removal of whole territories spares: those on the way to other branches.

    Parameters
    ----------
    chosen
        Branches whose territories are removed, by tree.
    states, model
        As for :func:`spared_by_segments`.
    """
    return SparingRule(model).by_branches(chosen, _territory_counts(model.counts * states, model))


def spared_beside(absent_counts: NDArray[np.int64], model: OrganModel) -> Nodes:
    """Return by tree the nodes of trunks that absent territories leave: a good share of what they feed or drain stays.

    Parameters
    ----------
    absent_counts
        Absent voxels of each state, int64 (n_states,).
    model
        The organ as labelled.
    """
    return SparingRule(model).by_share(_territory_counts(absent_counts, model))


class SparingRule:
    """The rule for the trees of an organ, to be asked for many removals.

    Parameters
    ----------
    model
        The organ.
    """

    def __init__(self, model: OrganModel) -> None:
        trees = {"portal": model.portal, "hepatic": model.venous}
        self._graphs = model.twin.graphs
        self._below = {
            tree: _downstream(self._graphs[tree])
            for tree, labels in trees.items()
            if labels is not None and tree in self._graphs
        }
        portal = self._graphs.get("portal")
        self._segments = {} if portal is None else _segments_downstream(portal)

    @property
    def n_rows(self) -> dict[str, int]:
        """Length of the counts that each tree with territories asks for."""
        return {tree: len(below) for tree, below in self._below.items()}

    def by_segments(self, values: Collection[int], counts: TerritoryCounts) -> Nodes:
        """Return what a removal of segments spares; ``counts`` by tree: voxels of each territory, whole and staying."""
        spared = self.by_share(counts)
        if any(self._segments.values()):
            portal, removed = self._graphs["portal"], {segment_name(value) for value in values}
            forking = {branch.parent for branch in portal.branches}
            branches = [i for i, below in self._segments.items() if i in forking and below - removed]
            spared["portal"] = np.isin(portal.branch_of_node, branches)
        return spared

    def by_branches(self, chosen: Mapping[str, Collection[int]], counts: TerritoryCounts) -> Nodes:
        """Return what a removal of territories spares; ``counts`` as for :meth:`by_segments`."""
        spared = self.by_share(counts)
        for tree, indices in chosen.items():
            graph = self._graphs[tree]
            trunks = {branch.parent for branch in graph.branches if branch.parent is not None} - set(indices)
            spared[tree] = np.isin(graph.branch_of_node, list(trunks))
        return spared

    def by_share(self, counts: TerritoryCounts) -> dict[str, NDArray[np.bool_]]:
        """Return the trunks of both trees of which a good share stays; ``counts`` as for :meth:`by_segments`."""
        spared = {}
        for tree, below in self._below.items():
            graph = self._graphs[tree]
            whole, stays = (below @ sums.astype(np.float64) for sums in counts[tree])
            is_trunk = np.zeros(len(below), np.bool_)
            is_trunk[[branch.parent for branch in graph.branches if branch.parent is not None]] = True
            is_spared = is_trunk & (whole > 0) & (stays >= _LEAST_SHARE * whole)
            spared[tree] = is_spared[graph.branch_of_node]
        return spared


def _territory_counts(removed_counts: NDArray[np.int64], model: OrganModel) -> TerritoryCounts:
    table, counts = model.table, {}
    drawn, kept = (np.where(table.organ[1] > 0, n, 0) for n in (model.counts, model.counts - removed_counts))
    trees = (("portal", model.portal, table.portal), ("hepatic", model.venous, table.venous))
    for tree, labels, territory in trees:
        graph = model.twin.graphs.get(tree)
        if graph is not None and labels is not None:
            n_rows = max((branch.index for branch in graph.branches), default=0) + 1
            whole, stays = (
                np.bincount(territory, voxels, n_rows)[:n_rows].astype(np.int64) for voxels in (drawn, kept)
            )
            counts[tree] = (whole, stays)
    return counts


def _downstream(graph: VesselGraph) -> NDArray[np.float64]:
    """Return 1 where the second branch is the first or lies below it, else 0: (largest index + 1) twice."""
    parents = {branch.index: branch.parent for branch in graph.branches}
    below = np.zeros((max(parents, default=0) + 1,) * 2)
    for index in parents:
        above: int | None = index
        while above is not None and not below[above, index]:
            below[above, index] = 1.0
            above = parents.get(above)
    return below


def _segments_downstream(graph: VesselGraph) -> dict[int, set[str]]:
    """Return the segments that the end branches below each branch supply."""
    parents = {branch.index: branch.parent for branch in graph.branches}
    found: dict[int, set[str]] = {index: set() for index in parents}
    for branch in graph.branches:
        segment = segment_of_branch_name(branch.name)
        here: int | None = branch.index if segment is not None else None
        while here is not None and segment not in found[here]:
            found[here].add(segment or "")
            here = parents[here]
    return found
