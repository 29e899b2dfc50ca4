"""Lesions put into a patch, because the scans that may be learned from show few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["add_lesions"]

_LIVER = 1
_FAT_OR_AIR = 0.27  # of the range of grey values: below about -17 HU
_LEAST_LIVER = 3000


def add_lesions(
    image: NDArray[np.float32], classes: NDArray[np.int64], spacing_mm: float, random: np.random.Generator
) -> None:
    """Put one to three uneven blobs into the liver of a patch, in place: dark, cystic, bright, or with a dark heart.

    A blob that bulges into fat or lung takes the liver's label with it. Grey values run from 0 to 1.
    """
    places = np.argwhere(classes == _LIVER)
    if len(places) < _LEAST_LIVER:
        return
    for _ in range(random.integers(1, 4)):
        radius = float(np.exp(random.uniform(np.log(6.0), np.log(45.0)))) / spacing_mm
        _add_lesion(image, classes, places[random.integers(len(places))], radius, random)


def _add_lesion(
    image: NDArray[np.float32],
    classes: NDArray[np.int64],
    centre: NDArray[np.int64],
    radius: float,
    random: np.random.Generator,
) -> None:
    reach = int(radius * 1.6) + 2
    box = tuple(slice(max(int(c) - reach, 0), int(c) + reach + 1) for c in centre)
    grey, own = image[box], classes[box]
    depth = _depth(box, centre, radius, grey.shape, random)
    is_liver = own == _LIVER
    near = ndimage.maximum_filter(is_liver, 7)
    inside = (depth < 1.0) & (is_liver | (near & (own == 0) & (grey < _FAT_OR_AIR)))
    core = _grey_of_lesion(depth, float(grey[is_liver].mean()) if is_liver.any() else 0.6, random)
    rim = np.clip((1.0 - depth) * radius / max(0.7, 0.12 * radius), 0.0, 1.0)
    blended = grey * (1.0 - rim) + (grey * 0.25 + core * 0.75) * rim
    image[box] = np.where(inside, np.where(grey < _FAT_OR_AIR, core, blended), grey)
    classes[box] = np.where(inside & (own == 0), _LIVER, own)


def _depth(
    box: tuple[slice, ...],
    centre: NDArray[np.int64],
    radius: float,
    shape: tuple[int, ...],
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """Distance from the centre in radii, uneven."""
    axes = [np.arange(s.start, s.start + n) - c for s, n, c in zip(box, shape, centre, strict=True)]
    stretch = random.uniform(0.75, 1.3, 3)
    squared = sum(((a / s) ** 2 for a, s in zip(np.ix_(*axes), stretch, strict=True)), np.zeros(shape))
    corners = random.normal(0.0, 1.0, (4, 4, 4))
    wobble = ndimage.zoom(corners, [n / 4 for n in shape], order=1)
    return np.asarray(np.sqrt(squared) * (1.0 + 0.15 * wobble) / radius, np.float32)


def _grey_of_lesion(depth: NDArray[np.float32], liver: float, random: np.random.Generator) -> NDArray[np.float32]:
    kind = random.random()
    if kind < 0.65:
        uneven = 1.0 + 0.3 * random.normal() * np.clip(1.5 - 2.0 * depth, 0.0, 1.0)
        return np.asarray(liver + random.uniform(-0.24, -0.03) * uneven, np.float32)
    if kind < 0.77:
        return np.full_like(depth, random.uniform(0.30, 0.38))
    if kind < 0.90:
        return np.full_like(depth, liver + random.uniform(0.02, 0.15))
    heart, rest = random.uniform(0.3, 0.4), liver + random.uniform(-0.05, 0.1)
    return np.where(depth < 0.55, heart, rest).astype(np.float32)
