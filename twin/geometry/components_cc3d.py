"""Connected components of masks, with the connected-components-3d package."""

from __future__ import annotations

from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

__all__ = ["component_sizes", "components", "without_cavities"]


def components(
    mask: NDArray[np.bool_], *, connectivity: Literal[6, 18, 26] = 26
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Number the connected pieces of a mask by falling size.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``.
    connectivity
        6, 18 or 26 neighbours.

    Returns
    -------
    labels
        uint32 ``[k, j, i]``: 0 outside, 1 the largest piece.
    n_voxels
        int64 (n_pieces,), falling.

    Examples
    --------
    >>> labels, n_voxels = components(np.array([[[True, False, True, True]]]))
    >>> labels.tolist(), n_voxels.tolist()
    ([[[2, 0, 1, 1]]], [2, 1])
    """
    found = cc3d.connected_components(
        np.ascontiguousarray(mask).view(np.uint8), connectivity=connectivity, binary_image=True
    )
    sizes = np.bincount(found.ravel())[1:]
    order = np.argsort(-sizes, kind="stable")
    number = np.zeros(len(sizes) + 1, np.uint32)
    number[order + 1] = np.arange(1, len(sizes) + 1)
    return number[found], sizes[order].astype(np.int64)


def component_sizes(mask: NDArray[np.bool_], *, connectivity: Literal[6, 18, 26] = 26) -> NDArray[np.int64]:
    """Return the number of voxels of each connected piece of a mask, falling, int64 (n_pieces,).

    Examples
    --------
    >>> component_sizes(np.array([[[True, False, True, True]]])).tolist()
    [2, 1]
    """
    whole = np.ascontiguousarray(mask)
    found = cc3d.connected_components(whole.view(np.uint8), connectivity=connectivity)
    sizes = np.bincount(found[whole])[1:]  # counting the mask alone is four times faster than counting all
    return np.sort(sizes)[::-1].astype(np.int64)


def without_cavities(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask with its cavities filled: background that no path through faces leads out of.

    Examples
    --------
    >>> hollow = np.ones((3, 3, 3), bool)
    >>> hollow[1, 1, 1] = False
    >>> int(without_cavities(hollow).sum())
    27
    """
    outside = np.pad(~mask, 1, constant_values=True).view(np.uint8)
    found, n_found = cc3d.connected_components(outside, connectivity=6, binary_image=True, return_N=True)
    if n_found == 1:
        return mask
    return np.asarray(found[1:-1, 1:-1, 1:-1] != found[0, 0, 0])
