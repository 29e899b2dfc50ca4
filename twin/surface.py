"""A closed triangle surface of one structure in patient space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Surface"]


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles with outward normals (counter-clockwise seen from outside).

    Parameters
    ----------
    structure_id
        What it bounds, e.g. ``"liver"``, ``"remnant"``.
    points_lps_mm
        (n, 3) float32.
    triangles
        (m, 3) int32, indices of points.
    normals_lps
        (n, 3) float32 unit vectors, or None.
    labels_hash
        Hash of the voxels it was made from, so that a stale surface is known.
    """

    structure_id: str
    points_lps_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]
    normals_lps: NDArray[np.float32] | None = None
    labels_hash: str = ""

    def __post_init__(self) -> None:
        for array in (self.points_lps_mm, self.triangles, self.normals_lps):
            if array is not None:
                array.setflags(write=False)

    @property
    def n_triangles(self) -> int:
        """Number of triangles."""
        return int(self.triangles.shape[0])

    @property
    def volume_ml(self) -> float:
        """Volume enclosed, in millilitres (divergence theorem). For quality control only, never a shown volume."""
        a, b, c = (self.points_lps_mm[self.triangles[:, n]].astype(np.float64) for n in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0 / 1000.0)

    @property
    def is_closed(self) -> bool:
        """True when each edge is shared by exactly two triangles that run along it in opposite directions."""
        edges = self.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
        if edges.size == 0:
            return False
        n_points = int(edges.max()) + 1
        forward = np.sort(edges[:, 0] * n_points + edges[:, 1])
        backward = np.sort(edges[:, 1] * n_points + edges[:, 0])
        return bool((np.diff(forward) > 0).all() and np.array_equal(forward, backward))
