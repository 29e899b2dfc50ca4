"""How much the grey value of a voxel speaks for a lesion and against the organ and its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GreyModel", "TissueContrast", "robust_model"]

FloatVoxels = NDArray[np.float32]
Mask = NDArray[np.bool_]
Law = NDArray[np.float64]

_N_BINS = 96
_REACH_IN_SPREADS = 14.0
# Share of voxels that no model explains: calcification, oil, a vessel, gas.
_UNEXPLAINED = 0.15
_LARGEST_EVIDENCE = 2.5
_LEAST_SAMPLES = 20
# Blur of a histogram, in bins of 0.29 spreads: that of noise alone.
_LAW_BLUR_BINS = 2.0


@dataclass(frozen=True)
class GreyModel:
    """Centre and spread of the grey values of a tissue.

    Parameters
    ----------
    centre
        Median.
    spread
        Standard deviation by the median absolute deviation, which outliers do not widen.
    """

    centre: float
    spread: float


def robust_model(values: FloatVoxels) -> GreyModel | None:
    """Return the model of grey values, or None for fewer than twenty.

    Examples
    --------
    >>> robust_model(np.array([1.0, 2.0, 3.0] * 7, np.float32)).centre
    2.0
    """
    if values.size < _LEAST_SAMPLES:
        return None
    centre = float(np.median(values))
    spread = 1.4826 * float(np.median(np.abs(values - centre)))  # makes it the standard deviation of a normal law
    return GreyModel(centre, max(spread, 1e-3 * max(abs(centre), 1.0)))


class TissueContrast:
    """Smoothed histograms of what is inside, of the organ, and of what lies outside the organ.

    Parameters
    ----------
    image
        float32 ``[k, j, i]``, blurred grey values of any unit.
    organ
        Mask of the organ there; where a voxel is not in it the surroundings compete with the lesion.
    parenchyma
        Model of the organ; its spread sets the width of a bin.
    surroundings
        Voxels far enough from the lesion to tell what lies around the organ; those in the organ do not count.
    """

    def __init__(self, image: FloatVoxels, organ: Mask, parenchyma: GreyModel, surroundings: Mask) -> None:
        half = _REACH_IN_SPREADS * parenchyma.spread
        low, self._width = parenchyma.centre - half, 2.0 * half / _N_BINS
        self._bins = np.clip((image - low) / self._width, 0, _N_BINS - 1).astype(np.int16)
        self._centres = low + (np.arange(_N_BINS) + 0.5) * self._width
        self._organ, self._parenchyma = organ, parenchyma
        law = np.exp(-0.5 * ((self._centres - parenchyma.centre) / parenchyma.spread) ** 2)
        self._in_organ: Law = law / law.sum()
        outside = self._law(surroundings & ~organ)
        self._outside = self._in_organ if outside is None else outside

    def evidence(
        self, samples: Sequence[Mask], *, other: Mask | None = None, between_share: float = 0.0
    ) -> FloatVoxels:
        """Return the log-likelihood ratio lesion against what else could be there, float32 ``[k, j, i]``.

        Parameters
        ----------
        samples
            Groups of voxels that belong to the lesion; each group counts the same, whatever its size.
        other
            Voxels that do not belong to it, wherever they lie.
        between_share
            Share of the lesion whose grey values lie between those of its samples and the organ: a dim rim.
        """
        laws = [law for law in (self._law(sample) for sample in samples) if law is not None]
        if not laws:
            return np.zeros(self._bins.shape, np.float32)
        inside: Law = np.mean(laws, axis=0)
        inside = (1.0 - between_share) * inside + between_share * self._between(inside)
        marked = None if other is None else self._law(other)
        against = [law if marked is None else 0.5 * (law + marked) for law in (self._in_organ, self._outside)]
        in_organ, outside = (_log_ratio(inside, law)[self._bins] for law in against)
        return np.where(self._organ, in_organ, outside)

    def _between(self, inside: Law) -> Law:
        median = self._centres[int(np.searchsorted(np.cumsum(inside), 0.5))]
        low, high = sorted((float(median), self._parenchyma.centre))
        law = ((self._centres >= low - self._width) & (self._centres <= high + self._width)).astype(np.float64)
        return np.asarray(law / law.sum())

    def _law(self, where: Mask) -> Law | None:
        bins = self._bins[where]
        if bins.size < _LEAST_SAMPLES:
            return None
        counts = np.bincount(bins, minlength=_N_BINS).astype(np.float64)
        steps = np.arange(-8, 9)
        kernel = np.exp(-0.5 * (steps / _LAW_BLUR_BINS) ** 2)
        smooth = np.convolve(counts, kernel, mode="same")
        return np.asarray(smooth / smooth.sum())


def _log_ratio(inside: Law, law: Law) -> FloatVoxels:
    def explained(one: Law) -> Law:
        return (1.0 - _UNEXPLAINED) * one + _UNEXPLAINED / _N_BINS

    ratio = np.log(explained(inside) / explained(law))
    return np.clip(ratio, -_LARGEST_EVIDENCE, _LARGEST_EVIDENCE).astype(np.float32)
