"""VTP through VTK's writer: one part in LPS millimetres, frame and unit as field data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints, vtkStringArray
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkIOXML import vtkXMLPolyDataWriter

from export.model import ModelPart
from export.staging import staged_file
from twin.errors import InputError

__all__ = ["write_vtp"]


def write_vtp(part: ModelPart, path: Path) -> None:
    """Write one part as compressed VTP."""
    points = vtkPoints()
    points.SetData(numpy_to_vtk(part.surface.points_lps_mm, deep=True))  # type: ignore[no-untyped-call]
    n_triangles = part.surface.n_triangles
    cells = vtkCellArray()
    offsets = numpy_to_vtkIdTypeArray(np.arange(0, 3 * n_triangles + 1, 3, dtype=np.int64), deep=True)  # type: ignore[no-untyped-call]
    corners = numpy_to_vtkIdTypeArray(part.surface.triangles.astype(np.int64).ravel(), deep=True)  # type: ignore[no-untyped-call]
    cells.SetData(offsets, corners)
    polydata = vtkPolyData()
    polydata.SetPoints(points)
    polydata.SetPolys(cells)
    for name, text in (("SPACE", "LPS"), ("UNIT", "mm"), ("STRUCTURE", part.id)):
        words = vtkStringArray()
        words.SetName(name)
        words.InsertNextValue(text)
        polydata.GetFieldData().AddArray(words)
    with staged_file(path) as staged:
        writer = vtkXMLPolyDataWriter()
        writer.SetFileName(str(staged))
        writer.SetInputData(polydata)
        if not writer.Write() or writer.GetErrorCode():
            raise InputError("error.export.incomplete", name=path.name)
