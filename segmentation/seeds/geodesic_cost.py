"""Cost of the cheapest way from a set of voxels to every other, over the change of brightness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.seeds.front import Front, steps_of

__all__ = ["geodesic_cost"]

_TOP_LEVEL = 255
_ALL = 1 << 40


def geodesic_cost(
    brightness: NDArray[np.float32], starts: NDArray[np.bool_], *, length_cost: int = 1, dearest: int = 60_000
) -> NDArray[np.float32]:
    """Return the cost of the cheapest way, float32 ``[k, j, i]``: 0 on ``starts``.

    A step to the next voxel costs the difference of brightness and ``length_cost``. Brightness is cut to 0 to 255 and
    rounded down.

    Parameters
    ----------
    brightness
        float32 ``[k, j, i]``.
    starts
        bool ``[k, j, i]``; without any, everything is ``dearest``.
    length_cost, dearest
        Cost of the length of a step, and the cost of what is not reached.

    Examples
    --------
    >>> row = np.array([[[0.0, 0.0, 5.0, 5.0]]], np.float32)
    >>> geodesic_cost(row, np.array([[[True, False, False, False]]])).tolist()
    [[[0.0, 1.0, 7.0, 8.0]]]
    """
    cells_kji = np.zeros([n + 2 for n in brightness.shape], np.uint32)
    inside = cells_kji[1:-1, 1:-1, 1:-1]
    inside[...] = np.clip(brightness, 0, _TOP_LEVEL).astype(np.uint32)
    inside |= np.where(starts, np.uint32(1 << 8), np.uint32(0xFFFFFF00))
    cells = cells_kji.ravel()
    is_start = (cells > 0) & (cells < 1 << 16)
    reach = np.array([cells.size, -1], np.int64)
    Front(cells, np.flatnonzero(is_start)).advance(
        steps_of(brightness.shape), np.full(3, length_cost, np.int64), 1, reach, _ALL
    )
    return np.minimum(inside >> np.uint32(16), np.uint32(dearest)).astype(np.float32)
