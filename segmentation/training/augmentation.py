"""Variants of a labelled scan: other poses, contrast phases, fields of view, noise, and tumours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.features import AIR_HU

__all__ = ["augmented"]

FloatVoxels = NDArray[np.float32]
Labels = NDArray[np.uint8]
_LIVER, _PORTAL, _IVC, _AORTA, _SPLEEN, _KIDNEY = 1, 3, 5, 6, 11, 14
_ORGANS = (1, 2, 3, 5, 6, 9, 11, 12, 14)


def augmented(
    hu: FloatVoxels, labels: Labels, spacing_mm: float, random: np.random.Generator
) -> tuple[FloatVoxels, Labels]:
    """Return one random variant of windowed HU and labels on an upright isotropic grid (``[k, j, i]``)."""
    hu, labels = _posed(hu, labels, random)
    hu, labels = _cropped(hu, labels, spacing_mm, random)
    hu = _recoloured(hu, labels, random)
    if random.random() < 0.75 and (labels == _LIVER).any():
        for _ in range(random.integers(1, 6)):
            hu, labels = _with_tumour(hu, labels, spacing_mm, random)
    return _degraded(hu, spacing_mm, random), labels


def _posed(hu: FloatVoxels, labels: Labels, random: np.random.Generator) -> tuple[FloatVoxels, Labels]:
    """Turn by up to about 10 degrees and stretch each axis by up to about 12 %."""
    angles = random.normal(0.0, np.radians([7.0, 4.0, 4.0]))
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        plane = np.eye(3)
        a, b = [n for n in range(3) if n != axis]
        plane[a, a] = plane[b, b] = np.cos(angle)
        plane[a, b], plane[b, a] = -np.sin(angle), np.sin(angle)
        turn = turn @ plane
    stretch = np.exp(random.normal(0.0, 0.04) + random.normal(0.0, 0.05, 3))
    shape = tuple(int(n) for n in np.round(np.array(hu.shape) * stretch))
    matrix = np.diag(1.0 / stretch) @ turn
    offset = (np.array(hu.shape) - 1) / 2 - matrix @ ((np.array(shape) - 1) / 2)
    moved = ndimage.affine_transform(hu, matrix, offset, shape, order=1, mode="nearest")
    return moved, ndimage.affine_transform(labels, matrix, offset, shape, order=0, mode="nearest")


def _cropped(
    hu: FloatVoxels, labels: Labels, spacing_mm: float, random: np.random.Generator
) -> tuple[FloatVoxels, Labels]:
    """Cut the scan along the body (liver scans, parts of it, and scans that miss the liver) and at the sides."""
    n_slices = hu.shape[0]
    low, high = 0, n_slices
    choice = random.random()
    liver = np.flatnonzero((labels == _LIVER).any(axis=(1, 2)))
    has_pelvis = liver.size > 0 and liver[0] * spacing_mm > 90.0
    if choice < 0.40 and liver.size:  # a liver protocol: the liver and a little more
        low = max(0, liver[0] - int(random.uniform(-10, 60) / spacing_mm))
        high = min(n_slices, liver[-1] + int(random.uniform(-10, 40) / spacing_mm))
    elif choice < 0.52:
        length = int(random.uniform(120.0, 250.0) / spacing_mm)
        low = int(random.integers(0, max(1, n_slices - length)))
        high = low + length
    elif choice < 0.66 and has_pelvis:
        high = liver[0] - int(random.uniform(5.0, 30.0) / spacing_mm)
        if choice > 0.58:
            return _limb(hu[:high], random), np.zeros_like(labels[:high])
    side = [int(random.uniform(0, 0.08) * n) if random.random() < 0.25 else 0 for n in (*hu.shape[1:], *hu.shape[1:])]
    where = (slice(low, high), slice(side[0], hu.shape[1] - side[2]), slice(side[1], hu.shape[2] - side[3]))
    return np.ascontiguousarray(hu[where]), np.ascontiguousarray(labels[where])


def _limb(hu: FloatVoxels, random: np.random.Generator) -> FloatVoxels:
    """Cut a round piece out of one side of a pelvis: muscle, fat and bone as in a hip or thigh."""
    rows, columns = np.nonzero((hu > -60.0).any(axis=0))
    centre_j = np.median(rows) + random.uniform(-0.1, 0.1) * np.ptp(rows)
    centre_i = np.quantile(columns, random.choice([0.25, 0.75])) + random.uniform(-0.05, 0.05) * np.ptp(columns)
    radius = random.uniform(0.17, 0.3) * np.ptp(columns)
    j, i = np.mgrid[: hu.shape[1], : hu.shape[2]]
    far = np.hypot(j - centre_j, i - centre_i) / radius
    limb = np.where(far > 1.0, AIR_HU, np.where(far > random.uniform(0.8, 0.98), np.float32(-100.0), hu))
    return np.asarray(limb, dtype=np.float32)


def _recoloured(hu: FloatVoxels, labels: Labels, random: np.random.Generator) -> FloatVoxels:
    """Shift each organ as another dose, phase or fat content of the liver would."""
    shift = dict.fromkeys(_ORGANS, 0.0) | {organ: random.normal(0.0, 14.0) for organ in _ORGANS}
    phase = random.random()
    means = {organ: float(hu[labels == organ].mean()) for organ in _ORGANS if (labels == organ).any()}
    if phase < 0.12:  # unenhanced: organs and blood between 30 and 65 HU
        shift |= {organ: random.normal(50.0, 8.0) - mean for organ, mean in means.items() if organ not in (9, 12)}
    elif phase < 0.25:  # arterial: bright aorta and kidneys, liver still low
        arterial = {_AORTA: 150.0, _KIDNEY: 60.0, _SPLEEN: 15.0, _LIVER: -25.0, _PORTAL: -50.0, _IVC: -40.0}
        shift |= {organ: step + random.normal(0.0, 12.0) for organ, step in arterial.items()}
    out = hu.copy()
    for organ in means:
        soft = ndimage.gaussian_filter((labels == organ).astype(np.float32), 0.7)
        out += np.float32(shift[organ]) * soft
    gain, offset = np.float32(random.normal(1.0, 0.03)), np.float32(random.normal(0.0, 5.0))
    return np.asarray(out * gain + offset * (hu > -20), dtype=np.float32)


def _with_tumour(
    hu: FloatVoxels, labels: Labels, spacing_mm: float, random: np.random.Generator
) -> tuple[FloatVoxels, Labels]:
    """Put an uneven blob into the liver, darker or brighter; it may bulge a little into lung or fat."""
    liver = labels == _LIVER
    places = np.argwhere(liver & ~ndimage.binary_erosion(liver, iterations=5) if random.random() < 0.4 else liver)
    centre = places[random.integers(len(places))]
    radius = np.exp(random.uniform(np.log(6.0), np.log(50.0))) / spacing_mm
    reach = int(radius * 1.6) + 2
    box = tuple(slice(max(c - reach, 0), c + reach + 1) for c in centre)
    grid = np.stack(
        np.meshgrid(*(np.arange(s.start, min(s.stop, n)) for s, n in zip(box, hu.shape, strict=True)), indexing="ij"),
        axis=-1,
    )
    axes = random.uniform(0.75, 1.3, 3)
    distance = np.linalg.norm((grid - centre) / axes, axis=-1)
    wobble = ndimage.gaussian_filter(random.normal(0, 1, distance.shape), max(radius * 0.35, 1.0))
    distance = distance * (1.0 + 0.15 * wobble / max(float(wobble.std()), 1e-6))
    inside_hu = hu[box]
    near_liver = ndimage.binary_dilation(liver[box], iterations=max(1, int(10.0 / spacing_mm)))
    allowed = liver[box] | (near_liver & (inside_hu < -20.0) & (labels[box] == 0))
    blob = (distance < radius) & allowed
    mean = float(hu[liver].mean())
    rim = np.clip((radius - distance) / max(1.5, 0.12 * radius), 0.0, 1.0)
    core = _tumour_hu(distance / radius, mean, random)
    texture = random.normal(0.0, 8.0, distance.shape)
    target = np.where(inside_hu < -20.0, core, inside_hu * 0.25 + core * 0.75 + texture)
    out, new_labels = hu.copy(), labels.copy()
    out[box] = np.where(blob, inside_hu * (1 - rim) + target * rim, inside_hu)
    out[box] = np.where(blob & (inside_hu < -20.0), target, out[box])
    new_labels[box][blob & (labels[box] == 0)] = _LIVER
    return out.astype(np.float32), new_labels


def _tumour_hu(depth: NDArray[np.float64], mean_hu: float, random: np.random.Generator) -> NDArray[np.float64]:
    """HU of a lesion over its depth (0 centre, 1 border): dark, cystic, bright, necrotic, or holding iodised oil."""
    kind = random.random()
    if kind < 0.60:
        contrast = random.uniform(-90.0, -12.0)
        return mean_hu + contrast * (1.0 + 0.3 * random.normal() * np.clip(1.5 - 2.0 * depth, 0.0, 1.0))
    if kind < 0.72:
        return np.full(depth.shape, random.uniform(0.0, 25.0))
    if kind < 0.84:
        return np.full(depth.shape, mean_hu + random.uniform(10.0, 60.0))
    if kind < 0.92:
        return np.where(depth < random.uniform(0.4, 0.8), random.uniform(0.0, 35.0), mean_hu + random.uniform(-30, 40))
    patches = ndimage.gaussian_filter(random.normal(0.0, 1.0, depth.shape), 2.0)
    return np.where(patches > 0.3 * patches.std(), 270.0, mean_hu + random.uniform(-70.0, -20.0))


def _degraded(hu: FloatVoxels, spacing_mm: float, random: np.random.Generator) -> FloatVoxels:
    """Blur along the body as thick slices do and add noise with a little grain."""
    if random.random() < 0.4:
        hu = ndimage.gaussian_filter1d(hu, random.uniform(0.5, 3.0) / spacing_mm, axis=0)
    if random.random() < 0.6:
        grain = ndimage.gaussian_filter(random.normal(0.0, 1.0, hu.shape).astype(np.float32), 0.6)
        hu = hu + grain * np.float32(random.uniform(2.0, 14.0) / float(grain.std())) * (hu > AIR_HU + 5)
    return np.clip(hu, -125.0, 275.0).astype(np.float32)
