"""What each cut of a plan removes from an organ: its voxels, and how deep a voxel lies inside the removed part.

Embolised and reconstructed vessels of a plan remove nothing; absent territories are taken out of the organ first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from simulation.absent_part import AbsentPart, absent_part
from simulation.around_lesion import around_lesion
from simulation.kernels.half_space import mark_half_space
from simulation.kernels.interface import interface_pairs
from simulation.kernels.nearest_voxel import voxels_with_labels
from simulation.organ_model import OrganModel
from simulation.pancreas.cuts import depth_along_mm, leaning_along
from simulation.plan_conditions import NO_CONDITIONS, VesselConditions, branch_indices, vessel_conditions
from simulation.removed_part import FAR_MM, RemovedPart
from simulation.segment_codes import segments_of_code, segments_of_graft
from simulation.sheet_map import SheetMap
from simulation.spared_trunks import spared_by_branches, spared_by_segments
from simulation.territory_depth import TerritoryDepth
from twin.box import Box
from twin.errors import GeometryError, UsageError
from twin.plan import Plan
from twin.resection import (
    AblationZone,
    DonorSplit,
    PancreasCut,
    PancreasOperation,
    PlanCondition,
    PlaneCut,
    SheetCut,
    TerritorySet,
    TissueCut,
    WedgeCut,
    write_cut,
)

__all__ = ["CutFaces", "Removal", "removal_of"]

_SPARED_MM = -20.0  # a spared trunk is led out of the way: no deeper than so far outside

Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CutFaces:
    """Faces between removed and remaining voxels, of the organ as drawn and of its outward shift.

    ``removed`` and ``remaining`` are int64 (n,), flat indices of the box; ``direction`` int64 (n,) tells where the
    remaining voxel lies: 1, 2, 3 along +i, +j, +k; -1, -2, -3 against.
    """

    removed: Indices
    remaining: Indices
    direction: NDArray[np.int64]

    def chosen(self, wanted: NDArray[np.bool_]) -> CutFaces:
        """Return some of the faces."""
        return CutFaces(self.removed[wanted], self.remaining[wanted], self.direction[wanted])


@dataclass(frozen=True, eq=False)
class Removal:
    """What a plan removes from an organ: the union of its parts.

    Parameters
    ----------
    model
        The organ, without what the plan calls absent.
    parts
        What each cut removes; none in a stage that only closes vessels.
    vessels
        Branches whose fate the plan decides.
    absent
        What the plan calls absent; None without any.
    """

    model: OrganModel
    parts: tuple[RemovedPart, ...]
    vessels: VesselConditions = NO_CONDITIONS
    absent: AbsentPart | None = None

    @cached_property
    def voxels(self) -> Mask:
        """Union of the parts, bool ``[k, j, i]`` in the box."""
        if not self.parts:
            return np.zeros(self.model.organ.shape, np.bool_)
        return _union([part.voxels for part in self.parts])

    @property
    def box(self) -> Box:
        """Part of the box of the model that holds every removed voxel."""
        whole = Box((0, 0, 0), self.model.box.shape_kji)
        return reduce(Box.joined, [part.box or whole for part in self.parts]) if self.parts else whole

    @cached_property
    def taken(self) -> Mask:
        """Union of the parts that are taken out: all but ablations."""
        taken = [part.voxels for part in self.parts if not isinstance(part.resection, AblationZone)]
        return _union(taken) if taken else np.zeros_like(self.voxels)

    @cached_property
    def faces(self) -> CutFaces:
        """Faces of the cut."""
        shape = self.model.organ.shape
        box = self.box.grown(1, (shape[0], shape[1], shape[2]))
        in_box, direction = interface_pairs(self.model.reached[box.slices], self.voxels[box.slices])
        places = np.stack(np.unravel_index(in_box, box.shape_kji)) + np.reshape(box.start_kji, (3, 1))
        removed = np.asarray(np.ravel_multi_index(tuple(places), shape), np.int64)
        strides = np.array([1, shape[2], shape[1] * shape[2]])  # along i, j, k
        return CutFaces(removed, removed + np.sign(direction) * strides[np.abs(direction) - 1], direction)

    @property
    def has_ablation(self) -> bool:
        """True when a part is destroyed in place."""
        return any(isinstance(part.resection, AblationZone) for part in self.parts)

    def shifted(self) -> tuple[Removal, Removal] | None:
        """Return the removal with the boundaries of lesions shifted inwards and outwards; None where none decides."""
        if all(part.shifted_voxels is None for part in self.parts):
            return None
        inwards, outwards = (
            tuple(
                part if part.shifted_voxels is None else replace(part, voxels=part.shifted_voxels[end])
                for part in self.parts
            )
            for end in (0, 1)
        )
        return replace(self, parts=inwards), replace(self, parts=outwards)

    @property
    def specimen(self) -> Mask:
        """Organ voxels removed or destroyed."""
        return self.model.organ & self.voxels

    @cached_property
    def remnant(self) -> Mask:
        """Organ voxels that stay."""
        return self.model.organ & ~self.voxels

    def depth_mm(self, voxels: Indices) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the depth in the union (the deepest part counts) and which part that is, for flat indices."""
        if not self.parts:
            return np.full(voxels.size, FAR_MM), np.zeros(voxels.size, np.int64)
        depths = np.stack([part.depth_mm(voxels) for part in self.parts])
        deepest = depths.argmax(axis=0)
        return depths[deepest, np.arange(voxels.size)], deepest

    def node_depth_mm(self, tree: str, nodes: Indices, voxels: Indices) -> NDArray[np.float64]:
        """Return the depth at nodes of a tree that lie in voxels; a part that spares a trunk does not reach it."""
        depths = np.full(voxels.size, FAR_MM)
        for part in self.parts:
            depth = part.depth_mm(voxels)
            if tree in part.spared_nodes:
                depth = np.where(part.spared_nodes[tree][nodes], np.minimum(depth, _SPARED_MM), depth)
            np.maximum(depths, depth, out=depths)
        return depths


def removal_of(plan: Plan, model: OrganModel, *, may_remove_nothing: bool = False) -> Removal:
    """Return what a plan removes from an organ.

    Parameters
    ----------
    plan, model
        The plan and the organ as labelled.
    may_remove_nothing
        Accept a plan without a cut: the first stage of an operation may only close vessels.

    Raises
    ------
    UsageError
        ``error.plan.empty`` without anything, ``error.plan.removes_nothing`` without a cut among it.
    GeometryError
        When a cut misses the organ or takes all of it, a lesion lies outside of it, or a layer that the cut
        needs is absent.
    InputError
        When a lesion or a branch does not exist.
    """
    if not plan.resections:
        raise UsageError("error.plan.empty", plan=plan.name)
    cuts = [
        resection
        for resection in plan.resections
        if not isinstance(resection, PlanCondition)
        and (model.organ_id == "pancreas" or not isinstance(resection, PancreasCut))  # beside cuts of the liver
    ]
    if not cuts and not may_remove_nothing:
        raise UsageError("error.plan.removes_nothing", plan=plan.name)
    conditions = vessel_conditions(plan.resections, model)
    absent = absent_part(plan.resections, model)
    if absent is not None:
        model = absent.model
    return Removal(model, tuple(_part(cut, model) for cut in cuts), conditions, absent)


def _part(resection: TissueCut, model: OrganModel) -> RemovedPart:
    match resection:
        case PlaneCut():
            return _plane(resection, model)
        case WedgeCut() | AblationZone():
            return around_lesion(resection, model)
        case TerritorySet(branches, code):
            if code:
                return _segments(resection, segments_of_code(code), model)
            return _territories(resection, branches, model)
        case DonorSplit(graft):
            return _segments(resection, segments_of_graft(graft), model)
        case SheetCut():
            return _sheet(resection, model)
        case PancreasCut():
            return _on_pancreas(resection, model)
        case _:
            assert_never(resection)


def _plane(cut: PlaneCut, model: OrganModel) -> RemovedPart:
    coefficients = model.plane_coefficients(cut.origin_lps_mm, cut.normal_lps)
    voxels = np.zeros(model.organ.shape, np.bool_)
    mark_half_space(voxels, coefficients)
    _require_division(cut, voxels, model)
    shape = model.organ.shape
    ci, cj, ck, c0 = (float(c) for c in coefficients)

    def depth_mm(at: Indices) -> NDArray[np.float64]:
        k, j, i = np.unravel_index(at, shape)
        return np.asarray(ci * i + (cj * j + (ck * k + c0)), dtype=np.float64)

    def between_mm(points_ijk: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(points_ijk @ coefficients[:3] + c0)

    lean = np.asarray(cut.normal_lps) @ model.grid.direction
    return RemovedPart(
        cut, voxels, depth_mm, leans=lambda at: np.broadcast_to(lean, (at.size, 3)), depth_between_mm=between_mm
    )


def _sheet(cut: SheetCut, model: OrganModel) -> RemovedPart:
    sheet = SheetMap.of_cut(cut, model.grid)
    voxels = np.zeros(model.organ.shape, np.bool_)
    sheet.mark(voxels)
    _require_division(cut, voxels, model)

    def points_ijk(at: Indices) -> NDArray[np.float64]:
        k, j, i = np.unravel_index(at, model.organ.shape)
        return np.stack([i, j, k], axis=-1).astype(np.float64)

    return RemovedPart(
        cut,
        voxels,
        lambda at: sheet.depth_mm(points_ijk(at)),
        leans=lambda at: sheet.normals_lps(points_ijk(at)) @ model.grid.direction,
        depth_between_mm=sheet.depth_mm,
    )


def _require_division(cut: PlaneCut | SheetCut, voxels: Mask, model: OrganModel) -> None:
    n_removed, n_organ = np.count_nonzero(voxels & model.organ), np.count_nonzero(model.organ)
    if n_removed in (0, n_organ):
        message_id = "error.cut.misses_organ" if n_removed == 0 else "error.cut.takes_whole_organ"
        raise GeometryError(message_id, cut=write_cut(cut), structure=model.organ_id)


def _on_pancreas(cut: PancreasCut, model: OrganModel) -> RemovedPart:
    if cut.operation is PancreasOperation.ENUCLEATION:
        return replace(around_lesion(WedgeCut(cut.lesion_id, cut.margin_mm), model), resection=cut)
    depth = depth_along_mm(cut, model.axis)
    voxels = depth > 0
    n_removed, n_organ = (np.count_nonzero(mask & model.organ) for mask in (voxels, model.organ))
    if n_removed == 0:
        raise GeometryError("error.pancreas.cut_misses", cut=write_cut(cut))
    if n_removed == n_organ and cut.operation is not PancreasOperation.TOTAL:
        raise GeometryError("error.pancreas.cut_takes_all", cut=write_cut(cut))
    positions = model.axis.position_mm.ravel()
    return RemovedPart(
        cut,
        voxels,
        lambda at: np.asarray(depth.ravel()[at], dtype=np.float64),
        leans=lambda at: leaning_along(cut, model.axis, positions[at]),
        whole_depth_mm=lambda: np.asarray(depth, np.float32),
    )


def _segments(cut: TerritorySet | DonorSplit, values: tuple[int, ...], model: OrganModel) -> RemovedPart:
    if model.couinaud is None:
        raise GeometryError("error.cut.needs_segments", cut=write_cut(cut))
    table, wanted = model.table, np.array(values)
    voxels = voxels_with_labels(model.couinaud, wanted, int(table.couinaud.max()))
    return _labelled(cut, voxels, model, spared_by_segments(values, np.isin(table.couinaud, wanted), model))


def _territories(cut: TerritorySet, names: tuple[str, ...], model: OrganModel) -> RemovedPart:
    territories = {"portal": (model.portal, model.table.portal), "hepatic": (model.venous, model.table.venous)}
    chosen: dict[str, list[int]] = {}
    for name in names:
        tree = name.partition(".")[0]
        if territories.get(tree, (None,))[0] is None:
            raise GeometryError("error.cut.needs_branches", cut=write_cut(cut), branch=name)
        chosen.setdefault(tree, []).extend(branch_indices(name, model, cut).tolist())
    masks, states = [], np.zeros(model.table.n_states, np.bool_)
    for tree, wanted in chosen.items():
        labels, of_states = territories[tree]
        assert labels is not None
        masks.append(voxels_with_labels(labels, np.array(wanted), int(of_states.max())))
        states |= np.isin(of_states, wanted)
    return _labelled(cut, _union(masks), model, spared_by_branches(chosen, states, model))


def _labelled(
    cut: TerritorySet | DonorSplit, voxels: Mask, model: OrganModel, spared_nodes: Mapping[str, NDArray[np.bool_]]
) -> RemovedPart:
    if not (voxels & model.organ).any():
        raise GeometryError("error.cut.misses_organ", cut=write_cut(cut), structure=model.organ_id)
    return RemovedPart(cut, voxels, TerritoryDepth(voxels, model), spared_nodes=spared_nodes)


def _union(masks: list[Mask]) -> Mask:
    if len(masks) == 1:
        return masks[0]
    union = masks[0] | masks[1]
    for mask in masks[2:]:
        union |= mask
    return union
