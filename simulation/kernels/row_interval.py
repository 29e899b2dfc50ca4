"""Where a plane crosses a row of voxels."""

from __future__ import annotations

import math

import numba


@numba.njit(cache=True, nogil=True, fastmath=False, inline="always")
def _removed_interval(ci: float, base: float, ni: int) -> tuple[int, int]:
    """Return the half-open interval of i in [0, ni) where ``ci * i + base > 0``.

    One division finds the crossing; the expression itself then decides, so that the interval equals a loop over all
    voxels. Rounding is monotone, so the voxels that satisfy it are one interval.
    """
    if ci == 0.0:
        return (0, ni) if base > 0.0 else (0, 0)
    crossing = -base / ci
    i = 0 if not crossing > 0.0 else (ni if crossing >= ni else math.floor(crossing))
    if ci > 0.0:
        while i > 0 and ci * (i - 1) + base > 0.0:
            i -= 1
        while i < ni and not ci * i + base > 0.0:
            i += 1
        return i, ni
    while i > 0 and not ci * (i - 1) + base > 0.0:
        i -= 1
    while i < ni and ci * i + base > 0.0:
        i += 1
    return 0, i
