"""What lies under a point of the 3D view: the first surface that a straight look meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.scene.orbit_camera import OrbitCamera
from twin.surface import Surface

__all__ = ["Hit", "first_hit"]

FloatArray = NDArray[np.float64]
_SOLID = 0.6  # what is at least so opaque is taken before what one looks through


@dataclass(frozen=True, eq=False)
class Hit:
    """The structure that was met, and where (LPS mm)."""

    structure_id: str
    point_lps_mm: FloatArray


def first_hit(
    surfaces: Mapping[str, Surface],
    opacities: Mapping[str, float],
    camera: OrbitCamera,
    at_px: tuple[float, float],
    size_px: tuple[int, int],
    *,
    clip: tuple[FloatArray, FloatArray] | None = None,
) -> Hit | None:
    """Return what is seen at a pixel: solid structures first, then what one looks through; None beside everything.

    A vessel inside a transparent liver is what the surgeon points at, so the nearest solid structure is taken even
    where a transparent one lies before it.

    Parameters
    ----------
    surfaces
        The visible ones, by structure id.
    opacities
        How opaque each is, 0 to 1.
    camera, at_px, size_px
        Where one looks from and at.
    clip
        Point and normal of a plane (LPS): what lies where the normal points to is not there.
    """
    origin, direction = camera.ray_from_px(*at_px, size_px)
    found: list[tuple[bool, float, str]] = []
    for structure_id, surface in surfaces.items():
        depths = _depths(surface, camera, origin, direction)
        if clip is not None and len(depths):
            points = origin + depths[:, None] * direction
            depths = depths[(points - clip[0]) @ clip[1] <= 0]
        if len(depths):
            found.append((opacities.get(structure_id, 1.0) < _SOLID, float(depths.min()), structure_id))
    if not found:
        return None
    _, depth, structure_id = min(found)
    return Hit(structure_id, origin + depth * direction)


def _depths(surface: Surface, camera: OrbitCamera, origin: FloatArray, direction: FloatArray) -> FloatArray:
    """Return how far along the look each triangle is met, in millimetres from the focal plane."""
    offset = surface.points_lps_mm - origin
    across, up = offset @ camera.right_lps, offset @ camera.up_lps
    a, b, c = surface.triangles.T
    # The look is a point of the screen: a triangle is met when that point lies on one side of all its edges.
    one, two, three = (across[p] * up[q] - across[q] * up[p] for p, q in ((a, b), (b, c), (c, a)))
    is_met = ((one >= 0) & (two >= 0) & (three >= 0)) | ((one <= 0) & (two <= 0) & (three <= 0))
    one, two, three = one[is_met], two[is_met], three[is_met]
    total = one + two + three
    depth = offset @ direction
    weighted = two * depth[a[is_met]] + three * depth[b[is_met]] + one * depth[c[is_met]]
    return np.asarray(weighted[total != 0] / total[total != 0], dtype=np.float64)
