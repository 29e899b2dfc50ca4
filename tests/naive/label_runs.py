"""Plain references of the kernels mark_run_ends and changed_extent."""

import numpy as np
from numpy.typing import NDArray


def plain_run_ends(values: NDArray[np.generic]) -> list[int]:
    """Index after the last value of each run."""
    flat = values.ravel().tolist()
    return [n for n in range(1, len(flat) + 1) if n == len(flat) or flat[n] != flat[n - 1]]


def plain_changes(
    old: NDArray[np.generic], new: NDArray[np.generic]
) -> tuple[list[int], list[int], tuple[int, ...]] | None:
    """First and last index of what differs along each axis, and the values that come or go."""
    places = [place for place in np.ndindex(old.shape) if old[place] != new[place]]
    if not places:
        return None
    start = [min(place[axis] for place in places) for axis in range(3)]
    stop = [max(place[axis] for place in places) + 1 for axis in range(3)]
    values = {int(array[place]) for place in places for array in (old, new)}
    return start, stop, tuple(sorted(values))
