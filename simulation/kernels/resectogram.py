"""Unfolding a cut to a map of equal areas, and reading volumes along it."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["mark_vessels", "read_along_cut", "unfold_rows"]


@numba.njit(cache=True, nogil=True, fastmath=False)
def unfold_rows(
    stretch: NDArray[np.float64],
    column_stretch: NDArray[np.float64],
    cell_u: float,
    cell_v: float,
    middle_u: float,
    middle_v: float,
    pixel: float,
    places_uv: NDArray[np.float64],
) -> None:
    """Write where the pixels of an unfolded map lie over the plane of the cut, in cells, (n, n, 2).

    ``stretch`` (n_v, n_u) is the area of the sheet over that of its plane at the nodes; ``column_stretch`` (n_v,) its
    length over that of the plane along the middle column. Rows are ``pixel`` (mm) apart along the middle column. Along
    a row, pixels are as far apart as makes each of them ``pixel`` squared on the sheet. Pixels beyond the map are not a
    number.
    """
    n = places_uv.shape[0]
    n_v, n_u = stretch.shape
    lengths = _cumulated(column_stretch, cell_v)
    middle_length = _value_at(lengths, middle_v)
    areas = np.empty(n_u)
    row_stretch = np.empty(n_u)
    for r in range(n):
        v = _place_of(lengths, middle_length + (r - 0.5 * (n - 1)) * pixel)
        if v < 0.0:
            places_uv[r] = np.nan
            continue
        b = min(int(v), n_v - 2)
        y = v - b
        column = column_stretch[b] * (1.0 - y) + column_stretch[b + 1] * y
        for a in range(n_u):
            row_stretch[a] = (stretch[b, a] * (1.0 - y) + stretch[b + 1, a] * y) / column
        areas[0] = 0.0
        for a in range(1, n_u):
            areas[a] = areas[a - 1] + 0.5 * (row_stretch[a - 1] + row_stretch[a]) * cell_u
        middle_area = _value_at(areas, middle_u)
        at = 0
        for c in range(n):
            wanted = middle_area + (c - 0.5 * (n - 1)) * pixel
            if wanted < 0.0 or wanted > areas[n_u - 1]:
                places_uv[r, c] = np.nan
                continue
            while at < n_u - 2 and areas[at + 1] < wanted:
                at += 1
            places_uv[r, c, 0] = at + (wanted - areas[at]) / (areas[at + 1] - areas[at])
            places_uv[r, c, 1] = v


@numba.njit(cache=True, nogil=True, fastmath=False)
def _cumulated(values: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    sums = np.zeros(values.size)
    for n in range(1, values.size):
        sums[n] = sums[n - 1] + 0.5 * (values[n - 1] + values[n]) * step
    return sums


@numba.njit(cache=True, nogil=True, fastmath=False)
def _value_at(values: NDArray[np.float64], place: float) -> float:
    n = min(max(int(place), 0), values.size - 2)
    return values[n] + (values[n + 1] - values[n]) * (place - n)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _place_of(values: NDArray[np.float64], wanted: float) -> float:
    """Return where rising values pass one, or -1 beyond them."""
    if wanted < values[0] or wanted > values[-1]:
        return -1.0
    n = min(max(int(np.searchsorted(values, wanted)) - 1, 0), values.size - 2)
    return n + (wanted - values[n]) / (values[n + 1] - values[n])


@numba.njit(cache=True, nogil=True, fastmath=False)
def read_along_cut(
    places_uv: NDArray[np.float64],
    heights: NDArray[np.float64],
    to_voxels: NDArray[np.float64],
    organ: NDArray[np.bool_],
    distance: NDArray[np.float32],
    couinaud: NDArray[np.int32],
    portal: NDArray[np.int32],
    venous: NDArray[np.int32],
    points_ijk: NDArray[np.float32],
    in_organ: NDArray[np.bool_],
    distances: NDArray[np.float32],
    labels: NDArray[np.uint16],
) -> None:
    """Read what lies at the pixels of a cut: labels at the nearest voxel, the distance between voxels.

    ``to_voxels`` (12,) takes u, v (cells) and the height (mm) to voxel indices i, j, k. Volumes are ``[k, j, i]``; one
    without voxels is not read. ``labels`` (n, n, 3) are segment, portal and venous branch.
    """
    n_v, n_u = heights.shape
    nk, nj, ni = organ.shape
    t = to_voxels
    for r in range(places_uv.shape[0]):
        for c in range(places_uv.shape[1]):
            u, v = places_uv[r, c]
            in_organ[r, c], distances[r, c], labels[r, c] = False, np.nan, 0
            if not (u == u and v == v):
                points_ijk[r, c] = np.nan
                continue
            a, b = min(max(int(u), 0), n_u - 2), min(max(int(v), 0), n_v - 2)
            x, y = u - a, v - b
            h = (heights[b, a] * (1.0 - x) + heights[b, a + 1] * x) * (1.0 - y)
            h += (heights[b + 1, a] * (1.0 - x) + heights[b + 1, a + 1] * x) * y
            i = t[0] * u + t[1] * v + t[2] * h + t[3]
            j = t[4] * u + t[5] * v + t[6] * h + t[7]
            k = t[8] * u + t[9] * v + t[10] * h + t[11]
            points_ijk[r, c, 0], points_ijk[r, c, 1], points_ijk[r, c, 2] = i, j, k
            p, q, s = int(np.floor(i + 0.5)), int(np.floor(j + 0.5)), int(np.floor(k + 0.5))
            if not (0 <= p < ni and 0 <= q < nj and 0 <= s < nk) or not organ[s, q, p]:
                continue
            in_organ[r, c] = True
            if couinaud.size:
                labels[r, c, 0] = couinaud[s, q, p]
            if portal.size:
                labels[r, c, 1] = portal[s, q, p]
            if venous.size:
                labels[r, c, 2] = venous[s, q, p]
            if distance.size:
                distances[r, c] = _between(distance, i, j, k)


@numba.njit(cache=True, nogil=True, fastmath=False)
def _between(field: NDArray[np.float32], i: float, j: float, k: float) -> float:
    nk, nj, ni = field.shape
    p, q, s = min(max(int(i), 0), ni - 2), min(max(int(j), 0), nj - 2), min(max(int(k), 0), nk - 2)
    x, y, z = min(max(i - p, 0.0), 1.0), min(max(j - q, 0.0), 1.0), min(max(k - s, 0.0), 1.0)
    low = (field[s, q, p] * (1 - x) + field[s, q, p + 1] * x) * (1 - y)
    low += (field[s, q + 1, p] * (1 - x) + field[s, q + 1, p + 1] * x) * y
    high = (field[s + 1, q, p] * (1 - x) + field[s + 1, q, p + 1] * x) * (1 - y)
    high += (field[s + 1, q + 1, p] * (1 - x) + field[s + 1, q + 1, p + 1] * x) * y
    return low * (1 - z) + high * z


@numba.njit(cache=True, nogil=True, fastmath=False)
def mark_vessels(
    points_mm: NDArray[np.float32],
    in_organ: NDArray[np.bool_],
    centres_mm: NDArray[np.float64],
    axes: NDArray[np.float64],
    radii_mm: NDArray[np.float64],
    reach: float,
    vessel: NDArray[np.uint16],
) -> None:
    """Write the number (from 1) of the tube that a pixel lies in; of two, that whose axis is nearer for its radius.

    A tube is ``radii_mm`` wide about an axis through ``centres_mm`` and ends ``reach`` radii from there.
    """
    for r in range(points_mm.shape[0]):
        for c in range(points_mm.shape[1]):
            vessel[r, c] = 0
            if not in_organ[r, c]:
                continue
            nearest = 1.0
            for n in range(radii_mm.size):
                x = points_mm[r, c, 0] - centres_mm[n, 0]
                y = points_mm[r, c, 1] - centres_mm[n, 1]
                z = points_mm[r, c, 2] - centres_mm[n, 2]
                squared = x * x + y * y + z * z
                radius = radii_mm[n]
                if squared > reach * reach * radius * radius:
                    continue
                along = x * axes[n, 0] + y * axes[n, 1] + z * axes[n, 2]
                share = (squared - along * along) / (radius * radius)
                if share <= nearest:
                    nearest = share
                    vessel[r, c] = n + 1
