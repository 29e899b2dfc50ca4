"""Surfaces of a cut in 3D: the sheet that is bent, and the cut face coloured by its distance to the lesions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer

from app.scene.margin_colours import margin_rgb

__all__ = ["CutSurfaces", "FaceMesh"]

_RGB = (0.16, 0.62, 0.60)


@dataclass(frozen=True, eq=False)
class FaceMesh:
    """A piece of a cut surface.

    Parameters
    ----------
    points_lps_mm
        (n, 3).
    triangles
        (m, 3), indices of points.
    distance_mm
        (n,): distance to the nearest lesion, to colour it; None for a plain surface.
    """

    points_lps_mm: NDArray[np.floating]
    triangles: NDArray[np.integer]
    distance_mm: NDArray[np.floating] | None = None


class CutSurfaces:
    """The surfaces in a renderer.

    Parameters
    ----------
    renderer
        Where they are drawn.
    """

    def __init__(self, renderer: vtkRenderer) -> None:
        self._renderer = renderer
        self._plain: list[vtkActor] = []
        self._faces: list[vtkActor] = []

    def show_plain(self, meshes: Sequence[FaceMesh]) -> None:
        """Draw translucent surfaces in place of those before: sheets, and cuts across the pancreas."""
        self._replace(self._plain, [_plain_actor(mesh) for mesh in meshes])

    def show_faces(self, meshes: Sequence[FaceMesh]) -> None:
        """Draw the cut face in the colours of its margin, in place of what was there."""
        self._replace(self._faces, [_coloured_actor(mesh) for mesh in meshes if mesh.distance_mm is not None])

    def move_faces(self, by_lps_mm: NDArray[np.float64]) -> None:
        """Draw the cut face beside its place."""
        for actor in self._faces:
            actor.SetPosition(*by_lps_mm)

    def _replace(self, known: list[vtkActor], wanted: list[vtkActor]) -> None:
        for actor in known:
            self._renderer.RemoveActor(actor)
        for actor in wanted:
            self._renderer.AddActor(actor)
        known[:] = wanted


def _polydata(mesh: FaceMesh) -> vtkPolyData:
    polydata = vtkPolyData()
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(mesh.points_lps_mm, dtype=np.float32), deep=True))
    polydata.SetPoints(points)
    cells = vtkCellArray()
    offsets = np.arange(0, 3 * len(mesh.triangles) + 1, 3, dtype=np.int64)
    corners = np.ascontiguousarray(mesh.triangles, dtype=np.int64).ravel()
    cells.SetData(numpy_to_vtk(offsets, deep=True), numpy_to_vtk(corners, deep=True))
    polydata.SetPolys(cells)
    return polydata


def _actor(polydata: vtkPolyData) -> vtkActor:
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(polydata)
    actor = vtkActor()
    actor.SetMapper(mapper)
    return actor


def _plain_actor(mesh: FaceMesh) -> vtkActor:
    actor = _actor(_polydata(mesh))
    actor.GetProperty().SetColor(*_RGB)
    actor.GetProperty().SetOpacity(0.32)
    actor.GetProperty().LightingOff()
    return actor


def _coloured_actor(mesh: FaceMesh) -> vtkActor:
    assert mesh.distance_mm is not None
    polydata = _polydata(mesh)
    colours = np.ascontiguousarray(np.rint(255 * margin_rgb(mesh.distance_mm)).astype(np.uint8))
    polydata.GetPointData().SetScalars(numpy_to_vtk(colours, deep=True))
    actor = _actor(polydata)
    actor.GetMapper().SetColorModeToDirectScalars()
    actor.GetMapper().SetResolveCoincidentTopologyToPolygonOffset()
    actor.GetMapper().SetRelativeCoincidentTopologyPolygonOffsetParameters(-2.0, -6.0)
    prop = actor.GetProperty()
    prop.SetAmbient(0.55)
    prop.SetDiffuse(0.45)
    prop.SetSpecular(0.0)
    return actor
