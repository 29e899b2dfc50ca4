"""An organ without the territories that a plan calls absent, and what of the vessel trees is gone with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.half_space import count_states
from simulation.organ_model import OrganModel
from simulation.plan_conditions import absent_voxels
from simulation.spared_trunks import spared_beside
from twin.resection import AbsentTerritory, Resection

__all__ = ["AbsentPart", "absent_part"]


@dataclass(frozen=True, eq=False)
class AbsentPart:
    """What is not there.

    Parameters
    ----------
    model
        The organ without it.
    voxels
        bool ``[k, j, i]`` in the box, organ voxels of the absent territories.
    nodes
        By tree, nodes that are gone, bool (n_nodes,). A trunk that runs through what is absent to what is not was left
        there: territories end at borders that run through the trunks beside them.
    """

    model: OrganModel
    voxels: NDArray[np.bool_]
    nodes: Mapping[str, NDArray[np.bool_]]


def absent_part(resections: Sequence[Resection], model: OrganModel) -> AbsentPart | None:
    """Return what a plan calls absent, the last answer for an organ kept; None when it names nothing.

    Raises
    ------
    GeometryError, InputError, UsageError
        As :func:`simulation.plan_conditions.absent_voxels`.
    """
    named = tuple(resection for resection in resections if isinstance(resection, AbsentTerritory))
    if not named:
        return None
    if named not in model.kept_parts:
        voxels = absent_voxels(named, model)
        assert voxels is not None
        found = AbsentPart(model.without(voxels), voxels, _gone(voxels, model))
        model.kept_parts.clear()
        model.kept_parts[named] = found
    kept = model.kept_parts[named]
    assert isinstance(kept, AbsentPart)
    return kept


def _gone(absent: NDArray[np.bool_], model: OrganModel) -> dict[str, NDArray[np.bool_]]:
    spared = spared_beside(count_states(model.states, absent, model.table.n_states), model)
    found = {}
    for tree, graph in model.twin.graphs.items():
        gone = np.zeros(len(graph.parents), np.bool_)
        nodes, voxels = model.voxels_at(graph.nodes_lps_mm)
        gone[nodes] = absent.ravel()[voxels]
        found[tree] = gone & ~spared[tree] if tree in spared else gone
    return found
