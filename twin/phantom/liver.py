"""The liver: a wedge under the right dome of the diaphragm, with its fissures, fossae and segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from twin.phantom.lattice import Field, Lattice
from twin.phantom.trunk import Trunk

__all__ = ["SEGMENTS", "Liver", "drawn_liver", "segment_index_at"]

# Couinaud segments in the order of their index.
SEGMENTS = ("1", "2", "3", "4a", "4b", "5", "6", "7", "8")

FloatArray = NDArray[np.float32]

# Height z of the visceral surface (mm) over points x, y of the reference body: what lies above it is liver.
# The right lobe hangs low along the flank, the surface rises to the hilum and over the stomach, and meets the
# diaphragm at the tip of the left lobe. Drawn by hand.
_VISCERAL_SURFACE = np.array(
    [
        # x, y, z
        [-140, -60, -10], [-140, -10, -40], [-140, 40, -25],
        [-120, -90, 5], [-120, -55, -28], [-120, -15, -50], [-120, 30, -42], [-120, 70, 0],
        [-98, -100, 6], [-98, -65, -30], [-98, -25, -44], [-98, 15, -36], [-98, 45, -12], [-98, 75, 22],
        [-75, -105, 6], [-75, -72, -22], [-75, -40, -16], [-75, -5, -4], [-75, 30, 14], [-75, 60, 38],
        [-52, -105, 5], [-52, -78, -12], [-52, -50, 2], [-52, -22, 18], [-52, 5, 24], [-52, 35, 44],
        [-28, -105, 8], [-28, -78, 0], [-28, -50, 14], [-28, -30, 26], [-28, -5, 22], [-28, 25, 60],
        [-8, -105, 14], [-8, -78, 8], [-8, -50, 20], [-8, -28, 34], [-8, -6, 30], [-8, 20, 90],
        [15, -105, 24], [15, -78, 26], [15, -50, 40], [15, -26, 62], [15, 0, 98], [15, 30, 130],
        [38, -105, 42], [38, -78, 46], [38, -50, 58], [38, -24, 80], [38, 10, 130],
        [60, -105, 66], [60, -78, 66], [60, -50, 76], [60, -20, 110],
        [85, -105, 92], [85, -75, 92], [85, -45, 104], [85, -10, 140],
        [120, -80, 140], [120, -20, 150], [120, 50, 150],
    ],
    dtype=np.float64,
)  # fmt: skip


@dataclass(frozen=True)
class Liver:
    """The liver of an individual on the lattice, and the landmarks (body mm) that vessels and segments need."""

    parenchyma: Field
    gallbladder_axis_mm: NDArray[np.float64]
    hilum_mm: NDArray[np.float64]
    hepatic_confluence_mm: NDArray[np.float64]


def drawn_liver(lattice: Lattice, trunk: Trunk, rng: np.random.Generator, volume_ml: float) -> Liver:
    """Draw a liver of a wanted volume; the visceral surface is shifted up or down until it has it."""
    box = lattice.box_of_body((-145, -115, -75), (115, 75, 120), 4.0)
    x, y, z = lattice.coordinates(box)
    bumps = rng.normal(scale=2.5, size=_VISCERAL_SURFACE.shape[0])
    surface = RBFInterpolator(
        _VISCERAL_SURFACE[:, :2], _VISCERAL_SURFACE[:, 2] + bumps, kernel="thin_plate_spline", smoothing=20.0
    )
    height, slope = _height_over(surface, x, y)
    roof = trunk.abdomen.grown(-2.0).inside(trunk.cavity, 2.0)

    def with_shift(shift_mm: float) -> Field:
        visceral = lattice.field((height - shift_mm - z) / slope, box)
        return visceral.inside(roof, 0.0, 7.0).smoothed(2.0)

    low, high = -30.0, 40.0
    for _ in range(9):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if with_shift(middle).volume_ml < volume_ml else (low, middle)
    return Liver(with_shift(low), np.zeros((2, 3)), np.zeros(3), np.zeros(3))


def _height_over(surface: RBFInterpolator, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Evaluate a height field at warped lattice points through a table, with its slope factor."""
    gx, gy = np.arange(-160.0, 141.0, 4.0), np.arange(-130.0, 101.0, 4.0)
    mesh = np.stack(np.meshgrid(gx, gy, indexing="xy"), axis=-1)
    table = surface(mesh.reshape(-1, 2)).reshape(mesh.shape[:2])
    slope = np.sqrt(1.0 + sum(g**2 for g in np.gradient(table, 4.0)))
    i, j = np.clip((x + 160.0) / 4.0, 0, gx.size - 1.001), np.clip((y + 130.0) / 4.0, 0, gy.size - 1.001)
    i0, j0 = i.astype(np.int32), j.astype(np.int32)
    u, v = i - i0, j - j0

    def read(values: NDArray[np.float64]) -> FloatArray:
        t = values.astype(np.float32)
        top = t[j0, i0] * (1 - u) + t[j0, i0 + 1] * u
        return np.asarray(top * (1 - v) + (t[j0 + 1, i0] * (1 - u) + t[j0 + 1, i0 + 1] * u) * v)

    return read(table), read(slope)


def segment_index_at(
    points_body_mm: NDArray[np.float64], rng: np.random.Generator, undulation_mm: float = 4.0
) -> NDArray[np.int32]:
    """Return the index in ``SEGMENTS`` of the segment that a point of the liver belongs to.

    The borders are those of Couinaud: the planes of the three hepatic veins and of the umbilical fissure, and the
    level of the portal fork; each point sees them shifted by a few millimetres, as real borders undulate.
    """
    x, y, z = (points_body_mm[:, n] + rng.normal(scale=undulation_mm, size=points_body_mm.shape[0]) for n in range(3))
    # Right of the line from the vena cava to the gallbladder: right liver.
    is_right = (x + 21.0) * 70.0 - (y + 8.0) * 31.0 < 0.0
    is_behind = y > -9.0 + 0.16 * (x + 24.0)
    is_left_lateral = x > 9.0 + (y + 66.0) * -0.52
    is_superior = np.where(is_right & is_behind, z > 27.0, np.where(is_right, z > 37.0, z > 44.0))
    is_two = 0.45 * (x - 18.0) + 0.62 * (y + 50.0) + 0.64 * (z - 66.0) > 0.0
    is_caudate = (x > -21.0) & (x < 14.0) & (y > -31.0 - 0.4 * (x + 8.0)) & (z < 72.0)
    names = np.where(
        is_right,
        np.where(is_behind, np.where(is_superior, 7, 6), np.where(is_superior, 8, 5)),
        np.where(is_left_lateral, np.where(is_two, 1, 2), np.where(is_superior, 3, 4)),
    )
    index_of_right = {5: 5, 6: 6, 7: 7, 8: 8}
    out = names.astype(np.int32)
    for name, index in index_of_right.items():
        out[is_right & (names == name)] = index
    out[is_caudate] = 0
    return out
