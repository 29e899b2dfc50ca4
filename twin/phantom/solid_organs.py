"""Spleen, kidneys, adrenal glands and pancreas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.phantom.lattice import Field, Lattice
from twin.phantom.trunk import Trunk

__all__ = ["Kidney", "Pancreas", "drawn_adrenals", "drawn_kidneys", "drawn_pancreas", "drawn_spleen"]

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Kidney:
    """One kidney: the whole organ with its sinus, and what is inside."""

    whole: Field
    medulla: Field
    sinus: Field
    pelvis: Field


@dataclass(frozen=True)
class Pancreas:
    """The gland and its axis from head to tail in body millimetres."""

    gland: Field
    axis_mm: Points


def drawn_spleen(lattice: Lattice, trunk: Trunk, rng: np.random.Generator) -> Field:
    """Draw a crescent under the left dome, hollowed towards stomach and kidney (about 200 ml)."""
    size = 1.0 + 0.07 * float(np.clip(rng.standard_normal(), -2, 2))
    axes = _axes((0.25, 0.62, 0.74), (0.75, 0.35, -0.55))
    body = lattice.ellipsoid((96.0, 26.0, 50.0), np.array([60.0, 37.0, 48.0]) * size, axes)
    hollow = lattice.ellipsoid((47.0, -14.0, 52.0), (46.0, 48.0, 62.0))
    renal = lattice.ellipsoid((60.0, 34.0, 8.0), (36.0, 30.0, 62.0))
    spleen = body.without(hollow, 0.0, 10.0).without(renal, 0.0, 8.0)
    spleen = spleen.inside(trunk.abdomen, 3.0, 3.0).inside(trunk.cavity, 3.0, 3.0)
    return spleen.smoothed(2.2).roughened(0.5, 22.0, int(rng.integers(1 << 30)))


def drawn_kidneys(lattice: Lattice, rng: np.random.Generator) -> tuple[Kidney, Kidney]:
    """Draw the right and the left kidney; the right one lies lower."""
    right = _kidney(lattice, -1.0, np.array([-66.0, 27.0, -16.0]) + rng.normal(scale=2.0, size=3), rng)
    left = _kidney(lattice, 1.0, np.array([66.0, 27.0, -1.0]) + rng.normal(scale=2.0, size=3), rng)
    return right, left


def _kidney(lattice: Lattice, side: float, centre: Points, rng: np.random.Generator) -> Kidney:
    """Bean of about 110 x 58 x 48 mm, its hilum turned inwards and forwards."""
    length = 55.0 * (1.0 + 0.04 * float(rng.standard_normal()))
    up = np.array([-0.20 * side, 0.22, 1.0])  # the upper pole leans in and back
    inward = np.array([-0.86 * side, -0.5, 0.0])
    axes = _axes(up, inward)
    bean = lattice.ellipsoid(centre, (length, 28.5, 24.0), axes)
    notch = lattice.ellipsoid(centre + 30.0 * axes[1], (20.0, 15.0, 9.0), axes)
    whole = bean.without(notch, 0.0, 8.0).roughened(0.35, 18.0, int(rng.integers(1 << 30)))
    sinus = lattice.ellipsoid(centre + 14.0 * axes[1], (25.0, 15.0, 8.5), axes).inside(bean, -1.0)
    pelvis = lattice.ellipsoid(centre + 16.0 * axes[1], (10.0, 11.0, 4.5), axes)
    medulla = None
    for row in (-1.0, 1.0):
        for n in range(5):
            angle = (n - 2.0) * 0.62 + rng.normal(scale=0.06)
            direction = np.cos(angle) * -axes[1] + 1.75 * np.sin(angle) * axes[0] + 0.55 * row * axes[2]
            tip = centre + 5.0 * axes[1] + 8.0 * direction
            base = centre + 1.0 * axes[1] + 17.0 * direction
            pyramid = lattice.tube(np.stack([tip, base]), (2.5, 7.0))
            medulla = pyramid if medulla is None else medulla.joined(pyramid)
    assert medulla is not None
    return Kidney(whole, medulla.inside(whole, 5.5, 2.0), sinus, pelvis)


def drawn_adrenals(lattice: Lattice) -> Field:
    """Both adrenal glands: thin limbs above and inside the kidneys."""
    right = ((-30, 4, 40), (-33, 10, 30), (-37, 17, 20))
    left_a, left_b = ((34, 0, 34), (37, 7, 26), (42, 14, 17)), ((36, 5, 28), (34, 12, 20), (33, 17, 14))
    gland = lattice.tube(right, (2.6, 3.0, 2.4)).joined(lattice.tube(left_a, (2.6, 3.0, 2.4)), 2.0)
    return gland.joined(lattice.tube(left_b, (2.4, 2.4, 2.2)), 2.0)


# Axis of the gland: uncinate apart, from the lower head over the neck in front of the mesenteric vein to the tail.
_HEAD = ((-27, -38, -45), (-28, -39, -31), (-26, -41, -17), (-20, -46, -9))
_NECK_TO_TAIL = (
    (-20, -46, -9), (-12, -51, -8), (-4, -53, -7), (6, -53, -3), (17, -50, 2), (29, -43, 7), (41, -34, 12),
    (53, -24, 17), (64, -14, 22), (74, -5, 27),
)  # fmt: skip
_UNCINATE = ((-26, -38, -38), (-16, -36, -40), (-7, -36, -41), (-1, -36, -41))


def drawn_pancreas(lattice: Lattice, rng: np.random.Generator) -> Pancreas:
    """Draw head, uncinate process, neck, body and tail, with a lobulated surface (about 80 ml)."""
    size = 1.0 + 0.08 * float(np.clip(rng.standard_normal(), -2, 2))
    sway = np.cumsum(rng.normal(scale=0.8, size=(len(_NECK_TO_TAIL), 3)), axis=0) * (1, 1, 1.3)
    sway[:3] = 0.0
    axis = np.array(_NECK_TO_TAIL, dtype=np.float64) + sway
    head = lattice.tube(_HEAD, np.array([12.0, 16.0, 16.0, 13.0]) * size, blend_mm=5.0, flatten=(1.0, 0.88, 1.0))
    widths = np.array([12.5, 9.2, 8.8, 10.0, 11.2, 11.6, 11.8, 11.8, 11.2, 8.5]) * size
    body = lattice.tube(axis, widths, blend_mm=4.0, flatten=(0.9, 0.9, 1.25))
    uncinate = lattice.tube(_UNCINATE, np.array([9.0, 7.0, 5.0, 3.6]) * size, blend_mm=3.0, flatten=(1.0, 0.85, 1.1))
    gland = head.joined(body, 5.0).joined(uncinate, 4.0)
    gland = gland.roughened(0.9, 9.0, int(rng.integers(1 << 30)))
    return Pancreas(gland, np.concatenate([np.array(_HEAD[:3], dtype=np.float64), axis]))


def _axes(first: tuple[float, ...] | Points, second: tuple[float, ...] | Points) -> Points:
    """Rotation with rows along the first direction, the second made square to it, and their cross product."""
    a = np.asarray(first, dtype=np.float64)
    a = a / np.linalg.norm(a)
    b = np.asarray(second, dtype=np.float64)
    b = b - a * float(a @ b)
    b /= np.linalg.norm(b)
    return np.stack([a, b, np.cross(a, b)])
