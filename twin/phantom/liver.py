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
        [-28, -105, 8], [-28, -78, 0], [-28, -50, 14], [-28, -30, 26], [-28, -5, 18], [-28, 25, 60],
        [-8, -105, 14], [-8, -78, 8], [-8, -50, 20], [-8, -28, 30], [-8, -6, 19], [-8, 20, 90],
        [15, -105, 10], [15, -78, 12], [15, -50, 26], [15, -26, 48], [15, 0, 98], [15, 30, 130],
        [38, -105, 20], [38, -78, 23], [38, -50, 36], [38, -24, 62], [38, 10, 130],
        [60, -105, 45], [60, -78, 45], [60, -50, 58], [60, -20, 110],
        [85, -105, 82], [85, -75, 82], [85, -45, 96], [85, -10, 140],
        [120, -80, 140], [120, -20, 150], [120, 50, 150],
    ],
    dtype=np.float64,
)  # fmt: skip


@dataclass(frozen=True)
class Liver:
    """The liver of an individual on the lattice, with the lie of its gallbladder (body mm, neck to fundus)."""

    parenchyma: Field
    uncleft: Field  # without hilum and fissures
    gallbladder_axis_mm: NDArray[np.float64]


class _VisceralSurface:
    """Height of the visceral surface of an individual over points x, y of the body."""

    def __init__(self, rng: np.random.Generator) -> None:
        bumps = rng.normal(scale=2.0, size=_VISCERAL_SURFACE.shape[0])
        surface = RBFInterpolator(
            _VISCERAL_SURFACE[:, :2], _VISCERAL_SURFACE[:, 2] + bumps, kernel="thin_plate_spline", smoothing=20.0
        )
        self.x, self.y = np.arange(-160.0, 141.0, 4.0), np.arange(-130.0, 101.0, 4.0)
        mesh = np.stack(np.meshgrid(self.x, self.y, indexing="xy"), axis=-1)
        self._height = surface(mesh.reshape(-1, 2)).reshape(mesh.shape[:2])
        # The hilum keeps its place whatever the volume: portal vein, artery and duct come to it from elsewhere.
        u, v = (mesh[..., 0] + 20.0) / 34.0, (mesh[..., 1] + 36.0) / 22.0
        self._weight = 1.0 - 0.9 * np.exp(-(u * u + v * v))

    def table(self, shift_mm: float) -> NDArray[np.float64]:
        """Heights over the mesh, lowered by a shift except at the hilum."""
        return np.asarray(self._height - shift_mm * self._weight)

    def over(self, table: NDArray[np.float64], x: FloatArray, y: FloatArray) -> FloatArray:
        """Read a table at warped points (bilinear)."""
        i = np.clip((x - self.x[0]) / 4.0, 0, self.x.size - 1.001).astype(np.float32)
        j = np.clip((y - self.y[0]) / 4.0, 0, self.y.size - 1.001).astype(np.float32)
        i0, j0 = i.astype(np.int32), j.astype(np.int32)
        u, v = i - i0, j - j0
        t = table.astype(np.float32)
        top = t[j0, i0] * (1 - u) + t[j0, i0 + 1] * u
        return np.asarray(top * (1 - v) + (t[j0 + 1, i0] * (1 - u) + t[j0 + 1, i0 + 1] * u) * v)


def drawn_liver(
    lattice: Lattice, trunk: Trunk, neighbours: Field, cava: Field, rng: np.random.Generator, volume_ml: float
) -> Liver:
    """Draw a liver of a wanted volume; the visceral surface is shifted up or down until it has it.

    Parameters
    ----------
    lattice, trunk
        Where, and what it lies in: under the diaphragm, inside the wall.
    neighbours
        Organs that press into it from below (right kidney, adrenal, muscles).
    cava
        The inferior vena cava, which runs in a groove behind it.
    rng
        Draws the relief.
    volume_ml
        Wanted volume.
    """
    box = lattice.box_of_body((-145, -115, -75), (115, 75, 120), 4.0)
    x, y, z = lattice.coordinates(box)
    surface = _VisceralSurface(rng)
    fissures = _fissures(lattice)
    roof = trunk.abdomen.grown(-0.4).inside(trunk.cavity, 1.5)

    def with_shift(shift_mm: float) -> Liver:
        table = surface.table(shift_mm)
        slope = np.sqrt(1.0 + sum(g**2 for g in np.gradient(table, 4.0)))
        visceral = lattice.field((surface.over(table, x, y) - z) / surface.over(slope, x, y), box)
        whole = visceral.inside(roof, 0.0, 7.0).smoothed(1.8)
        whole = whole.without(neighbours, 2.5, 5.0).without(cava, 0.0, 3.0)
        axis = _gallbladder_axis(surface, table)
        bed = lattice.tube(axis, (6.5, 12.0, 12.0), blend_mm=3.0)
        whole = whole.without(bed, 0.8, 4.0)
        return Liver(whole.without(fissures, 0.0, 1.5), whole, axis)

    low, high = -65.0, 50.0
    for _ in range(9):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if with_shift(middle).parenchyma.volume_ml < volume_ml else (low, middle)
    return with_shift(0.5 * (low + high))


def _gallbladder_axis(surface: _VisceralSurface, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay the gallbladder against the visceral surface, half sunk into its bed, its fundus at the edge."""
    xy = np.array([[-39.0, -55.0], [-49.0, -71.0], [-56.0, -88.0]])
    height = surface.over(table, xy[:, 0].astype(np.float32), xy[:, 1].astype(np.float32)).astype(np.float64)
    return np.column_stack([xy, height + np.array((1.0, -3.0, -6.0))])


def _fissures(lattice: Lattice) -> Field:
    """Fat clefts: of the round ligament (umbilical), of the venous ligament, and the notch of the hilum."""
    round_ligament = lattice.tube(
        ((9, -62, 31), (10, -80, 17), (10, -108, -4)), (12.0, 24.0, 36.0), flatten=(0.17, 1.0, 1.0)
    )
    axes = np.array([[-0.26, 0.955, 0.14], [0.965, 0.262, 0.0], [-0.037, 0.135, -0.99]])
    venous = lattice.ellipsoid((14.0, -27.0, 54.0), (1.5, 28.0, 22.0), axes)
    hilum = lattice.tube(
        ((-8, -39, -2), (-16, -41, 9), (-23, -41, 18), (-26, -41, 22)), (16.0, 14.0, 11.5, 9.0), blend_mm=3.0
    )
    plate = lattice.tube(((-36, -40, 26), (-25, -42, 23), (-12, -45, 30), (2, -49, 38)), (5.0, 7.0, 5.0, 3.5))
    return round_ligament.joined(venous).joined(hilum.joined(plate, 3.0))


def segment_index_at(
    points_body_mm: NDArray[np.float64], rng: np.random.Generator, undulation_mm: float = 4.0
) -> NDArray[np.int32]:
    """Return the index in ``SEGMENTS`` of the segment that a point of the liver belongs to.

    The borders are those of Couinaud: the planes of the three hepatic veins and of the umbilical fissure, and the
    level of the portal fork; each point sees them shifted by a few millimetres, as real borders undulate.
    """
    x, y, z = (points_body_mm[:, n] + rng.normal(scale=undulation_mm, size=points_body_mm.shape[0]) for n in range(3))
    # Right of the line from the vena cava to the gallbladder: right liver.
    is_right = (x + 24.0) * 70.0 - (y + 8.0) * 33.0 < 0.0
    is_behind = y > -2.5 + 0.12 * (x + 24.0)
    is_left_lateral = x > 9.0 + (y + 66.0) * -0.52
    is_superior = np.where(is_right & is_behind, z > 34.0, np.where(is_right, z > 37.0, z > 44.0))
    is_two = 0.45 * (x - 18.0) + 0.62 * (y + 50.0) + 0.64 * (z - 66.0) > 0.0
    is_caudate = (x > -25.0) & (x < 16.0) & (y > -36.0 + 0.27 * (x + 15.0)) & (z < 76.0)
    right = np.where(is_behind, np.where(is_superior, 7, 6), np.where(is_superior, 8, 5))
    left = np.where(is_left_lateral, np.where(is_two, 1, 2), np.where(is_superior, 3, 4))
    return np.where(is_caudate, 0, np.where(is_right, right, left)).astype(np.int32)
