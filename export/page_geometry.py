"""The surfaces of a page, small: fewer triangles, 16-bit positions in one box, base64."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from export.glb import gltf_from_lps
from export.model import REMNANT, SPECIMEN, ModelPart, is_shown_at_first
from twin.geometry.decimation import decimated
from twin.surface import Surface

__all__ = ["light_parts", "packed_parts", "pulled_apart"]

_LEAST_TRIANGLES = 400
_APART_SHARE = 0.6  # of the size of the specimen: far enough to see the cut faces, near enough to stay in view


def light_parts(parts: Sequence[ModelPart], n_triangles: int) -> tuple[ModelPart, ...]:
    """Return the parts with about ``n_triangles`` triangles together, shared by the square root of what they had.

    Parts that have no more than that are returned as they are.
    """
    if sum(part.surface.n_triangles for part in parts) <= n_triangles:
        return tuple(parts)
    shares = np.sqrt([max(part.surface.n_triangles, 1) for part in parts])
    targets = np.maximum(n_triangles * shares / shares.sum(), _LEAST_TRIANGLES).astype(int)
    return tuple(
        replace(part, surface=_lighter(part.surface, int(target))) for part, target in zip(parts, targets, strict=True)
    )


def packed_parts(
    parts: Sequence[ModelPart], *, is_shown: Callable[[ModelPart], bool] = is_shown_at_first
) -> dict[str, object]:
    """Return positions and corners of all parts for the page, in its frame (x left, y up, z front, millimetres).

    ``positions`` are little-endian uint16 steps from the lowest corner of a box around everything; the step is below a
    hundredth of a millimetre for half a metre. ``corners`` are uint16, or uint32 where ``wide``.
    """
    points_mm = [gltf_from_lps(part.surface.points_lps_mm) * 1000.0 for part in parts]
    low_mm = np.min([points.min(axis=0) for points in points_mm], axis=0)
    high_mm = np.max([points.max(axis=0) for points in points_mm], axis=0)
    step_mm = max(float((high_mm - low_mm).max()), 1e-6) / 65535.0
    rows = []
    for part, points in zip(parts, points_mm, strict=True):
        is_wide = len(points) > 65535
        rows.append(
            {
                "id": part.id,
                "colour": part.colour,
                "opacity": part.opacity,
                "shown": is_shown(part),
                "sharp": part.id in (REMNANT, SPECIMEN),
                "wide": is_wide,
                "positions": _base64(np.round((points - low_mm) / step_mm).astype("<u2")),
                "corners": _base64(part.surface.triangles.astype("<u4" if is_wide else "<u2")),
            }
        )
    return {"parts": rows, "box": {"low": [round(float(v), 4) for v in low_mm], "step": step_mm}}


def pulled_apart(parts: Sequence[ModelPart]) -> list[dict[str, object]]:
    """Return how far the specimen and the lesions inside it move at most when the twin is pulled apart."""
    by_id = {part.id: part.surface for part in parts}
    if REMNANT not in by_id or SPECIMEN not in by_id:
        return []
    specimen_lps_mm = by_id[SPECIMEN].points_lps_mm.astype(np.float64)
    away_lps_mm = specimen_lps_mm.mean(axis=0) - by_id[REMNANT].points_lps_mm.astype(np.float64).mean(axis=0)
    extent_mm = float(np.ptp(specimen_lps_mm, axis=0).max())
    move_lps_mm = away_lps_mm / max(float(np.linalg.norm(away_lps_mm)), 1e-9) * extent_mm * _APART_SHARE
    towards = [round(float(v), 3) for v in gltf_from_lps(move_lps_mm[None, :])[0] * 1000.0]
    moving = [SPECIMEN, *(i for i in by_id if i.startswith("lesion-") and _is_inside(by_id[i], by_id[SPECIMEN]))]
    return [{"id": name, "towards": towards} for name in moving]


def _is_inside(inner: Surface, outer: Surface) -> bool:
    """Tell by the winding number of ``outer`` around the centre of ``inner`` (Van Oosterom and Strackee 1983)."""
    centre = inner.points_lps_mm.astype(np.float64).mean(axis=0)
    a, b, c = (outer.points_lps_mm[outer.triangles[:, n]].astype(np.float64) - centre for n in range(3))
    la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
    above = np.einsum("ij,ij->i", a, np.cross(b, c))
    below = la * lb * lc + (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
    return float(np.arctan2(above, below).sum() / (2.0 * np.pi)) > 0.5


def _lighter(surface: Surface, n_triangles: int) -> Surface:
    if surface.n_triangles <= n_triangles:
        return surface
    points, triangles = decimated(
        surface.points_lps_mm.astype(np.float64), surface.triangles.astype(np.int64), n_triangles
    )
    return Surface(
        surface.structure_id, points.astype(np.float32), triangles.astype(np.int32), None, surface.labels_hash
    )


def _base64(array: NDArray[np.generic]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
