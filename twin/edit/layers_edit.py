"""Whole label layers replaced: the result of a segmentation, of an import of labels, of a registration."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.anatomy import LayerName
from twin.case import Case
from twin.edit.basis import Basis
from twin.edit.edit import Edit
from twin.edit.packed_array import PackedArray
from twin.edit.results_edit import with_results_of
from twin.grid import Grid
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.provenance import Provenance
from twin.uncertainty import BoundaryUncertainty

__all__ = ["LayersEdit", "PackedLayer"]


@dataclass(frozen=True)
class PackedLayer:
    """A label layer compressed, as undo keeps it."""

    name: LayerName
    grid: Grid
    voxels: PackedArray
    uncertainties: Mapping[str, BoundaryUncertainty]
    provenance: Provenance | None
    known_hash: str
    doubts: tuple[LabelDoubt, ...] = ()

    @classmethod
    def of(cls, layer: LabelLayer) -> PackedLayer:
        """Compress a layer."""
        known_hash = str(layer.__dict__.get("hash", layer.known_hash))
        packed = PackedArray.of(layer.voxels)
        return cls(layer.name, layer.grid, packed, layer.uncertainties, layer.provenance, known_hash, layer.doubts)

    def layer(self) -> LabelLayer:
        """Return the layer as it was: the same object as long as somebody holds it."""
        last: weakref.ref[LabelLayer] | None = self.__dict__.get("_last")
        layer = None if last is None else last()
        if layer is None:
            layer = LabelLayer(
                self.name,
                self.grid,
                self.voxels.array(),  # type: ignore[arg-type]
                self.uncertainties,
                self.provenance,
                self.known_hash,
                self.doubts,
            )
            object.__setattr__(self, "_last", weakref.ref(layer))
        return layer


@dataclass(frozen=True)
class LayersEdit:
    """Add, replace or remove whole layers.

    Parameters
    ----------
    layers
        Layer by name; None removes it.
    not_found
        Structure id to reason (message id) for what was searched and not found; None takes an entry back. A
        structure that the new layers hold is taken off the list of its own accord.
    basis
        What the layers were made from; the edit is refused when that has changed. None for none.
    label
        Message id of the words for undo.

    Examples
    --------
    >>> import numpy as np
    >>> grid = Grid.from_spacing((2, 2, 2), (1, 1, 1))
    >>> layer = LabelLayer(LayerName.ORGANS, grid, np.ones((2, 2, 2), np.uint8))
    >>> LayersEdit({LayerName.ORGANS: layer}).apply(Case("example")).structure_ids()
    ('liver',)
    """

    layers: Mapping[LayerName, LabelLayer | PackedLayer | None]
    not_found: Mapping[str, str | None] = field(default_factory=dict)
    basis: Basis | None = None
    label: str = "edit.layers"

    def __post_init__(self) -> None:
        for name, layer in self.layers.items():
            if layer is not None and layer.name is not name:
                raise ValueError(f"the layer {layer.name} is given as {name}")

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return 512 + sum(
            layer.voxels.n_bytes if isinstance(layer, PackedLayer) else layer.voxels.nbytes
            for layer in self.layers.values()
            if layer is not None
        )

    def unpacked(self) -> Mapping[LayerName, LabelLayer | None]:
        """Return the layers in full."""
        return {n: la.layer() if isinstance(la, PackedLayer) else la for n, la in self.layers.items()}

    def apply(self, case: Case) -> Case:
        """Return the case with the layers changed.

        Raises
        ------
        InputError
            ``error.edit.outdated`` when what the layers were made from has changed.
        GeometryError
            When a layer is not on the reference grid.
        """
        if self.basis is not None:
            self.basis.require_current(case)
        not_found = dict(case.not_found)
        for name, layer in self.unpacked().items():
            case = case.without_layer(name) if layer is None else case.with_layer(layer)
            for structure_id in () if layer is None or not not_found else layer.structure_ids():
                not_found.pop(structure_id, None)
        for structure_id, reason in self.not_found.items():
            not_found.pop(structure_id, None)
            if reason is not None:
                not_found[structure_id] = reason
        return case.with_not_found(not_found)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``; it keeps the layers of before compressed."""
        before = {name: case_before.layers.get(name) for name in self.layers}
        packed = {name: None if layer is None else PackedLayer.of(layer) for name, layer in before.items()}
        added: dict[str, str | None] = dict.fromkeys(self.not_found)
        inverse = LayersEdit(packed, {**added, **case_before.not_found}, None, self.label)
        return with_results_of(inverse, case_before)
