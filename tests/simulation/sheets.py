"""Sheets for tests: even nets over a plane, raised by a function of the place."""

from __future__ import annotations

import numpy as np

from simulation.sheet_surface import greville
from twin.resection import SheetCut


def sheet_over(height, *, half_mm=40.0, shape=(4, 4), centre=(0, 0, 0), axes=None):
    """A net with control points at (u, v, height(u, v)) along axes (rows: u, v, w; by default those of space)."""
    axes = np.eye(3) if axes is None else np.asarray(axes, float)
    u, v = ((2 * greville(n) - 1) * half_mm for n in shape[::-1])
    rows = []
    for y in v:
        places = [np.array([x, y, height(x, y)]) @ axes + np.asarray(centre, float) for x in u]
        rows.append(tuple(tuple(float(value) for value in place) for place in places))
    return SheetCut(tuple(rows))


def flat_sheet(origin, normal, *, half_mm=40.0, shape=(4, 4)):
    """A sheet on a plane."""
    unit = np.asarray(normal, float) / np.linalg.norm(normal)
    first = np.cross(unit, np.eye(3)[int(np.abs(unit).argmin())])
    first /= np.linalg.norm(first)
    axes = np.stack([first, np.cross(unit, first), unit])
    return sheet_over(lambda u, v: 0.0, half_mm=half_mm, shape=shape, centre=origin, axes=axes)


def points_of(cut, *, n_samples=201):
    """Points of the Bezier patch of a 4 x 4 net by its Bernstein polynomials, (n, n, 3)."""
    at = np.linspace(0, 1, n_samples)
    net = np.asarray(cut.control_points_lps_mm)
    weights = np.stack([(1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3], axis=1)
    return np.einsum("ra,abx,cb->rcx", weights, net, weights)
