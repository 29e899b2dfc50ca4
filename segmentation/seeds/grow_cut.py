"""Grow from seeds: scribbles in a structure and outside it become labels of the whole region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.kernels import grow_cut as kernels
from segmentation.seeds.front import Front, steps_of
from twin.errors import InputError
from twin.job import CancelToken, Progress, ProgressListener, no_progress

__all__ = ["BACKGROUND", "GrowCut", "GrownLabels"]

BACKGROUND = 254
"""Value of a background scribble: what grows from it becomes 0."""

Image = NDArray[np.int16] | NDArray[np.float32]

# Brightness is told apart in 64 steps over ten robust standard deviations around what the scribbles lie on: beyond it
# fat, gas and bone are all "not it". A step counts as much as 16 mm of way, which only decides between equals.
_TOP_LEVEL = 63
_LEVEL_COST = 16
_WINDOW_DEVIATIONS = 10.0
_MOST_STEP_MM = 200.0

_VOXELS_AT_ONCE = 400_000  # between two looks at the cancel flag: some 0.1 s
_MAD_TO_DEVIATION = 1.4826  # of a normal distribution


@dataclass(frozen=True, eq=False)
class GrownLabels:
    """What grew.

    Parameters
    ----------
    labels_kji
        uint8 ``[k, j, i]``, read-only: the label of the scribble that reaches each voxel, 0 for the background.
    changed_slices
        First and last slice that may differ from the answer before, or None where nothing does.
    """

    labels_kji: NDArray[np.uint8]
    changed_slices: tuple[int, int] | None


class GrowCut:
    """Grow from seeds on one image, again and again while scribbles are added.

    Every voxel takes the label of the scribble from which it is reached over the smallest change of brightness
    (Zhu, Kolesov, Gao, Kikinis, Tannenbaum: An effective interactive medical image segmentation method using Fast
    GrowCut, MICCAI workshop 2014). An update works on what changes alone and gives the same as a new start in the
    same window would, whether scribbles were added, taken away or given another label. Not for several threads.

    Parameters
    ----------
    image_kji
        The scan, or the box around the scribbles, ``[k, j, i]``; any unit.
    spacing_ijk_mm
        Along i, j, k.
    window
        Lowest and highest brightness told apart, in the unit of the image; None takes it from what the first
        scribbles lie on (the background's left aside).

    Examples
    --------
    >>> image = np.repeat(np.array([[[0, 0, 0, 100, 100, 100]]], np.int16), 3, axis=1)
    >>> seeds = np.zeros(image.shape, np.uint8)
    >>> seeds[0, 1, 0], seeds[0, 1, 5] = BACKGROUND, 1
    >>> GrowCut(image, np.ones(3)).labels_from(seeds).labels_kji[0, 1].tolist()
    [0, 0, 0, 1, 1, 1]
    """

    def __init__(
        self,
        image_kji: NDArray[np.generic],
        spacing_ijk_mm: NDArray[np.float64],
        *,
        window: tuple[float, float] | None = None,
    ) -> None:
        if image_kji.ndim != 3 or image_kji.size == 0:
            raise ValueError("an image [k, j, i] is needed")
        is_whole = image_kji.dtype == np.int16
        self._image: Image = np.ascontiguousarray(image_kji, np.int16 if is_whole else np.float32)  # type: ignore[assignment]
        self._lengths = np.maximum(np.rint(np.minimum(spacing_ijk_mm, _MOST_STEP_MM)), 1).astype(np.int64)
        self._window = window
        self._growth: _Growth | None = None

    @property
    def window(self) -> tuple[float, float] | None:
        """Brightness that is told apart; None before the first scribbles where it was not given."""
        return self._window

    def labels_from(
        self,
        seeds_kji: NDArray[np.uint8],
        *,
        progress: ProgressListener = no_progress,
        cancel: CancelToken | None = None,
    ) -> GrownLabels:
        """Grow from all scribbles anew.

        Parameters
        ----------
        seeds_kji
            uint8 ``[k, j, i]``: 0 where nothing was drawn, 1 to 253 for structures, ``BACKGROUND`` for what is none.
        progress
            Told in steps.
        cancel
            Looked at several times a second.

        Raises
        ------
        InputError
            ``error.seeds.one_side``: scribbles of two kinds are needed.
        Cancelled
            When ``cancel`` was set; the next call starts anew.
        """
        self._check(seeds_kji)
        self._growth = None
        if self._window is None:
            self._window = _window_of(self._image, seeds_kji)
        growth = _Growth(self._image, seeds_kji, self._lengths, self._window)
        growth.advance(progress, cancel)
        self._growth = growth
        return growth.answer()

    def updated(
        self,
        seeds_kji: NDArray[np.uint8],
        *,
        progress: ProgressListener = no_progress,
        cancel: CancelToken | None = None,
    ) -> GrownLabels:
        """Grow on after scribbles changed; ``seeds_kji`` holds all of them. Raises like :meth:`labels_from`."""
        self._check(seeds_kji)
        growth = self._growth
        if growth is None:
            return self.labels_from(seeds_kji, progress=progress, cancel=cancel)
        self._growth = None
        growth.change_seeds(seeds_kji)
        growth.advance(progress, cancel)
        self._growth = growth
        return growth.answer()

    def strength_kji(self) -> NDArray[np.uint8]:
        """How surely each voxel was reached, uint8 ``[k, j, i]``: 255 at a scribble, falling with the cost of the way.

        It orders the voxels of one growth and is no probability; 0 before the first growth.
        """
        if self._growth is None:
            return np.zeros(self._image.shape, np.uint8)
        return self._growth.strength()

    def _check(self, seeds_kji: NDArray[np.uint8]) -> None:
        if seeds_kji.shape != self._image.shape or seeds_kji.dtype != np.uint8:
            raise ValueError("scribbles must be uint8 and have the shape of the image")
        kinds = np.unique(seeds_kji[seeds_kji != 0])
        if kinds.size < 2:
            raise InputError("error.seeds.one_side")
        if kinds[-1] > BACKGROUND:
            raise ValueError(f"scribbles hold {kinds[-1]}, more than {BACKGROUND}")


class _Growth:
    """The cells of one image and the front that grows over them."""

    def __init__(
        self,
        image: Image,
        seeds: NDArray[np.uint8],
        lengths: NDArray[np.int64],
        window: tuple[float, float],
    ) -> None:
        n_k, n_j, n_i = image.shape
        self._cells_kji = np.zeros((n_k + 2, n_j + 2, n_i + 2), np.uint32)
        low, high = window
        scale = (_TOP_LEVEL + 1) / max(high - low, 1e-6)
        kernels.fill_cells(image, np.ascontiguousarray(seeds), low, scale, _TOP_LEVEL, self._cells_kji)
        self._cells = self._cells_kji.ravel()
        self._steps = steps_of(image.shape)
        self._lengths = lengths
        self._seeds = seeds.copy()
        self._labels = np.zeros(image.shape, np.uint8)
        self._reach = np.array([self._cells.size, -1], np.int64)
        self._line_up(self._cell_of(np.flatnonzero(seeds)))

    def change_seeds(self, seeds: NDArray[np.uint8]) -> None:
        """Take over other scribbles: what grew from those that are gone is taken back, the new ones are put in line."""
        changed = np.flatnonzero(seeds != self._seeds)
        old, new = self._seeds.ravel()[changed], seeds.ravel()[changed]
        gone, come = self._cell_of(changed[old != 0]), self._cell_of(changed[new != 0])
        bounding = kernels.withdraw(self._cells, gone, self._steps, self._lengths, _LEVEL_COST, self._reach)
        self._cells[come] = (self._cells[come] & np.uint32(255)) | (new[new != 0].astype(np.uint32) << np.uint32(8))
        if come.size:
            self._reach[:] = min(self._reach[0], come.min()), max(self._reach[1], come.max())
        self._seeds = seeds.copy()
        self._line_up(np.unique(np.concatenate([bounding, come])))

    def advance(self, progress: ProgressListener, cancel: CancelToken | None) -> None:
        """Let the front run until nothing waits."""
        n_done = 0
        while self._front.advance(self._steps, self._lengths, _LEVEL_COST, self._reach, _VOXELS_AT_ONCE):
            if cancel is not None:
                cancel.raise_if_cancelled()
            n_done += _VOXELS_AT_ONCE
            progress(Progress(min(n_done / self._labels.size, 0.99), "progress.seeds.grow"))

    def answer(self) -> GrownLabels:
        """Return the labels; only slices that were reached are written anew."""
        low, high = self._reach
        slices = None
        if high >= 0:
            slices = (int(low // self._steps[2]) - 1, int(high // self._steps[2]) - 1)
            labels = self._labels.copy()
            kernels.write_labels(self._cells_kji, *slices, BACKGROUND, labels)
            labels.setflags(write=False)
            self._labels = labels
        self._reach[:] = self._cells.size, -1
        return GrownLabels(self._labels, slices)

    def strength(self) -> NDArray[np.uint8]:
        """Return 255 at a scribble, half of it eight steps of brightness away."""
        cells = self._cells_kji[1:-1, 1:-1, 1:-1]
        costs = np.minimum(cells >> np.uint32(16), np.uint32(kernels.N_COSTS - 1))
        by_cost = np.rint(255.0 / (1.0 + np.arange(kernels.N_COSTS) / (8.0 * _LEVEL_COST))).astype(np.uint8)
        return np.asarray(by_cost[costs])

    def _line_up(self, cells: NDArray[np.int64]) -> None:
        self._front = Front(self._cells, cells)
        if cells.size:
            self._reach[:] = min(self._reach[0], cells.min()), max(self._reach[1], cells.max())

    def _cell_of(self, voxels: NDArray[np.intp]) -> NDArray[np.int64]:
        k, j, i = np.unravel_index(voxels, self._labels.shape)
        return np.asarray((k + 1) * self._steps[2] + (j + 1) * self._steps[1] + i + 1, dtype=np.int64)


def _window_of(image: Image, seeds: NDArray[np.uint8]) -> tuple[float, float]:
    """Brightness around what the scribbles of structures lie on, as calmed as the image will be.

    It reaches the brightness of the background at least: cut off earlier, borders would move into the structure.
    """
    calm_values = {int(label): _calmed(image, seeds == label) for label in np.unique(seeds) if label}
    middles = {label: float(np.median(values)) for label, values in calm_values.items()}
    lows, highs = [], []
    for label, values in calm_values.items():
        if label == BACKGROUND:
            continue
        deviation = _MAD_TO_DEVIATION * float(np.median(np.abs(values - middles[label])))
        contrast = abs(middles[label] - middles.get(BACKGROUND, middles[label]))
        half = max(_WINDOW_DEVIATIONS * deviation, contrast, 0.05 * _spread(calm_values), 1e-3)
        lows.append(middles[label] - half)
        highs.append(middles[label] + half)
    return min(lows), max(highs)


def _spread(values: Mapping[int, NDArray[np.float32]]) -> float:
    return max(float(v.max()) for v in values.values()) - min(float(v.min()) for v in values.values())


def _calmed(image: Image, where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Mean of 3 x 3 voxels of the slice around each voxel of a mask."""
    k, j, i = np.nonzero(where)
    total = np.zeros(k.size, np.float32)
    for dj in (-1, 0, 1):
        for di in (-1, 0, 1):
            total += image[k, np.clip(j + dj, 0, image.shape[1] - 1), np.clip(i + di, 0, image.shape[2] - 1)]
    return total / np.float32(9.0)
