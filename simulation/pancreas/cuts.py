"""What an operation on the pancreas removes along the axis, and where its cuts stand in space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from twin.pancreas.axis import PancreasAxis
from twin.resection import PancreasCut, PancreasOperation

__all__ = ["CutPlane", "cut_planes", "depth_along_mm", "has_stump", "leaning_along", "stump_fraction"]

_WHOLLY_INSIDE_MM = 1e3  # a total pancreatectomy leaves no cut surface


@dataclass(frozen=True)
class CutPlane:
    """A cut square to the axis.

    ``point_lps_mm`` lies on the axis, ``normal_lps`` points along it to what is removed.
    """

    fraction: float
    point_lps_mm: tuple[float, float, float]
    normal_lps: tuple[float, float, float]


def cut_planes(cut: PancreasCut, axis: PancreasAxis) -> tuple[CutPlane, ...]:
    """Return the planes of an operation, from the head on: one, two for a central one, none for the others."""
    planes = []
    for number, fraction in enumerate(cut.fractions):
        is_towards_head = cut.operation is PancreasOperation.WHIPPLE or number == 1
        x, y, z = axis.direction(fraction)
        normal = (-x, -y, -z) if is_towards_head else (x, y, z)
        planes.append(CutPlane(fraction, axis.point(fraction), normal))
    return tuple(planes)


def has_stump(cut: PancreasCut) -> bool:
    """Tell whether an operation cuts the gland across, so that a stump is left."""
    return bool(cut.fractions)


def stump_fraction(cut: PancreasCut) -> float:
    """Return where the stump lies of which duct and thickness count: that joined to the bowel, else that closed.

    After a central pancreatectomy it is the one of the tail.
    """
    return cut.fractions[-1]


def depth_along_mm(cut: PancreasCut, axis: PancreasAxis) -> NDArray[np.float32]:
    """Return how deep each voxel lies in what an operation removes along the axis, float32 ``[k, j, i]``.

    Distances run along the axis; an enucleation removes nothing along it and is no case here.
    """
    position = axis.position_mm
    at = [np.float32(fraction * axis.length_mm) for fraction in cut.fractions]
    match cut.operation:
        case PancreasOperation.WHIPPLE:
            return np.asarray(at[0] - position)
        case PancreasOperation.DISTAL:
            return np.asarray(position - at[0])
        case PancreasOperation.CENTRAL:
            return np.asarray(np.minimum(position - at[0], at[1] - position))
        case PancreasOperation.TOTAL:
            return np.full(position.shape, _WHOLLY_INSIDE_MM, np.float32)
        case PancreasOperation.ENUCLEATION:
            raise ValueError("an enucleation follows the lesion, not the axis")
        case _:
            assert_never(cut.operation)


def leaning_along(cut: PancreasCut, axis: PancreasAxis, positions_mm: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the direction of the cut at voxels with these positions: that of the axis at the nearest cut, (n, 3).

    Unit vectors along i, j, k of the grid, not oriented.
    """
    directions = np.array([axis.direction(fraction) for fraction in cut.fractions] or [(1.0, 0.0, 0.0)])
    places = np.array([fraction * axis.length_mm for fraction in cut.fractions] or [0.0])
    nearest = np.abs(positions_mm[:, None] - places).argmin(axis=1)
    return np.asarray((directions @ axis.grid.direction)[nearest])
