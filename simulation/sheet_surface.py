"""The smooth surface of a sheet: a clamped cubic B-spline through its control net, and the plane it lies over.

A net of 4 x 4 points gives the bicubic Bezier patch. Beyond its border the sheet goes straight on along its slope, so
that it always divides the whole organ.

References
----------
Piegl and Tiller, The NURBS Book, 1997, chapters 2 and 3 (B-spline basis and surfaces).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline

from twin.errors import GeometryError
from twin.resection import PlaneCut, SheetCut

__all__ = ["SheetFrame", "SheetSamples", "basis", "greville", "knots", "sheet_samples"]

_N_SAMPLES = 65
_LEAST_AREA_MM2 = 1.0
_LEAST_AREA_OF_SQUARE = 0.01  # of the square over the longest side: less is a line, not a sheet

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SheetFrame:
    """A plane under a sheet: a point of it and, as rows, two directions in it and its normal (LPS, right-handed)."""

    origin_lps_mm: Points
    axes_lps: Points

    @classmethod
    def of_plane(cls, cut: PlaneCut) -> SheetFrame:
        """Return the frame of a plane; its first direction runs across the patient where that is possible."""
        normal = np.asarray(cut.normal_lps, dtype=np.float64)
        aside = np.eye(3)[int(np.abs(normal).argmin())] if abs(normal[0]) > 0.9 else np.array([1.0, 0.0, 0.0])
        first = aside - (aside @ normal) * normal
        first /= np.linalg.norm(first)
        return cls(np.asarray(cut.origin_lps_mm, dtype=np.float64), np.stack([first, np.cross(normal, first), normal]))

    def uvw_from_lps(self, points_lps_mm: Points) -> Points:
        """Return the places of points (..., 3) along the axes, in mm."""
        return np.asarray((np.asarray(points_lps_mm) - self.origin_lps_mm) @ self.axes_lps.T)

    def lps_from_uvw(self, points_uvw_mm: Points) -> Points:
        """Return places along the axes (..., 3) in mm as points of the patient."""
        return np.asarray(np.asarray(points_uvw_mm) @ self.axes_lps + self.origin_lps_mm)


@dataclass(frozen=True, eq=False)
class SheetSamples:
    """Points of a sheet over its plane.

    Parameters
    ----------
    frame
        The plane.
    points_uvw_mm
        (n, n, 3): along the two directions of the plane and over it, by row and column of the net.
    slopes
        (n, n, 2): change of the height along the two directions, mm per mm; only the border is used.
    """

    frame: SheetFrame
    points_uvw_mm: Points
    slopes: Points


def sheet_samples(cut: SheetCut) -> SheetSamples:
    """Sample a sheet evenly in its two parameters and lay the plane under it.

    The plane has the direction of the vector area of the sheet: of all planes it sees most of it. Its normal points to
    the removed side.

    Raises
    ------
    GeometryError
        ``error.sheet.no_area`` when the control points lie on a line or a point.
    """
    net = np.asarray(cut.control_points_lps_mm, dtype=np.float64)
    rows, columns = basis(net.shape[0]), basis(net.shape[1])
    points = _product(rows.values, net, columns.values)
    border = np.concatenate([points[0, :-1], points[:-1, -1], points[-1, :0:-1], points[:0:-1, 0]])
    centre = border.mean(axis=0)
    arms = border - centre
    area = 0.5 * np.cross(arms, np.roll(arms, -1, axis=0)).sum(axis=0)
    size = float(np.linalg.norm(area))
    longest = float(np.ptp(net.reshape(-1, 3), axis=0).max())
    if size < max(_LEAST_AREA_MM2, _LEAST_AREA_OF_SQUARE * longest * longest):
        raise GeometryError("error.sheet.no_area")
    normal = area / size
    across = (points[:, -1] - points[:, 0]).mean(axis=0)
    across -= (across @ normal) * normal
    length = float(np.linalg.norm(across))
    if length < 1e-6:
        raise GeometryError("error.sheet.overhang")
    first = across / length
    frame = SheetFrame(centre, np.stack([first, np.cross(normal, first), normal]))
    along = _product(rows.values, net, columns.slopes) @ frame.axes_lps.T
    up = _product(rows.slopes, net, columns.values) @ frame.axes_lps.T
    determinant = along[..., 0] * up[..., 1] - along[..., 1] * up[..., 0]
    slopes = np.stack(
        [
            along[..., 2] * up[..., 1] - along[..., 1] * up[..., 2],
            along[..., 0] * up[..., 2] - along[..., 2] * up[..., 0],
        ],
        axis=-1,
    )
    held = np.where(np.abs(determinant) > 1e-9, determinant, 1e-9)  # a fold is found and refused with the map
    return SheetSamples(frame, frame.uvw_from_lps(points), slopes / held[..., None])


@dataclass(frozen=True, eq=False)
class _Basis:
    """Values and slopes of the basis functions at the even samples of a parameter, (n_samples, n_points)."""

    values: Points
    slopes: Points


@lru_cache(maxsize=32)
def basis(n_points: int) -> _Basis:
    """Return the clamped B-spline basis of degree 3 (less for fewer points) at even samples from 0 to 1."""
    spline = _spline(n_points)
    at = np.linspace(0.0, 1.0, _N_SAMPLES)
    return _Basis(np.asarray(spline(at)), np.asarray(spline.derivative()(at)))


@lru_cache(maxsize=32)
def greville(n_points: int) -> Points:
    """Return where control points lie so that an even net gives an even sheet (Greville abscissae, 0 to 1)."""
    degree = min(3, n_points - 1)
    places = knots(n_points, degree)
    return np.array([places[n + 1 : n + degree + 1].mean() for n in range(n_points)])


def _spline(n_points: int) -> BSpline:
    degree = min(3, n_points - 1)
    return BSpline(knots(n_points, degree), np.eye(n_points), degree)


def knots(n_points: int, degree: int) -> Points:
    """Return the clamped, even knots from 0 to 1."""
    inner = np.linspace(0.0, 1.0, n_points - degree + 1)
    return np.concatenate([np.zeros(degree), inner, np.ones(degree)])


def _product(rows: Points, net: Points, columns: Points) -> Points:
    flat = rows @ net.reshape(net.shape[0], -1)
    return np.asarray(np.einsum("cm,rmx->rcx", columns, flat.reshape(-1, net.shape[1], 3), optimize=True))
