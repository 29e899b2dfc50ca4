"""What the boosted trees see of a voxel: intensity near and far, and its place among the landmarks.

Two sets: the coarse one names organs over the whole body, the fine one redraws the border of one organ with
the coarse probabilities as further evidence (auto-context).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import edt
import numpy as np
from numpy.typing import NDArray

from segmentation.classical.body import BodyLandmarks
from segmentation.classical.working_volume_sitk import WorkingVolume
from segmentation.kernels.box_mean import box_means

__all__ = ["AIR_HU", "BoxTable", "CoarseEvidence", "FineEvidence", "summed"]

FloatVoxels = NDArray[np.float32]
Points = NDArray[np.int32]
AIR_HU = -125.0  # the lower end of the window stands for everything outside the body
_FAR_MM = 150.0

_AXES = [(0, 0, 1), (0, 0, -1), (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0)]
_EDGES = [d for d in product((-1, 0, 1), repeat=3) if sum(map(abs, d)) == 2]
_CORNERS = list(product((-1, 1), repeat=3))


def summed(values: FloatVoxels) -> NDArray[np.float64]:
    """Return the table of summed values that :func:`box_means` reads."""
    table = np.zeros(tuple(n + 1 for n in values.shape))
    table[1:, 1:, 1:] = values
    for axis in range(3):
        np.cumsum(table, axis=axis, out=table)
    return table


@dataclass(frozen=True, eq=False)
class BoxTable:
    """Places and half-widths of boxes around a voxel, in voxels."""

    offsets_kji: Points
    radii: NDArray[np.int32]

    @classmethod
    def around(cls, spacing_mm: float, rings: Sequence[tuple[Sequence[tuple[int, ...]], float, int]]) -> BoxTable:
        """Build from rings of (directions, distance in mm, half-width in voxels)."""
        offsets, radii = [], []
        for directions, distance_mm, radius in rings:
            for direction in directions:
                unit = np.asarray(direction) / np.linalg.norm(direction) if any(direction) else np.zeros(3)
                offsets.append(np.round(unit * distance_mm / spacing_mm))
                radii.append(radius)
        return cls(np.asarray(offsets, np.int32), np.asarray(radii, np.int32))

    def means(self, sums: NDArray[np.float64], points_kji: Points) -> FloatVoxels:
        """Return the means of all boxes around each point, float32 (points, boxes)."""
        out = np.empty((len(points_kji), len(self.radii)), np.float32)
        box_means(sums, points_kji, self.offsets_kji, self.radii, out)
        return out


def _spread(mean: FloatVoxels, mean_of_squares: FloatVoxels) -> FloatVoxels:
    return np.sqrt(np.maximum(mean_of_squares - mean * mean, 0.0))


_HERE = [(0, 0, 0)]
_FAR_RINGS = ((12.0, 1), (24.0, 2), (48.0, 2), (80.0, 3), (120.0, 4))


class CoarseEvidence:
    """Features of voxels of the whole body, for naming organs.

    Parameters
    ----------
    scan, landmarks
        Working volume (4 mm) and what was found in it.

    Attributes
    ----------
    places
        Maps of place on the grid of ``scan``, float32 ``[k, j, i]``: distances and fractions of the body.
    """

    def __init__(self, scan: WorkingVolume, landmarks: BodyLandmarks) -> None:
        spacing = scan.spacing_mm
        self._spacing_mm = spacing
        hu = np.where(landmarks.body, scan.windowed_hu, np.float32(AIR_HU)).astype(np.float32)
        self._hu, self._squares = summed(hu), summed(hu * hu)
        self._bone = summed(landmarks.bone.astype(np.float32))
        self._lungs = summed(landmarks.lungs.astype(np.float32))
        self._near = BoxTable.around(spacing, [(_HERE, 0, r) for r in (0, 1, 2, 4)])
        self._far = BoxTable.around(
            spacing,
            [
                *((_AXES, distance_mm, radius) for distance_mm, radius in _FAR_RINGS),
                *[(_EDGES, 40.0, 2), (_EDGES, 80.0, 3), (_CORNERS, 56.0, 2)],
            ],
        )
        self._wide = BoxTable.around(spacing, [(_HERE, 0, 6), (_AXES, 40.0, 4), (_AXES, 90.0, 6)])
        self.places = _places(landmarks, spacing)
        self._midline_mm, self._spine_mm = landmarks.midline_mm, landmarks.spine_mm

    def of(self, points_kji: Points) -> FloatVoxels:
        """Return the features of voxels, float32 (points, features)."""
        near = self._near.means(self._hu, points_kji)
        spread = _spread(near, self._near.means(self._squares, points_kji))[:, 1:]
        k, j, i = points_kji.T
        here = [table[k, j, i][:, None] for table in self.places]
        from_spine = np.column_stack(
            [i * self._spacing_mm - self._midline_mm[k], j * self._spacing_mm - self._spine_mm[k]]
        )
        parts = [
            near,
            spread,
            self._far.means(self._hu, points_kji),
            self._wide.means(self._bone, points_kji),
            self._wide.means(self._lungs, points_kji),
            *here,
            from_spine,
        ]
        return np.ascontiguousarray(np.concatenate(parts, axis=1, dtype=np.float32))


def _places(landmarks: BodyLandmarks, spacing_mm: float) -> list[FloatVoxels]:
    """Maps of place: distances in mm to lung, skin and bone, and fractions of the width and depth of the body."""
    size = (spacing_mm,) * 3
    body, lungs = landmarks.body, landmarks.lungs
    width, depth = _fraction(body, 2), _fraction(body, 1)
    shape = body.shape
    has_lung = bool(lungs.any())
    far = np.full(shape, _FAR_MM, np.float32)
    to_lung = np.minimum(edt.edt(~lungs, anisotropy=size, parallel=2), _FAR_MM) if has_lung else far
    to_bone = np.minimum(edt.edt(~landmarks.bone, anisotropy=size, parallel=2), 60.0) if landmarks.bone.any() else far
    to_skin = np.minimum(edt.edt(body, anisotropy=size, parallel=2), 120.0)
    below_base = np.full(shape[0], 2 * _FAR_MM, np.float32)
    if has_lung:
        area = lungs.sum(axis=(1, 2)) * spacing_mm**2
        lowest = int(np.flatnonzero(area > 300.0)[0]) if (area > 300.0).any() else int(np.flatnonzero(area)[0])
        below_base = ((np.arange(shape[0]) - lowest) * spacing_mm).astype(np.float32)
    base = np.broadcast_to(below_base[:, None, None], shape)
    return [to_lung, to_bone, to_skin, _up_to(lungs, spacing_mm), base, width, depth]


def _up_to(lungs: NDArray[np.bool_], spacing_mm: float) -> FloatVoxels:
    """Vertical distance to the next lung voxel above, in mm, 300 where there is none."""
    gap = np.full(lungs.shape, 300.0, np.float32)
    running = np.full(lungs.shape[1:], 300.0, np.float32)
    for k in range(lungs.shape[0] - 1, -1, -1):
        running = np.where(lungs[k], 0.0, np.minimum(running + spacing_mm, 300.0)).astype(np.float32)
        gap[k] = running
    return gap


def _fraction(body: NDArray[np.bool_], axis: int) -> FloatVoxels:
    """Place between the two sides of the body in each slice: 0 at the first, 1 at the last."""
    n_slices, n = body.shape[0], body.shape[axis]
    out = np.full((n_slices, n), 0.5)
    for k in range(n_slices):
        found = np.flatnonzero(body[k].any(axis=0 if axis == 2 else 1))
        if found.size:
            out[k] = (np.arange(n) - found[0]) / max(found[-1] - found[0], 1)
    shaped = out[:, None, :] if axis == 2 else out[:, :, None]
    return np.broadcast_to(shaped, body.shape).astype(np.float32)


class FineEvidence:
    """Features of voxels near the border of one organ.

    Parameters
    ----------
    hu
        float32 ``[k, j, i]``, windowed HU on the fine grid (2 mm), air outside the body.
    spacing_mm
        Its voxel edge.
    probabilities
        Coarse probabilities on the same grid, float32 ``[class, k, j, i]``, the wanted organ first.
    mean_hu, spread_hu
        Intensity of the organ in this scan, robustly measured where the coarse probability is high.
    places
        Further maps on the same grid (distance to lung and so on).
    """

    def __init__(
        self,
        hu: FloatVoxels,
        spacing_mm: float,
        probabilities: FloatVoxels,
        mean_hu: float,
        spread_hu: float,
        places: list[FloatVoxels],
    ) -> None:
        self._hu, self._squares = summed(hu), summed(hu * hu)
        self._organ = [summed(p) for p in probabilities]
        self._mean_hu, self._spread_hu = mean_hu, spread_hu
        self._places = places
        self._near = BoxTable.around(spacing_mm, [(_HERE, 0, r) for r in (0, 1, 2, 4, 7)])
        self._far = BoxTable.around(
            spacing_mm, [(_AXES, 6.0, 0), (_AXES, 12.0, 1), (_AXES, 24.0, 2), (_AXES, 44.0, 4), (_EDGES, 30.0, 3)]
        )
        self._organ_boxes = BoxTable.around(
            spacing_mm, [(_HERE, 0, r) for r in (0, 3, 6, 12)] + [(_AXES, 14.0, 2), (_AXES, 30.0, 4), (_EDGES, 40.0, 5)]
        )
        self._other_boxes = BoxTable.around(spacing_mm, [(_HERE, 0, 1), (_HERE, 0, 6)])

    def of(self, points_kji: Points) -> FloatVoxels:
        """Return the features of voxels, float32 (points, features)."""
        near = self._near.means(self._hu, points_kji)
        spread = _spread(near, self._near.means(self._squares, points_kji))[:, 1:]
        relative = (near - self._mean_hu) / self._spread_hu
        far = (self._far.means(self._hu, points_kji) - self._mean_hu) / self._spread_hu
        k, j, i = points_kji.T
        parts = [near[:, :4], spread, relative, far, self._organ_boxes.means(self._organ[0], points_kji)]
        parts += [self._other_boxes.means(other, points_kji) for other in self._organ[1:]]
        parts += [place[k, j, i][:, None] for place in self._places]
        return np.ascontiguousarray(np.concatenate(parts, axis=1, dtype=np.float32))
