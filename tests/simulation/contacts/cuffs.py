"""Straight round vessels with tumour round a known part of them, labelled on a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, structure
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.twin import Twin
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

VESSEL = "superior_mesenteric_artery"


@dataclass(frozen=True)
class Cuff:
    """A vessel through the middle of a grid, and a tumour that lies on a sector of it over a part of its length."""

    angle_deg: float
    radius_mm: float
    direction: tuple[float, float, float] = (0.0, 0.0, 1.0)
    spacing_ijk_mm: tuple[float, float, float] = (0.8, 0.8, 0.8)
    shift_voxels: tuple[float, float, float] = (0.0, 0.0, 0.0)
    turn_deg: float = 0.0
    gap_mm: float = 0.0
    depth_mm: float = 7.0
    length_mm: float = 16.0
    overlap_mm: float = 0.0  # how far the label of the tumour goes into the vessel

    def twin(self, origin: LabelOrigin = LabelOrigin.TRUTH) -> Twin:
        """Return the labels as a twin."""
        grid, along, from_axis, turn = self._coordinates()
        vessel = from_axis <= self.radius_mm
        inner_mm = self.radius_mm + self.gap_mm - self.overlap_mm
        lesion = (from_axis > inner_mm) & (from_axis <= self.radius_mm + self.depth_mm)
        lesion &= (np.abs(turn) <= self.angle_deg / 2) & (np.abs(along) <= self.length_mm / 2)
        uncertainty = BoundaryUncertainty.of_origin(origin)
        values = {
            LayerName.VESSELS: (vessel * structure(VESSEL).value, VESSEL),
            LayerName.LESIONS: (lesion, "lesion-1"),
        }
        return Twin(
            grid,
            {
                name: LabelLayer(name, grid, voxels.astype(np.uint8), {label: uncertainty})
                for name, (voxels, label) in values.items()
            },
        )

    def _coordinates(self) -> tuple[Grid, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the grid and, at each voxel, the place along the axis, the distance from it and the angle round it."""
        spacing = np.array(self.spacing_ijk_mm)
        axis = np.array(self.direction) / np.linalg.norm(self.direction)
        first = np.cross(axis, np.eye(3)[int(np.abs(axis).argmin())])
        first /= np.linalg.norm(first)
        second = np.cross(axis, first)
        half_mm = np.abs(axis) * (self.length_mm / 2 + 6.0) + self.radius_mm + self.depth_mm + 3.0 * spacing.max()
        i, j, k = (int(n) for n in np.ceil(2.0 * half_mm / spacing) + 1)
        grid = Grid.from_spacing((i, j, k), spacing)
        middle = (np.array([i, j, k]) - 1) / 2.0 + self.shift_voxels
        kji = np.indices(grid.shape_kji)
        points = (np.stack([kji[2], kji[1], kji[0]], axis=-1) - middle) * spacing
        x, y = points @ first, points @ second
        turn = (np.degrees(np.arctan2(y, x)) - self.turn_deg + 180.0) % 360.0 - 180.0
        return grid, points @ axis, np.hypot(x, y), turn


def random_cuff(
    rng: np.random.Generator, angle_deg: float, radius_mm: float, spacing_ijk_mm: tuple[float, float, float]
) -> Cuff:
    """Place a cuff in a random direction, anywhere between the voxels, turned at random."""
    x, y, z = (float(v) for v in rng.normal(size=3))
    i, j, k = (float(v) for v in rng.uniform(-0.5, 0.5, 3))
    return Cuff(
        angle_deg, radius_mm, (x, y, z), spacing_ijk_mm, (i, j, k), float(rng.uniform(0.0, 360.0)),
        depth_mm=radius_mm + 4.0, length_mm=2.0 * radius_mm + 10.0,
    )  # fmt: skip
