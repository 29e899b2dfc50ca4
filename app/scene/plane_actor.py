"""The cutting plane as it is seen in 3D: a faint square with a rim."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

from app.scene.cut_plane import CutPlane

__all__ = ["PlaneActor"]

_RGB = (0.16, 0.62, 0.60)


class PlaneActor:
    """Square and rim; the handles are drawn by the window, so that they are always on top."""

    def __init__(self) -> None:
        self._points = vtkPoints()
        self._points.SetNumberOfPoints(4)
        self.square = self._actor(polys=[(0, 1, 2, 3)], opacity=0.22)
        self.rim = self._actor(lines=[(0, 1, 2, 3, 0)], opacity=1.0)
        self.rim.GetProperty().SetLineWidth(2.0)
        self.set_visible(False)

    @property
    def actors(self) -> tuple[vtkActor, vtkActor]:
        """What a renderer draws."""
        return (self.square, self.rim)

    def set_visible(self, is_visible: bool) -> None:
        """Show or hide it."""
        for actor in self.actors:
            actor.SetVisibility(is_visible)

    def place(self, plane: CutPlane) -> None:
        """Put it where the plane is."""
        corners = np.ascontiguousarray(plane.corners_lps_mm(), dtype=np.float32)
        self._points.SetData(numpy_to_vtk(corners, deep=True))
        self._points.Modified()
        for actor in self.actors:
            actor.GetMapper().GetInput().Modified()

    def _actor(
        self,
        *,
        polys: list[tuple[int, ...]] | None = None,
        lines: list[tuple[int, ...]] | None = None,
        opacity: float,
    ) -> vtkActor:
        polydata = vtkPolyData()
        polydata.SetPoints(self._points)
        cells = vtkCellArray()
        for cell in polys or lines or []:
            cells.InsertNextCell(len(cell), cell)
        if polys:
            polydata.SetPolys(cells)
        else:
            polydata.SetLines(cells)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(polydata)
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.GetProperty().SetColor(*_RGB)
        actor.GetProperty().SetOpacity(opacity)
        actor.GetProperty().LightingOff()
        return actor
