"""A smooth neutral torso and the scars on it: drawn by formula, the same for everyone, placed around the organ.

Frame of the drawing: millimetres, origin in the midline at the tip of the breastbone, x to the patient's left, y to the
back, z towards the head. Nothing of it is measured on a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from export.story.choices import Approach
from twin.surface import Surface

__all__ = [
    "TorsoPlace",
    "drawn_heights_mm",
    "drawn_radius_mm",
    "placed_torso",
    "scar_surface",
    "torso_surface",
    "tube_triangles",
]

FloatArray = NDArray[np.float64]

# Height, half width, half depth: the outline of a dressmaker's dummy.
_OUTLINE_MM = np.array(
    [
        (-290.0, 163.0, 100.0),
        (-270.0, 165.0, 103.0),
        (-225.0, 154.0, 100.0),
        (-150.0, 141.0, 96.0),
        (-70.0, 146.0, 103.0),
        (20.0, 156.0, 109.0),
        (110.0, 163.0, 106.0),
        (165.0, 160.0, 92.0),
        (200.0, 132.0, 74.0),
        (222.0, 82.0, 58.0),
        (244.0, 58.0, 53.0),
        (258.0, 56.0, 52.0),
    ]
)
_SQUARENESS = 2.35  # exponent of the superellipse of a cross-section
_ROUNDING_MM = 14.0  # at the lower and the upper end
_NAVEL_Z_MM, _NAVEL_WIDTH_MM, _NAVEL_DEPTH_MM = -172.0, 8.0, 7.0
_N_AROUND, _N_UP = 160, 150

# Places of scars, x and z of the drawing; one line each. Usual places in textbooks of surgery, schematic.
_SCARS_MM: Mapping[Approach, tuple[tuple[tuple[float, float], ...], ...]] = {
    Approach.LAPAROSCOPIC: tuple(
        ((x - 7.0, z), (x, z - 1.0), (x + 7.0, z))
        for x, z in ((0.0, -150.0), (-58.0, -112.0), (58.0, -112.0), (-104.0, -142.0), (104.0, -142.0))
    ),
    Approach.MIDLINE: (((0.0, -12.0), (0.0, -60.0), (0.0, -110.0), (0.0, -155.0)),),
    Approach.J_SHAPED: (((0.0, -12.0), (0.0, -55.0), (-14.0, -96.0), (-60.0, -126.0), (-118.0, -140.0)),),
    Approach.BILATERAL_SUBCOSTAL: (((-120.0, -132.0), (-70.0, -94.0), (0.0, -62.0), (70.0, -94.0), (112.0, -126.0)),),
}
_SCAR_RADIUS_MM = 2.6
_XIPHOID_BELOW_DOME_MM = 45.0  # the dome of the liver lies above the tip of the breastbone
_XIPHOID_ABOVE_PANCREAS_MM = 95.0
_INSIDE = 0.94  # share of the half width and depth that the organ may fill
_SCALES = np.arange(0.9, 1.8, 0.02)


@dataclass(frozen=True)
class TorsoPlace:
    """Where the drawing stands around a patient's organ: its origin and how much it is enlarged."""

    origin_lps_mm: tuple[float, float, float]
    scale: float

    def lps_from_drawing(self, points_mm: FloatArray) -> FloatArray:
        """Move points of the drawing to the patient, LPS mm."""
        return np.asarray(points_mm * self.scale + np.asarray(self.origin_lps_mm))


def placed_torso(organ: Surface, surfaces: Mapping[str, Surface]) -> TorsoPlace:
    """Place the drawing around an organ: midline from the skin or the great vessels, large enough to hold the organ.

    Only the middle of the patient's body is used, never its size or shape.
    """
    points = organ.points_lps_mm.astype(np.float64)
    x_mm, y_mm = _midline(organ, surfaces)
    if organ.structure_id == "pancreas":
        z_mm = float(points[:, 2].mean()) + _XIPHOID_ABOVE_PANCREAS_MM
    else:
        z_mm = float(points[:, 2].max()) - _XIPHOID_BELOW_DOME_MM
    origin = np.array([x_mm, y_mm, z_mm])
    for scale in _SCALES:
        if _fullness((points - origin) / scale) <= _INSIDE:
            break
    return TorsoPlace((x_mm, y_mm, z_mm), float(scale))


def torso_surface(place: TorsoPlace) -> Surface:
    """Return the torso around the patient's organ, closed, LPS mm."""
    low, high = _OUTLINE_MM[0, 0], _OUTLINE_MM[-1, 0]
    heights = np.linspace(low, high, _N_UP)
    around = np.linspace(0.0, 2.0 * np.pi, _N_AROUND, endpoint=False)
    rings = np.stack([_ring(height, around) for height in heights])
    ends = np.array([[0.0, 0.0, low], [0.0, 0.0, high]])
    points = np.concatenate([rings.reshape(-1, 3), ends])
    return Surface("torso", place.lps_from_drawing(points).astype(np.float32), tube_triangles(_N_UP, _N_AROUND))


def drawn_radius_mm(place: TorsoPlace, heights_lps_mm: FloatArray, angles: FloatArray) -> FloatArray:
    """Return how far the skin of the drawing is from its midline, (heights, angles), LPS mm; angle 0 is the left."""
    width, depth = (half[:, None] for half in _half_sizes((heights_lps_mm - place.origin_lps_mm[2]) / place.scale))
    n = _SQUARENESS
    inverse = (np.abs(np.cos(angles)) / width) ** n + (np.abs(np.sin(angles)) / depth) ** n
    return np.asarray(place.scale * inverse ** (-1.0 / n))


def drawn_heights_mm(place: TorsoPlace) -> tuple[float, float]:
    """Return the lowest and the highest level of the drawing, LPS mm."""
    low, high = (place.origin_lps_mm[2] + place.scale * _OUTLINE_MM[n, 0] for n in (0, -1))
    return float(low), float(high)


def scar_surface(
    approach: Approach, place: TorsoPlace, front_y_mm: Callable[[FloatArray, FloatArray], FloatArray] | None = None
) -> Surface | None:
    """Return the scars of an approach as thin tubes on the torso, or None when none is told.

    ``front_y_mm`` gives the front of another skin at x and z, LPS mm; without it they lie on the drawn one.
    """
    lines = [place.lps_from_drawing(_on_skin(np.array(line))) for line in _SCARS_MM.get(approach, ())]
    if front_y_mm is not None:
        lines = [np.stack([x, front_y_mm(x, z), z], axis=-1) for x, _, z in (line.T for line in lines)]
    tubes = [_tube(line, _SCAR_RADIUS_MM * place.scale) for line in lines]
    if not tubes:
        return None
    offsets = np.cumsum([0, *(len(points) for points, _ in tubes[:-1])])
    points = np.concatenate([points for points, _ in tubes])
    triangles = np.concatenate([triangles + offset for (_, triangles), offset in zip(tubes, offsets, strict=True)])
    return Surface("scar", points.astype(np.float32), triangles.astype(np.int32))


def _midline(organ: Surface, surfaces: Mapping[str, Surface]) -> tuple[float, float]:
    """Return x and y of the middle of the body at the height of the organ."""
    low, high = (float(v) for v in (organ.points_lps_mm[:, 2].min(), organ.points_lps_mm[:, 2].max()))
    skin = surfaces.get("skin")
    if skin is not None:
        level = skin.points_lps_mm[(skin.points_lps_mm[:, 2] >= low) & (skin.points_lps_mm[:, 2] <= high)]
        if len(level):
            middle = (level.min(axis=0) + level.max(axis=0)) / 2.0
            return float(middle[0]), float(middle[1])
    vessels = [surfaces[name] for name in ("aorta", "inferior_vena_cava") if name in surfaces]
    if vessels:
        middle = np.mean([vessel.points_lps_mm.mean(axis=0) for vessel in vessels], axis=0)
        return float(middle[0]), float(middle[1]) - 30.0  # they run before the spine, behind the middle
    box = (organ.points_lps_mm.min(axis=0) + organ.points_lps_mm.max(axis=0)) / 2.0
    return float(box[0]) + (0.0 if organ.structure_id == "pancreas" else 40.0), float(box[1])


def _half_sizes(z_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, high = _OUTLINE_MM[0, 0], _OUTLINE_MM[-1, 0]
    heights = np.clip(z_mm, low, high)
    rounding = np.minimum(np.minimum(heights - low, high - heights) / _ROUNDING_MM, 1.0)
    round_off = np.sqrt(np.clip(1.0 - (1.0 - rounding) ** 2, 0.0, 1.0))
    shrink = 1.0 - 0.12 * (1.0 - round_off)
    width, depth = (PchipInterpolator(_OUTLINE_MM[:, 0], _OUTLINE_MM[:, n])(heights) for n in (1, 2))
    return width * shrink, depth * shrink


def _fullness(points_mm: FloatArray) -> float:
    """Return how far points reach out: 1 on the skin."""
    width, depth = _half_sizes(points_mm[:, 2])
    n = _SQUARENESS
    reach = (np.abs(points_mm[:, 0]) / width) ** n + (np.abs(points_mm[:, 1]) / depth) ** n
    return float(reach.max() ** (1.0 / n))


def _ring(height: float, around: FloatArray) -> FloatArray:
    width, depth = _half_sizes(np.array([height]))
    c, s = np.cos(around), np.sin(around)
    power = 2.0 / _SQUARENESS
    x = width * np.sign(c) * np.abs(c) ** power
    y = depth * np.sign(s) * np.abs(s) ** power
    away_mm2 = x**2 + (height - _NAVEL_Z_MM) ** 2
    y = np.where(y < 0, y + _NAVEL_DEPTH_MM * np.exp(-away_mm2 / _NAVEL_WIDTH_MM**2), y)
    return np.stack([x, y, np.full_like(x, height)], axis=-1)


def _on_skin(line_xz_mm: FloatArray) -> FloatArray:
    """Return a smooth line on the front of the torso through some places."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line_xz_mm, axis=0), axis=1))])
    fine = np.linspace(0.0, along[-1], max(int(along[-1] / 3.0), 8))
    x, z = (PchipInterpolator(along, line_xz_mm[:, n])(fine) for n in (0, 1))
    width, depth = _half_sizes(z)
    y = -depth * (1.0 - np.clip(np.abs(x) / width, 0.0, 1.0) ** _SQUARENESS) ** (1.0 / _SQUARENESS)
    return np.stack([x, y, z], axis=-1)


def _tube(line_mm: FloatArray, radius_mm: float, n_around: int = 10) -> tuple[FloatArray, NDArray[np.int32]]:
    along = np.gradient(line_mm, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    forward = np.array([0.0, -1.0, 0.0])
    side = np.cross(along, forward)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, along)
    angles = np.linspace(0.0, 2.0 * np.pi, n_around, endpoint=False)
    ring = np.cos(angles)[:, None, None] * side + np.sin(angles)[:, None, None] * up
    rings = (line_mm + radius_mm * ring).transpose(1, 0, 2)
    points = np.concatenate([rings.reshape(-1, 3), line_mm[:1], line_mm[-1:]])
    triangles = tube_triangles(len(line_mm), n_around)
    return points, triangles if _encloses(points, triangles) else triangles[:, ::-1]


def _encloses(points_mm: FloatArray, triangles: NDArray[np.int32]) -> bool:
    a, b, c = (points_mm[triangles[:, n]] for n in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) > 0.0


def tube_triangles(n_rings: int, n_around: int) -> NDArray[np.int32]:
    """Return the triangles of stacked rings, counter-clockwise from outside, closed by the two last points."""
    ring, step = np.meshgrid(np.arange(n_rings - 1), np.arange(n_around), indexing="ij")
    here, beside = ring * n_around + step, ring * n_around + (step + 1) % n_around
    above, above_beside = here + n_around, beside + n_around
    walls = np.stack([here, beside, above_beside, here, above_beside, above], axis=-1).reshape(-1, 3)
    steps = np.arange(n_around)
    low, high = n_rings * n_around, n_rings * n_around + 1
    last = (n_rings - 1) * n_around
    bottom = np.stack([np.full(n_around, low), (steps + 1) % n_around, steps], axis=-1)
    top = np.stack([np.full(n_around, high), last + steps, last + (steps + 1) % n_around], axis=-1)
    return np.concatenate([walls, bottom, top]).astype(np.int32)
