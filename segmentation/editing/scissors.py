"""Scissors: a closed line drawn in a view, cut through the volume along the direction of view."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmentation.editing.box_change import BoxMask
from segmentation.kernels.prism import mark_prism
from twin.box import Box
from twin.errors import InputError
from twin.grid import Grid

__all__ = ["outside_of", "prism_mask"]

FloatArray = NDArray[np.float64]

_N_BANDS = 512
_ALONG_AXIS = 1.0 - 1e-9
_LEAST_MM2 = 1e-9


def prism_mask(
    polygon_lps_mm: ArrayLike,
    view_direction_lps: ArrayLike,
    grid: Grid,
    within: Box,
    *,
    depth_mm: tuple[float, float] | None = None,
) -> BoxMask | None:
    """Return the voxels of ``within`` that a polygon meets when it is extruded along the direction of view.

    A voxel belongs to it when its centre does. A line that crosses itself holds all that it goes round (winding
    number not zero).

    Parameters
    ----------
    polygon_lps_mm
        (n, 3) corners in LPS, n >= 3; the last joins the first. The plane of depth 0 goes through the first.
    view_direction_lps
        Of any length.
    grid
        Of the layer.
    within
        Where to look: the box of the structure that is cut, or the whole grid.
    depth_mm
        Half-open range along the direction of view; None cuts through everything.

    Returns
    -------
    The mask in the box that it can fill; None when the prism misses ``within``.

    Raises
    ------
    InputError
        ``error.editing.polygon`` with fewer than three corners, or when they lie on a line.

    Examples
    --------
    >>> grid = Grid.from_spacing((8, 8, 3), (1, 1, 2))
    >>> square = [(0.5, 0.5, 0), (3.5, 0.5, 0), (3.5, 3.5, 0), (0.5, 3.5, 0)]
    >>> found = prism_mask(square, (0, 0, 1), grid, Box((0, 0, 0), (3, 8, 8)))
    >>> int(found.mask.sum())
    27
    """
    corners = np.asarray(polygon_lps_mm, np.float64).reshape(-1, 3)
    axes = _view_axes(grid, view_direction_lps)
    uvt_of_ijk = np.zeros((3, 4))
    uvt_of_ijk[:, :3] = axes * grid.spacing_ijk_mm
    corners_ijk = grid.ijk_from_lps(corners)
    uvt_of_ijk[2, 3] = -uvt_of_ijk[2, :3] @ corners_ijk[0] if len(corners) else 0.0
    corners_uv = np.ascontiguousarray(corners_ijk @ uvt_of_ijk[:2, :3].T)
    if len(corners) < 3 or _extent_mm2(corners_uv) < _LEAST_MM2:
        raise InputError("error.editing.polygon", n_points=len(corners))
    depth = (-math.inf, math.inf) if depth_mm is None else depth_mm
    box = _reached(within, corners_uv, uvt_of_ijk, depth)
    if box is None:
        return None
    along = int(np.argmax(np.abs(axes[2])))
    is_along_axis = abs(axes[2, along]) >= _ALONG_AXIS
    shape = list(box.shape_kji)
    if is_along_axis:  # all voxels along the view are alike: one is looked at
        box = _cut_to_depth(box, along, uvt_of_ijk, depth)
        if box is None:
            return None
        shape = list(box.shape_kji)
        shape[2 - along] = 1
        depth = (-math.inf, math.inf)
    mask = np.zeros(shape, np.bool_)
    uvt_of_ijk[:, 3] += uvt_of_ijk[:, :3] @ np.array(box.start_kji[::-1], np.float64)
    bands = _bands(corners_uv)
    mark_prism(mask, corners_uv, *bands, uvt_of_ijk, float(depth[0]), float(depth[1]))
    return BoxMask(box, np.broadcast_to(mask, box.shape_kji) if is_along_axis else mask)


def outside_of(inside: BoxMask | None, within: Box) -> BoxMask:
    """Return the voxels of ``within`` that are not in ``inside``."""
    return BoxMask(within, np.ones(within.shape_kji, np.bool_) if inside is None else ~inside.within(within))


def _view_axes(grid: Grid, view_direction_lps: ArrayLike) -> FloatArray:
    """Rows u, v and view direction as unit vectors along the axes of the grid; v is square to the rows of voxels."""
    view = grid.direction.T @ np.asarray(view_direction_lps, np.float64)
    length = float(np.linalg.norm(view))
    if not length > 0:
        raise ValueError("the view has no direction")
    view /= length
    view[np.abs(view) < 1e-9] = 0.0
    view /= np.linalg.norm(view)
    row = np.array([1.0, 0.0, 0.0]) if abs(view[0]) < _ALONG_AXIS else np.array([0.0, 1.0, 0.0])
    u = row - (row @ view) * view
    u /= np.linalg.norm(u)
    v = np.cross(view, u)
    v[np.abs(v) < 1e-12] = 0.0
    return np.array([u, v, view])


def _reached(within: Box, corners_uv: FloatArray, uvt_of_ijk: FloatArray, depth: tuple[float, float]) -> Box | None:
    """Cut ``within`` down to where the polygon and the depth can be, axis by axis; None when they miss it."""
    low = np.array([*corners_uv.min(axis=0), depth[0]])
    high = np.array([*corners_uv.max(axis=0), depth[1]])
    start = np.array(within.start_kji[::-1], np.float64)
    last = np.array(within.stop_kji[::-1], np.float64) - 1.0
    for row, slopes in enumerate(uvt_of_ijk[:, :3]):
        for axis in range(3):
            ends = np.sort([slopes * start, slopes * last], axis=0)
            ends[:, axis] = 0.0
            rest_low, rest_high = ends.sum(axis=1) + uvt_of_ijk[row, 3]
            if slopes[axis] == 0.0:
                if rest_high < low[row] or rest_low > high[row]:
                    return None
                continue
            bounds = np.sort([(low[row] - rest_high) / slopes[axis], (high[row] - rest_low) / slopes[axis]])
            start[axis] = max(start[axis], np.floor(bounds[0]))
            last[axis] = min(last[axis], np.ceil(bounds[1]))
            if last[axis] < start[axis]:
                return None
    (i0, j0, k0), (i1, j1, k1) = start.astype(int).tolist(), (last.astype(int) + 1).tolist()
    return Box((k0, j0, i0), (k1, j1, i1))


def _cut_to_depth(box: Box, axis: int, uvt_of_ijk: FloatArray, depth: tuple[float, float]) -> Box | None:
    """Return the slices of a box, along an axis (of i, j, k) that the view looks along, that lie in the depth."""
    start, stop = list(box.start_kji), list(box.stop_kji)
    places = np.arange(start[2 - axis], stop[2 - axis])
    depths_mm = uvt_of_ijk[2, axis] * places + uvt_of_ijk[2, 3]
    inside = places[(depth[0] <= depths_mm) & (depths_mm < depth[1])]
    if inside.size == 0:
        return None
    start[2 - axis], stop[2 - axis] = int(inside[0]), int(inside[-1]) + 1
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _bands(corners_uv: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64], float, float]:
    """Sort the edges of a polygon into bands of v: where each band starts, the edges, and where the bands lie."""
    v = corners_uv[:, 1]
    lowest, width = float(v.min()), float(v.max() - v.min()) / _N_BANDS
    width = max(width * (1.0 + 1e-9), 1e-12)
    bands = np.clip(((np.stack([v, np.roll(v, -1)]) - lowest) / width).astype(np.int64), 0, _N_BANDS - 1)
    first, last = bands.min(axis=0), bands.max(axis=0)
    edges = np.repeat(np.arange(len(v)), last - first + 1)
    offsets = np.arange(edges.size) - np.repeat(np.cumsum(last - first + 1) - (last - first + 1), last - first + 1)
    band_of = np.repeat(first, last - first + 1) + offsets
    order = np.argsort(band_of, kind="stable")
    starts = np.searchsorted(band_of[order], np.arange(_N_BANDS + 1)).astype(np.int64)
    return starts, edges[order].astype(np.int64), lowest, width


def _extent_mm2(corners_uv: FloatArray) -> float:
    """Area that the corners span: that of their convex hull is not zero unless they lie on a line."""
    centred = corners_uv - corners_uv.mean(axis=0)
    return float(np.linalg.svd(centred, compute_uv=False).prod())
