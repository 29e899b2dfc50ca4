"""Plain reference of the pairs across a cut: count_pairs, list_pairs."""

import numpy as np


def interface_pairs(organ, removed):
    """Set of (flat index of the removed voxel, direction of the remaining one)."""
    found = set()
    steps = {1: (0, 0, 1), 2: (0, 1, 0), 3: (1, 0, 0), -1: (0, 0, -1), -2: (0, -1, 0), -3: (-1, 0, 0)}
    for place in zip(*np.nonzero(organ & removed), strict=True):
        for direction, step in steps.items():
            other = tuple(int(a + b) for a, b in zip(place, step, strict=True))
            is_there = all(0 <= a < n for a, n in zip(other, organ.shape, strict=True))
            if is_there and organ[other] and not removed[other]:
                found.add((int(np.ravel_multi_index(place, organ.shape)), direction))
    return found
