"""What the remnant keeps of its supply and drainage: a geometric estimate from the vessels seen, not liver function.

A branch is lost when the way from its beginning back to the root of its tree passes through removed tissue.
Collaterals are not modelled.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import envelope
from simulation.kernels.tree import spread_down
from simulation.organ_model import OrganModel
from simulation.removal import Removal
from simulation.vessels import is_node_removed, node_depths_mm
from twin.figure import Figure, FigureStatus
from twin.vessel_graph import VesselGraph

__all__ = [
    "lost_branches",
    "missing_inputs",
    "order_from_root",
    "perfusion_figures",
    "perfusion_from_losses",
    "unknown_perfusion",
]

_SOURCE = "geometric estimate from the vessels seen; not liver function; no validated threshold"
_KEYS = ("functional_remnant_ml", "ischaemic_ml", "congested_ml")


def perfusion_figures(removal: Removal, removed_counts: NDArray[np.int64]) -> dict[str, Figure]:
    """Return the perfused and drained, the ischaemic and the congested remnant in ml, lesions left out.

    Unknown, with what is needed, while the twin has no territories or no vessel graphs.
    """
    missing = missing_inputs(removal.model)
    if missing:
        return unknown_perfusion(missing)
    graphs = removal.model.twin.graphs
    lost_portal, lost_hepatic = (
        lost_branches(graph, is_node_removed(graph, node_depths_mm(graph, removal)))
        for graph in (graphs["portal"], graphs["hepatic"])
    )
    return perfusion_from_losses(removal.model, removed_counts, lost_portal, lost_hepatic)


def missing_inputs(model: OrganModel) -> tuple[str, ...]:
    """Return what the perfusion of the remnant cannot be computed without."""
    present = {
        "portal_branch": model.portal is not None,
        "venous_branch": model.venous is not None,
        "portal_graph": "portal" in model.twin.graphs,
        "hepatic_graph": "hepatic" in model.twin.graphs,
    }
    layers = tuple(name for name in ("portal_branch", "venous_branch") if not present[name])
    return layers or tuple(name for name, is_there in present.items() if not is_there)


def unknown_perfusion(missing: tuple[str, ...]) -> dict[str, Figure]:
    """Return the three figures as unknown, with what they need."""
    return {key: Figure.unknown("ml", needs=missing, source=_SOURCE) for key in _KEYS}


def lost_branches(
    graph: VesselGraph, is_removed: NDArray[np.bool_], *, order: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return the indices of the branches whose way to the root is cut before they begin.

    Parameters
    ----------
    graph
        The tree.
    is_removed
        bool (n_nodes,), nodes in removed tissue.
    order
        :func:`order_from_root` of the tree, to save it when the tree is asked often.
    """
    is_cut_off = is_removed.copy()
    spread_down(order_from_root(graph.parents) if order is None else order, graph.parents, is_cut_off)
    has_parent = graph.parents >= 0
    parents = np.where(has_parent, graph.parents, 0)
    begins = ~has_parent | (graph.branch_of_node != graph.branch_of_node[parents])
    # The first node of a branch lies on the wall of its parent: the way up to it decides.
    way_is_cut = np.where(has_parent, is_cut_off[parents], is_removed)
    return np.unique(graph.branch_of_node[begins & way_is_cut]).astype(np.int64)


def perfusion_from_losses(
    model: OrganModel,
    removed_counts: NDArray[np.int64],
    lost_portal: NDArray[np.int64],
    lost_hepatic: NDArray[np.int64],
) -> dict[str, Figure]:
    """Return the three figures from the branches that are lost."""
    table = model.table
    kept = model.counts - removed_counts
    is_ischaemic = _is_any(table.portal, lost_portal)
    is_congested = _is_any(table.venous, lost_hepatic)
    asked = np.stack([~is_ischaemic & ~is_congested, is_ischaemic, is_congested]) * kept
    volumes = table.net @ asked.T.astype(np.float64) * model.grid.voxel_volume_ml
    return {key: _figure(volumes[:, column]) for column, key in enumerate(_KEYS)}


def _is_any(values: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    is_wanted = np.zeros(max(int(values.max(initial=0)), int(wanted.max(initial=0))) + 1, np.bool_)
    is_wanted[wanted] = True
    is_wanted[0] = False  # no branch
    return np.asarray(is_wanted[values])


def _figure(by_boundary: NDArray[np.float64]) -> Figure:
    low, high = envelope(float(v) for v in by_boundary)
    return Figure(float(by_boundary[4]), low, high, "ml", FigureStatus.COMPUTED, _SOURCE)


def order_from_root(parents: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the nodes so that each parent comes before its children."""
    depth = np.full(len(parents), -1, np.int64)
    depth[parents < 0] = 0
    while (depth < 0).any():
        known = (depth < 0) & (depth[np.maximum(parents, 0)] >= 0) & (parents >= 0)
        if not known.any():  # a loop: its nodes come last
            depth[depth < 0] = depth.max() + 1
            break
        depth[known] = depth[parents[known]] + 1
    return np.argsort(depth, kind="stable")
