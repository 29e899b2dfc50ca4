"""Second look: the border of one organ on the fine working grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cc3d
import edt
import numpy as np
from numpy.typing import NDArray

from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.classical.coarse_organs import COARSE_CLASSES, CoarseOrgans
from segmentation.classical.features import AIR_HU, FineEvidence
from segmentation.classical.voxel_trees import brightness_of_organ, probabilities_of_voxels
from segmentation.classical.working_volume_sitk import WorkingVolume, resampled_onto
from twin.box import Box
from twin.grid import Grid
from twin.job import CancelToken

__all__ = ["FineRegion", "fine_organ", "fine_probability", "fine_region"]

FloatVoxels = NDArray[np.float32]
BoolVoxels = NDArray[np.bool_]
# A second round with what the first one saw carries lesions that only their surroundings betray; the mean of both
# rounds lost at most 0.002 of Dice on a held-out scan and gained up to 0.005, for twice the time.
_LOOKED_AT_AGAIN = ("liver",)
_PIECE_OF_TUBE_ML = 2.0


@dataclass(frozen=True, eq=False)
class FineRegion:
    """The box around one organ on the fine grid and what is known there before its border is drawn.

    Parameters
    ----------
    box
        Its place in the fine grid.
    grid
        Grid of the box.
    evidence
        Features of its voxels.
    certain
        Voxels so deep inside the coarse organ that they are taken over.
    band
        Voxels to decide.
    """

    box: Box
    grid: Grid
    evidence: FineEvidence
    certain: BoolVoxels
    band: BoolVoxels


@dataclass(frozen=True)
class _Reach:
    """How far around the coarse border voxels are decided anew, and how far the box goes, in millimetres."""

    outward_mm: float
    inward_mm: float
    margin_mm: float


# A tube is decided anew altogether; of the liver, a shell of about a lesion's width.
_REACHES = {"liver": _Reach(16.0, 14.0, 28.0), "aorta": _Reach(8.0, 30.0, 16.0), "ivc": _Reach(8.0, 30.0, 16.0)}


def fine_organ(
    fine: WorkingVolume,
    coarse: CoarseOrgans,
    organ: str,
    trees: Mapping[str, BoostedTrees],
    *,
    cancel: CancelToken | None = None,
) -> tuple[FloatVoxels, Grid]:
    """Return the probability of an organ that the first look has seen, and the grid of its box.

    Without trees for the organ the probability of the first look is returned.
    """
    if organ not in trees:
        return coarse.of(organ), coarse.scan.grid
    region = fine_region(fine, coarse, organ, cancel=cancel)
    if region is None:
        raise ValueError(f"the first look saw no {organ}")
    probability = fine_probability(region, trees[organ], cancel=cancel)
    seen = coarse.with_fine(organ, probability, region.grid)
    again = fine_region(fine, seen, organ, cancel=cancel) if organ in _LOOKED_AT_AGAIN else None
    if again is None:
        return probability, region.grid
    second = fine_probability(again, trees[organ], cancel=cancel)
    box = region.box.joined(again.box)
    mean = (_placed(probability, region.box, box) + _placed(second, again.box, box)) / 2.0
    return mean, fine.grid.cropped(box)


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()


def _placed(values: FloatVoxels, box: Box, wider: Box) -> FloatVoxels:
    """Put the values of a box into a wider one, zero around them."""
    pairs = zip(box.start_kji, box.stop_kji, wider.start_kji, wider.stop_kji, strict=True)
    return np.pad(values, [(start - low, high - stop) for start, stop, low, high in pairs])


def fine_region(
    fine: WorkingVolume, coarse: CoarseOrgans, organ: str, *, cancel: CancelToken | None = None
) -> FineRegion | None:
    """Prepare the second look at an organ; None when the first look saw none of it.

    Parameters
    ----------
    fine
        The scan on the fine grid.
    coarse
        The first look.
    organ
        Name of the class.
    cancel
        Polled between the steps.
    """
    reach = _REACHES[organ]
    seed = _seed(coarse, organ)
    around = Box.around(seed)
    if around is None:
        return None
    margin = int(np.ceil(reach.margin_mm / coarse.scan.spacing_mm))
    coarse_box = around.grown(margin, seed.shape)
    grid = _fine_box(fine, coarse.scan, coarse_box)
    start = np.round(fine.grid.ijk_from_lps(grid.origin_lps_mm)).astype(int)[::-1]
    box = Box(tuple(start.tolist()), tuple((start + np.array(grid.shape_kji)).tolist()))
    from_coarse = coarse.scan.grid.cropped(coarse_box)

    def onto_fine(values: NDArray[np.generic]) -> FloatVoxels:
        _poll(cancel)
        return resampled_onto(
            np.ascontiguousarray(values[coarse_box.slices], np.float32), from_coarse, grid, is_extended=True
        )

    order = [COARSE_CLASSES.index(organ)] + [n for n, name in enumerate(COARSE_CLASSES) if n and name != organ]
    probabilities = np.stack([onto_fine(coarse.probabilities[n]) for n in order])
    body = onto_fine(coarse.landmarks.body) > 0.5
    hu = np.where(body, fine.windowed_hu[box.slices], np.float32(AIR_HU)).astype(np.float32)
    mean_hu, spread_hu = brightness_of_organ(hu, probabilities[0])
    places = [onto_fine(place) for place in coarse.places]
    _poll(cancel)
    evidence = FineEvidence(hu, fine.spacing_mm, probabilities, mean_hu, spread_hu, places)
    size = (fine.spacing_mm,) * 3
    _poll(cancel)
    inside = onto_fine(seed) > 0.5
    depth_mm = edt.edt(inside, anisotropy=size, parallel=2)
    gap_mm = edt.edt(~inside, anisotropy=size, parallel=2)
    certain = (depth_mm > reach.inward_mm) & (probabilities[0] > 0.9)
    return FineRegion(box, grid, evidence, certain, body & ~certain & (gap_mm <= reach.outward_mm))


def fine_probability(region: FineRegion, trees: BoostedTrees, *, cancel: CancelToken | None = None) -> FloatVoxels:
    """Return the probability of the organ on the grid of the region, float32 ``[k, j, i]``.

    Raises
    ------
    Cancelled
        When ``cancel`` was set; it is polled every 20 000 voxels.
    """
    probability = region.certain.astype(np.float32)
    points = np.argwhere(region.band).astype(np.int32)
    k, j, i = points.T
    probability[k, j, i] = probabilities_of_voxels(trees, region.evidence, points, cancel=cancel)[:, 0]
    return probability


def _seed(coarse: CoarseOrgans, organ: str) -> BoolVoxels:
    """The largest piece of a solid organ; of a tube, which the first look breaks, all pieces worth a look."""
    if organ == "liver":
        return _largest(coarse.of(organ) > 0.5)
    n_voxels = round(_PIECE_OF_TUBE_ML / coarse.scan.grid.voxel_volume_ml)
    pieces = cc3d.dust(coarse.of(organ) > 0.25, threshold=n_voxels, connectivity=26, in_place=False)
    return np.asarray(pieces).astype(np.bool_)


def _largest(mask: BoolVoxels) -> BoolVoxels:
    labels, count = cc3d.connected_components(mask, connectivity=6, return_N=True)
    if count == 0:
        return mask
    sizes = np.bincount(labels.ravel())[1:]
    return np.asarray(labels == 1 + int(np.argmax(sizes)))


def _fine_box(fine: WorkingVolume, coarse: WorkingVolume, box: Box) -> Grid:
    """Fine voxels that lie inside a box of coarse ones."""
    start = 2 * np.array(box.start_kji)
    stop = np.minimum(2 * np.array(box.stop_kji), fine.hu.shape)
    return fine.grid.cropped(Box(tuple(start), tuple(stop)))  # type: ignore[arg-type]
