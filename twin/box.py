"""A box of voxels: half-open index ranges in the order k, j, i."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box"]


@dataclass(frozen=True)
class Box:
    """Voxels from ``start_kji`` (inside) to ``stop_kji`` (outside).

    Examples
    --------
    >>> box = Box((0, 1, 2), (4, 5, 6))
    >>> box.shape_kji, box.grown(1, (10, 10, 10))
    ((4, 4, 4), Box(start_kji=(0, 0, 1), stop_kji=(5, 6, 7)))
    """

    start_kji: tuple[int, int, int]
    stop_kji: tuple[int, int, int]

    @classmethod
    def around(cls, mask: NDArray[np.bool_]) -> Box | None:
        """Return the smallest box that holds every true voxel of ``mask[k, j, i]``, or None if there is none."""
        start, stop = [0, 0, 0], list(mask.shape)
        for axis, others in enumerate(((1, 2), (0, 2), (0, 1))):
            # What lies outside of the ranges found so far is not looked at again.
            part = mask[start[0] : stop[0], start[1] : stop[1]]
            found = np.flatnonzero(part.any(axis=others))
            if found.size == 0:
                return None
            start[axis], stop[axis] = int(found[0]) + start[axis], int(found[-1]) + 1 + start[axis]
        return cls((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

    @property
    def shape_kji(self) -> tuple[int, int, int]:
        """Number of voxels along k, j, i."""
        k, j, i = (b - a for a, b in zip(self.start_kji, self.stop_kji, strict=True))
        return (k, j, i)

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of this box into an array ``[k, j, i]``."""
        k, j, i = (slice(a, b) for a, b in zip(self.start_kji, self.stop_kji, strict=True))
        return (k, j, i)

    def grown(self, by_voxels: int | tuple[int, int, int], shape_kji: tuple[int, int, int]) -> Box:
        """Return the box grown on every side (by one number, or one per axis k, j, i), clipped to ``shape_kji``."""
        by = (by_voxels,) * 3 if isinstance(by_voxels, int) else by_voxels
        k0, j0, i0 = (max(a - n, 0) for a, n in zip(self.start_kji, by, strict=True))
        k1, j1, i1 = (min(b + n, s) for b, n, s in zip(self.stop_kji, by, shape_kji, strict=True))
        return Box((k0, j0, i0), (k1, j1, i1))

    def joined(self, other: Box) -> Box:
        """Return the smallest box that holds both."""
        k0, j0, i0 = (min(a, b) for a, b in zip(self.start_kji, other.start_kji, strict=True))
        k1, j1, i1 = (max(a, b) for a, b in zip(self.stop_kji, other.stop_kji, strict=True))
        return Box((k0, j0, i0), (k1, j1, i1))
