"""VTU through meshio: one part in LPS millimetres, with its label value on each triangle."""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np

from export.model import REMNANT, SPECIMEN, ModelPart
from export.staging import staged_file
from twin.anatomy import structure

__all__ = ["write_vtu"]


def write_vtu(part: ModelPart, path: Path) -> None:
    """Write one part as VTU; remnant and specimen are no structures and carry the value 0."""
    value = 0 if part.id in (REMNANT, SPECIMEN) else structure(part.id).value
    cells = [("triangle", part.surface.triangles)]
    values = [np.full(part.surface.n_triangles, value, np.int32)]
    with staged_file(path) as staged:
        meshio.Mesh(part.surface.points_lps_mm, cells, cell_data={"label": values}).write(staged, file_format="vtu")
