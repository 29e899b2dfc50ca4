"""The liver with its own grey level taken away: what stands out are vessels, noise and lesions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.vessels.vesselness import vesselness
from twin.job import CancelToken

__all__ = ["LiverRelief", "liver_relief"]

FloatVoxels = NDArray[np.float32]
Mask = NDArray[np.bool_]

# The grey level of parenchyma is smooth over centimetres, so every third voxel and a wide Gaussian are enough.
_STEP = 3
_BACKGROUND_MM = 12.0
# It varies by less than this around the median of the liver (fat, flow artefacts); more is a lesion.
_DARKEST_HU, _BRIGHTEST_HU = -15.0, 20.0
_DEEPEST_HU = -30.0
_LESION_BLUR_MM, _LESION_SPREADS = 4.0, 2.5
_NOISE_BLUR_MM = 1.0
# Trunks 5 to 10 mm wide are found by their shape alone; the brightest hundredth of a liver by that measure is vessel.
_TRUNK_SCALES_MM = (2.4, 3.4)
_TRUNK_SHARE = 0.01
_IMPLAUSIBLE_HU = 130.0  # above parenchyma: brighter than venous blood of any portal phase


@dataclass(frozen=True, eq=False)
class LiverRelief:
    """HU above the parenchyma around, inside the liver.

    Parameters
    ----------
    relief_hu
        float32 ``[k, j, i]``, 0 outside the liver and where a lesion brighter than blood lies.
    smooth_hu
        The same after a Gaussian of 1 mm.
    searched
        bool ``[k, j, i]``: liver without what is brighter than blood (calcification, iodised oil, clips).
    liver_hu
        Median of the parenchyma.
    noise_hu
        Spread of ``smooth_hu`` in the parenchyma (median absolute deviation as a standard deviation).
    vessel_hu
        Relief of the large veins.
    """

    relief_hu: FloatVoxels
    smooth_hu: FloatVoxels
    searched: Mask
    liver_hu: float
    noise_hu: float
    vessel_hu: float

    @property
    def contrast_to_noise(self) -> float:
        """Relief of the large veins over the noise."""
        return self.vessel_hu / max(self.noise_hu, 1e-3)


def liver_relief(hu: FloatVoxels, liver: Mask, spacing_mm: float, *, cancel: CancelToken | None = None) -> LiverRelief:
    """Take the local grey level of the parenchyma away.

    Parameters
    ----------
    hu
        float32 ``[k, j, i]`` on an isotropic grid.
    liver
        bool ``[k, j, i]``, whole liver.
    spacing_mm
        Edge of a voxel.
    cancel
        Polled between steps.
    """
    deep = ndimage.binary_erosion(liver, iterations=max(1, round(3.0 / spacing_mm)))
    deep = deep if deep.any() else liver
    relief = np.where(liver, hu - _background(hu, liver, spacing_mm), 0.0).astype(np.float32)
    relief = np.clip(relief, -40.0, 200.0)
    _poll(cancel)
    smooth = ndimage.gaussian_filter(relief, _NOISE_BLUR_MM / spacing_mm, truncate=3.0)
    _poll(cancel)
    vessel_hu = _vessel_relief(relief, smooth, liver, spacing_mm, cancel)
    bright = _brighter_than_blood(relief, vessel_hu, spacing_mm)
    searched = liver & ~bright
    relief = np.where(searched, np.clip(relief, _DEEPEST_HU, max(1.4 * vessel_hu, 20.0)), 0.0).astype(np.float32)
    _poll(cancel)
    smooth = ndimage.gaussian_filter(relief, _NOISE_BLUR_MM / spacing_mm, truncate=3.0)
    level = float(np.median(smooth[deep]))
    noise_hu = 1.4826 * float(np.median(np.abs(smooth[deep] - level)))
    return LiverRelief(relief, smooth, searched, float(np.median(hu[deep])), noise_hu, vessel_hu)


def _background(hu: FloatVoxels, liver: Mask, spacing_mm: float) -> FloatVoxels:
    """Local mean of the voxels near the middle of the local range, so that vessels and lesions do not count."""
    sparse = (slice(None, None, _STEP),) * 3
    inside, values = liver[sparse], hu[sparse]
    median = float(np.median(values[inside]))
    spread = 1.4826 * float(np.median(np.abs(values[inside] - median)))
    inside = inside & ~_dark_lesions(values, inside, median, spacing_mm)
    level = np.full(values.shape, median, np.float32)
    sigma = _BACKGROUND_MM / (_STEP * spacing_mm)
    for _ in range(3):
        # Cut lower than above: a bright vessel shall not pull the level up, a dark voxel is mostly noise.
        counts = (inside & (values > level - 1.5 * spread) & (values < level + 1.2 * spread)).astype(np.float32)
        weight = ndimage.gaussian_filter(counts, sigma)
        total = ndimage.gaussian_filter(values * counts, sigma)
        level = np.where(weight > 0.02, total / np.maximum(weight, 1e-6), median)
        level = np.clip(level, median + _DARKEST_HU, median + _BRIGHTEST_HU).astype(np.float32)
        rest = (values - level)[inside]
        spread = 1.4826 * float(np.median(np.abs(rest - np.median(rest))))
    zoom = np.array(hu.shape) / np.array(level.shape)
    return np.asarray(ndimage.zoom(level, zoom, order=1, grid_mode=True, mode="nearest"), np.float32)


def _dark_lesions(values: FloatVoxels, inside: Mask, median: float, spacing_mm: float) -> Mask:
    """Parts darker than the liver varies; counted as background they would make a vessel of the rim around them."""
    filled = np.where(inside, np.clip(values, median - 80.0, median + 80.0), median)
    smooth = ndimage.gaussian_filter(filled, _LESION_BLUR_MM / (_STEP * spacing_mm))
    spread = 1.4826 * float(np.median(np.abs(smooth[inside] - median)))
    return np.asarray(smooth < median - max(_LESION_SPREADS * spread, -_DARKEST_HU))


def _vessel_relief(
    relief: FloatVoxels, smooth: FloatVoxels, liver: Mask, spacing_mm: float, cancel: CancelToken | None
) -> float:
    tubes = vesselness(np.clip(relief, -30.0, 150.0), liver, np.full(3, spacing_mm), _TRUNK_SCALES_MM, cancel=cancel)
    trunks = liver & (tubes > np.quantile(tubes[liver], 1.0 - _TRUNK_SHARE)) & (smooth < _IMPLAUSIBLE_HU)
    return float(np.median(smooth[trunks])) if trunks.any() else 0.0


def _brighter_than_blood(relief: FloatVoxels, vessel_hu: float, spacing_mm: float) -> Mask:
    """Calcifications, iodised oil and clips with 2 mm around them; single voxels are noise."""
    limit_hu = max(2.2 * vessel_hu, vessel_hu + 60.0)
    bright = ndimage.gaussian_filter(relief, 0.7 / spacing_mm, truncate=3.0) > limit_hu
    bright = ndimage.binary_opening(bright, iterations=1) if spacing_mm < 0.8 else bright
    if not bright.any():
        return np.asarray(bright)
    return np.asarray(ndimage.binary_dilation(bright, iterations=max(1, round(2.0 / spacing_mm))))


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
