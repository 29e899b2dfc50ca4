"""The resection engine: volumes on the sides of a plane, the whole frame of a drag, the settled outcome, surfaces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkImagingStencil import vtkImageStencilToImage, vtkImplicitFunctionToImageStencil

from simulation.contacts import contacts_of
from simulation.live import LiveFigures, LivePlane
from simulation.organ_model import OrganModel
from simulation.pancreas.gland import Gland
from simulation.pancreas.live import LivePancreas
from simulation.run_table import RunTable
from simulation.simulate import simulate
from simulation.split import split_organ
from tests.benchmarks.bench import Benchmark, cpu_times_ms
from tests.benchmarks.liver_case import compartments, live_row, liver_twin
from twin.anatomy import LayerName
from twin.geometry.surface_vtk import surface_of_mask
from twin.patient import PatientFacts
from twin.phantom import PhantomRecipe, build_phantom
from twin.plan import Plan
from twin.resection import PancreasCut, PancreasOperation, PlaneCut, Resection, TerritorySet, WedgeCut
from twin.twin import Twin


def benchmarks() -> Iterator[Benchmark]:
    """Yield the rows."""
    twin = liver_twin()
    model = OrganModel.of_twin(twin)
    planes = cycle(_planes(model))
    n_voxels = int(np.count_nonzero(model.organ))
    for name, labels in (("segments and lesions", compartments(model)), ("portal branches", _branches(model))):
        yield from _plane_volumes(name, labels, model, planes, n_voxels)
    live = LivePlane(twin, PatientFacts(), model=model)

    def frame() -> LiveFigures:
        return live.figures(*next(planes))  # type: ignore[arg-type]

    yield live_row("frame of a plane drag: the live outcome, intervals included", frame, "16 ms, aim 5", n_voxels)
    yield from _settled(twin, model, planes, n_voxels)
    yield _pancreas()
    yield Benchmark("organ prepared for the engine", lambda: OrganModel.of_twin(twin), voxels=n_voxels, rounds=7)
    yield from _surfaces(model, planes, n_voxels)


def _settled(
    twin: Twin, model: OrganModel, planes: Iterator[tuple[object, object]], n_voxels: int
) -> Iterator[Benchmark]:
    """The settled outcome of each kind of cut, and what is done once for all plans of a twin."""
    contacts = contacts_of(twin)
    fixed = {
        "a wedge": WedgeCut(twin.lesion_ids[0], 10.0),
        "a right hemihepatectomy": TerritorySet(new_world_code="H5678"),
    }

    def settle(cut: Resection) -> object:
        return simulate(Plan("A", (cut,)), twin, PatientFacts(), model=model, contacts=contacts)

    for name in ("a plane", *fixed):

        def work(name: str = name) -> object:
            return settle(fixed[name] if name in fixed else PlaneCut(*next(planes)))  # type: ignore[arg-type]

        note = f"model prepared, contacts kept; {cpu_times_ms(work)[0]:.0f} ms of CPU time; target 500 ms"
        yield Benchmark(f"settled outcome of {name}", work, voxels=n_voxels, note=note)
    yield Benchmark(
        "contacts of all lesions with all vessels",
        lambda: contacts_of(twin),
        voxels=n_voxels,
        note=f"once for the labels of a case; {cpu_times_ms(lambda: contacts_of(twin))[0]:.0f} ms of CPU time",
    )


def _pancreas() -> Benchmark:
    phantom = build_phantom(PhantomRecipe.small())
    layers = {name: phantom.layers[name] for name in (LayerName.ORGANS, LayerName.VESSELS, LayerName.LESIONS)}
    twin = Twin(phantom.volume.grid, layers, graphs=phantom.graphs)
    live = LivePancreas(Gland.of_twin(twin), PatientFacts())
    cuts = cycle(PancreasCut(PancreasOperation.DISTAL, (round(float(at), 3),)) for at in np.linspace(0.3, 0.8, 25))
    return Benchmark(
        "frame of a drag along the pancreas",
        lambda: live.figures(next(cuts)),
        voxels=int(np.count_nonzero(twin.mask("pancreas"))),
        note="volumes, parts, duct and thickness, margin; small phantom; one thread",
        rounds=60,
    )


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
