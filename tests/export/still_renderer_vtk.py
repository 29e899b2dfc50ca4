"""The smallest renderer that fulfils the protocol, for tests that need pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkIOImage import vtkPNGWriter
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkPolyDataMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkWindowToImageFilter,
)

from export.model import ModelPart
from export.renderer import PICTURE_BACKGROUND, View

_EYE_LPS = {
    View.FRONT: (0, -1, 0),
    View.BACK: (0, 1, 0),
    View.RIGHT: (-1, 0, 0),
    View.LEFT: (1, 0, 0),
    View.ABOVE: (0, 0, 1),
    View.BELOW: (0, 0, -1),
}


class StillRenderer:
    """Draws with VTK, offscreen."""

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        renderer = vtkRenderer()
        renderer.SetBackground(*(int(PICTURE_BACKGROUND[n : n + 2], 16) / 255 for n in (1, 3, 5)))
        renderer.SetUseDepthPeeling(True)
        for part in parts:
            renderer.AddActor(_actor(part))
        window = vtkRenderWindow()
        window.SetOffScreenRendering(True)
        window.SetMultiSamples(0)
        window.SetSize(*size_px)
        window.AddRenderer(renderer)
        camera = renderer.GetActiveCamera()
        camera.SetFocalPoint(0, 0, 0)
        camera.SetPosition(*_EYE_LPS[view])
        camera.SetViewUp(*((0, -1, 0) if view in (View.ABOVE, View.BELOW) else (0, 0, 1)))
        renderer.ResetCamera()
        camera.Zoom(1.35)
        window.Render()
        return _png(window)


def _actor(part: ModelPart) -> vtkActor:
    points = vtkPoints()
    points.SetData(numpy_to_vtk(part.surface.points_lps_mm, deep=True))
    cells = vtkCellArray()
    n_triangles = part.surface.n_triangles
    cells.SetData(
        numpy_to_vtkIdTypeArray(np.arange(0, 3 * n_triangles + 1, 3, dtype=np.int64), deep=True),
        numpy_to_vtkIdTypeArray(part.surface.triangles.astype(np.int64).ravel(), deep=True),
    )
    data = vtkPolyData()
    data.SetPoints(points)
    data.SetPolys(cells)
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(data)
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*part.colour_rgb)
    actor.GetProperty().SetOpacity(part.opacity)
    actor.GetProperty().SetInterpolationToPhong()
    return actor


def _png(window: vtkRenderWindow) -> bytes:
    grab = vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.ReadFrontBufferOff()
    writer = vtkPNGWriter()
    writer.WriteToMemoryOn()
    writer.SetInputConnection(grab.GetOutputPort())
    writer.Write()
    return bytes(vtk_to_numpy(writer.GetResult()).tobytes())
