"""Voxels inside a polygon that is extruded along a direction."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["mark_prism"]


@njit(cache=True, nogil=True, fastmath=False)
def mark_prism(
    mask: NDArray[np.bool_],
    corners_uv: NDArray[np.float64],
    band_starts: NDArray[np.int64],
    band_edges: NDArray[np.int64],
    lowest_v: float,
    band_width: float,
    uvt_of_ijk: NDArray[np.float64],
    depth_from: float,
    depth_to: float,
) -> None:
    """Mark in ``mask[k, j, i]`` the voxels whose centre projects into a polygon (winding number not zero).

    Parameters
    ----------
    mask
        Voxels of a box; only ever set.
    corners_uv
        (n, 2) corners; edge n runs from corner n to the next one, the last back to the first.
    band_starts, band_edges
        The edges that meet each band of v: those of band b are ``band_edges[band_starts[b]:band_starts[b + 1]]``.
    lowest_v, band_width
        Where the bands lie.
    uvt_of_ijk
        3 x 4: u, v and depth of a voxel from its index (i, j, k, 1) in the box. v must not depend on i unless the
        box is one voxel wide.
    depth_from, depth_to
        Half-open range of depth.
    """
    nk, nj, ni = mask.shape
    n_corners, n_bands = corners_uv.shape[0], band_starts.size - 1
    crossings, turns = np.empty(n_corners, np.float64), np.empty(n_corners, np.int64)
    step = uvt_of_ijk[0, 0]
    for k in range(nk):
        for j in range(nj):
            v = uvt_of_ijk[1, 1] * j + uvt_of_ijk[1, 2] * k + uvt_of_ijk[1, 3]
            band = math.floor((v - lowest_v) / band_width)
            if band < 0 or band >= n_bands:
                continue
            n = 0
            for at in range(band_starts[band], band_starts[band + 1]):
                edge = band_edges[at]
                ua, va = corners_uv[edge]
                ub, vb = corners_uv[(edge + 1) % n_corners]
                if (va <= v) == (vb <= v):
                    continue
                u = ua + (v - va) * (ub - ua) / (vb - va)
                turn = 1 if vb > va else -1
                place = n
                while place > 0 and crossings[place - 1] > u:
                    crossings[place], turns[place] = crossings[place - 1], turns[place - 1]
                    place -= 1
                crossings[place], turns[place] = u, turn
                n += 1
            if n == 0:
                continue
            row_u = uvt_of_ijk[0, 1] * j + uvt_of_ijk[0, 2] * k + uvt_of_ijk[0, 3]
            row_t = uvt_of_ijk[2, 1] * j + uvt_of_ijk[2, 2] * k + uvt_of_ijk[2, 3]
            if step > 0.0:
                begin, winding = 0, 0
                for at in range(n):
                    end = _first_beyond(crossings[at], row_u, step, ni)
                    if winding != 0:
                        _fill(mask[k, j], begin, end, row_t, uvt_of_ijk[2, 0], depth_from, depth_to)
                    begin, winding = end, winding + turns[at]
                continue
            winding, at = 0, 0
            while at < n and crossings[at] <= row_u:
                winding += turns[at]
                at += 1
            if winding != 0:
                _fill(mask[k, j], 0, ni, row_t, uvt_of_ijk[2, 0], depth_from, depth_to)


@njit(cache=True, nogil=True, fastmath=False)
def _first_beyond(crossing: float, row_u: float, step: float, ni: int) -> int:
    """Return the first voxel of a row at or beyond a crossing, ``ni`` when there is none."""
    i = int(min(max(math.ceil((crossing - row_u) / step), 0.0), ni))
    while i > 0 and crossing <= row_u + step * (i - 1):  # the division may be out by its rounding
        i -= 1
    while i < ni and crossing > row_u + step * i:
        i += 1
    return i


@njit(cache=True, nogil=True, fastmath=False)
def _fill(
    row: NDArray[np.bool_], begin: int, end: int, row_t: float, t_step: float, depth_from: float, depth_to: float
) -> None:
    """Mark the voxels of a stretch whose depth is in the range."""
    if depth_from == -np.inf and depth_to == np.inf:
        row[begin:end] = True
        return
    for i in range(begin, end):
        t = row_t + t_step * i
        if depth_from <= t < depth_to:
            row[i] = True
