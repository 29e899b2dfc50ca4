"""Fewer triangles for the same shape, with fast_simplification; a closed surface stays closed."""

from __future__ import annotations

import fast_simplification
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

__all__ = ["decimated"]

Points = NDArray[np.float64]
Triangles = NDArray[np.int64]


def decimated(points: Points, triangles: Triangles, target_triangles: int) -> tuple[Points, Triangles]:
    """Return the surface with about ``target_triangles`` triangles (quadric edge collapse).

    The collapse may pinch a thin part so that two sheets share an edge. They are taken apart again by giving
    each sheet its own copy of the points. Where that fails, gentler targets are tried, and as the last resort
    the surface comes back as it was: closed always wins over small.

    Parameters
    ----------
    points
        (n, 3) float64.
    triangles
        (m, 3) int64, outward.
    target_triangles
        At least 4.
    """
    is_closed_before = _is_closed(triangles)
    target = max(int(target_triangles), 4)
    for aggressiveness in (7.0, 5.0, 3.0):
        if target >= len(triangles):
            break
        few_points, few = fast_simplification.simplify(
            points, triangles.astype(np.int32), target_count=target, agg=aggressiveness
        )
        few_points, few = _sheets_apart(np.asarray(few_points, np.float64), np.asarray(few, np.int64))
        if len(few) >= 4 and (_is_closed(few) or not is_closed_before):
            return few_points, few
        target = int(target * 1.6)
    return points, triangles


def _sheets_apart(points: Points, triangles: Triangles) -> tuple[Points, Triangles]:
    """Remove folded pairs of triangles, then give each fan of triangles around a point its own copy of it."""
    triangles = _without_folds(triangles)
    n_triangles = len(triangles)
    if n_triangles == 0:
        return points, triangles
    start, end = triangles[:, [0, 1, 2]].ravel(), triangles[:, [1, 2, 0]].ravel()
    # Corner c of a triangle starts edge c and ends edge c - 1: number the corners as the edges they start.
    corner = np.arange(3 * n_triangles)
    next_corner = corner.reshape(-1, 3)[:, [1, 2, 0]].ravel()
    n_points = len(points)
    forward, backward = start * n_points + end, end * n_points + start
    order = np.argsort(forward, kind="stable")
    position = np.searchsorted(forward[order], backward)
    partner = order[np.minimum(position, len(order) - 1)]
    n_same = np.searchsorted(forward[order], forward, "right") - np.searchsorted(forward[order], forward, "left")
    n_opposite = np.searchsorted(forward[order], backward, "right") - position
    is_regular = (n_same == 1) & (n_opposite == 1)
    # Across a regular edge, its start here is its end there.
    here = np.concatenate([corner[is_regular], next_corner[is_regular]])
    there = np.concatenate([next_corner[partner[is_regular]], partner[is_regular]])
    links = coo_matrix((np.ones(len(here), np.int8), (here, there)), shape=(3 * n_triangles, 3 * n_triangles))
    _, fan_of_corner = connected_components(links, directed=False)
    point_of_fan = np.empty(int(fan_of_corner.max()) + 1, np.int64)
    point_of_fan[fan_of_corner] = start
    return points[point_of_fan], np.asarray(fan_of_corner.reshape(-1, 3), np.int64)


def _without_folds(triangles: Triangles) -> Triangles:
    """Drop triangles with a repeated point, and pairs on the same points that face each other."""
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a)]
    _, group, counts = np.unique(np.sort(triangles, axis=1), axis=0, return_inverse=True, return_counts=True)
    return np.asarray(triangles[counts[group.ravel()] == 1])


def _is_closed(triangles: Triangles) -> bool:
    edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    n_points = int(edges.max()) + 1
    forward = np.sort(edges[:, 0] * n_points + edges[:, 1])
    backward = np.sort(edges[:, 1] * n_points + edges[:, 0])
    return bool((np.diff(forward) > 0).all() and np.array_equal(forward, backward))
