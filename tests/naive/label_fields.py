"""Plain references of the kernels uniform_cells and label_slab."""

from itertools import product

import numpy as np


def plain_winners(values):  # type: ignore[no-untyped-def]
    """Winner among background (what is missing to 255) and the classes, float ``[class, ...]``; the first at a tie."""
    rest = 255.0 - values.sum(axis=0)
    return np.argmax(np.concatenate([rest[None], values]), axis=0)


def plain_uniform_cells(fields):  # type: ignore[no-untyped-def]
    winners = plain_winners(fields.astype(float))
    padded = np.pad(winners, [(0, 1)] * 3, mode="edge")
    cells = np.empty(winners.shape, np.uint8)
    for k, j, i in np.ndindex(winners.shape):
        corners = padded[k : k + 2, j : j + 2, i : i + 2]
        cells[k, j, i] = corners[0, 0, 0] if (corners == corners[0, 0, 0]).all() else 255
    return cells


def plain_label_slab(fields, axes, start, low_kji, high_kji, shape_kji):  # type: ignore[no-untyped-def]
    size = np.array(fields.shape[1:])
    labels = np.zeros(shape_kji, np.uint8)
    for index in product(*(range(low, high) for low, high in zip(low_kji, high_kji, strict=True))):
        place = start + axes @ np.array(index)
        if (place < -0.5).any() or (place > size - 0.5).any():
            continue
        place = np.clip(place, 0, size - 1)
        low = place.astype(int)
        value = np.zeros(len(fields))
        for step in product((0, 1), repeat=3):
            corner = np.minimum(low + step, size - 1)
            value += np.prod(np.where(step, place - low, 1 - (place - low))) * fields[(slice(None), *corner)]
        labels[index] = plain_winners(value)
    return labels
