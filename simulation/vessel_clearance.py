"""How near a cut passes to the vessels that the remnant lives on: who is spared, or taken, by a little only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.branch_volumes import named_level
from simulation.kernels.tree import spread_down
from simulation.organ_model import OrganModel
from simulation.removal import Removal
from simulation.vessels import OUTSIDE_MM, fed_below_ml, node_depths_mm, wall_mm
from twin.outcome import OutcomeWarning
from twin.vessel_graph import VesselGraph

__all__ = ["TreeAtCut", "place_doubt_mm", "trees_at_cut", "trunk_warnings"]

_LEAST_DOUBT_MM = 2.0  # usual resolution of a planned cut, as for a margin
# Ours: a warning is for vessels that as much of what the tree feeds in the remnant, and of the organ, depends on: some
# 50 ml of an adult's liver.
_LEAST_FED_SHARE = 0.05
_LEAST_ORGAN_SHARE = 0.03


@dataclass(frozen=True, eq=False)
class TreeAtCut:
    """A vessel tree with where its nodes lie to a cut.

    Parameters
    ----------
    graph
        The tree.
    depths_mm
        float64 (n_nodes,): :func:`simulation.vessels.node_depths_mm`.
    to_cut_mm
        float64 (n_nodes,): depth in the removed part, minus the distance to the cut outside of it; outside of the
        organ too, minus infinity without a cut surface.
    is_gone
        bool (n_nodes,): nodes in absent territories.
    doubt_mm
        By how much the place of the cut is in doubt.
    """

    graph: VesselGraph
    depths_mm: NDArray[np.float64]
    to_cut_mm: NDArray[np.float64]
    is_gone: NDArray[np.bool_]
    doubt_mm: float

    def is_removed(self, shift: int = 0) -> NDArray[np.bool_]:
        """Return which nodes are removed, bool (n_nodes,).

        Parameters
        ----------
        shift
            0 with the cut as drawn, 1 with it moved by its doubt towards the vessels that stay, -1 away from them.
        """
        wall = wall_mm(self.graph)
        if shift == 0:
            return np.asarray((self.depths_mm > wall) | self.is_gone)
        # A node outside of the organ is where no cut goes, however near the organ's surface.
        at = np.where(self.depths_mm > OUTSIDE_MM, self.to_cut_mm, OUTSIDE_MM)
        return np.asarray((at > wall - shift * self.doubt_mm) | self.is_gone)


def place_doubt_mm(model: OrganModel) -> float:
    """Return by how much the place of a cut beside a vessel is in doubt: the larger of 2 mm and the slice."""
    return max(_LEAST_DOUBT_MM, model.twin.grid.slice_thickness_mm)


def trees_at_cut(removal: Removal, cut_points_lps_mm: NDArray[np.float64]) -> dict[str, TreeAtCut]:
    """Return every vessel tree of the twin with where it lies to the cut of a removal.

    Parameters
    ----------
    removal
        What is removed.
    cut_points_lps_mm
        Points of the cut surface, (n, 3) float64.
    """
    near = None
    if len(cut_points_lps_mm):  # many points, few questions: a tree that is quick to build
        near = cKDTree(cut_points_lps_mm, balanced_tree=False, compact_nodes=False)
    doubt_mm = place_doubt_mm(removal.model)
    found = {}
    for name, graph in removal.model.twin.graphs.items():
        depths = node_depths_mm(graph, removal)
        gone = np.zeros(len(depths), np.bool_) if removal.absent is None else removal.absent.nodes[name]
        to_cut = np.full(len(depths), -np.inf)
        if near is not None and len(depths):
            reach = 2.0 * (doubt_mm + float(graph.radii_mm.max()))
            to_cut = -near.query(graph.nodes_lps_mm, distance_upper_bound=reach)[0]
        to_cut = np.where(depths > 0, depths, to_cut)
        found[name] = TreeAtCut(graph, depths, to_cut, gone, doubt_mm)
    return found


def trunk_warnings(
    removal: Removal, trees: Mapping[str, TreeAtCut], removed_counts: NDArray[np.int64]
) -> tuple[OutcomeWarning, ...]:
    """Warn of the vessel that most of the remnant depends on among those spared, or cut, by a little only.

    Said are how far its wall is from the cut (0 where the cut runs through the wall) and what it feeds or drains of
    the remnant. A trunk that a resection along territories leaves by intention is no news, nor is a branch without a
    name.
    """
    warned: list[tuple[float, OutcomeWarning]] = []
    organ_ml = float(np.count_nonzero(removal.model.organ)) * removal.model.grid.voxel_volume_ml
    for name, tree in trees.items():
        kept = removal.vessels.kept.get(name)
        fed_ml = fed_below_ml(tree.graph, removal.model, removed_counts, kept=kept)
        least_ml = max(_LEAST_ORGAN_SHARE * organ_ml, _LEAST_FED_SHARE * float(fed_ml.max(initial=0.0)))
        # One that another cut of the plan takes is not left.
        is_left = _is_left_by_intention(name, removal, len(fed_ml)) & ~tree.is_removed()
        fed_ml[is_left | (fed_ml < least_ml) | ~_has_name(tree.graph)] = 0.0
        warned += _tree_warnings(tree, fed_ml)
    warned.sort(key=lambda one: -one[0])
    return tuple(warning for _, warning in warned[:1])


def _is_left_by_intention(tree: str, removal: Removal, n_nodes: int) -> NDArray[np.bool_]:
    """Return which nodes some cut leads out of its way, bool (n_nodes,)."""
    left = np.zeros(n_nodes, np.bool_)
    for part in removal.parts:
        if tree in part.spared_nodes:
            left |= part.spared_nodes[tree]
    return left


def _has_name(graph: VesselGraph) -> NDArray[np.bool_]:
    """Return which nodes lie on a branch that an anatomist has a name for, bool (n_nodes,)."""
    named = [branch.index for branch in graph.branches if "." in named_level(branch.name) or branch.name == "portal"]
    return np.isin(graph.branch_of_node, named)


def _tree_warnings(tree: TreeAtCut, fed_ml: NDArray[np.float64]) -> Iterable[tuple[float, OutcomeWarning]]:
    graph, radii = tree.graph, wall_mm(tree.graph)
    is_removed = tree.is_removed()
    is_cut_off = is_removed.copy()
    spread_down(graph.order_from_root, graph.parents, is_cut_off)
    matters = fed_ml > 0
    in_reach = np.abs(tree.to_cut_mm) < radii + tree.doubt_mm
    spared = matters & in_reach & ~is_cut_off
    # What is cut by more elsewhere on its way is no close call.
    barely = matters & is_removed & ~tree.is_removed(-1) & ~_spread(tree, tree.is_removed(-1))
    for kind, chosen in (("spared", spared), ("cut", barely)):
        nodes = np.flatnonzero(chosen)
        if nodes.size == 0:
            continue
        most = nodes[fed_ml[nodes] >= 0.9 * fed_ml[nodes].max()]
        clearance = (tree.to_cut_mm[most] if kind == "cut" else -tree.to_cut_mm[most]) - radii[most]
        at = int(most[clearance.argmin()])
        parameters = {
            "vessel": _name_of(graph, at),
            "distance_mm": round(max(float(clearance.min()), 0.0), 1),
            "fed_ml": round(float(fed_ml[at])),
        }
        weight = 2.0 if kind == "cut" else 1.0  # what is lost already comes before what may be
        yield weight * float(fed_ml[at]), OutcomeWarning(f"warning.vessel.{kind}_by_little.{graph.tree}", parameters)


def _spread(tree: TreeAtCut, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    spread_down(tree.graph.order_from_root, tree.graph.parents, flags)
    return flags


def _name_of(graph: VesselGraph, node: int) -> str:
    index = int(graph.branch_of_node[node])
    return named_level(next((branch.name for branch in graph.branches if branch.index == index), "") or graph.tree)
