"""What is known of a point that a surgeon points at: the branch of the vessel, and how far the next lesion is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from export.plan_sections import branch_in_words
from twin.surface import Surface
from twin.twin import Twin

__all__ = ["PointDescription", "branch_in_words", "describe_point", "distance_to_surface_mm"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class PointDescription:
    """What is said of a point.

    Parameters
    ----------
    structure_id
        What it lies on.
    branch
        Name of the branch of the vessel tree, or nothing.
    lesion_id, lesion_mm
        The nearest lesion, and its distance from the point to its surface; None without another lesion.
    """

    structure_id: str
    branch: str = ""
    lesion_id: str | None = None
    lesion_mm: float | None = None


def describe_point(twin: Twin, structure_id: str, point_lps_mm: ArrayLike) -> PointDescription:
    """Return what is known of a point on the surface of a structure.

    Parameters
    ----------
    twin
        The anatomy with its surfaces and trees.
    structure_id
        What the point lies on; a lesion is not measured to itself.
    point_lps_mm
        LPS millimetres (3,).
    """
    point = np.asarray(point_lps_mm, dtype=np.float64)
    lesions = [i for i in twin.lesion_ids if i in twin.surfaces and i != structure_id]
    distances = {i: distance_to_surface_mm(twin.surfaces[i], point) for i in lesions}
    nearest = min(distances, key=lambda i: distances[i], default=None)
    return PointDescription(
        structure_id,
        _branch_at(twin, structure_id, point),
        nearest,
        None if nearest is None else distances[nearest],
    )


def distance_to_surface_mm(surface: Surface, point_lps_mm: ArrayLike) -> float:
    """Return the distance from a point to the nearest point of a surface, in millimetres.

    Either the foot of the perpendicular lies in a triangle, or the nearest point lies on one of its edges
    (C. Ericson, Real-Time Collision Detection, 2005, 5.1.5).
    """
    point = np.asarray(point_lps_mm, dtype=np.float64)
    corners = surface.points_lps_mm.astype(np.float64)[surface.triangles] - point  # (n, 3, 3)
    edges = np.roll(corners, -1, axis=1) - corners
    squares = np.maximum((edges**2).sum(axis=2), 1e-18)
    along = np.clip(-(corners * edges).sum(axis=2) / squares, 0.0, 1.0)
    to_edges = np.linalg.norm(corners + along[..., None] * edges, axis=2).min(axis=1)
    normals = np.cross(edges[:, 0], edges[:, 1])
    lengths = np.maximum(np.linalg.norm(normals, axis=1), 1e-18)
    heights = (corners[:, 0] * normals).sum(axis=1) / lengths
    feet = heights[:, None] * normals / lengths[:, None]
    sides = (np.cross(edges, feet[:, None, :] - corners) * normals[:, None, :]).sum(axis=2)
    is_inside = (sides >= 0).all(axis=1)
    return float(np.where(is_inside, np.abs(heights), to_edges).min())


def _branch_at(twin: Twin, structure_id: str, point: FloatArray) -> str:
    """Return the branch whose wall is nearest, of the tree that the structure is."""
    for tree, graph in twin.graphs.items():
        if not structure_id.startswith(tree) or not len(graph.nodes_lps_mm):
            continue
        to_wall = np.linalg.norm(graph.nodes_lps_mm - point, axis=1) - graph.radii_mm
        index = int(graph.branch_of_node[int(to_wall.argmin())])
        return next((branch.name for branch in graph.branches if branch.index == index), "")
    return ""
