"""How much each voxel looks like part of a bright tube, over several widths of tube."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.kernels.vesselness import raise_vesselness
from twin.job import CancelToken

__all__ = ["vesselness"]

FloatVoxels = NDArray[np.float32]

# A scale of this many voxels is smooth enough for voxels twice as wide.
_HALVED_FROM_VOXELS = 2.8
_TRUNCATED_AT = 3.0


def vesselness(
    values: FloatVoxels,
    inside: NDArray[np.bool_],
    spacing_ijk_mm: NDArray[np.float64],
    scales_mm: Sequence[float],
    *,
    cancel: CancelToken | None = None,
) -> FloatVoxels:
    """Return the vesselness of a scan: the largest over the scales, in the unit of the scan.

    At each scale the scan is smoothed by a Gaussian; of the eigenvalues of its Hessian, the two that curve down most
    make the strength of a tube (their geometric mean: a sheet, curved in one direction only, has almost none), the
    third takes away what is as round as a blob. A tube of radius r answers most at a scale near r / 1.4.

    Parameters
    ----------
    values
        float32 ``[k, j, i]``; the background should be even (see :class:`~segmentation.vessels.relief.LiverRelief`).
    inside
        bool ``[k, j, i]``: voxels that are asked for; the others get 0.
    spacing_ijk_mm
        Voxel size along i, j, k; the Hessian is taken in millimetres.
    scales_mm
        Standard deviations of the Gaussians.
    cancel
        Polled between scales and axes.

    References
    ----------
    Sato et al., Med Image Anal 1998;2:143-68; Frangi et al., MICCAI 1998, LNCS 1496:130-7.

    Examples
    --------
    >>> tube = np.zeros((9, 9, 9), np.float32)
    >>> tube[4, 4, :] = 100.0
    >>> found = vesselness(tube, np.ones(tube.shape, bool), np.ones(3), [1.0])
    >>> bool(found[4, 4, 4] > 10.0), bool(found[4, 1, 4] > 1.0)
    (True, False)
    """
    spacing_kji_mm = np.asarray(spacing_ijk_mm, np.float64)[::-1].copy()
    inside = np.ascontiguousarray(inside, dtype=np.bool_)
    out = np.zeros(values.shape, np.float32)
    wide = [scale for scale in scales_mm if scale >= _HALVED_FROM_VOXELS * spacing_kji_mm.max()]
    for scale_mm in scales_mm:
        if scale_mm not in wide:
            smooth = _smoothed(values, scale_mm / spacing_kji_mm, cancel)
            raise_vesselness(smooth, inside, spacing_kji_mm, float(scale_mm), out)
    if wide:
        np.maximum(out, _of_halved(values, inside, spacing_kji_mm, wide, cancel), out=out)
    return out


def _of_halved(
    values: FloatVoxels,
    inside: NDArray[np.bool_],
    spacing_kji_mm: NDArray[np.float64],
    scales_mm: Sequence[float],
    cancel: CancelToken | None,
) -> FloatVoxels:
    """Vesselness at wide scales, on voxels of twice the edge, brought back by linear interpolation."""
    shape = values.shape
    padded = np.pad(values, [(0, n % 2) for n in shape], mode="edge")
    k, j, i = (n // 2 for n in padded.shape)
    half = np.ascontiguousarray(padded.reshape(k, 2, j, 2, i, 2).mean(axis=(1, 3, 5), dtype=np.float32))
    near = np.pad(inside, [(0, n % 2) for n in shape]).reshape(k, 2, j, 2, i, 2).any(axis=(1, 3, 5))
    near = ndimage.binary_dilation(near)
    found = np.zeros(half.shape, np.float32)
    for scale_mm in scales_mm:
        # Averaging eight voxels has blurred by a quarter of the squared edge already.
        sigma = np.sqrt(np.maximum((scale_mm / (2 * spacing_kji_mm)) ** 2 - 1.0 / 16.0, 0.1))
        raise_vesselness(_smoothed(half, sigma, cancel), near, 2 * spacing_kji_mm, float(scale_mm), found)
    full = _doubled(found)[: shape[0], : shape[1], : shape[2]]
    return np.where(inside, full, np.float32(0.0))


def _doubled(values: FloatVoxels) -> FloatVoxels:
    """Interpolate linearly onto voxels of half the edge."""
    for axis in range(3):
        padded = np.pad(values, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        middle = padded.take(range(1, padded.shape[axis] - 1), axis=axis)
        before = padded.take(range(padded.shape[axis] - 2), axis=axis)
        after = padded.take(range(2, padded.shape[axis]), axis=axis)
        pair = np.stack([0.75 * middle + 0.25 * before, 0.75 * middle + 0.25 * after], axis=axis + 1)
        values = pair.reshape([n * (2 if a == axis else 1) for a, n in enumerate(middle.shape)]).astype(np.float32)
    return values


def _smoothed(values: FloatVoxels, sigma_kji: NDArray[np.float64], cancel: CancelToken | None) -> FloatVoxels:
    for axis in range(3):
        if cancel is not None:
            cancel.raise_if_cancelled()
        values = ndimage.gaussian_filter1d(
            values, float(sigma_kji[axis]), axis=axis, mode="nearest", truncate=_TRUNCATED_AT
        )
    return np.ascontiguousarray(values, dtype=np.float32)
