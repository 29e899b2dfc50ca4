"""Smooth fields of a vessel and of a lesion beside it, whose level one half is the sub-voxel boundary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulation.intervals import LEVELS, shifted_shares
from twin.grid import Grid
from twin.uncertainty import BoundaryUncertainty

__all__ = ["ContactFields", "contact_fields", "joint_uncertainty"]

Mask = NDArray[np.bool_]
Field = NDArray[np.float32]

# In voxels along each axis: the least blur that takes the steps of the voxels off a flat boundary (ours, measured on
# cylinders in 200 directions: less leaves steps, more rounds corners).
BLUR_VOXELS = 0.75
_LEAST_WEIGHT = 0.02


@dataclass(frozen=True, eq=False)
class ContactFields:
    """A vessel and a lesion on a part of the grid, float32 ``[k, j, i]``, above one half inside.

    Parameters
    ----------
    grid
        Of the part.
    vessel
        Share of the vessel.
    lesions
        Share of the lesion of what is not vessel: with the boundary moved inwards, as drawn, moved outwards.
    overlap
        Share of the vessel in which the lesion lies too, or None where they share no voxel.
    """

    grid: Grid
    vessel: Field
    lesions: tuple[Field, Field, Field]
    overlap: Field | None = None

    @property
    def shrinkage_mm2(self) -> float:
        """By how much the blur draws a round wall inwards, times the radius: half the square of its width."""
        width_mm = BLUR_VOXELS * float(np.cbrt(np.prod(self.grid.spacing_ijk_mm)))
        return 0.5 * width_mm**2


def joint_uncertainty(lesion: BoundaryUncertainty, vessel: BoundaryUncertainty) -> BoundaryUncertainty:
    """Return how far the boundary of a lesion may lie as seen from the wall of a vessel.

    The two structures err independently of each other, so their shifts add in quadrature.

    Examples
    --------
    >>> from twin.uncertainty import LabelOrigin
    >>> one = BoundaryUncertainty(-3.0, 3.0, LabelOrigin.MANUAL)
    >>> joint_uncertainty(one, BoundaryUncertainty(-4.0, 4.0, LabelOrigin.MANUAL)).outward_mm
    5.0
    """
    return replace(
        lesion,
        inward_mm=-float(np.hypot(lesion.inward_mm, vessel.outward_mm)),
        outward_mm=float(np.hypot(lesion.outward_mm, vessel.inward_mm)),
    )


def contact_fields(vessel: Mask, lesion: Mask, grid: Grid, uncertainty: BoundaryUncertainty) -> ContactFields:
    """Return the fields of a vessel and a lesion.

    A lesion that adjoins a vessel ends there because the vessel begins: what the vessel takes up says nothing of the
    lesion and has no weight, so that the edge of the contact is not rounded off. Where both labels lie, the lesion
    counts. Their common border is one border: moved inwards, the lesion does not leave the vessel it adjoins.

    Parameters
    ----------
    vessel, lesion
        bool ``[k, j, i]`` on ``grid``, with room for the shift around.
    grid
        Where they are.
    uncertainty
        Of :func:`joint_uncertainty`.
    """
    spacing = grid.spacing_ijk_mm
    kept, _ = shifted_shares(lesion | vessel, spacing, uncertainty)
    _, reached = shifted_shares(lesion, spacing, uncertainty)
    low = np.where(lesion, kept, 0).astype(np.float32) / LEVELS
    drawn = lesion.astype(np.float32)
    high = reached.astype(np.float32) / LEVELS
    weight = (~vessel | lesion).astype(np.float32)
    blurred_weight = np.maximum(_blurred(weight), _LEAST_WEIGHT)
    smooth_low, smooth, smooth_high = (_ratio(_blurred(share * weight), blurred_weight) for share in (low, drawn, high))
    smooth_vessel = _blurred(vessel)
    both = lesion & vessel
    overlap = _ratio(_blurred(both), np.maximum(smooth_vessel, _LEAST_WEIGHT)) if both.any() else None
    return ContactFields(grid, smooth_vessel, (smooth_low, smooth, smooth_high), overlap)


def _ratio(part: Field, whole: Field) -> Field:
    return np.asarray(part / whole, np.float32)


def _blurred(field: NDArray[np.floating[Any]] | Mask) -> Field:
    return np.asarray(
        ndimage.gaussian_filter(field.astype(np.float32), BLUR_VOXELS, mode="nearest", truncate=3.5), np.float32
    )
