"""Wavefront OBJ with its materials: all parts in LPS millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from export.model import ModelPart
from export.staging import write_whole

__all__ = ["write_obj"]


def write_obj(parts: Sequence[ModelPart], path: Path) -> None:
    """Write all parts as one OBJ, an object each, and their materials beside it as ``.mtl``."""
    lines = ["# TwinSight SPACE=LPS UNIT=mm", f"mtllib {path.with_suffix('.mtl').name}"]
    first = 1
    for part in parts:
        lines += [f"o {part.id}", f"usemtl {part.id}"]
        lines += [f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in part.surface.points_lps_mm.astype(np.float64)]
        lines += [f"f {a} {b} {c}" for a, b, c in part.surface.triangles + first]
        first += len(part.surface.points_lps_mm)
    write_whole(path.with_suffix(".mtl"), _materials(parts))
    write_whole(path, ("\n".join(lines) + "\n").encode("ascii"))


def _materials(parts: Sequence[ModelPart]) -> bytes:
    lines = ["# TwinSight"]
    for part in parts:
        red, green, blue = part.colour_rgb
        lines += [
            f"newmtl {part.id}",
            f"Kd {red:.4f} {green:.4f} {blue:.4f}",
            f"d {part.opacity:.2f}",
            "illum 1",
        ]
    return ("\n".join(lines) + "\n").encode("ascii")
