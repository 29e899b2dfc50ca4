"""What a plan says of vessels and territories beside its cuts: closed, joined again, or gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulation.branch_volumes import named_level
from simulation.organ_model import OrganModel
from simulation.segment_codes import segments_of_code
from twin.errors import GeometryError, InputError
from twin.resection import (
    AbsentTerritory,
    DonorSplit,
    EmbolisedTerritory,
    Partition,
    ReconstructedVessel,
    Resection,
    write_cut,
)
from twin.vessel_graph import VesselGraph

__all__ = ["MIDDLE_VEIN", "NO_CONDITIONS", "VesselConditions", "absent_voxels", "branch_indices", "vessel_conditions"]

MIDDLE_VEIN = "hepatic.middle"

Indices = NDArray[np.int64]
_NONE: Indices = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class VesselConditions:
    """Branches whose fate the plan decides, whatever the cut does to them.

    ``closed`` (embolised, or taken with a graft) and ``kept`` (joined again, or left with the donor) hold indices of
    branches by tree, int64. A branch that is both counts as closed. ``embolised`` are portal branches; what the veins
    ``left_with_donor`` drain of a graft has no outflow there.
    """

    closed: Mapping[str, Indices] = field(default_factory=dict)
    kept: Mapping[str, Indices] = field(default_factory=dict)
    embolised: Indices = field(default_factory=lambda: _NONE)
    left_with_donor: Indices = field(default_factory=lambda: _NONE)

    def applied(self, tree: str, lost: Indices) -> Indices:
        """Return which branches of a tree are lost, from those that the cut alone would cost."""
        spared = np.setdiff1d(lost, self.kept.get(tree, _NONE))
        return np.union1d(spared, self.closed.get(tree, _NONE)).astype(np.int64)


NO_CONDITIONS = VesselConditions()


def vessel_conditions(resections: Sequence[Resection], model: OrganModel) -> VesselConditions:
    """Return what a plan decides about vessels.

    Raises
    ------
    GeometryError
        ``error.cut.needs_branches`` when the tree of a named branch is not in the twin.
    InputError
        ``error.cut.no_such_branch`` when it has none of that name.
    """
    embolised, kept, closed, left = _NONE, dict[str, Indices](), dict[str, Indices](), _NONE
    for resection in resections:
        match resection:
            case EmbolisedTerritory(branches) | Partition(branches):
                embolised = np.union1d(embolised, _indices(branches, model, resection))
            case ReconstructedVessel(branches):
                for name in branches:
                    _add(kept, name, model, resection)
            case DonorSplit(_, True):
                _add(closed, MIDDLE_VEIN, model, resection)
            case DonorSplit(_, False):
                _add(kept, MIDDLE_VEIN, model, resection)
                left = branch_indices(MIDDLE_VEIN, model, resection)
            case _:
                pass
    if embolised.size:
        closed["portal"] = embolised
    return VesselConditions(closed, kept, embolised, left)


def absent_voxels(resections: Sequence[Resection], model: OrganModel) -> NDArray[np.bool_] | None:
    """Return the voxels of absent territories, bool ``[k, j, i]`` in the box; None when a plan names none.

    Raises
    ------
    GeometryError, InputError, UsageError
        As for a set of territories of the same names.
    """
    absent = [resection for resection in resections if isinstance(resection, AbsentTerritory)]
    if not absent:
        return None
    voxels = np.zeros(model.organ.shape, np.bool_)
    for resection in absent:
        if resection.new_world_code:
            if model.couinaud is None:
                raise GeometryError("error.cut.needs_segments", cut=write_cut(resection))
            voxels |= np.isin(model.couinaud, segments_of_code(resection.new_world_code))
        for name in resection.branches:
            labels = {"portal": model.portal, "hepatic": model.venous}.get(name.partition(".")[0])
            indices = branch_indices(name, model, resection)
            if labels is None:
                raise GeometryError("error.cut.needs_branches", cut=write_cut(resection), branch=name)
            voxels |= np.isin(labels, indices)
    return voxels & (model.states > 0)


def branch_indices(name: str, model: OrganModel, resection: Resection) -> Indices:
    """Return the indices of a named branch and of all below it, int64.

    Raises
    ------
    GeometryError, InputError
        As :func:`vessel_conditions`.
    """
    graph: VesselGraph | None = model.twin.graphs.get(name.partition(".")[0])
    if graph is None:
        raise GeometryError("error.cut.needs_branches", cut=write_cut(resection), branch=name)
    indices = graph.branches_of(name)
    if not indices:
        known = ", ".join(sorted({named_level(b.name) for b in graph.branches if b.name})) or "-"
        raise InputError("error.cut.no_such_branch", branch=name, known=known)
    return np.array(indices, np.int64)


def _indices(names: Iterable[str], model: OrganModel, resection: Resection) -> Indices:
    return np.concatenate([branch_indices(name, model, resection) for name in names])


def _add(indices: dict[str, Indices], name: str, model: OrganModel, resection: Resection) -> None:
    tree = name.partition(".")[0]
    indices[tree] = np.union1d(indices.get(tree, _NONE), branch_indices(name, model, resection)).astype(np.int64)
