"""Mean, spread and noise texture of tissues on a CT, measured the same way on real scans and on the phantom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class NoiseTexture:
    """Noise in flat patches: spread, lag (mm) where the autocorrelation halves, mean frequency, slice to slice."""

    spread_hu: float
    half_width_mm: float
    mean_frequency_per_mm: float
    between_slices: float


def mean_and_spread(image: Image, mask: Mask) -> tuple[float, float]:
    values = image[mask]
    return float(values.mean()), float(values.std())


def calm_disc(
    image: Image, spacing_kji_mm: NDArray[np.float64], centre_kji: tuple[int, int, int], radius_mm: float,
    search_mm: float, low_hu: float, high_hu: float,
) -> Mask:  # fmt: skip
    """Disc of three slices near a place pointed at by hand: the calmest one whose mean lies in a range."""
    k, j, i = centre_kji
    step = float(spacing_kji_mm[1])
    reach, radius = round(search_mm / step), round(radius_mm / step)
    dj, di = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = dj**2 + di**2 <= radius**2
    best, best_place = np.inf, (j, i)
    for a in range(j - reach, j + reach + 1):
        for b in range(i - reach, i + reach + 1):
            values = image[k, a - radius : a + radius + 1, b - radius : b + radius + 1][disc]
            if low_hu < values.mean() < high_hu and values.std() < best:
                best, best_place = float(values.std()), (a, b)
    mask = np.zeros(image.shape, bool)
    a, b = best_place
    mask[k - 1 : k + 2, a - radius : a + radius + 1, b - radius : b + radius + 1] = disc
    return mask


def by_value(image: Image, low_hu: float, high_hu: float, region: Mask, *, n_eroded: int = 3) -> Mask:
    """Voxels of a region whose surroundings lie in a range of values, without the rim."""
    smooth = ndimage.gaussian_filter(image, (0.0, 2.5, 2.5))
    inside = region & (smooth > low_hu) & (smooth < high_hu)
    return ndimage.binary_erosion(inside, np.ones((1, 3, 3)), iterations=n_eroded)


def noise_texture(image: Image, mask: Mask, spacing_kji_mm: NDArray[np.float64], size_mm: float = 18.0) -> NoiseTexture:
    """Noise of the calmest 40 % of square patches inside the mask, each freed of its slow trend."""
    n = round(size_mm / float(spacing_kji_mm[1]))
    places = _patches(mask, n)
    patches = np.array([_detrended(image[k, j : j + n, i : i + n]) for k, j, i in places])
    slow = [ndimage.uniform_filter(p, round(5.0 / spacing_kji_mm[1])).std() / p.std() for p in patches]
    calm = patches[np.argsort(slow)[: max(5, int(0.4 * len(patches)))]]
    padded = np.abs(np.fft.fft2(calm, s=(2 * n, 2 * n))) ** 2
    correlation = np.fft.ifft2(padded.mean(axis=0)).real[:n, :n] / np.outer(n - np.arange(n), n - np.arange(n))
    line = 0.5 * (correlation[0] + correlation[:, 0])[:8] / correlation[0, 0]
    window = np.outer(np.hanning(n), np.hanning(n))
    power = (np.abs(np.fft.fft2(calm * window)) ** 2).mean(axis=0)
    f = np.fft.fftfreq(n, spacing_kji_mm[1])
    radius = np.hypot(f[:, None], f[None, :])
    ring = radius < 0.67
    pairs = [
        np.corrcoef(patch.ravel(), _detrended(image[k + 1, j : j + n, i : i + n]).ravel())[0, 1]
        for patch, (k, j, i) in zip(patches, places, strict=True)
        if k + 1 < image.shape[0] and mask[k + 1, j : j + n, i : i + n].all()
    ]
    return NoiseTexture(
        float(calm.std()),
        float(np.interp(-0.5, -line, np.arange(8))) * float(spacing_kji_mm[1]),
        float((power * radius)[ring].sum() / power[ring].sum()),
        float(np.mean(pairs)),
    )


def _patches(mask: Mask, n: int) -> list[tuple[int, int, int]]:
    found = []
    for k in range(mask.shape[0]):
        sums = np.pad(mask[k].astype(np.int32).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        for j in range(0, mask.shape[1] - n, n):
            for i in range(0, mask.shape[2] - n, n):
                if sums[j + n, i + n] - sums[j, i + n] - sums[j + n, i] + sums[j, i] == n * n:
                    found.append((k, j, i))
    return found


def _detrended(patch: Image) -> NDArray[np.float64]:
    n = patch.shape[0]
    y, x = np.mgrid[:n, :n] / n - 0.5
    basis = np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=-1).reshape(-1, 6)
    values = patch.astype(np.float64).ravel()
    trend = basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    return (values - trend).reshape(n, n)
