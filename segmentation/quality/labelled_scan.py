"""The labels of one scan as quality control reads them: each structure in its own box, never in the whole grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twin.anatomy import LayerName, structure, structure_of_value
from twin.box import Box
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.volume import Volume

__all__ = ["LabelledScan", "point_of_voxel", "voxel_near_centre"]

BoolVoxels = NDArray[np.bool_]
Reader = Callable[[Box], BoolVoxels]


class LabelledScan:
    """Masks of structures on one grid, with the scan where there is one.

    Parameters
    ----------
    grid
        Grid of the masks.
    readers
        Structure id to what returns its mask inside a box, bool ``[k, j, i]``.
    boxes
        Structure id to a box that holds it.
    volume
        The scan, or None.
    """

    def __init__(
        self, grid: Grid, readers: Mapping[str, Reader], boxes: Mapping[str, Box], volume: Volume | None = None
    ) -> None:
        self.grid = grid
        self.volume = volume
        self._readers = readers
        self.boxes = dict(boxes)
        self._masks: dict[str, BoolVoxels] = {}

    @classmethod
    def of_layers(
        cls,
        layers: Mapping[LayerName, LabelLayer],
        volume: Volume | None = None,
        *,
        known_boxes: Mapping[str, Box] | None = None,
    ) -> LabelledScan:
        """Read label layers, those that are derived left out.

        Parameters
        ----------
        layers
            At least one layer.
        volume
            The scan they lie on, where there is one.
        known_boxes
            Structure id to a box that surely holds it, for every structure of the layers: spares the search.
        """
        primary = [layer for name, layer in layers.items() if not name.is_derived]
        readers: dict[str, Reader] = {}
        boxes: dict[str, Box] = {}
        for layer in primary:
            for structure_id in layer.structure_ids():
                readers[structure_id] = _reader_of(layer, structure_id)
            boxes |= known_boxes if known_boxes is not None else boxes_of(layer)
        grid = volume.grid if volume is not None else next(iter(layers.values())).grid
        return cls(grid, readers, {i: box for i, box in boxes.items() if i in readers}, volume)

    @classmethod
    def of_masks(cls, grid: Grid, masks: Mapping[str, BoolVoxels], volume: Volume | None = None) -> LabelledScan:
        """Read masks of the whole grid; empty ones are as none."""
        found = {i: box for i, mask in masks.items() if (box := Box.around(mask)) is not None}
        readers = {i: _reader_of_mask(masks[i]) for i in found}
        return cls(grid, readers, found, volume)

    @property
    def structure_ids(self) -> tuple[str, ...]:
        """Structures that are labelled."""
        return tuple(self.boxes)

    def has(self, *structure_ids: str) -> bool:
        """Tell whether all of these are labelled."""
        return all(i in self.boxes for i in structure_ids)

    def mask(self, structure_id: str, box: Box | None = None) -> BoolVoxels:
        """Return the mask of a structure inside its own box, or inside another one; empty where not labelled."""
        if structure_id not in self._readers:
            return np.zeros((box or Box((0, 0, 0), (0, 0, 0))).shape_kji, np.bool_)
        if box is not None:
            return self._readers[structure_id](box)
        if structure_id not in self._masks:
            self._masks[structure_id] = self._readers[structure_id](self.boxes[structure_id])
        return self._masks[structure_id]

    def volume_ml(self, structure_id: str) -> float:
        """Volume from the voxels."""
        return float(np.count_nonzero(self.mask(structure_id))) * self.grid.voxel_volume_ml

    def centre_lps_mm(self, structure_id: str) -> NDArray[np.float64]:
        """Centre of mass, LPS millimetres, float64 (3,)."""
        mask, box = self.mask(structure_id), self.boxes[structure_id]
        step = tuple(max(1, n // 128) for n in mask.shape)  # of a large structure every second or third voxel will do
        thin = mask[:: step[0], :: step[1], :: step[2]]
        thin, step = (thin, step) if thin.any() else (mask, (1, 1, 1))
        planes = (thin.sum(axis=(1, 2)), thin.sum(axis=(0, 2)), thin.sum(axis=(0, 1)))
        n_voxels = max(int(planes[0].sum()), 1)
        centre_kji = np.array([np.arange(p.size) @ p for p in planes]) / n_voxels * step + box.start_kji
        return self.grid.lps_from_ijk(centre_kji[::-1])

    def point_inside(self, structure_id: str) -> tuple[float, float, float]:
        """Return a voxel of a structure near its middle, LPS millimetres."""
        return point_of_voxel(self.grid, voxel_near_centre(self.mask(structure_id)), self.boxes[structure_id])

    @cached_property
    def scanned_box(self) -> Box:
        """The slices that hold an image: blank ones at both ends are left out."""
        n_slices, rows, columns = self.grid.shape_kji
        first, last = 0, n_slices
        if self.volume is not None:
            voxels = self.volume.voxels
            while first < last - 1 and _is_blank(voxels[first]):
                first += 1
            while last > first + 1 and _is_blank(voxels[last - 1]):
                last -= 1
        return Box((first, 0, 0), (last, rows, columns))


def boxes_of(layer: LabelLayer) -> dict[str, Box]:
    """Return the box of every structure of a layer in one pass over its voxels."""
    found = ndimage.find_objects(layer.voxels)
    boxes = {}
    for value, ranges in enumerate(found, start=1):
        if ranges is not None:
            k, j, i = ranges
            boxes[structure_of_value(layer.name, value).id] = Box((k.start, j.start, i.start), (k.stop, j.stop, i.stop))
    if "skin" in boxes:  # the skin is the whole body
        for box in list(boxes.values()):
            boxes["skin"] = boxes["skin"].joined(box)
    return boxes


def _is_blank(slice_ji: NDArray[np.generic]) -> bool:
    return bool(slice_ji.min() == slice_ji.max())


def _reader_of(layer: LabelLayer, structure_id: str) -> Reader:
    value = structure(structure_id).value
    if structure_id == "skin":
        return lambda box: np.asarray(layer.voxels[box.slices] != 0)
    return lambda box: np.asarray(layer.voxels[box.slices] == value)


def _reader_of_mask(mask: BoolVoxels) -> Reader:
    return lambda box: mask[box.slices]


def voxel_near_centre(mask: BoolVoxels) -> tuple[int, int, int]:
    """Return the index k, j, i of a true voxel: in the middle slice, the one nearest to the middle of that slice."""
    slices = np.flatnonzero(mask.any(axis=(1, 2)))
    k = int(slices[slices.size // 2])
    points = np.argwhere(mask[k])
    j, i = points[np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1))]
    return k, int(j), int(i)


def point_of_voxel(grid: Grid, index_kji: tuple[int, int, int], box: Box) -> tuple[float, float, float]:
    """Return the place of a voxel of a box, LPS millimetres rounded to a tenth."""
    k, j, i = (int(a + b) for a, b in zip(index_kji, box.start_kji, strict=True))
    x, y, z = (round(float(value), 1) for value in grid.lps_from_ijk((i, j, k)))
    return x, y, z
