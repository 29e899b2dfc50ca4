"""The voxels that are being edited: the only mutable ones of a case."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.edit import VoxelEdit
from twin.label_layer import Labels
from twin.provenance import Provenance
from twin.uncertainty import LabelOrigin

__all__ = ["LabelCrop", "WorkingBuffer"]


@dataclass(frozen=True)
class LabelCrop:
    """A read-only copy of part of a layer, with the revision it was taken at."""

    layer: LayerName
    box: Box
    voxels: Labels
    revision: int


class WorkingBuffer:
    """One editable layer of an open case, while strokes are drawn into it.

    A stroke writes into the buffer as it goes, :meth:`finished` turns what it changed into one edit, and the case
    takes the edit (``CaseFolder.apply``), which brings the buffer to the new revision. Jobs get crops: copies that
    no stroke changes under their feet. Safe to call from several threads.

    Parameters
    ----------
    case
        The case as it is.
    layer_name
        A layer that is not derived.
    """

    def __init__(self, case: Case, layer_name: LayerName) -> None:
        if layer_name.is_derived:
            raise ValueError(f"nobody edits {layer_name}: the twin computes it")
        self.layer_name = layer_name
        self._lock = threading.Lock()
        self._touched: Box | None = None
        self._case = case
        self._voxels = case.layer(layer_name).voxels.copy()

    @property
    def revision(self) -> int:
        """Revision of the layer that the stroke began on."""
        return self._case.revision(self.layer_name)

    @property
    def touched(self) -> Box | None:
        """Box around everything written since the last edit, or None."""
        return self._touched

    def crop(self, box: Box | None = None) -> LabelCrop:
        """Return a read-only copy of a box (by default of everything), unfinished strokes included."""
        with self._lock:
            k, j, i = self._voxels.shape
            box = box or Box((0, 0, 0), (k, j, i))
            voxels = self._voxels[box.slices].copy()
            voxels.setflags(write=False)
            return LabelCrop(self.layer_name, box, voxels, self.revision)

    def paint(self, box: Box, mask_kji: NDArray[np.bool_], value: int) -> None:
        """Set the voxels of a box where ``mask_kji`` (the shape of the box) is true."""
        with self._lock:
            self._voxels[box.slices][mask_kji] = value
            self._touch(box)

    def write(self, box: Box, voxels: Labels) -> None:
        """Replace all voxels of a box."""
        with self._lock:
            self._voxels[box.slices] = voxels
            self._touch(box)

    def finished(
        self,
        *,
        label: str = "edit.voxels",
        origin: LabelOrigin = LabelOrigin.EDITED,
        new_origin: LabelOrigin = LabelOrigin.MANUAL,
        provenance: Provenance | None = None,
    ) -> VoxelEdit | None:
        """Return the edit that the strokes since the last one make; None when they changed nothing.

        Raises
        ------
        InputError
            When a value was painted that stands for no structure of the layer.
        """
        with self._lock:
            if self._touched is None:
                return None
            voxels = self._voxels[self._touched.slices]
            return VoxelEdit.between(
                self._case,
                self.layer_name,
                self._touched,
                voxels,
                label=label,
                origin=origin,
                new_origin=new_origin,
                provenance=provenance,
            )

    def discard(self) -> None:
        """Take back everything written since the last edit."""
        with self._lock:
            if self._touched is not None:
                self._restore(self._touched)
                self._touched = None

    def follow(self, case: Case, changed: Box | None = None) -> None:
        """Take over the layer of a changed case; unfinished strokes are taken back.

        ``changed`` is the box that differs, where it is known: only it is then copied.
        """
        with self._lock:
            before, after = self._case.layers.get(self.layer_name), case.layers.get(self.layer_name)
            self._case = case
            if before is after:
                return  # another layer changed: the stroke goes on
            layer = case.layer(self.layer_name)
            if layer.voxels.shape != self._voxels.shape or layer.voxels.dtype != self._voxels.dtype:
                self._voxels = layer.voxels.copy()
            elif changed is None:
                np.copyto(self._voxels, layer.voxels)
            else:
                self._restore(changed if self._touched is None else self._touched.joined(changed))
            self._touched = None

    def _touch(self, box: Box) -> None:
        self._touched = box if self._touched is None else self._touched.joined(box)

    def _restore(self, box: Box) -> None:
        self._voxels[box.slices] = self._case.layer(self.layer_name).voxels[box.slices]
