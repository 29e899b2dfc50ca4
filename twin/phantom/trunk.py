"""The trunk: skin, fat, muscular wall, the cavity inside it and the diaphragm that divides it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from twin.phantom.lattice import Field, Lattice, smooth_max, smooth_min

__all__ = ["Trunk", "drawn_trunk", "spine_centre_y_mm"]

FloatArray = NDArray[np.float32]

# Outline of the reference trunk by height z: half width, half depth and centre (mm). Drawn by hand after the
# look of ordinary abdominal CT of adults; an individual scales and warps it.
_OUTLINE = np.array(
    [
        # z, half width, half depth, centre y, exponent
        [-230.0, 172.0, 108.0, -10.0, 2.5],
        [-130.0, 160.0, 103.0, -15.0, 2.5],
        [-60.0, 156.0, 106.0, -15.0, 2.4],
        [0.0, 159.0, 109.0, -15.0, 2.4],
        [60.0, 164.0, 110.0, -9.0, 2.4],
        [120.0, 168.0, 108.0, -2.0, 2.4],
        [180.0, 170.0, 105.0, 3.0, 2.4],
        [240.0, 172.0, 100.0, 8.0, 2.4],
    ]
)
# Centre of the vertebral bodies by height: lumbar lordosis, thoracic kyphosis.
_SPINE_Z_MM = np.array([-240.0, -150.0, -75.0, 0.0, 60.0, 120.0, 180.0, 240.0])
_SPINE_Y_MM = np.array([20.0, 10.0, 9.0, 17.0, 23.0, 30.0, 36.0, 40.0])

_spine_y = PchipInterpolator(_SPINE_Z_MM, _SPINE_Y_MM, extrapolate=True)


def spine_centre_y_mm(z_mm: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Y of the centre of the vertebral bodies at a height, in body millimetres."""
    return np.asarray(_spine_y(z_mm))


@dataclass(frozen=True)
class Trunk:
    """Nested envelopes of the trunk on the lattice, from outside to inside."""

    body: Field
    muscle_envelope: Field
    cavity: Field
    abdomen: Field  # what lies below the diaphragm

    @property
    def chest(self) -> Field:
        """The cavity above the diaphragm, 3 mm thick."""
        return self.cavity.without(self.abdomen, 3.0)


def drawn_trunk(lattice: Lattice, fat_factor: float, rng: np.random.Generator) -> Trunk:
    """Draw the trunk of an individual; ``fat_factor`` scales the fat under the skin, outwards."""
    x, y, z = lattice.coordinates()
    angle_cos, distance = _outline(x, y, z)
    distance = distance + np.float32(1.6) * lattice.noise(lattice.whole, 110.0, int(rng.integers(1 << 30)))
    back = np.clip(angle_cos, 0.0, 1.0)
    front = np.clip(-angle_cos, 0.0, 1.0)
    low = np.clip((40.0 - z) / 120.0, 0.0, 1.0)  # more fat towards the pelvis
    fat = 8.0 + 6.0 * low + front * (1.0 + 7.0 * low) + back * (3.0 + 6.0 * low)
    envelope = distance + np.float32(2.0) + fat
    ribs = np.clip((z + 20.0) / 60.0, 0.0, 1.0)
    wall = 11.0 + 4.0 * ribs + 3.0 * back + front * (-1.0 + 1.0 * ribs)
    cavity = envelope + wall
    spine_y = _along(z, _SPINE_Z_MM, _SPINE_Y_MM)
    column = _ellipse(x, y - (spine_y + 4.0), 25.0, 23.0)
    back_muscles = _ellipse(x, y - (spine_y + 47.0), 56.0, 28.0)
    spine = smooth_min(column, back_muscles, 14.0)
    cavity = smooth_max(cavity, -spine, 9.0)
    trunk_cavity = lattice.field(cavity)
    return Trunk(
        lattice.field(distance - (fat_factor - 1.0) * fat),
        lattice.field(envelope),
        trunk_cavity,
        _abdomen(lattice, trunk_cavity, rng),
    )


def _outline(x: FloatArray, y: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return cosine of the angle from straight back, and signed distance to the skin."""
    a, b, cy, n = (_along(z, _OUTLINE[:, 0], _OUTLINE[:, c]) for c in range(1, 5))
    u, v = np.abs(x) / a, (y - cy) / b
    av = np.abs(v)
    n = np.where(v > 0.0, n + 0.5, n)  # the back is flatter: it lies on the table
    power = u**n + av**n
    rho = power ** (1.0 / n)
    gradient = np.sqrt((u ** (n - 1.0) / a) ** 2 + (av ** (n - 1.0) / b) ** 2) * np.maximum(power, 1e-6) ** (
        1.0 / n - 1.0
    )
    distance = (rho - 1.0) / np.maximum(gradient, 1.0 / a)
    # A furrow along the spine, a slight one along the white line.
    furrow = 5.0 * np.exp(-((x / 13.0) ** 2)) * (v > 0) + 1.5 * np.exp(-((x / 16.0) ** 2)) * (v < 0)
    cosine = v / np.maximum(np.sqrt(u * u + v * v), 1e-3)
    return cosine.astype(np.float32), (distance + furrow).astype(np.float32)


def _abdomen(lattice: Lattice, cavity: Field, rng: np.random.Generator) -> Field:
    """Return the space under the diaphragm: two domes, a plateau under the heart, the cavity below them."""
    lift_right, lift_left = rng.normal(scale=3.0, size=2)
    right = lattice.ellipsoid((-71.0, -24.0, 22.0), (68.0, 84.0, 92.0 + lift_right))
    left = lattice.ellipsoid((70.0, -18.0, 20.0), (66.0, 78.0, 82.0 + lift_left))
    middle = lattice.ellipsoid((0.0, -42.0, 20.0), (62.0, 58.0, 74.0))
    domes = right.joined(left, 22.0).joined(middle, 26.0)
    x, y, z = lattice.coordinates()
    # The diaphragm is attached higher in front (seventh rib) than behind (first lumbar vertebra).
    attachment = 24.0 + 34.0 * np.clip((-30.0 - y) / 60.0, 0.0, 1.0) + 6.0 * np.clip(np.abs(x) / 130.0, 0, 1)
    below = lattice.field(z - attachment)
    return below.joined(domes, 10.0).inside(cavity, 1.5, 6.0)


def _ellipse(x: FloatArray, y: FloatArray, rx: float, ry: float) -> FloatArray:
    """Signed distance, to first order, to an ellipse in the plane x, y."""
    k0 = np.sqrt((x / rx) ** 2 + (y / ry) ** 2)
    k1 = np.sqrt((x / rx**2) ** 2 + (y / ry**2) ** 2)
    return np.asarray(k0 * (k0 - 1.0) / np.maximum(k1, 1e-4), dtype=np.float32)


def _along(z: FloatArray, heights: NDArray[np.float64], values: NDArray[np.float64]) -> FloatArray:
    """Interpolate a table by height, smoothly, for an array of heights."""
    fine = np.linspace(heights[0], heights[-1], 241)
    table = PchipInterpolator(heights, values)(fine)
    return np.asarray(np.interp(z, fine, table), dtype=np.float32)
