"""Plain reference of the kernel add_window."""

import numpy as np


def plain_add_window(logits, weights, row, column, probability_sums, disagreement_sums, weight_sums):  # type: ignore[no-untyped-def]
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    members = shifted / shifted.sum(axis=1, keepdims=True)
    mean = members.mean(axis=0)
    apart = 0.5 * np.abs(members - mean).sum(axis=1).mean(axis=0)
    j, i = (slice(first, first + n) for first, n in zip((row, column), weights.shape[1:], strict=True))
    probability_sums[..., j, i] += weights * mean
    disagreement_sums[..., j, i] += weights * apart
    weight_sums[..., j, i] += weights
