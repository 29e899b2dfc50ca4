"""Which voxel of a mask is nearest, the first of some offsets from near to far that meets it, and where it borders."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["border_voxels", "distance_by_offsets_mm", "offsets_within", "voxels_with_labels"]

Mask = NDArray[np.bool_]


def offsets_within(
    reach_mm: float, spacing_ijk_mm: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the steps to all voxels within a distance, int64 (n, 3) along k, j, i, and how far each is, rising."""
    spacing_kji = np.asarray(spacing_ijk_mm, np.float64)[::-1]
    sides = [np.arange(-int(reach_mm / size), int(reach_mm / size) + 1) for size in spacing_kji]
    steps = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)
    distances_mm = np.linalg.norm(steps * spacing_kji, axis=1)
    order = np.argsort(distances_mm, kind="stable")
    order = order[distances_mm[order] <= reach_mm]
    return steps[order].astype(np.int64), distances_mm[order]


def distance_by_offsets_mm(
    mask: Mask, voxels_kji: NDArray[np.int64], steps_kji: NDArray[np.int64], distances_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of voxels to the nearest true one, float64 (n,); infinite where no offset meets one.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``.
    voxels_kji
        int64 (n, 3), inside of the array.
    steps_kji, distances_mm
        Of :func:`offsets_within`.
    """
    found = np.empty(len(voxels_kji))
    first_offsets(_bytes(mask), voxels_kji, steps_kji, distances_mm, found)
    return found


def border_voxels(mask: Mask) -> NDArray[np.int64]:
    """Return the true voxels that have a false one beside a face, or the border of the array, int64 (n, 3) k, j, i.

    From outside of a mask the nearest of its voxels is one of them.
    """
    whole = _bytes(mask)
    n_found = list_border(whole, np.empty((0, 3), np.int64))
    found = np.empty((n_found, 3), np.int64)
    list_border(whole, found)
    return found


def voxels_with_labels(labels: NDArray[np.int32], wanted: NDArray[np.int64], largest: int) -> Mask:
    """Return which voxels have one of the wanted labels, bool ``[k, j, i]``.

    Parameters
    ----------
    labels
        int32 ``[k, j, i]``, from 0 to ``largest``.
    wanted
        int64 (n,), labels from 0.
    largest
        Largest label that occurs.
    """
    is_wanted = np.zeros(largest + 1, np.bool_)
    is_wanted[wanted[wanted <= largest]] = True
    found = np.empty(labels.shape, np.bool_)
    look_up(np.ascontiguousarray(labels).ravel(), is_wanted, found.ravel())
    return found


def _bytes(mask: Mask) -> NDArray[np.uint8]:
    if mask.ndim != 3 or mask.dtype != np.bool_:
        raise TypeError("the mask must be a bool array [k, j, i]")
    return np.ascontiguousarray(mask).view(np.uint8)


@numba.njit(cache=True, nogil=True, fastmath=False)
def look_up(labels: NDArray[np.int32], is_wanted: NDArray[np.bool_], found: NDArray[np.bool_]) -> None:
    """Kernel of :func:`voxels_with_labels`."""
    for n in range(labels.size):
        found[n] = is_wanted[labels[n]]


@numba.njit(cache=True, nogil=True, fastmath=False)
def first_offsets(
    mask: NDArray[np.uint8],
    voxels_kji: NDArray[np.int64],
    steps_kji: NDArray[np.int64],
    distances_mm: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Kernel of :func:`distance_by_offsets_mm`."""
    nk, nj, ni = mask.shape
    for n in range(voxels_kji.shape[0]):
        found[n] = np.inf
        for s in range(steps_kji.shape[0]):
            k, j = voxels_kji[n, 0] + steps_kji[s, 0], voxels_kji[n, 1] + steps_kji[s, 1]
            i = voxels_kji[n, 2] + steps_kji[s, 2]
            if 0 <= k < nk and 0 <= j < nj and 0 <= i < ni and mask[k, j, i]:
                found[n] = distances_mm[s]
                break


@numba.njit(cache=True, nogil=True, fastmath=False)
def list_border(mask: NDArray[np.uint8], found: NDArray[np.int64]) -> int:
    """Write the voxels of :func:`border_voxels` as far as there is room; return how many there are."""
    nk, nj, ni = mask.shape
    n = 0
    for k in range(nk):
        for j in range(nj):
            is_edge = k == 0 or k == nk - 1 or j == 0 or j == nj - 1
            for i in range(ni):
                if mask[k, j, i] and (is_edge or _is_open(mask, k, j, i)):
                    if n < found.shape[0]:
                        found[n, 0], found[n, 1], found[n, 2] = k, j, i
                    n += 1
    return n


@numba.njit(cache=True, nogil=True, fastmath=False, inline="always")
def _is_open(mask: NDArray[np.uint8], k: int, j: int, i: int) -> bool:
    """Tell whether a voxel that is not at the first or last k or j has a false voxel or the border beside it."""
    if i == 0 or i == mask.shape[2] - 1:
        return True
    along_i = mask[k, j, i - 1] & mask[k, j, i + 1]
    along_j = mask[k, j - 1, i] & mask[k, j + 1, i]
    return not (along_i & along_j & mask[k - 1, j, i] & mask[k + 1, j, i])
