"""Vessels that a cut crosses, in geometric order along the cut.

A vessel that runs along the cut is not crossed: its centreline must go deeper into the removed part than its own
radius.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.removal import Removal
from twin.outcome import CrossedVessel
from twin.vessel_graph import VesselGraph

__all__ = ["OUTSIDE_MM", "crossed_vessels", "is_node_removed", "node_depths_mm", "ordered_vessels", "vessels_across"]

OUTSIDE_MM = -1e6  # depth of a node outside of the organ: no cut goes there
_WIDEST_RADIUS_MM = 6.0  # the caval vein may not hide a cut


def crossed_vessels(removal: Removal) -> tuple[CrossedVessel, ...]:
    """Return the vessels that the cut of a removal crosses; none without vessel graphs in the twin.

    The order runs along the longest direction of the crossings, from the highest end; it is not the order of the
    operation.
    """
    found: list[CrossedVessel] = []
    for graph in removal.model.twin.graphs.values():
        found += vessels_across(graph, node_depths_mm(graph, removal))
    return ordered_vessels(found)


def node_depths_mm(graph: VesselGraph, removal: Removal) -> NDArray[np.float64]:
    """Return how deep each node lies in the removed part, by its nearest voxel; ``OUTSIDE_MM`` outside of the organ."""
    nearest = np.rint(removal.model.grid.ijk_from_lps(graph.nodes_lps_mm)).astype(int)[:, ::-1]
    shape = removal.model.organ.shape
    is_inside = ((nearest >= 0) & (nearest < shape)).all(axis=1)
    depths = np.full(len(nearest), OUTSIDE_MM)
    nodes = np.flatnonzero(is_inside)
    voxels = np.asarray(np.ravel_multi_index(tuple(nearest[nodes].T), shape), dtype=np.int64)
    in_organ = removal.model.organ.ravel()[voxels]
    depths[nodes[in_organ]] = removal.depth_mm(voxels[in_organ])[0]
    return depths


def is_node_removed(graph: VesselGraph, depths_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which nodes go into the removed part by more than the radius of the vessel there, bool (n_nodes,)."""
    return depths_mm > np.minimum(graph.radii_mm, _WIDEST_RADIUS_MM)


def vessels_across(graph: VesselGraph, depths_mm: NDArray[np.float64]) -> list[CrossedVessel]:
    """Return the vessels of a tree that the cut crosses, each placed where the depth passes zero, without order.

    Parameters
    ----------
    graph
        The tree.
    depths_mm
        float64 (n_nodes,), :func:`node_depths_mm`.
    """
    removed = is_node_removed(graph, depths_mm)
    parents = graph.parents
    has_parent = parents >= 0
    edges = np.flatnonzero(has_parent & (removed != removed[np.where(has_parent, parents, 0)]))
    if edges.size == 0:
        return []
    names = {branch.index: branch.name for branch in graph.branches}
    nodes = dict.fromkeys(_towards_cut(int(edge), parents, depths_mm) for edge in edges)
    return [_vessel(graph, node, depths_mm, names) for node in nodes]


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
    return tuple(
        CrossedVessel(place, v.tree, v.branch, v.diameter_mm, v.point_lps_mm)
        for place, v in enumerate((vessels[n] for n in order), start=1)
    )


def _towards_cut(node: int, parents: NDArray[np.int32], depths_mm: NDArray[np.float64]) -> int:
    """Follow a vessel from the removed part towards its root until the edge on which the cut itself lies."""
    parent = int(parents[node])
    while depths_mm[node] > 0 and depths_mm[parent] > 0 and parents[parent] >= 0:
        node, parent = parent, int(parents[parent])
    return node


def _vessel(graph: VesselGraph, node: int, depths_mm: NDArray[np.float64], names: dict[int, str]) -> CrossedVessel:
    """Return the vessel on the edge of a node to its parent; in the middle where the organ ends and not the cut."""
    parent = int(graph.parents[node])
    at_node, at_parent = float(depths_mm[node]), float(depths_mm[parent])
    share = 0.5
    if (at_node > 0) != (at_parent > 0) and min(at_node, at_parent) > OUTSIDE_MM:
        share = at_node / (at_node - at_parent)
    x, y, z = graph.nodes_lps_mm[node] * (1 - share) + graph.nodes_lps_mm[parent] * share
    radius_mm = graph.radii_mm[node] * (1 - share) + graph.radii_mm[parent] * share
    branch = names.get(int(graph.branch_of_node[node]), "")
    return CrossedVessel(0, graph.tree, branch, float(2 * radius_mm), (float(x), float(y), float(z)))
