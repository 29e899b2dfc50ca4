"""What the remnant keeps of its supply and drainage: a geometric estimate from the vessels seen, not liver function.

A branch is lost when the way from its beginning back to the root of its tree passes through removed tissue, or when the
plan closes it; one that the plan joins again is kept. Collaterals are not modelled. Whether a trunk beside the cut is
taken or spared can hang on a millimetre: the interval of a settled outcome spans a cut that lies by the doubt of its
place nearer to the vessels, and farther from them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import envelope
from simulation.kernels.tree import spread_down
from simulation.organ_model import OrganModel
from simulation.plan_conditions import NO_CONDITIONS, VesselConditions
from simulation.vessel_clearance import TreeAtCut
from twin.figure import Figure, FigureStatus
from twin.vessel_graph import VesselGraph

__all__ = [
    "lost_branches",
    "missing_inputs",
    "perfusion_figures",
    "perfusion_from_losses",
    "unknown_perfusion",
]

_SOURCE = "geometric estimate from the vessels seen; not liver function; no validated threshold"
_KEYS = ("functional_remnant_ml", "ischaemic_ml", "congested_ml")


def perfusion_figures(
    model: OrganModel,
    trees: Mapping[str, TreeAtCut],
    removed_counts: NDArray[np.int64],
    conditions: VesselConditions,
) -> dict[str, Figure]:
    """Return the perfused and drained, the ischaemic and the congested remnant in ml, lesions left out.

    Unknown, with what is needed, while the twin has no territories or no vessel graphs.

    Parameters
    ----------
    model, removed_counts
        The organ and removed voxels of each state, int64 (n_states,).
    trees
        The vessel trees at the cut, by name.
    conditions
        What the plan decides about vessels.
    """
    missing = missing_inputs(model)
    if missing:
        return unknown_perfusion(missing)
    by_place = []
    for shift in (0, -1, 1):
        portal, hepatic = (
            conditions.applied(name, lost_branches(tree.graph, tree.is_removed(shift)))
            for name, tree in ((name, trees[name]) for name in ("portal", "hepatic"))
        )
        by_place.append(_volumes_ml(model, removed_counts, portal, hepatic))
    every = np.concatenate(by_place)
    return {key: _figure(float(by_place[0][4, n]), every[:, n]) for n, key in enumerate(_KEYS)}


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


def lost_branches(graph: VesselGraph, is_removed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the indices of the branches whose way to the root is cut before they begin.

    Parameters
    ----------
    graph
        The tree.
    is_removed
        bool (n_nodes,), nodes in removed tissue.
    """
    is_cut_off = is_removed.copy()
    spread_down(graph.order_from_root, graph.parents, is_cut_off)
    has_parent = graph.parents >= 0
    parents = np.where(has_parent, graph.parents, 0)
    # The first node of a branch lies on the wall of its parent: the way up to it decides.
    way_is_cut = np.where(has_parent, is_cut_off[parents], is_removed)
    return np.unique(graph.branch_of_node[graph.begins_branch & way_is_cut]).astype(np.int64)


def perfusion_from_losses(
    model: OrganModel,
    removed_counts: NDArray[np.int64],
    lost_portal: NDArray[np.int64],
    lost_hepatic: NDArray[np.int64],
    *,
    conditions: VesselConditions = NO_CONDITIONS,
) -> dict[str, Figure]:
    """Return the three figures from the branches that the cut costs, with the cut where it is drawn."""
    portal, hepatic = conditions.applied("portal", lost_portal), conditions.applied("hepatic", lost_hepatic)
    volumes = _volumes_ml(model, removed_counts, portal, hepatic)
    return {key: _figure(float(volumes[4, n]), volumes[:, n]) for n, key in enumerate(_KEYS)}


def _volumes_ml(
    model: OrganModel,
    removed_counts: NDArray[np.int64],
    lost_portal: NDArray[np.int64],
    lost_hepatic: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return perfused and drained, ischaemic and congested ml, float64 (9, 3), by boundary of organ and lesions."""
    table = model.table
    kept = model.counts - removed_counts
    is_ischaemic = _is_any(table.portal, lost_portal)
    is_congested = _is_any(table.venous, lost_hepatic)
    asked = np.stack([~is_ischaemic & ~is_congested, is_ischaemic, is_congested]) * kept
    return np.asarray(table.net @ asked.T.astype(np.float64) * model.grid.voxel_volume_ml)


def _is_any(values: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    is_wanted = np.zeros(max(int(values.max(initial=0)), int(wanted.max(initial=0))) + 1, np.bool_)
    is_wanted[wanted] = True
    is_wanted[0] = False  # no branch
    return np.asarray(is_wanted[values])


def _figure(value: float, every: NDArray[np.float64]) -> Figure:
    low, high = envelope(float(v) for v in every)
    return Figure(value, low, high, "ml", FigureStatus.COMPUTED, _SOURCE)
