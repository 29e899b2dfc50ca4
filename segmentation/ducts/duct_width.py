"""The radius of a thin tube along its centreline, from grey values across it.

A duct is hardly wider than the blur of the scan, so that its half-width is that of the blur. What is measured is how
much darker (or brighter) than its surroundings the whole cross-section is, against what fluid would give: a disc of
fluid, blurred as the scan is, is fitted to the mean profile.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

__all__ = ["cross_profiles", "disc_radii_mm", "unlike_fluid"]

Points = NDArray[np.float64]
Profiles = NDArray[np.float64]

_N_ANGLES = 20
_STEP_MM = 0.25
_REACH_MM = 12.0
_ALONG_MM = 2.0
_RADII_MM = np.arange(0.2, 10.01, 0.05)
_AROUND_MM = 2.5
# Enhanced gland and liver are some 90 HU above fluid; fat is 110 below: capped, both look alike.
_LARGEST_DISTANCE_HU = 90.0


def cross_profiles(
    image: NDArray[np.float32], points_kji: Points, spacing_mm: float, step_mm: float, fluid: float | None
) -> Profiles:
    """Return the median grey value at distances from a centreline, (n, 49) float64, every 0.25 mm up to 12 mm.

    Parameters
    ----------
    image
        float32 ``[k, j, i]`` on an isotropic grid.
    points_kji
        (n, 3) points of the centreline, in voxels.
    spacing_mm, step_mm
        Of the grid, and between the points.
    fluid
        Grey value of the fluid where it is known (CT): fat is as unlike it as tissue is, see :func:`unlike_fluid`.
    """
    along = np.gradient(ndimage.gaussian_filter1d(points_kji, 2.0, axis=0, mode="nearest"), axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    least = np.eye(3)[np.abs(along).argmin(axis=1)]
    first = np.cross(along, least)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(along, first)
    angles = 2.0 * np.pi * np.arange(_N_ANGLES) / _N_ANGLES
    rays = first[:, None] * np.cos(angles)[None, :, None] + second[:, None] * np.sin(angles)[None, :, None]
    distances = np.arange(0.0, _REACH_MM + 1e-9, _STEP_MM) / spacing_mm
    places = points_kji[:, None, None] + rays[:, :, None] * distances[None, None, :, None]
    values = ndimage.map_coordinates(image, np.moveaxis(places, -1, 0), order=1, mode="nearest")
    values = ndimage.gaussian_filter1d(values, _ALONG_MM / step_mm, axis=0, mode="nearest")
    if fluid is not None:
        values = unlike_fluid(values, fluid) + fluid  # after the mean: folded noise would brighten the fluid
    return np.asarray(np.median(values, axis=1), dtype=np.float64)


def unlike_fluid(values: NDArray[np.floating], fluid: float) -> NDArray[np.floating]:
    """Return how far values are from that of the fluid, to either side, up to 90 HU.

    Examples
    --------
    >>> unlike_fluid(np.array([98.0, 8.0, -100.0]), 8.0).tolist()
    [90.0, 0.0, 90.0]
    """
    return np.minimum(np.abs(values - np.float32(fluid)), np.float32(_LARGEST_DISTANCE_HU))


def disc_radii_mm(profiles: Profiles, fluid: float, blur_mm: float) -> NDArray[np.float64]:
    """Return the radius of the disc of fluid that explains each profile best, (n,) float64.

    Parameters
    ----------
    profiles
        (n, 49), as :func:`cross_profiles` returns them, dark ducts.
    fluid
        Grey value of the fluid.
    blur_mm
        Standard deviation of the blur of the scan.
    """
    discs = _blurred_discs(round(blur_mm, 2))
    distances_mm = np.arange(profiles.shape[1]) * _STEP_MM
    radii = np.empty(len(profiles))
    for n, profile in enumerate(profiles):
        window = distances_mm <= _half_width_mm(profile, fluid) + _AROUND_MM
        weight = window * np.maximum(distances_mm, 0.5 * _STEP_MM)  # a ring holds as many voxels as its distance
        share, missing = discs, 1.0 - discs
        # value = around * (1 - share) + fluid * share: the best value around for each radius, and what is left over.
        around = ((profile - fluid * share) * missing * weight).sum(axis=1) / np.maximum(
            (missing**2 * weight).sum(axis=1), 1e-9
        )
        left = ((around[:, None] * missing + fluid * share - profile) ** 2 * weight).sum(axis=1)
        radii[n] = _RADII_MM[int(left.argmin())]
    return radii


def _half_width_mm(profile: NDArray[np.float64], fluid: float) -> float:
    """Distance at which the profile has risen half way to the highest value within reach of a duct."""
    centre = min(float(profile[:3].mean()), float(profile.max()))
    level = 0.5 * (max(fluid, min(centre, float(profile.min()))) + float(np.percentile(profile[:25], 90)))
    above = np.flatnonzero(profile > level)
    return float(above[0] * _STEP_MM) if above.size else _REACH_MM - _AROUND_MM


@cache
def _blurred_discs(blur_mm: float) -> NDArray[np.float64]:
    """Return the profile of each disc of ``_RADII_MM`` after a Gaussian blur in its plane: (radii, distances)."""
    distances = np.arange(0.0, _REACH_MM + 1e-9, _STEP_MM)
    if blur_mm < 0.05:
        return (distances[None, :] <= _RADII_MM[:, None]).astype(np.float64)
    # Share of a Gaussian around a point that falls into the disc: rings of the disc, each seen from the point.
    rings = np.arange(0.025, _RADII_MM[-1], 0.05)
    ratio = distances[None, :] * rings[:, None] / blur_mm**2
    density = np.exp(-((distances[None, :] - rings[:, None]) ** 2) / (2.0 * blur_mm**2)) * special.i0e(ratio)
    weight = density * rings[:, None] * 0.05 / blur_mm**2
    within = np.concatenate([np.zeros((1, distances.size)), np.cumsum(weight, axis=0)])
    return np.asarray(within[np.round(_RADII_MM / 0.05).astype(int)].clip(0.0, 1.0))
