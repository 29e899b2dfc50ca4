"""Masks and grids that the tests of the editing tools draw."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.grid import Grid

SPACINGS = st.tuples(*[st.sampled_from((0.5, 0.75, 1.0, 1.3, 2.5))] * 3)


@st.composite
def masks(draw: st.DrawFn, largest: int = 7) -> NDArray[np.bool_]:
    """Blocks and single voxels, some taken away again."""
    shape = draw(st.tuples(*[st.integers(1, largest)] * 3))
    mask = np.zeros(shape, np.bool_)
    for _ in range(draw(st.integers(0, 5))):
        ends = [sorted((draw(st.integers(0, n)), draw(st.integers(0, n)))) for n in shape]
        mask[tuple(slice(a, b + 1) for a, b in ends)] ^= True
    return mask


@st.composite
def grids(draw: st.DrawFn, largest: int = 9) -> Grid:
    """Small anisotropic grids, turned in space."""
    size = draw(st.tuples(*[st.integers(2, largest)] * 3))
    angle = draw(st.sampled_from((0.0, 0.3, 1.1)))
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return Grid.from_spacing(size, draw(SPACINGS), origin_lps_mm=(-20.0, 7.5, 30.0), direction=turn)
