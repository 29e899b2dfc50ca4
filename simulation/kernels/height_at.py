"""The height of a sheet over its plane, between the nodes of its height map."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray


@numba.njit(cache=True, nogil=True, fastmath=False)
def _height_at(heights: NDArray[np.float64], u: float, v: float) -> float:
    """Return the bilinear height at (u, v) in cells of the map; beyond the map its outermost cells go on."""
    a = min(max(int(u), 0), heights.shape[1] - 2)
    b = min(max(int(v), 0), heights.shape[0] - 2)
    x, y = u - a, v - b
    low = heights[b, a] * (1.0 - x) + heights[b, a + 1] * x
    high = heights[b + 1, a] * (1.0 - x) + heights[b + 1, a + 1] * x
    return low * (1.0 - y) + high * y
