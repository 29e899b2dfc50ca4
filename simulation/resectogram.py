"""The resectogram: a plane or a sheet of a plan unfolded, with distances to lesions, territories and vessels.

References
----------
The idea of a map of the resection surface with its distances: Aguilar, Palomar et al., Resectograms, Healthcare
Technology Letters 2020. The unfolding here keeps areas, see :func:`simulation.kernels.resectogram.unfold_rows`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.kernels.resectogram import mark_vessels, read_along_cut, unfold_rows
from simulation.organ_model import OrganModel
from simulation.removal import Removal, removal_of
from simulation.sheet_map import SheetMap
from simulation.vessels import crossed_vessels
from twin.outcome import CrossedVessel
from twin.plan import Plan
from twin.resection import PlaneCut, SheetCut
from twin.resectogram import Resectogram
from twin.twin import Twin

__all__ = ["MAP_PIXELS", "resectogram_of_cut", "resectograms", "unfolded_places"]

MAP_PIXELS = 256
_ROOM = 1.04  # of the cut inside the organ, so that it does not touch the edge of the map
_REACH_RADII = 3.0  # how far along its axis a vessel is drawn where it meets the cut at a small angle
_EMPTY = np.zeros((0, 0, 0), np.int32)


def resectograms(plan: Plan, twin: Twin, *, model: OrganModel | None = None) -> tuple[Resectogram, ...]:
    """Unfold the planes and the sheets of a plan, in their order; other cuts have no map.

    Pixels that another cut of the plan removes are inside the organ and no cut. Vessels are numbered as in the list of
    crossed vessels of :func:`simulation.simulate.simulate`.

    Raises
    ------
    TwinSightError
        As :func:`simulation.simulate.simulate`.
    """
    model = model or OrganModel.of_twin(twin)
    removal = removal_of(plan, model)
    vessels = crossed_vessels(removal)
    found = []
    for number, part in enumerate(removal.parts):
        if isinstance(part.resection, PlaneCut | SheetCut):
            others = _others(removal, number)
            found.append(
                resectogram_of_cut(
                    part.resection, model, vessels=vessels, others=others, cut_number=number + 1, plan_hash=plan.hash
                )
            )
    return tuple(found)


def resectogram_of_cut(
    cut: PlaneCut | SheetCut,
    model: OrganModel,
    *,
    vessels: Sequence[CrossedVessel] = (),
    others: NDArray[np.bool_] | None = None,
    cut_number: int = 1,
    plan_hash: str = "",
) -> Resectogram:
    """Unfold one cut, in some milliseconds once the distances to the lesions are known (about half a second).

    Parameters
    ----------
    cut, model
        The cut and the organ. A cut that misses the organ gives a map without a pixel in it.
    vessels
        Crossed vessels to be drawn, as in an outcome.
    others
        bool ``[k, j, i]`` in the box of the organ: what other cuts remove.
    cut_number, plan_hash
        Kept with the map.

    Raises
    ------
    GeometryError
        As :class:`simulation.sheet_map.SheetMap`.
    """
    sheet = SheetMap.of_cut(cut, model.grid)
    places, pixel_mm = unfolded_places(sheet, model)
    n = MAP_PIXELS
    points, in_organ = np.empty((n, n, 3), np.float32), np.empty((n, n), np.bool_)
    distances, labels = np.empty((n, n), np.float32), np.empty((n, n, 3), np.uint16)
    distance = np.zeros((0, 0, 0), np.float32) if model.lesion_distance_mm is None else model.lesion_distance_mm
    couinaud, portal, venous = (
        _EMPTY if volume is None else volume for volume in (model.couinaud, model.portal, model.venous)
    )
    read_along_cut(
        places, sheet.heights_mm, sheet.to_voxels, model.organ, distance, couinaud, portal, venous, points, in_organ,
        distances, labels,
    )  # fmt: skip
    points_lps_mm = model.grid.lps_from_ijk(points).astype(np.float32)
    vessel = np.zeros((n, n), np.uint16)
    if vessels:
        centres = np.array([one.point_lps_mm for one in vessels])
        radii = np.array([max(one.diameter_mm / 2.0, 0.5 * pixel_mm) for one in vessels])
        mark_vessels(points_lps_mm, in_organ, centres, _axes(vessels, model), radii, _REACH_RADII, vessel)
    is_cut = in_organ.copy()
    if others is not None:
        k, j, i = np.rint(points[in_organ]).astype(np.int64).T[::-1]
        is_cut[in_organ] = ~others[k, j, i]
    return Resectogram(
        plan_hash, model.twin.labels_hash, cut_number, pixel_mm, points_lps_mm, in_organ, is_cut, distances,
        labels[..., 0].copy(), labels[..., 1].copy(), labels[..., 2].copy(), vessel,
    )  # fmt: skip


def unfolded_places(sheet: SheetMap, model: OrganModel) -> tuple[NDArray[np.float64], float]:
    """Return where the pixels lie over the plane of the cut, in cells, and their size: the organ fills the map."""
    is_inside = _nodes_in_organ(sheet, model)
    v, u = np.nonzero(is_inside) if is_inside.any() else np.nonzero(np.ones_like(is_inside))
    middle_u, middle_v = (float(low + high) / 2.0 for low, high in ((u.min(), u.max()), (v.min(), v.max())))
    cell_u, cell_v = (float(size) for size in sheet.cell_uv_mm)
    column_stretch = np.sqrt(1.0 + sheet.gradients[:, round(middle_u), 1] ** 2)
    # Twice the longest way from the middle to the edge, along a row or along the middle column.
    row_steps, column_steps = sheet.stretch / column_stretch[:, None] * cell_u, column_stretch * cell_v
    along, up = np.cumsum(row_steps, axis=1), np.cumsum(column_steps)
    across_mm = (np.abs(along - along[:, [round(middle_u)]]) + row_steps)[v, u].max()
    upright_mm = (np.abs(up - up[round(middle_v)]) + column_steps)[v].max()
    pixel_mm = _ROOM * 2.0 * float(max(across_mm, upright_mm)) / MAP_PIXELS
    places = np.empty((MAP_PIXELS, MAP_PIXELS, 2))
    unfold_rows(sheet.stretch, column_stretch, cell_u, cell_v, middle_u, middle_v, pixel_mm, places)
    return places, pixel_mm


def _nodes_in_organ(sheet: SheetMap, model: OrganModel) -> NDArray[np.bool_]:
    """Return which nodes of a map lie in a voxel of the organ."""
    nodes = np.rint(model.grid.ijk_from_lps(sheet.nodes_lps_mm())).astype(np.int64)
    is_inside = np.asarray(((nodes >= 0) & (nodes < np.array(model.grid.size_ijk))).all(axis=-1))
    i, j, k = nodes[is_inside].T
    is_inside[is_inside] = model.organ[k, j, i]
    return is_inside


def _axes(vessels: Sequence[CrossedVessel], model: OrganModel) -> NDArray[np.float64]:
    """Return the direction of each vessel where it crosses: that of the edge of its tree nearest to the crossing."""
    axes = np.zeros((len(vessels), 3))
    for at, vessel in enumerate(vessels):
        graph = model.twin.graphs.get(vessel.tree)
        if graph is None:
            continue
        child = np.flatnonzero(graph.parents >= 0)
        start, end = graph.nodes_lps_mm[child], graph.nodes_lps_mm[graph.parents[child]]
        edge = end - start
        squared = np.maximum((edge**2).sum(axis=1), 1e-12)
        point = np.asarray(vessel.point_lps_mm)
        share = np.clip(((point - start) * edge).sum(axis=1) / squared, 0.0, 1.0)
        away = ((start + share[:, None] * edge - point) ** 2).sum(axis=1)
        if away.size:
            nearest = int(away.argmin())
            axes[at] = edge[nearest] / np.sqrt(squared[nearest])
    return axes


def _others(removal: Removal, number: int) -> NDArray[np.bool_] | None:
    masks = [part.voxels for at, part in enumerate(removal.parts) if at != number]
    return np.logical_or.reduce(masks) if masks else None
