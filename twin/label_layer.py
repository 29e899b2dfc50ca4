"""A layer of labels on a grid: which voxel belongs to which structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, Structure, structure, structure_of_value
from twin.box import Box
from twin.errors import GeometryError
from twin.grid import Grid
from twin.label_doubt import LabelDoubt
from twin.provenance import Provenance, array_hash
from twin.uncertainty import BoundaryUncertainty
from twin.value_runs import counts_of_values

__all__ = ["LabelLayer", "lesion_layer"]

Labels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class LabelLayer:
    """Labels that exclude each other, on one grid. Value 0 is background.

    Parameters
    ----------
    name
        Which layer of the case.
    grid
        Where the voxels are.
    voxels
        uint8 or uint16 ``[k, j, i]``; made read-only.
    uncertainties
        Structure id to boundary uncertainty.
    provenance
        Who made it.
    known_hash
        SHA-256 of the voxels where it is known already (read from a verified file); spares computing it again.
    doubts
        What a person should look at before trusting the labels; figures computed from them carry these doubts on.

    Examples
    --------
    >>> grid = Grid.from_spacing((2, 2, 2), (1, 1, 1))
    >>> layer = LabelLayer(LayerName.ORGANS, grid, np.ones((2, 2, 2), np.uint8))
    >>> layer.structure_ids(), round(layer.volume_ml("liver"), 3)
    (('liver',), 0.008)
    """

    name: LayerName
    grid: Grid
    voxels: Labels
    uncertainties: Mapping[str, BoundaryUncertainty] = field(default_factory=dict)
    provenance: Provenance | None = None
    known_hash: str = field(default="", repr=False)
    doubts: tuple[LabelDoubt, ...] = ()

    def __post_init__(self) -> None:
        if self.voxels.shape != self.grid.shape_kji:
            raise GeometryError("error.volume.shape", voxels=str(self.voxels.shape), grid=str(self.grid.shape_kji))
        if self.voxels.dtype not in (np.uint8, np.uint16):
            raise TypeError(f"labels must be uint8 or uint16, not {self.voxels.dtype}")
        voxels = np.ascontiguousarray(self.voxels)
        voxels.setflags(write=False)
        object.__setattr__(self, "voxels", voxels)

    @classmethod
    def empty(cls, name: LayerName, grid: Grid) -> LabelLayer:
        """Return a layer without any label."""
        return cls(name, grid, np.zeros(grid.shape_kji, np.uint8))

    def values(self) -> tuple[int, ...]:
        """Label values that occur, ascending, without background."""
        return tuple(int(value) for value in np.flatnonzero(self._n_voxels) if value != 0)

    @cached_property
    def _n_voxels(self) -> NDArray[np.int64]:
        """Number of voxels by value; counted once, since the voxels never change."""
        counts = np.zeros(np.iinfo(self.voxels.dtype).max + 1, np.int64)
        for labels_ji in self.voxels:  # slice by slice: little memory
            counts += counts_of_values(labels_ji, counts.size)
        return counts

    def structure_ids(self) -> tuple[str, ...]:
        """Ids of the structures that occur."""
        return tuple(structure_of_value(self.name, value).id for value in self.values())

    def structures(self) -> tuple[Structure, ...]:
        """Structures that occur."""
        return tuple(structure_of_value(self.name, value) for value in self.values())

    def mask(self, structure_id: str) -> NDArray[np.bool_]:
        """Boolean ``[k, j, i]`` of one structure. ``skin`` is the whole body: every voxel of the layer ``context``.

        Raises
        ------
        InputError
            When the id is unknown.
        GeometryError
            When it belongs to another layer.
        """
        value = self._value_of(structure_id)
        return np.asarray(self.voxels != 0 if value is None else self.voxels == value)

    def box(self, structure_id: str) -> Box | None:
        """Smallest box around a structure, or None when it does not occur."""
        if structure_id not in self._boxes:
            self._boxes[structure_id] = Box.around(self.mask(structure_id))
        return self._boxes[structure_id]

    @cached_property
    def _boxes(self) -> dict[str, Box | None]:
        """Boxes by structure, as far as they were asked for: the voxels never change."""
        return {}

    def volume_ml(self, structure_id: str) -> float:
        """Volume of a structure in millilitres, from its voxels; raises like :meth:`mask`."""
        value, counts = self._value_of(structure_id), self._n_voxels
        if value is None:
            return float(counts[1:].sum()) * self.grid.voxel_volume_ml
        return float(counts[value] if value < counts.size else 0) * self.grid.voxel_volume_ml

    def _value_of(self, structure_id: str) -> int | None:
        """Value that a structure has in this layer; None for one that is every labelled voxel."""
        wanted = structure(structure_id)
        if wanted.layer is not self.name:
            raise GeometryError("error.anatomy.wrong_layer", structure=structure_id, layer=self.name.value)
        return None if structure_id in ("skin", "lesion") else wanted.value

    def with_voxels(self, voxels: Labels, provenance: Provenance | None = None) -> LabelLayer:
        """Return a copy with other voxels."""
        return replace(self, voxels=voxels, provenance=provenance or self.provenance, known_hash="")

    def with_box(
        self,
        box: Box,
        voxels: Labels,
        *,
        uncertainties: Mapping[str, BoundaryUncertainty],
        provenance: Provenance | None,
    ) -> LabelLayer:
        """Return a copy with other voxels ``[k, j, i]`` inside a box, and what is now known of the layer."""
        changed = self.voxels.copy()
        changed[box.slices] = voxels
        layer = LabelLayer(self.name, self.grid, changed, uncertainties, provenance, doubts=self.doubts)
        counts = self.__dict__.get("_n_voxels")
        if counts is not None:  # counted on from what is known: after a stroke nothing waits for a recount
            old, new = (counts_of_values(part, counts.size) for part in (self.voxels[box.slices], voxels))
            layer.__dict__["_n_voxels"] = counts - old + new
        return layer

    def with_uncertainties(self, uncertainties: Mapping[str, BoundaryUncertainty]) -> LabelLayer:
        """Return a copy with these uncertainties added to those it has."""
        layer = replace(self, uncertainties={**self.uncertainties, **uncertainties})
        layer.__dict__.update({name: self.__dict__[name] for name in ("hash", "_n_voxels") if name in self.__dict__})
        return layer

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the voxels."""
        return self.known_hash or array_hash(self.voxels)


def lesion_layer(grid: Grid, masks_kji: list[NDArray[np.bool_]], provenance: Provenance | None = None) -> LabelLayer:
    """Number lesions by falling volume and return them as the layer ``lesions``: ``lesion-1`` is the largest."""
    voxels = np.zeros(grid.shape_kji, np.uint8 if len(masks_kji) < 256 else np.uint16)
    by_volume = sorted(masks_kji, key=np.count_nonzero, reverse=True)
    for value, mask in enumerate(by_volume, start=1):
        voxels[mask] = value
    return LabelLayer(LayerName.LESIONS, grid, voxels, provenance=provenance)
