"""Plain reference of the kernel cheapest_way."""

import heapq
import itertools
import math

import numpy as np
from numpy.typing import NDArray


def plain_cost_of_cheapest_way(
    price: NDArray[np.float32], start: tuple[int, int, int], end: tuple[int, int, int]
) -> float:
    """Return the cost that ``cheapest_way`` minimises, by Dijkstra's algorithm on dictionaries."""
    total = {start: 0.0}
    heap = [(0.0, start)]
    while heap:
        cost, here = heapq.heappop(heap)
        if here == end:
            return cost
        if cost > total[here]:
            continue
        for move in itertools.product((-1, 0, 1), repeat=3):
            there = tuple(a + b for a, b in zip(here, move, strict=True))
            if move == (0, 0, 0) or any(not 0 <= a < n for a, n in zip(there, price.shape, strict=True)):
                continue
            reached = cost + math.hypot(*move) * 0.5 * (float(price[here]) + float(price[there]))
            if reached < total.get(there, math.inf):
                total[there] = reached
                heapq.heappush(heap, (reached, there))
    return math.inf


def cost_of(price: NDArray[np.float32], way: NDArray[np.int64]) -> float:
    """Return what a way costs."""
    prices = [float(price[tuple(voxel)]) for voxel in way]
    lengths = np.linalg.norm(np.diff(way, axis=0), axis=1)
    return sum(length * 0.5 * (a + b) for length, (a, b) in zip(lengths, itertools.pairwise(prices), strict=True))
