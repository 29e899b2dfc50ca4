"""What of the liver on a scan of another date would stay after a plan: for the growth between the two dates.

A plan of whole segments or territories is laid into the other scan by that scan's own vessels, where they are labelled.
Any other plan goes there through the registration of the two livers: a voxel of the other liver stays when the liver
voxel nearest to its place in the planning volume stays. A rigid registration follows neither bending nor growth: a
border between two parts that has moved because one of them grew is not found again, so that growth then reads too
small. The interval spans the boundary of the other liver, and a cut that lies by the median distance of the two livers
nearer or farther.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import LEVELS, envelope, reach_kji, shifted_shares
from simulation.organ_model import OrganModel
from simulation.removal import Removal, removal_of
from simulation.removed_counts import removed_counts
from simulation.volumetry import Volumetry, remnant_figures
from twin.anatomy import LayerName
from twin.errors import GeometryError, InputError
from twin.figure import Figure, FigureStatus
from twin.geometry.distance_edt import distance_to_mm
from twin.plan import Plan
from twin.resection import AbsentTerritory, DonorSplit, PlanCondition, TerritorySet
from twin.second_scan import SecondScan

__all__ = ["DatedRemnant", "remnant_on"]

_ASSUMED_SHIFT_MM = 5.0  # ours, where the distance of the livers was not measured: half a breath between two series
_OWN_VESSELS = "the same segments or territories by the vessels of that scan"
_REGISTERED = "the same cut laid over that scan by the registration of both livers; growth of a part is not followed"


@dataclass(frozen=True)
class DatedRemnant:
    """The remnant of a plan on a scan of another date.

    ``by_own_vessels`` tells that the plan was laid into that scan by its own vessels, not through the registration.
    """

    scan: SecondScan
    flr_ml: Figure
    total_ml: Figure
    by_own_vessels: bool


def remnant_on(scan: SecondScan, plan: Plan, removal: Removal) -> DatedRemnant:
    """Return what of the liver on another scan would stay after a plan, lesions left out.

    Parameters
    ----------
    scan
        The other scan, with a liver.
    plan, removal
        The plan, and what it removes on the planning volume.

    Raises
    ------
    GeometryError
        ``error.organ.empty`` when no liver is labelled on the other scan.
    """
    return _by_own_vessels(scan, plan) or _through_registration(scan, removal)


def _by_own_vessels(scan: SecondScan, plan: Plan) -> DatedRemnant | None:
    """Return the remnant of a plan of territories by the trees of the other scan; None where they do not allow it."""
    wanted = tuple(
        cut for cut in plan.resections if isinstance(cut, AbsentTerritory) or not isinstance(cut, PlanCondition)
    )
    if not all(isinstance(cut, TerritorySet | DonorSplit | AbsentTerritory) for cut in wanted):
        return None
    if scan.twin.layers.get(LayerName.COUINAUD) is None:
        return None
    try:
        model = OrganModel.of_twin(scan.twin)
        removal = removal_of(Plan(plan.name, wanted), model)
    except (GeometryError, InputError):
        return None  # a branch or a segment that is not seen there
    volumetry = Volumetry(removal.model)
    figures = remnant_figures(volumetry, volumetry.of(removed_counts(removal)[0]))
    flr_ml, total_ml = (replace(figures[name], source=_OWN_VESSELS) for name in ("flr_ml", "total_ml"))
    return DatedRemnant(scan, flr_ml, total_ml, by_own_vessels=True)


def _through_registration(scan: SecondScan, removal: Removal) -> DatedRemnant:
    twin = scan.twin
    box = twin.box("liver")
    if box is None:
        raise GeometryError("error.organ.empty", structure="liver")
    uncertainty = twin.uncertainty("liver")
    box = box.grown(reach_kji(twin.grid.spacing_ijk_mm, uncertainty), twin.grid.shape_kji)
    grid = twin.grid.cropped(box)
    liver = np.ascontiguousarray(twin.mask("liver")[box.slices])
    low, high = shifted_shares(liver, grid.spacing_ijk_mm, uncertainty)
    lesions = twin.layers.get(LayerName.LESIONS)
    is_net = np.ones(liver.shape, np.bool_) if lesions is None else lesions.voxels[box.slices] == 0
    places = np.flatnonzero(high)
    beyond_mm = _beyond_cut_mm(removal, grid.affine_lps_mm, places, liver.shape, scan.registration.matrix_lps_mm)
    median_mm = scan.registration.quality.value
    doubt_mm = _ASSUMED_SHIFT_MM if median_mm is None else median_mm
    drawn = np.uint8(LEVELS) * liver.view(np.uint8)
    ml = grid.voxel_volume_ml / LEVELS
    flr, total = [], []
    for shares in (drawn, low, high):
        weights = shares.ravel()[places].astype(np.float64)
        net = weights * is_net.ravel()[places]
        flr += [float(net[beyond_mm <= shift_mm].sum()) * ml for shift_mm in (0.0, -doubt_mm, doubt_mm)]
        total.append(float(weights.sum()) * ml)
    return DatedRemnant(scan, _figure(flr, _REGISTERED), _figure(total, "label volume"), by_own_vessels=False)


def _beyond_cut_mm(
    removal: Removal,
    affine_lps_mm: NDArray[np.float64],
    places: NDArray[np.int64],
    shape_kji: tuple[int, ...],
    matrix_lps_mm: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Return how far beyond the cut voxels of the other scan lie, float32 (n,): positive in what is removed.

    Places outside of the box of the planned organ take the nearest place in it.
    """
    model = removal.model
    spacing_mm = model.grid.spacing_ijk_mm
    field = distance_to_mm(removal.remnant, spacing_mm) - distance_to_mm(removal.specimen, spacing_mm)
    to_voxels = np.linalg.inv(model.grid.affine_lps_mm) @ matrix_lps_mm @ affine_lps_mm
    k, j, i = np.unravel_index(places, shape_kji)
    ijk = np.stack([i, j, k]).astype(np.float64)
    there = np.rint(to_voxels[:3, :3] @ ijk + to_voxels[:3, 3:]).astype(np.int64)
    last = np.array(field.shape[::-1])[:, None] - 1
    i, j, k = np.clip(there, 0, last)
    return np.asarray(field[k, j, i], dtype=np.float32)


def _figure(values: list[float], source: str) -> Figure:
    low, high = envelope(values)
    return Figure(values[0], low, high, "ml", FigureStatus.MEASURED, source)
