"""A scripted user who corrects a label by clicking the centre of its largest error, for figures that can be repeated.

The largest error is the largest connected piece (faces touching) of what is missing or of what leaked, by volume; its
centre is the voxel farthest from the outside of that piece, in millimetres. Nothing is drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.box import Box
from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import distance_to_mm
from twin.grid import Grid

__all__ = ["Click", "ClickingUser", "dice"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Click:
    """A click: where, and whether the point belongs to the structure.

    Parameters
    ----------
    point_lps_mm
        (3,) float64, patient space.
    is_inside
        True on what is missing, False on what leaked.
    error_ml
        Volume of the piece that was clicked.
    """

    point_lps_mm: NDArray[np.float64]
    is_inside: bool
    error_ml: float


class ClickingUser:
    """Knows the truth and clicks the largest error.

    Parameters
    ----------
    truth
        bool ``[k, j, i]``, the true structure.
    grid
        Its grid.

    Examples
    --------
    >>> grid = Grid.from_spacing((5, 1, 1), (1, 1, 1))
    >>> truth = np.array([[[False, True, True, True, False]]])
    >>> ClickingUser(truth, grid).click(np.zeros_like(truth)).point_lps_mm.tolist()
    [2.0, 0.0, 0.0]
    """

    def __init__(self, truth: Mask, grid: Grid) -> None:
        if truth.shape != grid.shape_kji:
            raise ValueError("the truth is not on the grid")
        self.truth = truth
        self.grid = grid

    def click(self, drawn: Mask) -> Click | None:
        """Return the next click on a label ``[k, j, i]``, or None when nothing is wrong."""
        box = Box.around(drawn ^ self.truth)
        if box is None:
            return None
        box = box.grown(1, drawn.shape)
        missing = self.truth[box.slices] & ~drawn[box.slices]
        leaked = drawn[box.slices] & ~self.truth[box.slices]
        pieces = [(piece, is_inside) for error, is_inside in ((missing, True), (leaked, False))
                  if (piece := _largest_piece(error)) is not None]  # fmt: skip
        piece, is_inside = max(pieces, key=lambda entry: np.count_nonzero(entry[0]))
        point_kji = _deepest_voxel(piece, self.grid) + np.array(box.start_kji)
        error_ml = np.count_nonzero(piece) * self.grid.voxel_volume_ml
        return Click(self.grid.lps_from_ijk(point_kji[::-1]), is_inside, float(error_ml))

    def corrected(self, drawn: Mask, correct: Callable[[Click], Mask], *, n_clicks: int = 5) -> list[float]:
        """Click up to ``n_clicks`` times; ``correct`` answers each click with the label that follows.

        Returns the Dice before the first click and after each.
        """
        scores = [dice(drawn, self.truth)]
        for _ in range(n_clicks):
            click = self.click(drawn)
            if click is not None:
                drawn = correct(click)
            scores.append(dice(drawn, self.truth))
        return scores


def dice(drawn: Mask, true: Mask) -> float:
    """Overlap of two masks: twice what they share over the sum of both; 1 for two empty ones."""
    total = int(np.count_nonzero(drawn)) + int(np.count_nonzero(true))
    return 2.0 * int(np.count_nonzero(drawn & true)) / total if total else 1.0


def _largest_piece(error: Mask) -> Mask | None:
    pieces, n_voxels = components(error, connectivity=6)
    return (pieces == 1) if n_voxels.size else None


def _deepest_voxel(piece: Mask, grid: Grid) -> NDArray[np.intp]:
    """Index of the voxel farthest from the outside; among equals the one in their middle."""
    padded = np.pad(piece, 1)
    depth_mm = distance_to_mm(~padded, grid.spacing_ijk_mm)[1:-1, 1:-1, 1:-1]
    deepest_kji = np.argwhere(depth_mm > depth_mm.max() - 1e-3)
    gaps_mm = (deepest_kji - deepest_kji.mean(axis=0)) * grid.spacing_ijk_mm[::-1]
    return np.asarray(deepest_kji[int((gaps_mm**2).sum(axis=1).argmin())])
