"""A scan as the networks know it: isotropic voxels along the axes of the patient, 256 levels of intensity (SimpleITK).

The same steps made the scans on which the networks learned: a small Gaussian along axes that are much finer than the
working grid, linear interpolation, clipping, 256 levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import sparse, special

from segmentation.networks.model import InputScale
from twin.box import Box
from twin.errors import InputError
from twin.grid import Grid
from twin.job import CancelToken
from twin.volume import Modality, Volume

__all__ = ["NetworkScan", "network_scan"]

FloatVoxels = NDArray[np.float32]

# Axes turned by more than this against those of the patient are resampled onto them; below it the axes of the scan are
# kept, as they were for learning (scans were turned by up to 20 degrees there).
_LARGEST_TILT_DEG = 20.0
_SMOOTH_BELOW = 0.8  # of the working spacing: coarser axes are not smoothed
_SIGMA = 0.4  # of the working spacing
_OUTSIDE = -1000.0
# Accuracy of the discrete Gaussian (T. Lindeberg, IEEE PAMI 1990;12:234-54), that of ITK's filter.
_LARGEST_KERNEL_ERROR = 0.01


@dataclass(frozen=True, eq=False)
class NetworkScan:
    """Intensity levels on a working grid.

    Parameters
    ----------
    levels
        uint8 ``[k, j, i]``; 0 is the lower end of the window, and everything outside the scan.
    grid
        i runs to the left of the patient, j to the back, k to the head; the same spacing on every axis.
    window
        Intensities that became the lowest and the highest level.
    """

    levels: NDArray[np.uint8]
    grid: Grid
    window: tuple[float, float]

    def cropped(self, box: Box) -> NetworkScan:
        """Return the part inside a box."""
        return NetworkScan(np.ascontiguousarray(self.levels[box.slices]), self.grid.cropped(box), self.window)

    def wider(self, factor: float) -> NetworkScan:
        """Return the scan on voxels that are wider by a factor, smoothed as for a working grid of that spacing."""
        spacing_mm = factor * float(self.grid.spacing_ijk_mm[0])
        values, grid = _resampled_along(self.levels, self.grid, spacing_mm, None)
        return NetworkScan(np.round(values).astype(np.uint8), grid, self.window)

    def box_of(self, grid: Grid) -> Box:
        """Return the box of a grid that is a part of this one."""
        start = np.round(self.grid.ijk_from_lps(grid.origin_lps_mm)).astype(int)[::-1]
        k, j, i = start.tolist()
        return Box((k, j, i), (k + grid.shape_kji[0], j + grid.shape_kji[1], i + grid.shape_kji[2]))

    def intensities(self) -> FloatVoxels:
        """Return what the levels stand for, float32 ``[k, j, i]``: Hounsfield units of a CT, clipped to the window."""
        low, high = self.window
        return np.asarray(self.levels * np.float32((high - low) / 255.0) + np.float32(low), dtype=np.float32)


def network_scan(
    volume: Volume,
    spacing_mm: float,
    inputs: InputScale,
    *,
    window: tuple[float, float] | None = None,
    cancel: CancelToken | None = None,
) -> NetworkScan:
    """Bring a scan onto the working grid.

    Memory is bounded by the working grid and one slice of the scan; only strongly tilted scans are copied whole.

    Parameters
    ----------
    volume
        CT in Hounsfield units or MR, in any orientation.
    spacing_mm
        Edge of the working voxels.
    inputs
        How intensities become levels.
    window
        Intensities of the lowest and the highest level, where they are known already (of a part of an MR).
    cancel
        Polled at each slice.

    Raises
    ------
    InputError
        ``error.networks.no_signal`` for an MR whose values are all alike or not above zero.
    """
    voxels, grid = _upright(volume.voxels, volume.grid)
    if _tilt_deg(grid) > _LARGEST_TILT_DEG:
        values, working = _resampled_across(voxels, grid, spacing_mm)
    else:
        values, working = _resampled_along(voxels, grid, spacing_mm, cancel)
    if window is None:
        window = _signal_window(values, inputs) if volume.modality is Modality.MR else inputs.ct_clip_hu
    return NetworkScan(_levels(values, *window), working, window)


def _levels(values: FloatVoxels, low: float, high: float) -> NDArray[np.uint8]:
    scaled = (values - np.float32(low)) / np.float32(high - low)
    return np.round(np.clip(scaled, 0.0, 1.0) * 255.0).astype(np.uint8)


def _signal_window(values: FloatVoxels, inputs: InputScale) -> tuple[float, float]:
    positive = values[values > 0]
    low, high = np.percentile(positive, inputs.mr_percentiles) if positive.size else (0.0, 0.0)
    if not high > low:
        raise InputError("error.networks.no_signal")
    return float(low), float(high)


def _upright(voxels: NDArray[np.generic], grid: Grid) -> tuple[NDArray[np.generic], Grid]:
    """Permute and turn the axes so that i runs mostly to the left, j to the back and k to the head (a view)."""
    direction, left = grid.direction, np.abs(grid.direction).copy()
    axes = np.zeros(3, int)  # axis of the scan that becomes i, j, k
    for _ in range(3):
        lps, axis = np.unravel_index(np.argmax(left), left.shape)
        axes[lps] = axis
        left[lps, :] = left[:, axis] = -1.0
    signs = np.array([1 if direction[lps, axis] >= 0 else -1 for lps, axis in enumerate(axes)])
    size = np.array(grid.size_ijk)[axes]
    affine = grid.affine_lps_mm.copy()
    affine[:3, :3] = grid.affine_lps_mm[:3, :3][:, axes] * signs
    first_ijk = np.zeros(3)
    first_ijk[axes] = np.where(signs > 0, 0, size - 1)
    affine[:3, 3] = grid.lps_from_ijk(first_ijk)
    turned = voxels.transpose([2 - axes[2], 2 - axes[1], 2 - axes[0]])
    turned = turned[:: signs[2], :: signs[1], :: signs[0]]
    return turned, Grid((int(size[0]), int(size[1]), int(size[2])), affine, grid.frame_of_reference_uid)


def _tilt_deg(grid: Grid) -> float:
    return float(np.degrees(np.arccos(np.clip(np.diag(grid.direction).min(), -1.0, 1.0))))


def _resampled_along(
    voxels: NDArray[np.generic], grid: Grid, spacing_mm: float, cancel: CancelToken | None
) -> tuple[FloatVoxels, Grid]:
    """Smooth and interpolate along the axes of the scan, slice by slice."""
    working = grid.resampled((spacing_mm,) * 3)
    along_i, along_j, along_k = (
        _operator(n, float(step), size, spacing_mm)
        for n, step, size in zip(grid.size_ijk, grid.spacing_ijk_mm, working.size_ijk, strict=True)
    )
    along_k = along_k.tocsc()
    out = np.zeros(working.shape_kji, np.float32)
    for k in range(grid.shape_kji[0]):
        if cancel is not None and k % 8 == 0:
            cancel.raise_if_cancelled()
        targets = along_k.indices[along_k.indptr[k] : along_k.indptr[k + 1]]
        if not targets.size:
            continue
        plane = (along_i @ (along_j @ voxels[k].astype(np.float32)).T).T
        for target, weight in zip(targets, along_k.data[along_k.indptr[k] : along_k.indptr[k + 1]], strict=True):
            out[target] += weight * plane
    return out, working


def _operator(n: int, step_mm: float, n_working: int, spacing_mm: float) -> sparse.csr_array:
    """Smoothing and linear interpolation along one axis as one sparse matrix (n_working, n)."""
    place = np.clip(((np.arange(n_working) + 0.5) * spacing_mm / step_mm) - 0.5, 0, n - 1)
    low = np.minimum(place.astype(int), max(n - 2, 0))
    share = (place - low).astype(np.float64)
    rows = np.repeat(np.arange(n_working), 2)
    columns = np.stack([low, np.minimum(low + 1, n - 1)], axis=1).ravel()
    weights = np.stack([1.0 - share, share], axis=1).ravel()
    linear = sparse.csr_array((weights, (rows, columns)), shape=(n_working, n))
    if step_mm >= _SMOOTH_BELOW * spacing_mm:
        return linear.astype(np.float32)
    return (linear @ _smoothing(n, _SIGMA * spacing_mm / step_mm)).astype(np.float32)


def _smoothing(n: int, sigma_voxels: float) -> sparse.csr_array:
    """Discrete Gaussian along an axis of n voxels; beyond its ends the last voxel goes on."""
    half = _half_kernel(sigma_voxels**2)
    reach = np.arange(-(len(half) - 1), len(half))
    rows = np.repeat(np.arange(n), len(reach))
    columns = np.clip(np.arange(n)[:, None] + reach, 0, n - 1).ravel()
    weights = np.tile(half[np.abs(reach)], n)
    return sparse.csr_array((weights, (rows, columns)), shape=(n, n))


def _half_kernel(variance: float) -> NDArray[np.float64]:
    """Middle and one side of the discrete Gaussian exp(-t) I_n(t), cut where it holds 99 % and scaled to the sum 1."""
    half = [float(special.ive(0, variance)), float(special.ive(1, variance))]
    while half[0] + 2 * sum(half[1:]) < 1.0 - _LARGEST_KERNEL_ERROR:
        half.append(float(special.ive(len(half), variance)))
    return np.array(half) / (half[0] + 2 * sum(half[1:]))


def _resampled_across(voxels: NDArray[np.generic], grid: Grid, spacing_mm: float) -> tuple[FloatVoxels, Grid]:
    """Bring a strongly tilted scan onto the axes of the patient, with SimpleITK."""
    image = sitk.Cast(sitk.GetImageFromArray(np.ascontiguousarray(voxels)), sitk.sitkFloat32)
    image.SetSpacing(grid.spacing_ijk_mm.tolist())
    image.SetOrigin(grid.origin_lps_mm.tolist())
    image.SetDirection(grid.direction.ravel().tolist())
    fine = grid.spacing_ijk_mm < _SMOOTH_BELOW * spacing_mm
    image = sitk.DiscreteGaussian(image, np.where(fine, (_SIGMA * spacing_mm) ** 2, 1e-4).tolist())
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * grid.size_ijk - 0.5
    low, high = (f(grid.lps_from_ijk(corners), axis=0) for f in (np.min, np.max))
    size = np.maximum(np.round((high - low) / spacing_mm), 1).astype(int)
    working = Grid.from_spacing(
        (int(size[0]), int(size[1]), int(size[2])),
        (spacing_mm,) * 3,
        origin_lps_mm=low + spacing_mm / 2,
        frame_of_reference_uid=grid.frame_of_reference_uid,
    )
    resampler = sitk.ResampleImageFilter()
    resampler.SetSize(working.size_ijk)
    resampler.SetOutputSpacing(working.spacing_ijk_mm.tolist())
    resampler.SetOutputOrigin(working.origin_lps_mm.tolist())
    resampler.SetInterpolator(sitk.sitkLinear)
    resampler.SetDefaultPixelValue(_OUTSIDE)
    return np.asarray(sitk.GetArrayFromImage(resampler.Execute(image))), working
