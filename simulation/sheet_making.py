"""Sheets to begin with: from a plane, from a curve drawn on the organ, along the border of a territory.

Each answer is an even net of control points over a plane, raised to follow what is asked for by least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from simulation.organ_model import OrganModel
from simulation.removal import removal_of
from simulation.sheet_map import SheetMap
from simulation.sheet_surface import SheetFrame, greville, knots
from twin.errors import GeometryError
from twin.plan import Plan
from twin.resection import PlaneCut, Resection, SheetCut

__all__ = ["SheetFit", "sheet_along_curve", "sheet_along_territory", "sheet_of_plane"]

_ROOM_MM = 10.0  # the border of a sheet lies outside of the organ, where its handles can be taken
_SHORTEST_CURVE_MM = 10.0
_CURVE_OWN_PLANE = 0.25  # of its length: a curve that bulges so far lies in a plane of its own
_BENDING = 1e-3  # weight of the bending of the net against the distance to what it follows
_MOST_POINTS = 20_000  # a border of that many is followed as well as one of more

Points = NDArray[np.float64]
Shape = tuple[int, int]


@dataclass(frozen=True)
class SheetFit:
    """A sheet that follows something, and how well: root mean square and greatest distance along its plane's normal."""

    cut: SheetCut
    rms_mm: float
    largest_mm: float


def sheet_of_plane(cut: PlaneCut, model: OrganModel, *, shape: Shape = (4, 4)) -> SheetCut:
    """Return a flat sheet on a plane, a little larger than the organ seen along its normal; it removes the same voxels.

    Parameters
    ----------
    cut, model
        The plane and the organ.
    shape
        Rows and columns of the net.
    """
    frame = SheetFrame.of_plane(cut)
    return _net(frame, *_extent(frame, model), np.zeros(shape))


def sheet_along_curve(
    curve_lps_mm: Points,
    model: OrganModel,
    *,
    shape: Shape = (4, 4),
    removed_lps_mm: Points | None = None,
    depth_lps: Points | None = None,
) -> SheetFit:
    """Return the sheet that a curve drawn on the surface of the organ asks for.

    A curve that runs round the organ lies in a plane of its own, and the sheet follows it there. A line drawn on one
    face leaves the way into the organ open: the sheet goes in along ``depth_lps``.

    Parameters
    ----------
    curve_lps_mm
        (n, 3), the points in the order in which they were drawn.
    model
        The organ.
    shape
        Rows and columns of the net.
    removed_lps_mm
        A point on the side to be removed; by default the smaller part of the organ is.
    depth_lps
        Direction into the organ; by default from the middle of the curve to the middle of the organ.

    Raises
    ------
    GeometryError
        ``error.sheet.short_curve`` when it is shorter than 10 mm.
    """
    curve = np.asarray(curve_lps_mm, dtype=np.float64).reshape(-1, 3)
    lengths = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    if len(curve) < 2 or float(lengths.sum()) < _SHORTEST_CURVE_MM:
        raise GeometryError("error.sheet.short_curve", least_mm=_SHORTEST_CURVE_MM)
    even = _evenly(curve, lengths)
    middle = even.mean(axis=0)
    _, sizes, directions = np.linalg.svd(even - middle, full_matrices=False)
    if float(sizes[1]) >= _CURVE_OWN_PLANE * float(sizes[0]):
        normal = directions[2]
    else:
        into = np.asarray(depth_lps, dtype=np.float64) if depth_lps is not None else _middle(model) - middle
        normal = np.cross(directions[0], into)
        if float(np.linalg.norm(normal)) < 1e-6 * max(float(np.linalg.norm(into)), 1e-9):
            normal = directions[2]  # drawn towards the middle of the organ: any plane through it will do
    fit = _fitted(even, middle, normal, model, shape)
    return _turned(fit, model, removed_lps_mm)


def sheet_along_territory(resection: Resection, model: OrganModel, *, shape: Shape = (6, 6)) -> SheetFit:
    """Return the sheet that follows the border between what a cut removes and the rest of the organ.

    Meant for territories, segments and grafts; any cut of a plan has such a border. What the sheet removes differs from
    the territory where the border is no height over a plane: ``rms_mm`` and ``largest_mm`` say by how much.

    Parameters
    ----------
    resection
        The territory.
    model
        The organ, with its segments or branches.
    shape
        Rows and columns of the net.

    Raises
    ------
    GeometryError
        ``error.sheet.no_border`` when it borders no other part of the organ; else as
        :func:`simulation.removal.removal_of`.
    """
    removal = removal_of(Plan("border", (resection,)), model)
    faces = removal.faces
    in_organ = model.organ.ravel()
    faces = faces.chosen(in_organ[faces.removed] & in_organ[faces.remaining])
    if faces.removed.size < 3:
        raise GeometryError("error.sheet.no_border", what="territory", structure=model.organ_id)
    step = -(-faces.removed.size // _MOST_POINTS)
    both = [np.unravel_index(part[::step], model.organ.shape) for part in (faces.removed, faces.remaining)]
    inside, outside = (model.grid.lps_from_ijk(np.stack(place[::-1], axis=1)) for place in both)
    border = 0.5 * (inside + outside)
    # The faces point from what stays to what is removed: their sum is the direction of the border as a whole.
    towards = (inside - outside).sum(axis=0)
    middle = border.mean(axis=0)
    normal = np.linalg.svd(border - middle, full_matrices=False)[2][2]
    length = float(np.linalg.norm(towards))
    if length > 1e-6 * len(border) and abs(normal @ towards) < 0.5 * length:
        normal = towards / length  # a border bent so far that its flattest plane does not divide it
    return _fitted(border, middle, normal if normal @ towards >= 0 else -normal, model, shape)


def _fitted(points: Points, middle: Points, normal: Points, model: OrganModel, shape: Shape) -> SheetFit:
    """Return the even net over a plane whose sheet is nearest to points along the normal and bends little."""
    unit = normal / np.linalg.norm(normal)
    frame = SheetFrame.of_plane(PlaneCut(_point(middle), _point(unit)))
    low, high = _extent(frame, model)
    uvw = frame.uvw_from_lps(points)
    low, high = np.minimum(low, uvw[:, :2].min(axis=0)), np.maximum(high, uvw[:, :2].max(axis=0))
    at = (uvw[:, :2] - low) / (high - low)
    along, up = _design(shape[1], at[:, 0]), _design(shape[0], at[:, 1])
    design = (up[:, :, None] * along[:, None, :]).reshape(len(points), -1)
    bending = _bending(shape) * np.sqrt(_BENDING * len(points))
    system = np.concatenate([design, bending])
    wanted = np.concatenate([uvw[:, 2], np.zeros(len(bending))])
    heights = np.linalg.lstsq(system, wanted, rcond=None)[0]
    off = design @ heights - uvw[:, 2]
    cut = _net(frame, low, high, heights.reshape(shape))
    return SheetFit(cut, float(np.sqrt((off**2).mean())), float(np.abs(off).max()))


def _turned(fit: SheetFit, model: OrganModel, removed_lps_mm: Points | None) -> SheetFit:
    """Return the sheet with the wanted side removed: that of a point, or the smaller one."""
    sheet = SheetMap.of_cut(fit.cut, model.grid)
    if removed_lps_mm is not None:
        is_right = float(sheet.gap_mm(np.asarray(removed_lps_mm, dtype=np.float64))[0]) > 0
    else:
        volumes = model.table.organ[1]
        is_right = 2.0 * float(volumes @ model.runs.sheet_counts(sheet)) <= float(volumes @ model.counts)
    if is_right:
        return fit
    rows = fit.cut.control_points_lps_mm[::-1]
    return SheetFit(SheetCut(rows), fit.rms_mm, fit.largest_mm)


def _extent(frame: SheetFrame, model: OrganModel) -> tuple[Points, Points]:
    """Return the rectangle of the plane, in mm, over which the organ lies, with room around."""
    slices, rows = np.nonzero(model.organ.any(axis=2))
    first = model.organ[slices, rows].argmax(axis=1)
    last = model.organ.shape[2] - 1 - model.organ[slices, rows, ::-1].argmax(axis=1)
    ends = [np.stack([i, rows, slices], axis=1) for i in (first, last)]
    uv = frame.uvw_from_lps(model.grid.lps_from_ijk(np.concatenate(ends)))[:, :2]
    return uv.min(axis=0) - _ROOM_MM, uv.max(axis=0) + _ROOM_MM


def _net(frame: SheetFrame, low: Points, high: Points, heights: NDArray[np.float64]) -> SheetCut:
    n_rows, n_columns = heights.shape
    u = low[0] + (high[0] - low[0]) * greville(n_columns)
    v = low[1] + (high[1] - low[1]) * greville(n_rows)
    uvw = np.stack([*np.broadcast_arrays(u[None, :], v[:, None]), heights], axis=-1)
    return SheetCut(tuple(tuple(_point(place) for place in row) for row in frame.lps_from_uvw(uvw)))


def _design(n_points: int, at: Points) -> Points:
    degree = min(3, n_points - 1)
    return BSpline.design_matrix(np.clip(at, 0.0, 1.0), knots(n_points, degree), degree).toarray()  # type: ignore[no-any-return]


def _bending(shape: Shape) -> Points:
    """Return the second differences of a net of heights along its rows, along its columns and across, one a row."""
    n = shape[0] * shape[1]
    unit = np.eye(n).reshape(*shape, n)
    parts = [np.diff(unit, 2, axis=0), np.diff(unit, 2, axis=1), np.diff(np.diff(unit, axis=0), axis=1)]
    return np.concatenate([part.reshape(-1, n) for part in parts])


def _evenly(curve: Points, lengths: NDArray[np.float64]) -> Points:
    """Return the curve at even steps: a pause of the hand gives it no more weight."""
    way = np.concatenate([[0.0], np.cumsum(lengths)])
    at = np.linspace(0.0, way[-1], max(64, int(way[-1])))
    return np.stack([np.interp(at, way, axis) for axis in curve.T], axis=1)


def _middle(model: OrganModel) -> Points:
    sizes = [model.organ.sum(axis=axes) for axes in ((0, 1), (0, 2), (1, 2))]
    return model.grid.lps_from_ijk([float(np.average(np.arange(size.size), weights=size)) for size in sizes])


def _point(values: Points) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in values)
    return (x, y, z)
