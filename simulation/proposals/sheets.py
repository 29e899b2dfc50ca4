"""Sheets bent from the best planes: round the lesion, and away from the vessel whose loss costs most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.proposals.candidate import Candidate, Found, Question
from simulation.proposals.territories import wedge_counts
from simulation.sheet_map import SheetMap
from simulation.sheet_surface import SheetFrame
from twin.errors import GeometryError
from twin.resection import PlaneCut, SheetCut, WedgeCut

__all__ = ["bent_sheet", "sheet_candidates"]

_BENDS_PER_MM = (1.0 / 400.0, 1.0 / 160.0)  # ours: radii of 200 and 80 mm
_BEND_TO_BRANCH_PER_MM = 1.0 / 200.0  # radius of 100 mm
_ROOM_MM = 10.0
_TRIALS = 6
_CLOSE_MM = 0.2
_CLEARANCE_MM = 0.05  # the settled margin of a sheet may be some hundredths less than that of its map

Points = NDArray[np.float64]


def sheet_candidates(question: Question, planes: Sequence[Candidate]) -> list[Candidate]:
    """Return sheets bent from planes, each moved until its margin is that of its plane.

    Parameters
    ----------
    question
        The organ and what is asked.
    planes
        Counted planes, with the wedges beside them.
    """
    space = question.space
    found = Found(question)
    for plane in planes:
        cut, wedges = plane.resections[0], plane.resections[1:]
        assert isinstance(cut, PlaneCut)
        wedged = np.isin(space.lesion_ids, [wedge.lesion_id for wedge in wedges if isinstance(wedge, WedgeCut)])
        for bend in _bends(question, cut):
            made = _at_margin(question, cut, bend, plane.margin_mm, question.is_required & ~wedged)
            if made is None:
                continue
            sheet_cut, sheet, margin_mm = made
            margin_mm = min(margin_mm, plane.margin_mm) if wedged.any() else margin_mm
            removed, depths = _removed(question, sheet, wedged, plane.margin_mm)
            found.add(removed, depths, (sheet_cut, *wedges), margin_mm)
    return found.candidates()


def _removed(
    question: Question, sheet: SheetMap, wedged: NDArray[np.bool_], margin_mm: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count what a sheet, and wedges beside it, remove of each group, and measure the depth of the nodes in it."""
    space = question.space
    removed, depths = space.runs.sheet_counts(sheet), sheet.depth_mm(space.trees.nodes_ijk)
    if wedged.any():
        margins = np.array([margin_mm])
        (n_within,) = space.near.within(margins)
        removed += wedge_counts(space, wedged, margins, sheet.removes(space.near.ijk[:n_within]))[0]
        depths = np.maximum(depths, margin_mm - space.node_distance_mm[:, wedged].min(axis=1))
    return removed, depths


def bent_sheet(cut: PlaneCut, bend_per_mm: Points, lift_mm: float, corners_lps_mm: Points) -> SheetCut:
    """Return a plane bent to a paraboloid about its origin, raised towards what is removed.

    Parameters
    ----------
    cut
        The plane.
    bend_per_mm
        float64 (2, 2): the height over the plane at an offset ``d`` of its frame is ``d @ bend @ d``, exactly.
    lift_mm
        Raises all of it.
    corners_lps_mm
        (n, 3): the net covers these points, seen along the normal.
    """
    frame = SheetFrame.of_plane(cut)
    middle = frame.uvw_from_lps(np.asarray(cut.origin_lps_mm, np.float64))
    uv = frame.uvw_from_lps(corners_lps_mm)[:, :2]
    ends = np.stack([uv.min(axis=0) - _ROOM_MM, uv.max(axis=0) + _ROOM_MM]) - middle[:2]
    mean_u, square_u = _blossoms(ends[0, 0], ends[1, 0])
    mean_v, square_v = _blossoms(ends[0, 1], ends[1, 1])
    heights = bend_per_mm[0, 0] * square_u[None, :] + bend_per_mm[1, 1] * square_v[:, None]
    heights = heights + (bend_per_mm[0, 1] + bend_per_mm[1, 0]) * mean_v[:, None] * mean_u[None, :]
    u, v = np.broadcast_arrays(mean_u[None, :], mean_v[:, None])
    net = np.stack([u + middle[0], v + middle[1], heights + middle[2] + lift_mm], axis=-1)
    rows = frame.lps_from_uvw(net)
    return SheetCut(tuple(tuple((float(x), float(y), float(z)) for x, y, z in row) for row in rows))


def _blossoms(start: float, stop: float) -> tuple[Points, Points]:
    """Return the four Bezier points of x and of x squared over an interval."""
    ends = np.array([[start] * 3, [start, start, stop], [start, stop, stop], [stop] * 3])
    pairs = ends[:, 0] * ends[:, 1] + ends[:, 0] * ends[:, 2] + ends[:, 1] * ends[:, 2]
    return ends.mean(axis=1), pairs / 3.0


def _bends(question: Question, cut: PlaneCut) -> Iterator[Points]:
    """Yield bends: evenly round the lesion, and along the way to the crossing whose loss costs most."""
    for bend in _BENDS_PER_MM:
        yield bend * np.eye(2)
    towards = _costliest_crossing(question, cut)
    if towards is not None:
        yield _BEND_TO_BRANCH_PER_MM * np.outer(towards, towards)


def _costliest_crossing(question: Question, cut: PlaneCut) -> Points | None:
    """Return the direction in the plane from its origin to the crossed branch with the largest territory that stays."""
    space, trees = question.space, question.space.trees
    coefficients = space.model.plane_coefficients(cut.origin_lps_mm, cut.normal_lps)
    depths = trees.nodes_ijk @ coefficients[:3] + coefficients[3]
    removed = space.runs.half_space_counts(coefficients)
    counted = question.count_removal(removed, depths)
    kept_ml = (space.counts - removed) * space.net_ml
    lost = counted.is_lost[0]
    cost_ml = np.zeros(trees.n_slots)
    for slots in (space.portal_slot, space.venous_slot):
        cost_ml += np.bincount(slots, kept_ml * lost[slots], trees.n_slots)
    if not cost_ml.any():
        return None
    nodes = np.flatnonzero((trees.slots == int(cost_ml.argmax())) & trees.in_organ)
    if not nodes.size:
        return None
    node = nodes[np.abs(depths[nodes]).argmin()]
    frame = SheetFrame.of_plane(cut)
    place = frame.uvw_from_lps(space.model.grid.lps_from_ijk(trees.nodes_ijk[node]))
    way = np.asarray((place - frame.uvw_from_lps(np.asarray(cut.origin_lps_mm, np.float64)))[:2])
    length = float(np.linalg.norm(way))
    return way / length if length > 1.0 else None


def _at_margin(
    question: Question, cut: PlaneCut, bend: Points, margin_mm: float, taken: NDArray[np.bool_]
) -> tuple[SheetCut, SheetMap, float] | None:
    """Return the bent sheet moved along the normal until it passes the lesions at a margin; None where it folds."""
    space = question.space
    # Over a bowl the distance to it is concave, so that the corners of a convex hull are enough.
    points = np.concatenate([space.hulls_lps_mm[n] for n in np.flatnonzero(taken)])
    corners = _corners(question)
    lift_mm = 0.0
    try:
        for _ in range(_TRIALS):
            sheet_cut = bent_sheet(cut, bend, lift_mm, corners)
            sheet = SheetMap.of_cut(sheet_cut, space.model.grid)
            gap = float(sheet.gap_mm(points).min())
            distance_mm = sheet.nearest(points)[0] if gap > 0 else gap
            if 0.0 <= distance_mm - margin_mm - _CLEARANCE_MM < _CLOSE_MM:
                break
            lift_mm += distance_mm - margin_mm - 2.0 * _CLEARANCE_MM
        else:
            return None
    except GeometryError:  # folded or too steep: this bend is none
        return None
    return sheet_cut, sheet, distance_mm - _CLEARANCE_MM


def _corners(question: Question) -> Points:
    size = np.array(question.space.model.grid.size_ijk) - 1
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij"), axis=-1).reshape(-1, 3) * size
    return question.space.model.grid.lps_from_ijk(corners.astype(np.float64))
