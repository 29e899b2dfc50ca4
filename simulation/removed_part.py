"""What one cut of a plan removes: its voxels, and how deep a voxel lies inside the removed part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.box import Box
from twin.resection import Resection

__all__ = ["FAR_MM", "RemovedPart"]

FAR_MM = -1e6  # depth where none was measured

Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RemovedPart:
    """What one cut removes.

    Parameters
    ----------
    resection
        The cut.
    voxels
        bool ``[k, j, i]`` in the box of the organ model; outside of the organ it goes on.
    depth_mm
        From flat voxel indices of the box to the distance to the cut, positive inside the removed part.
    shifted_voxels
        What it removes with the boundary of its lesion shifted inwards and outwards; None where no lesion decides.
    leans
        From flat voxel indices to the direction in which the depth changes, unit vectors along i, j, k, (n, 3); None
        where only voxels are known.
    spared_nodes
        By tree, nodes of trunks that stay though they lie in removed tissue, bool (n_nodes,).
    box
        Part of the box of the model that holds every removed voxel; None for all of it.
    whole_depth_mm
        The depth at every voxel, float32 ``[k, j, i]``, where it is measured voxel by voxel.
    depth_between_mm
        From places between voxels, (n, 3) along i, j, k, to the depth there; None where only voxels have one.
    """

    resection: Resection
    voxels: Mask
    depth_mm: Callable[[Indices], NDArray[np.float64]]
    shifted_voxels: tuple[Mask, Mask] | None = None
    leans: Callable[[Indices], NDArray[np.float64]] | None = None
    spared_nodes: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    box: Box | None = None
    whole_depth_mm: Callable[[], NDArray[np.float32]] | None = None
    depth_between_mm: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
