"""Vessels that an operation on the pancreas crosses: those in the gland, and those that run along it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.pancreas.gland import Gland
from simulation.pancreas.section import GlandSection
from simulation.removal import Removal
from simulation.vessels import crossed_vessels, ordered_vessels
from twin.outcome import CrossedVessel
from twin.resection import PancreasCut, PancreasOperation
from twin.vessel_graph import VesselGraph

__all__ = ["vessels_of_operation"]

# Ours.
_BESIDE_MM = 12.0  # from the surface of the gland: the splenic vessels wind along it
_ALONG = 0.7  # cosine between vessel and axis: the mesenteric trunk crosses behind, the splenic vessels run along
_SAME_MM = 6.0
_TREES = ("portal", "arterial")
_WITH_DUODENUM = (PancreasOperation.WHIPPLE, PancreasOperation.TOTAL)


def vessels_of_operation(
    cuts: tuple[PancreasCut, ...], removal: Removal, gland: Gland, sections: Iterable[GlandSection]
) -> tuple[CrossedVessel, ...]:
    """Return the vessels and ducts that the operation crosses, in geometric order.

    Those in the gland as for any cut. Where the duodenum leaves too, neither duct is cut at the papilla: the
    pancreatic duct is crossed at the cut of the gland, the bile duct above it. When the spleen leaves with the tail,
    so do the vessels that run along the gland at the cut.

    Parameters
    ----------
    cuts, removal, gland
        The operations, what they remove, and the pancreas.
    sections
        The gland at each cut across it.
    """
    follows_lesion = all(cut.operation is PancreasOperation.ENUCLEATION for cut in cuts)
    found = [v for v in crossed_vessels(removal) if v.tree != "pancreatic" or follows_lesion]
    found += [vessel for section in sections if (vessel := _duct_of(section)) is not None]
    if any(cut.operation in _WITH_DUODENUM for cut in cuts):
        found = _without_lower_bile_duct(found)
    for cut in cuts:
        if cut.operation is PancreasOperation.DISTAL and not cut.keeps_spleen:
            for name in _TREES:
                graph = gland.model.twin.graphs.get(name)
                if graph is not None:
                    found += _vessels_along(graph, cut.fractions[0], gland, found)
    return ordered_vessels(found)


def _duct_of(section: GlandSection) -> CrossedVessel | None:
    if section.duct_point_lps_mm is None or section.duct_mm.value is None:
        return None
    return CrossedVessel(0, "pancreatic", section.duct_branch, section.duct_mm.value, section.duct_point_lps_mm)


def _without_lower_bile_duct(found: list[CrossedVessel]) -> list[CrossedVessel]:
    """Leave out the bile duct but for its highest crossing."""
    bile = sorted((v for v in found if v.tree == "biliary"), key=lambda v: v.point_lps_mm[2])
    return [v for v in found if v not in bile[:-1]]


def _vessels_along(
    graph: VesselGraph, fraction: float, gland: Gland, found: list[CrossedVessel]
) -> list[CrossedVessel]:
    """Return where a tree passes a cut beside the gland, running along it, unless it was found in the gland."""
    axis = gland.axis
    near = _beside(graph, gland)
    ahead = np.where(near, axis.positions_of(graph.nodes_lps_mm) - fraction * axis.length_mm, np.nan)
    child = np.flatnonzero(graph.parents >= 0)
    parent = graph.parents[child]
    steps = graph.nodes_lps_mm[child] - graph.nodes_lps_mm[parent]
    cosine = np.abs(steps @ np.array(axis.direction(fraction))) / np.maximum(np.linalg.norm(steps, axis=1), 1e-9)
    crossing = ((ahead[child] >= 0) != (ahead[parent] >= 0)) & (cosine >= _ALONG)
    crossing &= ~np.isnan(ahead[child]) & ~np.isnan(ahead[parent])
    names = {branch.index: branch.name for branch in graph.branches}
    taken = [np.array(v.point_lps_mm) for v in found if v.tree == graph.tree]
    vessels = []
    for at in np.flatnonzero(crossing):
        node, before = int(child[at]), int(parent[at])
        share = ahead[node] / (ahead[node] - ahead[before])
        x, y, z = (float(v) for v in graph.nodes_lps_mm[node] - share * steps[at])
        if any(np.linalg.norm(point - (x, y, z)) < _SAME_MM for point in taken):
            continue
        taken.append(np.array((x, y, z)))
        diameter_mm = float(2.0 * (graph.radii_mm[node] * (1 - share) + graph.radii_mm[before] * share))
        branch = names.get(int(graph.branch_of_node[node]), "")
        vessels.append(CrossedVessel(0, graph.tree, branch, diameter_mm, (x, y, z)))
    return vessels


def _beside(graph: VesselGraph, gland: Gland) -> NDArray[np.bool_]:
    """Return which nodes lie on the gland: no farther from its nearest voxel than a few millimetres."""
    model = gland.model
    k, j, i = np.nonzero(model.organ)
    voxels = model.grid.lps_from_ijk(np.stack([i, j, k], axis=1))
    distances, _ = cKDTree(voxels).query(graph.nodes_lps_mm, distance_upper_bound=_BESIDE_MM + graph.radii_mm.max())
    return np.asarray(distances <= _BESIDE_MM + graph.radii_mm)
