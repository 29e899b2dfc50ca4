"""Plain reference of grow from seeds: a heap of (cost, label, voxel).

``calmed`` stands for ``fill_cells``, ``grown`` for ``push_cells``, ``grow`` and ``write_labels`` together; ``withdraw``
is right when an update gives what a new start gives.
"""

from __future__ import annotations

import heapq

import numpy as np


def grown(levels, seeds, step_costs_ijk, level_cost):
    """Return the cost and the label of the cheapest way from any seed; among equal costs the smallest label.

    ``levels`` are whole brightnesses ``[k, j, i]``, ``seeds`` labels with 0 for none.
    """
    costs = np.full(levels.shape, -1, np.int64)
    labels = np.zeros(levels.shape, np.uint8)
    waiting = [(0, int(seeds[voxel]), voxel) for voxel in map(tuple, np.argwhere(seeds))]
    heapq.heapify(waiting)
    while waiting:
        cost, label, voxel = heapq.heappop(waiting)
        if costs[voxel] >= 0:
            continue
        costs[voxel], labels[voxel] = cost, label
        for axis in range(3):
            for sign in (-1, 1):
                other = list(voxel)
                other[axis] += sign
                if not 0 <= other[axis] < levels.shape[axis] or costs[tuple(other)] >= 0:
                    continue
                change = abs(int(levels[tuple(other)]) - int(levels[voxel]))
                step = change * level_cost + int(step_costs_ijk[2 - axis])
                heapq.heappush(waiting, (cost + step, label, tuple(other)))
    return costs, labels


def calmed(image):
    """Return the mean of 3 x 3 voxels of each slice; at the border the nearest voxel stands in."""
    padded = np.pad(image.astype(np.float64), ((0, 0), (1, 1), (1, 1)), mode="edge")
    n_j, n_i = image.shape[1:]
    return sum(padded[:, dj : dj + n_j, di : di + n_i] for dj in range(3) for di in range(3)) / 9.0
