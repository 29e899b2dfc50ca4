"""Smooth fields of a vessel and of a lesion beside it, whose level one half is the sub-voxel boundary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulation.intervals import LEVELS, shifted_shares
from twin.geometry.distance_edt import distance_to_mm
from twin.grid import Grid
from twin.uncertainty import BoundaryUncertainty

__all__ = ["ContactFields", "contact_fields", "joint_uncertainty"]

Mask = NDArray[np.bool_]
Field = NDArray[np.float32]

# In voxels along each axis: the least blur that takes the steps of the voxels off a flat boundary (ours, measured on
# cylinders in 200 directions: less leaves steps, more rounds corners).
BLUR_VOXELS = 0.75
_LEAST_WEIGHT = 0.02
# From a boundary to where a voxel is wholly inside: spares the steps between slices (ours, as above).
_RAMP_VOXELS = 1.5
_FARTHEST_SLICES = 3.0  # no boundary hangs on distances beyond


@dataclass(frozen=True, eq=False)
class ContactFields:
    """A vessel and a lesion on a part of the grid, float32 ``[k, j, i]``, above one half inside.

    Parameters
    ----------
    grid
        Of the part, its slices divided to about the size of the pixels.
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

    A boundary lies between voxels of two labels, where it is as far to the one as to the other; between thick slices
    that distance goes on evenly (shape-based interpolation: Raya and Udupa, IEEE Trans Med Imaging 1990;9:32), so that
    the fields have slices about as thick as the pixels. A lesion that adjoins a vessel ends there because the vessel
    begins: its boundary is the one with all else, carried on into the vessel, whose voxels have no weight. Where both
    labels lie, the lesion counts. Their common border is one border: moved inwards, the lesion does not leave the
    vessel it adjoins.

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
    n_thinner = max(round(float(spacing[2] / np.sqrt(spacing[0] * spacing[1]))), 1)
    smooth_vessel = _share(vessel, ~vessel, spacing, n_thinner)
    drawn = _share(lesion, ~(lesion | vessel), spacing, n_thinner)
    kept, _ = shifted_shares(lesion | vessel, spacing, uncertainty)
    _, reached = shifted_shares(lesion, spacing, uncertainty)
    shares = (np.asarray(share, np.float32) / LEVELS for share in (np.where(lesion, kept, 0), reached))
    low, high = (_between_slices(np.asarray(share, np.float32), n_thinner) for share in shares)
    weight = 1.0 - smooth_vessel
    blurred_weight = np.maximum(_blurred(weight), _LEAST_WEIGHT)
    smooth_low, smooth, smooth_high = (_ratio(_blurred(share * weight), blurred_weight) for share in (low, drawn, high))
    smooth_vessel = _blurred(smooth_vessel)
    both, overlap = lesion & vessel, None
    if both.any():
        shared = _between_slices(both.astype(np.float32), n_thinner)
        overlap = _ratio(_blurred(shared), np.maximum(smooth_vessel, _LEAST_WEIGHT))
    return ContactFields(
        _with_thinner_slices(grid, n_thinner), smooth_vessel, (smooth_low, smooth, smooth_high), overlap
    )


def _share(inside: Mask, outside: Mask, spacing_ijk_mm: NDArray[np.float64], n_thinner: int) -> Field:
    """Return the share of each voxel inside, by how much nearer it is to voxels inside than to those outside."""
    farthest_mm = _FARTHEST_SLICES * float(spacing_ijk_mm.max())
    to_inside, to_outside = (
        np.minimum(distance_to_mm(mask, spacing_ijk_mm), farthest_mm) for mask in (inside, outside)
    )
    depth_mm = _between_slices(to_outside - to_inside, n_thinner)
    return np.asarray(np.clip(0.5 + depth_mm / (2.0 * _RAMP_VOXELS * spacing_ijk_mm[:2].min()), 0.0, 1.0), np.float32)


def _between_slices(field: Field, n_thinner: int) -> Field:
    """Return a field on so many slices in place of each, by linear interpolation."""
    n_slices = field.shape[0]
    if n_thinner == 1 or n_slices == 1:
        return np.repeat(field, n_thinner, axis=0)
    at = np.clip((np.arange(n_slices * n_thinner) + 0.5) / n_thinner - 0.5, 0.0, n_slices - 1.0)
    below = np.minimum(at.astype(np.int64), n_slices - 2)
    share = (at - below).astype(np.float32)[:, None, None]
    return np.asarray(field[below] * (1.0 - share) + field[below + 1] * share, np.float32)


def _with_thinner_slices(grid: Grid, n_thinner: int) -> Grid:
    affine = grid.affine_lps_mm.copy()
    affine[:3, 3] = grid.lps_from_ijk([0.0, 0.0, 0.5 / n_thinner - 0.5])
    affine[:3, 2] /= n_thinner
    i, j, k = grid.size_ijk
    return Grid((i, j, k * n_thinner), affine)


def _ratio(part: Field, whole: Field) -> Field:
    return np.asarray(part / whole, np.float32)


def _blurred(field: NDArray[np.floating[Any]] | Mask) -> Field:
    return np.asarray(
        ndimage.gaussian_filter(field.astype(np.float32), BLUR_VOXELS, mode="nearest", truncate=3.5), np.float32
    )
