"""Where the liver's veins run, seen from the vena cava: the frame in which branches are named.

The *azimuth* of a point is its direction from the vena cava at its height, in the axial plane: 0 degrees to the
patient's right, 90 to the front, 180 to the left. The hepatic veins run between the sectors (Couinaud), so that the
azimuth of a vein at a height divides them there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.grid import Grid

__all__ = ["CRANIAL_AND_BACK", "CavaAxis", "VeinCourse"]

Points = NDArray[np.float64]

CRANIAL_AND_BACK = np.array([0.0, 0.7, 0.714])  # from segment 3 to segment 2, across the left hepatic vein

_SEAM_DEG = -120.0  # azimuths run from here on: behind the vena cava and to its left there is no liver
_LEAST_REACH_MM = 12.0  # nearer to the axis the azimuth of a vein says little
_SMOOTH_SLICES = 9


@dataclass(frozen=True, eq=False)
class CavaAxis:
    """Middle of the vena cava by height: ``z_mm`` rising, ``xy_lps_mm`` (n, 2), ``radius_mm`` its mean."""

    z_mm: NDArray[np.float64]
    xy_lps_mm: NDArray[np.float64]
    radius_mm: float

    @classmethod
    def of_mask(cls, cava_kji: NDArray[np.bool_], liver_kji: NDArray[np.bool_], grid: Grid) -> CavaAxis | None:
        """Return the axis beside the liver, or None when no slice shows the vena cava there."""
        slices = np.flatnonzero(cava_kji.any(axis=(1, 2)) & liver_kji.any(axis=(1, 2)))
        if slices.size == 0:
            return None
        middles, areas = [], []
        for k in slices:
            j, i = np.nonzero(cava_kji[k])
            # Renal veins have the same label: the median is not drawn along them.
            middles.append((float(np.median(i)), float(np.median(j)), float(k)))
            areas.append(j.size)
        points = grid.lps_from_ijk(np.array(middles))
        spacing = grid.spacing_ijk_mm
        radius = float(np.sqrt(np.median(areas) * spacing[0] * spacing[1] / np.pi))
        order = np.argsort(points[:, 2])
        width = min(_SMOOTH_SLICES, len(order))
        padded = np.pad(points[order, :2], ((width // 2, width - 1 - width // 2), (0, 0)), mode="edge")
        smooth = np.stack([np.convolve(padded[:, n], np.full(width, 1.0 / width), "valid") for n in (0, 1)], axis=1)
        return cls(points[order, 2], smooth, radius)

    @classmethod
    def upright_through(cls, points_lps_mm: Points) -> CavaAxis:
        """Return a vertical axis through the mean of points, where the hepatic veins end and no cava is labelled."""
        middle = points_lps_mm.mean(axis=0)
        return cls(middle[2:3], middle[None, :2], 12.0)

    def at(self, z_mm: NDArray[np.float64]) -> Points:
        """Return the middle of the vena cava at heights, (n, 2); beyond its ends it goes straight up and down."""
        return np.stack([np.interp(z_mm, self.z_mm, self.xy_lps_mm[:, n]) for n in (0, 1)], axis=1)

    def azimuth_deg(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return the azimuth of points, float64 (n,), from -120 to 240 degrees."""
        way = points_lps_mm[:, :2] - self.at(points_lps_mm[:, 2])
        azimuth = np.degrees(np.arctan2(-way[:, 1], -way[:, 0]))
        return np.asarray(np.where(azimuth < _SEAM_DEG, azimuth + 360.0, azimuth))

    def reach_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return the distance of points from the axis in the axial plane, float64 (n,)."""
        return np.asarray(np.linalg.norm(points_lps_mm[:, :2] - self.at(points_lps_mm[:, 2]), axis=1))


@dataclass(frozen=True, eq=False)
class VeinCourse:
    """Main course of a hepatic vein: its nodes from the root, and its azimuth by height."""

    points_lps_mm: Points
    z_mm: NDArray[np.float64] = field(repr=False)
    azimuth_deg: NDArray[np.float64] = field(repr=False)

    @classmethod
    def of_points(cls, points_lps_mm: Points, axis: CavaAxis) -> VeinCourse | None:
        """Return the course through nodes; None when all of them lie at the vena cava."""
        away = axis.reach_mm(points_lps_mm) >= _LEAST_REACH_MM
        if not away.any():
            return None
        points = points_lps_mm[away]
        order = np.argsort(points[:, 2], kind="stable")
        return cls(points_lps_mm, points[order, 2], axis.azimuth_deg(points)[order])

    def azimuth_at(self, z_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the azimuth of the vein at heights; beyond its ends that of the end."""
        return np.interp(z_mm, self.z_mm, self.azimuth_deg)

    def is_above_and_behind(self, points_lps_mm: Points) -> NDArray[np.bool_]:
        """Tell which points lie above and behind the vein, bool (n,)."""
        return np.asarray(self.ways_from(points_lps_mm) @ CRANIAL_AND_BACK > 0)

    def ways_from(self, points_lps_mm: Points) -> Points:
        """Return the way to points from the place of the vein that lies as far to the left, (n, 3)."""
        course = self.points_lps_mm
        order = np.argsort(course[:, 0], kind="stable")
        at = np.stack([np.interp(points_lps_mm[:, 0], course[order, 0], course[order, n]) for n in range(3)], axis=1)
        return np.asarray(points_lps_mm - at)

    def reaches(self, points_lps_mm: Points, axis: CavaAxis, beyond_mm: float) -> NDArray[np.bool_]:
        """Tell which points lie at heights and at distances from the vena cava that the vein is seen at, bool (n,)."""
        farthest = float(axis.reach_mm(self.points_lps_mm).max()) + beyond_mm
        z_mm = points_lps_mm[:, 2]
        is_level = (z_mm >= self.z_mm[0] - beyond_mm) & (z_mm <= self.z_mm[-1] + beyond_mm)
        return np.asarray(is_level & (axis.reach_mm(points_lps_mm) <= farthest))
