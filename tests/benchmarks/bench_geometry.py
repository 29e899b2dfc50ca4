"""Geometry that all parts share: thinning, distances, territories, components, tracing of vessels."""

from __future__ import annotations

from collections.abc import Iterator

import edt
import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_labels
from skimage.morphology import skeletonize

from tests.benchmarks.bench import Benchmark
from tests.benchmarks.liver_case import NOTE, liver_twin
from twin.box import Box
from twin.geometry.centreline import vessel_graph_of_mask
from twin.geometry.components_cc3d import component_sizes
from twin.geometry.distance_edt import depth_mm, distance_to_mm
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.geometry.territories import branch_territories
from twin.geometry.thinning import skeleton_of_mask
from twin.liver_territories import end_branches
from twin.naming.liver_trees import name_liver_trees
from twin.twin import Twin
from twin.vessel_tracing import trace_vessels

Mask = NDArray[np.bool_]


def benchmarks() -> Iterator[Benchmark]:
    """Yield the rows."""
    twin = liver_twin()
    liver, portal = twin.mask("liver"), twin.mask("portal_vein")
    box = Box.around(liver | portal)
    assert box is not None
    liver, portal = (np.ascontiguousarray(mask[box.grown(4, mask.shape).slices]) for mask in (liver, portal))
    yield _thinning(portal)
    yield from _distances(liver, portal, twin.grid.spacing_ijk_mm)
    yield from _territories(liver, twin)
    yield from _components(liver, portal)
    yield from _tracing(twin)


def _thinning(portal: Mask) -> Benchmark:
    return Benchmark(
        "thinning of the portal tree",
        lambda: skeleton_of_mask(portal),
        "scikit-image",
        lambda: skeletonize(portal),
        int(np.count_nonzero(portal)),
        f"same pieces and Euler number; one thread; target 4; {NOTE}",
    )


def _distances(liver: Mask, portal: Mask, spacing: NDArray[np.float64]) -> Iterator[Benchmark]:
    """Ours is the edt package: these rows show what the wrapper costs, and the peer."""
    anisotropy = tuple(float(s) for s in spacing[::-1])
    inside = liver.view(np.uint8)
    image = sitk.GetImageFromArray(inside)
    image.SetSpacing([float(s) for s in spacing])
    rows = (
        ("depth in the liver", lambda: depth_mm(liver, spacing), lambda: edt.edt(inside, anisotropy, True, parallel=1)),
        (
            "distance to the portal tree",
            lambda: distance_to_mm(portal, spacing),
            lambda: edt.edt((~portal).view(np.uint8), anisotropy, False, parallel=1),
        ),
    )
    for name, ours, with_edt in rows:
        yield Benchmark(name, ours, "edt on uint8", with_edt, liver.size, "ours is this package; one thread")
    yield Benchmark(
        "depth in the liver",
        lambda: depth_mm(liver, spacing),
        "SimpleITK Maurer",
        lambda: sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True),
        liver.size,
        "the peer uses all cores, and gives both sides of the border",
    )


def _territories(liver: Mask, twin: Twin) -> Iterator[Benchmark]:
    box = Box.around(twin.mask("liver"))
    assert box is not None
    box = box.grown(4, twin.grid.shape_kji)
    organ, part = np.ascontiguousarray(twin.mask("liver")[box.slices]), twin.grid.cropped(box)
    nodes = np.rint(part.ijk_from_lps(twin.graphs["portal"].nodes_lps_mm)).astype(int)[:, ::-1]
    seeds = np.zeros(organ.shape, np.bool_)
    seeds[tuple(nodes[((nodes >= 0) & (nodes < seeds.shape)).all(axis=1)].T)] = True
    spacing = part.spacing_ijk_mm
    for n_threads, target in ((1, 2.5), (2, 3.5)):
        yield Benchmark(
            f"nearest vessel node of each liver voxel, threads: {n_threads}",
            lambda n_threads=n_threads: nearest_seed(seeds, spacing, organ, n_threads=n_threads),  # type: ignore[misc]
            "SciPy",
            lambda: ndimage.distance_transform_edt(
                ~seeds, sampling=spacing[::-1], return_distances=False, return_indices=True
            ),
            int(np.count_nonzero(organ)),
            f"equal in distance; target {target}",
        )
    graph = twin.graphs["portal"]
    for n_threads, target in ((1, 2.5), (2, 3.5)):
        yield Benchmark(
            f"territories of the portal end branches, borders by the course, threads: {n_threads}",
            lambda n_threads=n_threads: branch_territories(  # type: ignore[misc]
                graph, organ, part, branches=end_branches(graph), n_threads=n_threads
            ),
            "SciPy",
            lambda: ndimage.distance_transform_edt(
                ~seeds, sampling=spacing[::-1], return_distances=False, return_indices=True
            ),
            int(np.count_nonzero(organ)),
            f"the peer finds the nearest voxel only; target {target}",
        )


def _components(liver: Mask, portal: Mask) -> Iterator[Benchmark]:
    for name, mask in (("liver", liver), ("portal tree", portal)):
        yield Benchmark(
            f"connected pieces of the {name}, sizes",
            lambda mask=mask: component_sizes(mask),  # type: ignore[misc]
            "scikit-image",
            lambda mask=mask: np.bincount(connected_labels(mask, connectivity=3).ravel()),  # type: ignore[misc]
            mask.size,
            "ours is the package connected-components-3d",
        )


def _tracing(twin: Twin) -> Iterator[Benchmark]:
    """Whole operations without a peer."""
    portal, liver = twin.mask("portal_vein"), twin.mask("liver")
    graph = vessel_graph_of_mask(portal, twin.grid, "portal")
    n_voxels = int(np.count_nonzero(portal))
    note = f"{len(graph.branches)} branches; target 1 s"
    ours = "portal tree traced from its mask"
    yield Benchmark(ours, lambda: vessel_graph_of_mask(portal, twin.grid, "portal"), voxels=n_voxels, note=note)
    yield Benchmark(
        "territories of the portal branches",
        lambda: branch_territories(graph, liver, twin.grid),
        voxels=int(np.count_nonzero(liver)),
        note="one thread",
    )
    yield Benchmark(
        "all vessels of a twin traced, with both territories",
        lambda: trace_vessels(twin.layers),
        voxels=int(np.prod(twin.grid.shape_kji)),
        note="two threads; names and segments included",
    )
    cava = twin.mask("inferior_vena_cava")
    graphs = {"portal": graph, "hepatic": vessel_graph_of_mask(twin.mask("hepatic_vein"), twin.grid, "hepatic")}
    yield Benchmark(
        "names of the portal and hepatic branches",
        lambda: name_liver_trees(graphs, liver, cava if cava.any() else None, twin.grid),
        voxels=int(np.count_nonzero(liver)),
        note="no peer",
    )
