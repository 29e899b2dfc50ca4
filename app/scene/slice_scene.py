"""What a slice view shows: grey values, filled labels and smooth contours, cut by NumPy in a few milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkSurfaceNets2D

from app.scene.fusion import FusedScan
from app.scene.oblique_frame import ObliqueFrame, oblique_directions
from app.scene.slab import Slab
from app.scene.slice_frame import SliceAxis, SliceFrame
from app.scene.window_level import WindowLevel
from twin.anatomy import LayerName, structure_of_value
from twin.box import Box
from twin.label_layer import LabelLayer, Labels
from twin.volume import Volume

__all__ = ["Contour", "LabelStyle", "LivePatch", "SliceScene", "Tint"]

# The later layer covers the earlier one (DESIGN: lesions over ducts over vessels over organs over context).
_PAINT_ORDER = (LayerName.CONTEXT, LayerName.ORGANS, LayerName.VESSELS, LayerName.DUCTS, LayerName.LESIONS)
_FIRST_OBLIQUE = (0.0, 0.866, 0.5)  # LPS: a coronal slice tilted by 30 degrees
_LEAST_TINT = 0.35  # what is removed is seen even where labels are not filled
_LEAST_PREVIEW = 0.45  # and so is what is about to become of a structure
# A contour is smoothed and moves by half a pixel at most: a circle keeps its radius within 0.1 pixel.
_SMOOTHING_STEPS, _SMOOTHING_FACTOR, _SMOOTHING_REACH_PX = 16, 0.5, 0.5


@dataclass(frozen=True)
class LabelStyle:
    """How a structure is painted on slices: colour as numbers from 0 to 1, and whether it is."""

    colour_rgb: tuple[float, float, float]
    is_visible: bool = True


@dataclass(frozen=True, eq=False)
class Contour:
    """Outline of one structure on a slice: (n, 2, 2) float32 line segments, x and y in pixel positions."""

    structure_id: str
    segments: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Tint:
    """What a plan removes, to be seen on slices, inside one organ.

    ``mask`` is bool ``[k, j, i]``; without it, a plane decides when the slice is drawn (see `SliceScene.picture`).
    """

    organ_id: str
    specimen_rgb: tuple[float, float, float]
    mask: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class LivePatch:
    """Labels of a box of one layer as they are about to be: a stroke under way, or a preview.

    Parameters
    ----------
    layer, box
        Where.
    labels_kji
        The labels there, ``[k, j, i]`` of the box.
    emphasised
        Ids of the structures that are painted strongly.
    known_values
        The labels that occur, where they are known already.
    """

    layer: LayerName
    box: Box
    labels_kji: Labels
    emphasised: frozenset[str] = frozenset()
    known_values: tuple[int, ...] | None = None

    @cached_property
    def values(self) -> tuple[int, ...]:
        """Labels that occur, without background."""
        if self.known_values is not None:
            return self.known_values
        counts = np.bincount(self.labels_kji.ravel())  # many times faster than sorting them
        return tuple(int(value) for value in np.flatnonzero(counts) if value)


class SliceScene:
    """Cuts one volume with its labels, in three directions.

    Parameters
    ----------
    volume
        The scan.
    """

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.frames: dict[SliceAxis, SliceFrame] = {
            axis: SliceFrame(volume.grid, axis) for axis in SliceAxis.straight()
        }
        self.frames[SliceAxis.OBLIQUE] = ObliqueFrame.of(volume.grid, oblique_directions(_FIRST_OBLIQUE))
        self.tint: Tint | None = None
        self.fill_opacity = 0.3
        self.patch: LivePatch | None = None
        self._whole: tuple[LivePatch, Labels] | None = None
        self._layers: dict[LayerName, LabelLayer] = {}
        self._styles: dict[str, LabelStyle] = {}
        self._outlined: dict[tuple[SliceAxis, LayerName], tuple[tuple[object, ...], list[Contour]]] = {}

    def set_layers(self, layers: Mapping[LayerName, LabelLayer]) -> None:
        """Show these label layers; those on another grid are left out."""
        self._layers = {
            name: layers[name]
            for name in _PAINT_ORDER
            if name in layers and layers[name].grid.is_same_space(self.volume.grid)
        }

    def set_styles(self, styles: Mapping[str, LabelStyle]) -> None:
        """Paint structures so; a structure without a style is not painted."""
        self._styles = dict(styles)

    def turn_oblique(self, directions_lps: NDArray[np.float64]) -> None:
        """Cut the oblique slices in other directions: rows rightwards, downwards and through, (3, 3)."""
        self.frames[SliceAxis.OBLIQUE] = ObliqueFrame.of(self.volume.grid, directions_lps)

    def grey_values(self, axis: SliceAxis, index: int, slab: Slab | None = None) -> NDArray[np.generic]:
        """Values of the scan on one slice, or of a thick one; oblique slices stay thin, they take too long."""
        if slab is None or axis is SliceAxis.OBLIQUE:
            return self.frames[axis].slice_of(self.volume.voxels, index)
        return slab.values(self.frames[axis], self.volume.voxels, index)

    def picture(
        self,
        axis: SliceAxis,
        index: int,
        window: WindowLevel,
        *,
        is_removed: bool = False,
        slab: Slab | None = None,
        fused: FusedScan | None = None,
    ) -> NDArray[np.uint32]:
        """Return one slice as pixels 0xffRRGGBB, ``[row, column]``, one per voxel.

        Parameters
        ----------
        axis, index
            Which slice.
        window
            How grey values are shown.
        is_removed
            True paints the whole organ as removed: what lies beyond a plane is taken from that picture, so that
            a plane can be dragged without a voxel being painted again.
        slab
            Shows the grey values of a thick slice; labels are those of the slice in its middle.
        fused
            Another scan that is blended in, where it is registered on this one.
        """
        grey = window.grey_from_values(self.grey_values(axis, index, slab))
        if self.is_under(fused):
            grey = fused.blended(self.frames[axis], index, grey, window)
        painted = self._painted(axis, index, is_removed=is_removed)
        if painted is None:
            return _GREY[grey]
        which, palette = painted
        return np.take(palette, which.astype(np.uint16) * 256 + grey)

    def is_under(self, fused: FusedScan | None) -> TypeGuard[FusedScan]:
        """Tell whether a scan is registered on this one."""
        return fused is not None and fused.registration.to_volume_id == self.volume.id

    def contours(self, axis: SliceAxis, index: int) -> list[Contour]:
        """Return the smooth outlines of the visible structures on a slice."""
        found = []
        for name in self._names():
            patch = self.patch if self.patch is not None and self.patch.layer is name else None
            values = tuple(v for v in self._values(name) if self._is_outlined(name, v))
            basis = (self.frames[axis], index, self._layers.get(name), patch, values)
            known, contours = self._outlined.get((axis, name), ((), []))
            if known != basis:  # a stroke in one layer leaves the contours of the others as they are
                contours = _outlines(self._labels(name, axis, index), name, values)
                self._outlined[axis, name] = (basis, contours)
            found += contours
        return found

    def structures_at(self, point_lps_mm: NDArray[np.float64]) -> tuple[str, ...]:
        """Ids of the structures labelled at a point, the one painted on top first."""
        i, j, k = (round(float(v)) for v in self.volume.grid.ijk_from_lps(point_lps_mm))
        if not all(0 <= n < size for n, size in zip((i, j, k), self.volume.grid.size_ijk, strict=True)):
            return ()
        values = ((name, int(layer.voxels[k, j, i])) for name, layer in reversed(self._layers.items()))
        return tuple(structure_of_value(name, value).id for name, value in values if value)

    def _names(self) -> list[LayerName]:
        """Layers that are shown, in the order of paint."""
        patched = None if self.patch is None else self.patch.layer
        return [name for name in _PAINT_ORDER if name in self._layers or name is patched]

    def _values(self, name: LayerName) -> tuple[int, ...]:
        """Labels of a layer, those of the patch included."""
        known = self._layers[name].values() if name in self._layers else ()
        if self.patch is None or self.patch.layer is not name:
            return known
        return tuple(sorted({*known, *self.patch.values}))

    def _labels(self, name: LayerName, axis: SliceAxis, index: int) -> NDArray[np.generic]:
        """Labels of one slice, with the patch where it lies on it."""
        frame, patch = self.frames[axis], self.patch
        layer = self._layers.get(name)
        if patch is not None and patch.layer is name and isinstance(frame, ObliqueFrame):
            return frame.slice_of(self._patched_voxels(patch), index)
        if layer is not None:
            labels = frame.slice_of(layer.voxels, index)
        else:
            labels = np.zeros(frame.shape, np.uint8)
        return labels if patch is None or patch.layer is not name else _patched(labels, patch, frame, index)

    def _patched_voxels(self, patch: LivePatch) -> Labels:
        """The whole layer with the patch in it; kept for the next slice, since only oblique ones need it."""
        if self._whole is None or self._whole[0] is not patch:
            layer = self._layers.get(patch.layer)
            shape = self.volume.grid.shape_kji
            voxels = np.zeros(shape, patch.labels_kji.dtype) if layer is None else layer.voxels.copy()
            voxels[patch.box.slices] = patch.labels_kji
            self._whole = (patch, voxels)
        return self._whole[1]

    def _style(self, name: LayerName, value: int) -> LabelStyle | None:
        """How a label is painted; one that only the patch brings is painted in its own colour."""
        found = structure_of_value(name, value)
        style = self._styles.get(found.id)
        is_new = self.patch is not None and self.patch.layer is name and value in self.patch.values
        return LabelStyle(found.colour_rgb) if style is None and is_new else style

    def _is_outlined(self, name: LayerName, value: int) -> bool:
        style = self._style(name, value)
        return style is not None and style.is_visible

    def _painted(
        self, axis: SliceAxis, index: int, *, is_removed: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint32]] | None:
        """Return the number of the paint of each pixel (0: none) and the palette [paint * 256 + grey]."""
        frame = self.frames[axis]
        which = np.zeros(frame.shape, np.uint8)
        colours: list[tuple[float, float, float, float]] = [(0.0, 0.0, 0.0, 0.0)]
        paint_of: dict[str, int] = {}
        for name in self._names():
            lut = np.zeros(max(self._values(name), default=0) + 1, np.uint8)
            for value in self._values(name):
                structure_id, style = structure_of_value(name, value).id, self._style(name, value)
                if style is not None and self._is_filled(name, value):
                    paint_of[structure_id] = lut[value] = len(colours)
                    colours.append((*style.colour_rgb, self._opacity(structure_id)))
            if lut.any():
                paint = lut[self._labels(name, axis, index)]
                np.copyto(which, paint, where=paint != 0)
        removed = None if self.tint is None else self._removed(self.tint, axis, index, is_whole=is_removed)
        if self.tint is not None and removed is not None:
            # Lesions and vessels inside keep their own paint.
            under = removed & ((which == 0) | (which == paint_of.get(self.tint.organ_id, 0)))
            np.copyto(which, np.uint8(len(colours)), where=under)
            colours.append((*self.tint.specimen_rgb, max(self.fill_opacity, _LEAST_TINT)))
        return None if len(colours) == 1 else (which, _palette(colours))

    def _is_filled(self, name: LayerName, value: int) -> bool:
        """Tell whether a structure is painted; the body never is, slices stay readable."""
        structure_id = structure_of_value(name, value).id
        return self._opacity(structure_id) > 0 and structure_id != "skin" and self._is_outlined(name, value)

    def _opacity(self, structure_id: str) -> float:
        is_emphasised = self.patch is not None and structure_id in self.patch.emphasised
        return max(self.fill_opacity, _LEAST_PREVIEW) if is_emphasised else self.fill_opacity

    def _removed(self, tint: Tint, axis: SliceAxis, index: int, *, is_whole: bool) -> NDArray[np.bool_] | None:
        """Pixels of the organ that are painted as removed, or None where none are."""
        frame = self.frames[axis]
        if tint.mask is not None:
            return np.asarray(frame.slice_of(tint.mask, index))
        layer = self._layers.get(LayerName.ORGANS)
        if not is_whole or layer is None:
            return None
        return np.asarray(frame.slice_of(layer.voxels, index) == _value_of(layer, tint.organ_id))


def _patched(labels: NDArray[np.generic], patch: LivePatch, frame: SliceFrame, index: int) -> NDArray[np.generic]:
    """Return labels of a slice with those of the patch put in where it lies on the slice."""
    part = SliceFrame(frame.grid.cropped(patch.box), frame.axis)
    x, y, first = (round(float(v)) for v in frame.pixel_from_lps(part.lps_from_pixel(0, 0, 0)))
    if not 0 <= index - first < part.n_slices:
        return labels
    rows, columns = part.shape
    patched = labels.copy()
    patched[y : y + rows, x : x + columns] = part.slice_of(patch.labels_kji, index - first)
    return patched


_GREY = np.uint32(0xFF000000) | np.arange(256, dtype=np.uint32) * np.uint32(0x010101)


def _palette(colours: list[tuple[float, float, float, float]]) -> NDArray[np.uint32]:
    grey = np.arange(256, dtype=np.float32)[None, :]
    paint = np.array(colours, np.float32)
    alpha = paint[:, 3:4]
    red, green, blue = ((grey * (1 - alpha) + 255 * paint[:, n : n + 1] * alpha).astype(np.uint32) for n in range(3))
    return np.asarray(np.uint32(0xFF000000) | (red << 16) | (green << 8) | blue).ravel()


def _value_of(layer: LabelLayer, structure_id: str) -> int:
    return next((v for v in layer.values() if structure_of_value(layer.name, v).id == structure_id), -1)


def _outlines(slice_labels: NDArray[np.generic], name: LayerName, values: tuple[int, ...]) -> list[Contour]:
    rows, columns = (np.flatnonzero(slice_labels.any(axis=axis)) for axis in (1, 0))
    if not (values and len(rows)):
        return []
    # Only where there is something, with a rim: most of a slice is empty.
    top, left = max(int(rows[0]) - 1, 0), max(int(columns[0]) - 1, 0)
    labels = np.ascontiguousarray(slice_labels[top : rows[-1] + 2, left : columns[-1] + 2])
    image = vtkImageData()
    image.SetDimensions(labels.shape[1], labels.shape[0], 1)
    image.GetPointData().SetScalars(numpy_to_vtk(labels.ravel(), deep=False))
    nets = vtkSurfaceNets2D()
    nets.SetInputData(image)
    for n, value in enumerate(values):
        nets.SetValue(n, value)
    nets.SetSmoothing(True)
    smoother = nets.GetSmoother()
    smoother.SetNumberOfIterations(_SMOOTHING_STEPS)
    smoother.SetRelaxationFactor(_SMOOTHING_FACTOR)
    smoother.SetConstraintDistance(_SMOOTHING_REACH_PX)
    nets.Update()
    output = nets.GetOutput()
    if output.GetNumberOfLines() == 0:
        return []
    points = vtk_to_numpy(output.GetPoints().GetData())[:, :2].astype(np.float32) + np.array((left, top), np.float32)
    ends = vtk_to_numpy(output.GetLines().GetConnectivityArray()).reshape(-1, 2)
    sides = vtk_to_numpy(output.GetCellData().GetScalars()).reshape(len(ends), -1)
    return [
        Contour(structure_of_value(name, value).id, points[ends[(sides == value).any(axis=1)]])
        for value in values
        if (sides == value).any()
    ]
