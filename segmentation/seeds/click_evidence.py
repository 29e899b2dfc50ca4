"""What is seen around a click: rows of figures for each voxel that the click may speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.local_image import LocalGrid, box_around_points, local_grid
from segmentation.seeds.click import Click
from segmentation.seeds.geodesic_cost import geodesic_cost
from segmentation.seeds.neighbours import NEIGHBOURS, Neighbours
from twin.geometry.distance_edt import distance_to_mm, signed_distance_mm
from twin.grid import Grid

__all__ = ["FEATURES", "ClickEvidence", "click_evidence"]

FloatVoxels = NDArray[np.float32]
Mask = NDArray[np.bool_]

FEATURES = (
    "gap_mm", "gap_in_depths", "gap_in_thicknesses", "depth_mm", "way_mm", "way_in_depths", "towards_label",
    "fine", "middle", "coarse", "of_label", "click_of_label", "click_of_rim", "of_rim", "roughness", "slope",
    "click_roughness", "cost_from_click", "cost_from_label", "cost_from_outside", "click_wins", "label_wins",
    "same_click_mm", "other_click_mm", "thickness_mm", "label_near", "label_around", "label_far",
    "click_label_near", "click_label_around", "left_mm", "back_mm", "up_mm", "log_volume",
    *(f"to_{name}_mm" for name in NEIGHBOURS),
)  # fmt: skip

_LEAST_REACH_MM, _MOST_REACH_MM = 24.0, 44.0
_REACH_IN_DEPTHS, _REACH_MORE_MM = 5.0, 10.0
_SAMPLES_PER_REACH = 22.0
_FAR_MM = 60.0
_FAR_FROM_NEIGHBOUR_MM = 30.0
_LEVELS_PER_SPREAD = 12.0
_DEAR = 400.0


@dataclass(frozen=True, eq=False)
class ClickEvidence:
    """The surroundings of a click on an isotropic grid.

    Parameters
    ----------
    local
        That grid.
    drawn
        bool ``[k, j, i]``, the label there.
    candidates
        bool ``[k, j, i]``: voxels that the click may change.
    rows
        float32 (candidates, features) in the order of ``FEATURES``.
    depth_mm
        How far the click lies from the boundary of the label.
    """

    local: LocalGrid
    drawn: Mask
    candidates: Mask
    rows: FloatVoxels
    depth_mm: float


def click_evidence(
    image_kji: NDArray[np.generic],
    grid: Grid,
    drawn: Mask,
    click: Click,
    earlier: Sequence[Click],
    neighbours: Neighbours,
) -> ClickEvidence:
    """Look around a click.

    Parameters
    ----------
    image_kji, grid
        The scan.
    drawn
        bool ``[k, j, i]``, the label as it is.
    click, earlier
        The click, and those before it.
    neighbours
        Labels of other structures.
    """
    rough_box = box_around_points(grid, click.points_lps_mm, _MOST_REACH_MM)
    depth_mm = _depth_mm(drawn[rough_box.slices], grid, rough_box.start_kji, click)
    reach_mm = float(np.clip(_REACH_IN_DEPTHS * depth_mm + _REACH_MORE_MM, _LEAST_REACH_MM, _MOST_REACH_MM))
    box = box_around_points(grid, click.points_lps_mm, reach_mm)
    local = local_grid(grid, box, reach_mm / _SAMPLES_PER_REACH)
    label = local.mask(drawn)
    gap_mm = local.distance_mm(click.points_lps_mm)
    candidates = (label != click.is_inside) & (gap_mm <= reach_mm)
    volume_ml = float(np.count_nonzero(drawn)) * grid.voxel_volume_ml
    near = gap_mm <= max(min(0.6 * depth_mm, 4.0), 1.2 * local.spacing_mm)
    maps = _maps(local, local.image(image_kji), label, gap_mm, near, depth_mm, click, earlier)
    everything = [*maps, np.log1p(volume_ml), *_gaps_to_neighbours_mm(local, neighbours)]
    columns = [np.broadcast_to(np.float32(m), label.shape)[candidates] for m in everything]
    return ClickEvidence(local, label, candidates, np.stack(columns, axis=1).astype(np.float32), depth_mm)


def _depth_mm(drawn: Mask, grid: Grid, start_kji: tuple[int, int, int], click: Click) -> float:
    """Distance of the middle of a click from the voxels on the other side of the boundary."""
    other_side = np.argwhere(drawn == click.is_inside)
    if other_side.size == 0:
        return _MOST_REACH_MM / _REACH_IN_DEPTHS
    middle_kji = grid.ijk_from_lps(click.middle_lps_mm)[::-1] - np.array(start_kji)
    gaps_mm = np.linalg.norm((other_side - middle_kji) * grid.spacing_ijk_mm[::-1], axis=1)
    return float(max(gaps_mm.min(), 0.5 * grid.spacing_ijk_mm.min()))


def _maps(
    local: LocalGrid,
    image: FloatVoxels,
    label: Mask,
    gap_mm: FloatVoxels,
    near: Mask,
    depth_mm: float,
    click: Click,
    earlier: Sequence[Click],
) -> list[FloatVoxels | float]:
    """Every feature up to the way from the click, in the order of ``FEATURES``."""
    spacing = local.grid.spacing_ijk_mm
    signed_mm = np.clip(signed_distance_mm(label, spacing), -_FAR_MM, _FAR_MM)
    way_mm = -signed_mm if click.is_inside else signed_mm
    thickness_mm = float(np.percentile(signed_mm[label], 95)) if label.any() else 0.0
    fine, middle, coarse = (ndimage.gaussian_filter(image, mm / local.spacing_mm) for mm in (1.0, 2.0, 4.0))
    squares = ndimage.gaussian_filter((image - coarse) ** 2, 3.0 / local.spacing_mm)
    core = signed_mm > min(2.0, 0.5 * thickness_mm)
    rim = (signed_mm < -2.0) & (signed_mm > -9.0)
    at_click, of_label, of_rim = _median(fine, near), _median(fine, core, near), _median(fine, rim, near)
    spread = max(float(np.sqrt(np.median(squares[near]))), 0.25 * float(np.sqrt(np.median(squares))), 1e-3)
    brightness = 128.0 + (middle - at_click) * np.float32(_LEVELS_PER_SPREAD / spread)
    outside = signed_mm < -max(3.0, 1.2 * depth_mm if click.is_inside else 1.0)
    costs = [np.minimum(geodesic_cost(brightness, s), _DEAR) for s in (near, core & ~near, outside & ~near)]
    shares = [ndimage.gaussian_filter(label.astype(np.float32), mm / local.spacing_mm) for mm in (3.0, 6.0, 12.0)]
    slope = ndimage.gaussian_gradient_magnitude(image, 1.2 / local.spacing_mm) / local.spacing_mm
    toward = _toward_label(signed_mm, gap_mm, click.is_inside, local.spacing_mm, near)
    same = _gap_mm(local, [c for c in earlier if c.is_inside == click.is_inside])
    other = _gap_mm(local, [c for c in earlier if c.is_inside != click.is_inside])
    return [
        gap_mm, gap_mm / np.float32(depth_mm), gap_mm / np.float32(max(thickness_mm, 1.0)), depth_mm,
        way_mm, way_mm / np.float32(depth_mm), toward,
        (fine - at_click) / spread, (middle - at_click) / spread, (coarse - _median(coarse, near)) / spread,
        (fine - of_label) / spread, (at_click - of_label) / spread, (at_click - of_rim) / spread,
        (fine - of_rim) / spread, np.sqrt(squares) / spread, slope / spread, spread / _range(image),
        costs[0], costs[1], costs[2], costs[0] - costs[2], costs[1] - costs[2],
        same, other, thickness_mm, *shares, _median(shares[0], near), _median(shares[1], near),
        *_offsets_mm(local, click),
    ]  # fmt: skip


def _gaps_to_neighbours_mm(local: LocalGrid, neighbours: Neighbours) -> list[FloatVoxels | float]:
    """Distance from each neighbour in the order of ``NEIGHBOURS``, cut off where it is far or absent."""
    masks = neighbours.masks(local.box)
    gaps: list[FloatVoxels | float] = []
    for name in NEIGHBOURS:
        mask = masks.get(name)
        there = None if mask is None or not mask.any() else local.image_of_box(mask) >= 0.5
        if there is None or not there.any():
            gaps.append(_FAR_FROM_NEIGHBOUR_MM)
        else:
            gaps.append(np.minimum(distance_to_mm(there, local.grid.spacing_ijk_mm), _FAR_FROM_NEIGHBOUR_MM))
    return gaps


def _offsets_mm(local: LocalGrid, click: Click) -> list[FloatVoxels]:
    """Way from the click along the patient's left, back and up."""
    kji = np.moveaxis(np.indices(local.grid.shape_kji, np.float32), 0, -1)
    ways_ijk_mm = (kji - local.kji_from_lps(click.middle_lps_mm).astype(np.float32))[..., ::-1] * local.spacing_mm
    ways_lps_mm = (ways_ijk_mm @ local.grid.direction.T).astype(np.float32)
    return [np.asarray(ways_lps_mm[..., axis]) for axis in range(3)]


def _range(image: FloatVoxels) -> float:
    """How far brightness ranges, so that figures have no unit."""
    low, high = np.percentile(image, (10, 90))
    return max(float(high - low), 1e-3)


def _median(values: FloatVoxels, where: Mask, otherwise: Mask | None = None) -> float:
    if not where.any():
        where = otherwise if otherwise is not None and otherwise.any() else np.ones_like(where)
    return float(np.median(values[where]))


def _toward_label(
    signed_mm: FloatVoxels, gap_mm: FloatVoxels, is_inside: bool, spacing_mm: float, near: Mask
) -> FloatVoxels:
    """Cosine between the way from the click and the way to the boundary of the label: 1 is straight towards it."""
    slopes: Any = np.gradient(signed_mm)
    to_boundary = np.array([float(np.median(slope[near])) for slope in slopes]) * (1.0 if is_inside else -1.0)
    length = float(np.linalg.norm(to_boundary))
    if length < 1e-6:
        return np.zeros_like(gap_mm)
    centre = np.array(np.unravel_index(int(gap_mm.argmin()), gap_mm.shape))
    away = np.indices(gap_mm.shape, np.float32) - centre[:, None, None, None].astype(np.float32)
    along = np.tensordot((to_boundary / length).astype(np.float32), away, axes=1) * np.float32(spacing_mm)
    return np.asarray(along / np.maximum(gap_mm, np.float32(spacing_mm)), dtype=np.float32)


def _gap_mm(local: LocalGrid, clicks: Sequence[Click]) -> FloatVoxels | float:
    if not clicks:
        return _FAR_MM
    gaps = [local.distance_mm(c.middle_lps_mm[None, :]) for c in clicks]
    return np.asarray(np.minimum(np.minimum.reduce(gaps), _FAR_MM), dtype=np.float32)
