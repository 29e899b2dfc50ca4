"""3MF through lib3mf: named, coloured parts in millimetres for printers."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import lib3mf
import numpy as np
from lib3mf import get_wrapper
from numpy.typing import NDArray

from export.model import ModelPart
from export.staging import write_whole

__all__ = ["write_3mf"]


def write_3mf(parts: Sequence[ModelPart], path: Path) -> None:
    """Write all parts as one 3MF, LPS millimetres."""
    wrapper = get_wrapper()
    model = wrapper.CreateModel()
    model.SetUnit(lib3mf.ModelUnit.MilliMeter)
    for part in parts:
        mesh = model.AddMeshObject()
        mesh.SetName(part.id)
        positions = _structures(lib3mf.Position, part.surface.points_lps_mm.astype(np.float32))
        corners = _structures(lib3mf.Triangle, part.surface.triangles.astype(np.uint32))
        mesh.SetGeometry(positions, corners)
        _paint(wrapper, model, mesh, part)
        model.AddBuildItem(mesh, wrapper.GetIdentityTransform())
    content = bytes(bytearray(model.QueryWriter("3mf").WriteToBuffer()))
    write_whole(path, content)


def _structures(kind: type[ctypes.Structure], array: NDArray[np.generic]) -> ctypes.Array[ctypes.Structure]:
    """Return rows of an array as the C structures of lib3mf, without a Python object for each."""
    return (kind * len(array)).from_buffer_copy(np.ascontiguousarray(array).tobytes())


def _paint(wrapper: lib3mf.Wrapper, model: lib3mf.Model, mesh: lib3mf.MeshObject, part: ModelPart) -> None:
    group = model.AddBaseMaterialGroup()
    colour = wrapper.FloatRGBAToColor(*part.colour_rgb, part.opacity)
    material = group.AddMaterial(part.id, colour)
    mesh.SetObjectLevelProperty(group.GetResourceID(), material)
