"""Pairs of neighbouring voxels on the two sides of a cut, and which way the cut leans there."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["interface_pairs", "leans_at_faces"]

_REACH = 4  # voxels around a face that tell how the cut leans there


def interface_pairs(
    organ: NDArray[np.bool_], removed: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each removed organ voxel that shares a face with an organ voxel that stays.

    Parameters
    ----------
    organ, removed
        bool ``[k, j, i]``.

    Returns
    -------
    inside
        int64 (n,), flat index of the removed voxel; a voxel comes once for each such face.
    direction
        int64 (n,): where the remaining voxel lies: 1, 2, 3 along +i, +j, +k; -1, -2, -3 against.
    """
    organ_bytes, removed_bytes = _bytes(organ, removed)
    pairs_of_row = np.zeros(organ_bytes.shape[0] * organ_bytes.shape[1], np.int64)
    count_pairs(organ_bytes, removed_bytes, pairs_of_row)
    n_pairs = int(pairs_of_row.sum())
    inside, direction = np.empty(n_pairs, np.int64), np.empty(n_pairs, np.int64)
    list_pairs(organ_bytes, removed_bytes, np.flatnonzero(pairs_of_row), inside, direction)
    return inside, direction


def leans_at_faces(
    organ: NDArray[np.bool_],
    removed: NDArray[np.bool_],
    inside: NDArray[np.int64],
    direction: NDArray[np.int64],
    spacing_ijk_mm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return which way the cut leans at faces of :func:`interface_pairs`, read from the voxels around.

    float64 (n, 3), unit vectors along i, j, k (mm), not oriented. For borders that are known by their voxels only: good
    to some degrees.
    """
    leans = np.empty((inside.size, 3), np.float64)
    spacing = np.asarray(spacing_ijk_mm, np.float64)
    find_leans(*_bytes(organ, removed), inside, direction, spacing, _half_balls(), leans)
    return leans


def _half_balls() -> NDArray[np.int64]:
    """Return for each axis the steps from a voxel, along i, j, k, to those beyond its face and within reach of that."""
    sides = [np.arange(-_REACH, _REACH + 1)] * 3
    steps = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)
    from_face = steps - 0.5 * np.eye(3)[:, None]
    is_within = ((from_face**2).sum(axis=2) <= _REACH**2) & (np.einsum("ana->an", from_face) > 0)
    return np.stack([steps[chosen] for chosen in is_within]).astype(np.int64)


def _bytes(organ: NDArray[np.bool_], removed: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    if organ.shape != removed.shape or organ.ndim != 3:
        raise ValueError(f"shapes differ: {organ.shape} and {removed.shape}")
    return np.ascontiguousarray(organ).view(np.uint8), np.ascontiguousarray(removed).view(np.uint8)


@numba.njit(cache=True, nogil=True, fastmath=False)
def count_pairs(organ: NDArray[np.uint8], removed: NDArray[np.uint8], pairs_of_row: NDArray[np.int64]) -> None:
    """Count the pairs of :func:`interface_pairs` whose first voxel lies in each row, without a branch."""
    nk, nj, ni = organ.shape
    for k in range(nk):
        for j in range(nj):
            n_pairs = 0
            here, side = organ[k, j], removed[k, j]
            for i in range(ni - 1):
                n_pairs += here[i] & here[i + 1] & (side[i] ^ side[i + 1])
            if j + 1 < nj:
                there, other = organ[k, j + 1], removed[k, j + 1]
                for i in range(ni):
                    n_pairs += here[i] & there[i] & (side[i] ^ other[i])
            if k + 1 < nk:
                there, other = organ[k + 1, j], removed[k + 1, j]
                for i in range(ni):
                    n_pairs += here[i] & there[i] & (side[i] ^ other[i])
            pairs_of_row[k * nj + j] = n_pairs


@numba.njit(cache=True, nogil=True, fastmath=False)
def list_pairs(
    organ: NDArray[np.uint8],
    removed: NDArray[np.uint8],
    rows: NDArray[np.int64],
    inside: NDArray[np.int64],
    direction: NDArray[np.int64],
) -> None:
    """Write the pairs of :func:`interface_pairs` of the rows that have any."""
    nk, nj, ni = organ.shape
    n = 0
    for row in rows:
        k, j = row // nj, row % nj
        for i in range(ni):
            if not organ[k, j, i]:
                continue
            side = removed[k, j, i]
            here = (k * nj + j) * ni + i
            if i + 1 < ni and organ[k, j, i + 1] and removed[k, j, i + 1] != side:
                inside[n] = here if side else here + 1
                direction[n] = 1 if side else -1
                n += 1
            if j + 1 < nj and organ[k, j + 1, i] and removed[k, j + 1, i] != side:
                inside[n] = here if side else here + ni
                direction[n] = 2 if side else -2
                n += 1
            if k + 1 < nk and organ[k + 1, j, i] and removed[k + 1, j, i] != side:
                inside[n] = here if side else here + nj * ni
                direction[n] = 3 if side else -3
                n += 1


@numba.njit(cache=True, nogil=True, fastmath=False)
def find_leans(
    organ: NDArray[np.uint8],
    removed: NDArray[np.uint8],
    inside: NDArray[np.int64],
    direction: NDArray[np.int64],
    spacing: NDArray[np.float64],
    ball: NDArray[np.int64],
    leans: NDArray[np.float64],
) -> None:
    """Kernel of :func:`leans_at_faces`: the lean is the moment of the removed voxels in a ball about the face.

    The ball lies about the middle of the face: opposite voxels are ``step`` and (one across) - ``step``, whose ways
    from the middle are opposite too. Only pairs that both lie in the organ count, so that the capsule does not turn the
    cut. ``ball`` int64 (3, n, 3) holds for each axis the steps along i, j, k of its half beyond the face. Moments are
    counted in half voxels, in whole numbers.
    """
    nk, nj, ni = organ.shape
    stride_j, stride_k = ni, nj * ni
    bodies, sides = organ.ravel(), removed.ravel()
    steps = np.empty((ball.shape[1], 3), np.int64)
    for n in range(inside.size):
        axis, sign = abs(direction[n]) - 1, 1 if direction[n] > 0 else -1
        here = inside[n]
        k, j, i = here // (nj * ni), here // ni % nj, here % ni
        for s in range(steps.shape[0]):
            steps[s, 0], steps[s, 1], steps[s, 2] = ball[axis, s, 0], ball[axis, s, 1], ball[axis, s, 2]
            steps[s, axis] *= sign
        is_inner = _REACH <= i < ni - _REACH and _REACH <= j < nj - _REACH and _REACH <= k < nk - _REACH
        moment_i, moment_j, moment_k = 0, 0, 0
        for s in range(steps.shape[0]):
            di, dj, dk = steps[s, 0], steps[s, 1], steps[s, 2]
            oi, oj, ok = -di, -dj, -dk
            if axis == 0:
                oi += sign
            elif axis == 1:
                oj += sign
            else:
                ok += sign
            if not is_inner:
                if not (0 <= i + di < ni and 0 <= j + dj < nj and 0 <= k + dk < nk):
                    continue
                if not (0 <= i + oi < ni and 0 <= j + oj < nj and 0 <= k + ok < nk):
                    continue
            beyond = here + di + dj * stride_j + dk * stride_k
            before = here + oi + oj * stride_j + ok * stride_k
            weight = (np.int64(sides[beyond]) - np.int64(sides[before])) * np.int64(bodies[beyond] & bodies[before])
            moment_i += weight * (di - oi)
            moment_j += weight * (dj - oj)
            moment_k += weight * (dk - ok)
        lean_i, lean_j, lean_k = (
            0.5 * moment_i / spacing[0], 0.5 * moment_j / spacing[1], 0.5 * moment_k / spacing[2],
        )  # fmt: skip
        length = np.sqrt(lean_i * lean_i + lean_j * lean_j + lean_k * lean_k)
        if length > 0.0:
            leans[n, 0], leans[n, 1], leans[n, 2] = lean_i / length, lean_j / length, lean_k / length
        else:
            leans[n] = 0.0
            leans[n, axis] = 1.0
