"""Lesion candidates: compact places of the liver that are darker or brighter than the parenchyma around them.

A candidate is a proposal for a person to look at. It is no lesion, and nothing here writes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.lesions.refinement import refine_lesion
from segmentation.lesions.stroke import LesionRegion, Stroke
from segmentation.lesions.tissue_contrast import robust_model
from segmentation.local_image import LocalGrid, local_grid
from twin.box import Box
from twin.errors import GeometryError
from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import distance_to_mm
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.volume import Quantity, Volume

__all__ = ["CandidateKind", "LesionCandidate", "find_lesion_candidates"]

FloatVoxels = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SPACING_MM = 2.0
_BLUR_MM = 1.6
_LEAST_ORGAN_ML = 50.0
_RIM_MM = 2.5  # of the organ that is left out: its voxels hold part of what lies outside
_RADII_MM = (3.5, 5.0, 7.0, 10.0, 14.0, 20.0, 28.0)
_SIGMA_OF_RADIUS = 0.58  # a ball answers most to a blur of its radius over the root of three (Lindeberg 1998)
_SURROUND = 1.6  # width of the outer blur: the usual stand-in for the Laplacian (Marr and Hildreth 1980)
_OPPOSITE_SPREADS, _SAME_SPREADS = 2.0, 8.0
_LEAST_RESPONSE, _LEAST_RESPONSE_IN_SPREADS = 5.0, 0.6
_LEAST_ROUNDNESS = 0.25
_MOST_SEEDS = 24
# Smaller bright places are ends and forks of vessels more often than lesions.
_LEAST_ML, _LEAST_BRIGHT_ML, _LARGEST_SHARE = 0.25, 0.5, 0.4
_LEAST_CONTRAST = 2.0
_LEAST_COMPACTNESS = 0.45
_LEAST_SHARE_IN_ORGAN = 0.6
_LEAK = 3.0
_SHELL_MM = 6.0
# Bile and cyst fluid without contrast agent, and fat (in fissures, around the gallbladder): HU, ours.
_FLUID_HU = (-15.0, 25.0)
_FAT_HU = -20.0
# A smaller dark place whose darkest tenth is fat is a fissure, and so is, more likely, one that lies open.
_FATTY_HU, _DARKEST_FLUID_HU, _NEVER_FISSURE_ML = -5.0, -15.0, 10.0
_LEAST_SCORE = 0.5
_SIZE_POWER = 1.0 / 6.0


class CandidateKind(StrEnum):
    """How a candidate looks, in neutral words; what it is, a clinician says."""

    DARKER = "darker"
    FLUID = "fluid"  # darker, as grey as water on CT
    BRIGHTER = "brighter"

    @property
    def message_id(self) -> str:
        """Id of the words."""
        return f"lesions.kind.{self.value}"


@dataclass(frozen=True, eq=False)
class LesionCandidate:
    """A place to look at; never a lesion before a person accepts it.

    Parameters
    ----------
    region
        Mask in a box of the scan.
    point_lps_mm
        Where it stands out most, (3,) float64.
    volume_ml
        Of the region.
    contrast
        Median of the region less that of the organ around it, in the unit of the scan (HU on CT).
    score
        0 to 1: how much and how compactly it stands out; of two that overlap the higher stays. No probability of
        being a lesion.
    kind
        How it looks.
    """

    region: LesionRegion
    point_lps_mm: NDArray[np.float64]
    volume_ml: float
    contrast: float
    score: float
    kind: CandidateKind


@dataclass(frozen=True, eq=False)
class _Seed:
    kji: tuple[int, int, int]
    response: float
    sign: int


def find_lesion_candidates(
    volume: Volume,
    liver_mask: Mask,
    *,
    vessel_mask: Mask | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> tuple[LesionCandidate, ...]:
    """Return what stands out from the parenchyma, the largest first, as a report lists lesions.

    Parameters
    ----------
    volume
        CT or MR.
    liver_mask
        bool ``[k, j, i]`` on its grid: the whole organ.
    vessel_mask
        Vessels and ducts that are known; they do not count as parenchyma and are no candidates.
    progress, cancel
        Told of every seed; cancel is looked at between steps of a second or less.

    Raises
    ------
    Cancelled
        When ``cancel`` was set.

    Examples
    --------
    >>> candidates = find_lesion_candidates(volume, liver)  # doctest: +SKIP
    >>> [round(candidate.volume_ml) for candidate in candidates]  # doctest: +SKIP
    [23, 8, 5]
    """
    box = Box.around(liver_mask)
    if box is None or np.count_nonzero(liver_mask[box.slices]) * volume.grid.voxel_volume_ml < _LEAST_ORGAN_ML:
        return ()
    progress(Progress(0.0, "lesions.progress.looking"))
    search = _Search(volume, liver_mask, vessel_mask, local_grid(volume.grid, box, _SPACING_MM))
    seeds = search.seeds(cancel)
    found: list[LesionCandidate] = []
    for n, seed in enumerate(seeds):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(Progress(0.4 + 0.6 * n / len(seeds), "lesions.progress.outlining"))
        if search.is_taken(seed, found):
            continue
        candidate = search.candidate(seed)
        if candidate is not None:
            found = _with_candidate(found, candidate)
    progress(Progress(1.0, "lesions.progress.done"))
    return tuple(sorted(found, key=lambda candidate: -candidate.volume_ml))


class _Search:
    """One liver on a coarse grid, its grey values in spreads of the parenchyma."""

    def __init__(self, volume: Volume, liver_mask: Mask, vessel_mask: Mask | None, local: LocalGrid) -> None:
        self._volume, self._liver, self._vessels, self._local = volume, liver_mask, vessel_mask, local
        self._organ = local.mask(liver_mask)
        depth_mm = distance_to_mm(np.pad(~self._organ, 1, constant_values=True), local.grid.spacing_ijk_mm)
        self._core = depth_mm[1:-1, 1:-1, 1:-1] > _RIM_MM
        if vessel_mask is not None:
            self._core &= ~ndimage.binary_dilation(local.mask(vessel_mask))
        self._image = local.image(volume.voxels, blur_mm=_BLUR_MM)
        self._trend = _trend(self._image, self._core)
        model = robust_model((self._image - self._trend)[self._core])
        self._spread = 1.0 if model is None else model.spread
        self._spreads = (self._image - self._trend) / np.float32(self._spread)

    def seeds(self, cancel: CancelToken | None) -> list[_Seed]:
        """Return the strongest answers to a ball, over all sizes, dark and bright ones, the strongest first."""
        seeds: list[_Seed] = []
        for radius_mm in _RADII_MM:
            if cancel is not None:
                cancel.raise_if_cancelled()
            seeds += self._seeds_of_size(radius_mm)
        least_gap = 2.0 * _RADII_MM[0] / self._local.spacing_mm
        kept: list[_Seed] = []
        for seed in sorted(seeds, key=lambda seed: -seed.response):
            gaps = np.array([other.kji for other in kept]).reshape(-1, 3) - np.array(seed.kji)
            if len(kept) < _MOST_SEEDS and ((gaps**2).sum(axis=1) > least_gap**2).all():
                kept.append(seed)
        return kept

    def _seeds_of_size(self, radius_mm: float) -> list[_Seed]:
        sigma = _SIGMA_OF_RADIUS * radius_mm / self._local.spacing_mm
        weight = self._core.astype(np.float32)
        found = []
        for sign in (-1, 1):
            # What stands out the other way (a vessel beside a dark place) counts little.
            values = np.clip(sign * self._spreads, -_OPPOSITE_SPREADS, _SAME_SPREADS) * weight
            inner, outer = (_weighted_blur(values, weight, s) for s in (sigma, _SURROUND * sigma))
            response = np.where(self._core, inner - outer, 0.0).astype(np.float32)
            noise = robust_model(response[self._core])
            if noise is None:
                continue
            least = max(_LEAST_RESPONSE * noise.spread, _LEAST_RESPONSE_IN_SPREADS)
            peak = ndimage.maximum_filter(response, size=3) == response
            for k, j, i in np.argwhere(peak & (response > least)).tolist():
                if _roundness(response, (k, j, i), max(round(sigma), 1)) > _LEAST_ROUNDNESS:
                    # Large ones first: what stands out inside them is then taken already.
                    found.append(_Seed((k, j, i), float(response[k, j, i]) * radius_mm, sign))
        return found

    def is_taken(self, seed: _Seed, found: list[LesionCandidate]) -> bool:
        """Tell whether a seed lies in a candidate found before."""
        k, j, i = (int(v) for v in self._voxel(seed))
        return any(
            candidate.region.in_box(Box((k, j, i), (k + 1, j + 1, i + 1))).any() for candidate in found
        )  # fmt: skip

    def candidate(self, seed: _Seed) -> LesionCandidate | None:
        """Return the candidate around a seed, or None where its outline is that of no compact body."""
        point = self._local.lps_from_kji(np.array(seed.kji, dtype=np.float64))
        if seed.sign > 0 and self._is_of_a_tree(seed):
            return None
        try:
            region = refine_lesion(self._volume, self._liver, [Stroke(point)])
        except GeometryError:
            return None
        return self._judged(region, point, seed.sign)

    def _judged(self, region: LesionRegion, point: NDArray[np.float64], sign: int) -> LesionCandidate | None:
        """Measure a region; None where it is too small, too large, too thin, too faint, fat, or outside the organ."""
        grid, volume_ml = self._volume.grid, region.volume_ml(self._volume.grid)
        whole_ml = np.count_nonzero(self._organ) * self._local.grid.voxel_volume_ml
        least_ml = _LEAST_BRIGHT_ML if sign > 0 else _LEAST_ML
        box = region.box.grown(_voxels_of(_SHELL_MM, grid.spacing_ijk_mm), grid.shape_kji)
        mask, liver = region.in_box(box), self._liver[box.slices]
        compactness = _compactness(mask, grid.spacing_ijk_mm, grid.voxel_volume_ml)
        shell = liver & ~mask & (distance_to_mm(mask, grid.spacing_ijk_mm) <= _SHELL_MM)
        is_lesion_like = (
            least_ml <= volume_ml <= _LARGEST_SHARE * whole_ml
            and self._share_in_organ(mask, box) >= _LEAST_SHARE_IN_ORGAN
            and compactness >= _LEAST_COMPACTNESS
            and bool(shell.any())
        )
        if not is_lesion_like:
            return None
        values = self._volume.voxels[box.slices]
        centre = float(np.median(values[mask].astype(np.float64)))
        contrast = centre - float(np.median(values[shell].astype(np.float64)))
        in_spreads = sign * contrast / self._spread
        is_ct = self._volume.quantity is Quantity.HOUNSFIELD
        if in_spreads < _LEAST_CONTRAST or (is_ct and self._is_fat(region, centre, volume_ml)):
            return None
        closed = 1.0 if volume_ml >= _NEVER_FISSURE_ML else 1.0 - _open_share(mask, liver)
        striking = in_spreads * volume_ml**_SIZE_POWER  # the same contrast is rarer by chance in a large region
        score = (1.0 - float(np.exp(-striking / 4.0))) * min(compactness, 1.0) * closed**0.5
        if score < _LEAST_SCORE:
            return None
        return LesionCandidate(region, point, volume_ml, contrast, score, _kind(sign, centre, is_ct))

    def _share_in_organ(self, mask: Mask, box: Box) -> float:
        """Return the share of a region that is organ and no known vessel."""
        inside = mask & self._liver[box.slices]
        if self._vessels is not None:
            inside &= ~self._vessels[box.slices]
        return float(inside.sum() / mask.sum())

    def _is_fat(self, region: LesionRegion, centre_hu: float, volume_ml: float) -> bool:
        """Tell whether a region is fat, or the edge of a fissure filled with fat."""
        samples = self._local.kji_from_lps(
            self._volume.grid.lps_from_ijk((np.argwhere(region.mask) + np.array(region.box.start_kji))[:, ::-1])
        )
        hu = ndimage.map_coordinates(self._image, samples.T, order=1, mode="nearest")
        tenth, least = (float(v) for v in np.percentile(hu, (10.0, 1.0)))
        is_fissure = volume_ml < _NEVER_FISSURE_ML and (tenth < _FATTY_HU or least < _DARKEST_FLUID_HU)
        return centre_hu < _FAT_HU or is_fissure

    def _voxel(self, seed: _Seed) -> NDArray[np.int64]:
        point = self._local.lps_from_kji(np.array(seed.kji, dtype=np.float64))
        return np.asarray(np.round(self._volume.grid.ijk_from_lps(point)[::-1]).astype(np.int64))

    def _is_of_a_tree(self, seed: _Seed) -> bool:
        """Tell whether what is as bright as half of the seed goes on far beyond it: a fork of vessels."""
        level = 0.5 * float(self._spreads[seed.kji])
        bright = self._organ & (self._spreads > max(level, 1.5))
        # Vessels of up to 6 mm that reach a lesion are thinner than the opening, and no part of it.
        pieces, n_voxels = components(ndimage.binary_opening(bright, iterations=1), connectivity=6)
        piece = int(pieces[seed.kji])
        if piece == 0:
            return True
        mask = pieces == piece
        widest_mm = float(distance_to_mm(~mask, self._local.grid.spacing_ijk_mm).max())
        ball = 4.0 / 3.0 * np.pi * (widest_mm + 0.5 * self._local.spacing_mm) ** 3
        return bool(n_voxels[piece - 1] * self._local.spacing_mm**3 > _LEAK * ball)


def _with_candidate(found: list[LesionCandidate], candidate: LesionCandidate) -> list[LesionCandidate]:
    """Return the candidates with one more; of two that share most of the smaller, the one with the higher score."""
    rivals = []
    for other in found:
        shared = np.count_nonzero(other.region.in_box(candidate.region.box) & candidate.region.mask)
        smaller = min(np.count_nonzero(other.region.mask), np.count_nonzero(candidate.region.mask))
        if shared > 0.5 * smaller:
            rivals.append(other)
    if any(rival.score >= candidate.score for rival in rivals):
        return found
    return [other for other in found if not any(other is rival for rival in rivals)] + [candidate]


def _trend(image: FloatVoxels, core: Mask) -> FloatVoxels:
    """Return the slow change of the parenchyma over the organ, a quadratic: coils of MR, and hardening of the beam."""
    places = np.argwhere(core)[:: max(np.count_nonzero(core) // 40_000, 1)]
    if len(places) < 200:
        return np.full(image.shape, np.median(image), np.float32)
    half = np.maximum(np.array(image.shape) / 2.0, 1.0)
    values, terms = image[tuple(places.T)].astype(np.float64), _terms(*(places / half - 1.0).T)
    kept = np.ones(len(values), np.bool_)
    for _ in range(4):
        weights = np.linalg.lstsq(terms[kept], values[kept], rcond=None)[0]
        rest = values - terms @ weights
        middle = np.median(rest[kept])
        kept = np.abs(rest - middle) < 2.5 * 1.4826 * np.median(np.abs(rest[kept] - middle)) + 1e-6
    axes = np.meshgrid(*(np.arange(n) / h - 1.0 for n, h in zip(image.shape, half, strict=True)), indexing="ij")
    return (_terms(*(axis.ravel() for axis in axes)) @ weights).reshape(image.shape).astype(np.float32)


def _terms(k: NDArray[np.float64], j: NDArray[np.float64], i: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.ones_like(k), k, j, i, k * k, j * j, i * i, k * j, k * i, j * i], axis=1)


def _weighted_blur(values: FloatVoxels, weight: FloatVoxels, sigma: float) -> FloatVoxels:
    """Blur over the voxels that count; ``values`` are zero elsewhere."""
    blurred, total = (ndimage.gaussian_filter(a, sigma, mode="constant", truncate=2.5) for a in (values, weight))
    return np.asarray(blurred / np.maximum(total, 1e-3), dtype=np.float32)


def _roundness(response: FloatVoxels, kji: tuple[int, int, int], reach: int) -> float:
    """Return the least over the largest fall of the response along the principal directions: 1 a ball, 0 a tube."""

    def at(dk: int, dj: int, di: int) -> float:
        k, j, i = (min(max(a + d * reach, 0), n - 1) for a, d, n in zip(kji, (dk, dj, di), response.shape, strict=True))
        return float(response[k, j, i])

    here = at(0, 0, 0)
    units = np.eye(3, dtype=int)
    hessian = np.zeros((3, 3))
    for a in range(3):
        hessian[a, a] = at(*units[a]) + at(*-units[a]) - 2.0 * here
        for b in range(a):
            both, crossed = units[a] + units[b], units[a] - units[b]
            hessian[a, b] = hessian[b, a] = 0.25 * (at(*both) + at(*-both) - at(*crossed) - at(*-crossed))
    falls = -np.linalg.eigvalsh(hessian)
    return float(falls.min() / falls.max()) if falls.max() > 0.0 else 0.0


def _compactness(mask: Mask, spacing_ijk_mm: NDArray[np.float64], voxel_volume_ml: float) -> float:
    """Return the radius of the largest ball inside over that of a ball of the same volume: 1 for a ball."""
    inside_mm = float(distance_to_mm(~np.pad(mask, 1), spacing_ijk_mm).max()) - 0.5 * float(spacing_ijk_mm.min())
    radius_mm = float(np.cbrt(3.0 * np.count_nonzero(mask) * voxel_volume_ml * 1000.0 / (4.0 * np.pi)))
    return inside_mm / radius_mm


def _open_share(mask: Mask, liver: Mask) -> float:
    """Return the share of the border of a region that does not adjoin organ: fissures and the hilum lie open."""
    border = ndimage.binary_dilation(mask) & ~mask
    return float((border & ~liver).sum() / max(border.sum(), 1))


def _voxels_of(length_mm: float, spacing_ijk_mm: NDArray[np.float64]) -> tuple[int, int, int]:
    k, j, i = (int(np.ceil(length_mm / s)) for s in spacing_ijk_mm[::-1])
    return (k, j, i)


def _kind(sign: int, centre: float, is_ct: bool) -> CandidateKind:
    if sign > 0:
        return CandidateKind.BRIGHTER
    low, high = _FLUID_HU
    return CandidateKind.FLUID if is_ct and low <= centre <= high else CandidateKind.DARKER
