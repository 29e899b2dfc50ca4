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

__all__ = ["spared_by_branches", "spared_by_segments"]

Nodes = Mapping[str, NDArray[np.bool_]]

# Ours. A hepatic vein, or a trunk of a tree without names, stays when at least this share of what it drains or feeds
# stays: in a right hepatectomy the middle vein, in a left lateral sectionectomy not the left one.
_LEAST_SHARE = 1.0 / 3.0


def spared_by_segments(values: Collection[int], voxels: NDArray[np.bool_], model: OrganModel) -> Nodes:
    """Return by tree which nodes a removal of whole segments spares, bool (n_nodes,).

    Parameters
    ----------
    values
        Label values of the segments.
    voxels
        What is removed, bool ``[k, j, i]`` in the box of the model.
    model
        The organ.
    """
    spared = _spared_by_share(voxels, model)
    portal = model.twin.graphs.get("portal")
    if portal is not None:
        removed = {segment_name(value) for value in values}
        segments = _segments_downstream(portal)
        if any(segments.values()):
            forking = {branch.parent for branch in portal.branches}
            branches = [i for i, below in segments.items() if i in forking and below - removed]
            spared["portal"] = np.isin(portal.branch_of_node, branches)
    return spared


def spared_by_branches(chosen: Mapping[str, Collection[int]], voxels: NDArray[np.bool_], model: OrganModel) -> Nodes:
    """Return by tree which nodes a removal of whole territories spares: those on the way to other branches.

    Parameters
    ----------
    chosen
        Branches whose territories are removed, by tree.
    voxels, model
        As for :func:`spared_by_segments`.
    """
    spared = _spared_by_share(voxels, model)
    for tree, indices in chosen.items():
        graph = model.twin.graphs[tree]
        trunks = {branch.parent for branch in graph.branches if branch.parent is not None} - set(indices)
        spared[tree] = np.isin(graph.branch_of_node, list(trunks))
    return spared


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


def _spared_by_share(voxels: NDArray[np.bool_], model: OrganModel) -> dict[str, NDArray[np.bool_]]:
    """Return the trunks of both trees of which a good share of the territory stays."""
    spared = {}
    for tree, labels in (("portal", model.portal), ("hepatic", model.venous)):
        graph = model.twin.graphs.get(tree)
        if graph is None or labels is None:
            continue
        n_rows = max((branch.index for branch in graph.branches), default=0) + 1
        whole, stays = (
            np.bincount(labels[mask], minlength=n_rows).astype(np.float64)
            for mask in (model.organ, model.organ & ~voxels)
        )
        parents = {branch.index: branch.parent for branch in graph.branches}
        for sums in (whole, stays):
            own = sums.copy()
            for index in parents:
                above = parents[index]
                while above is not None:
                    sums[above] += own[index]
                    above = parents[above]
        has_children = {parent for parent in parents.values() if parent is not None}
        trunks = [i for i in has_children if whole[i] > 0 and stays[i] >= _LEAST_SHARE * whole[i]]
        spared[tree] = np.isin(graph.branch_of_node, trunks)
    return spared
