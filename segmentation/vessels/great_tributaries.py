"""Vessels between liver and aorta: splenic and superior mesenteric vein, coeliac trunk and its branches, SMA.

Blood-bright tubes of the upper abdomen are thinned to one network, in which the portal vein, the aorta and the vena
cava compete for each stretch as the two trees of the liver do inside it. What the portal vein and the aorta win is
named by its course.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from segmentation.local_image import LocalGrid, local_grid
from segmentation.vessels.arterial_names import named_arteries
from segmentation.vessels.portal_names import named_tributaries
from segmentation.vessels.tree_growth import growth, owners
from segmentation.vessels.vessel_runs import RunNetwork, runs_of
from twin.box import Box
from twin.geometry.components_cc3d import components, without_cavities
from twin.geometry.curve_network import CurveNetwork, network_of_mask
from twin.geometry.distance_edt import depth_mm, distance_to_mm
from twin.geometry.gap_bridging import bridged
from twin.geometry.kernels.feature_transform import nearest_seed
from twin.job import CancelToken
from twin.volume import Volume

__all__ = ["AbdominalVessels", "KnownVessels", "find_abdominal_vessels"]

FloatVoxels = NDArray[np.float32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]

_FINEST_MM = 1.0
# Around the portal root, in LPS: right, left; front, back; feet, head. Spleen hilum and mesentery are in it.
_REGION_LPS_MM = np.array([[-50.0, 150.0], [-75.0, 75.0], [-110.0, 60.0]])
# Blood against what lies between the vessels: a third of the way from blood down to soft tissue without much contrast.
_SOFT_TISSUE_HU = 60.0
_BLOOD_SHARE = 0.35
_BRIGHTEST_SHARE = 1.6  # of the level of blood above soft tissue: more is bone or contrast in the gut
_THICKEST_MM = 8.5  # radius; kidney, spleen, gut and vertebra are thicker than any branch
# From a centreline to the wall of the vessel that it leaves; thinning shortens its free end by its radius.
_WALL_MM, _END_TO_WALL_MM = 4.0, 9.0
_LARGEST_GAP_MM = 4.0
_TRUNK_MM = 20.0
_DEAREST = 2.5  # a way that costs more has turned or widened as no vessel does
_SMALLEST_PIECE_MM3 = 150.0
# Veins, arteries and vena cava are often not equally bright: what a wide stretch costs that differs from the root by
# more than a tenth of the contrast (or the noise). Ours.
_LEAST_LEVEL_SPREAD_HU, _LEVEL_SPREAD = 8.0, 0.1
_WIDE_MM, _LONG_MM = 2.2, 8.0  # radius, length
_FOREIGN_PRICE = 0.5


@dataclass(frozen=True, eq=False)
class KnownVessels:
    """What the way starts from, bool ``[k, j, i]`` on the grid of the scan; empty where unknown."""

    liver: Mask
    portal: Mask
    aorta: Mask
    cava: Mask
    hepatic: Mask


@dataclass(frozen=True, eq=False)
class AbdominalVessels:
    """Masks by structure id on the grid of the scan, and the reason (message id) for what was not found."""

    masks: Mapping[str, Mask]
    not_found: Mapping[str, str] = field(default_factory=dict)


_VEINS = ("superior_mesenteric_vein",)
_ARTERIES = ("celiac_trunk", "common_hepatic_artery", "splenic_artery", "superior_mesenteric_artery")


def find_abdominal_vessels(
    volume: Volume,
    known: KnownVessels,
    portal_root_lps_mm: Points | None,
    *,
    cancel: CancelToken | None = None,
) -> AbdominalVessels:
    """Trace the tributaries of the portal vein and the anterior branches of the aorta.

    Parameters
    ----------
    volume
        Enhanced CT.
    known
        Liver, portal trunk, aorta and vena cava.
    portal_root_lps_mm
        (3,) where the portal vein enters the liver; None in a scan whose portal vein was not found.
    cancel
        Polled between steps.

    Returns
    -------
    AbdominalVessels
        ``portal_vein`` (the trunk outside the liver with the splenic vein), ``superior_mesenteric_vein``,
        ``celiac_trunk``, ``common_hepatic_artery``, ``splenic_artery``, ``superior_mesenteric_artery`` and
        ``gastroduodenal_artery``, as far as they were found.
    """
    centre = _centre_lps_mm(volume, known, portal_root_lps_mm)
    if centre is None:
        return AbdominalVessels({}, dict.fromkeys((*_VEINS, *_ARTERIES), "vessels.not_found.no_start"))
    place = _region(volume, centre)
    hu = place.image(np.clip(volume.voxels, -200, 500), blur_mm=0.4 * place.spacing_mm)
    masks = (known.liver, known.portal, known.aorta, known.cava, known.hepatic)
    local = KnownVessels(*(_local(place, mask) for mask in masks))
    _poll(cancel)
    blood = _blood(hu, local, place, portal_root_lps_mm)
    _poll(cancel)
    if blood is None or not blood.any():
        return AbdominalVessels({}, dict.fromkeys((*_VEINS, *_ARTERIES), "vessels.not_found.no_contrast"))
    network, _ = bridged(network_of_mask(blood, place.grid), _LARGEST_GAP_MM, place.spacing_mm)
    runs = runs_of(network)
    _poll(cancel)
    names = _names(runs, hu, local, place, portal_root_lps_mm)
    _poll(cancel)
    return _on_scan(volume, place, network, blood, names)


def _names(
    runs: RunNetwork, hu: FloatVoxels, local: KnownVessels, place: LocalGrid, portal_root_lps_mm: Points | None
) -> dict[str, NDArray[np.int64]]:
    """Return the points of each structure, by the growth that reaches each run at least cost."""
    network = runs.network
    roots = {
        "portal": _portal_roots(network, portal_root_lps_mm, local, place),
        "aorta": _near(network, local.aorta, place),
        "cava": np.union1d(_near(network, local.cava, place), _near(network, local.hepatic, place)),
    }
    # Before the aorta, where a renal vein crosses, what is near both is an artery.
    roots["cava"] = roots["cava"][~np.isin(runs.run_of_point[roots["cava"]], runs.run_of_point[roots["aorta"]])]
    levels_hu = _levels_hu(runs, hu, place)
    growths = {
        name: growth(runs, points, prices=_foreign_prices(runs, levels_hu, points)) for name, points in roots.items()
    }
    owner = owners(runs, list(growths.values()), dearest=_DEAREST)
    names: dict[str, NDArray[np.int64]] = {}
    if portal_root_lps_mm is not None:
        names |= named_tributaries(runs, growths["portal"], owner == 0, portal_root_lps_mm)
    names |= named_arteries(runs, growths["aorta"], owner == 1, local.aorta, place.grid)
    return _with_forks(runs, names)


def _levels_hu(runs: RunNetwork, hu: FloatVoxels, place: LocalGrid) -> NDArray[np.float64]:
    """Brightness along the middle of each run."""
    smooth = ndimage.gaussian_filter(hu, 1.0 / place.spacing_mm, truncate=3.0)
    kji = np.round(place.kji_from_lps(runs.network.points_lps_mm)).astype(np.int64)
    values = smooth[tuple(np.clip(kji, 0, np.array(hu.shape) - 1).T)]
    return np.array([float(np.median(values[run.points])) for run in runs.runs])


def _foreign_prices(runs: RunNetwork, levels_hu: NDArray[np.float64], roots: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what each wide run costs for not being as bright as the root; thin ones are dimmed by their voxels."""
    at_root = np.unique(runs.run_of_point[roots])
    at_root = at_root[at_root >= 0]
    prices = np.zeros(len(runs.runs))
    if at_root.size == 0:
        return prices
    lengths = np.array([runs.runs[run].length_mm for run in at_root])
    level_hu = float(np.average(levels_hu[at_root], weights=lengths + 1.0))
    usual_hu = max(_LEAST_LEVEL_SPREAD_HU, _LEVEL_SPREAD * (level_hu - _SOFT_TISSUE_HU))
    wide = np.array([run.radius_mm >= _WIDE_MM and run.length_mm >= _LONG_MM for run in runs.runs], np.bool_)
    excess = np.clip(np.abs(levels_hu - level_hu) / usual_hu - 1.0, 0.0, 2.0)
    prices[wide] = _FOREIGN_PRICE * excess[wide]
    return prices


def _with_forks(runs: RunNetwork, names: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
    """Give each fork to the widest named run that meets there."""
    name_of_run = {int(run): name for name, points in names.items() for run in np.unique(runs.run_of_point[points])}
    parts = {name: [points[runs.run_of_point[points] >= 0]] for name, points in names.items()}
    for fork, ends in enumerate(runs.runs_at_fork):
        named = [run for run, _ in ends if run in name_of_run]
        if named:
            widest = max(named, key=lambda run: runs.runs[run].radius_mm)
            parts[name_of_run[widest]].append(np.flatnonzero(runs.fork_of_point == fork))
    return {name: np.concatenate(points) for name, points in parts.items()}


def _portal_roots(
    network: CurveNetwork, root_lps_mm: Points | None, local: KnownVessels, place: LocalGrid
) -> NDArray[np.int64]:
    """Return the points where the portal trunk, as drawn so far, lies in the network."""
    if root_lps_mm is None or not network.n_nodes:
        return np.zeros(0, np.int64)
    gaps_mm = np.linalg.norm(network.points_lps_mm - root_lps_mm, axis=1)
    found = gaps_mm <= min(max(6.0, float(gaps_mm.min()) + 2.0), _TRUNK_MM)
    return np.flatnonzero(found & (network.radii_mm >= 0.6 * network.radii_mm[found].max(initial=0.0)))


def _near(network: CurveNetwork, mask: Mask, place: LocalGrid) -> NDArray[np.int64]:
    if not mask.any() or not network.n_nodes:
        return np.zeros(0, np.int64)
    border = mask & ~ndimage.binary_erosion(mask)
    tree = cKDTree(place.grid.lps_from_ijk(np.argwhere(border)[:, ::-1]))
    gaps_mm = tree.query(network.points_lps_mm, distance_upper_bound=_END_TO_WALL_MM)[0]
    return np.flatnonzero((gaps_mm <= _WALL_MM) | (np.isfinite(gaps_mm) & (network.degrees <= 1)))


def _blood(hu: FloatVoxels, local: KnownVessels, place: LocalGrid, portal_root_lps_mm: Points | None) -> Mask | None:
    """Tubes as bright as blood, aorta, vena cava and the inside of the liver left out."""
    spacing_mm = place.spacing_mm
    levels = [_level_hu(hu, mask, erosions) for mask, erosions in ((local.aorta, 2), (local.portal, 1))]
    seen = [level for level in levels if level is not None]
    if not seen or min(seen) < 1.5 * _SOFT_TISSUE_HU:
        return None
    smooth = ndimage.gaussian_filter(hu, 0.8 / spacing_mm, truncate=3.0)
    low = min(seen) - _BLOOD_SHARE * (min(seen) - _SOFT_TISSUE_HU)
    high = _SOFT_TISSUE_HU + _BRIGHTEST_SHARE * (max(seen) - _SOFT_TISSUE_HU)
    spacing = np.full(3, spacing_mm)
    bright = smooth > low
    great = ndimage.binary_dilation(local.aorta | local.cava, iterations=max(1, round(1.0 / spacing_mm)))
    inner = depth_mm(local.liver, spacing) > 4.0
    thick = depth_mm(bright & ~great & ~local.portal, spacing) > _THICKEST_MM
    blood = bright & (smooth < high) & ~great & ~inner & ~local.hepatic
    if thick.any():
        blood &= distance_to_mm(thick, spacing) > _THICKEST_MM + 2.5
    blood |= local.portal & ~inner
    if portal_root_lps_mm is not None:  # whole where it enters the liver, so that its width is seen
        blood |= local.portal & (place.distance_mm(portal_root_lps_mm) <= _TRUNK_MM)
    labels, sizes = components(without_cavities(blood))
    is_kept = np.concatenate([[False], sizes * spacing_mm**3 >= _SMALLEST_PIECE_MM3])
    return np.asarray(is_kept[labels])


def _level_hu(hu: FloatVoxels, mask: Mask, erosions: int) -> float | None:
    values = hu[ndimage.binary_erosion(mask, iterations=erosions)] if mask.any() else hu[:0]
    return float(np.median(values)) if values.size >= 30 else None


def _centre_lps_mm(volume: Volume, known: KnownVessels, root_lps_mm: Points | None) -> Points | None:
    """Where to look: around the portal root, else around the aorta at the height of the lower liver."""
    if root_lps_mm is not None:
        return np.asarray(root_lps_mm, np.float64)
    if not known.aorta.any() or not known.liver.any():
        return None
    heights = np.flatnonzero(known.liver.any(axis=(1, 2)))
    k = int(heights[0] + 0.4 * (heights[-1] - heights[0]))
    at_height = np.argwhere(known.aorta[k])
    if at_height.size == 0:
        return None
    j, i = at_height.mean(axis=0)
    return volume.grid.lps_from_ijk([i, j, k]) + np.array([-20.0, -30.0, 0.0])


def _region(volume: Volume, centre_lps_mm: Points) -> LocalGrid:
    corners = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    lps = centre_lps_mm + np.take_along_axis(_REGION_LPS_MM.T, corners, axis=0)
    kji = volume.grid.ijk_from_lps(lps)[:, ::-1]
    shape = np.array(volume.grid.shape_kji)
    start = np.clip(np.floor(kji.min(axis=0)), 0, shape - 2).astype(int)
    stop = np.clip(np.ceil(kji.max(axis=0)) + 1, start + 2, shape).astype(int)
    box = Box((int(start[0]), int(start[1]), int(start[2])), (int(stop[0]), int(stop[1]), int(stop[2])))
    spacing_mm = max(_FINEST_MM, float(volume.grid.spacing_ijk_mm[:2].max()))
    return local_grid(volume.grid, box, min(spacing_mm, 1.5))


def _local(place: LocalGrid, mask: Mask) -> Mask:
    if not mask[place.box.slices].any():
        return np.zeros(place.grid.shape_kji, np.bool_)
    return place.mask(mask)


def _on_scan(
    volume: Volume, place: LocalGrid, network: CurveNetwork, blood: Mask, names: dict[str, NDArray[np.int64]]
) -> AbdominalVessels:
    kji = np.round(place.grid.ijk_from_lps(network.points_lps_mm)[:, ::-1]).astype(np.int64)
    kji = np.clip(kji, 0, np.array(place.grid.shape_kji) - 1)
    marks = np.zeros(blood.shape, np.uint8)
    marks[tuple(kji.T)] = 1
    order = list(names)
    for number, name in enumerate(order, start=2):
        marks[tuple(kji[names[name]].T)] = number
    nearest = nearest_seed(marks > 0, place.grid.spacing_ijk_mm, blood)
    owner = np.where(nearest >= 0, marks.reshape(-1)[np.maximum(nearest, 0)], 0)
    masks = {}
    for number, name in enumerate(order, start=2):
        own = blood & (owner == number)
        mask = np.zeros(volume.grid.shape_kji, np.bool_)
        mask[place.box.slices] = place.scan_voxels(own.astype(np.float32)) > 0.5
        if mask.any():
            masks[name] = mask
    wanted = (*_VEINS, *_ARTERIES)
    missing = {name: "vessels.not_found.not_reached" for name in wanted if name not in masks}
    return AbdominalVessels(masks, missing)


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
