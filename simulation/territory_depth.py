"""How deep places lie in a part that is known by its voxels only: the distance to what of the organ stays."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.kernels.nearest_voxel import border_voxels, distance_by_offsets_mm, offsets_within
from simulation.organ_model import OrganModel
from twin.box import Box

__all__ = ["TerritoryDepth"]

_NEAR_VOXELS = 4.0  # so far voxels are looked at one by one; the few that lie deeper ask a tree


class TerritoryDepth:
    """The depth in a set of voxels, asked at some of them: at the faces of its border and along vessels.

    Inside it is the distance to the nearest organ voxel that stays; beyond the capsule the part goes on, so that only
    its border with the rest of the organ counts. Outside it is minus the smallest side of a voxel.

    Parameters
    ----------
    voxels
        bool ``[k, j, i]`` in the box of the model.
    model
        The organ.
    """

    def __init__(self, voxels: NDArray[np.bool_], model: OrganModel) -> None:
        self._voxels = voxels
        self._model = model

    def __call__(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the depth at flat indices of the box, float64 (n,)."""
        spacing = self._model.grid.spacing_ijk_mm
        depths = np.full(at.size, -float(spacing.min()))
        inside = np.flatnonzero(self._voxels.ravel()[at] & self._model.organ.ravel()[at])
        if not inside.size:
            return depths
        box, rest = self._rest
        places = np.stack(np.unravel_index(at[inside], self._voxels.shape), axis=1) - np.array(box.start_kji)
        found = distance_by_offsets_mm(rest, places, *self._offsets)
        far = np.flatnonzero(np.isinf(found))
        if far.size and self._border is not None:
            found[far], _ = self._border.query(places[far] * spacing[::-1])
        depths[inside] = found
        return depths

    @cached_property
    def _rest(self) -> tuple[Box, NDArray[np.bool_]]:
        """What stays of the organ in the box of the part and one voxel around."""
        box = Box.around(self._voxels & self._model.organ)
        assert box is not None
        k, j, i = self._voxels.shape
        box = box.grown(1, (k, j, i))
        return box, self._model.organ[box.slices] & ~self._voxels[box.slices]

    @cached_property
    def _offsets(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        spacing = self._model.grid.spacing_ijk_mm
        return offsets_within(max(_NEAR_VOXELS * float(spacing.min()), 1.001 * float(spacing.max())), spacing)

    @cached_property
    def _border(self) -> cKDTree | None:
        """The border of what stays, in mm along k, j, i; None where nothing does."""
        places = border_voxels(self._rest[1])
        if not len(places):
            return None
        # Many points, few questions: a tree that is quick to build.
        return cKDTree(places * self._model.grid.spacing_ijk_mm[::-1], balanced_tree=False, compact_nodes=False)
