"""The gland at a cut: how thick it is and how wide its duct."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulation.pancreas.gland import Gland
from twin.figure import Figure, FigureStatus

__all__ = ["GlandSection", "section_at"]

_SAMPLE_MM = 0.6
_SLAB_MM = 4.0  # another part of the gland that the plane meets lies farther off along the axis
_CALLIPER_MM = 2.0  # width of the strip over which a thickness is read
_BACKWARDS = np.array([0.0, 1.0, 0.0])
_THICKNESS = "largest antero-posterior thickness of the gland on the plane of the cut"
_DUCT = "diameter of the traced duct where it crosses the cut; interval of one voxel"


@dataclass(frozen=True)
class GlandSection:
    """The gland on a plane square to its axis.

    Parameters
    ----------
    fraction
        Of the axis.
    thickness_mm
        Largest antero-posterior extent.
    duct_mm
        Diameter of the duct.
    duct_point_lps_mm
        Where the duct meets the plane, or None.
    duct_branch
        Name of its branch there.
    tissue_points_lps_mm
        (n, 3): points of the plane inside the gland.
    """

    fraction: float
    thickness_mm: Figure
    duct_mm: Figure
    duct_point_lps_mm: tuple[float, float, float] | None
    duct_branch: str
    tissue_points_lps_mm: NDArray[np.float64]


def section_at(gland: Gland, fraction: float) -> GlandSection:
    """Return the gland at a fraction of its axis.

    Thickness is what a calliper reads on an axial image across the gland: along the direction of the plane that points
    most from front to back. Its interval comes from the shifted boundaries of the gland. The diameter of the duct is
    known to one voxel.
    """
    thicknesses, tissue = _thicknesses_mm(gland, fraction)
    drawn = float(thicknesses[1])
    thickness = Figure(
        drawn, float(thicknesses.min()), float(thicknesses.max()), "mm", FigureStatus.MEASURED, _THICKNESS
    )
    duct, point, branch = _duct_at(gland, fraction)
    return GlandSection(fraction, thickness, duct, point, branch, tissue)


def _thicknesses_mm(gland: Gland, fraction: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the thickness by boundary, float64 (3,), and the points inside the gland as drawn."""
    axis, grid = gland.axis, gland.model.grid
    normal = np.array(axis.direction(fraction))
    back = _BACKWARDS - normal * normal[1]
    if np.linalg.norm(back) < 0.2:  # the axis itself runs from front to back: the thickness is read from side to side
        back = np.array([1.0, 0.0, 0.0]) - normal * normal[0]
    back /= np.linalg.norm(back)
    across = np.cross(normal, back)
    reach = gland.reach_mm(fraction)
    steps = np.arange(-reach, reach + _SAMPLE_MM, _SAMPLE_MM)
    points = np.array(axis.point(fraction)) + steps[:, None, None] * across + steps[None, :, None] * back
    kji = np.moveaxis(grid.ijk_from_lps(points.reshape(-1, 3))[:, ::-1], 1, 0).reshape(3, *points.shape[:2])
    nearest = tuple(
        np.clip(np.rint(place).astype(np.int64), 0, n - 1) for place, n in zip(kji, grid.shape_kji, strict=True)
    )
    is_here = np.abs(axis.position_mm[nearest] - fraction * axis.length_mm) < _SLAB_MM
    shares = [np.asarray(ndimage.map_coordinates(share, kji, order=1)) * is_here for share in gland.shares]
    strip = max(1, round(_CALLIPER_MM / _SAMPLE_MM))
    columns = np.stack([ndimage.uniform_filter1d(share.sum(axis=1), strip) for share in shares])
    return columns.max(axis=1).astype(np.float64) * _SAMPLE_MM, points[shares[1] >= 0.5]


def _duct_at(gland: Gland, fraction: float) -> tuple[Figure, tuple[float, float, float] | None, str]:
    """Return the diameter of the duct at a cut (the widest where it crosses several times), where, and its branch."""
    graph = gland.duct
    if graph is None:
        return Figure.unknown("mm", needs=("pancreatic_duct",)), None, ""
    ahead = gland.duct_positions_mm - fraction * gland.axis.length_mm
    child = np.flatnonzero(graph.parents >= 0)
    parent = graph.parents[child]
    crossing = (ahead[child] >= 0) != (ahead[parent] >= 0)
    crossing &= ~np.isnan(ahead[child]) & ~np.isnan(ahead[parent])
    if not crossing.any():
        return Figure.unknown("mm", needs=("duct_at_cut",)), None, ""
    child, parent = child[crossing], parent[crossing]
    share = ahead[child] / (ahead[child] - ahead[parent])
    diameters = 2.0 * (graph.radii_mm[child] * (1 - share) + graph.radii_mm[parent] * share)
    at = int(diameters.argmax())
    ends = graph.nodes_lps_mm[child[at]], graph.nodes_lps_mm[parent[at]]
    x, y, z = (float(v) for v in ends[0] * (1 - share[at]) + ends[1] * share[at])
    voxel_mm = _voxel_across_mm(gland, ends[1] - ends[0])
    value = float(diameters[at])
    figure = Figure(value, max(value - voxel_mm, 0.0), value + voxel_mm, "mm", FigureStatus.MEASURED, _DUCT)
    index = int(graph.branch_of_node[child[at]])
    return figure, (x, y, z), next((b.name for b in graph.branches if b.index == index), "")


def _voxel_across_mm(gland: Gland, along_lps: NDArray[np.float64]) -> float:
    """Return the size of a voxel across a direction: the largest of its edges, each as far as it stands across."""
    grid = gland.model.grid
    along = along_lps @ grid.direction / max(float(np.linalg.norm(along_lps)), 1e-9)
    return float((grid.spacing_ijk_mm * np.sqrt(np.clip(1.0 - along**2, 0.0, 1.0))).max())
