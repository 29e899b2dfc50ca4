"""Height maps of sheets: made from samples of the sheet, bounded by tiles, asked at points."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from simulation.kernels.height_at import _height_at
from simulation.kernels.sheet_rows import TILE_CELLS

__all__ = ["extend_heights", "gaps_at", "gradients_at_nodes", "rasterise_sheet", "tile_bounds"]

_ON_EDGE = 1e-9


@numba.njit(cache=True, nogil=True, fastmath=False)
def rasterise_sheet(samples_uvw: NDArray[np.float64], heights: NDArray[np.float64], is_set: NDArray[np.bool_]) -> int:
    """Write the heights of a sampled sheet at the nodes of the map it covers; return how many triangles are folded.

    ``samples_uvw`` is (rows, columns, 3): u and v in cells of the map, w in mm; each cell of samples is two triangles.
    A triangle that is turned over or has no area seen along w counts as folded.
    """
    n_folded = 0
    for r in range(samples_uvw.shape[0] - 1):
        for c in range(samples_uvw.shape[1] - 1):
            for half in range(2):
                p = samples_uvw[r, c]
                q = samples_uvw[r, c + 1] if half == 0 else samples_uvw[r + 1, c + 1]
                s = samples_uvw[r + 1, c + 1] if half == 0 else samples_uvw[r + 1, c]
                area = (q[0] - p[0]) * (s[1] - p[1]) - (s[0] - p[0]) * (q[1] - p[1])
                if not area > 0.0:
                    n_folded += 1
                    continue
                _fill_triangle(p, q, s, area, heights, is_set)
    return n_folded


@numba.njit(cache=True, nogil=True, fastmath=False)
def _fill_triangle(
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    s: NDArray[np.float64],
    area: float,
    heights: NDArray[np.float64],
    is_set: NDArray[np.bool_],
) -> None:
    n_v, n_u = heights.shape
    a0, a1 = max(int(np.ceil(min(p[0], q[0], s[0]))), 0), min(int(np.floor(max(p[0], q[0], s[0]))), n_u - 1)
    b0, b1 = max(int(np.ceil(min(p[1], q[1], s[1]))), 0), min(int(np.floor(max(p[1], q[1], s[1]))), n_v - 1)
    for b in range(b0, b1 + 1):
        for a in range(a0, a1 + 1):
            x, y = a - p[0], b - p[1]
            to_q = (x * (s[1] - p[1]) - (s[0] - p[0]) * y) / area
            to_s = ((q[0] - p[0]) * y - x * (q[1] - p[1])) / area
            if to_q >= -_ON_EDGE and to_s >= -_ON_EDGE and to_q + to_s <= 1.0 + _ON_EDGE:
                heights[b, a] = p[2] + to_q * (q[2] - p[2]) + to_s * (s[2] - p[2])
                is_set[b, a] = True


@numba.njit(cache=True, nogil=True, fastmath=False)
def extend_heights(
    sides: NDArray[np.float64],
    ends: NDArray[np.float64],
    corners: NDArray[np.float64],
    heights: NDArray[np.float64],
    is_set: NDArray[np.bool_],
) -> int:
    """Carry the sheet on beyond its border along its slope there; return how many nodes are left without a height.

    Parameters
    ----------
    sides
        float64 (2, n_v, 4): for the left and the right border, at each row of the map: whether the border meets the
        row (1 or 0), its u, its height, and the slope of the sheet along u there (mm per cell).
    ends
        float64 (2, n_u, 4): the same for the lower and the upper border at each column, with v and slopes along v.
    corners
        float64 (2, 2, 5), lower and upper, left and right: u, v, height, slopes along u and v.
    heights, is_set
        The map and its nodes that have a height, (n_v, n_u).
    """
    n_left = 0
    for b in range(heights.shape[0]):
        for a in range(heights.shape[1]):
            if is_set[b, a]:
                continue
            is_found = False
            for side in range(2):
                sign = 1.0 if side else -1.0
                row, column = sides[side, b], ends[side, a]
                if row[0] > 0.0 and sign * (a - row[1]) >= -_ON_EDGE:
                    heights[b, a] = row[2] + row[3] * (a - row[1])
                    is_found = True
                elif column[0] > 0.0 and sign * (b - column[1]) >= -_ON_EDGE:
                    heights[b, a] = column[2] + column[3] * (b - column[1])
                    is_found = True
                if is_found:
                    break
            for upper in range(2):
                for right in range(2):
                    u, v, h, slope_u, slope_v = corners[upper, right]
                    beyond_u, beyond_v = (a - u) * (2 * right - 1), (b - v) * (2 * upper - 1)
                    if not is_found and beyond_u >= -_ON_EDGE and beyond_v >= -_ON_EDGE:
                        heights[b, a] = h + slope_u * (a - u) + slope_v * (b - v)
                        is_found = True
            if not is_found:
                n_left += 1
    return n_left


@numba.njit(cache=True, nogil=True, fastmath=False)
def tile_bounds(
    heights: NDArray[np.float64],
    du: float,
    dv: float,
    dw: float,
    fall: NDArray[np.float64],
    rise: NDArray[np.float64],
    steepness: NDArray[np.float64],
) -> None:
    """Write how far the gap to the sheet may change in one step (du, dv, dw) inside each tile of the map.

    ``fall`` and ``rise`` (tiles + 1 each way) are in mm, never negative; their last entry is that of the whole map.
    ``steepness`` (tiles each way, 2) are the greatest slopes along u and v in mm per cell.
    """
    fall[:], rise[:], steepness[:] = 0.0, 0.0, 0.0
    tiles_v, tiles_u = steepness.shape[0], steepness.shape[1]
    for b in range(heights.shape[0] - 1):
        for a in range(heights.shape[1] - 1):
            along_low, along_high = heights[b, a + 1] - heights[b, a], heights[b + 1, a + 1] - heights[b + 1, a]
            up_low, up_high = heights[b + 1, a] - heights[b, a], heights[b + 1, a + 1] - heights[b, a + 1]
            most = max(along_low * du, along_high * du) + max(up_low * dv, up_high * dv)
            least = min(along_low * du, along_high * du) + min(up_low * dv, up_high * dv)
            s, t = b // TILE_CELLS, a // TILE_CELLS
            fall[s, t] = max(fall[s, t], most - dw)
            rise[s, t] = max(rise[s, t], dw - least)
            steepness[s, t, 0] = max(steepness[s, t, 0], abs(along_low), abs(along_high))
            steepness[s, t, 1] = max(steepness[s, t, 1], abs(up_low), abs(up_high))
    for steps in (fall, rise):
        for s in range(tiles_v):
            for t in range(tiles_u):
                steps[s, t] = steps[s, t] * (1.0 + 1e-9) + 1e-12  # rounding may not make a leap too long
                steps[tiles_v, tiles_u] = max(steps[tiles_v, tiles_u], steps[s, t])


@numba.njit(cache=True, nogil=True, fastmath=False)
def gradients_at_nodes(
    heights: NDArray[np.float64], cell_u: float, cell_v: float, gradients: NDArray[np.float64]
) -> None:
    """Write the slopes of a map along u and v at its nodes, (n_v, n_u, 2), in mm per mm."""
    n_v, n_u = heights.shape
    for b in range(n_v):
        below, above = max(b - 1, 0), min(b + 1, n_v - 1)
        for a in range(n_u):
            before, after = max(a - 1, 0), min(a + 1, n_u - 1)
            gradients[b, a, 0] = (heights[b, after] - heights[b, before]) / ((after - before) * cell_u)
            gradients[b, a, 1] = (heights[above, a] - heights[below, a]) / ((above - below) * cell_v)


@numba.njit(cache=True, nogil=True, fastmath=False)
def gaps_at(
    points_ijk: NDArray[np.float64],
    transform: NDArray[np.float64],
    heights: NDArray[np.float64],
    stretch: NDArray[np.float64],
    gaps: NDArray[np.float64],
) -> None:
    """Write the distance to a sheet at points, positive on its removed side, by the slope of the sheet under them.

    ``stretch`` is a map like ``heights``: the area of the sheet over that of its plane, at the nodes. The gap along the
    normal of the plane, divided by it, is the distance to the plane that touches the sheet there.
    """
    t = transform
    for n in range(points_ijk.shape[0]):
        i, j, k = points_ijk[n]
        u = t[0] * i + (t[1] * j + (t[2] * k + t[3]))
        v = t[4] * i + (t[5] * j + (t[6] * k + t[7]))
        w = t[8] * i + (t[9] * j + (t[10] * k + t[11]))
        gaps[n] = (w - _height_at(heights, u, v)) / max(_height_at(stretch, u, v), 1.0)
