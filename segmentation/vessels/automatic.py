"""The vessels as part of the automatic result: once a segmenter has found the liver, its vessels are traced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmentation.quality import proposed_phase
from segmentation.segmenter import SegmentationResult
from segmentation.vessels.great_tributaries import AbdominalVessels, KnownVessels, find_abdominal_vessels
from segmentation.vessels.liver_vessels import LiverVessels, find_liver_vessels
from twin.anatomy import LayerName, structure
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.provenance import Provenance
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import ContrastPhase, Modality, Quantity, Volume

__all__ = ["TRACED_STRUCTURES", "with_vessels"]

Mask = NDArray[np.bool_]

_PRODUCER, _VERSION = "tracer.vessels", "1"
_VEINS = ("portal_vein", "hepatic_vein", "superior_mesenteric_vein")
_ARTERIES = ("celiac_trunk", "common_hepatic_artery", "splenic_artery", "superior_mesenteric_artery")
# The gastroduodenal artery is drawn where it is reached, and its absence is not worth a line.
TRACED_STRUCTURES = (*_VEINS, *_ARTERIES, "gastroduodenal_artery")
# A structure drawn earlier in this order keeps the voxels that a later one claims.
_PRECEDENCE = ("hepatic_vein", "portal_vein", *_ARTERIES, "gastroduodenal_artery", "superior_mesenteric_vein")
# What others keep; only a hepatic vein takes voxels from the vena cava, where that was drawn into its mouth.
_KEPT = ("inferior_vena_cava", "aorta", "other_artery")


def with_vessels(
    volume: Volume,
    result: SegmentationResult,
    *,
    portal_root_lps_mm: ArrayLike | None = None,
    hepatic_root_lps_mm: ArrayLike | None = None,
    progress: ProgressListener = no_progress,
    cancel: CancelToken | None = None,
) -> SegmentationResult:
    """Return a result with the vessels that start from what it holds: veins of the liver, tributaries, arteries.

    Nothing is changed where no liver was found. What the scan cannot show (not a CT, no contrast, arterial phase) comes
    back as not found with the reason. Aorta and vena cava keep their voxels; a portal vein that the segmenter drew is
    kept outside the liver, where it is the root of the portal tree.

    Parameters
    ----------
    volume
        The scan.
    result
        What a segmenter found in it; ``liver`` is needed, ``inferior_vena_cava``, ``aorta`` and ``portal_vein`` help.
    portal_root_lps_mm, hepatic_root_lps_mm
        (3,) clicks on the roots, or None.
    progress
        Told how far it is.
    cancel
        Polled a few times a second.

    Raises
    ------
    InputError
        ``error.vessels.click_outside``.
    Cancelled
        When ``cancel`` was set.
    """
    if not result.has("liver"):
        return result
    known = _known(volume, result)
    reason = _unfit(volume, known)
    if reason is not None and reason != "vessels.not_found.arterial":
        return _with_masks(volume, result, {}, dict.fromkeys((*_VEINS, *_ARTERIES), reason))
    trees = LiverVessels(known.hepatic, known.hepatic, dict.fromkeys(("portal_vein", "hepatic_vein"), reason or ""))
    if reason is None:
        trees = find_liver_vessels(
            volume,
            known.liver,
            cava_mask=known.cava,
            aorta_mask=known.aorta,
            portal_mask=known.portal,
            portal_root_lps_mm=portal_root_lps_mm,
            hepatic_root_lps_mm=hepatic_root_lps_mm,
            progress=progress,
            cancel=cancel,
        )
    progress(Progress(0.9, "progress.vessels.tributaries"))
    started = KnownVessels(known.liver, trees.portal_mask, known.aorta, known.cava, trees.hepatic_mask)
    beyond = find_abdominal_vessels(volume, started, trees.portal_root_lps_mm, cancel=cancel)
    masks, missing = _joined(known, trees, beyond)
    if reason is not None:
        missing |= dict.fromkeys(_VEINS, reason)
    traced = _with_masks(volume, result, masks, missing)
    progress(Progress(1.0, "progress.vessels.tributaries"))
    return replace(traced, warnings=(*result.warnings, *trees.warnings))


def _known(volume: Volume, result: SegmentationResult) -> KnownVessels:
    nothing = np.zeros(volume.grid.shape_kji, np.bool_)
    masks = {
        name: result.layers[structure(name).layer].mask(name) if result.has(name) else nothing
        for name in ("liver", "portal_vein", "aorta", "inferior_vena_cava")
    }
    return KnownVessels(masks["liver"], masks["portal_vein"], masks["aorta"], masks["inferior_vena_cava"], nothing)


def _unfit(volume: Volume, known: KnownVessels) -> str | None:
    """Return why veins cannot be seen in this scan, or None."""
    if volume.modality is Modality.MR or volume.quantity is not Quantity.HOUNSFIELD:
        return "vessels.not_found.not_ct"
    phase = proposed_phase(volume, {"aorta": known.aorta, "liver": known.liver}) if known.aorta.any() else volume.phase
    return {
        ContrastPhase.UNENHANCED: "vessels.not_found.unenhanced",
        ContrastPhase.ARTERIAL: "vessels.not_found.arterial",
    }.get(phase)


def _joined(
    known: KnownVessels, trees: LiverVessels, beyond: AbdominalVessels
) -> tuple[dict[str, Mask], dict[str, str]]:
    """Return the masks of both steps, and what neither found."""
    masks = dict(beyond.masks)
    portal = trees.portal_mask | (known.portal & ~known.liver & ~trees.hepatic_mask)
    masks["portal_vein"] = portal | masks.get("portal_vein", portal)
    masks["hepatic_vein"] = trees.hepatic_mask
    missing = {**beyond.not_found, **trees.not_found}
    masks = {name: mask for name, mask in masks.items() if mask.any()}
    return masks, {name: reason for name, reason in missing.items() if name not in masks}


def _with_masks(
    volume: Volume,
    result: SegmentationResult,
    masks: Mapping[str, Mask],
    missing: Mapping[str, str],
) -> SegmentationResult:
    old = result.layers.get(LayerName.VESSELS)
    voxels = np.zeros(volume.grid.shape_kji, np.uint8) if old is None else old.voxels.astype(np.uint8)
    masks = {name: mask for name, mask in masks.items() if _is_replaceable(name, old)}
    voxels[np.isin(voxels, [structure(name).value for name in masks])] = 0
    for name in reversed([name for name in _PRECEDENCE if name in masks]):
        keepers = [other for other in _KEPT if not (name == "hepatic_vein" and other == "inferior_vena_cava")]
        kept = np.isin(voxels, [structure(other).value for other in keepers])
        voxels[masks[name] & ~kept] = structure(name).value
    uncertainties = {} if old is None else dict(old.uncertainties)
    uncertainties |= {name: BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC) for name in masks}
    provenance = _provenance(old)
    layers = dict(result.layers)
    if voxels.any():
        layer = LabelLayer(LayerName.VESSELS, volume.grid, voxels, uncertainties, provenance)
        layers[LayerName.VESSELS] = replace(layer, uncertainties=_of_present(layer))
    traced = replace(result, layers=layers)
    not_found = {name: reason for name, reason in {**result.not_found, **missing}.items() if not traced.has(name)}
    return replace(traced, not_found=not_found)


def _is_replaceable(name: str, old: LabelLayer | None) -> bool:
    """Tell whether a structure may be drawn anew: the two venous trees always, others unless a person made them."""
    made = None if old is None else old.uncertainties.get(name)
    return name in ("portal_vein", "hepatic_vein") or made is None or made.origin is LabelOrigin.AUTOMATIC


def _of_present(layer: LabelLayer) -> dict[str, BoundaryUncertainty]:
    present = layer.structure_ids()
    return {name: value for name, value in layer.uncertainties.items() if name in present}


def _provenance(old: LabelLayer | None) -> Provenance:
    """Who found the great vessels stays the producer; that the branches were traced is a parameter."""
    if old is None or old.provenance is None:
        return Provenance(_PRODUCER, _VERSION)
    parameters = {**old.provenance.parameters, _PRODUCER: _VERSION}
    return Provenance(old.provenance.producer, old.provenance.version, parameters, old.provenance.input_hashes)
