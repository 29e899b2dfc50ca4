"""Plain references of the kernels of the editing tools.

mark_path, mark_prism, paint_labels, find_mask_runs, join_mask_runs, fill_mask_runs, mark_near_mask, blur_mask.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]


def _segments(points: Points) -> list[tuple[Points, Points]]:
    return list(pairwise(points)) if len(points) > 1 else [(points[0], points[0])]


def plain_path(
    shape_kji: tuple[int, int, int],
    spacing: Points,
    points_ijk_mm: Points,
    radius_mm: float,
    normal: Points,
    half_thickness_mm: float,
) -> Mask:
    """Every voxel of a grid against every segment of the path, in mark_path's sense."""
    k, j, i = np.indices(shape_kji)
    centres = np.stack([i, j, k], axis=-1) * spacing
    mask = np.zeros(shape_kji, np.bool_)
    for a, b in _segments(points_ijk_mm):
        along = (b - a) - ((b - a) @ normal) * normal
        away = (centres - a) - ((centres - a) @ normal)[..., np.newaxis] * normal
        t = np.clip(away @ along / (along @ along), 0.0, 1.0) if along @ along > 0 else np.zeros(shape_kji)
        mask |= ((away - t[..., np.newaxis] * along) ** 2).sum(axis=-1) <= radius_mm**2 * (1 + 1e-9)
    if half_thickness_mm > 0:
        heights = (centres - points_ijk_mm[0]) @ normal
        mask &= (-half_thickness_mm * (1 + 1e-6) <= heights) & (heights < half_thickness_mm * (1 - 1e-6))
    for a, b in _segments(points_ijk_mm):
        n_steps = max(math.ceil(float(np.linalg.norm(b - a)) / (0.5 * spacing.min())), 1)
        for s in range(n_steps + 1):
            i, j, k = np.floor((a + (b - a) * (s / n_steps)) / spacing + 0.5).astype(int)
            if 0 <= k < shape_kji[0] and 0 <= j < shape_kji[1] and 0 <= i < shape_kji[2]:
                mask[k, j, i] = True
    return mask


def plain_winding(corners_uv: Points, u: float, v: float) -> int:
    """How often a polygon goes round a point."""
    winding = 0
    for (ua, va), (ub, vb) in zip(corners_uv, np.roll(corners_uv, -1, axis=0), strict=True):
        if (va <= v) != (vb <= v) and ua + (v - va) * (ub - ua) / (vb - va) <= u:
            winding += 1 if vb > va else -1
    return winding


def plain_prism(shape_kji: tuple[int, int, int], corners_uv: Points, uvt_of_ijk: Points, depth: Points) -> Mask:
    """Every voxel against the polygon."""
    mask = np.zeros(shape_kji, np.bool_)
    for k, j, i in np.ndindex(shape_kji):
        u, v, t = uvt_of_ijk @ (i, j, k, 1)
        mask[k, j, i] = plain_winding(corners_uv, u, v) != 0 and depth[0] <= t < depth[1]
    return mask


def plain_paint(
    labels: NDArray[np.uint8], mask: Mask, is_replaceable: NDArray[np.bool_], value: int
) -> NDArray[np.uint8]:
    """Voxel by voxel."""
    out = labels.copy()
    for place in np.ndindex(labels.shape):
        if mask[place] and is_replaceable[labels[place]]:
            out[place] = value
    return out


def plain_islands(mask: Mask, connectivity: int) -> list[set[tuple[int, ...]]]:
    """Flood each island from its first voxel: sets of places, in the order of their first voxel."""
    steps = [
        step
        for step in np.ndindex(3, 3, 3)
        for k, j, i in [np.subtract(step, 1)]
        if 0 < abs(k) + abs(j) + abs(i) <= (1 if connectivity in (4, 6) else 3) and (connectivity in (6, 26) or k == 0)
    ]
    left = {tuple(place) for place in np.argwhere(mask).tolist()}
    islands = []
    for place in map(tuple, np.argwhere(mask).tolist()):
        if place not in left:
            continue
        island, front = set(), [place]
        left.remove(place)
        while front:
            here = front.pop()
            island.add(here)
            for step in steps:
                there = tuple(int(n) for n in np.add(here, np.subtract(step, 1)))
                if there in left:
                    left.remove(there)
                    front.append(there)
        islands.append(island)
    return islands


def plain_distances_mm(mask: Mask, spacing_ijk_mm: Points) -> NDArray[np.float64]:
    """Distance of each voxel centre to the nearest centre of the mask, by trying all."""
    places = np.argwhere(mask) * spacing_ijk_mm[::-1]
    distances = np.full(mask.shape, np.inf)
    if len(places):
        for place in np.ndindex(mask.shape):
            distances[place] = np.linalg.norm(places - place * spacing_ijk_mm[::-1], axis=1).min()
    return distances


def plain_blur(mask: Mask, weights: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Weighted means axis by axis; ``weights`` along i, j, k, the border repeated."""
    values = mask.astype(np.float64)
    for axis_ijk, weight in enumerate(weights):
        axis, size = 2 - axis_ijk, mask.shape[2 - axis_ijk]
        total = weight[0] * values
        for step in range(1, len(weight)):
            for side in (-step, step):
                total = total + weight[step] * np.take(values, np.clip(np.arange(size) + side, 0, size - 1), axis)
        values = total
    return values
