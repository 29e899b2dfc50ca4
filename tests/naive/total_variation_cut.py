"""Plain reference of the kernel primal_dual_steps."""

import numpy as np
from numpy.typing import NDArray


def plain_total_variation_cut(
    region: NDArray[np.float32], boundary: NDArray[np.float32], start: NDArray[np.float32], n_steps: int
) -> NDArray[np.float64]:
    """Make the same primal-dual steps (``primal_dual_steps``) on whole arrays, in double precision."""
    step = 0.2886
    inside = start.astype(np.float64)
    ahead = inside.copy()
    flow = np.zeros((3, *region.shape))
    for _ in range(n_steps):
        for axis in range(3):
            rise = np.zeros(region.shape)
            before = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
            rise[before] = np.diff(ahead, axis=axis)
            flow[axis] += step * rise
        length = np.sqrt((flow**2).sum(axis=0))
        flow *= np.where(length > boundary, boundary / np.maximum(length, 1e-12), 1.0)
        gained = np.zeros(region.shape)
        for axis in range(3):
            gained += flow[axis] - np.roll(np.where(_is_last(region.shape, axis), 0.0, flow[axis]), 1, axis=axis)
        new = np.clip(inside + step * (gained + region), 0.0, 1.0)
        ahead, inside = 2.0 * new - inside, new
    return inside


def _is_last(shape: tuple[int, ...], axis: int) -> NDArray[np.bool_]:
    """Last layer along an axis: nothing flows over it."""
    return np.indices(shape)[axis] == shape[axis] - 1
