"""Labels changed where a mask says so and the rules allow it."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["paint_labels"]


@njit(cache=True, nogil=True, fastmath=False)
def paint_labels(
    labels: NDArray[np.uint8], mask: NDArray[np.bool_], is_replaceable: NDArray[np.bool_], value: int
) -> int:
    """Set ``labels`` to ``value`` where ``mask`` is true and the label there is replaceable; return how many changed.

    ``labels`` (uint8 or uint16) and ``mask`` have one axis; ``is_replaceable`` has an entry for each label.
    """
    n_changed = 0
    for n in range(labels.size):
        if mask[n] and is_replaceable[labels[n]] and labels[n] != value:
            labels[n] = value
            n_changed += 1
    return n_changed
