"""Removal of a lesion with a margin, by a wedge or an ablation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.intervals import LEVELS, reach_kji, shifted_shares
from simulation.organ_model import OrganModel
from simulation.removed_part import FAR_MM, RemovedPart
from twin.anatomy import LayerName
from twin.box import Box
from twin.errors import GeometryError, InputError
from twin.geometry.distance_edt import distance_to_mm
from twin.resection import AblationZone, WedgeCut

__all__ = ["around_lesion"]

# Distances are computed in float32: a voxel at exactly the margin must not be lost to its last bit.
_MARGIN_TOLERANCE_MM = 1e-4
_ROOM_VOXELS = 4  # the depth goes on beyond the margin, so that surfaces can be drawn through it

Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


def around_lesion(cut: WedgeCut | AblationZone, model: OrganModel) -> RemovedPart:
    """Return all voxels whose centre lies within the margin of the centre of a lesion voxel (exact distances).

    Raises
    ------
    InputError
        ``error.plan.no_such_lesion``.
    GeometryError
        ``error.plan.lesion_outside_organ``.
    """
    value = _lesion_value(cut.lesion_id, model)
    grid = model.twin.grid
    lesion_box = model.twin.box(cut.lesion_id)
    assert lesion_box is not None
    spacing_kji = grid.spacing_ijk_mm[::-1]
    uncertainty = model.twin.uncertainty(cut.lesion_id)
    reach = reach_kji(grid.spacing_ijk_mm, uncertainty)
    n_k, n_j, n_i = (int(n) + _ROOM_VOXELS + r for n, r in zip(cut.margin_mm / spacing_kji, reach, strict=True))
    room = lesion_box.grown((n_k, n_j, n_i), grid.shape_kji)
    lesion = model.twin.layers[LayerName.LESIONS].voxels[room.slices] == value
    inwards, outwards = shifted_shares(lesion, grid.spacing_ijk_mm, uncertainty)

    def field_around(mask: Mask) -> _Field:
        depth = np.asarray(cut.margin_mm - distance_to_mm(mask, grid.spacing_ijk_mm), np.float32)
        return _Field.of_room(depth, room, model)

    field = field_around(lesion)
    half = LEVELS // 2
    low, high = (field_around(shares >= half).removed() for shares in (inwards, outwards))
    return RemovedPart(
        cut,
        field.removed(),
        field.at,
        (low, high),
        lambda at: _directions(field, at, grid.spacing_ijk_mm),
        box=field.box,
        whole_depth_mm=field.whole,
    )


@dataclass(frozen=True, eq=False)
class _Field:
    """Depths in a part of the box of a model, float32 ``[k, j, i]`` in ``box``; far outside of it."""

    depth_mm: NDArray[np.float32]
    box: Box
    shape_kji: tuple[int, int, int]

    @classmethod
    def of_room(cls, depth_mm: NDArray[np.float32], room: Box, model: OrganModel) -> _Field:
        """Take what lies in the box of the model from a room of the twin's grid."""
        start = np.maximum(model.box.start_kji, room.start_kji)
        stop = np.maximum(np.minimum(model.box.stop_kji, room.stop_kji), start)
        origin = tuple(slice(a, b) for a, b in zip(start - room.start_kji, stop - room.start_kji, strict=True))
        (k0, j0, i0), (k1, j1, i1) = ((end - model.box.start_kji).tolist() for end in (start, stop))
        return cls(np.ascontiguousarray(depth_mm[origin]), Box((k0, j0, i0), (k1, j1, i1)), model.box.shape_kji)

    def at(self, voxels: Indices) -> NDArray[np.float64]:
        """Return the depth at flat indices of the box of the model, float64 (n,)."""
        places = np.stack(np.unravel_index(voxels, self.shape_kji)) - np.reshape(self.box.start_kji, (3, 1))
        inside = np.flatnonzero(((places >= 0) & (places < np.reshape(self.box.shape_kji, (3, 1)))).all(axis=0))
        found = np.full(voxels.size, FAR_MM)
        found[inside] = self.depth_mm[tuple(places[:, inside])]
        return found

    def whole(self) -> NDArray[np.float32]:
        """Return the depth at every voxel of the box of the model."""
        found = np.full(self.shape_kji, FAR_MM, np.float32)
        found[self.box.slices] = self.depth_mm
        return found

    def removed(self) -> Mask:
        """Return which voxels of the box of the model lie within the margin."""
        found = np.zeros(self.shape_kji, np.bool_)
        found[self.box.slices] = self.depth_mm >= -_MARGIN_TOLERANCE_MM
        return found


def _directions(field: _Field, at: Indices, spacing_ijk_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the direction in which a field changes at voxels, by the voxels beside them."""
    places = np.unravel_index(at, field.shape_kji)
    slopes = np.empty((at.size, 3))
    for axis in range(3):
        last = field.shape_kji[2 - axis] - 1
        beside = [list(places), list(places)]
        beside[0][2 - axis] = np.maximum(places[2 - axis] - 1, 0)
        beside[1][2 - axis] = np.minimum(places[2 - axis] + 1, last)
        before, after = (field.at(np.ravel_multi_index(tuple(place), field.shape_kji)) for place in beside)
        slopes[:, axis] = (after - before) / spacing_ijk_mm[axis]
    return np.asarray(slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-9))


def _lesion_value(lesion_id: str, model: OrganModel) -> int:
    """Return the label value of a lesion that lies in the organ."""
    known = model.twin.lesion_ids
    if lesion_id not in known:
        raise InputError("error.plan.no_such_lesion", lesion=lesion_id, known=", ".join(known) or "-")
    value = int(lesion_id.rpartition("-")[2])
    if value not in model.lesion_values:
        raise GeometryError("error.plan.lesion_outside_organ", lesion=lesion_id, structure=model.organ_id)
    return value
