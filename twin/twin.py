"""The digital twin: labels, closed surfaces, vessel graphs and how sure we are of each boundary."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, Structure, structure
from twin.box import Box
from twin.case import Case
from twin.errors import GeometryError
from twin.geometry.surface_vtk import surface_of_mask
from twin.grid import Grid
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.naming.portal_vein import PortalType
from twin.surface import Surface
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.vessel_graph import VesselGraph
from twin.vessel_tracing import TracedVessels, trace_vessels

__all__ = ["SurfaceQuality", "Twin", "build_twin"]

_BRANCH_LAYER_OF_TREE = {"portal": LayerName.PORTAL_BRANCH, "hepatic": LayerName.VENOUS_BRANCH}
_SMALLEST_COMPARED_ML = 5.0  # below it a voxel of boundary is more than a per cent


@dataclass(frozen=True)
class SurfaceQuality:
    """How well a surface stands for its labels.

    ``difference_percent`` is 100 * (surface - label) / label. ``is_good`` asks for a closed surface within
    1 % of the label volume where the structure is above 5 ml.
    """

    structure_id: str
    label_ml: float
    surface_ml: float
    n_triangles: int
    is_closed: bool

    @property
    def difference_percent(self) -> float:
        """Volume inside the surface against the labels, in per cent of the labels."""
        return 100.0 * (self.surface_ml - self.label_ml) / self.label_ml

    @property
    def is_good(self) -> bool:
        """True when closed and, above 5 ml, within 1 % of the labels."""
        return self.is_closed and (self.label_ml <= _SMALLEST_COMPARED_ML or abs(self.difference_percent) <= 1.0)


@dataclass(frozen=True, eq=False)
class Twin:
    """A patient's anatomy on the grid the surgeon plans on.

    Volumes come from the labels, never from the surfaces.

    Parameters
    ----------
    grid
        Reference grid.
    layers
        Label layers by name, all on ``grid``.
    surfaces
        Closed surfaces by structure id.
    graphs
        Vessel trees by name (``"portal"``, ``"hepatic"``).
    labels_hash
        Hash of the primary layers of the case it was built from.
    quality
        Surface against labels, by structure id.
    portal_type
        How the portal vein divides, as traced.
    doubts
        About the anatomy as a whole: why there are no segments, names whose branch is gone.
    """

    grid: Grid
    layers: Mapping[LayerName, LabelLayer]
    surfaces: Mapping[str, Surface] = field(default_factory=dict)
    graphs: Mapping[str, VesselGraph] = field(default_factory=dict)
    labels_hash: str = ""
    quality: Mapping[str, SurfaceQuality] = field(default_factory=dict)
    portal_type: PortalType = PortalType.UNKNOWN
    doubts: tuple[LabelDoubt, ...] = ()

    @property
    def structure_ids(self) -> tuple[str, ...]:
        """Ids of every labelled structure, derived layers of branches aside."""
        names = (name for name in LayerName if name in self.layers and not _is_branch_layer(name))
        return tuple(i for name in names for i in self.layers[name].structure_ids())

    @property
    def lesion_ids(self) -> tuple[str, ...]:
        """Ids of the lesions, by falling volume."""
        layer = self.layers.get(LayerName.LESIONS)
        return () if layer is None else layer.structure_ids()

    def has(self, structure_id: str) -> bool:
        """Tell whether a structure is labelled."""
        layer = self.layers.get(structure(structure_id).layer)
        return layer is not None and structure_id in layer.structure_ids()

    def mask(self, structure_id: str) -> NDArray[np.bool_]:
        """Return the voxels ``[k, j, i]`` of a structure; none are true when it is not labelled."""
        layer = self.layers.get(structure(structure_id).layer)
        return np.zeros(self.grid.shape_kji, np.bool_) if layer is None else layer.mask(structure_id)

    def box(self, structure_id: str) -> Box | None:
        """Return the smallest box around a structure, or None when it is not labelled."""
        layer = self.layers.get(structure(structure_id).layer)
        return None if layer is None else layer.box(structure_id)

    def uncertainty(self, structure_id: str) -> BoundaryUncertainty:
        """Return how far the boundary of a structure may lie; by default as of an imported label."""
        layer = self.layers.get(structure(structure_id).layer)
        known = {} if layer is None else layer.uncertainties
        general = "lesion" if structure_id.startswith("lesion-") else structure_id
        return known.get(structure_id) or known.get(general) or BoundaryUncertainty.of_origin(LabelOrigin.IMPORTED)


def build_twin(
    case: Case,
    *,
    structure_ids: Collection[str] | None = None,
    graphs: Mapping[str, VesselGraph] | None = None,
    traced: TracedVessels | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> Twin:
    """Build the twin of a case: a closed, smooth surface of every labelled structure.

    Parameters
    ----------
    case
        With at least one label layer.
    structure_ids
        Structures that get a surface; None means all. Figures need the surfaces of the lesions only, and make
        those that are lacking.
    graphs
        Vessel trees, where they are known; None traces them from the labels, and with them the territories of the
        liver's branches, which take the place of any the case has.
    traced
        What tracing the labels and the names of this case gave, where it was kept; without it they are traced here.
    progress, cancel
        Told and asked before each structure.

    Raises
    ------
    GeometryError
        ``error.twin.no_labels`` when nothing is labelled.
    Cancelled
        When the caller stopped it.
    """
    layers = {name: case.layers[name] for name in LayerName if name in case.layers}
    twin = Twin(case.reference_grid, layers, graphs=graphs or {}, labels_hash=case.labels_hash) if layers else None
    if twin is None or not twin.structure_ids:
        raise GeometryError("error.twin.no_labels")
    if graphs is None:
        if traced is None:
            progress(Progress(0.0, "progress.twin.vessels"))
            traced = trace_vessels(layers, given_names=case.branch_names, barriers=case.segment_barriers)
        twin = _with_traced_vessels(twin, traced)
    wanted = [i for i in twin.structure_ids if structure_ids is None or i in structure_ids]
    surfaces: dict[str, Surface] = {}
    for done, structure_id in enumerate(wanted):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(Progress(done / len(wanted), "progress.twin.surface", {"structure": structure_id}))
        surfaces[structure_id] = _surface(twin, structure(structure_id))
    progress(Progress(1.0, "progress.twin.done"))
    quality = {i: _quality(twin, surface) for i, surface in surfaces.items()}
    return replace(twin, surfaces=surfaces, quality=quality)


def _with_traced_vessels(twin: Twin, traced: TracedVessels) -> Twin:
    """Return the twin with the trees of its labels; branch layers made for other trees go, segments stay."""
    foreign = {name for tree, name in _BRANCH_LAYER_OF_TREE.items() if tree in traced.graphs}
    layers = {name: layer for name, layer in twin.layers.items() if name not in foreign}
    has_segments = LayerName.COUINAUD in layers
    found = {n: layer for n, layer in traced.territories.items() if n is not LayerName.COUINAUD or not has_segments}
    doubts = tuple(d for d in traced.doubts if not (has_segments and d.message_id.startswith("couinaud.")))
    return replace(
        twin, layers={**layers, **found}, graphs=traced.graphs, portal_type=traced.portal_type, doubts=doubts
    )


@dataclass(frozen=True)
class _Detail:
    """How finely a kind of structure is drawn: found by eye; a whole twin stays under 400 k triangles."""

    working_mm: float
    target_triangles: int
    is_thin: bool = False


_DETAIL_OF_LAYER = {
    LayerName.ORGANS: _Detail(1.4, 40_000),
    LayerName.VESSELS: _Detail(1.0, 40_000, is_thin=True),
    LayerName.LESIONS: _Detail(0.8, 8_000),
    LayerName.DUCTS: _Detail(1.0, 15_000, is_thin=True),
    LayerName.CONTEXT: _Detail(1.6, 60_000),
    LayerName.COUINAUD: _Detail(1.4, 15_000),
}
_DETAIL_OF_SKIN = _Detail(3.0, 30_000)


def _surface(twin: Twin, wanted: Structure) -> Surface:
    detail = _DETAIL_OF_SKIN if wanted.id == "skin" else _DETAIL_OF_LAYER[wanted.layer]
    return surface_of_mask(
        twin.mask(wanted.id),
        twin.grid,
        wanted.id,
        target_triangles=detail.target_triangles,
        working_mm=detail.working_mm,
        is_thin=detail.is_thin,
        labels_hash=twin.layers[wanted.layer].hash,
    )


def _quality(twin: Twin, surface: Surface) -> SurfaceQuality:
    label_ml = twin.layers[structure(surface.structure_id).layer].volume_ml(surface.structure_id)
    return SurfaceQuality(surface.structure_id, label_ml, surface.volume_ml, surface.n_triangles, surface.is_closed)


def _is_branch_layer(name: LayerName) -> bool:
    return name in (LayerName.PORTAL_BRANCH, LayerName.VENOUS_BRANCH)
