"""Grow from seeds as shortest paths: which seed reaches each voxel over the smallest change of brightness.

A step between two voxels that share a face costs what their brightness differs by, plus a little for its length. One
voxel is one 32-bit cell: 16 bits of cost, 8 of label, 8 of brightness, so that the order of cells is the order of
(cost, label) and a step touches one line of memory. Costs are whole numbers below 65536, so the front waits in one
bucket for each cost instead of a heap (Dial 1969); the buckets are stacks of blocks that are used again.

The answer is the one fixed point of "the smallest (cost, label) over all paths": it depends neither on the order of
work nor on whether seeds came at once or one after the other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = [
    "BLOCK",
    "DONE",
    "NO_ROOM",
    "N_COSTS",
    "PAUSED",
    "UNREACHED",
    "fill_cells",
    "grow",
    "push_cells",
    "withdraw",
    "write_labels",
]

BLOCK = 512
N_COSTS = 1 << 16
DONE, PAUSED, NO_ROOM = 0, 1, 2
UNREACHED = 0xFFFFFF  # cost and label of a voxel that no seed has reached

# Places in ``state``.
_FREE, _USED, _COST, _WAITING = 0, 1, 2, 3


@njit(cache=True, nogil=True, fastmath=False, inline="always")
def _push(
    voxel: int,
    bucket: int,
    blocks: NDArray[np.int32],
    following: NDArray[np.int64],
    tops: NDArray[np.int64],
    fills: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    if tops[bucket] < 0 or fills[bucket] == BLOCK:
        if state[_FREE] >= 0:
            block = state[_FREE]
            state[_FREE] = following[block]
        else:
            block = state[_USED]
            state[_USED] += 1
        following[block] = tops[bucket]
        tops[bucket] = block
        fills[bucket] = 0
    blocks[tops[bucket], fills[bucket]] = voxel
    fills[bucket] += 1
    state[_WAITING] += 1


@njit(cache=True, nogil=True, fastmath=False)
def fill_cells(
    image: NDArray[np.generic],
    seeds: NDArray[np.uint8],
    low: float,
    levels_per_unit: float,
    top_level: int,
    cells: NDArray[np.uint32],
) -> None:
    """Write the cells of an image and its seeds: brightness is the mean of 3 x 3 voxels of a slice, in levels.

    The mean calms the noise; it stays in the slice, since slices are often thick.
    """
    n_k, n_j, n_i = image.shape
    column = np.empty(n_i, np.float32)
    for k in range(n_k):
        for j in range(n_j):
            j0, j1 = max(j - 1, 0), min(j + 1, n_j - 1)
            for i in range(n_i):
                column[i] = np.float32(image[k, j0, i]) + np.float32(image[k, j, i]) + np.float32(image[k, j1, i])
            for i in range(n_i):
                total = column[max(i - 1, 0)] + column[i] + column[min(i + 1, n_i - 1)]
                level = (total / 9.0 - low) * levels_per_unit
                brightness = np.uint32(min(max(level, 0.0), float(top_level)))
                seed = np.uint32(seeds[k, j, i])
                path = np.uint32(0xFFFFFF00) if seed == 0 else np.uint32(seed << np.uint32(8))
                cells[k + 1, j + 1, i + 1] = path | brightness


@njit(cache=True, nogil=True, fastmath=False)
def push_cells(
    cells: NDArray[np.uint32],
    voxels: NDArray[np.int64],
    blocks: NDArray[np.int32],
    following: NDArray[np.int64],
    tops: NDArray[np.int64],
    fills: NDArray[np.int64],
    state: NDArray[np.int64],
) -> None:
    """Put ``voxels`` in line, by the costs their cells hold; there must be blocks enough."""
    for n in range(voxels.size):
        voxel = voxels[n]
        _push(voxel, int(cells[voxel]) >> 16, blocks, following, tops, fills, state)


@njit(cache=True, nogil=True, fastmath=False)
def grow(
    cells: NDArray[np.uint32],
    steps: NDArray[np.int64],
    step_costs: NDArray[np.int64],
    level_cost: int,
    blocks: NDArray[np.int32],
    following: NDArray[np.int64],
    tops: NDArray[np.int64],
    fills: NDArray[np.int64],
    state: NDArray[np.int64],
    reach: NDArray[np.int64],
    n_voxels: int,
) -> int:
    """Let the front advance by about ``n_voxels`` voxels.

    Parameters
    ----------
    cells
        Flat, of an array with a margin of one voxel whose cells are 0, so that no path enters it.
    steps, step_costs
        Distance in ``cells`` to the next voxel along i, j, k, and the cost of its length.
    level_cost
        Cost of one level of brightness.
    blocks, following, tops, fills, state
        The buckets, one for each cost: indices by block, the block below it in its stack or among the free ones, the
        top block of each bucket, its filling; (first free block or -1, blocks used, current cost, voxels waiting).
    reach
        (2,): smallest and largest flat index changed, widened here.
    n_voxels
        After so many it pauses.

    Returns
    -------
    ``DONE``, ``PAUSED``, or ``NO_ROOM`` when ``blocks`` must be enlarged before going on.
    """
    si, sj, sk = steps[0], steps[1], steps[2]
    ci, cj, ck = step_costs[0], step_costs[1], step_costs[2]
    low, high = reach[0], reach[1]
    n_left, outcome = n_voxels, DONE
    while state[_WAITING] > 0:
        cost = state[_COST]
        while tops[cost] >= 0:
            if n_left <= 0:
                outcome = PAUSED
                break
            if state[_USED] + 8 > blocks.shape[0]:
                outcome = NO_ROOM
                break
            block = tops[cost]
            if fills[cost] == 0:
                tops[cost] = following[block]
                following[block] = state[_FREE]
                state[_FREE] = block
                fills[cost] = BLOCK
                continue
            fills[cost] -= 1
            state[_WAITING] -= 1
            voxel = np.int64(blocks[block, fills[cost]])
            cell = np.int64(cells[voxel])
            if (cell >> 16) != cost:
                continue  # it was reached more cheaply since
            n_left -= 1
            level = cell & 255
            path = cell - level
            for n in range(6):
                if n == 0:
                    other, length_cost = voxel - sk, ck
                elif n == 1:
                    other, length_cost = voxel - sj, cj
                elif n == 2:
                    other, length_cost = voxel - si, ci
                elif n == 3:
                    other, length_cost = voxel + si, ci
                elif n == 4:
                    other, length_cost = voxel + sj, cj
                else:
                    other, length_cost = voxel + sk, ck
                old = np.int64(cells[other])
                other_level = old & 255
                new = path + ((abs(other_level - level) * level_cost + length_cost) << 16) + other_level
                if new < old:
                    cells[other] = np.uint32(new)
                    low, high = min(low, other), max(high, other)
                    if (new >> 16) != (old >> 16):
                        _push(other, new >> 16, blocks, following, tops, fills, state)
        if outcome != DONE:
            break
        state[_COST] += 1
    reach[0], reach[1] = low, high
    return outcome


@njit(cache=True, nogil=True, fastmath=False)
def withdraw(
    cells: NDArray[np.uint32],
    seeds: NDArray[np.int64],
    steps: NDArray[np.int64],
    step_costs: NDArray[np.int64],
    level_cost: int,
    reach: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Take back everything that may have been reached from ``seeds``, and return the voxels that bound it.

    A voxel is taken back when a neighbour taken back explains its cost and label; what other seeds explain as well
    is taken back too and grows again from the returned voxels.
    """
    taken = np.empty(1024, np.int64)
    old_cells = np.empty(1024, np.int64)
    n_taken = 0
    for n in range(seeds.size):
        if n_taken == taken.size:
            taken, old_cells = _doubled(taken), _doubled(old_cells)
        taken[n_taken], old_cells[n_taken] = seeds[n], np.int64(cells[seeds[n]])
        n_taken += 1
        cells[seeds[n]] |= np.uint32(0xFFFFFF00)
    at = 0
    while at < n_taken:
        voxel, cell = taken[at], old_cells[at]
        reach[0], reach[1] = min(reach[0], voxel), max(reach[1], voxel)
        at += 1
        level = cell & 255
        for axis in range(3):
            for sign in (-1, 1):
                other = voxel + sign * steps[axis]
                found = np.int64(cells[other])
                other_level = found & 255
                step_cost = abs(other_level - level) * level_cost + step_costs[axis]
                if found >> 8 != UNREACHED and found == cell - level + (step_cost << 16) + other_level:
                    if n_taken == taken.size:
                        taken, old_cells = _doubled(taken), _doubled(old_cells)
                    taken[n_taken], old_cells[n_taken] = other, found
                    n_taken += 1
                    cells[other] |= np.uint32(0xFFFFFF00)
    return _bounding(cells, taken[:n_taken], steps)


@njit(cache=True, nogil=True, fastmath=False)
def _doubled(values: NDArray[np.int64]) -> NDArray[np.int64]:
    larger = np.empty(2 * values.size, np.int64)
    larger[: values.size] = values
    return larger


@njit(cache=True, nogil=True, fastmath=False)
def _bounding(cells: NDArray[np.uint32], taken: NDArray[np.int64], steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the reached voxels beside those taken back; a voxel may come several times."""
    bounding = np.empty(1024, np.int64)
    n_bounding = 0
    for n in range(taken.size):
        for axis in range(3):
            for sign in (-1, 1):
                other = taken[n] + sign * steps[axis]
                found = np.int64(cells[other]) >> 8
                if found != UNREACHED and found != 0:  # 0 is the margin
                    if n_bounding == bounding.size:
                        bounding = _doubled(bounding)
                    bounding[n_bounding] = other
                    n_bounding += 1
    return bounding[:n_bounding]


@njit(cache=True, nogil=True, fastmath=False)
def write_labels(
    cells: NDArray[np.uint32], first_k: int, last_k: int, background: int, labels: NDArray[np.uint8]
) -> None:
    """Copy the labels of the slices ``first_k`` to ``last_k`` from ``cells`` (with margin); 0 for ``background``."""
    for k in range(first_k, last_k + 1):
        for j in range(labels.shape[1]):
            for i in range(labels.shape[2]):
                label = (cells[k + 1, j + 1, i + 1] >> np.uint32(8)) & np.uint32(255)
                labels[k, j, i] = 0 if label == background else label
