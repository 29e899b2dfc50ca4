"""Vessels that a cut crosses, in geometric order along the cut."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.removal import Removal
from twin.outcome import CrossedVessel
from twin.vessel_graph import VesselGraph

__all__ = ["crossed_edges", "crossed_vessels", "is_node_removed", "ordered_vessels", "vessels_on_edges"]


def crossed_vessels(removal: Removal) -> tuple[CrossedVessel, ...]:
    """Return the vessels that the cut of a removal crosses; none without vessel graphs in the twin.

    A vessel is crossed where a removed node follows one that stays, or the other way round. The order runs along the
    longest direction of the crossings, from the highest end; it is not the order of the operation.
    """
    found = []
    for graph in removal.model.twin.graphs.values():
        removed = is_node_removed(graph, removal)
        edges = crossed_edges(graph, removed)
        depths = (_depths(graph, nodes, removal) for nodes in (edges, graph.parents[edges]))
        found += vessels_on_edges(graph, edges, *depths)
    return ordered_vessels(found)


def is_node_removed(graph: VesselGraph, removal: Removal) -> NDArray[np.bool_]:
    """Return which nodes lie in removed tissue of the organ, bool (n_nodes,); a node outside of it stays."""
    nearest = np.rint(removal.model.grid.ijk_from_lps(graph.nodes_lps_mm)).astype(int)[:, ::-1]
    shape = removal.model.organ.shape
    is_inside = ((nearest >= 0) & (nearest < shape)).all(axis=1)
    removed = np.zeros(len(nearest), np.bool_)
    k, j, i = nearest[is_inside].T
    removed[is_inside] = removal.specimen[k, j, i]
    return removed


def crossed_edges(graph: VesselGraph, removed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the nodes whose edge to their parent crosses the cut, int64."""
    has_parent = graph.parents >= 0
    return np.flatnonzero(has_parent & (removed != removed[np.where(has_parent, graph.parents, 0)]))


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


def vessels_on_edges(
    graph: VesselGraph,
    edges: NDArray[np.int64],
    depth_at_node: NDArray[np.float64],
    depth_at_parent: NDArray[np.float64],
) -> list[CrossedVessel]:
    """Return a vessel for each crossed edge, placed where the depth passes zero.

    Where the depth has one sign (the organ ends on the edge, not the cut), it is placed in the middle.
    """
    changes = (depth_at_node > 0) != (depth_at_parent > 0)
    fall = depth_at_node - depth_at_parent
    share = np.where(changes, np.clip(depth_at_node / np.where(changes, fall, 1.0), 0.0, 1.0), 0.5)
    parents = graph.parents[edges]
    points = graph.nodes_lps_mm[edges] * (1 - share)[:, None] + graph.nodes_lps_mm[parents] * share[:, None]
    radii = graph.radii_mm[edges] * (1 - share) + graph.radii_mm[parents] * share
    names = {branch.index: branch.name for branch in graph.branches}
    return [
        CrossedVessel(
            0,
            graph.tree,
            names.get(int(graph.branch_of_node[edge]), ""),
            float(2 * radius),
            (float(point[0]), float(point[1]), float(point[2])),
        )
        for edge, point, radius in zip(edges, points, radii, strict=True)
    ]


def _depths(graph: VesselGraph, nodes: NDArray[np.integer[Any]], removal: Removal) -> NDArray[np.float64]:
    nearest = np.rint(removal.model.grid.ijk_from_lps(graph.nodes_lps_mm[nodes])).astype(int)[:, ::-1]
    held = np.clip(nearest, 0, np.array(removal.model.organ.shape) - 1)
    flat = np.ravel_multi_index(tuple(held.T), removal.model.organ.shape)
    return removal.depth_mm(np.asarray(flat, np.int64))[0]
