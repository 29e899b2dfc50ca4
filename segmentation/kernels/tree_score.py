"""Score of many rows by an ensemble of binary decision trees."""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["add_tree_scores"]

# Rows that go through one tree together: their features and the tree stay in the first-level cache.
_BLOCK = 32


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def add_tree_scores(
    rows: NDArray[np.float32],
    feature: NDArray[np.int16],
    threshold: NDArray[np.float32],
    children: NDArray[np.int32],
    roots: NDArray[np.int32],
    classes: NDArray[np.int16],
    leaf_values: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Add to ``out[row, class]`` the leaf that each tree reaches.

    A row goes to ``children[node, 0]`` when ``rows[row, feature[node]] <= threshold[node]``, else to
    ``children[node, 1]``; a negative child ``c`` is the leaf ``leaf_values[-c - 1]``. The root of tree t is
    ``roots[t]`` and its scores go to class ``classes[t]``.
    """
    n_rows = rows.shape[0]
    for block in prange((n_rows + _BLOCK - 1) // _BLOCK):
        first = block * _BLOCK
        last = min(first + _BLOCK, n_rows)
        for tree in range(roots.shape[0]):
            kind = classes[tree]
            for row in range(first, last):
                node = roots[tree]
                while node >= 0:
                    if rows[row, feature[node]] <= threshold[node]:
                        node = children[node, 0]
                    else:
                        node = children[node, 1]
                out[row, kind] += leaf_values[-node - 1]
