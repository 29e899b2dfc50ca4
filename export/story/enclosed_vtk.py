"""Which triangles of a surface lie inside another one, through VTK."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersModeling import vtkSelectEnclosedPoints

from twin.surface import Surface

__all__ = ["divided_by"]


def divided_by(surface: Surface, region: Surface) -> tuple[Surface | None, Surface | None]:
    """Return the triangles of a surface outside and inside a closed region; None for a part that is empty.

    A triangle belongs to the side of most of its corners. The parts are open where they were divided.
    """
    select = vtkSelectEnclosedPoints()
    select.SetInputData(_polydata(surface))
    select.SetSurfaceData(_polydata(region))
    select.SetTolerance(1e-6)
    select.Update()
    inside = vtk_to_numpy(select.GetOutput().GetPointData().GetArray("SelectedPoints")).astype(bool)  # type: ignore[no-untyped-call]
    is_inside = inside[surface.triangles].sum(axis=1) >= 2
    return _part(surface, ~is_inside), _part(surface, is_inside)


def _part(surface: Surface, wanted: NDArray[np.bool_]) -> Surface | None:
    if not wanted.any():
        return None
    used, triangles = np.unique(surface.triangles[wanted], return_inverse=True)
    normals = None if surface.normals_lps is None else surface.normals_lps[used]
    return Surface(
        surface.structure_id,
        surface.points_lps_mm[used],
        triangles.reshape(-1, 3).astype(np.int32),
        normals,
        surface.labels_hash,
    )


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
