"""The resection engine: volumes on the sides of a plane, the whole frame of a drag, the settled outcome, surfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import marching_cubes
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkImplicitFunctionToImageStencil

from simulation.live import LivePlane
from simulation.organ_model import OrganModel
from simulation.run_table import RunTable
from simulation.simulate import simulate
from simulation.split import split_organ
from tests.benchmarks.bench import Benchmark
from tests.benchmarks.liver_case import NOTE, compartments, liver_twin
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.geometry.surface_vtk import surface_of_mask
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, WedgeCut


def benchmarks() -> Iterator[Benchmark]:
    """Yield the rows."""
    twin = liver_twin()
    model = OrganModel.of_twin(twin)
    planes = cycle(_planes(model))
    n_voxels = int(np.count_nonzero(model.organ))
    for name, labels in (("segments and lesions", compartments(model)), ("portal branches", _branches(model))):
        yield from _plane_volumes(name, labels, model, planes, n_voxels)
    live = LivePlane(twin, PatientFacts(), model=model)
    yield Benchmark(
        "frame of a plane drag: all figures with intervals",
        lambda: live.figures(*next(planes)),
        voxels=n_voxels,
        note=f"volumes, segments, perfusion, margin, vessels; one thread; target p95 16 ms; {NOTE}",
        rounds=300,
    )
    yield Benchmark(
        "settled outcome of a plane",
        lambda: simulate(Plan("A", (PlaneCut(*next(planes)),)), twin, PatientFacts(), model=model),
        voxels=n_voxels,
        note="model prepared; target 500 ms",
    )
    first = twin.lesion_ids[0]
    yield Benchmark(
        "settled outcome of a wedge",
        lambda: simulate(Plan("A", (WedgeCut(first, 10.0),)), twin, PatientFacts(), model=model),
        voxels=n_voxels,
        note="model prepared; target 500 ms",
    )
    yield _territories(model, n_voxels)
    yield Benchmark("organ prepared for the engine", lambda: OrganModel.of_twin(twin), voxels=n_voxels, rounds=7)
    yield from _surfaces(model, planes, n_voxels)


def _planes(model: OrganModel) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
    """Return planes through the middle of the organ, turned at random."""
    rng = np.random.default_rng(1)
    k, j, i = np.nonzero(model.organ)
    middle = model.grid.lps_from_ijk(np.array([i.mean(), j.mean(), k.mean()]))
    found = []
    for _ in range(50):
        (ox, oy, oz), (nx, ny, nz) = middle + rng.uniform(-15, 15, 3), rng.normal(size=3)
        found.append(((float(ox), float(oy), float(oz)), (float(nx), float(ny), float(nz))))
    return found


def _branches(model: OrganModel) -> NDArray[np.uint32]:
    assert model.portal is not None
    return np.where(model.organ, model.portal, 0).astype(np.uint32)


def _plane_volumes(
    name: str, labels: NDArray[np.uint32], model: OrganModel, planes: Iterator[tuple[object, object]], n_voxels: int
) -> Iterator[Benchmark]:
    n_states = int(labels.max()) + 1
    table = RunTable.of_states(labels, n_states)
    k, j, i = (index.astype(np.float32) for index in np.nonzero(labels))
    inside = labels[labels > 0]

    def coefficients() -> NDArray[np.float64]:
        origin, normal = next(planes)
        return model.plane_coefficients(origin, normal)  # type: ignore[arg-type]

    def with_numpy() -> object:
        ci, cj, ck, c0 = coefficients()
        removed = ci * i + cj * j + ck * k + c0 > 0
        return np.bincount(inside[removed], minlength=n_states)

    n_compartments = len(np.unique(inside))
    note = f"{n_compartments} compartments, {table.n_runs:,} runs, one thread; equal to the voxel"
    ours = f"volumes of {name} on the side of a plane"
    yield Benchmark(ours, lambda: table.half_space_counts(coefficients()), "NumPy", with_numpy, n_voxels, note, 25)
    stencil = _with_vtk_stencil(labels, coefficients, n_states)
    yield Benchmark(ours, lambda: table.half_space_counts(coefficients()), "VTK stencil", stencil, n_voxels, note, 11)


def _with_vtk_stencil(
    labels: NDArray[np.uint32], coefficients: Callable[[], NDArray[np.float64]], n_states: int
) -> Callable[[], object]:
    """Return the same counts by VTK's stencil of an implicit plane, in voxel indices."""
    nk, nj, ni = labels.shape
    flat = labels.ravel()

    def count() -> object:
        ci, cj, ck, c0 = coefficients()
        normal = np.array([ci, cj, ck])
        plane = vtkPlane()
        plane.SetNormal(*(-normal))
        plane.SetOrigin(*(-c0 * normal / (normal @ normal)))
        source = vtkImplicitFunctionToImageStencil()
        source.SetInput(plane)
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


def _territories(model: OrganModel, n_voxels: int) -> Benchmark:
    """The nearest portal node for each voxel of the organ: what a territory is made from."""
    nodes = np.rint(model.grid.ijk_from_lps(model.twin.graphs["portal"].nodes_lps_mm)).astype(int)[:, ::-1]
    seeds = np.zeros(model.organ.shape, np.bool_)
    seeds[tuple(nodes[((nodes >= 0) & (nodes < seeds.shape)).all(axis=1)].T)] = True
    spacing = model.grid.spacing_ijk_mm
    return Benchmark(
        "nearest vessel node of each liver voxel",
        lambda: nearest_seed(seeds, spacing, model.organ),
        "SciPy",
        lambda: ndimage.distance_transform_edt(
            ~seeds, sampling=spacing[::-1], return_distances=False, return_indices=True
        ),
        n_voxels,
        "one thread, equal in distance; target 2.5",
    )


def _surfaces(model: OrganModel, planes: Iterator[tuple[object, object]], n_voxels: int) -> Iterator[Benchmark]:
    grid, twin = model.grid, model.twin
    padded = np.pad(model.organ, 1).view(np.uint8)
    yield Benchmark(
        "closed smooth surface of the liver, 40,000 triangles",
        lambda: surface_of_mask(model.organ, grid, "liver", target_triangles=40_000),
        "scikit-image",
        lambda: marching_cubes(padded, 0.5, spacing=tuple(grid.spacing_ijk_mm[::-1])),
        n_voxels,
        "the peer neither smooths nor decimates",
    )
    organ = {"liver": surface_of_mask(model.organ, grid, "liver", target_triangles=40_000)}
    cut_twin = type(twin)(twin.grid, twin.layers, organ, twin.graphs)

    def split() -> object:
        origin, normal = next(planes)
        return split_organ(Plan("A", (PlaneCut(origin, normal),)), cut_twin, model=model)  # type: ignore[arg-type]

    yield Benchmark("remnant and specimen of a plane, flat faces", split, voxels=n_voxels, note="40,000 triangles")
