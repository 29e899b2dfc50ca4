"""The search over planes: directions from coarse to fine, each plane tied exactly to a margin."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulation.proposals.candidate import Candidate, PlaneBatch, Question
from simulation.proposals.constraints import LARGEST_MARGIN_MM, CutKind

__all__ = ["directions_of_sphere", "margin_ladder", "plane_candidates", "planes_at_margins"]

_RUNGS_MM = (3.0, 5.0, 7.0, 10.0, 15.0, LARGEST_MARGIN_MM)
_FIRST_SUBDIVISIONS = 2  # 162 directions, about 16 degrees apart
_FEW_LESIONS = 3  # more of them are each looked at from fewer directions
_SECOND_LOOK_MM = 10.0
_BEST = 12  # planes that are looked at more closely
_TURNS_DEG = (8.0, 4.0)  # of the closer looks
_NEIGHBOURS = 6
_EXACT = 14  # planes that are counted to the voxel

Points = NDArray[np.float64]


def margin_ladder(least_mm: float) -> tuple[float, ...]:
    """Return the margins that are tried, from the least to 20 mm.

    Examples
    --------
    >>> margin_ladder(6.0)
    (6.0, 7.0, 10.0, 15.0, 20.0)
    """
    return (least_mm, *(rung for rung in _RUNGS_MM if rung > least_mm + 0.25))


@cache
def _icosphere(subdivisions: int) -> tuple[tuple[float, float, float], ...]:
    golden = (1.0 + 5.0**0.5) / 2.0
    corners = [(s * 1.0, t * golden, 0.0) for s in (-1, 1) for t in (-1, 1)]
    points = np.array([p[-n:] + p[:-n] for p in corners for n in range(3)], np.float64)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for _ in range(subdivisions):
        gaps = np.linalg.norm(points[:, None] - points[None], axis=2)
        edge = np.sort(gaps, axis=1)[:, 1].max() * 1.2  # the edges of a level differ by less
        first, second = np.nonzero(np.triu(gaps < edge, 1))
        middles = points[first] + points[second]
        points = np.concatenate([points, middles / np.linalg.norm(middles, axis=1, keepdims=True)])
    order = np.lexsort(np.round(points, 9).T)
    return tuple((float(x), float(y), float(z)) for x, y, z in points[order])


def directions_of_sphere(subdivisions: int) -> Points:
    """Return evenly spread unit vectors, the corners of an icosahedron divided so many times, in a fixed order.

    Examples
    --------
    >>> [len(directions_of_sphere(n)) for n in range(3)]
    [12, 42, 162]
    """
    return np.array(_icosphere(subdivisions))


def planes_at_margins(
    question: Question, normals_lps: Points, anchors: NDArray[np.int64], margins_mm: NDArray[np.float64]
) -> PlaneBatch:
    """Return planes that pass a required lesion (the anchor) at exactly a margin, and remove it; unusable ones are not.

    Other required lesions that lie deeper go with the plane; those that do not get a wedge of that margin, where
    wedges are allowed and open onto the capsule or onto the plane. A lesion that need not go is removed whole, with the
    margin, or not touched.

    Parameters
    ----------
    question
        The organ and what is asked.
    normals_lps, anchors, margins_mm
        Unit vectors towards what is removed (n, 3), numbers of lesions (n,), margins (n,).
    """
    space, required = question.space, question.is_required
    directions, at = np.unique(normals_lps, axis=0, return_inverse=True)  # most come once for every margin
    at = at.ravel()
    heights = [directions @ hull.T for hull in space.hulls_lps_mm]
    near_end, far_end = (np.stack([pick(h, axis=1) for h in heights], axis=1)[at] for pick in (np.min, np.max))
    touching = np.empty((len(anchors), 3))
    for anchor in np.unique(anchors):
        rows = np.flatnonzero(anchors == anchor)
        touching[rows] = space.hulls_lps_mm[anchor][heights[anchor].argmin(axis=1)[at[rows]]]
    offset = near_end[np.arange(len(anchors)), anchors] - margins_mm
    is_taken = near_end - offset[:, None] >= margins_mm[:, None] - 1e-9
    is_beyond = far_end <= offset[:, None]
    wedged = ~is_taken & required
    reaches = (space.near.capsule_mm <= margins_mm[:, None]) | (far_end - offset[:, None] + margins_mm[:, None] > 0)
    usable = np.asarray((~wedged | reaches).all(axis=1)) & np.asarray((required | is_taken | is_beyond).all(axis=1))
    if CutKind.WEDGE not in question.constraints.kinds:
        usable &= ~wedged.any(axis=1)
    origins = touching - margins_mm[:, None] * normals_lps
    return PlaneBatch(normals_lps, origins, wedged, margins_mm, anchors).chosen(usable)


def plane_candidates(question: Question, margins_mm: tuple[float, ...]) -> tuple[list[Candidate], int]:
    """Return planes that may lie on the front, counted exactly, and how many planes were looked at in all."""
    anchors = np.flatnonzero(question.is_required)
    looks = (margins_mm[0], *(m for m in (_SECOND_LOOK_MM,) if m > margins_mm[0]))
    directions = directions_of_sphere(_FIRST_SUBDIVISIONS if len(anchors) <= _FEW_LESIONS else _FIRST_SUBDIVISIONS - 1)
    seen = _product(question, directions, anchors, looks)
    worth = _worth(question, seen)
    for turn_deg in _TURNS_DEG:
        best = seen.chosen(_best(seen, worth, most=_BEST))
        anchors_again, margins_again = np.repeat(best.anchors, _NEIGHBOURS), np.repeat(best.margins_mm, _NEIGHBOURS)
        closer = planes_at_margins(question, _turned(best.normals_lps, turn_deg), anchors_again, margins_again)
        seen, worth = PlaneBatch.joined([seen, closer]), np.concatenate([worth, _worth(question, closer)])
    best = seen.chosen(_best(seen, worth, most=_BEST))
    n_rungs = len(margins_mm)
    ladder = planes_at_margins(
        question, np.repeat(best.normals_lps, n_rungs, axis=0), np.repeat(best.anchors, n_rungs),
        np.tile(margins_mm, len(best)),
    )  # fmt: skip
    exact = ladder.chosen(_best(ladder, _worth(question, ladder), most=_EXACT))
    counted = question.count_planes(exact)
    cuts = [exact.resections(n, question.space.lesion_ids) for n in range(len(exact))]
    return question.candidates(counted, cuts, exact.margins_mm), len(seen) + len(ladder)


def _product(
    question: Question, directions: Points, anchors: NDArray[np.int64], looks: tuple[float, ...]
) -> PlaneBatch:
    """Return the planes of every direction, anchor and margin."""
    n_directions, n_anchors = len(directions), len(anchors)
    return planes_at_margins(
        question,
        np.repeat(directions, n_anchors * len(looks), axis=0),
        np.tile(np.repeat(anchors, len(looks)), n_directions),
        np.tile(looks, n_directions * n_anchors),
    )


def _worth(question: Question, batch: PlaneBatch) -> NDArray[np.float64]:
    """Return how good each plane looks on one row in sixteen: ml of remnant, less where it breaks a constraint."""
    if not len(batch):
        return np.zeros(0)
    counted = question.count_planes(batch, is_coarse=True)
    flr_ml, functional_ml = question.remnant_ml(counted)
    remnant_ml = functional_ml if question.space.has_perfusion else flr_ml
    asked, total_ml = question.constraints, question.space.net_total_ml
    n_broken = (counted.found[:, 1] > 0).astype(np.float64)
    n_broken += 100.0 * flr_ml < asked.least_flr_percent * total_ml
    if question.space.has_perfusion:
        n_broken += 100.0 * functional_ml < asked.least_functional_percent * total_ml
    if asked.most_vessels is not None:
        excess = np.maximum(counted.found[:, 0] - asked.most_vessels, 0)
        n_broken += (excess > 0) + 0.001 * excess
    return np.asarray(remnant_ml - n_broken * total_ml)


def _best(batch: PlaneBatch, worth: NDArray[np.float64], *, most: int) -> NDArray[np.int64]:
    """Return the numbers of the best planes: of each margin as many, with wedges beside them and without."""
    plain = ~batch.wedged.any(axis=1)
    rankings = []
    for margin_mm in np.unique(batch.margins_mm):
        for is_plain in (True, False):
            chosen = np.flatnonzero((batch.margins_mm == margin_mm) & (plain == is_plain))
            rankings.append(chosen[np.argsort(-worth[chosen], kind="stable")])
    longest = max((len(ranking) for ranking in rankings), default=0)
    in_turn = [ranking[place] for place in range(longest) for ranking in rankings if place < len(ranking)]
    return np.array(in_turn[:most], np.int64)


def _turned(normals_lps: Points, turn_deg: float) -> Points:
    """Return directions around each direction, all turned from it by one angle."""
    turn = np.deg2rad(turn_deg)
    found = []
    for normal in normals_lps:
        side = np.cross(normal, np.eye(3)[np.abs(normal).argmin()])
        side /= np.linalg.norm(side)
        other = np.cross(normal, side)
        for step in range(_NEIGHBOURS):
            angle = 2.0 * np.pi * step / _NEIGHBOURS
            lean = np.cos(angle) * side + np.sin(angle) * other
            found.append(np.cos(turn) * normal + np.sin(turn) * lean)
    turned = np.array(found).reshape(-1, 3)
    return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True))
