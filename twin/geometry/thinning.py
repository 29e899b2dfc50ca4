"""Centrelines of a mask by thinning: curves one voxel wide with the topology of the mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.geometry.kernels.thinning import fill_planes, thin, true_voxels

__all__ = ["skeleton_kji", "skeleton_of_mask", "true_kji"]


def skeleton_of_mask(mask_kji: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the centrelines of a mask: same pieces (26-connected), same holes, same Euler number.

    A cavity stays enclosed by a shell: fill cavities first where curves are wanted.

    Parameters
    ----------
    mask_kji
        bool ``[k, j, i]``.

    Returns
    -------
    bool ``[k, j, i]``, part of the mask.

    Examples
    --------
    >>> bar = np.zeros((5, 5, 9), bool)
    >>> bar[1:4, 1:4, 1:8] = True
    >>> np.argwhere(skeleton_of_mask(bar)).tolist()
    [[2, 2, 1], [2, 2, 2], [2, 2, 3], [2, 2, 4], [2, 2, 5], [2, 2, 6], [2, 2, 7]]
    """
    skeleton = np.zeros(mask_kji.shape, np.bool_)
    skeleton[tuple(skeleton_kji(mask_kji).T)] = True
    return skeleton


def skeleton_kji(mask_kji: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the voxels of :func:`skeleton_of_mask`, int64 (n, 3) in the order of the array."""
    voxels = true_kji(mask_kji)
    if len(voxels) == 0:
        return voxels
    first = voxels.min(axis=0) - 1  # a rim of one voxel around the box of the mask
    shape = voxels.max(axis=0) - first + 2
    step_k, step_j = int(shape[1] * shape[2]), int(shape[2])
    places = (voxels - first) @ np.array([step_k, step_j, 1])
    planes = np.zeros(int(np.prod(shape)), np.uint16)
    fill_planes(planes, places, step_j)
    kept = thin(planes, places, step_j, step_k)
    return np.asarray(np.stack(np.unravel_index(kept, tuple(shape)), axis=1) + first, np.int64)


def true_kji(mask_kji: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the true voxels, int64 (n, 3) in the order of the array: ``argwhere``, quick where few are true."""
    flat = np.ascontiguousarray(mask_kji).reshape(-1)
    words = flat[: flat.size // 8 * 8].view(np.uint64)
    places = true_voxels(words, flat, int(np.count_nonzero(flat)))
    return np.stack(np.unravel_index(places, mask_kji.shape), axis=1)
