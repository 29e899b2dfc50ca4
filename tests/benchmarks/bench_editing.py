"""Editing: strokes and scissors with the edit they make, operations on the liver with the edit, and their peers.

The liver of the phantom lies in a layer of 512 x 512 x 400 voxels, as in a fine clinical scan. "with its edit" means
all that happens before the edit is handed to the case: new labels, what differs, both sides packed for undo.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import cc3d
import edt
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as skimage_label
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersModeling import vtkLinearExtrusionFilter
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

from app.services.case_session import CaseSession
from app.services.edit_labels import LabelEditor
from app.services.edit_requests import (
    Brush,
    Combine,
    FillHoles,
    Grow,
    Hollow,
    InvertInBox,
    KeepLargestIsland,
    LabelOperation,
    Limits,
    Logic,
    RemoveSmallIslands,
    ScissorsCut,
    ScissorsMode,
    Shrink,
    Smooth,
    StrokeMode,
)
from segmentation.editing.holes import without_holes
from segmentation.editing.interpolation import filled_between_slices
from segmentation.editing.islands import largest_islands
from segmentation.editing.margin import grown
from segmentation.editing.scissors import prism_mask
from segmentation.editing.smoothing import smoothed
from tests.benchmarks.bench import Benchmark
from tests.benchmarks.liver_case import SPACING_IJK_MM, liver_twin
from twin.anatomy import LayerName
from twin.box import Box
from twin.edit import LayersEdit, PackedArray, VolumesEdit
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.store import CaseFolder
from twin.volume import Modality, Quantity, Volume

SHAPE_KJI = (400, 512, 512)
GRID = Grid.from_spacing(SHAPE_KJI[::-1], SPACING_IJK_MM)
SPACING = np.array(SPACING_IJK_MM)
NOTE = "layer of 512 x 512 x 400; liver of 2164 ml"
STROKE_NOTE = f"with its edit; target p95 50 ms; {NOTE}"
WHOLE_NOTE = f"with its edit, packed for undo; target 300 ms; {NOTE}"
Mask = NDArray[np.bool_]


@cache
def _labels() -> dict[LayerName, NDArray[np.uint8]]:
    """Layers of the phantom in the middle of a full scan."""
    twin = liver_twin()
    found = {}
    for name in (LayerName.ORGANS, LayerName.VESSELS, LayerName.LESIONS):
        voxels = twin.layers[name].voxels
        full = np.zeros(SHAPE_KJI, np.uint8)
        start = [(n - m) // 2 for n, m in zip(SHAPE_KJI, voxels.shape, strict=True)]
        full[tuple(slice(s, s + m) for s, m in zip(start, voxels.shape, strict=True))] = voxels
        found[name] = full
    return found


@cache
def _liver() -> tuple[Mask, Box]:
    organs = _labels()[LayerName.ORGANS]
    box = Box.around(organs == 1)
    assert box is not None
    return np.ascontiguousarray(organs[box.slices] == 1), box


def benchmarks() -> Iterator[Benchmark]:
    """Yield the rows."""
    with tempfile.TemporaryDirectory() as folder, CaseFolder.create(Path(folder) / "a.twinsight") as case_folder:
        session = CaseSession(case_folder, idle_save_s=None)
        values = np.random.default_rng(1).integers(0, 200, SHAPE_KJI, np.int16)
        session.do(VolumesEdit.adding(Volume("scan", GRID, values, Quantity.HOUNSFIELD, Modality.CT)))
        session.do(LayersEdit({name: LabelLayer(name, GRID, voxels) for name, voxels in _labels().items()}))
        editor = LabelEditor(session)
        editor.begin_stroke("liver", Brush(1.0)).cancel()
        yield from _strokes(session, editor)
        yield from _cuts(editor)
        yield from _operations(editor)
        session.stop()
    yield from _masks()
    yield from _packing()


def _path(random: np.random.Generator, n_points: int = 20, step_mm: float = 3.0) -> list[tuple[float, float, float]]:
    """A path of the mouse across the border of the liver, in a slice."""
    mask, box = _liver()
    k = int(random.integers(mask.shape[0] // 4, 3 * mask.shape[0] // 4))
    places = np.argwhere(mask[k])
    j, i = places[random.integers(len(places))]
    start = GRID.lps_from_ijk((i + box.start_kji[2], j + box.start_kji[1], k + box.start_kji[0]))
    heading = random.uniform(0, 2 * np.pi)
    way = step_mm * np.array([np.cos(heading), np.sin(heading), 0.0])
    return [tuple((start + n * way).tolist()) for n in range(n_points)]  # type: ignore[misc]


def _strokes(session: CaseSession, editor: LabelEditor) -> Iterator[Benchmark]:
    paths = cycle([_path(np.random.default_rng(n)) for n in range(25)])

    def stroke(brush: Brush, mode: StrokeMode, limits: Limits) -> Callable[[], object]:
        def draw() -> object:
            drawn = editor.begin_stroke("liver", brush, mode, limits=limits)
            for point in next(paths):
                drawn.move(point)
            edit = drawn.edit()
            drawn.cancel()
            return edit

        return draw

    everywhere, threshold = Limits(), Limits(intensity_range=(50, 150))
    ball, disc, tilted = Brush(10.0), Brush(15.0, (0, 0, 1)), Brush(15.0, (0.3, -0.5, 0.8))
    note = f"20 moves of 3 mm; {STROKE_NOTE}"
    rows = (
        ("sphere brush of 10 mm, whole stroke", ball, StrokeMode.PAINT, everywhere),
        ("eraser of 10 mm, whole stroke", ball, StrokeMode.ERASE, everywhere),
        ("threshold brush of 10 mm, whole stroke", ball, StrokeMode.PAINT, threshold),
        ("sphere brush of 10 mm inside another structure", Brush(10.0), StrokeMode.PAINT, Limits(inside="spleen")),
        ("flat brush of 15 mm, whole stroke", disc, StrokeMode.PAINT, everywhere),
        ("flat brush of 15 mm in an oblique plane", tilted, StrokeMode.PAINT, everywhere),
    )
    for name, brush, mode, limits in rows:
        yield Benchmark(name, stroke(brush, mode, limits), note=note, rounds=40)
    drawn = editor.begin_stroke("liver", Brush(30.0))
    points = cycle([point for n in range(5) for point in _path(np.random.default_rng(n))])
    yield Benchmark("one move of a sphere brush of 30 mm", lambda: drawn.move(next(points)), note=NOTE, rounds=60)
    drawn.cancel()
    yield Benchmark(
        "a stroke told safe on the disk", _told_stroke(session, editor), note=f"fsync twice; {NOTE}", rounds=15
    )


def _told_stroke(session: CaseSession, editor: LabelEditor) -> Callable[[], object]:
    paths = cycle([_path(np.random.default_rng(n)) for n in range(25)])

    def draw() -> object:
        drawn = editor.begin_stroke("spleen", Brush(10.0))
        for point in next(paths):
            drawn.move(point)
        return drawn.finish()

    return draw


def _brute_force(point: tuple[float, float, float], radius_mm: float) -> Mask:
    """Distance of every voxel of the box of a ball, without the stretch between two points."""
    place = GRID.ijk_from_lps(point)
    start, stop = np.floor(place - radius_mm / SPACING).astype(int), np.ceil(place + radius_mm / SPACING).astype(int)
    i, j, k = (np.arange(a, b + 1) for a, b in zip(start, stop, strict=True))
    squares = [((n - c) * s) ** 2 for n, c, s in zip((i, j, k), place, SPACING, strict=True)]
    squared = squares[2][:, None, None] + squares[1][None, :, None] + squares[0][None, None, :]
    return np.asarray(squared <= radius_mm**2)


def _cuts(editor: LabelEditor) -> Iterator[Benchmark]:
    _, box = _liver()
    centre = GRID.lps_from_ijk(np.add(box.start_kji, box.stop_kji)[::-1] / 2)
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    for name, view in (("axial", (0.0, 0.0, 1.0)), ("sagittal", (1.0, 0.0, 0.0)), ("oblique", (1.0, 0.5, 0.3))):
        normal = np.array(view) / np.linalg.norm(view)
        across = np.linalg.svd(normal[np.newaxis])[2][1:]
        wobble = 1.0 + 0.1 * np.sin(7 * turns)
        polygon = (
            centre + 45.0 * (wobble * np.cos(turns))[:, None] * across[0] + 60.0 * np.sin(turns)[:, None] * across[1]
        )
        cut = ScissorsCut(polygon, view, ScissorsMode.ERASE_INSIDE)
        yield Benchmark(
            f"scissors, {name} view, 200 corners, erase inside",
            lambda cut=cut: editor.scissors_edit("liver", cut),  # type: ignore[misc]
            note=STROKE_NOTE,
            rounds=25,
        )
        yield Benchmark(
            f"mask of the scissors, {name} view",
            lambda polygon=polygon, view=view: prism_mask(polygon, view, GRID, box),  # type: ignore[misc]
            "VTK stencil",
            _vtk_stencil(polygon, normal, box),
            int(np.prod(box.shape_kji)),
            "box of the liver, mask alone",
            15,
        )
    outside = ScissorsCut(polygon, view, ScissorsMode.ERASE_OUTSIDE)
    yield Benchmark(
        "scissors, oblique view, erase outside", lambda: editor.scissors_edit("liver", outside), note=STROKE_NOTE
    )


def _vtk_stencil(polygon: NDArray[np.float64], normal: NDArray[np.float64], box: Box) -> Callable[[], object]:
    """Return the same mask by VTK: the line extruded to a closed surface, the surface to a stencil."""
    start, stop = box.start_kji[::-1], box.stop_kji[::-1]

    def stencil() -> object:
        points, line = vtkPoints(), vtkCellArray()
        line.InsertNextCell(len(polygon))
        for corner in polygon - 400.0 * normal:
            line.InsertCellPoint(points.InsertNextPoint(*corner))
        face = vtkPolyData()
        face.SetPoints(points)
        face.SetPolys(line)
        extrusion = vtkLinearExtrusionFilter()
        extrusion.SetInputData(face)
        extrusion.SetExtrusionTypeToVectorExtrusion()
        extrusion.SetVector(*normal)
        extrusion.SetScaleFactor(800.0)
        source = vtkPolyDataToImageStencil()
        source.SetInputConnection(extrusion.GetOutputPort())
        source.SetOutputSpacing(*SPACING_IJK_MM)
        source.SetOutputWholeExtent(start[0], stop[0] - 1, start[1], stop[1] - 1, start[2], stop[2] - 1)
        image = vtkImageStencilToImage()
        image.SetInputConnection(source.GetOutputPort())
        image.SetInsideValue(1)
        image.SetOutsideValue(0)
        image.SetOutputScalarTypeToUnsignedChar()
        image.Update()
        return vtk_to_numpy(image.GetOutput().GetPointData().GetScalars())

    return stencil


def _operations(editor: LabelEditor) -> Iterator[Benchmark]:
    _, box = _liver()
    half = Box(box.start_kji, (box.stop_kji[0], (box.start_kji[1] + box.stop_kji[1]) // 2, box.stop_kji[2]))
    operations: tuple[tuple[str, LabelOperation], ...] = (
        ("keep the largest island", KeepLargestIsland()),
        ("remove islands below 1 ml", RemoveSmallIslands(1.0)),
        ("fill holes in space", FillHoles()),
        ("fill holes in axial slices", FillHoles(2)),
        ("fill holes in sagittal slices", FillHoles(0)),
        ("smooth by 1.5 mm", Smooth(1.5)),
        ("grow by 5 mm", Grow(5.0)),
        ("grow by 10 mm", Grow(10.0)),
        ("shrink by 5 mm", Shrink(5.0)),
        ("hollow, wall of 3 mm", Hollow(3.0)),
        ("add the portal vein", Combine(Logic.ADD, "portal_vein")),
        ("subtract the lesions", Combine(Logic.SUBTRACT, "lesion")),
        ("intersect with the portal vein", Combine(Logic.INTERSECT, "portal_vein")),
        ("invert in half of the box", InvertInBox(half)),
    )
    yield from (_operation(editor, "liver", name, operation) for name, operation in operations)
    yield _operation(editor, "pancreas", "copy the liver onto the pancreas", Combine(Logic.COPY, "liver"))


def _operation(editor: LabelEditor, structure_id: str, name: str, operation: LabelOperation) -> Benchmark:
    def work() -> object:
        try:
            return editor.operation_edit(structure_id, operation)
        except Exception as error:
            if getattr(error, "message_id", "") != "error.editing.nothing_changed":
                raise
            return None

    is_idle = work() is None
    note = f"nothing to change; {WHOLE_NOTE}" if is_idle else WHOLE_NOTE
    return Benchmark(name, work, voxels=int(np.prod(_liver()[1].shape_kji)), note=note, rounds=11)


def _masks() -> Iterator[Benchmark]:
    """The masks alone, beside libraries that do the same."""
    mask, _ = _liver()
    padded, size = np.pad(mask, 14), mask.size
    pieces = mask.copy()
    pieces[:, ::40] = False
    holed = mask & (np.random.default_rng(1).random(mask.shape) > 0.001)
    drawn = mask.copy()
    drawn[np.arange(len(drawn)) % 6 != 0] = False
    image, holed_image, padded_image = (_sitk(m) for m in (pieces, holed, padded))
    ours: dict[str, tuple[Callable[[], object], tuple[tuple[str, Callable[[], object]], ...]]] = {
        "mask: keep the largest island": (
            lambda: largest_islands(pieces),
            (
                ("cc3d", lambda: cc3d.largest_k(pieces.view(np.uint8), k=1, connectivity=26)),
                ("SimpleITK", lambda: sitk.RelabelComponent(sitk.ConnectedComponent(image, True)) == 1),
                ("scikit-image", lambda: _largest(np.asarray(skimage_label(pieces, connectivity=3)))),
            ),
        ),
        "mask: fill holes in space": (
            lambda: without_holes(holed),
            (
                ("SciPy", lambda: ndimage.binary_fill_holes(holed)),
                ("SimpleITK", lambda: sitk.BinaryFillhole(holed_image, False, 1.0)),
            ),
        ),
        "mask: grow by 5 mm": (
            lambda: grown(padded, SPACING, 5.0),
            (
                ("edt", lambda: edt.edt(~padded, anisotropy=SPACING_IJK_MM[::-1], parallel=1) <= 5.0),
                ("SimpleITK", lambda: sitk.SignedMaurerDistanceMap(padded_image, False, False, True) <= 5.0),
                ("SciPy", lambda: ndimage.distance_transform_edt(~padded, sampling=SPACING_IJK_MM[::-1]) <= 5.0),
            ),
        ),
        "mask: smooth by 1.5 mm, volume kept": (
            lambda: smoothed(padded, SPACING, 1.5),
            (
                ("SciPy", lambda: ndimage.gaussian_filter(padded.astype(np.float32), 1.5 / SPACING[::-1]) > 0.5),
                ("SimpleITK", lambda: sitk.DiscreteGaussian(sitk.Cast(padded_image, sitk.sitkFloat32), 2.25) > 0.5),
            ),
        ),
        "mask: fill between axial slices, every sixth drawn": (
            lambda: filled_between_slices(drawn, SPACING, 2),
            (("SciPy", lambda: _between_with_scipy(drawn)),),
        ),
    }
    for name, (work, peers) in ours.items():
        for peer_name, peer in peers:
            yield Benchmark(name, work, peer_name, peer, size, "one thread; the peers of smoothing lose volume")


def _sitk(mask: Mask) -> sitk.Image:
    image = sitk.GetImageFromArray(mask.view(np.uint8))
    image.SetSpacing(SPACING_IJK_MM)
    return image


def _largest(labels: NDArray[Any]) -> Mask:
    counts = np.bincount(labels.ravel())
    counts[0] = 0
    return np.asarray(labels == counts.argmax())


def _between_with_scipy(mask: Mask) -> Mask:
    out, places = mask.copy(), np.flatnonzero(mask.any(axis=(1, 2)))
    sampling = SPACING_IJK_MM[1::-1]

    def signed(outline: Mask) -> NDArray[np.float64]:
        inside = ndimage.distance_transform_edt(outline, sampling=sampling)
        return np.asarray(inside - ndimage.distance_transform_edt(~outline, sampling=sampling))

    for first, second in pairwise(places):
        low, high = signed(mask[first]), signed(mask[second])
        for n in range(first + 1, second):
            part = (n - first) / (second - first)
            out[n] = (1 - part) * low + part * high > 0
    return out


def _packing() -> Iterator[Benchmark]:
    import zlib

    _, box = _liver()
    labels = np.ascontiguousarray(_labels()[LayerName.ORGANS][box.slices])
    packed = PackedArray.of(labels)
    yield Benchmark(
        "labels of the box packed for undo",
        lambda: PackedArray.of(labels),
        "zlib alone",
        lambda: zlib.compress(labels.data.cast("B"), 1),
        labels.size,
        f"{packed.n_bytes:,} bytes against {len(zlib.compress(labels.data.cast('B'), 1)):,}",
    )
