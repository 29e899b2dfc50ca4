"""Sections of a vessel: its wall and the share of its circumference that a lesion touches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from simulation.contacts.fields import ContactFields
from simulation.kernels.section_rays import values_along_rays, wall_distances_mm

__all__ = ["CONTACT_MM", "Planes", "Sections", "sections_of"]

Floats = NDArray[np.float64]

# "Contact" is tumour within this distance of the wall: half a voxel or so of fat between them cannot be seen on CT.
CONTACT_MM = 1.0
_N_RAYS = 120
_MOST_SMOOTH_PLANES = 2.5
_WIDEST = 1.7  # a ray that finds no wall within so many radii goes into a side branch
_MOST_OPEN = 0.25  # sections with more of such rays lie at a fork
_N_CENTRINGS = 2
_CENTRING_STRIDE = 5  # fewer rays find the middle as well
_NARROWEST = 0.4  # narrower sections lie at the end of the vessel


@dataclass(frozen=True, eq=False)
class Planes:
    """Planes across a vessel.

    Parameters
    ----------
    centres_lps_mm, normals_lps, tangents_lps
        (p, 3) float64: a point of the centreline, the normal of the plane, and the direction of the vessel there.
    radii_mm
        (p,) float64, expected radius of the vessel.
    """

    centres_lps_mm: Floats
    normals_lps: Floats
    tangents_lps: Floats
    radii_mm: Floats

    def __len__(self) -> int:
        return len(self.radii_mm)


@dataclass(frozen=True, eq=False)
class Sections:
    """What is seen in each plane.

    Parameters
    ----------
    is_whole
        (p,) bool: the vessel has a wall around there; false at forks and ends, where the rest means nothing.
    centres_lps_mm
        (p, 3) middle of the section.
    axes_lps
        (p, 2, 3) directions of the angles 0 and 90 degrees in the plane.
    walls_mm
        (p, a) distance of the wall from the middle, by angle.
    is_closed
        (p, a) bool: there is a wall in this direction.
    involvements
        (3, p, a) how much lesion there is within a millimetre of the wall: above one half is contact. Rows as the
        lesions of the fields.
    """

    is_whole: NDArray[np.bool_]
    centres_lps_mm: Floats
    axes_lps: Floats
    walls_mm: Floats
    is_closed: NDArray[np.bool_]
    involvements: Floats

    @property
    def angles_deg(self) -> Floats:
        """Share of the circumference in contact, in degrees of 360, float64 (3, p)."""
        lengths = _side_lengths(self.walls_mm)
        is_side = self.is_closed & np.roll(self.is_closed, -1, axis=1)
        shares = _share_above_half(self.involvements, np.roll(self.involvements, -1, axis=2))
        return np.asarray(360.0 * (shares * (lengths * is_side)).sum(axis=2) / lengths.sum(axis=1))

    @property
    def n_arcs(self) -> NDArray[np.int64]:
        """Number of separate arcs in contact, as drawn, int64 (p,)."""
        touches = (self.involvements[1] >= 0.5) & self.is_closed
        begins = touches & ~np.roll(touches, 1, axis=1)
        return np.where(touches.all(axis=1), 1, begins.sum(axis=1)).astype(np.int64)


def sections_of(fields: ContactFields, planes: Planes) -> Sections:
    """Cut a vessel and a lesion by planes and look along rays from the middle of each section.

    The wall is where the smooth field of the vessel falls below one half. A direction is in contact when the lesion
    has begun a millimetre beyond the wall, or still lies a millimetre inside of it.

    Parameters
    ----------
    fields
        Of the vessel and the lesion.
    planes
        One after the other along the vessel, about a voxel apart.
    """
    grid = fields.grid
    axes = _axes(planes.normals_lps)
    angles = np.arange(_N_RAYS) * (2.0 * np.pi / _N_RAYS)
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rays = np.einsum("ac,pcx->pax", around, axes)
    per_mm = np.ascontiguousarray((rays @ np.linalg.inv(grid.affine_lps_mm[:3, :3]).T)[..., ::-1])
    # In a plane that cuts the vessel at a slant, the section is longer along the vessel.
    slant = np.einsum("pax,px->pa", rays, planes.tangents_lps)
    reaches = _WIDEST * planes.radii_mm[:, None] / np.sqrt(np.maximum(1.0 - slant**2, 0.04))
    step_mm = 0.5 * float(grid.spacing_ijk_mm.min())
    centres = planes.centres_lps_mm.copy()
    few = slice(None, None, _CENTRING_STRIDE)
    few_per_mm, few_reaches = np.ascontiguousarray(per_mm[:, few]), np.ascontiguousarray(reaches[:, few])
    for _ in range(_N_CENTRINGS):
        walls = wall_distances_mm(fields.vessel, _starts(centres, fields), few_per_mm, few_reaches, step_mm)
        centres += _way_to_middle(np.minimum(walls, few_reaches), around[few], axes)
    starts = _starts(centres, fields)
    walls = wall_distances_mm(fields.vessel, starts, per_mm, reaches, step_mm)
    is_closed = np.isfinite(walls)
    walls = np.where(is_closed, walls + fields.shrinkage_mm2 / np.maximum(walls, step_mm), reaches / _WIDEST)
    involvements = _involvements(fields, starts, per_mm, walls)
    is_whole = (is_closed.mean(axis=1) >= 1.0 - _MOST_OPEN) & (np.median(walls, axis=1) >= _NARROWEST * planes.radii_mm)
    return Sections(is_whole, centres, axes, walls, is_closed, involvements)


def _involvements(fields: ContactFields, starts: Floats, per_mm: Floats, walls: Floats) -> Floats:
    """Return how much lesion there is a millimetre beyond the wall, or a millimetre inside it where labels overlap.

    Tumour that begins within a millimetre of the wall is there at a millimetre.
    """
    beyond, within = walls + CONTACT_MM, walls - np.minimum(CONTACT_MM, walls / 3.0)
    found = [values_along_rays(lesion, starts, per_mm, beyond) for lesion in fields.lesions]
    if fields.overlap is not None:
        inside = values_along_rays(fields.overlap, starts, per_mm, within)
        found = [np.maximum(values, inside) for values in found]
    width = _smooth_planes(starts, fields)
    smooth = [ndimage.gaussian_filter1d(values, width, axis=0, mode="nearest") for values in found]
    return np.stack(smooth)


def _smooth_planes(starts: Floats, fields: ContactFields) -> float:
    """Return over how many planes voxels reach: those that see the same voxels flicker with their steps together."""
    if len(starts) < 2:
        return 1.0
    spacing_kji = fields.grid.spacing_ijk_mm[::-1]
    step_mm = float(np.median(np.linalg.norm(np.diff(starts, axis=0) * spacing_kji, axis=1)))
    return float(np.clip(spacing_kji.max() / max(step_mm, 1e-6), 1.0, _MOST_SMOOTH_PLANES))


def _axes(normals_lps: Floats) -> Floats:
    """Return two directions in each plane, (p, 2, 3), that turn as little as they can from plane to plane."""
    mean = np.abs(normals_lps).mean(axis=0)
    reference = np.eye(3)[int(mean.argmin())]
    first = reference - np.einsum("px,x->p", normals_lps, reference)[:, None] * normals_lps
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return np.stack([first, np.cross(normals_lps, first)], axis=1)


def _starts(centres_lps_mm: Floats, fields: ContactFields) -> Floats:
    return np.ascontiguousarray(fields.grid.ijk_from_lps(centres_lps_mm)[:, ::-1])


def _way_to_middle(walls_mm: Floats, around: Floats, axes: Floats) -> Floats:
    """Return the way from each centre to the middle of the area within its wall, (p, 3)."""
    area = (walls_mm**2).sum(axis=1)
    moments = np.einsum("pa,ac->pc", walls_mm**3, around) * (2.0 / 3.0)
    ways = moments / np.maximum(area, 1e-9)[:, None]
    return np.asarray(np.einsum("pc,pcx->px", ways, axes))


def _side_lengths(walls_mm: Floats) -> Floats:
    """Return the length of the wall from each ray to the next, (p, a)."""
    after = np.roll(walls_mm, -1, axis=1)
    turn = 2.0 * np.pi / walls_mm.shape[1]
    return np.asarray(np.sqrt(np.maximum(walls_mm**2 + after**2 - 2.0 * walls_mm * after * np.cos(turn), 1e-12)))


def _share_above_half(before: Floats, after: Floats) -> Floats:
    """Return the share of the way between two samples on which the line between them lies above one half."""
    above, below = np.maximum(before, after) - 0.5, np.minimum(before, after) - 0.5
    crosses = (above > 0) & (below < 0)
    return np.where(crosses, above / np.where(crosses, above - below, 1.0), (below >= 0).astype(np.float64))
