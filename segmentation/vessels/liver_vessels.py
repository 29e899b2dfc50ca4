"""Portal and hepatic venous trees of the liver in an enhanced CT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from segmentation.local_image import LocalGrid, local_grid
from segmentation.segmenter import SegmentationWarning
from segmentation.vessels.relief import liver_relief
from segmentation.vessels.roots import hepatic_roots, portal_roots
from segmentation.vessels.tree_separation import PORTAL, SeparatedTrees, painted, separated
from segmentation.vessels.vessel_mask import Surroundings, VenousMask, venous_mask
from twin.box import Box
from twin.errors import InputError
from twin.geometry.curve_network import network_of_mask
from twin.geometry.distance_edt import depth_mm, distance_to_mm
from twin.geometry.gap_bridging import bridged
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.volume import Modality, Quantity, Volume

__all__ = ["LiverVessels", "find_liver_vessels"]

Mask = NDArray[np.bool_]

_FINEST_MM = 1.0
_MARGIN_MM = 12.0
# Below these the "veins" are noise. Ours: noise alone gives a relief of 2 to 3 times itself at its brightest tubes.
_LEAST_RELIEF_HU = 20.0
_LEAST_CONTRAST_TO_NOISE = 3.5
_LARGEST_GAP_MM = 8.0
_SHORTEST_TREE_MM = 60.0
_MUCH_DOUBT = 0.15
_CAVA_CORE_MM = 5.0  # radius; hepatic veins are thinner at their mouth


@dataclass(frozen=True, eq=False)
class LiverVessels:
    """The two venous trees, on the grid of the scan.

    Parameters
    ----------
    portal_mask, hepatic_mask
        bool ``[k, j, i]``; empty where not found. They do not overlap. The portal trunk at the hilum is included.
    not_found
        ``"portal_vein"`` and ``"hepatic_vein"`` to the message id of the reason.
    warnings
        What a person should look at.
    contrast_to_noise
        Relief of the large veins over the noise, or None where nothing was measured.
    portal_root_lps_mm
        (3,) where the portal trunk was taken up, or None.
    """

    portal_mask: Mask
    hepatic_mask: Mask
    not_found: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[SegmentationWarning, ...] = ()
    contrast_to_noise: float | None = None
    portal_root_lps_mm: NDArray[np.float64] | None = None


def find_liver_vessels(
    volume: Volume,
    liver_mask: Mask,
    *,
    cava_mask: Mask | None = None,
    aorta_mask: Mask | None = None,
    portal_mask: Mask | None = None,
    portal_root_lps_mm: ArrayLike | None = None,
    hepatic_root_lps_mm: ArrayLike | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> LiverVessels:
    """Find the portal and the hepatic venous tree inside the liver, and the portal trunk at its hilum.

    Veins are found as bright tubes on the evened-out liver, thinned to a network of centrelines, and each stretch goes
    to the tree that reaches it from its root with fewer unnatural turns and widenings. The same scan gives the same
    trees.

    Parameters
    ----------
    volume
        CT in the portal venous phase.
    liver_mask
        bool ``[k, j, i]``, whole liver.
    cava_mask, aorta_mask, portal_mask
        What is known of inferior vena cava, aorta and portal vein outside the liver, bool ``[k, j, i]``.
    portal_root_lps_mm, hepatic_root_lps_mm
        (3,) a click on the portal trunk, on a hepatic vein near the vena cava; None looks for them.
    progress
        Told how far it is.
    cancel
        Polled a few times a second.

    Raises
    ------
    InputError
        ``error.vessels.click_outside`` when a click lies outside the scan.
    Cancelled
        When ``cancel`` was set.
    """
    _check_clicks(volume, portal_root_lps_mm, hepatic_root_lps_mm)
    reason = _unfit(volume, liver_mask)
    if reason is not None:
        return _nothing(volume, reason)
    progress(Progress(0.0, "progress.vessels.relief"))
    place = _working_grid(volume, liver_mask)
    hu = place.image(np.clip(volume.voxels, -1000, 2000), blur_mm=0.4 * place.spacing_mm)
    liver = place.mask(liver_mask)
    cava, aorta, portal = (_local(place, mask) for mask in (cava_mask, aorta_mask, portal_mask))
    around = Surroundings(_without_branches(cava, place.spacing_mm), aorta, portal)
    relief = liver_relief(hu, liver, place.spacing_mm, cancel=cancel)
    if relief.vessel_hu < _LEAST_RELIEF_HU or relief.contrast_to_noise < _LEAST_CONTRAST_TO_NOISE:
        return _nothing(volume, "vessels.not_found.no_contrast", relief.contrast_to_noise)
    progress(Progress(0.2, "progress.vessels.tubes"))
    veins = venous_mask(hu, liver, relief, around, place.spacing_mm, cancel=cancel)
    progress(Progress(0.7, "progress.vessels.trees"))
    clicks = (portal_root_lps_mm, hepatic_root_lps_mm)
    trees, missing, root_lps_mm = _trees(veins, around, liver, place, clicks)
    _poll(cancel)
    progress(Progress(0.9, "progress.vessels.trees"))
    masks, missing = _on_scan(volume, place, trees, veins.mask, missing)
    warnings = _warnings(trees, missing)
    return LiverVessels(masks[0], masks[1], missing, warnings, relief.contrast_to_noise, root_lps_mm)


def _unfit(volume: Volume, liver_mask: Mask) -> str | None:
    if volume.modality is Modality.MR or volume.quantity is not Quantity.HOUNSFIELD:
        return "vessels.not_found.not_ct"
    return None if liver_mask.any() else "vessels.not_found.no_liver"


def _check_clicks(volume: Volume, *clicks_lps_mm: ArrayLike | None) -> None:
    for click in clicks_lps_mm:
        if click is None:
            continue
        ijk = volume.grid.ijk_from_lps(np.asarray(click, np.float64).reshape(3))
        if not np.isfinite(ijk).all() or (ijk < -0.5).any() or (ijk > np.array(volume.grid.size_ijk) - 0.5).any():
            raise InputError("error.vessels.click_outside")


def _working_grid(volume: Volume, liver_mask: Mask) -> LocalGrid:
    box = Box.around(liver_mask)
    assert box is not None
    margin = tuple(int(np.ceil(_MARGIN_MM / s)) for s in volume.grid.spacing_ijk_mm[::-1])
    box = box.grown((margin[0], margin[1], margin[2]), volume.grid.shape_kji)
    spacing_mm = max(_FINEST_MM, float(volume.grid.spacing_ijk_mm[:2].max()))
    return local_grid(volume.grid, box, min(spacing_mm, 1.5))


def _local(place: LocalGrid, mask: Mask | None) -> Mask:
    if mask is None or not mask[place.box.slices].any():
        return np.zeros(place.grid.shape_kji, np.bool_)
    return place.mask(mask)


def _without_branches(cava: Mask, spacing_mm: float) -> Mask:
    """The vena cava without what is thinner than itself: a drawn one often runs on into the hepatic veins."""
    box = Box.around(cava)
    if box is None:
        return cava
    part = np.pad(cava[box.slices], 1)
    spacing = np.full(3, spacing_mm)
    core = depth_mm(part, spacing) > _CAVA_CORE_MM
    if not core.any():
        return cava
    rounded = part & (distance_to_mm(core, spacing) <= _CAVA_CORE_MM)
    opened = np.zeros_like(cava)
    opened[box.slices] = rounded[1:-1, 1:-1, 1:-1]
    return opened


def _trees(
    veins: VenousMask,
    around: Surroundings,
    liver: Mask,
    place: LocalGrid,
    clicks: tuple[ArrayLike | None, ArrayLike | None],
) -> tuple[SeparatedTrees, dict[str, str], NDArray[np.float64] | None]:
    network = network_of_mask(veins.mask, place.grid)
    network, _ = bridged(network, _LARGEST_GAP_MM, place.spacing_mm)
    portal = portal_roots(
        network, veins.liver_depth_mm, around.portal, around.cava, liver, place.grid, click_lps_mm=clicks[0]
    )
    hepatic = hepatic_roots(network, around.cava, liver, place.grid, click_lps_mm=clicks[1])
    hepatic = np.setdiff1d(hepatic, portal)
    missing = {}
    if portal.size == 0:
        missing["portal_vein"] = "vessels.not_found.no_portal_root"
    if hepatic.size == 0:
        missing["hepatic_vein"] = "vessels.not_found.no_hepatic_root"
    root_lps_mm = None
    if portal.size:
        root_lps_mm = network.points_lps_mm[portal[int(np.argmax(network.radii_mm[portal]))]]
    return separated(network, portal, hepatic), missing, root_lps_mm


def _on_scan(
    volume: Volume,
    place: LocalGrid,
    trees: SeparatedTrees,
    veins: Mask,
    missing: dict[str, str],
) -> tuple[list[Mask], dict[str, str]]:
    missing = dict(missing)
    masks = []
    smooth = _scan_field(place, veins.astype(np.float32))
    fields = [_scan_field(place, mask.astype(np.float32)) for mask in painted(trees, veins, place.grid)]
    is_vein = smooth > 0.5
    lengths_mm = [_length_mm(trees, PORTAL), _length_mm(trees, 3 - PORTAL)]
    for structure_id, own, other, length_mm in zip(
        ("portal_vein", "hepatic_vein"), fields, fields[::-1], lengths_mm, strict=True
    ):
        inside = is_vein & (own > other) & (own > 0.0)
        if length_mm < _SHORTEST_TREE_MM:
            missing.setdefault(structure_id, "vessels.not_found.short_tree")
        if structure_id in missing:
            inside[...] = False
        mask = np.zeros(volume.grid.shape_kji, np.bool_)
        mask[place.box.slices] = inside
        masks.append(mask)
    return masks, missing


def _scan_field(place: LocalGrid, values: NDArray[np.float32]) -> NDArray[np.float32]:
    return place.scan_voxels(ndimage.gaussian_filter(values, 0.4))


def _length_mm(trees: SeparatedTrees, tree: int) -> float:
    both = (trees.tree_of_point[trees.network.edges] == tree).all(axis=1)
    return float(trees.network.lengths_mm[both].sum())


def _warnings(trees: SeparatedTrees, missing: Mapping[str, str]) -> tuple[SegmentationWarning, ...]:
    if missing or trees.doubtful_share < _MUCH_DOUBT:
        return ()
    share = round(100 * trees.doubtful_share)
    return (SegmentationWarning("vessels.warning.trees_touch", "hepatic_vein", {"share_percent": share}),)


def _nothing(volume: Volume, reason: str, contrast_to_noise: float | None = None) -> LiverVessels:
    empty = np.zeros(volume.grid.shape_kji, np.bool_)
    return LiverVessels(empty, empty, dict.fromkeys(("portal_vein", "hepatic_vein"), reason), (), contrast_to_noise)


def _poll(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()
