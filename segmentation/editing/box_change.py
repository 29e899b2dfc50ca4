"""What an editing function gives back: a mask or new labels in a box of the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.box import Box

__all__ = ["BoxChange", "BoxMask", "Labels"]

Labels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class BoxMask:
    """Voxels chosen in a box; outside it none is.

    Parameters
    ----------
    box
        Where, in the layer.
    mask
        bool ``[k, j, i]`` of the shape of the box.
    """

    box: Box
    mask: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.mask.shape != self.box.shape_kji:
            raise ValueError(f"a mask {self.mask.shape} does not fit the box {self.box.shape_kji}")

    def within(self, box: Box) -> NDArray[np.bool_]:
        """Return the mask of another box, false outside this one.

        Examples
        --------
        >>> chosen = BoxMask(Box((0, 0, 1), (1, 1, 3)), np.array([[[True, False]]]))
        >>> chosen.within(Box((0, 0, 0), (1, 1, 2))).tolist()
        [[[False, True]]]
        """
        out = np.zeros(box.shape_kji, np.bool_)
        starts = [max(a, b) for a, b in zip(self.box.start_kji, box.start_kji, strict=True)]
        stops = [max(min(a, b), s) for a, b, s in zip(self.box.stop_kji, box.stop_kji, starts, strict=True)]
        there = tuple(slice(a - s, b - s) for a, b, s in zip(starts, stops, box.start_kji, strict=True))
        here = tuple(slice(a - s, b - s) for a, b, s in zip(starts, stops, self.box.start_kji, strict=True))
        out[there] = self.mask[here]
        return out


@dataclass(frozen=True, eq=False)
class BoxChange:
    """New labels of a box.

    Parameters
    ----------
    box
        Where, in the layer.
    voxels
        Labels ``[k, j, i]`` of the shape of the box, of the type of the layer.
    """

    box: Box
    voxels: Labels

    def __post_init__(self) -> None:
        if self.voxels.shape != self.box.shape_kji:
            raise ValueError(f"voxels {self.voxels.shape} do not fit the box {self.box.shape_kji}")
