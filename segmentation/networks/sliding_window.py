"""Probabilities of a whole scan from windows that overlap, blended with Gaussian weights in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segmentation.kernels.window_blend import add_window
from twin.job import CancelToken

__all__ = ["ClassFields", "WindowNetwork", "window_starts", "windowed_fields"]

FloatVoxels = NDArray[np.float32]
Levels = NDArray[np.uint8]

# Half a window: nearly every voxel is seen by eight windows. Against two thirds it gains .015 to .02 of Dice on small
# structures of scans never seen (docs/decisions/0076).
_STRIDE = 0.5
_SIGMA = 0.2  # of the window: the weight of its border is exp(-3.1), of its corner exp(-9.4)
# A window with less of what is looked at than this share is not computed.
_SMALLEST_SHARE = 0.002


class WindowNetwork(Protocol):
    """One member of an ensemble."""

    def run(self, image: FloatVoxels, *, cancel: CancelToken | None = None) -> FloatVoxels:
        """Return logits float32 (1, classes, k, j, i) for an image float32 (1, 1, k, j, i)."""
        ...


@dataclass(frozen=True, eq=False)
class ClassFields:
    """What an ensemble sees, on the grid of the scan it was given.

    Parameters
    ----------
    fields
        uint8 ``[class, k, j, i]``, 255 times the mean probability of each class but the background; what is missing
        to 255 is background.
    disagreement
        uint8 ``[k, j, i]``, 255 times the mean share of probability that a member places elsewhere than the mean.
    """

    fields: Levels
    disagreement: Levels


def window_starts(n_voxels: int, window: int) -> list[int]:
    """Return the first voxel of each window along an axis; the last window ends at the last voxel.

    Examples
    --------
    >>> window_starts(96, 96), window_starts(150, 96), window_starts(250, 96)
    ([0], [0, 48, 54], [0, 48, 96, 144, 154])
    """
    stride = round(window * _STRIDE)
    last = max(n_voxels - window, 0)
    return sorted({min(start, last) for start in range(0, last + stride, stride)})


def windowed_fields(
    levels: Levels,
    where: NDArray[np.bool_],
    members: Sequence[WindowNetwork],
    n_classes: int,
    window_kji: tuple[int, int, int],
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    cancel: CancelToken | None = None,
) -> ClassFields:
    """Run an ensemble over a scan.

    Windows go from the feet to the head. Running sums are kept for the slices of one window only; finished slices are
    stored as bytes. A scan smaller than a window is padded with the lowest level behind its last voxels.

    Parameters
    ----------
    levels
        uint8 ``[k, j, i]`` of a :class:`NetworkScan`.
    where
        bool ``[k, j, i]``: what is looked at; a window that holds next to none of it is taken for background.
    members
        The networks whose probabilities are averaged.
    n_classes
        Number of their outputs, background included.
    window_kji
        Size of their input.
    progress
        Told the share of windows that are done.
    cancel
        Stops within a window.

    Raises
    ------
    Cancelled
        When ``cancel`` was set.
    """
    shape = levels.shape
    padded = [(0, max(w - n, 0)) for w, n in zip(window_kji, shape, strict=True)]
    levels, where = np.pad(levels, padded), np.pad(where, padded)
    stack = _Stack(levels.shape, n_classes, window_kji)
    columns = [window_starts(n, w) for n, w in zip(levels.shape, window_kji, strict=True)]
    n_windows, n_done = len(columns[0]) * len(columns[1]) * len(columns[2]), 0
    for k in columns[0]:
        stack.advance_to(k)
        for j, i in product(*columns[1:]):
            window = tuple(slice(a, a + w) for a, w in zip((k, j, i), window_kji, strict=True))
            if np.count_nonzero(where[window]) >= _SMALLEST_SHARE * np.prod(window_kji):
                stack.add(_logits(levels[window], members, cancel), j, i)
            n_done += 1
            progress(n_done / n_windows)
    stack.advance_to(levels.shape[0])
    inside = tuple(slice(0, n) for n in shape)
    fields, disagreement = stack.fields[(slice(None), *inside)], stack.disagreement[inside]
    return ClassFields(np.ascontiguousarray(fields), np.ascontiguousarray(disagreement))


def _logits(levels: Levels, members: Sequence[WindowNetwork], cancel: CancelToken | None) -> FloatVoxels:
    image = (levels.astype(np.float32) / np.float32(255) * 2 - 1)[None, None]
    return np.stack([member.run(image, cancel=cancel)[0] for member in members])


class _Stack:
    """Running sums over the slices of one window, and the finished slices below it."""

    def __init__(self, shape_kji: tuple[int, ...], n_classes: int, window_kji: tuple[int, int, int]) -> None:
        self.fields = np.zeros((n_classes - 1, *shape_kji), np.uint8)
        self.disagreement = np.zeros(shape_kji, np.uint8)
        slab = (window_kji[0], *shape_kji[1:])
        self._probabilities = np.zeros((n_classes, *slab), np.float32)
        self._disagreement = np.zeros(slab, np.float32)
        self._weights = np.zeros(slab, np.float32)
        self._window, self._first = _gaussian(window_kji), 0

    def add(self, logits: FloatVoxels, j: int, i: int) -> None:
        """Add a window that starts at the first slice of the sums."""
        add_window(logits, self._window, j, i, self._probabilities, self._disagreement, self._weights)

    def advance_to(self, first: int) -> None:
        """Finish the slices below ``first`` and make room for those above."""
        n = min(first - self._first, len(self._window))
        if n <= 0:
            return
        done = slice(self._first, self._first + n)
        weights = np.maximum(self._weights[:n], np.finfo(np.float32).tiny)
        for c in range(1, self._probabilities.shape[0]):
            self.fields[c - 1, done] = np.round(self._probabilities[c, :n] / weights * 255)
        self.disagreement[done] = np.round(self._disagreement[:n] / weights * 255)
        for sums in (self._probabilities.swapaxes(0, 1), self._disagreement, self._weights):
            sums[: len(sums) - n] = sums[n:].copy()
            sums[len(sums) - n :] = 0.0
        self._first = first


def _gaussian(window_kji: tuple[int, int, int]) -> FloatVoxels:
    k, j, i = (np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (_SIGMA * n)) ** 2) for n in window_kji)
    return np.asarray(k[:, None, None] * j[:, None] * i, dtype=np.float32)
