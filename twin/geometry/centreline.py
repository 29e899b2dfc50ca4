"""A vessel tree traced from its labelled voxels: centrelines, radii and branches, oriented from the root."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from twin.box import Box
from twin.errors import GeometryError
from twin.geometry.branching import branched_graph
from twin.geometry.components_cc3d import without_cavities
from twin.geometry.curve_network import CurveNetwork, network_of_mask
from twin.geometry.gap_bridging import bridged
from twin.geometry.spanning_tree import rooted_trees
from twin.geometry.thinning import true_kji
from twin.geometry.vessel_sections import MaskVoxels
from twin.grid import Grid
from twin.vessel_graph import GraphRepair, RepairKind, VesselGraph

__all__ = ["vessel_graph_of_mask"]

_END_MM = 15.0  # over this length from an end its radius is judged: labels taper where contrast fades
_SNAP_MM = 5.0  # a root given so near to an end means the end
_LEAST_PIECE_MM = 10.0  # a shorter piece that nothing reaches is left out


def vessel_graph_of_mask(
    mask_kji: NDArray[np.bool_],
    grid: Grid,
    tree: str,
    *,
    root_lps_mm: ArrayLike | None = None,
    organ_kji: NDArray[np.bool_] | None = None,
    smooth_mm: float = 2.0,
    shortest_branch: Literal["radius"] | float = "radius",
    largest_gap_mm: float = 6.0,
) -> VesselGraph:
    """Trace the tree of a vessel mask.

    The mask is thinned, its radii are depths in it; loops are opened at their thinnest place, small gaps bridged,
    spurs taken off, centrelines smoothed without shrinking. What was mended is told in ``repairs``. The same mask
    gives the same graph.

    Parameters
    ----------
    mask_kji
        bool ``[k, j, i]`` on ``grid``.
    grid
        Where the voxels are; they need not be cubes.
    tree
        Name of the tree and of its first branch, e.g. ``"portal"``; its children are ``"portal.1"``, ...
    root_lps_mm
        (3,) or (n, 3): where blood enters (a portal vein, an artery) or leaves (hepatic veins); each is moved to
        the nearest centreline, and a near end is led on to it. None takes the end of largest radius.
    organ_kji
        bool ``[k, j, i]``: what the vessels come from outside of; without a root given, an end outside of it is
        preferred to wider ends inside.
    smooth_mm
        Unevenness of the centreline shorter than about this is smoothed away; 0 keeps the voxels.
    shortest_branch
        ``"radius"`` drops side branches that do not reach beyond the wall of the vessel that they leave; a number
        drops those that reach less than this many millimetres beyond it.
    largest_gap_mm
        Between the walls of two pieces that are bridged when direction and radii fit; 0 bridges nothing.

    Returns
    -------
    VesselGraph
        Parents before children, branches from 1, neutral names.

    Raises
    ------
    GeometryError
        ``error.vessels.empty`` without a voxel; ``error.volume.shape`` when mask and grid differ.

    Examples
    --------
    >>> mask = np.zeros((9, 9, 40), bool)
    >>> mask[3:6, 3:6, 2:38] = True
    >>> grid = Grid.from_spacing((40, 9, 9), (1, 1, 1))
    >>> graph = vessel_graph_of_mask(mask, grid, "portal", root_lps_mm=(0, 4, 4))
    >>> len(graph.branches), bool(graph.nodes_lps_mm[0, 0] < 6), bool(graph.nodes_lps_mm[-1, 0] > 33)
    (1, True, True)
    """
    if mask_kji.shape != grid.shape_kji:
        raise GeometryError("error.volume.shape", voxels=str(mask_kji.shape), grid=str(grid.shape_kji))
    box = Box.around(mask_kji)
    if box is None:
        raise GeometryError("error.vessels.empty", tree=tree)
    voxel_mm = float(grid.spacing_ijk_mm.max())
    vessels, part = without_cavities(mask_kji[box.slices]), grid.cropped(box)
    network = network_of_mask(vessels, part)
    network, gaps = bridged(network, largest_gap_mm, voxel_mm)
    trees, loops = rooted_trees(network, _widest_of_pieces(network))
    least_visible_mm = 0.5 * voxel_mm if shortest_branch == "radius" else float(shortest_branch)
    network = trees.without_spurs(least_visible_mm).network
    wanted = None if root_lps_mm is None else np.atleast_2d(np.asarray(root_lps_mm, np.float64))
    network, pieces = _worthwhile_pieces(network, wanted)
    network, roots = _with_wanted_roots(network, wanted, voxel_mm)
    is_outside = None if organ_kji is None else _is_outside(network, organ_kji, grid)
    trees, separations = rooted_trees(network, _with_roots_of_pieces(network, roots, is_outside))
    repairs = gaps + loops + separations + pieces
    voxels = MaskVoxels(part.lps_from_ijk(true_kji(vessels)[:, ::-1]), 1000.0 * grid.voxel_volume_ml)
    return branched_graph(trees.without_spurs(least_visible_mm), tree, voxels, smooth_mm, repairs)


def _widest_of_pieces(network: CurveNetwork) -> NDArray[np.int64]:
    """Return the point of largest radius of each piece."""
    order = np.argsort(-network.radii_mm, kind="stable")
    _, first = np.unique(network.pieces()[order], return_index=True)
    return np.asarray(order[first], np.int64)


def _worthwhile_pieces(
    network: CurveNetwork, wanted_lps_mm: NDArray[np.float64] | None
) -> tuple[CurveNetwork, tuple[GraphRepair, ...]]:
    """Leave out short pieces that nothing reaches, unless they are all there is or a root lies on them."""
    piece = network.pieces()
    lengths = np.bincount(piece[network.edges[:, 0]], network.lengths_mm, minlength=int(piece.max()) + 1)
    main = {int(lengths.argmax())}
    if wanted_lps_mm is not None:
        main = set(piece[_nearest(network, wanted_lps_mm)].tolist())
    stays = lengths >= _LEAST_PIECE_MM
    stays[list(main)] = True
    repairs = []
    for number in range(lengths.size):
        if number not in main:
            x, y, z = (float(v) for v in network.points_lps_mm[piece == number].mean(axis=0))
            kind = RepairKind.APART if stays[number] else RepairKind.DROPPED
            repairs.append(GraphRepair(kind, (x, y, z), float(lengths[number])))
    return network.only(stays[piece]), tuple(repairs)


def _with_wanted_roots(
    network: CurveNetwork, wanted_lps_mm: NDArray[np.float64] | None, voxel_mm: float
) -> tuple[CurveNetwork, list[int]]:
    """Return the points nearest to the roots wanted, led on to them outside the vessel: thinning shortens ends."""
    roots: list[int] = []
    if wanted_lps_mm is None:
        return network, roots
    piece, is_end = network.pieces(), network.degrees <= 1
    for wanted, nearest in zip(wanted_lps_mm, _nearest(network, wanted_lps_mm), strict=True):
        ends = np.flatnonzero(is_end & (piece == piece[nearest]))
        gaps = np.linalg.norm(network.points_lps_mm[ends] - network.points_lps_mm[nearest], axis=1)
        is_near = gaps.min() <= max(2.0 * network.radii_mm[nearest], _SNAP_MM)
        root = int(ends[gaps.argmin()]) if is_near else int(nearest)
        reach, radius = float(np.linalg.norm(network.points_lps_mm[root] - wanted)), float(network.radii_mm[root])
        if max(radius, voxel_mm) < reach <= max(3.0 * radius, _SNAP_MM):
            network = network.led_on(root, wanted, voxel_mm)
            root = network.n_nodes - 1
        roots.append(root)
    return network, list(dict.fromkeys(roots))


def _with_roots_of_pieces(
    network: CurveNetwork, roots: list[int], is_preferred: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Return the roots, and for each piece without one its widest end, or the end nearest to the other roots.

    Among the ends of a piece only the preferred ones count, where there are any.
    """
    piece, is_end, roots = network.pieces(), network.degrees <= 1, list(roots)
    sizes = np.bincount(piece)
    for number in np.argsort(-sizes, kind="stable").tolist():
        if number in piece[roots]:
            continue
        ends = np.flatnonzero(is_end & (piece == number))
        if is_preferred is not None and is_preferred[ends].any():
            ends = ends[is_preferred[ends]]
        if roots:  # a piece apart points to where the others begin
            gaps, _ = cKDTree(network.points_lps_mm[roots]).query(network.points_lps_mm[ends])
            roots.append(int(ends[gaps.argmin()]))
        else:
            radii = _radii_of_ends(network, ends)
            roots.append(max(ends.tolist(), key=lambda end: (radii[end], -end)))
    return np.array(roots, np.int64)


def _is_outside(network: CurveNetwork, organ_kji: NDArray[np.bool_], grid: Grid) -> NDArray[np.bool_]:
    """Return which points of a network lie outside of an organ."""
    voxels = np.rint(grid.ijk_from_lps(network.points_lps_mm)).astype(np.int64)[:, ::-1]
    voxels = np.clip(voxels, 0, np.array(grid.shape_kji) - 1)
    return np.asarray(~organ_kji[tuple(voxels.T)])


def _nearest(network: CurveNetwork, points_lps_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.asarray(cKDTree(network.points_lps_mm).query(points_lps_mm)[1], np.int64)


def _radii_of_ends(network: CurveNetwork, ends: NDArray[np.int64]) -> dict[int, float]:
    """Return the median radius of the last millimetres of each end."""
    points, matrix = network.points_lps_mm, network.matrix()
    radii = {}
    for end in ends.tolist():
        way, walked = [end], 0.0
        while walked < _END_MM:
            here = way[-1]
            onward = [n for n in matrix.indices[matrix.indptr[here] : matrix.indptr[here + 1]] if n not in way[-2:]]
            if len(onward) != 1:
                break
            walked += float(np.linalg.norm(points[onward[0]] - points[here]))
            way.append(int(onward[0]))
        radii[end] = float(np.median(network.radii_mm[way]))
    return radii
