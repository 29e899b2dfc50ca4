"""The border of what the networks found, drawn again by what each voxel near it looks like.

The networks see voxels of some millimetres in pairs and draw borders that are a little soft. Boosted trees look at the
brightness around a voxel, near and far, relative to the structure itself, and at what the networks think of every
structure there. They never find anything on their own: only voxels near what was found are asked
(docs/decisions/0077).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.classical.boosted_trees import BoostedTrees
from segmentation.classical.features import FineEvidence
from segmentation.classical.voxel_trees import brightness_of_organ, probabilities_of_voxels
from twin.box import Box
from twin.errors import BackendUnavailable
from twin.geometry.distance_edt import signed_distance_mm
from twin.job import CancelToken

__all__ = ["BorderRegion", "BorderRule", "BorderTrees", "border_probability", "border_region"]

FloatVoxels = NDArray[np.float32]
Mask = NDArray[np.bool_]

_MARGIN_MM = 28.0
_INWARD_MM = 12.0
_OUTWARD_MM = {"pancreas": 14.0, "portal_vein": 20.0, "stomach": 12.0, "kidney": 14.0}
_OUTWARD_MM_OF_OTHERS = 10.0
_SMOOTH_VOXELS = 0.5


@dataclass(frozen=True, eq=False)
class BorderRule:
    """How the border of one structure is decided.

    Parameters
    ----------
    trees
        They tell how likely a voxel belongs to it.
    share
        Weight of the trees in the mean with what the networks think; 1 asks the trees alone.
    threshold
        Of that mean, at which the border is drawn. Where little is sure, a border at one half draws too little.
    """

    trees: BoostedTrees
    share: float = 1.0
    threshold: float = 0.5

    def probability(self, by_trees: FloatVoxels, by_networks: FloatVoxels) -> FloatVoxels:
        """Return the mean of both, stretched so that the threshold lies at one half."""
        mean = self.share * by_trees + (1.0 - self.share) * by_networks
        low, high = 0.5 * mean / self.threshold, 0.5 + 0.5 * (mean - self.threshold) / (1.0 - self.threshold)
        return np.asarray(np.where(mean < self.threshold, low, high), dtype=np.float32)


@dataclass(frozen=True, eq=False)
class BorderTrees:
    """What was learned of borders, for networks of one kind.

    Parameters
    ----------
    spacing_mm, classes
        Of the networks whose probabilities were learned from.
    of
        Structure id to its rule; structures without any keep the border of the networks.
    """

    spacing_mm: float
    classes: tuple[str, ...]
    of: Mapping[str, BorderRule]

    @classmethod
    def read(cls, path: Path) -> BorderTrees:
        """Read a model file.

        Raises
        ------
        BackendUnavailable
            ``error.networks.bad_card`` when it is none.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            rules = {
                str(name): BorderRule(
                    BoostedTrees.from_json(found["trees"]), float(found["share"]), float(found["threshold"])
                )
                for name, found in data["structures"].items()
            }
            return cls(float(data["spacing_mm"]), tuple(data["classes"]), rules)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BackendUnavailable("error.networks.bad_card", file=path.name) from error


@dataclass(frozen=True, eq=False)
class BorderRegion:
    """The box around a structure.

    Parameters
    ----------
    box
        Its place on the working grid.
    evidence
        What its voxels look like.
    chance
        float32 ``[k, j, i]``: how likely the structure is by the networks.
    certain
        bool ``[k, j, i]``: so deep inside that nobody asks.
    band
        bool ``[k, j, i]``: voxels to be decided.
    """

    box: Box
    evidence: FineEvidence
    chance: FloatVoxels
    certain: Mask
    band: Mask


def border_region(
    hu: FloatVoxels,
    fields: NDArray[np.uint8],
    structure_ids: Sequence[str],
    name: str,
    mask: Mask,
    spacing_mm: float,
) -> BorderRegion | None:
    """Look at the surroundings of a structure; None when there is none of it.

    Parameters
    ----------
    hu
        float32 ``[k, j, i]``, Hounsfield units on the working grid, clipped as the networks see them.
    fields
        uint8 ``[structure, k, j, i]``, 255 times the probability by the networks.
    structure_ids
        Structure of each field.
    name
        Which structure.
    mask
        bool ``[k, j, i]``, as the networks drew it.
    spacing_mm
        Edge of the voxels.
    """
    around = Box.around(mask)
    if around is None:
        return None
    box = around.grown((int(np.ceil(_MARGIN_MM / spacing_mm)),) * 3, mask.shape)
    own = structure_ids.index(name)
    order = [own, *(n for n in range(len(structure_ids)) if n != own)]
    chances = np.stack([fields[n][box.slices] for n in order]).astype(np.float32) / np.float32(255.0)
    signed_mm = signed_distance_mm(mask[box.slices], np.full(3, spacing_mm)).astype(np.float32)
    part = np.ascontiguousarray(hu[box.slices])
    mean_hu, spread_hu = brightness_of_organ(part, chances[0])
    certain = signed_mm >= _INWARD_MM
    band = ~certain & (signed_mm > -_OUTWARD_MM.get(name, _OUTWARD_MM_OF_OTHERS))
    evidence = FineEvidence(part, spacing_mm, chances, mean_hu, spread_hu, [signed_mm])
    return BorderRegion(box, evidence, chances[0], certain, band)


def border_probability(region: BorderRegion, rule: BorderRule, *, cancel: CancelToken | None = None) -> FloatVoxels:
    """Return the probability of the structure in the box of the region, float32 ``[k, j, i]``; one half is the border.

    Raises
    ------
    Cancelled
        When ``cancel`` was set; it is polled every 20 000 voxels.
    """
    probability = region.certain.astype(np.float32)
    points = np.argwhere(region.band).astype(np.int32)
    k, j, i = points.T
    by_trees = probabilities_of_voxels(rule.trees, region.evidence, points, cancel=cancel)[:, 0]
    probability[k, j, i] = rule.probability(by_trees, region.chance[k, j, i])
    return np.asarray(ndimage.gaussian_filter(probability, _SMOOTH_VOXELS), dtype=np.float32)
