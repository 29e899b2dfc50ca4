"""Where points lie along a smooth course: the place at which the plane square to the course meets them."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["position_of_points", "position_of_voxels"]


def position_of_voxels(
    near: NDArray[np.int32],
    affine_lps_mm: NDArray[np.float64],
    nodes_lps_mm: NDArray[np.float64],
    tangents_lps: NDArray[np.float64],
    step_mm: float,
    window: int,
) -> NDArray[np.float32]:
    """Return where each voxel centre lies along a course, in mm from its first node.

    The nearest node among those near a first guess is found, then the place beside it where the plane square to the
    course (its direction runs on linearly from node to node) goes through the voxel. Beyond its ends the course goes
    straight on.

    Parameters
    ----------
    near
        int32 ``[k, j, i]``: a node near each voxel.
    affine_lps_mm
        4 x 4, voxel centres (i, j, k, 1) to LPS.
    nodes_lps_mm, tangents_lps
        (n, 3) float64, at least two nodes ``step_mm`` apart, and unit directions there.
    step_mm
        Between nodes.
    window
        How many nodes before and behind the guess are looked at.

    Returns
    -------
    float32 ``[k, j, i]``; negative before the first node, above the length behind the last.
    """
    out = np.empty(near.shape, np.float32)
    fill_positions(
        np.ascontiguousarray(near, np.int32),
        np.ascontiguousarray(affine_lps_mm, np.float64),
        *_course(nodes_lps_mm, tangents_lps),
        float(step_mm),
        int(window),
        out,
    )
    return out


def position_of_points(
    points_lps_mm: NDArray[np.float64],
    near: NDArray[np.int32],
    nodes_lps_mm: NDArray[np.float64],
    tangents_lps: NDArray[np.float64],
    step_mm: float,
    window: int,
) -> NDArray[np.float64]:
    """Return the same for points (m, 3) with guesses (m,): float64 (m,)."""
    points = np.ascontiguousarray(points_lps_mm, np.float64)
    out = np.empty(len(points), np.float64)
    course = _course(nodes_lps_mm, tangents_lps)
    list_positions(points, np.ascontiguousarray(near, np.int32), *course, float(step_mm), int(window), out)
    return out


def _course(
    nodes_lps_mm: NDArray[np.float64], tangents_lps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if nodes_lps_mm.ndim != 2 or nodes_lps_mm.shape != tangents_lps.shape or len(nodes_lps_mm) < 2:
        raise ValueError("a course needs at least two nodes, and one direction for each")
    return np.ascontiguousarray(nodes_lps_mm, np.float64), np.ascontiguousarray(tangents_lps, np.float64)


@numba.njit(nogil=True, cache=True, fastmath=False)
def _position(x, y, z, near, nodes, tangents, step, window):  # type: ignore[no-untyped-def]
    n_nodes = nodes.shape[0]
    first, last = max(near - window, 0), min(near + window, n_nodes - 1)
    best, at = np.inf, first
    for n in range(first, last + 1):
        dx, dy, dz = x - nodes[n, 0], y - nodes[n, 1], z - nodes[n, 2]
        distance = dx * dx + dy * dy + dz * dz
        if distance < best:
            best, at = distance, n
    ahead = _ahead(x, y, z, at, nodes, tangents)
    if ahead >= 0.0:
        if at == n_nodes - 1:
            return at * step + ahead
        beyond = _ahead(x, y, z, at + 1, nodes, tangents)
        return (at + (ahead / (ahead - beyond) if beyond < 0.0 else 1.0)) * step
    if at == 0:
        return ahead
    before = _ahead(x, y, z, at - 1, nodes, tangents)
    return (at - 1 + (before / (before - ahead) if before > 0.0 else 0.0)) * step


@numba.njit(nogil=True, cache=True, fastmath=False)
def _ahead(x, y, z, n, nodes, tangents):  # type: ignore[no-untyped-def]
    """Return how far a point lies ahead of the plane square to the course at a node."""
    return (x - nodes[n, 0]) * tangents[n, 0] + (y - nodes[n, 1]) * tangents[n, 1] + (z - nodes[n, 2]) * tangents[n, 2]


@numba.njit(nogil=True, cache=True, fastmath=False)
def fill_positions(near, affine, nodes, tangents, step, window, out):  # type: ignore[no-untyped-def]
    """Write the position of each voxel."""
    for k in range(near.shape[0]):
        for j in range(near.shape[1]):
            for i in range(near.shape[2]):
                x = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                y = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                z = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                out[k, j, i] = _position(x, y, z, near[k, j, i], nodes, tangents, step, window)


@numba.njit(nogil=True, cache=True, fastmath=False)
def list_positions(points, near, nodes, tangents, step, window, out):  # type: ignore[no-untyped-def]
    """Write the position of each point."""
    for n in range(points.shape[0]):
        out[n] = _position(points[n, 0], points[n, 1], points[n, 2], near[n], nodes, tangents, step, window)
