"""Curved cuts: volumes on the sides of a sheet, the frame of a drag, the settled outcome, the unfolded map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkPolyDataToImageStencil

from simulation.contacts import contacts_of
from simulation.kernels.resectogram import read_along_cut
from simulation.live import LiveSheet
from simulation.organ_model import OrganModel
from simulation.resectogram import MAP_PIXELS, resectogram_of_cut, unfolded_places
from simulation.run_table import RunTable
from simulation.sheet_map import SheetMap
from simulation.simulate import simulate
from tests.benchmarks.bench import Benchmark, cpu_times_ms
from tests.benchmarks.liver_case import compartments, live_row, liver_twin
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import SheetCut

_SIZE_MM = 220.0
_RAISED_MM = 9.0  # spread of the control points off their plane
_TESSELLATION = 64


def benchmarks() -> Iterator[Benchmark]:
    """Yield the rows."""
    twin = liver_twin()
    model = OrganModel.of_twin(twin)
    cuts = _sheets(model)
    turn = cycle(cuts)
    n_voxels = int(np.count_nonzero(model.organ))
    yield from _volumes(model, cuts, n_voxels)
    contacts = contacts_of(twin)
    live = LiveSheet(twin, PatientFacts(), model=model)
    yield live_row(
        "frame of a drag of a 4 x 4 sheet: the live outcome, intervals included",
        lambda: live.figures(next(turn)),
        "33 ms, aim 16",
        n_voxels,
    )

    def settle() -> object:
        return simulate(Plan("A", (next(turn),)), twin, PatientFacts(), model=model, contacts=contacts)

    yield Benchmark(
        "settled outcome of a sheet",
        settle,
        voxels=n_voxels,
        note=f"model prepared, contacts kept; {cpu_times_ms(settle)[0]:.0f} ms of CPU time; target 500 ms",
        rounds=11,
    )
    yield from _resectogram(model, cuts)


def _sheets(model: OrganModel) -> list[SheetCut]:
    """Return 4 x 4 sheets through the middle of the organ, turned and bent at random."""
    rng = np.random.default_rng(3)
    k, j, i = np.nonzero(model.organ)
    middle = model.grid.lps_from_ijk(np.array([i.mean(), j.mean(), k.mean()]))
    found = []
    even = np.linspace(-0.5, 0.5, 4) * _SIZE_MM
    for _ in range(24):
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        u, v = np.meshgrid(even, even)
        net = np.stack([u, v, rng.normal(size=u.shape) * _RAISED_MM], axis=-1) @ axes + middle + rng.uniform(-15, 15, 3)
        found.append(SheetCut(tuple(tuple((float(x), float(y), float(z)) for x, y, z in row) for row in net)))
    return found


def _volumes(model: OrganModel, cuts: list[SheetCut], n_voxels: int) -> Iterator[Benchmark]:
    labels = compartments(model)
    n_states = int(labels.max()) + 1
    table = RunTable.of_states(labels, n_states)
    maps = [SheetMap.of_cut(cut, model.grid) for cut in cuts]
    peers = [_with_vtk_stencil(labels, sheet, n_states) for sheet in maps[:8]]
    ours = table.sheet_counts(maps[0])
    theirs = np.asarray(peers[0]())
    apart = abs(int(ours[1:].sum()) - int(theirs[1:].sum())) / max(int(ours[1:].sum()), 1)
    turn, peer_turn, cut_turn = cycle(maps[:8]), cycle(peers), cycle(cuts)
    name = "volumes of segments and lesions on the side of a 4 x 4 sheet"
    peer = "VTK polydata stencil"
    note = f"one thread; equal to an evaluation of every voxel; peer differs by {100 * apart:.3f} %"
    yield Benchmark(name, lambda: table.sheet_counts(next(turn)), peer, lambda: next(peer_turn)(), n_voxels, note, 15)
    yield Benchmark(
        f"{name}, map made too",
        lambda: table.sheet_counts(SheetMap.of_cut(next(cut_turn), model.grid)),
        peer,
        lambda: next(peer_turn)(),
        n_voxels,
        "as while dragging; the polydata of the peer are made before",
        15,
    )


def _with_vtk_stencil(labels: NDArray[np.uint32], sheet: SheetMap, n_states: int) -> Callable[[], object]:
    """Return the same counts by VTK's stencil of a closed solid above the sheet, in voxel indices."""
    nk, nj, ni = labels.shape
    flat = labels.ravel()
    solid = _solid(sheet)

    def count() -> object:
        source = vtkPolyDataToImageStencil()
        source.SetInputData(solid)
        source.SetOutputWholeExtent(0, ni - 1, 0, nj - 1, 0, nk - 1)
        image = vtkImageStencilToImage()
        image.SetInputConnection(source.GetOutputPort())
        image.SetInsideValue(1)
        image.SetOutsideValue(0)
        image.SetOutputScalarTypeToUnsignedChar()
        image.Update()
        removed = vtk_to_numpy(image.GetOutput().GetPointData().GetScalars())
        return np.bincount(flat[removed != 0], minlength=n_states)

    return count


def _solid(sheet: SheetMap) -> vtkPolyData:
    """Return the closed solid between the sheet and a lid far above it, in voxel indices."""
    n = _TESSELLATION + 1
    at = np.linspace(0, sheet.heights_mm.shape[0] - 1, n)
    v, u = np.meshgrid(at, at, indexing="ij")
    heights = ndimage.map_coordinates(sheet.heights_mm, [v, u], order=1)
    lid = np.full_like(heights, float(heights.max()) + 1000.0)
    back = sheet.to_voxels.reshape(3, 4)
    wide_u, wide_v = (np.where(a == 0, -5.0, np.where(a == at[-1], at[-1] + 5.0, a)) for a in (u, v))
    layers = [np.stack([wide_u, wide_v, h], axis=-1).reshape(-1, 3) for h in (heights, lid)]
    points = np.concatenate(layers) @ back[:, :3].T + back[:, 3]
    index = np.arange(n * n).reshape(n, n)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)
    rim = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    walls = np.stack([rim, rim + n * n, np.roll(rim, -1) + n * n, np.roll(rim, -1)], axis=-1)
    faces = np.concatenate([quads[:, ::-1], quads + n * n, walls])
    triangles = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
    cells = np.concatenate([np.full((len(triangles), 1), 3), triangles], axis=1).ravel().astype(np.int64)
    solid, places, polys = vtkPolyData(), vtkPoints(), vtkCellArray()
    places.SetData(numpy_to_vtk(np.ascontiguousarray(points), deep=True))
    polys.SetCells(len(triangles), numpy_to_vtkIdTypeArray(cells, deep=True))
    solid.SetPoints(places)
    solid.SetPolys(polys)
    return solid


def _resectogram(model: OrganModel, cuts: list[SheetCut]) -> Iterator[Benchmark]:
    """Reading the fields along the unfolded cut against SciPy at the same places, and the whole map against that."""
    assert model.lesion_distance_mm is not None
    maps = [SheetMap.of_cut(cut, model.grid) for cut in cuts[:8]]
    places = [unfolded_places(sheet, model)[0] for sheet in maps]
    labels = [np.zeros((0, 0, 0), np.int32) if v is None else v for v in (model.couinaud, model.portal, model.venous)]
    n = MAP_PIXELS
    out = np.empty((n, n, 3), np.float32), np.empty((n, n), np.bool_), np.empty((n, n), np.float32)
    read = np.empty((n, n, 3), np.uint16)
    organ = model.organ.view(np.uint8)

    def ours(number: int) -> None:
        sheet = maps[number]
        fields = (model.organ, model.lesion_distance_mm, *labels)
        read_along_cut(places[number], sheet.heights_mm, sheet.to_voxels, *fields, *out, read)

    def with_scipy(number: int) -> object:
        sheet, at = maps[number], np.nan_to_num(places[number], nan=-10.0)
        u, v = at[..., 0], at[..., 1]
        heights = ndimage.map_coordinates(sheet.heights_mm, [v, u], order=1, mode="nearest")
        back = sheet.to_voxels.reshape(3, 4)
        kji = np.stack([row[0] * u + row[1] * v + row[2] * heights + row[3] for row in back[::-1]])
        found = [ndimage.map_coordinates(model.lesion_distance_mm, kji, order=1, mode="nearest")]
        filled = [volume for volume in labels if volume.size]
        return [*found, *(ndimage.map_coordinates(volume, kji, order=0, mode="nearest") for volume in (organ, *filled))]

    turn, peer_turn, peer_again, cut_turn = (cycle(range(8)) for _ in range(4))
    yield Benchmark(
        "fields along an unfolded sheet: distance, organ, segment, two territories",
        lambda: ours(next(turn)),
        "SciPy",
        lambda: with_scipy(next(peer_turn)),
        MAP_PIXELS**2,
        "pixels, not voxels; both are given the map of the sheet and the unfolded places; target 3",
        25,
    )
    yield Benchmark(
        "resectogram of a sheet, from its control points",
        lambda: resectogram_of_cut(cuts[next(cut_turn)], model),
        "SciPy, reading only",
        lambda: with_scipy(next(peer_again)),
        MAP_PIXELS**2,
        "pixels, not voxels; ours makes the map of the sheet and unfolds it too, the peer is given both",
        25,
    )
