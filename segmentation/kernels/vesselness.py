"""Tube filter: eigenvalues of the Hessian of a smoothed scan, and how much they look like a bright tube."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["raise_vesselness"]


@njit(cache=True, nogil=True, fastmath=False)
def _eigenvalues(
    xx: float, yy: float, zz: float, xy: float, xz: float, yz: float
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Eigenvalues of a symmetric 3 x 3 matrix, ascending, in closed form."""
    off = xy * xy + xz * xz + yz * yz
    mean = (xx + yy + zz) / 3.0
    spread = (xx - mean) ** 2 + (yy - mean) ** 2 + (zz - mean) ** 2 + 2.0 * off
    if spread <= 1e-18:
        return mean, mean, mean
    p = math.sqrt(spread / 6.0)
    a, b, c = (xx - mean) / p, (yy - mean) / p, (zz - mean) / p
    d, e, f = xy / p, xz / p, yz / p
    half_det = 0.5 * (a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e))
    angle = math.acos(min(1.0, max(-1.0, half_det))) / 3.0
    high = mean + 2.0 * p * math.cos(angle)
    low = mean + 2.0 * p * math.cos(angle + 2.0 * math.pi / 3.0)
    return low, 3.0 * mean - high - low, high


@njit(cache=True, nogil=True, fastmath=False)
def _tube_likeness(low: float, middle: float, high: float) -> float:  # pragma: no cover - compiled
    """How strongly a bright tube curves across itself, less what a blob or a sheet would give.

    ``low <= middle <= high`` are the eigenvalues. A bright tube curves down in two directions and hardly in the
    third: the value is the geometric mean of the two downward curvatures (small in a sheet), lessened by a
    curvature of the same order along the third direction (a blob) and by an upward one (a saddle).
    """
    if middle >= 0.0:
        return 0.0
    across = math.sqrt(low * middle)
    along = -high / across if high < 0.0 else 0.5 * high / across
    return across * max(0.0, 1.0 - along)


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def raise_vesselness(
    smooth: NDArray[np.float32],
    inside: NDArray[np.bool_],
    spacing_kji_mm: NDArray[np.float64],
    scale_mm: float,
    out: NDArray[np.float32],
) -> None:  # pragma: no cover - compiled
    """Raise ``out`` to the vesselness of one scale wherever that is larger, for the voxels ``inside``.

    ``smooth`` is the scan after a Gaussian of ``scale_mm``; second differences use the spacing of each axis and are
    normalised by the square of the scale, so that scales compare (Lindeberg, Int J Comput Vis 1998;30:117-54).
    Voxels of the outermost layer stay as they are.
    """
    n_k, n_j, n_i = smooth.shape
    h_k, h_j, h_i = spacing_kji_mm[0], spacing_kji_mm[1], spacing_kji_mm[2]
    gain = scale_mm * scale_mm
    for k in prange(1, n_k - 1):
        for j in range(1, n_j - 1):
            for i in range(1, n_i - 1):
                if not inside[k, j, i]:
                    continue
                twice = 2.0 * smooth[k, j, i]
                kk = (smooth[k + 1, j, i] + smooth[k - 1, j, i] - twice) / (h_k * h_k)
                jj = (smooth[k, j + 1, i] + smooth[k, j - 1, i] - twice) / (h_j * h_j)
                ii = (smooth[k, j, i + 1] + smooth[k, j, i - 1] - twice) / (h_i * h_i)
                if kk + jj + ii >= 0.0:
                    continue
                kj = smooth[k + 1, j + 1, i] - smooth[k + 1, j - 1, i] - smooth[k - 1, j + 1, i]
                kj = (kj + smooth[k - 1, j - 1, i]) / (4.0 * h_k * h_j)
                ki = smooth[k + 1, j, i + 1] - smooth[k + 1, j, i - 1] - smooth[k - 1, j, i + 1]
                ki = (ki + smooth[k - 1, j, i - 1]) / (4.0 * h_k * h_i)
                ji = smooth[k, j + 1, i + 1] - smooth[k, j + 1, i - 1] - smooth[k, j - 1, i + 1]
                ji = (ji + smooth[k, j - 1, i - 1]) / (4.0 * h_j * h_i)
                low, middle, high = _eigenvalues(kk, jj, ii, kj, ki, ji)
                value = gain * _tube_likeness(low, middle, high)
                if value > out[k, j, i]:
                    out[k, j, i] = value
