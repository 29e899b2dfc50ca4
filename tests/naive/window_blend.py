"""Plain reference of the kernel add_window."""

import numpy as np


def plain_add_window(logits, weights, probability_sums, disagreement_sums, weight_sums):  # type: ignore[no-untyped-def]
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    members = shifted / shifted.sum(axis=1, keepdims=True)
    mean = members.mean(axis=0)
    apart = 0.5 * np.abs(members - mean).sum(axis=1).mean(axis=0)
    probability_sums += weights * mean
    disagreement_sums += weights * apart
    weight_sums += weights
