"""The least distance from a lesion to the cut surface, with the two nearest points.

The cut surface lies between removed and remaining voxels of the organ; its capsule is no cut surface. Its points are
placed below voxel size where the depth in the removed part passes zero. Lesions are measured from their smooth surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.organ_model import OrganModel
from simulation.removal import Removal
from twin.anatomy import lesion_id
from twin.resection import AblationZone, PancreasCut, PancreasOperation, PlaneCut, Resection, WedgeCut
from twin.twin import Twin

__all__ = [
    "CutSurface",
    "LesionFate",
    "Margin",
    "cut_surface",
    "half_width_mm",
    "lesion_fates",
    "margin_to",
    "own_margin_mm",
]

Points = NDArray[np.float64]

_FEW = 16  # every so many places bound the least distance before all are asked


@dataclass(frozen=True, eq=False)
class CutSurface:
    """Points of the cut surface, and the part (index in the plan) that makes it there.

    ``points_lps_mm`` is (n, 3) float64, ``part`` (n,) int64.
    """

    points_lps_mm: Points
    part: NDArray[np.int64]

    @property
    def is_empty(self) -> bool:
        """True when the removed part borders no remaining tissue."""
        return self.part.size == 0


@dataclass(frozen=True)
class Margin:
    """Least distance from a lesion to the cut, and the nearest points of lesion and cut (LPS mm)."""

    lesion_id: str
    distance_mm: float
    lesion_point_lps_mm: tuple[float, float, float]
    cut_point_lps_mm: tuple[float, float, float]


@dataclass(frozen=True)
class LesionFate:
    """How much of a lesion (of its part in the organ) the plan removes: share from 0 to 1, and what stays in ml."""

    lesion_id: str
    removed_share: float
    left_ml: float

    @property
    def is_removed(self) -> bool:
        """True when nothing of it stays."""
        return self.removed_share >= 1.0

    @property
    def is_left_behind(self) -> bool:
        """True when nothing of it is removed."""
        return self.removed_share <= 0.0


def lesion_fates(model: OrganModel, removed_counts: NDArray[np.int64]) -> tuple[LesionFate, ...]:
    """Return the fate of each lesion of the organ.

    Parameters
    ----------
    model
        The organ.
    removed_counts
        Removed voxels of each state, int64 (n_states,).
    """
    table, voxel_ml = model.table, model.grid.voxel_volume_ml
    fates = []
    for value in model.lesion_values:
        is_lesion = (table.lesion_value == value) & (table.organ[1] > 0)
        total, removed = int(model.counts[is_lesion].sum()), int(removed_counts[is_lesion].sum())
        fates.append(LesionFate(lesion_id(value), removed / total, (total - removed) * voxel_ml))
    return tuple(fates)


def cut_surface(removal: Removal) -> CutSurface:
    """Return the points of the cut surface of a removal, one for each pair of a removed and a remaining voxel."""
    model = removal.model
    in_organ = model.organ.ravel()
    faces = removal.faces.chosen(in_organ[removal.faces.removed] & in_organ[removal.faces.remaining])
    shape = model.organ.shape
    axis, sign = np.abs(faces.direction) - 1, np.sign(faces.direction)
    depth_in, part = removal.depth_mm(faces.removed)
    depth_out, _ = removal.depth_mm(faces.remaining)
    share = np.clip(depth_in / np.maximum(depth_in - depth_out, 1e-9), 0.0, 1.0)
    k, j, i = np.unravel_index(faces.removed, shape)
    ijk = np.stack([i, j, k], axis=1).astype(np.float64)
    ijk[np.arange(axis.size), axis] += share * sign
    return CutSurface(model.grid.lps_from_ijk(ijk), part.astype(np.int64))


def margin_to(fate: LesionFate, removal: Removal, cut: CutSurface) -> Margin | None:
    """Return the margin of a lesion: 0 where the cut goes through it, None without any cut surface.

    Around the lesion that a wedge or an ablation was drawn for, the cut surface lies at the margin asked for by
    construction; elsewhere distances go from the smooth surface of the lesion to the points of the cut, and for a
    plane to the exact foot on it.
    """
    if cut.is_empty:
        return None
    points = removal.model.lesion_points_lps_mm[fate.lesion_id]
    distances, nearest = _distances(points, cut.points_lps_mm)
    asked_mm = np.array([own_margin_mm(part.resection, fate.lesion_id) for part in removal.parts])
    by_construction = asked_mm[cut.part]
    distances = np.where(np.isnan(by_construction), distances, by_construction)
    at = int(distances.argmin())
    best = Margin(fate.lesion_id, float(distances[at]), _point(points[nearest[at]]), _point(cut.points_lps_mm[at]))
    if not fate.is_removed:
        touching = _point(cut.points_lps_mm[at])
        return Margin(fate.lesion_id, 0.0, touching, touching)
    feet = [_foot_on_plane(part.resection, points, removal, fate.lesion_id) for part in removal.parts]
    return min([best, *(m for m in feet if m is not None)], key=lambda margin: margin.distance_mm)


def _distances(points: Points, places: Points) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the distance of each place to the nearest point and which that is; infinite where it is surely not least.

    A look at a few places bounds the least distance, and most of the others need no search.
    """
    tree = cKDTree(points)
    bound_mm = float(tree.query(places[::_FEW])[0].min()) * (1.0 + 1e-9) + 1e-9
    low, high = points.min(axis=0) - bound_mm, points.max(axis=0) + bound_mm
    near = np.flatnonzero(((places >= low) & (places <= high)).all(axis=1))
    distances, nearest = np.full(len(places), np.inf), np.zeros(len(places), np.int64)
    distances[near], found = tree.query(places[near], distance_upper_bound=bound_mm)
    nearest[near] = np.minimum(found, len(points) - 1)  # beyond the bound there is none: its distance is infinite
    return distances, nearest


def own_margin_mm(resection: Resection, name: str) -> float:
    """Return the margin of a wedge or an ablation around this very lesion, else not a number."""
    match resection:
        case WedgeCut(lesion, margin_mm) | AblationZone(lesion, margin_mm) if lesion == name:
            return margin_mm
        case PancreasCut(PancreasOperation.ENUCLEATION, lesion_id=lesion, margin_mm=margin_mm) if lesion == name:
            return margin_mm
        case _:
            return float("nan")


def _foot_on_plane(resection: Resection, points: Points, removal: Removal, name: str) -> Margin | None:
    """Return the margin to a plane: the nearest point of the lesion whose foot lies on the cut, inside the organ."""
    if not isinstance(resection, PlaneCut):
        return None
    normal = np.asarray(resection.normal_lps)
    heights = (points - np.asarray(resection.origin_lps_mm)) @ normal
    model = removal.model
    feet = points - heights[:, None] * normal
    places, just_below = model.voxels_at(feet - 0.75 * model.grid.spacing_ijk_mm.max() * normal)
    remains = np.zeros(len(points), np.bool_)
    remains[places] = model.organ.ravel()[just_below] & ~removal.voxels.ravel()[just_below]
    usable = np.flatnonzero(remains & (heights >= 0))
    if usable.size == 0:
        return None
    at = usable[heights[usable].argmin()]
    return Margin(name, float(heights[at]), _point(points[at]), _point(feet[at]))


def _point(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return (x, y, z)


def half_width_mm(twin: Twin, name: str) -> float:
    """Return the half-width of the interval of a margin: the largest of 2 mm, the slice and the label's shift.

    References
    ----------
    Two millimetres: usual resolution of a planned margin on CT; slices and label as known for the case.
    """
    uncertainty = twin.uncertainty(name)
    return max(2.0, twin.grid.slice_thickness_mm, uncertainty.outward_mm, -uncertainty.inward_mm)
