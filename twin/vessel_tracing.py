"""The trees of a patient traced from the labels: vessels and ducts as graphs, and what they supply of the liver."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.geometry.centreline import vessel_graph_of_mask
from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import depth_mm, distance_to_mm
from twin.geometry.thinning import true_kji
from twin.grid import Grid
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.liver_territories import couinaud_of_trees, territory_layer
from twin.naming.branch_name import BranchName
from twin.naming.given_names import with_given_names
from twin.naming.liver_trees import LiverNames, name_liver_trees
from twin.naming.portal_vein import PortalType
from twin.vessel_graph import RepairKind, VesselGraph

__all__ = ["TracedVessels", "trace_vessels"]

Mask = NDArray[np.bool_]
Layers = Mapping[LayerName, LabelLayer]

_ARTERIES = (
    "aorta",
    "other_artery",
    "celiac_trunk",
    "common_hepatic_artery",
    "splenic_artery",
    "superior_mesenteric_artery",
    "gastroduodenal_artery",
)
_STRUCTURE_OF_TREE = {
    "portal": "portal_vein",
    "hepatic": "hepatic_vein",
    "arterial": "other_artery",
    "pancreatic": "pancreatic_duct",
    "biliary": "bile_duct",
}
# Ours. A hepatic vein within this distance of the vena cava enters it; veins labelled only inside the liver end
# farther off.
_CONTACT_MM = 3.0
_FARTHEST_ENTRY_MM = 30.0
_LEAST_SHARE_OF_VEINS = 0.05  # smaller pieces are not looked at for an entry
_LEAST_SHARE_OF_CONTACT = 0.1
_ENTRY_WIDTH_MM = 12.0
# A bile duct is at most about 10 mm wide, up to 16 mm after removal of the gallbladder or when blocked (Senturk et
# al., AJR 2012;199:W323 for the common duct); what is wider is the gallbladder, which has the same label.
_WIDEST_DUCT_RADIUS_MM = 8.0
_LEAST_DUCT_MM = 10.0  # what is left beside a gallbladder may be no duct at all
# Faces of voxels; clearly more than two vessels that pass each other have. Ours.
_LEAST_TOUCHING_FACES = 200
_LEAST_LOOP_MM = 10.0  # a shorter loop is a matter of a few voxels, and is not told


@dataclass(frozen=True, eq=False)
class TracedVessels:
    """What the labels tell about the vessels.

    Parameters
    ----------
    graphs
        ``"portal"``, ``"hepatic"``, ``"arterial"``, ``"pancreatic"``, ``"biliary"``, where labelled; the branches of
        the liver's two venous trees have clinical names, proposed or given by a person.
    territories
        Derived layers ``portal_branch`` and ``venous_branch`` for the trees that reach through the liver, and
        ``couinaud`` where the trees tell the segments; their doubts tell what was mended and what is a proposal.
    portal_type
        How the portal vein divides.
    doubts
        What stands against segments where there are none, and names whose branch is no longer there.
    """

    graphs: Mapping[str, VesselGraph]
    territories: Mapping[LayerName, LabelLayer]
    portal_type: PortalType = PortalType.UNKNOWN
    doubts: tuple[LabelDoubt, ...] = ()


def trace_vessels(
    layers: Layers, *, given_names: Iterable[BranchName] = (), barriers: Collection[str] = ()
) -> TracedVessels:
    """Trace every labelled tree of vessels and ducts, name the liver's branches, and divide the liver among them.

    Parameters
    ----------
    layers
        Label layers on one grid.
    given_names
        Names that persons gave to branches; they count more than those proposed.
    barriers
        Hepatic veins whose planes no segment crosses (``"right"``, ``"middle"``, ``"left"``).
    """
    graphs = {graph.tree: graph for graph in _graphs(layers)}
    liver = _mask(layers, "liver")
    names = LiverNames({})
    if liver is not None:
        grid = layers[LayerName.ORGANS].grid
        names = name_liver_trees(graphs, liver, _mask(layers, "inferior_vena_cava"), grid)
        graphs |= names.graphs
    lost: list[LabelDoubt] = []
    given_names = tuple(given_names)
    for tree, graph in graphs.items():
        graphs[tree], missed = with_given_names(graph, given_names)
        lost += [LabelDoubt("naming.place_lost", None, {"tree": tree, "branch": one.name}) for one in missed]
    if liver is None:
        return TracedVessels(graphs, {}, doubts=tuple(lost))
    territories = _territories(graphs, liver, layers)
    segments = couinaud_of_trees(graphs, names, territories, liver, grid, barriers=barriers)
    if segments.layer is not None:
        territories[LayerName.COUINAUD] = segments.layer
    doubts = (*lost, *(() if segments.layer is not None else segments.doubts))
    return TracedVessels(graphs, territories, names.portal_type, doubts)


def _territories(graphs: Mapping[str, VesselGraph], liver: Mask, layers: Layers) -> dict[LayerName, LabelLayer]:
    """Return the territories of the trees that reach through the liver."""
    found: dict[LayerName, LabelLayer] = {}
    touching = _touching(layers)
    for tree, name in (("portal", LayerName.PORTAL_BRANCH), ("hepatic", LayerName.VENOUS_BRANCH)):
        if tree in graphs:
            doubts = (*_doubts(graphs[tree]), *(touching if tree == "portal" else ()))
            layer = territory_layer(name, graphs[tree], liver, layers[LayerName.ORGANS].grid, doubts)
            if layer is not None:
                found[name] = layer
    return found


def _touching(layers: Layers) -> tuple[LabelDoubt, ...]:
    """Tell of portal and hepatic veins whose labels touch over more than a few voxels: one may be part of the other."""
    if LayerName.VESSELS not in layers:
        return ()
    vessels = layers[LayerName.VESSELS].voxels
    portal, hepatic = (structure(i).value for i in ("portal_vein", "hepatic_vein"))
    n_faces = 0
    for axis in range(3):
        low = vessels[tuple(slice(None, -1) if n == axis else slice(None) for n in range(3))]
        high = vessels[tuple(slice(1, None) if n == axis else slice(None) for n in range(3))]
        n_faces += int(np.count_nonzero((low == portal) & (high == hepatic)))
        n_faces += int(np.count_nonzero((low == hepatic) & (high == portal)))
    if n_faces < _LEAST_TOUCHING_FACES:
        return ()
    return (LabelDoubt("tracing.touching", "portal_vein", {"structure": "portal_vein", "faces": n_faces}),)


def _graphs(layers: Layers) -> Iterator[VesselGraph]:
    liver = _mask(layers, "liver")
    portal, hepatic = _mask(layers, "portal_vein"), _mask(layers, "hepatic_vein")
    if portal is not None:
        yield vessel_graph_of_mask(portal, layers[LayerName.VESSELS].grid, "portal", organ_kji=liver)
    if hepatic is not None:
        grid = layers[LayerName.VESSELS].grid
        roots = _entries(hepatic, _mask(layers, "inferior_vena_cava"), grid)
        yield vessel_graph_of_mask(hepatic, grid, "hepatic", root_lps_mm=roots)
    arteries = [mask for name in _ARTERIES if (mask := _mask(layers, name)) is not None]
    if arteries:
        grid = layers[LayerName.VESSELS].grid
        top = None if (aorta := _mask(layers, "aorta")) is None else _highest(aorta, grid)
        yield vessel_graph_of_mask(np.logical_or.reduce(arteries), grid, "arterial", root_lps_mm=top)
    yield from _ducts(layers)


def _ducts(layers: Layers) -> Iterator[VesselGraph]:
    duodenum = _mask(layers, "duodenum")
    for tree in ("pancreatic", "biliary"):
        duct = _mask(layers, _STRUCTURE_OF_TREE[tree])
        if duct is None:
            continue
        grid = layers[LayerName.DUCTS].grid
        duct = _without_gallbladder(duct, grid) if tree == "biliary" else duct
        if not duct.any():
            continue
        graph = vessel_graph_of_mask(duct, grid, tree, root_lps_mm=_papilla(duct, duodenum, grid))
        if sum(graph.lengths_mm.values()) >= _LEAST_DUCT_MM:
            yield graph


def _mask(layers: Layers, structure_id: str) -> Mask | None:
    """Return the voxels of a structure, or None where it is not labelled."""
    wanted = structure(structure_id)
    layer = layers.get(wanted.layer)
    return layer.mask(structure_id) if layer is not None and wanted.value in layer.values() else None


def _entries(hepatic: Mask, cava: Mask | None, grid: Grid) -> NDArray[np.float64] | None:
    """Return where the hepatic veins enter the vena cava, (n, 3), or None when that is not to be seen."""
    if cava is None:
        return None
    veins = _large_pieces(hepatic, _LEAST_SHARE_OF_VEINS)
    points = grid.lps_from_ijk(true_kji(veins)[:, ::-1])
    wall = cKDTree(grid.lps_from_ijk(true_kji(cava)[:, ::-1]))
    contact_mm = max(_CONTACT_MM, float(grid.spacing_ijk_mm.max()))
    touches = points[np.isfinite(wall.query(points, distance_upper_bound=contact_mm)[0])]
    if len(touches) > 0:
        return _middles(touches)
    gaps_mm, _ = wall.query(points, distance_upper_bound=_FARTHEST_ENTRY_MM)
    nearest = int(gaps_mm.argmin())
    return points[[nearest]] if np.isfinite(gaps_mm[nearest]) else None


def _large_pieces(mask: Mask, least_share: float) -> Mask:
    """Return the pieces of a mask that hold at least a share of its voxels, and the largest."""
    box = Box.around(mask)
    assert box is not None
    pieces, n_voxels = components(mask[box.slices])
    n_large = max(int(np.count_nonzero(n_voxels >= least_share * n_voxels.sum())), 1)
    large = np.zeros_like(mask)
    large[box.slices] = (pieces > 0) & (pieces <= n_large)
    return large


def _middles(points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the middle of each cluster of points that holds a fair share of them, the largest first.

    A cluster is what lies within the width of a hepatic vein of its fullest place.
    """
    found, left = [], points_lps_mm
    while len(left) >= max(_LEAST_SHARE_OF_CONTACT * len(points_lps_mm), 1):
        n_near = cKDTree(left).query_ball_point(left, _ENTRY_WIDTH_MM / 2, return_length=True)
        gaps = np.linalg.norm(left - left[int(np.argmax(n_near))], axis=1)
        middle = left[gaps <= _ENTRY_WIDTH_MM / 2].mean(axis=0)
        is_near = np.linalg.norm(left - middle, axis=1) <= _ENTRY_WIDTH_MM
        if np.count_nonzero(is_near) < _LEAST_SHARE_OF_CONTACT * len(points_lps_mm):
            break
        found.append(middle)
        left = left[~is_near]
    return np.array(found)


def _highest(mask: Mask, grid: Grid) -> NDArray[np.float64]:
    """Return the middle of the topmost millimetres of a vessel: blood enters the aorta from above."""
    points = grid.lps_from_ijk(true_kji(mask)[:, ::-1])
    height = points[:, 2]
    return np.asarray(points[height >= height.max() - float(grid.spacing_ijk_mm.max())].mean(axis=0))


def _papilla(duct: Mask, duodenum: Mask | None, grid: Grid) -> NDArray[np.float64]:
    """Return the voxel of a duct that is nearest to the duodenum; without one, the rightmost."""
    voxels = true_kji(duct)
    points = grid.lps_from_ijk(voxels[:, ::-1])
    if duodenum is None:
        return np.asarray(points[int(points[:, 0].argmin())])
    box = Box.around(duct | duodenum)
    assert box is not None
    distance_mm = distance_to_mm(np.ascontiguousarray(duodenum[box.slices]), grid.spacing_ijk_mm)
    return np.asarray(points[int(distance_mm[duct[box.slices]].argmin())])


def _without_gallbladder(duct: Mask, grid: Grid) -> Mask:
    """Return the bile ducts without what is too wide for one and what surrounds that."""
    box = Box.around(duct)
    assert box is not None
    part = np.ascontiguousarray(duct[box.slices])
    core = depth_mm(part, grid.spacing_ijk_mm) > _WIDEST_DUCT_RADIUS_MM
    if not core.any():
        return duct
    margin_mm = _WIDEST_DUCT_RADIUS_MM + float(grid.spacing_ijk_mm.max())
    narrow = part & (distance_to_mm(core, grid.spacing_ijk_mm) > margin_mm)
    ducts = np.zeros_like(duct)
    ducts[box.slices] = narrow
    return ducts


def _doubts(graph: VesselGraph) -> tuple[LabelDoubt, ...]:
    """Word what was mended in a tree, a line for each kind."""
    structure_id = _STRUCTURE_OF_TREE[graph.tree]
    lengths: dict[RepairKind, list[float]] = {}
    for repair in graph.repairs:
        if repair.kind is not RepairKind.LOOP or repair.length_mm >= _LEAST_LOOP_MM:
            lengths.setdefault(repair.kind, []).append(repair.length_mm)

    def doubt(message_id: str, kind: RepairKind) -> tuple[LabelDoubt, ...]:
        found = lengths.get(kind, [])
        values = {"structure": structure_id, "count": len(found), "length_mm": round(max(found, default=0.0), 1)}
        return (LabelDoubt(message_id, structure_id, values),) if found else ()

    return (
        *doubt("tracing.gaps", RepairKind.GAP),
        *doubt("tracing.loops", RepairKind.LOOP),
        *doubt("tracing.apart", RepairKind.APART),
    )
