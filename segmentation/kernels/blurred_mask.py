"""A mask blurred by a Gaussian, in steps of 1/65535, and how often each value occurs."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["blur_mask"]


@njit(cache=True, nogil=True, fastmath=False)
def blur_mask(
    mask: NDArray[np.bool_],
    weights_i: NDArray[np.float32],
    weights_j: NDArray[np.float32],
    weights_k: NDArray[np.float32],
    is_barred: NDArray[np.bool_],
    out: NDArray[np.uint16],
    counts: NDArray[np.int64],
) -> None:
    """Write to ``out[k, j, i]`` the weighted mean of the mask, 65535 for one; at its border the mask is repeated.

    Parameters
    ----------
    mask
        ``[k, j, i]``.
    weights_i, weights_j, weights_k
        Weight by distance along each axis, (reach + 1,): that of the centre first; both sides together sum to one.
    is_barred
        Voxels that get 0; of the shape of the mask.
    out
        uint16 of the shape of the mask.
    counts
        int64 (65536,): how often each value came is added.
    """
    nk, nj, ni = mask.shape
    reach = weights_k.size - 1
    n_ring = 2 * reach + 1  # the blurred slices that one slice of the result needs
    ring, is_used = np.empty((n_ring, nj, ni), np.float32), np.zeros((n_ring, nj), np.bool_)
    rows, has_row = np.empty((nj, ni), np.float32), np.empty(nj, np.bool_)
    padded, blurred = np.empty(ni + 2 * (weights_i.size - 1), np.float32), np.empty(ni, np.float32)
    for step in range(nk + reach):
        if step < nk:
            for j in range(nj):
                has_row[j] = _blur_row(mask[step, j], weights_i, padded, rows[j])
            for j in range(nj):
                is_used[step % n_ring, j] = _blur_place(rows, has_row, j, nj, weights_j, ring[step % n_ring, j])
        k = step - reach
        if k >= 0:
            for j in range(nj):
                has_any = _blur_place(ring[:, j], is_used[:, j], k, nk, weights_k, blurred)
                _count_levels(blurred, has_any, is_barred[k, j], out[k, j], counts)


@njit(cache=True, nogil=True, fastmath=False)
def _blur_row(
    row: NDArray[np.bool_], weights: NDArray[np.float32], padded: NDArray[np.float32], out: NDArray[np.float32]
) -> bool:
    """Blur a row along itself; tell whether there is anything in it."""
    ni, reach = row.size, weights.size - 1
    has_any = False
    for i in range(ni):
        padded[reach + i] = np.float32(row[i])
        has_any |= row[i]
    if not has_any:
        return False
    padded[:reach] = padded[reach]
    padded[ni + reach :] = padded[ni + reach - 1]
    centre = padded[reach : reach + ni]
    for i in range(ni):
        out[i] = weights[0] * centre[i]
    for step in range(1, reach + 1):
        weight = weights[step]
        left, right = padded[reach - step : reach - step + ni], padded[reach + step : reach + step + ni]
        for i in range(ni):
            out[i] += weight * (left[i] + right[i])
    return True


@njit(cache=True, nogil=True, fastmath=False)
def _blur_place(
    rows: NDArray[np.float32],
    has_row: NDArray[np.bool_],
    at: int,
    n_places: int,
    weights: NDArray[np.float32],
    out: NDArray[np.float32],
) -> bool:
    """Weighted sum of the rows around a place; tell whether any holds something.

    There are ``n_places``; ``rows`` may be a ring that holds those near ``at`` only. Places beyond the ends are
    those at the ends.
    """
    n_rows, has_any = rows.shape[0], False
    out[:] = 0.0
    for step in range(weights.size):
        weight = weights[step]
        before, after = max(at - step, 0) % n_rows, min(at + step, n_places - 1) % n_rows
        if step == 0:
            weight *= np.float32(0.5)
        if has_row[before] and has_row[after]:
            left, right = rows[before], rows[after]
            for i in range(out.size):
                out[i] += weight * (left[i] + right[i])
        elif has_row[before] or has_row[after]:
            one = rows[before] if has_row[before] else rows[after]
            for i in range(out.size):
                out[i] += weight * one[i]
        has_any |= has_row[before] or has_row[after]
    return has_any


@njit(cache=True, nogil=True, fastmath=False)
def _count_levels(
    blurred: NDArray[np.float32],
    has_any: bool,
    is_barred: NDArray[np.bool_],
    out: NDArray[np.uint16],
    counts: NDArray[np.int64],
) -> None:
    """Turn a row into levels and count them."""
    if not has_any:
        out[:] = 0
        counts[0] += out.size
        return
    full = np.float32(65535.0)
    for i in range(out.size):
        level = np.uint16(min(blurred[i] * full + np.float32(0.5), full))
        out[i] = np.uint16(0) if is_barred[i] else level
    n_empty, n_full = 0, 0  # most are one or the other: counted apart, they do not wait for each other
    for i in range(out.size):
        n_empty += out[i] == 0
        n_full += out[i] == 65535
    counts[0] += n_empty
    counts[65535] += n_full
    if n_empty + n_full < out.size:
        for i in range(out.size):
            if 0 < out[i] < 65535:
                counts[out[i]] += 1
