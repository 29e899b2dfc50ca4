"""First look: the probability of each organ on the coarse working grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.body import BodyLandmarks
from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.classical.features import CoarseEvidence
from segmentation.classical.voxel_trees import probabilities_of_voxels
from segmentation.classical.working_volume_sitk import WorkingVolume, resampled_onto
from twin.grid import Grid
from twin.job import CancelToken

__all__ = ["COARSE_CLASSES", "CoarseOrgans", "coarse_organs"]

FloatVoxels = NDArray[np.float32]

COARSE_CLASSES = ("background", "liver", "spleen", "kidney", "stomach", "aorta", "ivc", "gallbladder", "pancreas")
# Fat and air hold no organ; a voxel of an organ that is three quarters fat is left to the fine look.
_NO_ORGAN_HU = -70.0
# Softens a fine map about as much as a coarse voxel does, so that trees learned on coarse maps can read it.
_BLUR_VOXELS = 1.5


@dataclass(frozen=True, eq=False)
class CoarseOrgans:
    """The first look.

    Parameters
    ----------
    scan, landmarks
        What was looked at.
    probabilities
        float32 ``[class, k, j, i]`` on the grid of ``scan``, in the order of ``COARSE_CLASSES``.
    places
        Maps of place on the same grid, float32 ``[k, j, i]``.
    """

    scan: WorkingVolume
    landmarks: BodyLandmarks
    probabilities: FloatVoxels
    places: list[FloatVoxels]

    def of(self, name: str) -> FloatVoxels:
        """Probability of one class, float32 ``[k, j, i]``."""
        return np.asarray(self.probabilities[COARSE_CLASSES.index(name)])

    def with_fine(self, name: str, probability: FloatVoxels, grid: Grid) -> CoarseOrgans:
        """Return a copy in which one class is what the second look saw of it, inside the box of that look."""
        blurred = ndimage.gaussian_filter(probability, _BLUR_VOXELS)
        is_inside = resampled_onto(np.ones_like(probability), grid, self.scan.grid) > 0.99
        probabilities = self.probabilities.copy()
        seen = resampled_onto(blurred, grid, self.scan.grid)
        probabilities[COARSE_CLASSES.index(name)][is_inside] = seen[is_inside]
        return replace(self, probabilities=probabilities)


def coarse_organs(
    scan: WorkingVolume, landmarks: BodyLandmarks, trees: BoostedTrees, *, cancel: CancelToken | None = None
) -> CoarseOrgans:
    """Name the organs of the whole body on the coarse grid.

    Raises
    ------
    Cancelled
        When ``cancel`` was set; it is polled every 20 000 voxels.
    """
    evidence = CoarseEvidence(scan, landmarks)
    points = np.argwhere(landmarks.body & (scan.hu > _NO_ORGAN_HU)).astype(np.int32)
    probabilities = np.zeros((len(COARSE_CLASSES), *scan.hu.shape), np.float32)
    probabilities[0] = 1.0
    k, j, i = points.T
    probabilities[:, k, j, i] = probabilities_of_voxels(trees, evidence, points, cancel=cancel).T
    return CoarseOrgans(scan, landmarks, probabilities, evidence.places)
