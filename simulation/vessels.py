"""Vessels that a cut crosses, in geometric order along the cut, and those of them that the remnant lives on.

A vessel that runs along the cut is not crossed: its centreline must go deeper into the removed part than its own
radius.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.tree import add_up
from simulation.organ_model import OrganModel
from simulation.removal import Removal
from twin.outcome import CrossedVessel
from twin.vessel_graph import VesselGraph

__all__ = [
    "OUTSIDE_MM",
    "crossed_vessels",
    "fed_below_ml",
    "is_node_removed",
    "node_depths_mm",
    "ordered_vessels",
    "vessels_across",
    "wall_mm",
]

OUTSIDE_MM = -1e6  # depth of a node outside of the organ: no cut goes there
_WIDEST_RADIUS_MM = 6.0  # the caval vein may not hide a cut
_TRUNKS = ("portal", "portal.main")
_LEAST_FED_ML = 5.0  # ours: a vessel that less of the remnant depends on is a twig


def crossed_vessels(
    removal: Removal,
    *,
    depths_mm: Mapping[str, NDArray[np.float64]] | None = None,
    removed_counts: NDArray[np.int64] | None = None,
) -> tuple[CrossedVessel, ...]:
    """Return the vessels that the cut of a removal crosses; none without vessel graphs in the twin.

    The order runs along the longest direction of the crossings, from the highest end; it is not the order of the
    operation.

    Parameters
    ----------
    removal
        What is removed.
    depths_mm
        :func:`node_depths_mm` of each tree, to save that.
    removed_counts
        Removed voxels of each state, int64 (n_states,); without it nothing is said of what is to be preserved.
    """
    found: list[CrossedVessel] = []
    for name, graph in removal.model.twin.graphs.items():
        depths = node_depths_mm(graph, removal) if depths_mm is None else depths_mm[name]
        fed_ml = None
        if removed_counts is not None:
            fed_ml = fed_below_ml(graph, removal.model, removed_counts, kept=removal.vessels.kept.get(graph.tree))
        found += vessels_across(graph, depths, fed_ml=fed_ml)
    return ordered_vessels(found)


def fed_below_ml(
    graph: VesselGraph,
    model: OrganModel,
    removed_counts: NDArray[np.int64],
    *,
    kept: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return how much of the remnant, lesions left out, each node of a tree supplies or drains beyond itself.

    The territory of the node's own branch is not in it, except at a root: the branch begins before the node.

    Parameters
    ----------
    graph
        The tree.
    model, removed_counts
        The organ and removed voxels of each state, int64 (n_states,).
    kept
        Branches that the plan joins again: nothing hangs on their course.

    Returns
    -------
    float64 (n_nodes,); zeros for a tree without territories.
    """
    table = model.table
    territory = {"portal": table.portal, "hepatic": table.venous}.get(graph.tree)
    own = np.zeros(len(graph.parents))
    if territory is None or not own.size:
        return own
    remnant_ml = table.net[4] * (model.counts - removed_counts) * model.grid.voxel_volume_ml
    by_branch = np.bincount(territory, remnant_ml, minlength=int(graph.branch_of_node.max()) + 1)
    by_branch[0] = 0.0  # no branch
    begins = np.flatnonzero(graph.begins_branch)
    branches, first = np.unique(graph.branch_of_node[begins], return_index=True)
    own[begins[first]] = by_branch[branches]
    fed = own.copy()
    add_up(graph.order_from_root, graph.parents, fed)
    fed -= np.where(graph.parents >= 0, own, 0.0)
    if kept is not None:
        fed[np.isin(graph.branch_of_node, kept)] = 0.0
    return fed


def node_depths_mm(graph: VesselGraph, removal: Removal) -> NDArray[np.float64]:
    """Return how deep each node lies in the removed part, by its nearest voxel; ``OUTSIDE_MM`` outside of the organ."""
    depths = np.full(len(graph.parents), OUTSIDE_MM)
    nodes, voxels = removal.model.voxels_at(graph.nodes_lps_mm)
    in_organ = removal.model.organ.ravel()[voxels]
    depths[nodes[in_organ]] = removal.node_depth_mm(graph.tree, nodes[in_organ], voxels[in_organ])
    return depths


def is_node_removed(graph: VesselGraph, depths_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which nodes go into the removed part by more than the radius of the vessel there, bool (n_nodes,)."""
    return depths_mm > wall_mm(graph)


def wall_mm(graph: VesselGraph) -> NDArray[np.float64]:
    """Return how deep a centreline must go into the removed part to be removed, float64 (n_nodes,): its radius."""
    return np.minimum(graph.radii_mm, _WIDEST_RADIUS_MM)


def vessels_across(
    graph: VesselGraph, depths_mm: NDArray[np.float64], *, fed_ml: NDArray[np.float64] | None = None
) -> list[CrossedVessel]:
    """Return the vessels of a tree that the cut crosses, each placed where the depth passes zero, without order.

    Parameters
    ----------
    graph
        The tree.
    depths_mm
        float64 (n_nodes,), :func:`node_depths_mm`.
    fed_ml
        float64 (n_nodes,), :func:`fed_below_ml`; None to leave open what is to be preserved.
    """
    removed = is_node_removed(graph, depths_mm)
    parents = graph.parents
    has_parent = parents >= 0
    edges = np.flatnonzero(has_parent & (removed != removed[np.where(has_parent, parents, 0)]))
    if edges.size == 0:
        return []
    names = {branch.index: branch.name for branch in graph.branches}
    nodes = dict.fromkeys(_towards_cut(int(edge), parents, depths_mm) for edge in edges)
    return [_vessel(graph, node, depths_mm, names, fed_ml) for node in nodes]


def ordered_vessels(vessels: list[CrossedVessel]) -> tuple[CrossedVessel, ...]:
    """Number vessels from 1 along the longest direction of their points, from the highest (cranial) end."""
    if not vessels:
        return ()
    points = np.array([vessel.point_lps_mm for vessel in vessels])
    centred = points - points.mean(axis=0)
    direction = np.linalg.svd(centred, full_matrices=False)[2][0] if len(points) > 1 else np.array([0.0, 0.0, 1.0])
    largest = direction[2] if abs(direction[2]) > 1e-6 else direction[np.abs(direction).argmax()]
    along = centred @ (direction * (-1.0 if largest > 0 else 1.0))
    order = np.argsort(along, kind="stable")
    return tuple(replace(v, order=place) for place, v in enumerate((vessels[n] for n in order), start=1))


def _towards_cut(node: int, parents: NDArray[np.int32], depths_mm: NDArray[np.float64]) -> int:
    """Follow a vessel from the removed part towards its root until the edge on which the cut itself lies."""
    parent = int(parents[node])
    while depths_mm[node] > 0 and depths_mm[parent] > 0 and parents[parent] >= 0:
        node, parent = parent, int(parents[parent])
    return node


def _vessel(
    graph: VesselGraph,
    node: int,
    depths_mm: NDArray[np.float64],
    names: dict[int, str],
    fed_ml: NDArray[np.float64] | None,
) -> CrossedVessel:
    """Return the vessel on the edge of a node to its parent; in the middle where the organ ends and not the cut."""
    parent = int(graph.parents[node])
    at_node, at_parent = float(depths_mm[node]), float(depths_mm[parent])
    share = 0.5
    if (at_node > 0) != (at_parent > 0) and min(at_node, at_parent) > OUTSIDE_MM:
        share = at_node / (at_node - at_parent)
    x, y, z = graph.nodes_lps_mm[node] * (1 - share) + graph.nodes_lps_mm[parent] * share
    radius_mm = graph.radii_mm[node] * (1 - share) + graph.radii_mm[parent] * share
    branch = names.get(int(graph.branch_of_node[node]), "")
    to_preserve = None if fed_ml is None else bool(fed_ml[node] >= _LEAST_FED_ML or branch in _TRUNKS)
    return CrossedVessel(0, graph.tree, branch, float(2 * radius_mm), (float(x), float(y), float(z)), to_preserve)
