"""The boxes around all structures of a layer, in one pass."""

from __future__ import annotations

import numpy as np

from segmentation.editing.box_change import Labels
from twin.box import Box
from twin.value_runs import run_ends

__all__ = ["boxes_of_values"]


def boxes_of_values(labels: Labels) -> dict[int, Box]:
    """Return the smallest box around each value that occurs in ``labels[k, j, i]``, background left out.

    Examples
    --------
    >>> boxes_of_values(np.array([[[0, 4, 4], [0, 0, 4]]], np.uint8))
    {4: Box(start_kji=(0, 0, 1), stop_kji=(1, 2, 3))}
    """
    _, nj, ni = labels.shape
    ends = run_ends(labels)
    starts = np.concatenate([[0], ends[:-1]])
    values = np.ascontiguousarray(labels).reshape(-1)[starts]
    labelled = values != 0
    starts, last, values = starts[labelled], ends[labelled] - 1, values[labelled]
    first_row, last_row = starts // ni, last // ni
    is_long = first_row != last_row  # a run that goes on in the next row spans all columns
    low = np.stack([first_row // nj, np.where(first_row // nj != last_row // nj, 0, first_row % nj), starts % ni])
    high = np.stack([last_row // nj, np.where(first_row // nj != last_row // nj, nj - 1, last_row % nj), last % ni])
    low[2, is_long], high[2, is_long] = 0, ni - 1
    found = {}
    for value in np.unique(values):
        here = values == value
        (k0, j0, i0), (k1, j1, i1) = low[:, here].min(axis=1).tolist(), (high[:, here].max(axis=1) + 1).tolist()
        found[int(value)] = Box((k0, j0, i0), (k1, j1, i1))
    return found
