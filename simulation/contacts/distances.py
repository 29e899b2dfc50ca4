"""How far each lesion is from what a surgeon asks for first: vein roots, the portal bifurcation, named vessels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial import cKDTree

from simulation.contacts.fields import joint_uncertainty
from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.figure import Figure, FigureStatus
from twin.geometry.surface_vtk import surface_of_mask
from twin.twin import Twin
from twin.vessel_graph import VesselGraph

__all__ = ["LesionDistance", "lesion_distances", "portal_bifurcation_lps_mm", "vein_roots_lps_mm"]

Point = tuple[float, float, float]
Points = NDArray[np.float64]

_MAIN_VEINS = ("hepatic.right", "hepatic.middle", "hepatic.left")
_TO_POINT = "least distance from the surface of the lesion to the point"
_TO_WALL = "least distance from the surface of the lesion to the wall of the vessel"


@dataclass(frozen=True)
class LesionDistance:
    """Distance of a lesion to something.

    Parameters
    ----------
    lesion
        Its id.
    target
        ``"root.hepatic.right"``, ``"bifurcation.portal"``, or the id of a vessel's label.
    distance_mm
        With its interval.
    lesion_point_lps_mm, target_point_lps_mm
        The two nearest points.
    """

    lesion: str
    target: str
    distance_mm: Figure
    lesion_point_lps_mm: Point
    target_point_lps_mm: Point

    def to_json(self) -> dict[str, object]:
        """Plain values."""
        return {
            "lesion": self.lesion,
            "target": self.target,
            "distance_mm": self.distance_mm.to_json(),
            "lesion_point_lps_mm": list(self.lesion_point_lps_mm),
            "target_point_lps_mm": list(self.target_point_lps_mm),
        }


def lesion_distances(twin: Twin) -> tuple[LesionDistance, ...]:
    """Return the distances of each lesion to the roots of the hepatic veins, the portal bifurcation and each vessel.

    Roots and bifurcation are known where the branches have names; vessels are those with a label.

    Parameters
    ----------
    twin
        With lesions.
    """
    points = {f"root.{name}": point for name, point in vein_roots_lps_mm(twin).items()}
    bifurcation = portal_bifurcation_lps_mm(twin)
    if bifurcation is not None:
        points["bifurcation.portal"] = bifurcation
    walls = {vessel: _wall_points(twin, vessel) for vessel in _labelled_vessels(twin)}
    return tuple(found for lesion in twin.lesion_ids for found in _distances(twin, lesion, points, walls))


def vein_roots_lps_mm(twin: Twin) -> dict[str, Point]:
    """Return where each main hepatic vein enters the vena cava, by branch name; both veins of a common trunk there."""
    graph = twin.graphs.get("hepatic")
    if graph is None:
        return {}
    by_name = {branch.name: branch.index for branch in graph.branches}
    found = {}
    for name in _MAIN_VEINS:
        if name in by_name:
            node = int(np.flatnonzero(graph.branch_of_node == by_name[name])[0])
            while graph.parents[node] >= 0:
                node = int(graph.parents[node])
            found[name] = _point(graph.nodes_lps_mm[node])
    return found


def portal_bifurcation_lps_mm(twin: Twin) -> Point | None:
    """Return where the left branch leaves the portal trunk; None where the branches have no names."""
    graph = twin.graphs.get("portal")
    if graph is None:
        return None
    for side in ("portal.left", "portal.right"):
        fork = _first_fork(graph, side)
        if fork is not None:
            return _point(graph.nodes_lps_mm[fork])
    return None


def _first_fork(graph: VesselGraph, name: str) -> int | None:
    """Return the node that a branch leaves, the first of its name from the root."""
    for branch in graph.branches:
        if branch.name == name or branch.name.startswith(f"{name}."):
            nodes = np.flatnonzero(graph.branch_of_node == branch.index)
            if nodes.size and graph.parents[nodes[0]] >= 0:
                return int(graph.parents[nodes[0]])
    return None


def _labelled_vessels(twin: Twin) -> tuple[str, ...]:
    layer = twin.layers.get(LayerName.VESSELS)
    return () if layer is None else layer.structure_ids()


def _distances(twin: Twin, lesion: str, points: dict[str, Point], walls: dict[str, Points]) -> Iterator[LesionDistance]:
    surface = _surface_points(twin, lesion)
    if len(surface) == 0:
        return
    tree = cKDTree(surface)
    half_slice_mm = 0.5 * twin.grid.slice_thickness_mm
    own = twin.uncertainty(lesion)
    for target, point in points.items():
        distance, nearest = tree.query(np.asarray(point))
        figure = _figure(float(distance), -own.inward_mm + half_slice_mm, own.outward_mm + half_slice_mm, _TO_POINT)
        yield LesionDistance(lesion, target, figure, _point(surface[nearest]), point)
    # A wall lies about half a voxel beyond the centres of the outermost voxels.
    half_voxel_mm = 0.5 * float(np.cbrt(np.prod(twin.grid.spacing_ijk_mm)))
    for vessel, wall in walls.items():
        gaps, nearest_points = tree.query(wall)
        at = int(gaps.argmin())
        shift = joint_uncertainty(own, twin.uncertainty(vessel))
        figure = _figure(
            max(float(gaps[at]) - half_voxel_mm, 0.0),
            -shift.inward_mm + half_slice_mm,
            shift.outward_mm + half_slice_mm,
            _TO_WALL,
        )
        yield LesionDistance(lesion, vessel, figure, _point(surface[nearest_points[at]]), _point(wall[at]))


def _figure(value: float, shrunk_mm: float, grown_mm: float, source: str) -> Figure:
    """Return a distance; a lesion that is smaller than drawn lies farther off."""
    return Figure(value, max(value - grown_mm, 0.0), value + shrunk_mm, "mm", FigureStatus.COMPUTED, source)


def _surface_points(twin: Twin, lesion: str) -> Points:
    surface = twin.surfaces.get(lesion)
    if surface is None:
        mask = twin.mask(lesion)
        if not mask.any():
            return np.zeros((0, 3))
        surface = surface_of_mask(mask, twin.grid, lesion, working_mm=0.8, target_triangles=8_000)
    return surface.points_lps_mm.astype(np.float64)


def _wall_points(twin: Twin, vessel: str) -> Points:
    """Return the centres of the outermost voxels of a vessel, (n, 3)."""
    mask = np.asarray(twin.layers[LayerName.VESSELS].voxels == structure(vessel).value)
    box = Box.around(mask)
    assert box is not None
    inside = mask[box.slices]
    shell = inside & ~binary_erosion(inside)
    return twin.grid.cropped(box).lps_from_ijk(np.argwhere(shell)[:, ::-1])


def _point(values: Points) -> Point:
    x, y, z = (float(v) for v in values)
    return (x, y, z)
