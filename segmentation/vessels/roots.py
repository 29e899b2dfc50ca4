"""Where the two venous trees of the liver begin: the portal vein at the hilum, the hepatic veins at the vena cava."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from twin.geometry.curve_network import CurveNetwork
from twin.grid import Grid

__all__ = ["hepatic_roots", "portal_roots"]

Mask = NDArray[np.bool_]

_CLICK_REACH_MM = 12.0
_ROOT_LENGTH_MM = 10.0
# The wall of the portal trunk comes this near to the surface of the liver where it enters.
_BELOW_SURFACE_MM = 4.0
# The trunk enters a few centimetres from the vena cava, the umbilical portion reaches the surface farther away.
_PER_MM_FROM_CAVA, _FAR_MM = 0.03, 80.0
# Hepatic veins end within this distance of the drawn wall of the vena cava, in the upper part of its way at the liver;
# the centreline of a wide one ends up to its radius earlier.
_WALL_MM, _WALL_TO_WALL_MM = 7.0, 3.0
_UPPER_SHARE = 0.55
_THINNEST_ROOT_MM = 2.0  # radius


def portal_roots(
    network: CurveNetwork,
    liver_depth_mm: NDArray[np.float32],
    known_portal: Mask,
    cava: Mask,
    liver: Mask,
    grid: Grid,
    *,
    click_lps_mm: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Return the points of the network that belong to the portal trunk; empty where none is found.

    A click decides; else the drawn portal vein where it enters; else the widest centreline that reaches the surface of
    the liver below the mouth of the hepatic veins, off the wall of the vena cava but not far in front of it.
    """
    if click_lps_mm is not None:
        return _at_click(network, click_lps_mm)
    kji = _voxels_of(network, grid)
    at_surface = liver_depth_mm[kji] <= network.radii_mm + _BELOW_SURFACE_MM
    drawn = ndimage.binary_dilation(known_portal, iterations=1)[kji] & (network.radii_mm >= _THINNEST_ROOT_MM)
    if np.count_nonzero(drawn & at_surface) >= 5:
        return np.flatnonzero(drawn & at_surface)
    low = network.points_lps_mm[:, 2] < _mouth_height_mm(cava, liver, grid)
    cava_mm = _gaps_mm(network, cava, grid, _FAR_MM)
    candidates = at_surface & low & (cava_mm > _THINNEST_ROOT_MM)
    if not candidates.any():
        return np.zeros(0, np.int64)
    worth = network.radii_mm - _PER_MM_FROM_CAVA * np.minimum(cava_mm, _FAR_MM)
    widest = int(np.argmax(np.where(candidates, worth, -np.inf)))
    if network.radii_mm[widest] < _THINNEST_ROOT_MM:
        return np.zeros(0, np.int64)
    near = np.linalg.norm(network.points_lps_mm - network.points_lps_mm[widest], axis=1) <= _ROOT_LENGTH_MM
    return np.flatnonzero(candidates & near & (network.radii_mm >= 0.75 * network.radii_mm[widest]))


def hepatic_roots(
    network: CurveNetwork, cava: Mask, liver: Mask, grid: Grid, *, click_lps_mm: ArrayLike | None = None
) -> NDArray[np.int64]:
    """Return the points of the network where hepatic veins enter the vena cava; empty where none does.

    They lie at the wall of the upper vena cava. A click adds the centreline that it points at.
    """
    points = network.points_lps_mm
    found = np.zeros(network.n_nodes, np.bool_)
    if click_lps_mm is not None:
        found[_at_click(network, click_lps_mm)] = True
    upper = points[:, 2] > _mouth_height_mm(cava, liver, grid)
    gaps_mm = _gaps_mm(network, cava, grid, _FAR_MM)
    at_wall = gaps_mm <= np.maximum(_WALL_MM, network.radii_mm + _WALL_TO_WALL_MM)
    at_wall |= (network.degrees <= 1) & (gaps_mm <= network.radii_mm + _WALL_MM)
    return np.flatnonzero(found | (at_wall & upper & (network.radii_mm > _THINNEST_ROOT_MM)))


def _gaps_mm(network: CurveNetwork, mask: Mask, grid: Grid, reach_mm: float) -> NDArray[np.float64]:
    """Distance of each point from the border of a mask; infinite beyond the reach and where the mask is empty."""
    if not mask.any() or network.n_nodes == 0:
        return np.full(network.n_nodes, np.inf)
    border = mask & ~ndimage.binary_erosion(mask)
    border_lps_mm = grid.lps_from_ijk(np.argwhere(border)[:, ::-1])
    return np.asarray(cKDTree(border_lps_mm).query(network.points_lps_mm, distance_upper_bound=reach_mm)[0])


def _at_click(network: CurveNetwork, click_lps_mm: ArrayLike) -> NDArray[np.int64]:
    """Return the points around the widest centreline near a click."""
    click = np.asarray(click_lps_mm, np.float64).reshape(3)
    gaps_mm = np.linalg.norm(network.points_lps_mm - click, axis=1)
    near = gaps_mm <= max(_CLICK_REACH_MM, float(gaps_mm.min(initial=np.inf)) + 1.0)
    if network.n_nodes == 0 or gaps_mm.min() > 2.0 * _CLICK_REACH_MM:
        return np.zeros(0, np.int64)
    chosen = int(np.argmax(np.where(near, network.radii_mm - 0.1 * gaps_mm, -np.inf)))
    around = np.linalg.norm(network.points_lps_mm - network.points_lps_mm[chosen], axis=1) <= 0.5 * _ROOT_LENGTH_MM
    return np.flatnonzero(around & (network.radii_mm >= 0.6 * network.radii_mm[chosen]))


def _mouth_height_mm(cava: Mask, liver: Mask, grid: Grid) -> float:
    """Height (LPS z) above which hepatic veins enter the vena cava; that of the upper liver where no cava is known."""
    beside = cava & ndimage.binary_dilation(liver, iterations=6) if cava.any() else liver
    beside = beside if beside.any() else liver
    indices = np.argwhere(beside)
    heights_mm = grid.lps_from_ijk(indices[:, ::-1])[:, 2]
    low, high = float(heights_mm.min()), float(heights_mm.max())
    return low + _UPPER_SHARE * (high - low)


def _voxels_of(network: CurveNetwork, grid: Grid) -> tuple[NDArray[np.int64], ...]:
    kji = np.round(grid.ijk_from_lps(network.points_lps_mm)[:, ::-1]).astype(np.int64)
    return tuple(np.clip(kji, 0, np.array(grid.shape_kji) - 1).T)
