"""The liver that the benchmarks of the engine share: the phantom's, at the size of a fine clinical scan."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulation.live import LiveFigures
from simulation.organ_model import OrganModel
from tests.benchmarks.bench import Benchmark, cpu_times_ms
from twin.anatomy import LayerName
from twin.box import Box
from twin.figure import Figure
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.phantom import PhantomRecipe, build_phantom
from twin.twin import Twin
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

SPACING_IJK_MM = (0.75, 0.75, 0.8)
LIVER_ML = 2164.0
NOTE = "phantom of 2164 ml, 0.75 x 0.75 x 0.8 mm"
_LAYERS = (
    LayerName.ORGANS,
    LayerName.VESSELS,
    LayerName.LESIONS,
    LayerName.COUINAUD,
    LayerName.PORTAL_BRANCH,
    LayerName.VENOUS_BRANCH,
)


@cache
def liver_twin() -> Twin:
    """Return the twin: labels of the coarse phantom, refined by nearest neighbour around the liver."""
    phantom = build_phantom(PhantomRecipe.small())
    coarse = phantom.volume.grid
    liver = phantom.layers[LayerName.ORGANS].mask("liver")
    scale = (LIVER_ML / (np.count_nonzero(liver) * coarse.voxel_volume_ml)) ** (1 / 3)
    box = Box.around(liver)
    assert box is not None
    box = box.grown(6, coarse.shape_kji)
    zoom = coarse.spacing_ijk_mm[::-1] * scale / np.array(SPACING_IJK_MM[::-1])
    layers = {}
    grid = None
    for name in _LAYERS:
        voxels = ndimage.zoom(phantom.layers[name].voxels[box.slices], zoom, order=0, grid_mode=True, mode="nearest")
        if grid is None:
            corner = coarse.lps_from_ijk(np.array(box.start_kji[::-1]) - 0.5)
            size = (voxels.shape[2], voxels.shape[1], voxels.shape[0])
            origin = corner * scale + np.array(SPACING_IJK_MM) / 2
            grid = Grid.from_spacing(size, SPACING_IJK_MM, origin_lps_mm=origin)
        layers[name] = LabelLayer(name, grid, voxels)
    automatic = BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)
    layers[LayerName.ORGANS] = layers[LayerName.ORGANS].with_uncertainties({"liver": automatic})
    graphs = {
        name: type(graph)(
            graph.tree,
            graph.nodes_lps_mm * scale,
            graph.radii_mm * scale,
            graph.parents,
            graph.branch_of_node,
            graph.branches,
        )
        for name, graph in phantom.graphs.items()
        if name in ("portal", "hepatic", "arterial")
    }
    assert grid is not None
    return Twin(grid, layers, graphs=graphs)


def live_row(name: str, frame: Callable[[], LiveFigures], target: str, n_voxels: int) -> Benchmark:
    """Return the row of a frame of a drag, after a look that nothing of the live outcome is missing."""
    figures = frame()
    assert figures.segments
    assert set(figures.branches) == {"portal", "hepatic"}
    assert figures.clip_list
    assert figures.margin_points_lps_mm is not None
    wanted = ("flr_ml", "flr_percent", "functional_remnant_ml", "ischaemic_ml", "congested_ml", "margin_mm")
    assert all(isinstance(one := figures.liver[key], Figure) and one.low is not None for key in wanted)
    median_ms, p95_ms = cpu_times_ms(frame, 300)
    return Benchmark(
        name,
        frame,
        voxels=n_voxels,
        note="volumes by segment, lesion and branch, FLR, perfused and drained remnant, ischaemic and congested ml, "
        f"margin with its points, crossed vessels; one thread; CPU time median {median_ms:.1f}, p95 {p95_ms:.1f} ms; "
        f"target p95 {target}; {NOTE}",
        rounds=300,
    )


def compartments(model: OrganModel) -> NDArray[np.uint32]:
    """Return a number for each segment and, inside it, each lesion: what volumes are asked for while dragging."""
    assert model.couinaud is not None
    joint = np.where(model.organ, 1 + model.couinaud * 8 + np.minimum(model.lesions, 7), 0)
    return np.asarray(np.unique(joint, return_inverse=True)[1].reshape(joint.shape), dtype=np.uint32)
