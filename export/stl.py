"""Binary STL: triangles in LPS millimetres, said in the header."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from export.model import ModelPart
from export.staging import write_whole

__all__ = ["write_stl"]

_FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def write_stl(part: ModelPart, path: Path) -> None:
    """Write one part as binary STL.

    The 80 bytes of the header say frame, unit and structure; ``SPACE=LPS`` is the mark 3D Slicer looks for.
    STL has no unit of its own: printers take millimetres.
    """
    corners_lps_mm = part.surface.points_lps_mm[part.surface.triangles].astype(np.float64)
    normals = np.cross(corners_lps_mm[:, 1] - corners_lps_mm[:, 0], corners_lps_mm[:, 2] - corners_lps_mm[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    facets = np.zeros(len(corners_lps_mm), _FACET)
    facets["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    facets["corners"] = corners_lps_mm
    header = f"TwinSight SPACE=LPS UNIT=mm {part.id}".encode("ascii", "replace")[:80].ljust(80)
    write_whole(path, header + np.uint32(len(facets)).tobytes() + facets.tobytes())
