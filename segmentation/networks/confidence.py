"""How sure the networks are at the border of a structure, and how much wider that makes its boundary interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from twin.uncertainty import BoundaryUncertainty

__all__ = ["ConfidenceScale", "border_confidence", "modulated", "voxel_confidence"]

# Until a card brings measured ones. A probability that rises from 0 to 1 over two voxels of the working grid gives a
# border confidence of 0.5.
_USUAL_CONFIDENCE = 0.5


@dataclass(frozen=True)
class ConfidenceScale:
    """How a low confidence at the border widens the boundary interval (part of the model card).

    Parameters
    ----------
    usual
        Structure id to the border confidence at which the measured interval holds: its median over the held-out cases.
    exponent
        The interval grows with the power ``exponent`` of usual over seen confidence.
    largest_factor
        It never grows by more than this.
    """

    usual: Mapping[str, float] = field(default_factory=dict)
    exponent: float = 1.0
    largest_factor: float = 3.0

    def factor(self, structure_id: str, confidence: float) -> float:
        """Return what the interval is multiplied with: 1 at the usual confidence or above, more below it."""
        usual = self.usual.get(structure_id, _USUAL_CONFIDENCE)
        if confidence >= usual:
            return 1.0
        grown = (usual / max(confidence, 1e-3)) ** self.exponent
        return float(min(grown, self.largest_factor))

    @classmethod
    def from_json(cls, data: Mapping[str, object], name_of: Callable[[str], str] = str) -> ConfidenceScale:
        """Read ``{"usual": {...}, "exponent": ..., "largest_factor": ...}``; what is missing keeps its default."""
        usual = data.get("usual", {})
        if not isinstance(usual, dict):
            raise TypeError("usual")
        return cls(
            {name_of(name): float(value) for name, value in usual.items()},
            float(str(data.get("exponent", 1.0))),
            float(str(data.get("largest_factor", 3.0))),
        )


def voxel_confidence(probability: NDArray[np.uint8], disagreement: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return mean probability times agreement of each voxel, uint8 ``[k, j, i]``: 255 is sure, 0 is not at all.

    Parameters
    ----------
    probability
        uint8 ``[k, j, i]``, 255 times the mean probability of a structure.
    disagreement
        uint8 ``[k, j, i]``, 255 times the mean share of probability that a member places elsewhere than the mean.

    Examples
    --------
    >>> voxel_confidence(np.uint8([[[255, 255]]]), np.uint8([[[0, 51]]])).tolist()
    [[[255, 204]]]
    """
    agreement = 255 - disagreement.astype(np.uint16)
    return ((probability * agreement + 127) // 255).astype(np.uint8)


def border_confidence(
    probability: NDArray[np.uint8], disagreement: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> float:
    """Return how sharply the probability falls at the border of a mask, from 0 (nowhere sure) to 1.

    It is the mean of |2 p - 1| (1 - d) over the voxels on both sides of the border: a probability p that jumps
    from 1 to 0 gives 1, one that creeps from 0.6 to 0.4 gives 0.1, and members that disagree (d) take their share.

    Parameters
    ----------
    probability, disagreement
        uint8 ``[k, j, i]`` as in :func:`voxel_confidence`.
    mask
        bool ``[k, j, i]``: the structure on the same grid.

    Examples
    --------
    >>> step = np.zeros((1, 1, 6), np.uint8)
    >>> step[..., 3:] = 255
    >>> border_confidence(step, np.zeros_like(step), step > 0)
    1.0
    """
    cross = ndimage.generate_binary_structure(3, 1)
    shell = ndimage.binary_dilation(mask, cross) & ~ndimage.binary_erosion(mask, cross, border_value=1)
    if not shell.any():
        return 0.0
    p, d = probability[shell] / np.float32(255), disagreement[shell] / np.float32(255)
    return float(np.mean(np.abs(2 * p - 1) * (1 - d)))


def modulated(
    measured: BoundaryUncertainty, structure_id: str, confidence: float, scale: ConfidenceScale
) -> BoundaryUncertainty:
    """Return the boundary uncertainty of one result: the measured one, wider where the border is less sure than usual.

    Both shifts are multiplied with ``factor = min((usual / seen) ** exponent, largest_factor)``, and with 1 where the
    border is as sure as usual or surer: the interval never gets narrower than the one that was measured.

    Examples
    --------
    >>> from twin.uncertainty import LabelOrigin
    >>> measured = BoundaryUncertainty(-2.0, 3.0, LabelOrigin.AUTOMATIC, is_assumed=False)
    >>> wider = modulated(measured, "liver", 0.25, ConfidenceScale({"liver": 0.5}))
    >>> wider.inward_mm, wider.outward_mm
    (-4.0, 6.0)
    """
    factor = scale.factor(structure_id, confidence)
    return replace(measured, inward_mm=measured.inward_mm * factor, outward_mm=measured.outward_mm * factor)
