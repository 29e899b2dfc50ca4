"""What each cut of a plan removes from an organ: its voxels, and how deep a voxel lies inside the removed part.

Embolised and reconstructed vessels of a plan remove nothing; absent territories are taken out of the organ first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import LEVELS, reach_kji, shifted_shares
from simulation.kernels.half_space import mark_half_space
from simulation.kernels.interface import interface_pairs
from simulation.organ_model import OrganModel
from simulation.pancreas.cuts import depth_along_mm, leaning_along
from simulation.plan_conditions import NO_CONDITIONS, VesselConditions, absent_voxels, vessel_conditions
from simulation.segment_codes import segments_of_code, segments_of_graft
from simulation.sheet_map import SheetMap
from simulation.spared_trunks import spared_by_branches, spared_by_segments
from twin.anatomy import LayerName
from twin.box import Box
from twin.errors import GeometryError, InputError, UsageError
from twin.geometry.distance_edt import distance_to_mm
from twin.plan import Plan
from twin.resection import (
    AblationZone,
    DonorSplit,
    PancreasCut,
    PancreasOperation,
    PlanCondition,
    PlaneCut,
    Resection,
    SheetCut,
    TerritorySet,
    TissueCut,
    WedgeCut,
    write_cut,
)

__all__ = ["CutFaces", "Removal", "RemovedPart", "removal_of"]

# Distances are computed in float32: a voxel at exactly the margin must not be lost to its last bit.
_MARGIN_TOLERANCE_MM = 1e-4
_FAR_MM = -1e6
_SPARED_MM = -20.0  # a spared trunk is led out of the way: no deeper than so far outside
_ROOM_VOXELS = 4  # the depth goes on beyond the margin, so that surfaces can be drawn through it

Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RemovedPart:
    """What one cut removes.

    Parameters
    ----------
    resection
        The cut.
    voxels
        bool ``[k, j, i]`` in the box of the organ model; outside of the organ it goes on.
    depth_mm
        From flat voxel indices of the box to the distance to the cut, positive inside the removed part.
    shifted_voxels
        What it removes with the boundary of its lesion shifted inwards and outwards; None where no lesion decides.
    leans
        From flat voxel indices to the direction in which the depth changes, unit vectors along i, j, k, (n, 3); None
        where only voxels are known.
    spared_nodes
        By tree, nodes of trunks that stay though they lie in removed tissue, bool (n_nodes,).
    """

    resection: Resection
    voxels: Mask
    depth_mm: Callable[[Indices], NDArray[np.float64]]
    shifted_voxels: tuple[Mask, Mask] | None = None
    leans: Callable[[Indices], NDArray[np.float64]] | None = None
    spared_nodes: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)


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
        bool ``[k, j, i]`` in the box, organ voxels of absent territories; None without any.
    """

    model: OrganModel
    parts: tuple[RemovedPart, ...]
    vessels: VesselConditions = NO_CONDITIONS
    absent: Mask | None = None

    @cached_property
    def voxels(self) -> Mask:
        """Union of the parts, bool ``[k, j, i]`` in the box."""
        if not self.parts:
            return np.zeros(self.model.organ.shape, np.bool_)
        return _union([part.voxels for part in self.parts])

    @cached_property
    def taken(self) -> Mask:
        """Union of the parts that are taken out: all but ablations."""
        taken = [part.voxels for part in self.parts if not isinstance(part.resection, AblationZone)]
        return _union(taken) if taken else np.zeros_like(self.voxels)

    @cached_property
    def faces(self) -> CutFaces:
        """Faces of the cut."""
        removed, direction = interface_pairs(self.model.states > 0, self.voxels)
        shape = self.model.organ.shape
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

    @property
    def remnant(self) -> Mask:
        """Organ voxels that stay."""
        return self.model.organ & ~self.voxels

    def depth_mm(self, voxels: Indices) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the depth in the union (the deepest part counts) and which part that is, for flat indices."""
        if not self.parts:
            return np.full(voxels.size, _FAR_MM), np.zeros(voxels.size, np.int64)
        depths = np.stack([part.depth_mm(voxels) for part in self.parts])
        deepest = depths.argmax(axis=0)
        return depths[deepest, np.arange(voxels.size)], deepest

    def node_depth_mm(self, tree: str, nodes: Indices, voxels: Indices) -> NDArray[np.float64]:
        """Return the depth at nodes of a tree that lie in voxels; a part that spares a trunk does not reach it."""
        depths = np.full(voxels.size, _FAR_MM)
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
    absent = absent_voxels(plan.resections, model)
    if absent is not None:
        model = model.without(absent)
    return Removal(model, tuple(_part(cut, model) for cut in cuts), conditions, absent)


def _part(resection: TissueCut, model: OrganModel) -> RemovedPart:
    match resection:
        case PlaneCut():
            return _plane(resection, model)
        case WedgeCut() | AblationZone():
            return _around_lesion(resection, model)
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

    lean = np.asarray(cut.normal_lps) @ model.grid.direction
    return RemovedPart(cut, voxels, depth_mm, leans=lambda at: np.broadcast_to(lean, (at.size, 3)))


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
    )


def _require_division(cut: PlaneCut | SheetCut, voxels: Mask, model: OrganModel) -> None:
    n_removed, n_organ = np.count_nonzero(voxels & model.organ), np.count_nonzero(model.organ)
    if n_removed in (0, n_organ):
        message_id = "error.cut.misses_organ" if n_removed == 0 else "error.cut.takes_whole_organ"
        raise GeometryError(message_id, cut=write_cut(cut), structure=model.organ_id)


def _on_pancreas(cut: PancreasCut, model: OrganModel) -> RemovedPart:
    if cut.operation is PancreasOperation.ENUCLEATION:
        return replace(_around_lesion(WedgeCut(cut.lesion_id, cut.margin_mm), model), resection=cut)
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
    )


def _around_lesion(cut: WedgeCut | AblationZone, model: OrganModel) -> RemovedPart:
    """All voxels whose centre lies within the margin of the centre of a lesion voxel (exact distances)."""
    value = _lesion_value(cut.lesion_id, model)
    grid = model.twin.grid
    lesion_box = model.twin.box(cut.lesion_id)
    assert lesion_box is not None
    spacing_kji = grid.spacing_ijk_mm[::-1]
    uncertainty = model.twin.uncertainty(cut.lesion_id)
    reach = reach_kji(grid.spacing_ijk_mm, uncertainty)
    n_k, n_j, n_i = (int(n) + _ROOM_VOXELS + r for n, r in zip(cut.margin_mm / spacing_kji, reach, strict=True))
    room = lesion_box.grown((n_k, n_j, n_i), grid.shape_kji)
    lesion = model.twin.layers[LayerName.LESIONS].voxels[room.slices] == value
    inwards, outwards = shifted_shares(lesion, grid.spacing_ijk_mm, uncertainty)

    def depth_around(mask: Mask) -> NDArray[np.float32]:
        depth = np.full(model.organ.shape, _FAR_MM, np.float32)
        _write_overlap(depth, model.box, cut.margin_mm - distance_to_mm(mask, grid.spacing_ijk_mm), room)
        return depth

    depth = depth_around(lesion)
    half = LEVELS // 2
    shifted = tuple(depth_around(shares >= half) >= -_MARGIN_TOLERANCE_MM for shares in (inwards, outwards))

    def depth_mm(at: Indices) -> NDArray[np.float64]:
        return np.asarray(depth.ravel()[at], dtype=np.float64)

    return RemovedPart(
        cut,
        depth >= -_MARGIN_TOLERANCE_MM,
        depth_mm,
        (shifted[0], shifted[1]),
        lambda at: _directions(depth, at, spacing_kji[::-1]),
    )


def _directions(depth: NDArray[np.float32], at: Indices, spacing_ijk_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the direction in which a field changes at voxels, by the voxels beside them."""
    places = np.unravel_index(at, depth.shape)
    slopes = np.empty((at.size, 3))
    for axis in range(3):
        last = depth.shape[2 - axis] - 1
        beside = [list(places), list(places)]
        beside[0][2 - axis] = np.maximum(places[2 - axis] - 1, 0)
        beside[1][2 - axis] = np.minimum(places[2 - axis] + 1, last)
        before, after = (depth[tuple(place)].astype(np.float64) for place in beside)
        slopes[:, axis] = (after - before) / spacing_ijk_mm[axis]
    return np.asarray(slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-9))


def _segments(cut: TerritorySet | DonorSplit, values: tuple[int, ...], model: OrganModel) -> RemovedPart:
    if model.couinaud is None:
        raise GeometryError("error.cut.needs_segments", cut=write_cut(cut))
    voxels = np.isin(model.couinaud, values)
    return _labelled(cut, voxels, model, spared_by_segments(values, voxels, model))


def _territories(cut: TerritorySet, names: tuple[str, ...], model: OrganModel) -> RemovedPart:
    union = np.zeros(model.organ.shape, np.bool_)
    chosen: dict[str, list[int]] = {}
    for name in names:
        tree = name.partition(".")[0]
        graph = model.twin.graphs.get(tree)
        labels = {"portal": model.portal, "hepatic": model.venous}.get(tree)
        if graph is None or labels is None:
            raise GeometryError("error.cut.needs_branches", cut=write_cut(cut), branch=name)
        indices = [b.index for b in graph.branches if b.name == name or b.name.startswith(name + ".")]
        if not indices:
            known = ", ".join(sorted({b.name for b in graph.branches if b.name})) or "-"
            raise InputError("error.cut.no_such_branch", branch=name, known=known)
        union |= np.isin(labels, indices)
        chosen.setdefault(tree, []).extend(indices)
    return _labelled(cut, union, model, spared_by_branches(chosen, union, model))


def _labelled(
    cut: TerritorySet | DonorSplit, voxels: Mask, model: OrganModel, spared_nodes: Mapping[str, NDArray[np.bool_]]
) -> RemovedPart:
    if not (voxels & model.organ).any():
        raise GeometryError("error.cut.misses_organ", cut=write_cut(cut), structure=model.organ_id)
    depths: list[NDArray[np.float32]] = []  # made when it is first asked for

    def depth_mm(at: Indices) -> NDArray[np.float64]:
        if not depths:
            depths.append(_depth_inside_mm(voxels & model.organ, model).ravel())
        return np.asarray(depths[0][at], dtype=np.float64)

    return RemovedPart(cut, voxels, depth_mm, spared_nodes=spared_nodes)


def _depth_inside_mm(voxels: Mask, model: OrganModel) -> NDArray[np.float32]:
    """Return the distance to the border of a part inside of it, and one voxel against it outside."""
    spacing = model.grid.spacing_ijk_mm
    depth = np.full(voxels.shape, -float(spacing.min()), np.float32)
    box = Box.around(voxels)
    if box is not None:
        box = box.grown(1, (voxels.shape[0], voxels.shape[1], voxels.shape[2]))
        # Beyond the capsule the part goes on: only its border with the rest of the organ counts.
        rest = (model.organ & ~voxels)[box.slices]
        inside = distance_to_mm(rest, spacing)
        depth[box.slices] = np.where(voxels[box.slices], inside, depth[box.slices])
    return depth


def _union(masks: list[Mask]) -> Mask:
    union = masks[0].copy()
    for mask in masks[1:]:
        union |= mask
    return union


def _lesion_value(lesion_id: str, model: OrganModel) -> int:
    """Return the label value of a lesion that lies in the organ."""
    known = model.twin.lesion_ids
    if lesion_id not in known:
        raise InputError("error.plan.no_such_lesion", lesion=lesion_id, known=", ".join(known) or "-")
    value = int(lesion_id.rpartition("-")[2])
    if value not in model.lesion_values:
        raise GeometryError("error.plan.lesion_outside_organ", lesion=lesion_id, structure=model.organ_id)
    return value


def _write_overlap(target: NDArray[np.float32], box: Box, source: NDArray[np.float32], room: Box) -> None:
    """Copy the part of ``source`` (in ``room``) that lies in ``box`` to its place in ``target``."""
    start = np.maximum(box.start_kji, room.start_kji)
    stop = np.minimum(box.stop_kji, room.stop_kji)
    if (start < stop).all():
        to = tuple(slice(a, b) for a, b in zip(start - box.start_kji, stop - box.start_kji, strict=True))
        origin = tuple(slice(a, b) for a, b in zip(start - room.start_kji, stop - room.start_kji, strict=True))
        target[to] = source[origin]
