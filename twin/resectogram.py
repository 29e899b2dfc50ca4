"""The cut unfolded to a map: what the surgeon meets on it, pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["Resectogram"]


@dataclass(frozen=True, eq=False)
class Resectogram:
    """One cut of a plan laid flat, as a square map; rows run along the second direction of the cut, columns the first.

    Every pixel stands for the same area of the cut, ``pixel_mm`` squared, so that areas on the map are areas on the
    cut. Lengths are true along the middle column, and everywhere where the cut is flat or bent about one of the two
    directions of the map; elsewhere they are stretched as any map of a curved surface stretches them.

    Parameters
    ----------
    plan_hash, labels_hash
        What it was made from.
    cut_number
        Which cut of the plan, from 1.
    pixel_mm
        Edge of a pixel on the cut.
    points_lps_mm
        float32 (n, n, 3): where each pixel lies in the patient.
    in_organ
        bool (n, n): pixels inside the organ.
    is_cut
        bool (n, n): pixels that the plan really cuts: inside the organ and not inside what another cut removes.
    lesion_distance_mm
        float32 (n, n): distance to the nearest lesion of the organ, removed or not, negative inside it, as far as
        voxels tell (about half a voxel); not a number outside of the organ and where no lesion is labelled.
    couinaud, portal_branch, venous_branch
        uint16 (n, n): label of the segment and of the territories; 0 outside of the organ or without that layer.
    vessel
        uint16 (n, n): place in the list of crossed vessels (from 1) of the vessel that crosses here, else 0.
    """

    plan_hash: str
    labels_hash: str
    cut_number: int
    pixel_mm: float
    points_lps_mm: NDArray[np.float32]
    in_organ: NDArray[np.bool_]
    is_cut: NDArray[np.bool_]
    lesion_distance_mm: NDArray[np.float32]
    couinaud: NDArray[np.uint16]
    portal_branch: NDArray[np.uint16]
    venous_branch: NDArray[np.uint16]
    vessel: NDArray[np.uint16]

    def __post_init__(self) -> None:
        shape = self.in_organ.shape
        for one in fields(self):
            array = getattr(self, one.name)
            if isinstance(array, np.ndarray):
                if array.shape[:2] != shape:
                    raise ValueError(f"{one.name} needs a value for each of {shape} pixels")
                array.setflags(write=False)

    @property
    def area_cm2(self) -> float:
        """Area of the cut inside the organ."""
        return float(np.count_nonzero(self.is_cut)) * self.pixel_mm**2 / 100.0

    @property
    def least_distance_mm(self) -> float | None:
        """Least distance from the cut to a lesion on this map, or None without lesions."""
        known = self.lesion_distance_mm[self.is_cut]
        return float(known.min()) if known.size and not np.isnan(known).any() else None

    def area_nearer_than_cm2(self, distance_mm: float) -> float:
        """Return the area of the cut that lies nearer to a lesion than a distance."""
        is_near = self.is_cut & (self.lesion_distance_mm < distance_mm)
        return float(np.count_nonzero(is_near)) * self.pixel_mm**2 / 100.0
