"""A change of the voxels of one layer inside a box: a stroke of the brush, a fill, a cleaned border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from twin.anatomy import LayerName, structure_of_value
from twin.box import Box
from twin.case import Case
from twin.edit.edit import Edit
from twin.edit.packed_array import PackedArray
from twin.edit.results_edit import with_results_of
from twin.errors import InputError
from twin.label_layer import LabelLayer, Labels
from twin.provenance import Provenance
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.value_runs import changed_box

__all__ = ["BoxState", "VoxelEdit"]


@dataclass(frozen=True)
class BoxState:
    """The voxels of a box at one moment, and what the layer said of itself then."""

    voxels: PackedArray
    layer_exists: bool = True
    uncertainties: Mapping[str, BoundaryUncertainty] = field(default_factory=dict)
    provenance: Provenance | None = None


@dataclass(frozen=True)
class VoxelEdit:
    """Replace the voxels of ``box`` in ``layer``; ``before`` must be what is there.

    Parameters
    ----------
    layer, box
        Where.
    before, after
        Voxels of the box, compressed, with the uncertainties and the provenance of the layer.
    revision
        Revision of the layer it was made on, or None where only ``before`` is compared.
    label
        Message id of the words for undo.
    """

    layer: LayerName
    box: Box
    before: BoxState
    after: BoxState
    revision: int | None = None
    label: str = "edit.voxels"

    @classmethod
    def between(
        cls,
        case: Case,
        layer_name: LayerName,
        box: Box,
        voxels: Labels,
        *,
        origin: LabelOrigin = LabelOrigin.EDITED,
        new_origin: LabelOrigin = LabelOrigin.MANUAL,
        provenance: Provenance | None = None,
        label: str = "edit.voxels",
    ) -> VoxelEdit | None:
        """Return the edit that brings a box of the case's layer to ``voxels[k, j, i]``; None if nothing differs.

        The edit holds the smallest box around the voxels that differ. Structures that were there and are touched
        get ``origin``, unless they were drawn by hand; those that were not there get ``new_origin``.

        Raises
        ------
        InputError
            When a value stands for no structure of the layer.
        """
        layer = case.layer(layer_name)
        old = layer.voxels[box.slices]
        if voxels.dtype != old.dtype or voxels.shape != old.shape:
            raise ValueError(f"voxels {voxels.dtype}{voxels.shape} do not fit {old.dtype}{old.shape}")
        found = changed_box(old, voxels)
        if found is None:
            return None
        changed, touched = found
        old, new = old[changed.slices], voxels[changed.slices]
        exists = layer_name in case.layers
        before = BoxState(PackedArray.of(old), exists, layer.uncertainties, layer.provenance)
        present = set(layer.values()) if exists else set()
        origins = {value: origin if value in present else new_origin for value in touched if value != 0}
        uncertainties = _edited(layer, origins, present)
        after = BoxState(PackedArray.of(new), True, uncertainties, provenance or layer.provenance)
        return cls(layer_name, _within(box, changed), before, after, case.revision(layer_name), label)

    @property
    def n_bytes(self) -> int:
        """Bytes it takes in memory, nearly."""
        return self.before.voxels.n_bytes + self.after.voxels.n_bytes + 512

    def apply(self, case: Case) -> Case:
        """Return the case with the box changed.

        Raises
        ------
        InputError
            ``error.edit.outdated`` when the voxels there are not those it was made on.
        """
        layer = case.layer(self.layer)
        old = layer.voxels[self.box.slices]
        is_outdated = self.revision is not None and self.revision != case.revision(self.layer)
        if is_outdated or not np.array_equal(old, self.before.voxels.array()):
            raise InputError("error.edit.outdated")
        if not self.after.layer_exists:
            return case.without_layer(self.layer)
        changed = layer.with_box(
            self.box,
            self.after.voxels.array(),  # type: ignore[arg-type]
            uncertainties=self.after.uncertainties,
            provenance=self.after.provenance,
        )
        return case.with_layer(changed)

    def inverted(self, case_before: Case) -> Edit:
        """Return the edit that brings back ``case_before``."""
        inverse = replace(self, before=self.after, after=self.before, revision=None)
        return with_results_of(inverse, case_before)


def _within(outer: Box, inner: Box) -> Box:
    """Box of the indices ``inner``, which count from the start of ``outer``."""
    k, j, i = outer.start_kji
    (k0, j0, i0), (k1, j1, i1) = inner.start_kji, inner.stop_kji
    return Box((k + k0, j + j0, i + i0), (k + k1, j + j1, i + i1))


def _edited(layer: LabelLayer, origins: Mapping[int, LabelOrigin], present: set[int]) -> dict[str, BoundaryUncertainty]:
    """Uncertainties after structures (by value) got an origin; one that is there and drawn by hand stays so."""
    uncertainties = dict(layer.uncertainties)
    for value, origin in sorted(origins.items()):
        structure_id = structure_of_value(layer.name, value).id
        known = uncertainties.get(structure_id)
        if value not in present or known is None or known.origin is not LabelOrigin.MANUAL:
            uncertainties[structure_id] = BoundaryUncertainty.of_origin(origin)
    return uncertainties
