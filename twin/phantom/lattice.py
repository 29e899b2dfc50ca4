"""The drawing board of the phantom: a coarse lattice on which organs are signed distances, before they become voxels.

Organs are drawn in the coordinates of a reference body ("body millimetres": x to the left, y backwards, z up,
origin at the front of the first lumbar vertebra). A smooth map of the individual takes them to patient space.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from twin.box import Box
from twin.phantom.kernels.tubes import tube_distance

__all__ = ["FAR_MM", "BodyMap", "Field", "Lattice", "smooth_max", "smooth_min"]

FloatArray = NDArray[np.float32]
Points = NDArray[np.float64]

# Signed distance where a shape is certainly absent.
FAR_MM = 60.0


@dataclass(frozen=True)
class BodyMap:
    """Smooth map from patient space to body millimetres: a size factor and slow waves.

    Parameters
    ----------
    scale
        Size of the individual relative to the reference body along x, y, z.
    amplitudes_mm, wave_vectors, phases
        Waves of natural asymmetry: (n, 3) vectors in mm, (n, 3) in radians per mm, (n,).
    """

    scale: Points
    amplitudes_mm: Points
    wave_vectors: Points
    phases: Points

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, scale: ArrayLike, *, n_waves: int = 6, amplitude_mm: float = 1.8
    ) -> BodyMap:
        """Draw an individual's map; wavelengths between 140 and 320 mm keep it one to one."""
        directions = rng.normal(size=(n_waves, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths_mm = rng.uniform(140.0, 320.0, (n_waves, 1))
        return cls(
            np.asarray(scale, dtype=np.float64),
            rng.normal(scale=amplitude_mm, size=(n_waves, 3)),
            2.0 * np.pi * directions / lengths_mm,
            rng.uniform(0.0, 2.0 * np.pi, n_waves),
        )

    def body_from_lps(self, points_lps_mm: ArrayLike) -> Points:
        """Map patient points (..., 3) to body millimetres."""
        points = np.asarray(points_lps_mm, dtype=np.float64) / self.scale
        waves = np.sin(points @ self.wave_vectors.T + self.phases)
        return np.asarray(points + waves @ self.amplitudes_mm)

    def lps_from_body(self, points_body_mm: ArrayLike) -> Points:
        """Map body millimetres (..., 3) to patient points, by fixed-point iteration."""
        body = np.asarray(points_body_mm, dtype=np.float64)
        points = body.copy()
        for _ in range(12):
            waves = np.sin(points @ self.wave_vectors.T + self.phases)
            points = body - waves @ self.amplitudes_mm
        return np.asarray(points * self.scale)


@dataclass(frozen=True, eq=False)
class Field:
    """A shape as signed distance in mm (negative inside) on a box of the lattice; outside the box it is absent."""

    lattice: Lattice
    box: Box
    values: FloatArray

    def within(self, box: Box) -> FloatArray:
        """Return the distances on another box of the same lattice, far outside where this shape has none."""
        if box == self.box:
            return self.values
        out = np.full(box.shape_kji, FAR_MM, np.float32)
        here, there = [], []
        for a0, a1, b0, b1 in zip(box.start_kji, box.stop_kji, self.box.start_kji, self.box.stop_kji, strict=True):
            low, high = max(a0, b0), min(a1, b1)
            if low >= high:
                return out
            here.append(slice(low - a0, high - a0))
            there.append(slice(low - b0, high - b0))
        out[tuple(here)] = self.values[tuple(there)]
        return out

    def joined(self, other: Field, blend_mm: float = 0.0) -> Field:
        """Return the union; ``blend_mm`` rounds the seam."""
        box = self.box.joined(other.box)
        return Field(self.lattice, box, smooth_min(self.within(box), other.within(box), blend_mm))

    def without(self, other: Field, gap_mm: float = 0.0, blend_mm: float = 0.0) -> Field:
        """Return this shape less the other one grown by ``gap_mm``."""
        carved = smooth_max(self.values, gap_mm - other.within(self.box), blend_mm)
        return Field(self.lattice, self.box, carved)

    def inside(self, other: Field, gap_mm: float = 0.0, blend_mm: float = 0.0) -> Field:
        """Return the part at least ``gap_mm`` inside the other shape."""
        return Field(self.lattice, self.box, smooth_max(self.values, other.within(self.box) + gap_mm, blend_mm))

    def grown(self, by_mm: float) -> Field:
        """Return the shape grown (or shrunk, when negative) by a constant distance."""
        return Field(self.lattice, self.box, self.values - np.float32(by_mm))

    def roughened(self, amplitude_mm: float, wavelength_mm: float, seed: int) -> Field:
        """Return the shape with a lobulated surface."""
        bumps = self.lattice.noise(self.box, wavelength_mm, seed)
        return Field(self.lattice, self.box, self.values + np.float32(amplitude_mm) * bumps)

    def smoothed(self, sigma_mm: float) -> Field:
        """Return the shape with its creases rounded."""
        sigma = sigma_mm / self.lattice.step_mm
        return Field(self.lattice, self.box, ndimage.gaussian_filter(self.values, sigma, mode="nearest"))

    def largest_part(self) -> Field:
        """Return the shape without its smaller separate parts (crumbs left by carving)."""
        parts, n_parts = ndimage.label(self.values <= 0.0)
        if n_parts < 2:
            return self
        keep = int(np.argmax(np.bincount(parts.ravel())[1:])) + 1
        crumbs = (parts > 0) & (parts != keep)
        # Their rim goes with them: half a cell outside is where the next voxel could still be painted.
        crumbs |= ndimage.binary_dilation(crumbs) & (parts != keep)
        return Field(self.lattice, self.box, np.where(crumbs, np.float32(self.lattice.step_mm), self.values))

    def at(self, points_lps_mm: Points) -> Points:
        """Distances at points in patient space, linear between lattice points, held beyond the box."""
        origin = self.lattice.origin_lps_mm + self.lattice.step_mm * np.array(self.box.start_kji[::-1])
        kji = ((points_lps_mm - origin) / self.lattice.step_mm)[:, ::-1].T
        return np.asarray(ndimage.map_coordinates(self.values, kji, order=1, mode="nearest"), dtype=np.float64)

    @property
    def volume_ml(self) -> float:
        """Volume, with part-filled cells counted by their distance."""
        step = self.lattice.step_mm
        return float(np.clip(0.5 - self.values / step, 0.0, 1.0).sum(dtype=np.float64)) * step**3 / 1000.0


@dataclass(frozen=True, eq=False)
class Lattice:
    """A cubic lattice over the scan in patient space, with the body coordinates of each point."""

    origin_lps_mm: Points
    step_mm: float
    shape_kji: tuple[int, int, int]
    body_map: BodyMap

    @classmethod
    def over(cls, low_lps_mm: ArrayLike, high_lps_mm: ArrayLike, step_mm: float, body_map: BodyMap) -> Lattice:
        """Return a lattice that covers the box with a step to spare.

        Its points are multiples of the step in patient space, so that two scans of one individual share them.
        """
        low = step_mm * np.floor(np.asarray(low_lps_mm, dtype=np.float64) / step_mm - 1.0)
        counts = np.ceil((np.asarray(high_lps_mm, dtype=np.float64) + step_mm - low) / step_mm).astype(int) + 1
        return cls(low, step_mm, (int(counts[2]), int(counts[1]), int(counts[0])), body_map)

    @property
    def whole(self) -> Box:
        """The box of all points."""
        return Box((0, 0, 0), self.shape_kji)

    @cached_property
    def _body_coordinates(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        axes = [self.origin_lps_mm[a] + self.step_mm * np.arange(n) for a, n in enumerate(self.shape_kji[::-1])]
        x, y, z = (axis / s for axis, s in zip(axes, self.body_map.scale, strict=True))
        out = [np.empty(self.shape_kji, np.float32) for _ in range(3)]
        out[0][:], out[1][:], out[2][:] = x[None, None, :], y[None, :, None], z[:, None, None]
        for amplitude, wave, phase in zip(
            self.body_map.amplitudes_mm, self.body_map.wave_vectors, self.body_map.phases, strict=True
        ):
            # sin(a + b) with a over x, y and b over z: two small tables instead of three million sines.
            plane = wave[0] * x[None, :] + wave[1] * y[:, None] + phase
            sine, cosine = np.sin(plane).astype(np.float32), np.cos(plane).astype(np.float32)
            s, c = np.sin(wave[2] * z).astype(np.float32), np.cos(wave[2] * z).astype(np.float32)
            ripple = sine[None] * c[:, None, None] + cosine[None] * s[:, None, None]
            for axis in range(3):
                out[axis] += np.float32(amplitude[axis]) * ripple
        return (out[0], out[1], out[2])

    def coordinates(self, box: Box | None = None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Body millimetres x, y, z of the lattice points of a box."""
        slices = (box or self.whole).slices
        x, y, z = self._body_coordinates
        return x[slices], y[slices], z[slices]

    def box_of_body(self, low_mm: ArrayLike, high_mm: ArrayLike, margin_mm: float = 14.0) -> Box:
        """Return lattice points around a box given in body millimetres."""
        low = (np.asarray(low_mm, dtype=np.float64) - margin_mm) * self.body_map.scale
        high = (np.asarray(high_mm, dtype=np.float64) + margin_mm) * self.body_map.scale
        return self.box_of_lps(low, high)

    def box_of_lps(self, low_lps_mm: ArrayLike, high_lps_mm: ArrayLike) -> Box:
        """Return lattice points around a box in patient space; it keeps at least one point."""
        first = np.floor((np.asarray(low_lps_mm, dtype=np.float64) - self.origin_lps_mm) / self.step_mm)
        last = np.ceil((np.asarray(high_lps_mm, dtype=np.float64) - self.origin_lps_mm) / self.step_mm)
        start, stop = [], []
        for axis in (2, 1, 0):
            n = self.shape_kji[2 - axis]
            start.append(int(np.clip(first[axis], 0, n - 1)))
            stop.append(int(np.clip(last[axis] + 1, start[-1] + 1, n)))
        return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    def field(self, values: FloatArray, box: Box | None = None) -> Field:
        """Wrap distances on a box as a shape."""
        return Field(self, box or self.whole, values.astype(np.float32, copy=False))

    def ellipsoid(self, centre_mm: ArrayLike, radii_mm: ArrayLike, axes: ArrayLike | None = None) -> Field:
        """Return an ellipsoid; ``axes`` is a 3 x 3 rotation whose rows are its own axes."""
        centre, radii = np.asarray(centre_mm, dtype=np.float64), np.asarray(radii_mm, dtype=np.float64)
        reach = radii if axes is None else np.full(3, radii.max())
        box = self.box_of_body(centre - reach, centre + reach)
        x, y, z = self.coordinates(box)
        p = [x - np.float32(centre[0]), y - np.float32(centre[1]), z - np.float32(centre[2])]
        if axes is not None:
            rotation = np.asarray(axes, dtype=np.float32)
            p = [rotation[n, 0] * p[0] + rotation[n, 1] * p[1] + rotation[n, 2] * p[2] for n in range(3)]
        r = radii.astype(np.float32)
        k0 = sum((p[n] / r[n]) ** 2 for n in range(3))
        k1 = sum((p[n] / (r[n] * r[n])) ** 2 for n in range(3))
        # First-order distance k0 (k0 - 1) / |gradient|, exact on the surface; bounded at the centre.
        root = np.sqrt(k0)
        distance = root * (root - 1.0) / np.maximum(np.sqrt(k1), 1e-6)
        return Field(self, box, np.where(root < 0.2, -r.min() * (1 - root), distance).astype(np.float32))

    def tube(
        self, points_mm: ArrayLike, radii_mm: ArrayLike, *, blend_mm: float = 0.0, flatten: Sequence[float] = (1, 1, 1)
    ) -> Field:
        """Return a chain of round cones along points in body millimetres.

        ``flatten`` divides distances along x, y, z: (1, 0.6, 1) makes a tube thinner from front to back.
        """
        factors = np.asarray(flatten, dtype=np.float64)
        points = np.asarray(points_mm, dtype=np.float64)
        radii = np.broadcast_to(np.asarray(radii_mm, dtype=np.float64), points.shape[:1])
        box = self.box_of_body((points - radii[:, None]).min(0), (points + radii[:, None]).max(0))
        lps = self.body_map.lps_from_body(points) / factors
        scale = float(np.cbrt(np.prod(self.body_map.scale)))
        start = self.origin_lps_mm + self.step_mm * np.array(box.start_kji[::-1])
        out = np.full(box.shape_kji, FAR_MM, np.float32)
        r = radii * scale
        spacing = np.full(3, self.step_mm) / factors
        tube_distance(out, start / factors, spacing, lps[:-1], lps[1:], r[:-1], r[1:], FAR_MM, blend_mm)
        return Field(self, box, out * np.float32(factors.min()))

    def tubes_lps(
        self, starts_lps_mm: Points, ends_lps_mm: Points, radii_mm: Points, *, margin_mm: float, box: Box | None = None
    ) -> Field:
        """Return tubes given in patient space, known up to ``margin_mm`` outside them."""
        reach = radii_mm.max() + margin_mm
        if box is None:
            low = np.minimum(starts_lps_mm, ends_lps_mm).min(0) - reach
            box = self.box_of_lps(low, np.maximum(starts_lps_mm, ends_lps_mm).max(0) + reach)
        origin = self.origin_lps_mm + self.step_mm * np.array(box.start_kji[::-1])
        out = np.full(box.shape_kji, margin_mm, np.float32)
        tube_distance(
            out, origin, np.full(3, self.step_mm), starts_lps_mm, ends_lps_mm, radii_mm, radii_mm, margin_mm, 0.0
        )
        return Field(self, box, out)

    def noise(self, box: Box, wavelength_mm: float, seed: int) -> FloatArray:
        """Smooth noise of unit spread on a box, the same at the same place for any box."""
        sigma = wavelength_mm / self.step_mm / 4.0
        n = int(max(48, 8 * np.ceil(sigma * 1.5)))
        tile = np.random.default_rng([seed, 77]).standard_normal((n, n, n), dtype=np.float32)
        tile = ndimage.gaussian_filter(tile, sigma, mode="wrap")
        tile /= tile.std()
        first_kji = np.rint(self.origin_lps_mm[::-1] / self.step_mm).astype(int) + np.array(box.start_kji)
        index = [(a + np.arange(m)) % n for a, m in zip(first_kji, box.shape_kji, strict=True)]
        return np.asarray(tile[np.ix_(*index)], dtype=np.float32)


def smooth_min(a: FloatArray, b: FloatArray, blend_mm: float) -> FloatArray:
    """Minimum with a rounded seam (quadratic polynomial of width ``blend_mm``)."""
    if blend_mm <= 0.0:
        return np.asarray(np.minimum(a, b))
    h = np.maximum(np.float32(blend_mm) - np.abs(a - b), 0.0) / np.float32(blend_mm)
    return np.asarray(np.minimum(a, b) - h * h * np.float32(blend_mm / 4.0), dtype=np.float32)


def smooth_max(a: FloatArray, b: FloatArray, blend_mm: float) -> FloatArray:
    """Maximum with a rounded seam."""
    return -smooth_min(-a, -b, blend_mm)
