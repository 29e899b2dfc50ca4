"""The front of a growth: voxels that wait, by cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation.kernels import grow_cut as kernels

__all__ = ["Front", "steps_of"]


class Front:
    """Voxels of an array of cells that wait to be grown from; see :mod:`segmentation.kernels.grow_cut`.

    Parameters
    ----------
    cells
        uint32, flat: cost, label and brightness of each voxel, with a margin of zeros.
    waiting
        int64 (n,): indices into ``cells``.
    """

    def __init__(self, cells: NDArray[np.uint32], waiting: NDArray[np.int64]) -> None:
        n_blocks = 1024 + waiting.size // kernels.BLOCK + min(waiting.size, kernels.N_COSTS)
        self._cells = cells
        self.blocks = np.empty((n_blocks, kernels.BLOCK), np.int32)
        self._following = np.empty(n_blocks, np.int64)
        self._tops = np.full(kernels.N_COSTS, -1, np.int64)
        self._fills = np.zeros(kernels.N_COSTS, np.int64)
        self._state = np.array([-1, 0, 0, 0], np.int64)
        kernels.push_cells(cells, waiting, self.blocks, self._following, self._tops, self._fills, self._state)

    def advance(
        self,
        steps: NDArray[np.int64],
        step_costs: NDArray[np.int64],
        level_cost: int,
        reach: NDArray[np.int64],
        n_voxels: int,
    ) -> bool:
        """Grow over about ``n_voxels`` voxels and tell whether some still wait; see the kernel ``grow``."""
        while True:
            outcome = kernels.grow(
                self._cells, steps, step_costs, level_cost,
                self.blocks, self._following, self._tops, self._fills, self._state, reach, n_voxels,
            )  # fmt: skip
            if outcome != kernels.NO_ROOM:
                return bool(outcome == kernels.PAUSED)
            self.blocks = np.concatenate([self.blocks, np.empty_like(self.blocks)])
            self._following = np.concatenate([self._following, np.empty_like(self._following)])


def steps_of(shape_kji: tuple[int, ...]) -> NDArray[np.int64]:
    """Distance to the next voxel along i, j, k in the flat cells of an image of this shape, margin included."""
    _, n_j, n_i = shape_kji
    return np.array([1, n_i + 2, (n_i + 2) * (n_j + 2)], np.int64)
