"""The margin map on the cut: how far each point of the cut surface lies from the nearest lesion, as a mesh to colour.

A plane or a sheet gives the mesh of its resectogram, whose distances are good to about half a voxel; any other cut the
border of its voxels, with distances to the smooth surfaces of the lesions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.margin import cut_surface
from simulation.organ_model import OrganModel
from simulation.removal import Removal, removal_of
from simulation.resectogram import resectograms
from twin.errors import GeometryError
from twin.geometry.surface_vtk import surface_of_mask
from twin.plan import Plan
from twin.resection import PlaneCut, SheetCut
from twin.resectogram import Resectogram
from twin.twin import Twin

__all__ = ["CutMap", "cut_maps"]

_EVERY_PIXEL = 2  # of the resectogram: about a millimetre on a large liver
_WORKING_MM = 1.4
_TARGET_TRIANGLES = 20_000


@dataclass(frozen=True, eq=False)
class CutMap:
    """A piece of the cut surface with the distance of each of its points to the nearest lesion.

    Parameters
    ----------
    cut_number
        Which cut of the plan made it, from 1; 0 for all cuts together that are neither plane nor sheet.
    points_lps_mm
        float32 (n, 3).
    triangles
        int32 (m, 3), indices of points.
    distance_mm
        float32 (n,): to the nearest lesion, removed or not, negative inside it; not a number without lesions.
    """

    cut_number: int
    points_lps_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]
    distance_mm: NDArray[np.float32]


def cut_maps(plan: Plan, twin: Twin, *, model: OrganModel | None = None) -> tuple[CutMap, ...]:
    """Return the cut surface of a plan with its distances, for the screen to colour.

    Raises
    ------
    TwinSightError
        As :func:`simulation.simulate.simulate`.
    """
    model = model or OrganModel.of_twin(twin)
    found = [_of_resectogram(one) for one in resectograms(plan, twin, model=model)]
    removal = removal_of(plan, model)
    if any(not isinstance(part.resection, PlaneCut | SheetCut) for part in removal.parts):
        found += _of_border(removal)
    return tuple(one for one in found if len(one.triangles))


def _of_resectogram(unfolded: Resectogram) -> CutMap:
    """Return the pixels that are really cut as a mesh of squares, each halved."""
    pick = (slice(None, None, _EVERY_PIXEL),) * 2
    is_cut, n_columns = unfolded.is_cut[pick], unfolded.is_cut[pick].shape[1]
    corner = is_cut[:-1, :-1] & is_cut[1:, :-1] & is_cut[:-1, 1:] & is_cut[1:, 1:]
    row, column = np.nonzero(corner)
    first = row * n_columns + column
    halves = [(first, first + 1, first + n_columns), (first + 1, first + n_columns + 1, first + n_columns)]
    triangles = np.concatenate([np.stack(half, axis=1) for half in halves])
    points = unfolded.points_lps_mm[pick].reshape(-1, 3)
    return _without_loose_points(unfolded.cut_number, points, triangles, unfolded.lesion_distance_mm[pick].ravel())


def _of_border(removal: Removal) -> Sequence[CutMap]:
    """Return the part of the specimen's surface that lies on the cut of what is neither plane nor sheet."""
    cut = cut_surface(removal)
    is_flat = np.array([isinstance(part.resection, PlaneCut | SheetCut) for part in removal.parts])
    chosen = cut.points_lps_mm[~is_flat[cut.part]]
    if not len(chosen):
        return ()
    grid = removal.model.grid
    try:
        surface = surface_of_mask(
            removal.specimen, grid, "specimen", working_mm=_WORKING_MM, target_triangles=_TARGET_TRIANGLES
        )
    except GeometryError:  # nothing but crumbs: no surface to colour
        return ()
    points = surface.points_lps_mm
    reach_mm = max(_WORKING_MM, float(grid.spacing_ijk_mm.max()))
    is_near = np.isfinite(cKDTree(chosen).query(points, distance_upper_bound=reach_mm)[0])
    triangles = surface.triangles[is_near[surface.triangles].all(axis=1)]
    lesions = list(removal.model.lesion_points_lps_mm.values())
    distances = np.full(len(points), np.nan)
    if lesions:
        distances = cKDTree(np.concatenate(lesions)).query(points)[0]
    return (_without_loose_points(0, points, triangles, distances),)


def _without_loose_points(
    cut_number: int, points: NDArray[np.float32], triangles: NDArray[np.int64], distances: NDArray[np.float32]
) -> CutMap:
    used, renumbered = np.unique(triangles, return_inverse=True)
    return CutMap(
        cut_number,
        np.asarray(points[used], np.float32),
        renumbered.reshape(-1, 3).astype(np.int32),
        np.asarray(distances[used], np.float32),
    )
