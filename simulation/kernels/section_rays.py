"""Rays in sections of a vessel through smooth fields: where they leave it, and what they meet beyond."""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["values_along_rays", "wall_distances_mm"]

Field = NDArray[np.float32]
Floats = NDArray[np.float64]


def wall_distances_mm(
    field: Field, starts_kji: Floats, per_mm_kji: Floats, reaches_mm: Floats, step_mm: float
) -> Floats:
    """Return how far each ray goes until the field falls below one half.

    Parameters
    ----------
    field
        float32 ``[k, j, i]``; zero beyond its border.
    starts_kji
        float64 (p, 3), a start for each section.
    per_mm_kji
        float64 (p, a, 3), voxels that each ray of a section goes in a millimetre.
    reaches_mm
        float64 (p, a), how far each ray may go.
    step_mm
        Between samples; the wall lies between two of them, by linear interpolation.

    Returns
    -------
    ndarray
        float64 (p, a): millimetres; infinite where there is no wall within reach, 0 for a start that is outside.
    """
    _check(field, starts_kji, per_mm_kji, reaches_mm)
    walls = np.empty(reaches_mm.shape)
    _find_walls(field, starts_kji, per_mm_kji, reaches_mm, float(step_mm), walls)
    return walls


def values_along_rays(field: Field, starts_kji: Floats, per_mm_kji: Floats, distances_mm: Floats) -> Floats:
    """Return the value of the field at a distance along each ray, float64 (p, a).

    Parameters
    ----------
    field, starts_kji, per_mm_kji
        As in :func:`wall_distances_mm`.
    distances_mm
        float64 (p, a), finite.
    """
    _check(field, starts_kji, per_mm_kji, distances_mm)
    values = np.empty(distances_mm.shape)
    _read_values(field, starts_kji, per_mm_kji, distances_mm, values)
    return values


def _check(field: Field, starts_kji: Floats, per_mm_kji: Floats, distances_mm: Floats) -> None:
    if field.dtype != np.float32 or field.ndim != 3 or not field.flags.c_contiguous:
        raise TypeError("the field must be a C-contiguous float32 array [k, j, i]")
    n_sections, n_rays = distances_mm.shape
    if starts_kji.shape != (n_sections, 3) or per_mm_kji.shape != (n_sections, n_rays, 3):
        raise ValueError("one start a section and one direction a ray are needed")


@numba.njit(nogil=True, cache=True, fastmath=False)
def _value_at(field: Field, k: float, j: float, i: float) -> float:
    """Trilinear interpolation; zero beyond the border."""
    n_k, n_j, n_i = field.shape
    k0, j0, i0 = math.floor(k), math.floor(j), math.floor(i)
    total = 0.0
    for dk in range(2):
        wk = k - k0 if dk else 1.0 - (k - k0)
        kk = k0 + dk
        if kk < 0 or kk >= n_k:
            continue
        for dj in range(2):
            wj = j - j0 if dj else 1.0 - (j - j0)
            jj = j0 + dj
            if jj < 0 or jj >= n_j:
                continue
            for di in range(2):
                ii = i0 + di
                if 0 <= ii < n_i:
                    wi = i - i0 if di else 1.0 - (i - i0)
                    total += wk * wj * wi * field[kk, jj, ii]
    return total


@numba.njit(nogil=True, cache=True, fastmath=False)
def _find_walls(
    field: Field, starts: Floats, per_mm: Floats, reaches_mm: Floats, step_mm: float, walls_mm: Floats
) -> None:
    for section in range(walls_mm.shape[0]):
        k, j, i = starts[section, 0], starts[section, 1], starts[section, 2]
        first = _value_at(field, k, j, i)
        for ray in range(walls_mm.shape[1]):
            dk, dj, di = per_mm[section, ray, 0], per_mm[section, ray, 1], per_mm[section, ray, 2]
            found = math.inf
            before, at = first, 0.0
            if first < 0.5:
                found = 0.0
            while found == math.inf and at < reaches_mm[section, ray]:
                at += step_mm
                here = _value_at(field, k + at * dk, j + at * dj, i + at * di)
                if here < 0.5:
                    found = at - step_mm * (0.5 - here) / (before - here)
                before = here
            walls_mm[section, ray] = found


@numba.njit(nogil=True, cache=True, fastmath=False)
def _read_values(field: Field, starts: Floats, per_mm: Floats, distances_mm: Floats, values: Floats) -> None:
    for section in range(values.shape[0]):
        k, j, i = starts[section, 0], starts[section, 1], starts[section, 2]
        for ray in range(values.shape[1]):
            at = distances_mm[section, ray]
            dk, dj, di = per_mm[section, ray, 0], per_mm[section, ray, 1], per_mm[section, ray, 2]
            values[section, ray] = _value_at(field, k + at * dk, j + at * dj, i + at * di)
