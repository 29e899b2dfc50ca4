"""Names proposed for the portal vein and the hepatic veins of a liver, in one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from twin.grid import Grid
from twin.naming.branch_tree import BranchTree, Supplied
from twin.naming.caudate import CaudateRegion
from twin.naming.hepatic_veins import hepatic_names, vein_courses
from twin.naming.landmarks import CavaAxis, VeinCourse
from twin.naming.portal_vein import PortalType, portal_names
from twin.vessel_graph import VesselGraph

__all__ = ["LiverNames", "name_liver_trees"]

_N_POINTS = 120_000  # of the liver: enough for a twig's share, few enough for a fraction of a second


@dataclass(frozen=True, eq=False)
class LiverNames:
    """The trees with names, and what was learned on the way.

    Parameters
    ----------
    graphs
        ``"portal"`` and ``"hepatic"`` where they could be named.
    portal_type
        How the portal vein divides.
    caudate
        Region of the caudate lobe, None where its borders are not seen.
    axis
        Of the vena cava; None when neither it nor the end of a hepatic vein is known.
    courses
        Of the main hepatic veins.
    """

    graphs: Mapping[str, VesselGraph]
    portal_type: PortalType = PortalType.UNKNOWN
    caudate: CaudateRegion | None = None
    axis: CavaAxis | None = None
    courses: Mapping[str, VeinCourse] | None = None


def name_liver_trees(
    graphs: Mapping[str, VesselGraph], liver_kji: NDArray[np.bool_], cava_kji: NDArray[np.bool_] | None, grid: Grid
) -> LiverNames:
    """Propose names for the branches of both trees.

    Parameters
    ----------
    graphs
        Trees by name; those of other organs are left out.
    liver_kji, cava_kji
        bool ``[k, j, i]`` on ``grid``; the vena cava may be unknown.
    grid
        Where the voxels are.
    """
    axis = _axis(graphs.get("hepatic"), liver_kji, cava_kji, grid)
    if axis is None:
        return LiverNames({})
    points = _points_of(liver_kji, grid)
    named: dict[str, VesselGraph] = {}
    courses: dict[str, VeinCourse] = {}
    confluence = None
    if (hepatic := graphs.get("hepatic")) is not None and (veins := _branch_tree(hepatic, points, liver_kji, grid)):
        names, mains = hepatic_names(veins, axis)
        named["hepatic"] = hepatic.with_names(names)
        courses = vein_courses(veins, mains, axis)
        ends = [veins.start(mains[name]) for name in ("middle", "left") if name in mains]
        confluence = np.mean(ends, axis=0) if ends else None
    if (portal := graphs.get("portal")) is None or (tree := _branch_tree(portal, points, liver_kji, grid)) is None:
        return LiverNames(named, axis=axis, courses=courses)
    found = portal_names(tree, axis, courses, confluence)
    named["portal"] = portal.with_names(found.names)
    return LiverNames(named, found.portal_type, found.caudate, axis, courses)


def _axis(
    hepatic: VesselGraph | None, liver: NDArray[np.bool_], cava: NDArray[np.bool_] | None, grid: Grid
) -> CavaAxis | None:
    axis = None if cava is None else CavaAxis.of_mask(cava, liver, grid)
    if axis is None and hepatic is not None and len(hepatic.radii_mm):
        return CavaAxis.upright_through(hepatic.nodes_lps_mm[hepatic.parents < 0])
    return axis


def _points_of(liver: NDArray[np.bool_], grid: Grid) -> NDArray[np.float64]:
    voxels = np.flatnonzero(liver)
    voxels = voxels[:: max(voxels.size // _N_POINTS, 1)]
    return grid.lps_from_ijk(np.stack(np.unravel_index(voxels, liver.shape)[::-1], axis=1))


def _branch_tree(
    graph: VesselGraph, points: NDArray[np.float64], liver: NDArray[np.bool_], grid: Grid
) -> BranchTree | None:
    """Return the tree with the nearest branch of each point; None when no node lies in the liver."""
    voxels = np.rint(grid.ijk_from_lps(graph.nodes_lps_mm)).astype(np.int64)[:, ::-1]
    nodes = np.flatnonzero(((voxels >= 0) & (voxels < liver.shape)).all(axis=1))
    nodes = nodes[liver[tuple(voxels[nodes].T)]]
    if nodes.size == 0:
        return None
    nearest = cKDTree(graph.nodes_lps_mm[nodes]).query(points)[1]
    branch = graph.branch_of_node[nodes[nearest]].astype(np.int64)
    return BranchTree(graph, Supplied(points, branch))
