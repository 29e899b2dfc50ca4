"""Surfaces as files for printing, for other programs and for screens: one function for all formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from export.glb import write_glb
from export.model import ModelPart, model_parts, require_closed
from export.obj import write_obj
from export.ply import write_ply
from export.staging import staged_folder
from export.stl import write_stl
from export.threemf import write_3mf
from export.vtp import write_vtp
from export.vtu import write_vtu
from twin.errors import UsageError
from twin.surface import Surface
from twin.twin import Twin

__all__ = ["MeshFormat", "write_meshes"]


class MeshFormat(StrEnum):
    """File formats of surfaces."""

    STL = "stl"
    GLB = "glb"
    OBJ = "obj"
    PLY = "ply"
    VTU = "vtu"
    VTP = "vtp"
    THREE_MF = "3mf"


_ONE_FILE_EACH: Mapping[MeshFormat, Callable[[ModelPart, Path], None]] = {
    MeshFormat.STL: write_stl,
    MeshFormat.PLY: write_ply,
    MeshFormat.VTU: write_vtu,
    MeshFormat.VTP: write_vtp,
}
_ONE_FILE_FOR_ALL: Mapping[MeshFormat, Callable[[Sequence[ModelPart], Path], None]] = {
    MeshFormat.GLB: write_glb,
    MeshFormat.OBJ: write_obj,
    MeshFormat.THREE_MF: write_3mf,
}


def write_meshes(
    twin: Twin, split: Sequence[Surface] | None, folder: Path, mesh_format: MeshFormat | str
) -> tuple[Path, ...]:
    """Write every part of a twin in one format.

    STL, PLY, VTU and VTP make one file a part (``liver.stl``); GLB, OBJ and 3MF one file ``twin.*`` with
    named parts. Points are LPS millimetres; GLB alone is in metres with y up, as glTF wants it.

    Parameters
    ----------
    twin
        The twin.
    split
        Surfaces of remnant and specimen, or None.
    folder
        Made when it is missing.
    mesh_format
        One of :class:`MeshFormat`.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    UsageError
        ``error.export.unknown_format``.
    GeometryError
        When the twin has no surface, or one that is not closed.
    InputError
        When the folder cannot be written; then nothing is.
    """
    try:
        chosen = MeshFormat(mesh_format)
    except ValueError as error:
        known = ", ".join(MeshFormat)
        raise UsageError("error.export.unknown_format", format=str(mesh_format), known=known) from error
    parts = model_parts(twin, split)
    require_closed(parts)
    with staged_folder(folder) as staging:
        if chosen in _ONE_FILE_EACH:
            for part in parts:
                _ONE_FILE_EACH[chosen](part, staging / f"{part.id}.{chosen}")
        else:
            _ONE_FILE_FOR_ALL[chosen](parts, staging / f"twin.{chosen}")
        names = sorted(path.name for path in staging.iterdir())
    return tuple(Path(folder) / name for name in names)
