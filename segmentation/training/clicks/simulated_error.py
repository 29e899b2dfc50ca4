"""Labels as wrong as those of a network: borders that wander, missing ends, leaks into what looks alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import signed_distance_mm

__all__ = ["shifted_labels", "wandering", "wrong_label"]

Mask = NDArray[np.bool_]
FloatVoxels = NDArray[np.float32]

_FAR_MM = 40.0
_LOOK_MM = 1.5
_LEAST_SPREAD = 8.0
# Borders wander over ways of 10 and 4.5 mm, and over 14 mm where the tissue looks alike.
_WANDER_MM = (10.0, 4.5, 14.0)
_WANDER_BY_MM = (4.0, 2.5, 3.0)
_LEAST_WANDER, _MOST_WANDER = (0.2, 0.0, 0.0), (1.0, 0.5, 1.0)
_LOOK_BY_MM, _LOOK_REACH_MM, _PIECES_BY = 2.0, 8.0, 0.8
_CHANCE_OF_GAP, _CHANCE_OF_END, _CHANCE_OF_LEAK = 0.6, 0.6, 0.6
_N_HALVINGS = 9
_LEAST_PIECE = 0.04
_SHIFT_OVER_MM, _SHIFT_MM = 12.0, 1.5


def wrong_label(
    image_kji: NDArray[np.generic],
    truth: Mask,
    spacing_ijk_mm: NDArray[np.float64],
    wanted_dice: float,
    rng: np.random.Generator,
) -> Mask:
    """Return a label that overlaps the truth by about ``wanted_dice``.

    The distance to the true boundary is disturbed until the overlap is as wanted.

    Parameters
    ----------
    image_kji, truth
        A scan and the true structure, ``[k, j, i]``.
    spacing_ijk_mm
        Along i, j, k.
    wanted_dice
        Between 0 and 1.
    rng
        Chance.
    """
    signed_mm = np.clip(signed_distance_mm(truth, spacing_ijk_mm), -_FAR_MM, _FAR_MM)
    alike = _alike(image_kji, truth, spacing_ijk_mm)
    disturbance = _disturbance(signed_mm, alike, truth, spacing_ijk_mm, rng)
    low, high = 0.0, 6.0
    label = truth
    for _ in range(_N_HALVINGS):
        amount = 0.5 * (low + high)
        label = signed_mm + amount * disturbance > 0.0
        n_both = int(np.count_nonzero(label & truth))
        overlap = 2.0 * n_both / max(int(np.count_nonzero(label)) + int(np.count_nonzero(truth)), 1)
        if overlap > wanted_dice:
            low = amount
        else:
            high = amount
    pieces, n_voxels = components(label, connectivity=6)
    n_kept = int(np.count_nonzero(n_voxels > _LEAST_PIECE * n_voxels.sum()))
    return np.asarray((pieces > 0) & (pieces <= n_kept))


def shifted_labels(
    labels: NDArray[np.uint8], spacing_ijk_mm: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Return labels whose borders wander by a millimetre or two, as those of a good network do."""
    places = []
    for axis in range(3):
        voxels = np.float32(_SHIFT_MM / float(spacing_ijk_mm[2 - axis]))
        shift = _wander(labels.shape, spacing_ijk_mm, _SHIFT_OVER_MM, rng) * voxels
        along = np.arange(labels.shape[axis], dtype=np.float32).reshape([-1 if a == axis else 1 for a in range(3)])
        places.append(np.clip(np.rint(along + shift), 0, labels.shape[axis] - 1).astype(np.intp))
    return np.asarray(labels[tuple(places)])


def wandering(label: Mask, spacing_ijk_mm: NDArray[np.float64], rng: np.random.Generator) -> Mask:
    """Return a label whose border wanders by up to a few millimetres."""
    if not label.any():
        return label
    signed_mm = np.clip(signed_distance_mm(label, spacing_ijk_mm), -_FAR_MM, _FAR_MM)
    by_mm = rng.uniform(0.0, 2.0)
    return np.asarray(signed_mm + by_mm * _wander(label.shape, spacing_ijk_mm, _WANDER_MM[0], rng) > 0.0)


def _alike(image_kji: NDArray[np.generic], truth: Mask, spacing_ijk_mm: NDArray[np.float64]) -> FloatVoxels:
    """How alike each voxel looks to the structure, 0 to 1."""
    calm = ndimage.gaussian_filter(image_kji.astype(np.float32), _LOOK_MM / spacing_ijk_mm[::-1])
    values = calm[truth]
    middle = np.median(values)
    spread = max(1.4826 * float(np.median(np.abs(values - middle))), _LEAST_SPREAD)
    return np.asarray(np.exp(-0.5 * ((calm - middle) / (1.5 * spread)) ** 2), dtype=np.float32)


def _disturbance(
    signed_mm: FloatVoxels,
    alike: FloatVoxels,
    truth: Mask,
    spacing_ijk_mm: NDArray[np.float64],
    rng: np.random.Generator,
) -> FloatVoxels:
    likeness = 2.0 * (alike - 0.5)
    wander = [_wander(truth.shape, spacing_ijk_mm, mm, rng) for mm in _WANDER_MM]
    thickness_mm = float(np.percentile(signed_mm[truth], 95))
    total = _PIECES_BY * _pieces(signed_mm, alike, thickness_mm, spacing_ijk_mm, rng)
    weights = rng.uniform(_LEAST_WANDER, _MOST_WANDER)
    for n, field in enumerate(wander):
        total += np.float32(weights[n] * _WANDER_BY_MM[n]) * (field * likeness if n == 2 else field)
    total += np.float32(_LOOK_BY_MM) * likeness * np.exp(-np.abs(signed_mm) / np.float32(_LOOK_REACH_MM))
    return np.asarray(total, dtype=np.float32)


def _pieces(
    signed_mm: FloatVoxels,
    alike: FloatVoxels,
    thickness_mm: float,
    spacing_ijk_mm: NDArray[np.float64],
    rng: np.random.Generator,
) -> FloatVoxels:
    """A piece or an end that is missed, a ball beside the structure that leaks."""
    total = np.zeros(signed_mm.shape, np.float32)
    spacing_kji = spacing_ijk_mm[::-1]
    inside = np.argwhere(signed_mm > 0)
    if rng.random() < _CHANCE_OF_GAP:
        centre = inside[rng.integers(len(inside))]
        if rng.random() < _CHANCE_OF_END:
            along = ((inside - inside.mean(axis=0)) * spacing_kji) @ rng.standard_normal(3)
            centre = inside[int(along.argmax())]
        ball = _ball(signed_mm.shape, centre, rng.uniform(1.0, 2.5) * thickness_mm + 6.0, spacing_kji)
        total -= ball * np.float32(rng.uniform(0.5, 2.0) * thickness_mm)
    beside = np.argwhere((signed_mm < 0) & (signed_mm > -6.0) & (alike > 0.5))
    if rng.random() < _CHANCE_OF_LEAK and len(beside):
        centre = beside[rng.integers(len(beside))]
        ball = _ball(signed_mm.shape, centre, rng.uniform(1.0, 2.0) * thickness_mm + 6.0, spacing_kji)
        total += ball * (2.0 * alike - 0.6) * np.float32(rng.uniform(4.0, 14.0))
    return total


def _ball(
    shape: tuple[int, ...], centre_kji: NDArray[np.intp], radius_mm: float, spacing_kji: NDArray[np.float64]
) -> Mask:
    k, j, i = (((np.arange(n) - c) * s) ** 2 for n, c, s in zip(shape, centre_kji, spacing_kji, strict=True))
    return np.asarray(k[:, None, None] + j[None, :, None] + i[None, None, :] < radius_mm**2)


def _wander(
    shape: tuple[int, ...], spacing_ijk_mm: NDArray[np.float64], over_mm: float, rng: np.random.Generator
) -> FloatVoxels:
    """Smooth chance of variance 1."""
    white = rng.standard_normal(shape).astype(np.float32)
    field = ndimage.gaussian_filter(white, over_mm / spacing_ijk_mm[::-1], truncate=3.0)
    return np.asarray(field / field.std(), dtype=np.float32)
