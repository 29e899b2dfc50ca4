"""The same voxels with their axes in another order or direction: no interpolation, nothing lost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.grid import Grid

__all__ = ["reoriented"]

_SAME_DIRECTION = 1e-3


def reoriented(labels: NDArray[np.uint16], grid: Grid, reference: Grid) -> tuple[NDArray[np.uint16], Grid, bool]:
    """Turn labels ``[k, j, i]`` so that their axes run along those of a reference.

    Parameters
    ----------
    labels, grid
        What is turned.
    reference
        Whose directions are taken; its spacing and place are not regarded.

    Returns
    -------
    tuple
        Labels, their grid, and whether anything was turned. Returned as they came when the axes of the two grids
        are not parallel.

    Examples
    --------
    >>> grid = Grid.from_spacing((3, 2, 1), (1, 1, 1), direction=np.diag([-1.0, -1.0, 1.0]))
    >>> labels = np.arange(6, dtype=np.uint16).reshape(1, 2, 3)
    >>> turned, _, _ = reoriented(labels, grid, Grid.from_spacing((3, 2, 1), (1, 1, 1)))
    >>> turned.tolist()
    [[[5, 4, 3], [2, 1, 0]]]
    """
    turn = reference.direction.T @ grid.direction  # rows: axes of the reference, columns: own axes
    signed = np.rint(turn)
    if np.abs(turn - signed).max() > _SAME_DIRECTION or np.array_equal(signed, np.eye(3)):
        return labels, grid, False
    own_axis = np.abs(signed).argmax(axis=1)
    signs = signed[np.arange(3), own_axis]
    voxels_ijk = labels.transpose(2, 1, 0).transpose(own_axis)
    steps = grid.affine_lps_mm[:3, own_axis]
    origin = grid.origin_lps_mm.copy()
    for axis in np.flatnonzero(signs < 0).tolist():
        origin += steps[:, axis] * (voxels_ijk.shape[axis] - 1)
        steps[:, axis] *= -1.0
        voxels_ijk = np.flip(voxels_ijk, axis)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps, origin
    i, j, k = voxels_ijk.shape
    turned = Grid((i, j, k), affine, grid.frame_of_reference_uid)
    return np.ascontiguousarray(voxels_ijk.transpose(2, 1, 0)), turned, True
