"""The patient's own belly in the drawn body, for those who asked: smooth, and only between two levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from export.story.torso import TorsoPlace, drawn_heights_mm, drawn_radius_mm, tube_triangles
from twin.errors import InputError
from twin.surface import Surface

__all__ = ["OwnSkin"]

FloatArray = NDArray[np.float64]

_CREST_BELOW_XIPHOID_MM = 185.0  # ours: the navel lies near the level of the iliac crests, and so it ends there
_LEAST_HEIGHT_MM = 80.0
_STEP_MM = 5.0
_N_AROUND = 96
_ANGLES = np.linspace(0.0, 2.0 * np.pi, _N_AROUND, endpoint=False)
_SMOOTHING_MM = 12.0  # standard deviation; at least 10 mm, so that a scar, a fold or a navel of the patient is gone
_AT_THE_SIDE = 0.96  # of the half width: beyond it the front has turned into the side


@dataclass(frozen=True, eq=False)
class OwnSkin:
    """How far the skin is from the midline, at heights and angles; nothing finer of the patient is in it.

    Parameters
    ----------
    middle_lps_mm
        x and y of the midline.
    heights_lps_mm
        Levels of the whole body, (n,). Only from the iliac crests to the tip of the breastbone it is the patient's: no
        breasts, nothing below. The rest is the drawing, as wide as the belly where the two meet.
    radius_mm
        (n, angles), from the patient's left (0) towards the back.
    """

    middle_lps_mm: tuple[float, float]
    heights_lps_mm: FloatArray
    radius_mm: FloatArray

    @classmethod
    def of_skin(cls, skin: Surface | None, place: TorsoPlace) -> OwnSkin:
        """Return the outline of a skin around the place of the drawing.

        Raises
        ------
        InputError
            ``error.story.no_skin`` when there is no skin, or too little of it was scanned.
        """
        if skin is None or not len(skin.points_lps_mm):
            raise InputError("error.story.no_skin")
        points = skin.points_lps_mm.astype(np.float64)
        x_mm, y_mm, xiphoid_mm = place.origin_lps_mm
        low = max(xiphoid_mm - _CREST_BELOW_XIPHOID_MM, float(points[:, 2].min()) + _STEP_MM)
        high = min(xiphoid_mm, float(points[:, 2].max()) - _STEP_MM)
        if high - low < _LEAST_HEIGHT_MM:
            raise InputError("error.story.no_skin")
        own = np.arange(low, high + _STEP_MM / 2, _STEP_MM)
        radius = _smooth_radius_mm(points - (x_mm, y_mm, 0.0), own)
        foot, head = drawn_heights_mm(place)
        below, above = (
            np.arange(own[0] - _STEP_MM, foot, -_STEP_MM)[::-1],
            np.arange(own[-1] + _STEP_MM, head, _STEP_MM),
        )
        drawn = [
            drawn_radius_mm(place, heights, _ANGLES) * radius[row] / drawn_radius_mm(place, own[[row]], _ANGLES)
            for heights, row in ((below, 0), (above, -1))
        ]
        heights = np.concatenate([below, own, above])
        return cls((x_mm, y_mm), heights, np.concatenate([drawn[0], radius, drawn[1]]))

    def surface(self) -> Surface:
        """Return the skin as a closed surface, LPS mm."""
        x = self.middle_lps_mm[0] + self.radius_mm * np.cos(_ANGLES)
        y = self.middle_lps_mm[1] + self.radius_mm * np.sin(_ANGLES)
        rings = np.stack([x, y, np.broadcast_to(self.heights_lps_mm[:, None], x.shape)], axis=-1)
        ends = [(*self.middle_lps_mm, height) for height in (self.heights_lps_mm[0], self.heights_lps_mm[-1])]
        points = np.concatenate([rings.reshape(-1, 3), np.array(ends)])
        return Surface("torso", points.astype(np.float32), tube_triangles(len(self.heights_lps_mm), _N_AROUND))

    def front_y_mm(self, x_lps_mm: FloatArray, z_lps_mm: FloatArray) -> FloatArray:
        """Return where the front of the skin is at places given by x and z; places beside it are moved onto it."""
        angles = np.linspace(np.pi, 2.0 * np.pi, _N_AROUND)  # from the right over the front to the left
        rows = np.clip(np.interp(z_lps_mm, self.heights_lps_mm, np.arange(len(self.heights_lps_mm))), 0, None)
        found = []
        for x_mm, row in zip(np.asarray(x_lps_mm) - self.middle_lps_mm[0], rows, strict=True):
            columns = angles / (2.0 * np.pi) * _N_AROUND
            radius = ndimage.map_coordinates(
                self.radius_mm, [np.full(len(columns), row), columns], order=1, mode="grid-wrap"
            )
            across, front = radius * np.cos(angles), radius * np.sin(angles)
            order = np.argsort(across)
            within = np.clip(x_mm, _AT_THE_SIDE * across.min(), _AT_THE_SIDE * across.max())
            found.append(np.interp(within, across[order], front[order]))
        return self.middle_lps_mm[1] + np.array(found)


def _smooth_radius_mm(points_mm: FloatArray, heights_mm: FloatArray) -> FloatArray:
    """Return the farthest skin at each height and angle, smoothed over gaps as over details."""
    rows = np.round((points_mm[:, 2] - heights_mm[0]) / _STEP_MM).astype(int)
    angles = np.arctan2(points_mm[:, 1], points_mm[:, 0]) % (2.0 * np.pi)
    columns = np.round(angles / (2.0 * np.pi) * _N_AROUND).astype(int) % _N_AROUND
    is_near = (rows >= 0) & (rows < len(heights_mm))
    farthest = np.zeros((len(heights_mm), _N_AROUND))
    np.maximum.at(farthest, (rows[is_near], columns[is_near]), np.hypot(points_mm[:, 0], points_mm[:, 1])[is_near])
    modes = ("nearest", "wrap")
    outer = ndimage.maximum_filter(farthest, 3, mode=modes)  # what lies inside the skin is not the skin
    arc_mm = max(float(np.median(outer)), 1.0) * 2.0 * np.pi / _N_AROUND
    sigma = (_SMOOTHING_MM / _STEP_MM, _SMOOTHING_MM / arc_mm)
    weight = ndimage.gaussian_filter((outer > 0).astype(float), sigma, mode=modes)
    return np.asarray(ndimage.gaussian_filter(outer, sigma, mode=modes) / np.maximum(weight, 1e-6))
