"""One click moves a branch from one venous tree to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.errors import InputError
from twin.geometry.centreline import vessel_graph_of_mask
from twin.label_layer import LabelLayer, Labels
from twin.vessel_graph import VesselGraph

__all__ = ["BranchChange", "reassign_branch"]

Mask = NDArray[np.bool_]

_TREES = ("portal_vein", "hepatic_vein")
_CLICK_REACH_MM = 6.0


@dataclass(frozen=True, eq=False)
class BranchChange:
    """What a click changes.

    Parameters
    ----------
    box
        Around the voxels that change.
    voxels
        The layer inside the box afterwards.
    from_structure, to_structure
        Where the branch was and where it is now.
    """

    box: Box
    voxels: Labels
    from_structure: str
    to_structure: str


def reassign_branch(layer: LabelLayer, point_lps_mm: ArrayLike, to_structure: str | None = None) -> BranchChange:
    """Return the change that moves the branch at a point, with all that lies downstream, to the other tree.

    The tree at the point is thinned to its graph, which begins at its widest end; everything whose way to that end
    passes the point goes over. A pure function: the layer is not changed.

    Parameters
    ----------
    layer
        The layer ``vessels``.
    point_lps_mm
        (3,) a click on the branch, up to 6 mm beside it.
    to_structure
        ``"portal_vein"`` or ``"hepatic_vein"``; by default the other one.

    Raises
    ------
    InputError
        ``error.vessels.no_branch_here`` when no vein of the liver is near; ``error.vessels.same_tree`` when the branch
        belongs to ``to_structure`` already.
    """
    from_structure = _tree_at(layer, point_lps_mm)
    target = to_structure or _TREES[1 - _TREES.index(from_structure)]
    if target == from_structure or target not in _TREES:
        raise InputError("error.vessels.same_tree", structure=target)
    mask = layer.mask(from_structure)
    box = Box.around(mask)
    assert box is not None
    part = mask[box.slices]
    graph = vessel_graph_of_mask(part, layer.grid.cropped(box), from_structure)
    if len(graph.radii_mm) == 0:
        raise InputError("error.vessels.no_branch_here")
    branch = _nearest_nodes(part, layer, box, graph, _downstream(graph, graph.nearest_node(point_lps_mm)))
    changed = Box.around(branch)
    if changed is None:
        raise InputError("error.vessels.no_branch_here")
    whole = _inside(box, changed)
    voxels = layer.voxels[whole.slices].copy()
    voxels[branch[changed.slices]] = structure(target).value
    return BranchChange(whole, voxels, from_structure, target)


def _tree_at(layer: LabelLayer, point_lps_mm: ArrayLike) -> str:
    """Return the venous tree nearest to a point."""
    if layer.name is not LayerName.VESSELS:
        raise ValueError(f"branches are in the layer vessels, not {layer.name}")
    grid = layer.grid
    place = grid.ijk_from_lps(np.asarray(point_lps_mm, np.float64).reshape(3))
    reach = np.ceil(_CLICK_REACH_MM / grid.spacing_ijk_mm)
    low = np.clip(np.floor(place - reach), 0, np.array(grid.size_ijk)).astype(int)
    high = np.clip(np.ceil(place + reach) + 1, 0, np.array(grid.size_ijk)).astype(int)
    around = layer.voxels[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    best: tuple[float, str] | None = None
    for name in _TREES:
        found = np.argwhere(around == structure(name).value)[:, ::-1]
        if found.size:
            gaps_mm = np.linalg.norm((found + low - place) * grid.spacing_ijk_mm, axis=1)
            best = min(best or (np.inf, ""), (float(gaps_mm.min()), name))
    if best is None or best[0] > _CLICK_REACH_MM:
        raise InputError("error.vessels.no_branch_here")
    return best[1]


def _downstream(graph: VesselGraph, node: int) -> Mask:
    """Nodes whose way to the root passes through a node, itself included."""
    is_below = np.zeros(len(graph.parents), np.bool_)
    is_below[node] = True
    has_parent = graph.parents >= 0
    while True:
        grown = is_below.copy()
        grown[has_parent] |= is_below[graph.parents[has_parent]]
        if np.array_equal(grown, is_below):
            return is_below
        is_below = grown


def _nearest_nodes(part: Mask, layer: LabelLayer, box: Box, graph: VesselGraph, is_below: Mask) -> Mask:
    """Voxels of the tree whose nearest centreline point lies downstream; width counts, so that a trunk stays whole."""
    kji = np.argwhere(part)
    lps_mm = layer.grid.lps_from_ijk(kji[:, ::-1] + np.array(box.start_kji[::-1]))
    gaps_mm, nodes = cKDTree(graph.nodes_lps_mm).query(lps_mm, k=min(8, len(graph.radii_mm)))
    gaps_mm, nodes = gaps_mm.reshape(len(kji), -1), nodes.reshape(len(kji), -1)
    own = nodes[np.arange(len(kji)), np.argmin(gaps_mm - graph.radii_mm[nodes], axis=1)]
    branch = np.zeros(part.shape, np.bool_)
    branch[tuple(kji[is_below[own]].T)] = True
    return branch


def _inside(outer: Box, inner: Box) -> Box:
    (k, j, i), (k0, j0, i0), (k1, j1, i1) = outer.start_kji, inner.start_kji, inner.stop_kji
    return Box((k + k0, j + j0, i + i0), (k + k1, j + j1, i + i1))
