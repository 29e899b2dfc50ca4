"""Plain references of the kernels of sheets.

References of: mark_sheet_rows, mark_sheet_voxels, clip_runs_by_sheet, tile_bounds, gradients_at_nodes, gaps_at,
rasterise_sheet, extend_heights, nearest_on_sheet.
"""

import numpy as np


def height_at(heights, u, v):
    """Bilinear height, the outermost cells going on beyond the map."""
    a = np.clip(np.asarray(u).astype(int), 0, heights.shape[1] - 2)
    b = np.clip(np.asarray(v).astype(int), 0, heights.shape[0] - 2)
    x, y = u - a, v - b
    low = heights[b, a] * (1.0 - x) + heights[b, a + 1] * x
    high = heights[b + 1, a] * (1.0 - x) + heights[b + 1, a + 1] * x
    return low * (1.0 - y) + high * y


def uvw(points_ijk, transform):
    """Voxel indices (..., 3) as u, v in cells and w in mm, in the order of operations of the kernels."""
    i, j, k = np.moveaxis(np.asarray(points_ijk, float), -1, 0)
    t = transform
    return tuple(t[n] * i + (t[n + 1] * j + (t[n + 2] * k + t[n + 3])) for n in (0, 4, 8))


def sides(shape_kji, transform, heights):
    """Every voxel on the removed side, by evaluating the sheet at each."""
    k, j, i = np.indices(shape_kji, dtype=np.float64)
    u, v, w = uvw(np.stack([i, j, k], axis=-1), transform)
    return w - height_at(heights, u, v) > 0


def sheet_counts(states, transform, heights, n_states):
    """Voxels of each state on the removed side, background left out."""
    counts = np.bincount(states[sides(states.shape, transform, heights)], minlength=n_states)
    counts[0] = 0
    return counts


def gaps_at(points_ijk, transform, heights, stretch):
    """Gap along the normal of the plane over the stretch of the sheet."""
    u, v, w = uvw(points_ijk, transform)
    return (w - height_at(heights, u, v)) / np.maximum(height_at(stretch, u, v), 1.0)


def gradients_at_nodes(heights, cell_u, cell_v):
    """Central differences inside, one-sided at the edge."""
    along_v, along_u = np.gradient(heights, cell_v, cell_u)
    return np.stack([along_u, along_v], axis=-1)


def greatest_changes(heights, du, dv, dw, tile_cells, n_samples=9):
    """Least and greatest change of the gap over one step, by tile, from derivatives at many places of each cell."""
    low, high = {}, {}
    places = np.linspace(0, 1, n_samples)
    for b, a in np.ndindex(heights.shape[0] - 1, heights.shape[1] - 1):
        h = heights[b : b + 2, a : a + 2]
        x, y = np.meshgrid(places, places)
        slope_u = (h[0, 1] - h[0, 0]) * (1 - y) + (h[1, 1] - h[1, 0]) * y
        slope_v = (h[1, 0] - h[0, 0]) * (1 - x) + (h[1, 1] - h[0, 1]) * x
        change = dw - (slope_u * du + slope_v * dv)
        tile = (b // tile_cells, a // tile_cells)
        low[tile] = min(low.get(tile, np.inf), change.min())
        high[tile] = max(high.get(tile, -np.inf), change.max())
    return low, high


def nearest_on_sheet(points_uvw, heights, cell_u, cell_v, per_cell=16):
    """Least distance to the map cut into small steps: no more than their size above the truth."""
    u = np.linspace(0, heights.shape[1] - 1, (heights.shape[1] - 1) * per_cell + 1)
    v = np.linspace(0, heights.shape[0] - 1, (heights.shape[0] - 1) * per_cell + 1)
    uu, vv = np.meshgrid(u, v)
    places = np.stack([uu * cell_u, vv * cell_v, height_at(heights, uu, vv)], axis=-1).reshape(-1, 3)
    points = np.asarray(points_uvw) * (cell_u, cell_v, 1.0)
    return min(float(np.sqrt(((places - point) ** 2).sum(axis=1).min())) for point in points)
