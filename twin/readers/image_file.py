"""Voxels and grid of one volume file, brought to our conventions: LPS, millimetres, right-handed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.errors import GeometryError, InputError
from twin.grid import Grid
from twin.readers.problem import Problem

__all__ = ["ImageFile", "LengthUnit", "image_file"]

# What a body scanner can produce along any axis; outside of it the unit is wrong.
_SPACING_MM = (0.05, 20.0)
# Directions stored as 32-bit numbers or rounded text deviate from a rotation by this much; beyond, it is shear.
_NEARLY_ORTHONORMAL = 5e-3


class LengthUnit(StrEnum):
    """Unit of the lengths in a volume file, as a person states it where the file does not."""

    MILLIMETRE = "mm"
    METRE = "m"
    MICROMETRE = "um"

    @property
    def in_mm(self) -> float:
        """Millimetres per unit."""
        return {"mm": 1.0, "m": 1000.0, "um": 0.001}[self.value]


@dataclass(frozen=True, eq=False)
class ImageFile:
    """A volume file that was read.

    Parameters
    ----------
    voxels
        ``[k, j, i]`` as stored, rescaled where the file says so.
    grid
        Where they are.
    problems
        Warnings of its reader.
    """

    voxels: NDArray[Any]
    grid: Grid
    problems: tuple[Problem, ...] = ()


def image_file(
    voxels: NDArray[Any], affine_lps_mm: NDArray[np.float64], name: str, problems: tuple[Problem, ...] = ()
) -> ImageFile:
    """Place voxels ``[k, j, i]`` on a grid; a left-handed file has its slices turned round.

    Raises
    ------
    InputError
        When spacing or directions are absurd, or the axes are sheared.
    """
    affine = np.array(affine_lps_mm, dtype=np.float64)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not ((spacing >= _SPACING_MM[0]) & (spacing <= _SPACING_MM[1])).all():
        shown = " x ".join(f"{value:.3g}" for value in spacing)
        raise InputError("error.import.absurd_spacing", file=name, spacing=shown)
    if np.linalg.det(affine[:3, :3]) < 0:
        voxels = voxels[::-1]
        affine[:3, 3] += affine[:3, 2] * (voxels.shape[0] - 1)
        affine[:3, 2] *= -1.0
    affine[:3, :3] = _nearest_rotation(affine[:3, :3] / spacing) * spacing
    k, j, i = voxels.shape
    try:
        grid = Grid((i, j, k), affine)
    except GeometryError as error:
        raise InputError("error.import.sheared_volume", file=name) from error
    return ImageFile(voxels, grid, problems)


def _nearest_rotation(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Remove the rounding of the file from a direction matrix; a real shear is left for the grid to refuse."""
    left, _, right = np.linalg.svd(direction)
    rotation = left @ right
    return rotation if np.abs(rotation - direction).max() <= _NEARLY_ORTHONORMAL else direction
