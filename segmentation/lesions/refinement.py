"""The region of a lesion from a click, a scribble or a diameter, bettered by further clicks.

The first stroke gives a ball: its radius is the one within which grey values speak most for a lesion. The minimal cut
of that prior, the grey values and the area of the boundary is the region. A later click counts as the middle of what
is missing or of what leaked: it moves the boundary near by twice its distance from it, as far as the image agrees, and
never the other way. Nothing here knows Hounsfield units: CT and MR go the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.kernels.total_variation_cut import total_variation_cut
from segmentation.lesions.stroke import LesionRegion, Stroke
from segmentation.lesions.tissue_contrast import GreyModel, TissueContrast, robust_model
from segmentation.local_image import LocalGrid, box_around_points, local_grid
from twin.box import Box
from twin.errors import GeometryError, InputError
from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import distance_to_mm, signed_distance_mm
from twin.grid import Grid
from twin.job import CancelToken
from twin.volume import Volume

__all__ = ["refine_lesion"]

FloatVoxels = NDArray[np.float32]
Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

# The search for the size of a lesion: half of a lesion of 12 cm, which is as large as any that is resected.
_LARGEST_RADIUS_MM = 60.0
_SEARCH_SPACING_MM = 2.0
_SEARCH_BLUR_MM = 1.6
_SAMPLE_RADIUS_MM = 4.0
_OUTSIDE_ORGAN_IN_SEARCH = 0.3
# Samples across a radius: finer ones cost time and move the border by less than the noise does.
_SAMPLES_PER_RADIUS = 12.0
_FINEST_MM, _COARSEST_MM = 0.8, 2.0
# The image is blurred until the contrast is five times the noise, by 1 to 3 mm and a sixth of the radius at most.
_WANTED_CONTRAST = 5.0
_LEAST_BLUR_MM, _LARGEST_BLUR_MM, _BLUR_OF_RADIUS = 1.0, 3.0, 6.0
_RIM_SHARE = 0.3
# The cut: weights of the prior shape and of the boundary against the evidence of one voxel.
_PRIOR_WEIGHT = 1.2
_EVIDENCE_WEIGHT = 0.6
_BOUNDARY_PRICE, _LEAST_BOUNDARY_PRICE = 2.0, 0.15
_EDGE_IN_SPREADS = 1.5
_BALL_SOFTNESS = 0.35
_CERTAIN = 8.0
_N_STEPS = 120
# A voxel outside an organ that holds most of the lesion: this much against it, in full 3 mm away.
_OUTSIDE_ORGAN, _OUTSIDE_ORGAN_MM, _LEAST_SHARE_IN_ORGAN = 3.0, 3.0, 0.6
# Reach of a later click, in radii of the region; the first ones reach farther, since then the size is in question.
_REACH, _REACH_OF_FIRST = 0.35, 3.0
_REACH_IN_DEPTHS = 1.3
# An error of this share of the radius, or less, says nothing of the size as a whole.
_SMALL_ERROR = 0.08
_LARGEST_PRIOR = 2.5


@dataclass(frozen=True, eq=False)
class _Patch:
    """The neighbourhood of a lesion: blurred image, organ, and the grey values of the organ there."""

    local: LocalGrid
    image: FloatVoxels
    organ: Mask
    parenchyma: GreyModel
    rim_share: float

    def cut(self, region: FloatVoxels, start: Mask | None = None) -> Mask:
        slope = ndimage.gaussian_gradient_magnitude(self.image, 0.7)
        price = _BOUNDARY_PRICE / (1.0 + (slope / (_EDGE_IN_SPREADS * self.parenchyma.spread)) ** 2)
        inside = total_variation_cut(
            region.astype(np.float32), (price + _LEAST_BOUNDARY_PRICE).astype(np.float32),
            None if start is None else start.astype(np.float32), n_steps=_N_STEPS,
        )  # fmt: skip
        return np.asarray(inside > 0.5)

    def outside_organ(self, share_in_organ: float) -> FloatVoxels:
        """Return what speaks against voxels outside the organ: nothing where the organ misses the lesion anyway."""
        trust = max(share_in_organ - _LEAST_SHARE_IN_ORGAN, 0.0) / (1.0 - _LEAST_SHARE_IN_ORGAN)
        if trust == 0.0:
            return np.zeros(self.organ.shape, np.float32)
        gap_mm = distance_to_mm(self.organ, self.local.grid.spacing_ijk_mm)
        return np.asarray(_OUTSIDE_ORGAN * trust * np.minimum(gap_mm / _OUTSIDE_ORGAN_MM, 1.0), dtype=np.float32)

    def region_of(self, mask: Mask) -> Mask:
        """Return a mask of the patch at the voxels of the scan in its box."""
        if not mask.any():
            return np.zeros(self.local.box.shape_kji, np.bool_)
        return self.local.scan_voxels(signed_distance_mm(mask, self.local.grid.spacing_ijk_mm)) > 0.0


def refine_lesion(
    volume: Volume,
    organ_mask: Mask,
    strokes: Sequence[Stroke],
    *,
    previous: LesionRegion | None = None,
    diameter_lps_mm: Points | None = None,
    cancel: CancelToken | None = None,
) -> LesionRegion:
    """Return the region of a lesion that strokes point at.

    Parameters
    ----------
    volume
        CT or MR.
    organ_mask
        bool ``[k, j, i]`` on the grid of the volume: the organ with or without the lesion; it may miss part of it,
        or be empty.
    strokes
        Clicks and scribbles in the order they were made. Without ``previous`` the first one inside starts the region
        and the others correct it.
    previous
        The region so far: a stroke that agrees with it changes nothing and is kept to; the others correct it.
    diameter_lps_mm
        (2, 3) float64, ends of a line across the lesion, which gives its size.
    cancel
        Looked at between strokes.

    Returns
    -------
    LesionRegion
        In the smallest box; one connected piece for each stroke inside.

    Raises
    ------
    InputError
        ``error.lesion.no_start`` without anything to start from, ``error.local.point_outside``.
    GeometryError
        ``error.lesion.nothing_left`` when the strokes outside leave nothing.

    Examples
    --------
    >>> region = refine_lesion(volume, liver, [Stroke(point_lps_mm)])  # doctest: +SKIP
    >>> region = refine_lesion(volume, liver, [Stroke(missing_lps_mm)], previous=region)  # doctest: +SKIP
    """
    region, todo = previous, list(strokes)
    if region is None:
        region = _from_diameter(volume, organ_mask, diameter_lps_mm)
    if region is None:
        first = next((stroke for stroke in todo if stroke.is_inside), None)
        if first is None:
            raise InputError("error.lesion.no_start")
        todo.remove(first)
        region = _first_region(volume, organ_mask, first.points_lps_mm)
        todo.insert(0, first)
    for n, stroke in enumerate(todo):
        if cancel is not None:
            cancel.raise_if_cancelled()
        region = _corrected(volume, organ_mask, region, stroke, [*todo[:n], *todo[n + 1 :]], n_before=max(n, 1))
    return region


def _from_diameter(volume: Volume, organ_mask: Mask, diameter_lps_mm: Points | None) -> LesionRegion | None:
    if diameter_lps_mm is None:
        return None
    ends = np.asarray(diameter_lps_mm, dtype=np.float64).reshape(2, 3)
    radius_mm = max(0.5 * float(np.linalg.norm(ends[1] - ends[0])), 1.0)
    return _first_region(volume, organ_mask, ends.mean(axis=0, keepdims=True), radius_mm)


def _first_region(volume: Volume, organ_mask: Mask, points: Points, radius_mm: float | None = None) -> LesionRegion:
    """Return the region around the points of a stroke; the radius is searched for where it is not given."""
    found_mm, noise_blur_mm = _searched_radius(volume, organ_mask, points)
    radius = found_mm if radius_mm is None else radius_mm
    blur_mm = float(np.clip(noise_blur_mm, _LEAST_BLUR_MM, _most_blur_mm(radius)))
    box = box_around_points(volume.grid, points, 2.2 * radius + 6.0)
    local = local_grid(volume.grid, box, _spacing_mm(volume.grid, radius))
    gap_mm = local.distance_mm(points)
    patch = _patch(volume, organ_mask, local, blur_mm, ~(gap_mm <= radius + 4.0))
    contrast = TissueContrast(patch.image, patch.organ, patch.parenchyma, gap_mm > radius + 5.0)
    sample = gap_mm < max(_SAMPLE_RADIUS_MM, 0.6 * radius)
    evidence = contrast.evidence([sample], between_share=patch.rim_share)
    prior = np.clip((radius - gap_mm) / (_BALL_SOFTNESS * radius), -_LARGEST_PRIOR, 1.5) * _PRIOR_WEIGHT
    if radius_mm is not None:
        prior *= 2.0
    ball = gap_mm < radius
    region = evidence + prior - patch.outside_organ(float(patch.organ[ball].mean()) if ball.any() else 0.0)
    core = gap_mm <= local.spacing_mm
    region[core] = _CERTAIN
    mask = _pieces_with(patch.cut(region), core)
    return _region(box, patch.region_of(mask), volume.grid)


def _searched_radius(volume: Volume, organ_mask: Mask, points: Points) -> tuple[float, float]:
    """Return the radius within which grey values speak most for a lesion, and the blur that its noise asks for."""
    box = box_around_points(volume.grid, points, _LARGEST_RADIUS_MM)
    local = local_grid(volume.grid, box, _SEARCH_SPACING_MM)
    gap_mm = local.distance_mm(points)
    patch = _patch(volume, organ_mask, local, _SEARCH_BLUR_MM, gap_mm > 3.0 * _SAMPLE_RADIUS_MM)
    contrast = TissueContrast(patch.image, patch.organ, patch.parenchyma, gap_mm > 0.4 * _LARGEST_RADIUS_MM)
    sample = gap_mm < _SAMPLE_RADIUS_MM
    evidence = contrast.evidence([sample], between_share=_RIM_SHARE) - _OUTSIDE_ORGAN_IN_SEARCH * ~patch.organ
    radii_mm = np.arange(2.0, _LARGEST_RADIUS_MM, 1.0)
    shell = np.digitize(gap_mm.ravel(), radii_mm)
    within = np.cumsum(np.bincount(shell, evidence.ravel(), minlength=radii_mm.size + 1))[: radii_mm.size]
    grey = robust_model(patch.image[sample])
    return float(radii_mm[int(np.argmax(within))]), _noise_blur_mm(patch.parenchyma, grey)


def _corrected(
    volume: Volume, organ_mask: Mask, region: LesionRegion, stroke: Stroke, others: Sequence[Stroke], *, n_before: int
) -> LesionRegion:
    """Return the region after one more stroke: nothing is taken away by one inside, nothing added by one outside."""
    if _agrees(region, volume.grid, stroke):
        return region
    radius = _radius_of(region, volume.grid)
    corners = volume.grid.lps_from_ijk(np.array([region.box.start_kji[::-1], np.array(region.box.stop_kji[::-1]) - 1]))
    points = np.concatenate([corners, stroke.points_lps_mm])
    box = box_around_points(volume.grid, points, 10.0 + 0.5 * radius)
    local = local_grid(volume.grid, box, _spacing_mm(volume.grid, radius))
    drawn = local.image_of_box(region.in_box(box)) >= 0.5
    depth_mm = signed_distance_mm(drawn, local.grid.spacing_ijk_mm)
    depth_mm -= np.sign(depth_mm) * np.float32(0.5 * local.spacing_mm)  # of the face between the voxels
    at_stroke_mm = depth_mm[local.marked(stroke.points_lps_mm)]
    wrong_mm = np.maximum(-at_stroke_mm if stroke.is_inside else at_stroke_mm, 0.0)
    patch = _patch_of_region(volume, organ_mask, local, drawn, radius)
    gap_mm = local.distance_mm(stroke.points_lps_mm)
    error_mm = float(np.clip(wrong_mm.max(), local.spacing_mm, max(radius, 2 * local.spacing_mm)))
    reach_mm = _reach_mm(error_mm, radius, n_before)
    push_mm = 2.0 * error_mm * np.exp(-0.5 * (gap_mm / reach_mm) ** 2)
    votes = _votes(patch, depth_mm, drawn, gap_mm, push_mm, error_mm, radius, stroke.is_inside)
    for other in (*others, stroke):
        votes[local.distance_mm(other.points_lps_mm) <= local.spacing_mm] = _CERTAIN if other.is_inside else -_CERTAIN
    starts = [local.marked(s.points_lps_mm) for s in (*others, stroke) if s.is_inside]
    mask = _pieces_with(patch.cut(votes, drawn), np.any(starts, axis=0) if starts else drawn)
    return _joined(region, box, patch.region_of(mask), volume.grid, stroke)


def _reach_mm(error_mm: float, radius_mm: float, n_before: int) -> float:
    """Return how far from a stroke the boundary follows: far after a first guess of quite another size."""
    is_large = float(np.clip((error_mm / radius_mm - _SMALL_ERROR) / _SMALL_ERROR, 0.0, 1.0))
    first_ones = 1.0 + is_large * max(_REACH_OF_FIRST / n_before - 1.0, 0.0)
    return max(_REACH_IN_DEPTHS * error_mm, _REACH * radius_mm * first_ones)


def _votes(
    patch: _Patch, depth_mm: FloatVoxels, drawn: Mask, gap_mm: FloatVoxels, push_mm: FloatVoxels,
    error_mm: float, radius_mm: float, is_inside: bool,
) -> FloatVoxels:  # fmt: skip
    """Return the region term of a correction: the boundary pushed, the image, and what must stay as it is."""
    spacing_mm = patch.local.spacing_mm
    contrast = TissueContrast(patch.image, patch.organ, patch.parenchyma, depth_mm < -0.35 * radius_mm)
    near = gap_mm < max(0.7 * error_mm, 2.0)
    if is_inside:
        deep = depth_mm > 0.15 * radius_mm
        evidence = contrast.evidence([deep, near], between_share=patch.rim_share)
    else:
        evidence = contrast.evidence([drawn & (gap_mm > 2.0 * error_mm)], other=near)
    wanted_mm = depth_mm + push_mm if is_inside else depth_mm - push_mm
    softness_mm = max(0.6 * error_mm, spacing_mm)
    votes = _EVIDENCE_WEIGHT * evidence
    votes += _PRIOR_WEIGHT * np.clip(wanted_mm / softness_mm, -_LARGEST_PRIOR, _LARGEST_PRIOR)
    shares = [float(patch.organ[where].mean()) for where in (drawn, gap_mm < error_mm) if where.any()]
    votes -= patch.outside_organ(min(shares) if is_inside else shares[0])
    far = push_mm < 0.25 * spacing_mm
    votes[far] = np.where(drawn[far], _CERTAIN, -_CERTAIN)
    votes[drawn if is_inside else ~drawn] = _CERTAIN if is_inside else -_CERTAIN
    votes[gap_mm < 0.5 * error_mm] = _CERTAIN if is_inside else -_CERTAIN
    return votes


def _patch(volume: Volume, organ_mask: Mask, local: LocalGrid, blur_mm: float, is_outside: Mask) -> _Patch:
    """Return the patch; the grey values of the organ are taken where no lesion is supposed."""
    image = local.image(volume.voxels, blur_mm=blur_mm)
    organ = local.mask(organ_mask)
    tries = (image[organ & is_outside], image[organ], image[is_outside], image.ravel())
    parenchyma = next(model for values in tries if (model := robust_model(values)) is not None)
    span = _LARGEST_BLUR_MM - _LEAST_BLUR_MM
    rim_share = _RIM_SHARE * float(np.clip((blur_mm - _LEAST_BLUR_MM) / (0.75 * span), 0.0, 1.0))
    return _Patch(local, image, organ, parenchyma, rim_share)


def _patch_of_region(volume: Volume, organ_mask: Mask, local: LocalGrid, drawn: Mask, radius: float) -> _Patch:
    first = _patch(volume, organ_mask, local, _SEARCH_BLUR_MM, ~drawn)
    wanted_mm = _noise_blur_mm(first.parenchyma, robust_model(first.image[drawn]))
    blur_mm = float(np.clip(wanted_mm, _LEAST_BLUR_MM, _most_blur_mm(radius)))
    return _patch(volume, organ_mask, local, blur_mm, ~drawn)


def _noise_blur_mm(parenchyma: GreyModel, lesion: GreyModel | None) -> float:
    """Blur that brings contrast over noise to what is wanted; white noise falls with its power of 3/2."""
    contrast = abs(parenchyma.centre - lesion.centre) if lesion is not None else 0.0
    ratio = _WANTED_CONTRAST * parenchyma.spread / max(contrast, 1e-2 * parenchyma.spread)
    return _SEARCH_BLUR_MM * float(ratio ** (2.0 / 3.0))


def _most_blur_mm(radius_mm: float) -> float:
    return float(np.clip(radius_mm / _BLUR_OF_RADIUS, _LEAST_BLUR_MM, _LARGEST_BLUR_MM))


def _spacing_mm(grid: Grid, radius_mm: float) -> float:
    finest = max(_FINEST_MM, float(grid.spacing_ijk_mm.min()))
    return float(np.clip(radius_mm / _SAMPLES_PER_RADIUS, finest, max(_COARSEST_MM, finest)))


def _radius_of(region: LesionRegion, grid: Grid) -> float:
    volume_mm3 = np.count_nonzero(region.mask) * grid.voxel_volume_ml * 1000.0
    return float(np.cbrt(3.0 * volume_mm3 / (4.0 * np.pi)))


def _pieces_with(mask: Mask, starts: Mask) -> Mask:
    pieces, _ = components(mask, connectivity=6)
    wanted = np.unique(pieces[starts & mask])
    return np.isin(pieces, wanted[wanted > 0])


def _region(box: Box, mask: Mask, grid: Grid) -> LesionRegion:
    smallest = Box.around(mask)
    if smallest is None:
        raise GeometryError("error.lesion.nothing_left")
    start = np.array(box.start_kji)
    k0, j0, i0 = (start + smallest.start_kji).tolist()
    k1, j1, i1 = (start + smallest.stop_kji).tolist()
    return LesionRegion(Box((k0, j0, i0), (k1, j1, i1)), np.ascontiguousarray(mask[smallest.slices]))


def _agrees(region: LesionRegion, grid: Grid, stroke: Stroke) -> bool:
    """Tell whether every voxel under a stroke is on its side already."""
    inside = region.in_box(box := box_around_points(grid, stroke.points_lps_mm, 1.0))
    return bool((inside[_voxels_under(stroke, grid, box)] == stroke.is_inside).all())


def _voxels_under(stroke: Stroke, grid: Grid, box: Box) -> tuple[NDArray[np.intp], ...]:
    """Index of the voxels under a stroke in a box of the scan that holds them."""
    kji = np.round(grid.ijk_from_lps(stroke.points_lps_mm)[:, ::-1]).astype(np.intp)
    return tuple((np.clip(kji, 0, np.array(grid.shape_kji) - 1) - np.array(box.start_kji)).T)


def _joined(region: LesionRegion, box: Box, mask: Mask, grid: Grid, stroke: Stroke) -> LesionRegion:
    """Return the region changed in one direction only, with the voxels under the stroke on its side."""
    old = region.in_box(box)
    new = old | mask if stroke.is_inside else old & mask
    new[_voxels_under(stroke, grid, box)] = stroke.is_inside
    return _region(box, new, grid)
