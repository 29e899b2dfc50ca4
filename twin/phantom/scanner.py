"""The scanner: tissue texture, the blur of the reconstruction kernel, and noise with its spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from twin.grid import Grid
from twin.phantom.appearance import Appearance, Tissue
from twin.phantom.kernels.texture import add_texture

__all__ = ["Scanner", "scanned"]

FloatArray = NDArray[np.float32]

_TILE = 64
_TEXTURE_WAVELENGTHS_MM = (2.2, 5.0, 12.0)


class Scanner:
    """Settings of one scanner, soft-tissue kernel.

    Parameters
    ----------
    noise_hu
        Spread of the noise in the middle of the body.
    peak_per_mm
        Spatial frequency of the peak of the noise power spectrum in the slice (cycles per mm).
    psf_mm
        Spread (sigma) of the point-spread function in the slice.
    slice_psf_mm
        Spread (sigma) across slices.
    """

    def __init__(
        self, noise_hu: float = 23.5, peak_per_mm: float = 0.30, psf_mm: float = 0.5, slice_psf_mm: float = 0.75
    ) -> None:
        self.noise_hu = noise_hu
        self.peak_per_mm = peak_per_mm
        self.psf_mm = psf_mm
        self.slice_psf_mm = slice_psf_mm


def scanned(
    image_hu: FloatArray,
    tissue: NDArray[np.uint8],
    grid: Grid,
    appearance: Appearance,
    scanner: Scanner,
    noise_scale: float,
    seed: int,
) -> NDArray[np.int16]:
    """Turn painted values into a CT: texture, blur, noise; return HU as int16. ``image_hu`` is changed in place."""
    _add_textures(image_hu, tissue, grid, appearance, seed)
    sigma = np.array([scanner.slice_psf_mm, scanner.psf_mm, scanner.psf_mm]) / grid.spacing_ijk_mm[::-1]
    for axis in range(3):
        if sigma[axis] > 0.2:
            ndimage.gaussian_filter1d(image_hu, sigma[axis], axis=axis, output=image_hu, mode="nearest", truncate=3.0)
    if noise_scale > 0.0:
        _add_noise(image_hu, grid, scanner, noise_scale, seed)
    np.clip(image_hu, -1024.0, 3071.0, out=image_hu)
    return np.rint(image_hu, out=image_hu).astype(np.int16)


def _add_textures(
    image_hu: FloatArray, tissue: NDArray[np.uint8], grid: Grid, appearance: Appearance, seed: int
) -> None:
    tiles = np.empty((len(_TEXTURE_WAVELENGTHS_MM), _TILE, _TILE, _TILE), np.float32)
    steps_mm = np.array([w / 2.5 for w in _TEXTURE_WAVELENGTHS_MM])
    for n in range(tiles.shape[0]):
        tile = np.random.default_rng([seed, 500 + n]).standard_normal((_TILE,) * 3, dtype=np.float32)
        tile = ndimage.gaussian_filter(tile, 0.9, mode="wrap")
        tiles[n] = tile / tile.std()
    spread = np.zeros(256, np.float32)
    kind = np.zeros(256, np.int64)
    for entry in Tissue:
        spread[entry] = appearance.texture_hu[entry]
        kind[entry] = appearance.texture_class[entry]
    add_texture(image_hu, tissue, tiles, steps_mm, grid.spacing_ijk_mm, spread, kind)


def _add_noise(image_hu: FloatArray, grid: Grid, scanner: Scanner, noise_scale: float, seed: int) -> None:
    """Add noise of the spectrum f exp(-(f / f0)^2 / 2), correlated between neighbouring slices.

    Filtered back-projection gives noise a ramp at low frequency and the kernel's roll-off at high frequency
    (Solomon and Samei, Med Phys 2012;39:6048); it is stronger in the middle of the body, where fewer photons pass.
    """
    n_k, n_j, n_i = image_hu.shape
    spacing = grid.spacing_ijk_mm
    rows, columns = fft.next_fast_len(n_j), fft.next_fast_len(n_i, real=True)
    fy = np.fft.fftfreq(rows, spacing[1])[:, None]
    fx = np.fft.rfftfreq(columns, spacing[0])[None, :]
    frequency = np.sqrt(fx * fx + fy * fy)
    power = (frequency + 0.02) * np.exp(-0.5 * (frequency / scanner.peak_per_mm) ** 2)
    amplitude = np.sqrt(power).astype(np.float32)
    full = np.sqrt(power)
    weight = np.full(full.shape[1], 2.0)
    weight[0] = 1.0
    mean_power = float((full**2 * weight).sum() / (rows * columns))
    amplitude /= np.float32(np.sqrt(mean_power))
    y = (np.arange(n_j) - 0.5 * n_j) * spacing[1] / 110.0
    x = (np.arange(n_i) - 0.5 * n_i) * spacing[0] / 160.0
    depth = np.exp(-0.5 * (y[:, None] ** 2 + x[None, :] ** 2))
    # A coarse grid averages the noise that a fine one shows.
    averaged = min(1.0, 0.75 / float(spacing[0])) ** 0.6
    strength = (noise_scale * scanner.noise_hu * averaged * (0.55 + 0.45 * depth)).astype(np.float32)
    mix = float(np.exp(-0.5 * (spacing[2] / (1.85 * scanner.slice_psf_mm)) ** 2))
    rng = np.random.default_rng([seed, 900])
    before = np.zeros((n_j, n_i), np.float32)
    for k in range(n_k):
        white = rng.standard_normal((rows, columns), dtype=np.float32)
        coloured = fft.irfft2(fft.rfft2(white, workers=2) * amplitude, s=(rows, columns), workers=2)[:n_j, :n_i]
        slab = coloured if k == 0 else mix * before + np.float32(np.sqrt(1.0 - mix * mix)) * coloured
        before = slab.astype(np.float32, copy=False)
        image_hu[k] += before * strength
