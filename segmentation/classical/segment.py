"""The classical segmenter: liver, aorta, inferior vena cava, bone and skin from a CT, the same way for every case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from segmentation.classical.body import BodyLandmarks, body_landmarks
from segmentation.classical.coarse_organs import CoarseOrgans, coarse_organs
from segmentation.classical.context import body_probability, bone_probability
from segmentation.classical.fine_organ import fine_organ
from segmentation.classical.liver import liver_absence, mask_on_scan, solid_organ
from segmentation.classical.prior import ClassicalPrior, classical_prior, is_prior_shipped
from segmentation.classical.vessels import tube, tube_absence
from segmentation.classical.working_volume_sitk import WorkingVolume, working_volume
from segmentation.found_layers import layers_of_masks
from segmentation.quality import label_warnings, scan_warnings
from segmentation.segmenter import Availability, SegmentationResult, SegmentationWarning
from twin.anatomy import LayerName
from twin.errors import InputError
from twin.grid import Grid
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.provenance import Provenance, array_hash
from twin.volume import Modality, Quantity, Volume

__all__ = ["ClassicalSegmenter"]

FINE_SPACING_MM = 2.0
_STRUCTURES = ("liver", "aorta", "inferior_vena_cava", "bone", "skin")
BoolVoxels = NDArray[np.bool_]


class ClassicalSegmenter:
    """Finds liver, aorta, inferior vena cava, bone and skin in a CT of the abdomen.

    Two looks with boosted decision trees learned on labelled scans (organs over the body at 4 mm, then the border
    of each organ at 2 mm), between landmarks and shape rules. The settings are the same for every scan, and the
    same scan gives the same labels.

    Parameters
    ----------
    prior
        What was learned; by default the prior shipped with TwinSight.
    notices
        Warnings that every result carries, e.g. that a better segmenter could not run.

    Examples
    --------
    >>> ClassicalSegmenter().id
    'segmenter.classical'
    """

    id = "segmenter.classical"
    version = "1"

    def __init__(self, prior: ClassicalPrior | None = None, *, notices: tuple[SegmentationWarning, ...] = ()) -> None:
        self._prior = prior
        self._notices = notices

    def availability(self) -> Availability:
        """Tell whether the prior is there."""
        if self._prior is not None or is_prior_shipped():
            return Availability(is_available=True)
        return Availability(is_available=False, message_id="segmentation.unavailable.no_prior")

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        """Label a CT.

        Raises
        ------
        InputError
            ``error.segmentation.not_ct`` when the values are not Hounsfield units.
        Cancelled
            When ``cancel`` was set.
        """
        if volume.modality is Modality.MR or volume.quantity is not Quantity.HOUNSFIELD:
            raise InputError("error.segmentation.not_ct", modality=volume.modality.value)
        result = _Run(volume, self._prior or classical_prior(), progress, cancel).result(self.id, self.version)
        return replace(result, warnings=(*self._notices, *result.warnings))


@dataclass
class _Run:
    """One scan on its way through the steps."""

    volume: Volume
    prior: ClassicalPrior
    progress: ProgressListener
    cancel: CancelToken | None
    masks: dict[str, BoolVoxels] = field(default_factory=dict)
    not_found: dict[str, str] = field(default_factory=dict)

    def result(self, producer: str, version: str) -> SegmentationResult:
        self._step(0.0, "progress.segmentation.landmarks")
        fine = working_volume(self.volume, FINE_SPACING_MM)
        coarse_scan = fine.halved()
        landmarks = body_landmarks(coarse_scan)
        if landmarks is None:
            return SegmentationResult({}, dict.fromkeys(_STRUCTURES, "segmentation.not_found.no_body"))
        self._step(0.1, "progress.segmentation.organs")
        coarse = coarse_organs(coarse_scan, landmarks, self.prior.coarse, cancel=self.cancel)
        self._find_liver(fine, coarse)
        self._find_vessels(fine, coarse)
        self._find_context(fine, coarse, landmarks)
        self._step(0.95, "progress.segmentation.quality")
        warnings = scan_warnings(self.volume, self.masks)
        self._poll()
        warnings += label_warnings(self.volume.grid, self.masks)
        self._poll()
        layers = self._layers(producer, version)
        self._step(1.0, "progress.segmentation.done")
        return SegmentationResult(layers, self.not_found, warnings)

    def _find_liver(self, fine: WorkingVolume, coarse: CoarseOrgans) -> None:
        self._step(0.35, "progress.segmentation.liver")
        reason = liver_absence(coarse)
        if reason is not None:
            self.not_found["liver"] = reason
            return
        probability, grid = fine_organ(fine, coarse, "liver", self.prior.fine, cancel=self.cancel)
        self._keep("liver", solid_organ(probability, grid), grid, "segmentation.not_found.no_liver")

    def _find_vessels(self, fine: WorkingVolume, coarse: CoarseOrgans) -> None:
        self._step(0.6, "progress.segmentation.vessels")
        for structure_id, name in (("aorta", "aorta"), ("inferior_vena_cava", "ivc")):
            reason = tube_absence(coarse, name)
            if reason is not None:
                self.not_found[structure_id] = reason
                continue
            probability, grid = fine_organ(fine, coarse, name, self.prior.fine, cancel=self.cancel)
            self._keep(structure_id, tube(probability, grid), grid, "segmentation.not_found.no_vessel")

    def _find_context(self, fine: WorkingVolume, coarse: CoarseOrgans, landmarks: BodyLandmarks) -> None:
        self._step(0.75, "progress.segmentation.context")
        self._keep(
            "bone", bone_probability(fine, coarse, cancel=self.cancel), fine.grid, "segmentation.not_found.no_bone"
        )
        self._keep(
            "skin", body_probability(fine, landmarks, cancel=self.cancel), fine.grid, "segmentation.not_found.no_body"
        )

    def _keep(self, structure_id: str, probability: NDArray[np.float32], grid: Grid, reason: str) -> None:
        self._poll()
        mask = mask_on_scan(probability, grid, self.volume.grid, cancel=self.cancel)
        if mask.any():
            self.masks[structure_id] = mask
        else:
            self.not_found[structure_id] = reason

    def _layers(self, producer: str, version: str) -> dict[LayerName, LabelLayer]:
        provenance = Provenance(
            producer, f"{version}.{self.prior.version}", input_hashes={"volume": array_hash(self.volume.voxels)}
        )
        uncertainties = {name: self.prior.uncertainty(name) for name in self.masks}
        return layers_of_masks(self.masks, self.volume.grid, uncertainties, provenance)

    def _step(self, fraction: float, message_id: str) -> None:
        self._poll()
        self.progress(Progress(fraction, message_id))

    def _poll(self) -> None:
        if self.cancel is not None:
            self.cancel.raise_if_cancelled()
