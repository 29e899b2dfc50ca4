"""What a person draws to point at a lesion, and the region that answers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from twin.box import Box
from twin.grid import Grid

__all__ = ["LesionRegion", "Stroke"]

_STEP_MM = 1.0


@dataclass(frozen=True, eq=False)
class Stroke:
    """A click (one point) or a scribble, inside or outside of a lesion.

    Parameters
    ----------
    points_lps_mm
        (n, 3) float64, LPS millimetres; the points of a scribble are joined by lines.
    is_inside
        True on what belongs to the lesion, False on what does not.

    Examples
    --------
    >>> Stroke(np.array([[0.0, 0, 0], [4.0, 0, 0]])).points_lps_mm.shape
    (5, 3)
    """

    points_lps_mm: NDArray[np.float64]
    is_inside: bool = True

    def __post_init__(self) -> None:
        points = np.asarray(self.points_lps_mm, dtype=np.float64).reshape(-1, 3)
        if len(points) == 0:
            raise ValueError("a stroke has at least one point")
        lines = [points[:1]]
        for start, end in pairwise(points):
            n_steps = max(int(np.ceil(np.linalg.norm(end - start) / _STEP_MM)), 1)
            lines.append(start + (end - start) * (np.arange(1, n_steps + 1) / n_steps)[:, None])
        joined = np.concatenate(lines)
        joined.setflags(write=False)
        object.__setattr__(self, "points_lps_mm", joined)


@dataclass(frozen=True, eq=False)
class LesionRegion:
    """A lesion as a mask ``[k, j, i]`` in a box of the scan."""

    box: Box
    mask: NDArray[np.bool_]

    def in_box(self, box: Box) -> NDArray[np.bool_]:
        """Return the mask in another box of the same scan; what lies outside that one is cut off."""
        part = np.zeros(box.shape_kji, np.bool_)
        starts = [max(a, b) for a, b in zip(self.box.start_kji, box.start_kji, strict=True)]
        stops = [min(a, b) for a, b in zip(self.box.stop_kji, box.stop_kji, strict=True)]
        if all(a < b for a, b in zip(starts, stops, strict=True)):
            there, here = (
                tuple(slice(a - c, b - c) for a, b, c in zip(starts, stops, origin, strict=True))
                for origin in (box.start_kji, self.box.start_kji)
            )
            part[there] = self.mask[here]
        return part

    def whole(self, grid: Grid) -> NDArray[np.bool_]:
        """Return the mask ``[k, j, i]`` on the whole grid."""
        return self.in_box(Box((0, 0, 0), grid.shape_kji))

    def volume_ml(self, grid: Grid) -> float:
        """Volume in millilitres, from its voxels."""
        return float(np.count_nonzero(self.mask)) * grid.voxel_volume_ml

    @classmethod
    def of_mask(cls, mask: NDArray[np.bool_]) -> LesionRegion | None:
        """Return the region of a mask on the whole grid, or None for an empty one."""
        box = Box.around(mask)
        return None if box is None else cls(box, np.ascontiguousarray(mask[box.slices]))
