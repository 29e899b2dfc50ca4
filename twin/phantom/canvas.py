"""The voxels of the scan while they are painted: values by coverage, labels by voxel centre."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.grid import Grid
from twin.phantom.appearance import Tissue
from twin.phantom.kernels.painting import paint_distance, paint_shape
from twin.phantom.kernels.tubes import tube_distance
from twin.phantom.lattice import Field
from twin.vessel_graph import VesselGraph

__all__ = ["Canvas"]

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]


class Canvas:
    """Image, tissues and label layers on the grid of the scan. Later strokes cover earlier ones.

    The grid must be axis-aligned (direction identity): a phantom's scan always is.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.image_hu = np.full(grid.shape_kji, -1000.0, np.float32)
        self.tissue = np.zeros(grid.shape_kji, np.uint8)
        self.labels: dict[LayerName, NDArray[np.uint8]] = {
            name: np.zeros(grid.shape_kji, np.uint8)
            for name in (LayerName.ORGANS, LayerName.VESSELS, LayerName.LESIONS, LayerName.DUCTS, LayerName.CONTEXT)
        }

    def paint(
        self, shape: Field, value_hu: float, tissue: Tissue, structures: Iterable[str] = (), *, softness: float = 1.0
    ) -> tuple[Box, Mask]:
        """Paint a shape of the lattice; return the box and the mask of the voxels whose centre is inside."""
        box = self._box_of_field(shape)
        inside = np.zeros(box.shape_kji, np.bool_)
        start_lps_mm = self.grid.lps_from_ijk(box.start_kji[::-1])
        lattice = shape.lattice
        corner = lattice.origin_lps_mm + lattice.step_mm * np.array(shape.box.start_kji[::-1])
        paint_shape(
            self.image_hu, inside, np.array(box.start_kji), (start_lps_mm - corner) / lattice.step_mm,
            self.grid.spacing_ijk_mm / lattice.step_mm, shape.values / np.float32(lattice.step_mm),
            float(value_hu), softness,
        )  # fmt: skip
        self._mark(box, inside, tissue, structures)
        return box, inside

    def paint_tubes(
        self,
        starts_lps_mm: Points,
        ends_lps_mm: Points,
        radii_mm: Points,
        value_hu: float,
        tissue: Tissue,
        structures: Iterable[str] = (),
        *,
        end_radii_mm: Points | None = None,
        is_connected: bool = True,
    ) -> tuple[Box, Mask]:
        """Paint round cones; with ``is_connected`` every voxel on the axis is inside, however thin the tube."""
        ends_r = radii_mm if end_radii_mm is None else end_radii_mm
        reach = float(np.linalg.norm(self.grid.spacing_ijk_mm)) + 0.5
        largest = float(max(radii_mm.max(), ends_r.max())) + reach
        low = np.minimum(starts_lps_mm, ends_lps_mm).min(0) - largest
        high = np.maximum(starts_lps_mm, ends_lps_mm).max(0) + largest
        box = self._box_of_lps(low, high)
        distance = np.full(box.shape_kji, reach + 1.0, np.float32)
        start = self.grid.lps_from_ijk(box.start_kji[::-1])
        tube_distance(
            distance, start, self.grid.spacing_ijk_mm, starts_lps_mm, ends_lps_mm, radii_mm, ends_r, reach, 0.0
        )
        inside = np.zeros(box.shape_kji, np.bool_)
        paint_distance(
            self.image_hu, inside, np.array(box.start_kji), distance, self.grid.spacing_ijk_mm, float(value_hu)
        )
        if is_connected:
            self._mark_axis(inside, box, starts_lps_mm, ends_lps_mm)
        self._mark(box, inside, tissue, structures)
        return box, inside

    def paint_graph(
        self, graph: VesselGraph, value_hu: float, tissue: Tissue, structures: Iterable[str] = ()
    ) -> tuple[Box, Mask]:
        """Paint a vessel tree as tubes between its nodes."""
        child = np.flatnonzero(graph.parents >= 0)
        parent = graph.parents[child]
        radii = graph.radii_mm
        return self.paint_tubes(
            graph.nodes_lps_mm[parent], graph.nodes_lps_mm[child], radii[child], value_hu, tissue, structures
        )

    def _mark(self, box: Box, inside: Mask, tissue: Tissue, structures: Iterable[str]) -> None:
        self.tissue[box.slices][inside] = tissue
        for structure_id in structures:
            entry = structure(structure_id)
            self.labels[entry.layer][box.slices][inside] = entry.value

    def _mark_axis(self, inside: Mask, box: Box, starts: Points, ends: Points) -> None:
        """Mark the voxels along each axis so that neighbours share at least an edge."""
        step = 0.3 * float(self.grid.spacing_ijk_mm.min())
        lengths = np.linalg.norm(ends - starts, axis=1)
        counts = np.ceil(lengths / step).astype(int) + 1
        which = np.repeat(np.arange(starts.shape[0]), counts)
        along = np.concatenate([np.linspace(0.0, 1.0, n) for n in counts])
        points = starts[which] + along[:, None] * (ends[which] - starts[which])
        ijk = np.rint(self.grid.ijk_from_lps(points)).astype(int) - np.array(box.start_kji[::-1])
        k, j, i = ijk[:, 2], ijk[:, 1], ijk[:, 0]
        is_in = np.all((ijk >= 0) & (ijk < np.array(inside.shape[::-1])), axis=1)
        inside[k[is_in], j[is_in], i[is_in]] = True

    def _box_of_field(self, shape: Field) -> Box:
        lattice = shape.lattice
        low = lattice.origin_lps_mm + lattice.step_mm * np.array(shape.box.start_kji[::-1])
        high = lattice.origin_lps_mm + lattice.step_mm * (np.array(shape.box.stop_kji[::-1]) - 1.0)
        return self._box_of_lps(low, high)

    def _box_of_lps(self, low_lps_mm: Points, high_lps_mm: Points) -> Box:
        first = np.floor(self.grid.ijk_from_lps(low_lps_mm)).astype(int)
        last = np.ceil(self.grid.ijk_from_lps(high_lps_mm)).astype(int)
        size = np.array(self.grid.size_ijk)
        start = np.clip(first, 0, size - 1)
        stop = np.clip(last + 1, start + 1, size)
        return Box((int(start[2]), int(start[1]), int(start[0])), (int(stop[2]), int(stop[1]), int(stop[0])))
