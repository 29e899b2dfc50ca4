"""One window of an ensemble joins the running sums: soft maximum, mean over the members, and their disagreement."""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

__all__ = ["add_window"]


@njit(cache=True, nogil=True, fastmath=False, parallel=True)
def add_window(
    logits: NDArray[np.float32],
    weights: NDArray[np.float32],
    row: int,
    column: int,
    probability_sums: NDArray[np.float32],
    disagreement_sums: NDArray[np.float32],
    weight_sums: NDArray[np.float32],
) -> None:
    """Add a window to running sums.

    Parameters
    ----------
    logits
        float32 ``[member, class, k, j, i]``.
    weights
        float32 ``[k, j, i]``, positive: how much the window counts.
    row, column
        Where the window starts in the sums along j and i; along k it starts with them.
    probability_sums
        float32 ``[class, k, j, i]``: gains weight times the mean over the members of the soft maximum.
    disagreement_sums
        float32 ``[k, j, i]``: gains weight times the mean over the members of half the summed absolute differences
        between a member's probabilities and the mean (total variation, from 0 to 1).
    weight_sums
        float32 ``[k, j, i]``: gains the weight.
    """
    n_members, n_classes, n_k, n_j, n_i = logits.shape
    for k in prange(n_k):
        p = np.empty((n_members, n_classes), np.float32)
        mean = np.empty(n_classes, np.float32)
        for j in range(n_j):
            for i in range(n_i):
                mean[:] = 0.0
                for m in range(n_members):
                    largest = logits[m, 0, k, j, i]
                    for c in range(1, n_classes):
                        largest = max(largest, logits[m, c, k, j, i])
                    total = np.float32(0.0)
                    for c in range(n_classes):
                        p[m, c] = math.exp(logits[m, c, k, j, i] - largest)
                        total += p[m, c]
                    for c in range(n_classes):
                        p[m, c] /= total
                        mean[c] += p[m, c]
                apart = np.float32(0.0)
                for c in range(n_classes):
                    mean[c] /= n_members
                    for m in range(n_members):
                        apart += abs(p[m, c] - mean[c])
                weight = weights[k, j, i]
                for c in range(n_classes):
                    probability_sums[c, k, row + j, column + i] += weight * mean[c]
                disagreement_sums[k, row + j, column + i] += weight * apart / np.float32(2 * n_members)
                weight_sums[k, row + j, column + i] += weight
