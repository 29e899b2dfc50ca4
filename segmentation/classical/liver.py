"""The whole liver: from probabilities to one solid organ on the grid of the scan."""

from __future__ import annotations

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.coarse_organs import CoarseOrgans
from segmentation.classical.working_volume_sitk import resampled_onto
from twin.box import Box
from twin.grid import Grid
from twin.job import CancelToken

__all__ = ["liver_absence", "mask_on_scan", "solid_organ"]

FloatVoxels = NDArray[np.float32]
BoolVoxels = NDArray[np.bool_]

# A piece of liver smaller than this at the border of a scan is no basis for a twin.
_SMALLEST_LIVER_ML = 120.0
# Of a true liver, or of a cut piece of one, at least two thirds are that sure; of gluteal muscle or thigh at most 0.44
# (cross-validated first look at 20 scans and their crops).
_SURE = 0.9
_SMALLEST_SURE_SHARE = 0.5
# Narrower than the trunk of the smallest adult of the 20 scans (264 mm) by a quarter: a limb, or a child, for whom
# nothing was learned.
_NARROWEST_TRUNK_MM = 200.0
_SLICES_AT_ONCE = 32


def liver_absence(coarse: CoarseOrgans) -> str | None:
    """Return the message id of the reason why there is no liver in the first look, or None when there is one."""
    probability = coarse.of("liver")
    labels, count = cc3d.connected_components(probability > 0.5, connectivity=6, return_N=True)
    sizes = np.bincount(labels.ravel(), minlength=2)[1:]
    if count == 0 or sizes.max() * coarse.scan.grid.voxel_volume_ml < _SMALLEST_LIVER_ML:
        return "segmentation.not_found.no_liver"
    piece = np.asarray(labels == 1 + int(np.argmax(sizes)))
    if np.count_nonzero(piece & (probability > _SURE)) < _SMALLEST_SURE_SHARE * np.count_nonzero(piece):
        return "segmentation.not_found.no_liver"
    return "segmentation.not_found.narrow_body" if _is_narrow_body(piece, coarse) else None


def _is_narrow_body(piece: BoolVoxels, coarse: CoarseOrgans) -> bool:
    """Tell whether the body beside the piece is wholly seen and narrower than a trunk."""
    at_sides = np.asarray(coarse.landmarks.body[:, :, [0, -1]].any(axis=(1, 2)))
    widths_mm = [
        np.ptp(np.flatnonzero(coarse.landmarks.body[k].any(axis=0))) * coarse.scan.spacing_mm
        for k in np.flatnonzero(piece.any(axis=(1, 2)))
        if not at_sides[k]
    ]
    return len(widths_mm) > 0 and float(np.median(widths_mm)) < _NARROWEST_TRUNK_MM


def solid_organ(probability: FloatVoxels, grid: Grid) -> FloatVoxels:
    """Return a probability map whose part above one half is a single smooth solid piece.

    Thin bridges to neighbours are cut, cavities (vessels, lesions) are filled, other pieces are set to zero.
    """
    spacing_mm = float(grid.spacing_ijk_mm[0])
    smooth = ndimage.gaussian_filter(probability, 1.0 / spacing_mm)
    main = _main_piece(smooth > 0.5, spacing_mm, bridge_mm=3.0)
    filled = _without_cavities(main)
    outside_mm = edt.edt(~filled, anisotropy=(spacing_mm,) * 3, parallel=2)
    smooth[filled & (smooth <= 0.5)] = 0.75
    smooth[~filled] = np.where(outside_mm[~filled] <= 1.5 * spacing_mm, np.minimum(smooth[~filled], 0.49), 0.0)
    return ndimage.gaussian_filter(smooth, 0.5)


def mask_on_scan(probability: FloatVoxels, grid: Grid, scan: Grid, *, cancel: CancelToken | None = None) -> BoolVoxels:
    """Return the voxels of the scan at which the interpolated probability exceeds one half, bool ``[k, j, i]``.

    Raises
    ------
    Cancelled
        When ``cancel`` was set; it is polled every few slices.
    """
    mask = np.zeros(scan.shape_kji, np.bool_)
    box = _box_on_scan(grid, scan)
    if box is None:
        return mask
    (first, j0, i0), (last, j1, i1) = box.start_kji, box.stop_kji
    for k in range(first, last, _SLICES_AT_ONCE):
        if cancel is not None:
            cancel.raise_if_cancelled()
        slab = Box((k, j0, i0), (min(k + _SLICES_AT_ONCE, last), j1, i1))
        mask[slab.slices] = resampled_onto(probability, grid, scan, box=slab, is_extended=True) > 0.5
    return mask


def _box_on_scan(grid: Grid, scan: Grid) -> Box | None:
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * grid.size_ijk - 0.5
    index = scan.ijk_from_lps(grid.lps_from_ijk(corners))[:, ::-1]
    low = np.clip(np.ceil(index.min(axis=0) - 1e-6), 0, scan.shape_kji).astype(int)
    high = np.clip(np.floor(index.max(axis=0) + 1e-6) + 1, 0, scan.shape_kji).astype(int)
    if (low >= high).any():
        return None
    return Box(tuple(low.tolist()), tuple(high.tolist()))


def _main_piece(mask: BoolVoxels, spacing_mm: float, bridge_mm: float) -> BoolVoxels:
    """Largest piece after an opening that cuts bridges, given back what the opening took from its own border."""
    padded = np.pad(mask, 1, mode="edge")
    depth = edt.edt(padded, anisotropy=(spacing_mm,) * 3, parallel=2)[1:-1, 1:-1, 1:-1]
    core = depth > bridge_mm
    labels, count = cc3d.connected_components(core, connectivity=6, return_N=True)
    if count == 0:
        return mask
    core = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    near = edt.edt(~core, anisotropy=(spacing_mm,) * 3, parallel=2) <= bridge_mm + 1.5 * spacing_mm
    return np.asarray(mask & near)


def _without_cavities(mask: BoolVoxels) -> BoolVoxels:
    """Fill what is enclosed in space, and in each axial, coronal and sagittal slice two of three times."""
    filled = ndimage.binary_fill_holes(mask)
    votes = np.zeros(mask.shape, np.uint8)
    for axis in range(3):
        planes = np.moveaxis(filled, axis, 0)
        votes += np.moveaxis(np.stack([ndimage.binary_fill_holes(plane) for plane in planes]), 0, axis)
    return np.asarray(filled | (votes >= 2))
