"""From probabilities on the working grid to labels on the grid of the scan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation.kernels.label_fields import label_slab, uniform_cells
from twin.box import Box
from twin.grid import Grid
from twin.job import CancelToken

__all__ = ["box_on_scan", "labels_on_scan"]

_SLICES_AT_ONCE = 32


def labels_on_scan(
    fields: Sequence[NDArray[np.uint8]], grid: Grid, scan: Grid, *, cancel: CancelToken | None = None
) -> NDArray[np.uint8]:
    """Return which field wins at each voxel of the scan: 0 background, n the n-th field, uint8 ``[k, j, i]``.

    Probabilities are interpolated linearly between the voxels of the working grid, as is the background (what is
    missing to one), and the largest wins: the border runs between the working voxels, not along them. Memory is that
    of the labels and of the fields.

    Parameters
    ----------
    fields
        uint8 ``[k, j, i]`` each, 255 times the probability.
    grid
        Where the fields are.
    scan
        Where labels are wanted.
    cancel
        Polled every 32 slices.

    Examples
    --------
    >>> field = np.uint8([[[0, 255]]])
    >>> coarse, fine = Grid.from_spacing((2, 1, 1), (4, 1, 1)), Grid.from_spacing((5, 1, 1), (1, 1, 1))
    >>> labels_on_scan([field], coarse, fine).tolist()
    [[[0, 0, 0, 1, 1]]]
    """
    labels = np.zeros(scan.shape_kji, np.uint8)
    box = box_on_scan(grid, scan)
    if box is None or not fields:
        return labels
    stacked = np.stack(fields)
    cells = np.empty(grid.shape_kji, np.uint8)
    uniform_cells(stacked, cells)
    to_working = np.linalg.inv(grid.affine_lps_mm) @ scan.affine_lps_mm
    axes = np.ascontiguousarray(to_working[:3, :3][::-1, ::-1])
    start = to_working[:3, 3][::-1].copy()
    low_kji, high_kji = (np.array(end, np.int64) for end in (box.start_kji, box.stop_kji))
    for k in range(box.start_kji[0], box.stop_kji[0], _SLICES_AT_ONCE):
        if cancel is not None:
            cancel.raise_if_cancelled()
        low_kji[0], high_kji[0] = k, min(k + _SLICES_AT_ONCE, box.stop_kji[0])
        label_slab(stacked, cells, axes, start, low_kji, high_kji, labels)
    return labels


def box_on_scan(grid: Grid, scan: Grid) -> Box | None:
    """Smallest box of voxels of the scan that holds what the working grid covers of it, or None."""
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * grid.size_ijk - 0.5
    index_kji = scan.ijk_from_lps(grid.lps_from_ijk(corners))[:, ::-1]
    low = np.clip(np.ceil(index_kji.min(axis=0) - 1e-6), 0, scan.shape_kji).astype(int)
    high = np.clip(np.floor(index_kji.max(axis=0) + 1e-6) + 1, 0, scan.shape_kji).astype(int)
    if (low >= high).any():
        return None
    return Box(tuple(low.tolist()), tuple(high.tolist()))
