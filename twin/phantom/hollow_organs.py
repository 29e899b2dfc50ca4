"""Stomach, duodenum, colon and small bowel: walls, and what is inside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.phantom.appearance import Tissue
from twin.phantom.kernels.growth import thin_out
from twin.phantom.lattice import Field, Lattice

__all__ = ["Bowel", "drawn_colon", "drawn_duodenum", "drawn_small_bowel", "drawn_stomach"]

Points = NDArray[np.float64]

_STOMACH = (
    (44, 4, 84), (56, -8, 74), (60, -26, 58), (56, -48, 40), (46, -66, 22), (28, -77, 8), (8, -78, 2), (-10, -72, 1),
    (-22, -65, 2), (-27, -61, 3),
)  # fmt: skip
_STOMACH_RADII = (24.0, 29.0, 29.0, 26.0, 23.0, 20.0, 17.0, 14.0, 9.5, 8.5)
_DUODENUM = (
    (-29, -60, 4), (-38, -56, 6), (-47, -48, 5), (-52, -39, -4), (-53, -33, -18), (-53, -31, -32), (-50, -31, -46),
    (-42, -33, -57), (-28, -36, -62), (-12, -39, -63), (4, -40, -62), (17, -38, -57), (26, -36, -46), (31, -36, -32),
    (34, -38, -22),
)  # fmt: skip
_DUODENUM_RADII = (9.5, 12.0, 12.0, 12.0, 12.5, 12.5, 12.5, 12.0, 11.0, 9.8, 9.5, 10.0, 10.5, 11.0, 11.0)
_COLON = (
    (-98, 12, -160), (-101, 10, -130), (-102, 6, -100), (-98, 0, -76), (-88, -22, -66), (-80, -52, -64),
    (-64, -78, -62),
    (-40, -92, -58), (-12, -97, -52), (18, -96, -42), (48, -90, -22), (72, -78, 4), (90, -58, 26), (104, -32, 36),
    (110, -8, 24), (111, 6, 0), (109, 12, -40), (106, 14, -80), (103, 14, -120), (100, 12, -160),
)  # fmt: skip
_COLON_RADII = (24, 25, 25, 24, 22, 21, 20, 20, 19, 19, 18, 18, 18, 18, 17, 16, 15.5, 15.5, 16, 16)


@dataclass(frozen=True)
class Bowel:
    """A piece of gut: the whole, its lumen, and the tissues that fill the lumen below and above ``level_y_mm``."""

    whole: Field
    lumen: Field
    content: Tissue
    gas_above_y_mm: float | None


def drawn_stomach(lattice: Lattice, rng: np.random.Generator) -> Bowel:
    """Draw the stomach from fundus to pylorus, half full; the patient lies on the back, so gas floats in front."""
    fill = float(np.clip(1.0 + 0.10 * rng.standard_normal(), 0.8, 1.2))
    points = np.array(_STOMACH, dtype=np.float64)
    points[1:-2] += rng.normal(scale=2.0, size=(points.shape[0] - 3, 3))
    radii = np.array(_STOMACH_RADII)
    radii[:-2] *= fill
    whole = lattice.tube(points, radii, blend_mm=12.0)
    lumen = whole.grown(-4.2).roughened(1.3, 10.0, int(rng.integers(1 << 30)))
    return Bowel(whole, lumen, Tissue.FLUID, float(rng.uniform(-76.0, -62.0)))


def drawn_duodenum(lattice: Lattice, rng: np.random.Generator) -> Bowel:
    """Draw the C-loop from the bulb to the flexure, its third part between aorta and mesenteric vessels."""
    points = np.array(_DUODENUM, dtype=np.float64)
    points[2:9] += rng.normal(scale=1.0, size=(7, 3))
    radii = np.array(_DUODENUM_RADII)
    whole = lattice.tube(points, radii, blend_mm=4.0, flatten=(1.0, 0.85, 1.0))
    lumen = whole.grown(-3.4).roughened(1.2, 7.0, int(rng.integers(1 << 30)))
    return Bowel(whole, lumen, Tissue.FLUID, None)


def drawn_colon(lattice: Lattice, rng: np.random.Generator) -> tuple[Bowel, ...]:
    """Draw ascending, transverse and descending colon with haustra, in pieces."""
    knots = np.array(_COLON, dtype=np.float64)
    knots[1:-1] += rng.normal(scale=3.0, size=(knots.shape[0] - 2, 3))
    points, radii = _resampled(knots, np.array(_COLON_RADII, dtype=np.float64), 7.0)
    haustra = 1.0 + 0.13 * np.sin(np.arange(points.shape[0]) * 7.0 * 2 * np.pi / 33.0 + rng.uniform(0, 6))
    radii = radii * haustra * (1.0 + 0.05 * rng.standard_normal(radii.shape))
    pieces = []
    for first in range(0, points.shape[0] - 1, 9):
        part = slice(first, min(first + 10, points.shape[0]))
        if points[part].shape[0] < 2:
            break
        whole = lattice.tube(points[part], radii[part], blend_mm=5.0).roughened(1.0, 14.0, int(rng.integers(1 << 30)))
        gas = float(points[part, 1].mean() + rng.uniform(-9.0, 6.0)) if rng.random() < 0.75 else None
        pieces.append(Bowel(whole, whole.grown(-2.4), Tissue.STOOL, gas))
    return tuple(pieces)


def drawn_small_bowel(lattice: Lattice, cavity: Field, occupied: Field, rng: np.random.Generator) -> tuple[Bowel, ...]:
    """Fill what is left of the lower abdomen with loops, none through an organ."""
    x, y, z = lattice.coordinates()
    back = -34.0 + 22.0 * np.clip(np.abs(x) / 90.0, 0.0, 1.0)  # behind it lies the retroperitoneum
    room = (
        (occupied.within(lattice.whole) > 9.0) & (cavity.values < -12.0) & (z < -14.0 + 0.3 * x)
        & (z > float(z.min())) & (np.abs(x) < 92.0) & (y < back) & (y > -105.0)
    )  # fmt: skip
    kji = np.argwhere(room)
    if kji.shape[0] < 50:
        return ()
    points = lattice.body_map.body_from_lps(lattice.origin_lps_mm + lattice.step_mm * kji[:, ::-1])
    points = points[rng.permutation(points.shape[0])]
    loops = []
    for nest in points[thin_out(points, 25.0, 60)]:
        turn = rng.normal(size=3) * (1.0, 0.8, 0.7)
        turn /= np.linalg.norm(turn)
        side = np.cross(turn, rng.normal(size=3))
        side /= np.linalg.norm(side)
        t = np.linspace(-1.0, 1.0, 9)[:, None]
        course = nest + 21.0 * t * turn + 9.0 * (1.0 - 2.0 * t * t) * side
        radius = rng.uniform(10.0, 13.0)
        whole = lattice.tube(course, radius, blend_mm=3.0).roughened(0.8, 8.0, int(rng.integers(1 << 30)))
        whole = whole.without(occupied, 1.5, 2.0).inside(cavity, 3.0, 2.0)
        lumen = whole.grown(-3.2).roughened(1.6, 6.0, int(rng.integers(1 << 30)))
        gas = float(nest[1] - 4.0) if rng.random() < 0.15 else None
        loops.append(Bowel(whole, lumen, Tissue.FLUID, gas))
    return tuple(loops)


def _resampled(knots: Points, values: Points, step_mm: float) -> tuple[Points, Points]:
    """Resample a polyline and its values at even steps, with rounded corners."""
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
    at = np.linspace(0.0, lengths[-1], max(2, int(lengths[-1] / step_mm)))
    points = np.stack([np.interp(at, lengths, knots[:, a]) for a in range(3)], axis=1)
    smooth = points.copy()
    smooth[1:-1] = (points[:-2] + points[1:-1] + points[2:]) / 3.0
    return smooth, np.interp(at, lengths, values)
