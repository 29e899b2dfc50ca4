"""Territories of the liver from the patient's own trees: portal supply, venous drainage, Couinaud's segments."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.geometry.components_cc3d import components
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.geometry.territories import branch_territories
from twin.grid import Grid
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.naming.liver_trees import LiverNames
from twin.naming.portal_vein import PortalType
from twin.naming.segment_of_name import segment_of_branch_name
from twin.provenance import Provenance
from twin.vessel_graph import VesselGraph

__all__ = ["BARRIERS", "LiverSegments", "couinaud_of_trees", "end_branches", "territory_layer"]

Mask = NDArray[np.bool_]
Labels = NDArray[np.uint16]

BARRIERS = ("right", "middle", "left")

# A tree that leaves half of the liver farther than this from its branches is a trunk, and has no territories.
_LARGEST_MEDIAN_DISTANCE_MM = 20.0
_LEAST_SEGMENTS = 5  # of eight; ours: with fewer the picture would be more guess than tree
_SEGMENTS = ("2", "3", "4a", "4b", "5", "6", "7", "8")
_LEAST_PIECE_ML = 5.0
_VEIN_REACH_MM = 10.0  # so far beyond the end of a hepatic vein its plane still divides
_VERSION = "1"


def end_branches(graph: VesselGraph) -> tuple[int, ...]:
    """Return the branches that supply tissue: those no other hangs on. Trunks carry blood past what they lie in."""
    parents = {branch.parent for branch in graph.branches}
    return tuple(branch.index for branch in graph.branches if branch.index not in parents)


def territory_layer(
    name: LayerName, graph: VesselGraph, liver_kji: Mask, grid: Grid, doubts: tuple[LabelDoubt, ...] = ()
) -> LabelLayer | None:
    """Return the territories of the end branches of a tree as a layer; None where the tree does not fill the liver.

    Parameters
    ----------
    name
        ``LayerName.PORTAL_BRANCH`` or ``LayerName.VENOUS_BRANCH``.
    graph
        The tree.
    liver_kji
        bool ``[k, j, i]`` on ``grid``.
    grid
        Where the voxels are.
    doubts
        About the tree; a piece of the liver without any branch in it is added.
    """
    found = branch_territories(graph, liver_kji, grid, branches=end_branches(graph), n_threads=2)
    if found is None or found.median_distance_mm > _LARGEST_MEDIAN_DISTANCE_MM:
        return None
    return LabelLayer(name, grid, found.branch_kji, doubts=(*doubts, *_bare_pieces(graph, liver_kji, grid)))


def _bare_pieces(graph: VesselGraph, liver: Mask, grid: Grid) -> tuple[LabelDoubt, ...]:
    """Tell of pieces of a liver in pieces that no branch of a tree reaches."""
    box = Box.around(liver)
    assert box is not None
    pieces, n_voxels = components(liver[box.slices])
    if n_voxels.size < 2:
        return ()
    voxels = np.rint(grid.cropped(box).ijk_from_lps(graph.nodes_lps_mm)).astype(np.int64)[:, ::-1]
    voxels = voxels[((voxels >= 0) & (voxels < pieces.shape)).all(axis=1)]
    reached = set(np.unique(pieces[tuple(voxels.T)]).tolist())
    volumes = [float(n) * grid.voxel_volume_ml for i, n in enumerate(n_voxels, start=1) if i not in reached]
    bare_ml = [ml for ml in volumes if ml >= _LEAST_PIECE_ML]
    parameters = {"count": len(bare_ml), "volume_ml": round(sum(bare_ml)), "tree": graph.tree}
    return (LabelDoubt("territories.bare_piece", "liver", parameters),) if bare_ml else ()


@dataclass(frozen=True, eq=False)
class LiverSegments:
    """Couinaud's segments made from the trees: a layer with its doubts, or the doubts that tell why there is none."""

    layer: LabelLayer | None
    doubts: tuple[LabelDoubt, ...]


def couinaud_of_trees(
    graphs: Mapping[str, VesselGraph],
    names: LiverNames,
    territories: Mapping[LayerName, LabelLayer],
    liver_kji: Mask,
    grid: Grid,
    *,
    barriers: Collection[str] = (),
) -> LiverSegments:
    """Make Couinaud's segments from named trees: nearest segmental branch, and the caudate lobe by what lies round it.

    Parameters
    ----------
    graphs
        Trees with the names that count, those of a person included.
    names
        What naming learned: the portal type, the region of the caudate lobe, the courses of the hepatic veins.
    territories
        Layers of the trees; without that of the portal vein there are no segments.
    liver_kji
        bool ``[k, j, i]`` on ``grid``.
    grid
        Where the voxels are.
    barriers
        Hepatic veins whose planes no segment crosses, of :data:`BARRIERS`; the left one divides 2 from 3 only.
    """
    refusal = _refusal(graphs, names, territories)
    if refusal is not None:
        return LiverSegments(None, (refusal,))
    portal = graphs["portal"]
    segment_of = {branch.index: segment_of_branch_name(branch.name) for branch in portal.branches}
    supplying = [index for index in end_branches(portal) if segment_of[index] is not None]
    seen = {segment_of[index] for index in supplying}
    missing = tuple(s for s in _SEGMENTS if s not in seen)
    if len(_SEGMENTS) - len(missing) < _LEAST_SEGMENTS:
        return LiverSegments(None, (LabelDoubt("couinaud.too_poor", "liver", {"segments": ", ".join(missing)}),))
    segments = _nearest_segment(portal, supplying, segment_of, liver_kji, grid)
    _settle_caudate(segments, portal, supplying, segment_of, names, liver_kji, grid)
    for vein in barriers:
        _respect_vein(segments, vein, names, liver_kji, grid)
    doubts = [LabelDoubt("couinaud.from_trees", "liver", {})]
    if missing:
        doubts.append(LabelDoubt("couinaud.segments_missing", "liver", {"segments": ", ".join(missing)}))
    if names.caudate is None:
        doubts.append(LabelDoubt("couinaud.no_caudate", "liver", {}))
    provenance = Provenance("segments-of-trees", _VERSION, {"barriers": ",".join(sorted(barriers))})
    layer = LabelLayer(LayerName.COUINAUD, grid, segments, provenance=provenance, doubts=tuple(doubts))
    return LiverSegments(layer, layer.doubts)


def _refusal(
    graphs: Mapping[str, VesselGraph], names: LiverNames, territories: Mapping[LayerName, LabelLayer]
) -> LabelDoubt | None:
    """Return why there can be no segments."""
    if "portal" not in graphs:
        return LabelDoubt("couinaud.needs_tree", "liver", {"structure": "portal_vein"})
    if names.axis is None:
        return LabelDoubt("couinaud.needs_tree", "liver", {"structure": "hepatic_vein"})
    if LayerName.PORTAL_BRANCH not in territories:
        return LabelDoubt("couinaud.trunk_only", "liver", {"structure": "portal_vein"})
    if names.portal_type is PortalType.UNKNOWN:
        return LabelDoubt("couinaud.no_sectors", "liver", {"structure": "portal_vein"})
    return None


def _nearest_segment(
    portal: VesselGraph,
    supplying: Collection[int],
    segment_of: Mapping[int, str | None],
    liver: Mask,
    grid: Grid,
) -> NDArray[np.uint8]:
    """Return the value of the segment whose end branches are nearest, uint8 ``[k, j, i]``."""
    found = branch_territories(portal, liver, grid, branches=supplying, n_threads=2)
    assert found is not None
    values = np.zeros(max(segment_of) + 1, np.uint8)
    for index in supplying:
        values[index] = _value(segment_of[index])
    return values[found.branch_kji]


def _value(segment: str | None) -> int:
    return structure(f"couinaud_{segment}").value


def _settle_caudate(
    segments: NDArray[np.uint8],
    portal: VesselGraph,
    supplying: Collection[int],
    segment_of: Mapping[int, str | None],
    names: LiverNames,
    liver: Mask,
    grid: Grid,
) -> None:
    """Give segment 1 its region, and take from it what its branches would supply in front of the hilar plate."""
    if names.caudate is None:
        return
    voxels = np.flatnonzero(liver)
    points = grid.lps_from_ijk(np.stack(np.unravel_index(voxels, liver.shape)[::-1], axis=1))
    flat, one = segments.ravel(), _value("1")
    is_stray = (flat[voxels] == one) & ~names.caudate.is_behind_fork(points)
    others = [index for index in supplying if segment_of[index] != "1"]
    if is_stray.any() and others:
        flat[voxels[is_stray]] = _nearest_segment(portal, others, segment_of, liver, grid).ravel()[voxels[is_stray]]
    flat[voxels[names.caudate.contains(points)]] = one


def _respect_vein(segments: NDArray[np.uint8], vein: str, names: LiverNames, liver: Mask, grid: Grid) -> None:
    """Give what lies beyond the plane of a hepatic vein to the nearest segment on its own side."""
    course = (names.courses or {}).get(vein)
    if course is None or names.axis is None:
        return
    before, beyond = ([_value(s) for s in side] for side in _SIDES[vein])
    voxels = np.flatnonzero(liver & np.isin(segments, [*before, *beyond]))
    points = grid.lps_from_ijk(np.stack(np.unravel_index(voxels, liver.shape)[::-1], axis=1))
    is_near = course.reaches(points, names.axis, _VEIN_REACH_MM)
    if vein == "left":
        is_beyond = course.is_above_and_behind(points)
    else:
        is_beyond = names.axis.azimuth_deg(points) > course.azimuth_at(points[:, 2])
    for is_here, right_side in ((is_beyond, beyond), (~is_beyond, before)):
        wrong = voxels[is_near & is_here & ~np.isin(segments.ravel()[voxels], right_side)]
        if wrong.size == 0:
            continue
        asked = np.zeros(segments.size, np.bool_)
        asked[wrong] = True
        own_side = np.zeros(segments.size, np.bool_)
        own_side[voxels[is_here]] = np.isin(segments.ravel()[voxels[is_here]], right_side)
        if own_side.any():
            nearest = nearest_seed(own_side.reshape(liver.shape), grid.spacing_ijk_mm, asked.reshape(liver.shape))
            segments.ravel()[wrong] = segments.ravel()[nearest.ravel()[wrong]]


# Segments before and beyond each vein, seen from the right. The left one runs in the left scissura, between 2 and 3:
# it never divides 3 from 4, whose border is the umbilical fissure.
_SIDES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "right": (("6", "7"), ("5", "8")),
    "middle": (("5", "8"), ("4a", "4b")),
    "left": (("3",), ("2",)),
}
