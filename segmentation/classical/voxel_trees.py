"""What boosted trees say of voxels, asked a part at a time, and the brightness of an organ that they compare with."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.boosted_trees import BoostedTrees
from twin.job import CancelToken

__all__ = ["brightness_of_organ", "probabilities_of_voxels"]

FloatVoxels = NDArray[np.float32]
Points = NDArray[np.int32]

_ROWS_AT_ONCE = 20_000
_SURE = 0.8
_LEAST_SPREAD_HU = 6.0


class _Evidence(Protocol):
    """What the trees read of voxels."""

    def of(self, points_kji: Points) -> FloatVoxels:
        """Return the features of voxels, float32 (points, features)."""
        ...


def probabilities_of_voxels(
    trees: BoostedTrees, evidence: _Evidence, points_kji: Points, *, cancel: CancelToken | None = None
) -> FloatVoxels:
    """Return the probability of each class at voxels, float32 (points, classes).

    Raises
    ------
    Cancelled
        When ``cancel`` was set; it is polled every 20 000 voxels.
    """
    probabilities = np.empty((len(points_kji), trees.n_classes), np.float32)
    for start in range(0, len(points_kji), _ROWS_AT_ONCE):
        if cancel is not None:
            cancel.raise_if_cancelled()
        some = slice(start, start + _ROWS_AT_ONCE)
        probabilities[some] = trees.probabilities(evidence.of(points_kji[some]))
    return probabilities


def brightness_of_organ(hu: FloatVoxels, probability: FloatVoxels) -> tuple[float, float]:
    """Return median and robust spread of the HU ``[k, j, i]`` where an organ is most probable."""
    sure = ndimage.uniform_filter(hu, 3)[probability >= min(_SURE, 0.9 * float(probability.max()))]
    median = float(np.median(sure))
    spread = 1.4826 * float(np.median(np.abs(sure - median)))
    return median, max(spread, _LEAST_SPREAD_HU)
