"""A thigh: bone, muscle, fat and skin, and no organ of the abdomen (for tests that must find nothing)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.grid import Grid
from twin.phantom.appearance import Appearance, Tissue
from twin.phantom.canvas import Canvas
from twin.phantom.individual import Individual
from twin.phantom.lattice import Field, Lattice
from twin.phantom.recipe import PhantomRecipe
from twin.phantom.table import drawn_table

__all__ = ["LimbLayout", "laid_out_limb", "paint_limb"]

_LONG_MM = 400.0


@dataclass(frozen=True)
class LimbLayout:
    """Shapes of a thigh, from outside to inside."""

    limb: Field
    muscle: Field
    fat_planes: Field
    femur: Field
    marrow: Field
    artery: Field
    vein: Field


def laid_out_limb(recipe: PhantomRecipe, grid: Grid, individual: Individual) -> LimbLayout:
    """Draw a thigh along z, wider towards the hip."""
    far = np.array(grid.size_ijk) - 1
    low, high = grid.lps_from_ijk((0, 0, 0)), grid.lps_from_ijk(far)
    lattice = Lattice.over(low, high, 2.5, individual.body_map)
    rng = np.random.default_rng([recipe.seed, 60])
    hip, knee = 92.0 * rng.normal(1.0, 0.05), 74.0 * rng.normal(1.0, 0.05)

    def along(x_mm: float, y_mm: float, hip_radius: float, knee_radius: float) -> Field:
        axis = ((x_mm, y_mm, _LONG_MM), (x_mm, y_mm, -_LONG_MM))
        return _whole(lattice, lattice.tube(axis, (2 * hip_radius - knee_radius, 2 * knee_radius - hip_radius)))

    limb = along(0.0, 0.0, hip, knee)
    fat_mm = 9.0 * individual.fat_factor
    muscle = limb.grown(-2.0 - fat_mm).roughened(1.5, 60.0, recipe.seed)
    femur = along(6.0, -8.0, 14.5, 13.5)
    planes = _fat_planes(lattice, muscle, rng)
    return LimbLayout(
        limb, muscle, planes, femur, femur.grown(-5.5), along(-26.0, 6.0, 3.8, 3.4), along(-31.0, 13.0, 4.8, 4.2)
    )


def paint_limb(layout: LimbLayout, grid: Grid, look: Appearance) -> Canvas:
    """Paint the thigh with the truth of skin, bone and artery."""
    canvas = Canvas(grid)
    hu: Mapping[Tissue, float] = look.mean_hu
    foam, cover = drawn_table(layout.limb)
    canvas.paint(cover, hu[Tissue.TABLE_COVER], Tissue.TABLE_COVER)
    canvas.paint(foam, hu[Tissue.TABLE], Tissue.TABLE)
    canvas.paint(layout.limb, hu[Tissue.SKIN], Tissue.SKIN, ("skin",))
    canvas.paint(layout.limb.grown(-2.0), hu[Tissue.FAT], Tissue.FAT)
    canvas.paint(layout.muscle, hu[Tissue.MUSCLE], Tissue.MUSCLE)
    canvas.paint(layout.fat_planes, hu[Tissue.FAT], Tissue.FAT)
    canvas.paint(layout.artery, hu[Tissue.ARTERY], Tissue.ARTERY, ("other_artery",))
    canvas.paint(layout.vein, hu[Tissue.MUSCLE] + 30.0, Tissue.CAVAL_BLOOD)
    canvas.paint(layout.femur, 2.0 * hu[Tissue.CORTICAL_BONE], Tissue.CORTICAL_BONE, ("bone",))
    canvas.paint(layout.marrow, hu[Tissue.FAT] + 40.0, Tissue.FAT)
    return canvas


def _whole(lattice: Lattice, field: Field) -> Field:
    return lattice.field(field.within(lattice.whole))


def _fat_planes(lattice: Lattice, muscle: Field, rng: np.random.Generator) -> Field:
    """Septa between the muscles: walls between cells grown from a few seeds in the cross-section."""
    x, y, _ = lattice.coordinates()
    angles = np.linspace(0.0, 2.0 * np.pi, 9, endpoint=False) + rng.normal(scale=0.12, size=9)
    radii = np.where(np.arange(9) % 3 == 0, 30.0, 48.0)
    first = np.full(lattice.shape_kji, 1e3, np.float32)
    second = first.copy()
    for angle, radius in zip(angles, radii, strict=True):
        distance = np.hypot(x - radius * np.cos(angle), y - radius * np.sin(angle)).astype(np.float32)
        second = np.minimum(second, np.maximum(first, distance))
        first = np.minimum(first, distance)
    patchy = lattice.noise(lattice.whole, 20.0, 43)
    walls = 0.5 * (second - first) - (0.9 + 0.7 * patchy)
    return lattice.field(np.maximum(walls, muscle.within(lattice.whole) + 1.0))
