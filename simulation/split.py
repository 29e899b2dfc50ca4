"""The two parts of an organ after a plan: what stays and what is removed, as masks and as closed surfaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulation.organ_model import OrganModel
from simulation.removal import Removal, removal_of
from simulation.removed_part import RemovedPart
from simulation.sheet_map import SheetMap
from twin.errors import GeometryError
from twin.geometry.distance_edt import signed_distance_mm
from twin.geometry.surface_vtk import clipped_by_planes, smooth_field, surface_of_field, surface_of_mask
from twin.grid import Grid
from twin.plan import Plan
from twin.resection import DonorSplit, PlaneCut, SheetCut, TerritorySet
from twin.surface import Surface
from twin.twin import Twin

__all__ = ["SplitMasks", "split_masks", "split_organ"]

_WORKING_MM = 1.4
_TARGET_TRIANGLES = 40_000


@dataclass(frozen=True, eq=False)
class SplitMasks:
    """Voxels that stay and voxels that are removed, bool ``[k, j, i]`` on the grid of the twin."""

    remnant: NDArray[np.bool_]
    specimen: NDArray[np.bool_]


def split_masks(plan: Plan, twin: Twin, *, model: OrganModel | None = None) -> SplitMasks:
    """Return the voxels of remnant and specimen of an organ; together they are the organ, to the voxel.

    Parameters
    ----------
    plan, twin
        A plan that acts on both organs is that of the model, or of the liver.
    model
        The organ prepared; None prepares the one that the plan acts on.

    Raises
    ------
    TwinSightError
        As :func:`simulation.simulate.simulate`.
    """
    model = model or _model(plan, twin)
    removal = removal_of(_on_organ(plan, model), model)
    whole = (np.zeros(twin.grid.shape_kji, np.bool_) for _ in range(2))
    remnant, specimen = whole
    remnant[model.box.slices], specimen[model.box.slices] = removal.remnant, removal.specimen
    return SplitMasks(remnant, specimen)


def split_organ(plan: Plan, twin: Twin, *, model: OrganModel | None = None) -> tuple[Surface | None, Surface]:
    """Return the closed surfaces of remnant and specimen of an organ (``"remnant"``, ``"specimen"``), LPS mm.

    Parameters are those of :func:`split_masks`. After a total pancreatectomy there is no remnant: None.

    The face of a plane is flat and its edge sharp. Other cuts follow the sheet, the distance to the lesion or the
    border of the territory below voxel size, so that the cut shows no steps.

    Raises
    ------
    GeometryError
        ``error.surface.empty`` when one of the two parts is nothing; else as :func:`simulation.simulate.simulate`.
    """
    model = model or _model(plan, twin)
    removal = removal_of(_on_organ(plan, model), model)
    if model.organ_id == "pancreas" and not removal.remnant.any():
        return None, replace(_organ_surface(twin, model.organ_id), structure_id="specimen")
    for part_id, mask in (("remnant", removal.remnant), ("specimen", removal.specimen)):
        if not mask.any():
            raise GeometryError("error.surface.empty", structure=part_id)
    planes = [part.resection for part in removal.parts if isinstance(part.resection, PlaneCut)]
    others = [part for part in removal.parts if not isinstance(part.resection, PlaneCut)]
    organ = _organ_surface(twin, model.organ_id)
    outside = [(np.asarray(p.origin_lps_mm), -np.asarray(p.normal_lps)) for p in planes]
    kept = _combined(removal, others, "remnant") if others else organ
    remnant = clipped_by_planes(kept, outside, "remnant") if planes else kept
    if len(planes) == 1 and not others:
        inside = (np.asarray(planes[0].origin_lps_mm), np.asarray(planes[0].normal_lps))
        return remnant, clipped_by_planes(organ, [inside], "specimen")
    return remnant, _combined(removal, list(removal.parts), "specimen")


def _model(plan: Plan, twin: Twin) -> OrganModel:
    return OrganModel.of_twin(twin, plan.organ_ids[0] if plan.resections else "liver")


def _on_organ(plan: Plan, model: OrganModel) -> Plan:
    return plan if len(plan.organ_ids) < 2 else plan.on_organ(model.organ_id)


def _organ_surface(twin: Twin, organ_id: str) -> Surface:
    surface = twin.surfaces.get(organ_id)
    if surface is not None:
        return surface
    return surface_of_mask(twin.mask(organ_id), twin.grid, organ_id, target_triangles=_TARGET_TRIANGLES)


def _combined(removal: Removal, parts: list[RemovedPart], part_id: str) -> Surface:
    """Return the organ inside (specimen) or outside (remnant) of some parts, from fields finer than voxels."""
    organ, grid = smooth_field(removal.model.organ, removal.model.grid, working_mm=_WORKING_MM)
    # Both fields in millimetres about the surface, so that the lesser of them is the part common to both.
    blur_mm = float(grid.spacing_ijk_mm.max())
    organ_mm = (organ - 0.5) * 2.0 * blur_mm
    depth_mm = np.max([_depth_mm(part, removal.model, grid) for part in parts], axis=0)
    inside_mm = np.minimum(organ_mm, depth_mm if part_id == "specimen" else -depth_mm)
    field = np.asarray(0.5 + inside_mm / (2.0 * blur_mm), dtype=np.float32)
    return surface_of_field(field, grid, part_id, target_triangles=_TARGET_TRIANGLES)


def _depth_mm(part: RemovedPart, model: OrganModel, grid: Grid) -> NDArray[np.float32]:
    """Return the depth in a removed part at the samples of a grid aligned with the box of the organ."""
    scale_kji = (grid.spacing_ijk_mm / model.grid.spacing_ijk_mm)[::-1]
    shift_kji = model.grid.ijk_from_lps(grid.origin_lps_mm)[::-1]
    if isinstance(part.resection, PlaneCut):
        ci, cj, ck, c0 = model.plane_coefficients(part.resection.origin_lps_mm, part.resection.normal_lps)
        k, j, i = (np.arange(n) * s + o for n, s, o in zip(grid.shape_kji, scale_kji, shift_kji, strict=True))
        along_k = np.reshape(ck * k + c0, (-1, 1, 1))
        return np.asarray(ci * i + (cj * np.reshape(j, (-1, 1)) + along_k), dtype=np.float32)
    if isinstance(part.resection, SheetCut):
        return _sheet_depth_mm(SheetMap.of_cut(part.resection, model.grid), grid, scale_kji, shift_kji)
    limit_mm = 4.0 * float(grid.spacing_ijk_mm.max())
    depth: NDArray[np.floating[Any]]
    if isinstance(part.resection, TerritorySet | DonorSplit):  # its border is one of voxels
        depth = ndimage.gaussian_filter(signed_distance_mm(part.voxels, model.grid.spacing_ijk_mm), 1.0)
    else:
        assert part.whole_depth_mm is not None
        depth = part.whole_depth_mm()
    held = np.clip(depth, -limit_mm, limit_mm).astype(np.float32)
    return np.asarray(
        ndimage.affine_transform(held, scale_kji, shift_kji, output_shape=grid.shape_kji, order=1, mode="nearest")
    )


def _sheet_depth_mm(
    sheet: SheetMap, grid: Grid, scale_kji: NDArray[np.float64], shift_kji: NDArray[np.float64]
) -> NDArray[np.float32]:
    depth = np.empty(grid.shape_kji, np.float32)
    k, j, i = (np.arange(n) * s + o for n, s, o in zip(grid.shape_kji, scale_kji, shift_kji, strict=True))
    in_slice = np.stack([*np.broadcast_arrays(i[None, :], j[:, None], np.zeros((1, 1)))], axis=-1).reshape(-1, 3)
    for number, height in enumerate(k):  # slice by slice: the points of all of them would fill the memory
        in_slice[:, 2] = height
        depth[number] = sheet.depth_mm(in_slice).reshape(grid.shape_kji[1:])
    return depth
