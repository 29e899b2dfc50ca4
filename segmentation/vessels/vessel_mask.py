"""Voxels of the veins of the liver, portal and hepatic together: hysteresis on vesselness and on grey level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.vessels.relief import LiverRelief
from segmentation.vessels.vesselness import vesselness
from twin.geometry.components_cc3d import components, without_cavities
from twin.geometry.distance_edt import depth_mm, distance_to_mm
from twin.job import CancelToken

__all__ = ["Surroundings", "VenousMask", "venous_mask"]

FloatVoxels = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Veins seen on CT are about 2 to 16 mm wide; a tube of radius r answers most at a scale near r / 1.4.
_SCALES_MM = (1.2, 1.7, 2.4, 3.4, 4.8)
# Thresholds in units of what the parenchyma shows by chance (three quarters of the liver show less), and of the relief
# of the large veins.
_CHANCE_QUANTILE = 0.75
_WEAK_VESSELNESS = 2.7
_STRONG_VESSELNESS = 5.5
_WEAK_NOISE = 2.2
_STRONG_RELIEF = 0.45
_TRUNK_RELIEF = 0.6
_HILUM_RELIEF = 0.5
_WALL_RELIEF = 0.27
_SMALLEST_PIECE_MM3 = 60.0
# No vein runs this close under the capsule, where the edge of the label and the heart beside it look like one.
_CAPSULE_MM = 2.5
# The hilum: what a ball of this radius cannot reach from outside the liver.
_HILUM_MM = 22.0
_THICKEST_TRUNK_MM = 9.0  # radius; the portal trunk is 5 to 8 mm, kidney and heart are thicker


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What is known beside the liver, each bool ``[k, j, i]`` (empty where unknown)."""

    cava: Mask
    aorta: Mask
    portal: Mask


@dataclass(frozen=True, eq=False)
class VenousMask:
    """Voxels of both venous trees together.

    Parameters
    ----------
    mask
        bool ``[k, j, i]``, portal trunk at the hilum included.
    liver_depth_mm
        float32 ``[k, j, i]``, how deep each voxel lies in the liver; 0 outside.
    """

    mask: Mask
    liver_depth_mm: FloatVoxels


def venous_mask(
    hu: FloatVoxels,
    liver: Mask,
    relief: LiverRelief,
    around: Surroundings,
    spacing_mm: float,
    *,
    cancel: CancelToken | None = None,
) -> VenousMask:
    """Return the voxels of the veins inside the liver and at its hilum.

    Parameters
    ----------
    hu
        float32 ``[k, j, i]`` on an isotropic grid.
    liver, relief, around
        On the same grid.
    spacing_mm
        Edge of a voxel.
    cancel
        Polled between steps.
    """
    zone = _hilum_zone(liver, around, spacing_mm)
    _poll(cancel)
    depth = depth_mm(liver, np.full(3, spacing_mm))
    searched = relief.searched & ~around.cava & _below_capsule(liver, depth, zone, around, spacing_mm)
    strength = _strength(relief, searched, spacing_mm, cancel)
    _poll(cancel)
    inside = _inside(relief, liver, searched, strength, spacing_mm)
    _poll(cancel)
    hilum = _at_hilum(hu, zone, liver, relief, around, spacing_mm)
    _poll(cancel)
    labels, _ = components(inside | hilum)
    n_inside = np.bincount(labels[inside], minlength=int(labels.max()) + 1)
    is_kept = n_inside * spacing_mm**3 >= _SMALLEST_PIECE_MM3
    is_kept[0] = False
    mask = without_cavities(is_kept[labels])
    return VenousMask(mask, depth)


def _strength(relief: LiverRelief, searched: Mask, spacing_mm: float, cancel: CancelToken | None) -> FloatVoxels:
    tubes = vesselness(relief.relief_hu, searched, np.full(3, spacing_mm), _SCALES_MM, cancel=cancel)
    by_chance = float(np.quantile(tubes[searched], _CHANCE_QUANTILE)) if searched.any() else 1.0
    return np.asarray(tubes / np.float32(max(by_chance, 1e-3)), np.float32)


def _inside(relief: LiverRelief, liver: Mask, searched: Mask, strength: FloatVoxels, spacing_mm: float) -> Mask:
    weak = searched & (strength > _WEAK_VESSELNESS) & (relief.smooth_hu > _WEAK_NOISE * relief.noise_hu)
    trunk_hu = ndimage.gaussian_filter(relief.relief_hu, 1.5 / spacing_mm, truncate=3.0)
    weak |= searched & (trunk_hu > _TRUNK_RELIEF * relief.vessel_hu)
    strong = weak & (strength > _STRONG_VESSELNESS)
    strong &= relief.smooth_hu > _STRONG_RELIEF * relief.vessel_hu
    labels, sizes = components(weak)
    is_kept = np.zeros(len(sizes) + 1, np.bool_)
    is_kept[np.unique(labels[strong])] = True
    is_kept[1:] &= sizes * spacing_mm**3 >= _SMALLEST_PIECE_MM3
    is_kept[0] = False
    mask = is_kept[labels]
    # Vesselness is narrow in thin vessels and wide around thick ones: where the wall is, the grey level says.
    near = ndimage.binary_dilation(mask, np.ones((3, 3, 3), np.bool_)) & liver & relief.searched
    return np.asarray(mask | (near & (relief.smooth_hu > _WALL_RELIEF * relief.vessel_hu)))


def _hilum_zone(liver: Mask, around: Surroundings, spacing_mm: float) -> Mask:
    """Outside the liver but in its hollows, great vessels with 2 mm around them left out."""
    reach = int(np.ceil(_HILUM_MM / spacing_mm)) + 1
    factor = 2  # half resolution: the hollow is centimetres wide
    padded = np.pad(liver, reach)[::factor, ::factor, ::factor]
    spacing = np.full(3, spacing_mm * factor)
    grown = distance_to_mm(padded, spacing) <= _HILUM_MM
    closed = depth_mm(grown, spacing) > _HILUM_MM
    full = closed.repeat(factor, 0).repeat(factor, 1).repeat(factor, 2)
    k, j, i = liver.shape
    zone = full[reach : reach + k, reach : reach + j, reach : reach + i] | ndimage.binary_dilation(liver, iterations=2)
    great = ndimage.binary_dilation(around.cava | around.aorta, iterations=_voxels(2.0, spacing_mm))
    return np.asarray(zone & ~liver & ~great)


def _below_capsule(liver: Mask, depth: FloatVoxels, zone: Mask, around: Surroundings, spacing_mm: float) -> Mask:
    """Liver that is not just under its surface, but for the surface towards hilum, cava and portal trunk."""
    deep = depth > _CAPSULE_MM
    hollow = ndimage.binary_erosion(zone, iterations=_voxels(3.0, spacing_mm))
    entries = hollow | around.cava | around.portal
    if not entries.any():
        return deep
    return np.asarray(deep | (liver & (distance_to_mm(entries, np.full(3, spacing_mm)) <= 3.0 * _CAPSULE_MM)))


def _at_hilum(
    hu: FloatVoxels, zone: Mask, liver: Mask, relief: LiverRelief, around: Surroundings, spacing_mm: float
) -> Mask:
    """Blood of venous brightness in the hollows of the liver, without what is thicker than a portal trunk."""
    spacing = np.full(3, spacing_mm)
    above = ndimage.gaussian_filter(np.clip(hu - relief.liver_hu, -60.0, 150.0), 1.0 / spacing_mm, truncate=3.0)
    bright = ~liver & (above > 0.4 * relief.vessel_hu)
    thick = depth_mm(bright & ~around.cava & ~around.aorta, spacing) > _THICKEST_TRUNK_MM
    blood = zone & (above > _HILUM_RELIEF * relief.vessel_hu) & (above < 1.8 * relief.vessel_hu)
    if thick.any():
        blood &= distance_to_mm(thick, spacing) > _THICKEST_TRUNK_MM + 2.0
    blood = ndimage.binary_opening(blood, ndimage.generate_binary_structure(3, 1))
    return np.asarray(blood | (around.portal & ~liver & (above > 0.3 * relief.vessel_hu)))


def _voxels(length_mm: float, spacing_mm: float) -> int:
    return max(1, round(length_mm / spacing_mm))


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
