"""PLY through meshio: one part in LPS millimetres."""

from __future__ import annotations

from pathlib import Path

import meshio

from export.model import ModelPart
from export.staging import staged_file

__all__ = ["write_ply"]


def write_ply(part: ModelPart, path: Path) -> None:
    """Write one part as binary PLY."""
    cells = [("triangle", part.surface.triangles)]
    with staged_file(path) as staged:
        meshio.Mesh(part.surface.points_lps_mm, cells).write(staged, file_format="ply", binary=True)
