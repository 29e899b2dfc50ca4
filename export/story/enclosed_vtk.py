"""The parts of a surface inside and outside another one, through VTK."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDoubleArray, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkImplicitPolyDataDistance
from vtkmodules.vtkFiltersModeling import vtkSelectEnclosedPoints

from twin.surface import Surface

__all__ = ["divided_by", "share_inside"]


def divided_by(surface: Surface, region: Surface) -> tuple[Surface | None, Surface | None]:
    """Return the parts of a surface outside and inside a closed region; None for a part that is empty.

    Triangles across the border are cut where they meet it, so that the edge is the line of the border and not a row of
    teeth. The parts are open there.
    """
    is_inside = _inside(surface, region)
    triangles = surface.triangles.astype(np.int64)
    n_inside = is_inside[triangles].sum(axis=1)
    if n_inside.max(initial=0) == 0:
        return surface, None
    if n_inside.min(initial=3) == 3:
        return None, surface
    crossed = triangles[(n_inside == 1) | (n_inside == 2)]
    is_alone_inside = n_inside[(n_inside == 1) | (n_inside == 2)] == 1
    alone = (is_inside[crossed] == is_alone_inside[:, None]).argmax(axis=1)
    a, b, c = (np.take_along_axis(crossed, ((alone + n) % 3)[:, None], axis=1)[:, 0] for n in range(3))
    points, normals, cut = _with_cuts(surface, region, np.concatenate([np.stack([a, b], 1), np.stack([a, c], 1)]))
    p, q = cut[: len(a)], cut[len(a) :]
    tips = np.stack([a, p, q], axis=1)
    rests = np.stack([np.stack([p, b, c], axis=1), np.stack([p, c, q], axis=1)], axis=1)
    outside = [triangles[n_inside == 0], tips[~is_alone_inside], rests[is_alone_inside].reshape(-1, 3)]
    inside = [triangles[n_inside == 3], tips[is_alone_inside], rests[~is_alone_inside].reshape(-1, 3)]
    return tuple(_part(surface, points, normals, np.concatenate(chosen)) for chosen in (outside, inside))  # type: ignore[return-value]


def share_inside(surface: Surface, region: Surface) -> float:
    """Return the share of the points of a surface that lie inside a closed region, 0 to 1."""
    return float(_inside(surface, region).mean())


def _inside(surface: Surface, region: Surface) -> NDArray[np.bool_]:
    select = vtkSelectEnclosedPoints()
    select.SetInputData(_polydata(surface))
    select.SetSurfaceData(_polydata(region))
    select.SetTolerance(1e-6)
    select.Update()
    chosen = select.GetOutput().GetPointData().GetArray("SelectedPoints")
    return np.asarray(vtk_to_numpy(chosen).astype(bool))  # type: ignore[no-untyped-call]


def _with_cuts(
    surface: Surface, region: Surface, edges: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None, NDArray[np.int64]]:
    """Return points and normals with those where edges meet the border, and the number of the point of each edge."""
    unique, place = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    ends = surface.points_lps_mm[unique].astype(np.float64)
    away = _distance_mm(ends.reshape(-1, 3), region).reshape(-1, 2)
    share = (away[:, 0] / np.maximum(away.sum(axis=1), 1e-9))[:, None]
    points = np.concatenate([surface.points_lps_mm, (ends[:, 0] * (1 - share) + ends[:, 1] * share)])
    normals = surface.normals_lps
    if normals is not None:
        mixed = normals[unique[:, 0]] * (1 - share) + normals[unique[:, 1]] * share
        length = np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
        normals = np.concatenate([normals, mixed / length]).astype(np.float32)
    return points.astype(np.float32), normals, len(surface.points_lps_mm) + place.reshape(-1)


def _distance_mm(points_lps_mm: NDArray[np.float64], region: Surface) -> NDArray[np.float64]:
    """Return how far points are from a surface, on either side."""
    distance = vtkImplicitPolyDataDistance()
    distance.SetInput(_polydata(region))
    values = vtkDoubleArray()
    distance.FunctionValue(numpy_to_vtk(points_lps_mm, deep=True), values)  # type: ignore[no-untyped-call]
    return np.asarray(np.abs(vtk_to_numpy(values)))  # type: ignore[no-untyped-call]


def _part(
    surface: Surface,
    points_lps_mm: NDArray[np.float32],
    normals_lps: NDArray[np.float32] | None,
    triangles: NDArray[np.int64],
) -> Surface | None:
    if not len(triangles):
        return None
    used, corners = np.unique(triangles, return_inverse=True)
    normals = None if normals_lps is None else normals_lps[used]
    made = corners.reshape(-1, 3).astype(np.int32)
    return Surface(surface.structure_id, points_lps_mm[used], made, normals, surface.labels_hash)


def _polydata(surface: Surface) -> vtkPolyData:
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(surface.points_lps_mm), deep=True))  # type: ignore[no-untyped-call]
    cells = vtkCellArray()
    cells.SetData(
        numpy_to_vtkIdTypeArray(np.arange(0, 3 * surface.n_triangles + 1, 3, dtype=np.int64), deep=True),  # type: ignore[no-untyped-call]
        numpy_to_vtkIdTypeArray(surface.triangles.astype(np.int64).ravel(), deep=True),  # type: ignore[no-untyped-call]
    )
    polydata = vtkPolyData()
    polydata.SetPoints(points)
    polydata.SetPolys(cells)
    return polydata
