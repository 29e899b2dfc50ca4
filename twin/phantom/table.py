"""The table under the patient."""

from __future__ import annotations

import numpy as np

from twin.phantom.lattice import Field

__all__ = ["drawn_table"]

_HALF_WIDTH_MM = 205.0
_THICKNESS_MM = 24.0


def drawn_table(body: Field) -> tuple[Field, Field]:
    """Return foam core and shell of a hollowed table that carries the body."""
    lattice = body.lattice
    _, n_j, n_i = lattice.shape_kji
    x = (lattice.origin_lps_mm[0] + lattice.step_mm * np.arange(n_i))[None, None, :]
    y = (lattice.origin_lps_mm[1] + lattice.step_mm * np.arange(n_j))[None, :, None]
    hollow = 20.0 * (x / _HALF_WIDTH_MM) ** 2
    lowest = np.where(body.values < 0.0, y + hollow, -np.inf).max()
    top = float(lowest) + 1.5 - hollow if np.isfinite(lowest) else 110.0 - hollow
    across = np.maximum(np.maximum(top - y, y - top - _THICKNESS_MM), np.abs(x) - _HALF_WIDTH_MM)
    cover = np.broadcast_to(across.astype(np.float32), lattice.shape_kji)
    return lattice.field(cover + np.float32(1.6)), lattice.field(np.ascontiguousarray(cover))
