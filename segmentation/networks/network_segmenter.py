"""Liver, pancreas, great vessels and neighbours from CT and MR by the networks that TwinSight brings along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from segmentation.classical.body import BodyLandmarks, body_landmarks
from segmentation.classical.prior import classical_prior, is_prior_shipped
from segmentation.classical.segment import ClassicalSegmenter
from segmentation.classical.working_volume_sitk import WorkingVolume, working_volume
from segmentation.found_layers import layers_of_masks
from segmentation.networks.body_sitk import body_of_ct, body_of_mr, is_narrow
from segmentation.networks.confidence import border_confidence, modulated, voxel_confidence
from segmentation.networks.context import bone_and_skin
from segmentation.networks.ensemble import Ensemble, Look
from segmentation.networks.model import ModelKind, NetworkModel, shipped_models
from segmentation.networks.network_scan_sitk import NetworkScan, network_scan
from segmentation.networks.scan_labels import labels_on_scan
from segmentation.quality import label_warnings, scan_warnings
from segmentation.segmenter import Availability, SegmentationResult, SegmentationWarning
from twin.anatomy import LayerName, structure
from twin.errors import BackendUnavailable, InputError
from twin.job import CancelToken, Progress, ProgressListener, no_progress
from twin.label_layer import LabelLayer
from twin.provenance import Provenance, array_hash
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Modality, Quantity, Volume

__all__ = ["NetworkSegmenter", "only_where_better"]

FINE_SPACING_MM = 2.0
_CONTEXT = ("bone", "skin")
# Structures of the plan that no scan to learn from had labelled: said to be absent for that reason.
_NOT_LEARNED = ("duodenum",)
BoolVoxels = NDArray[np.bool_]


class NetworkSegmenter:
    """Finds organs and great vessels by an ensemble of small networks, on CT and on MR.

    A coarse ensemble looks at the whole body, fine ones at the boxes around organs where there are any; rules of shape
    and of certainty decide what is believed. Bone and skin come from the classical segmenter (CT only), and so does
    every structure that it draws better by the figures on both cards. The same scan gives the same labels.

    Parameters
    ----------
    models
        By default those shipped with TwinSight.
    n_threads
        Threads of the networks; by default as many as there are cores, at most 8.

    Examples
    --------
    >>> NetworkSegmenter().id
    'segmenter.networks'
    """

    id = "segmenter.networks"

    def __init__(self, models: Sequence[NetworkModel] | None = None, *, n_threads: int | None = None) -> None:
        self._models = models
        self._n_threads = n_threads

    @property
    def version(self) -> str:
        """Version of the segmenter, then of each of its models."""
        try:
            models = self._known_models()
        except BackendUnavailable:
            models = ()
        return ".".join(["2", *(f"{model.name}-{model.version}" for model in models)])

    def availability(self) -> Availability:
        """Tell whether the networks are there, whole, and can be run."""
        try:
            import onnxruntime  # noqa: F401

            models = self._known_models()
            if not any(model.kind is ModelKind.COARSE for model in models):
                return Availability(False, "networks.unavailable.no_weights")
            for model in models:
                model.check_files()
        except ImportError:
            return Availability(False, "networks.unavailable.no_runtime")
        except BackendUnavailable:
            return Availability(False, "networks.unavailable.bad_files")
        return Availability(True)

    def segment(
        self, volume: Volume, *, progress: ProgressListener = no_progress, cancel: CancelToken | None = None
    ) -> SegmentationResult:
        """Label a CT or an MR.

        Raises
        ------
        InputError
            ``error.networks.unknown_kind`` when the volume is neither a CT in Hounsfield units nor an MR;
            ``error.networks.no_signal`` for an MR without any contrast.
        BackendUnavailable
            ``error.networks.*`` when weights are missing or damaged.
        Cancelled
            When ``cancel`` was set; it is answered within about half a second.
        """
        is_mr = volume.modality is Modality.MR
        if not is_mr and volume.quantity is not Quantity.HOUNSFIELD:
            raise InputError("error.networks.unknown_kind", modality=volume.modality.value)
        models = self._known_models()
        coarse = next((model for model in models if model.kind is ModelKind.COARSE), None)
        if coarse is None:
            raise BackendUnavailable("error.networks.no_weights")
        closer = (only_where_better(model, coarse) for model in models if model.kind is ModelKind.FINE)
        fine = [Ensemble(model, n_threads=self._n_threads) for model in closer if model is not None]
        run = _Run(volume, Ensemble(coarse, n_threads=self._n_threads), fine, progress, cancel)
        return run.result(self.id, self.version)

    def _known_models(self) -> Sequence[NetworkModel]:
        return shipped_models() if self._models is None else self._models


@dataclass
class _Run:
    """One scan on its way through the steps."""

    volume: Volume
    coarse: Ensemble
    fine: Sequence[Ensemble]
    progress: ProgressListener
    cancel: CancelToken | None
    masks: dict[str, BoolVoxels] = field(default_factory=dict)
    not_found: dict[str, str] = field(default_factory=dict)
    uncertainties: dict[str, BoundaryUncertainty] = field(default_factory=dict)
    warnings: list[SegmentationWarning] = field(default_factory=list)

    @property
    def is_mr(self) -> bool:
        return self.volume.modality is Modality.MR

    def result(self, producer: str, version: str) -> SegmentationResult:
        self._step(0.0, "networks.progress.body")
        working, landmarks = (None, None) if self.is_mr else self._landmarks()
        wanted = self.coarse.model.structure_ids
        if not self.is_mr and landmarks is None:
            return SegmentationResult({}, dict.fromkeys([*wanted, *_CONTEXT], "segmentation.not_found.no_body"))
        model = self.coarse.model
        scan = network_scan(self.volume, model.spacing_mm, model.inputs, cancel=self.cancel)
        body = self._body(scan, working, landmarks)
        if body is None:
            return SegmentationResult({}, dict.fromkeys([*wanted, *_CONTEXT], "segmentation.not_found.no_body"))
        self._step(0.1, "networks.progress.organs")
        listener = self._part(0.1, 0.55, "networks.progress.organs")
        first = self.coarse.look(scan, body, is_mr=self.is_mr, progress=listener, cancel=self.cancel)
        absences = self._absences(first, scan, body)
        if not self.is_mr:
            first = self.coarse.with_borders(first, scan, leave_out=absences, cancel=self.cancel)
        closer = self._closer_looks(first, scan, absences)
        self._draw(first, closer, absences)
        self._find_context(working, landmarks, first)
        self._step(0.85, "networks.progress.quality")
        self._check(version)
        not_learned = (name for name in _NOT_LEARNED if name not in self.masks)
        self.not_found |= dict.fromkeys(not_learned, "networks.not_found.not_learned")
        layers = self._layers(producer, version)
        confidence = self._confidence(first)
        self._step(1.0, "networks.progress.done")
        return SegmentationResult(layers, self.not_found, tuple(self.warnings), confidence, first.grid)

    def _landmarks(self) -> tuple[WorkingVolume, BodyLandmarks | None]:
        working = working_volume(self.volume, FINE_SPACING_MM)
        self._poll()
        return working, body_landmarks(working.halved())

    def _body(
        self, scan: NetworkScan, working: WorkingVolume | None, landmarks: BodyLandmarks | None
    ) -> BoolVoxels | None:
        if working is None or landmarks is None:
            return body_of_mr(scan)
        body = body_of_ct(scan, landmarks, working.halved())
        return body if body.any() else None

    def _absences(self, first: Look, scan: NetworkScan, body: BoolVoxels) -> dict[str, str]:
        """Return why each structure that is not to be drawn is not."""
        absences = {name: seen.absence for name, seen in first.structures.items() if seen.absence is not None}
        if self.is_mr:
            validated = self.coarse.model.mr_structures
            unknown = [name for name in first.structures if name not in validated]
            absences |= _absences_on_mr(first)
            absences |= dict.fromkeys(unknown, "networks.not_found.not_validated_on_mr")
        believed = [seen.mask for name, seen in first.structures.items() if name not in absences]
        if believed and is_narrow(
            body[scan.box_of(first.grid).slices], np.any(believed, axis=0), self._spacing_mm(first)
        ):
            absences = {name: absences.get(name, "segmentation.not_found.narrow_body") for name in first.structures}
        return absences

    def _spacing_mm(self, look: Look) -> float:
        return float(look.grid.spacing_ijk_mm[0])

    def _closer_looks(self, first: Look, scan: NetworkScan, absences: Mapping[str, str]) -> list[Look]:
        """Return what the fine ensembles saw of structures that are there."""
        there = Look(
            first.model, first.grid, first.seen, {n: s for n, s in first.structures.items() if n not in absences}
        )
        looks = []
        for n, ensemble in enumerate(self.fine):
            low, high = (0.55 + 0.15 * (n + step) / len(self.fine) for step in (0, 1))
            listener = self._part(low, high, "networks.progress.borders")
            look = ensemble.closer_look(self.volume, there, window=scan.window, progress=listener, cancel=self.cancel)
            if look is not None:
                looks.append(look)
        return looks

    def _draw(self, first: Look, closer: Sequence[Look], absences: Mapping[str, str]) -> None:
        """Draw what was seen on the grid of the scan, organs and the vessels that may run inside them apart."""
        self._step(0.7, "networks.progress.borders")
        drawn_closer = {name for look in closer for name in look.structures}
        self.not_found |= absences
        there = [name for name in first.structures if name not in absences]
        for look, names in [
            (first, [n for n in there if n not in drawn_closer]),
            *((c, list(c.structures)) for c in closer),
        ]:
            self._draw_look(look, names)
        self._prefer_better(closer)

    def _draw_look(self, look: Look, names: Sequence[str]) -> None:
        for is_organ in (True, False):
            group = [n for n in names if (structure(n).layer is LayerName.ORGANS) is is_organ]
            labels = labels_on_scan(
                [look.structures[n].field for n in group], look.grid, self.volume.grid, cancel=self.cancel
            )
            for value, name in enumerate(group, start=1):
                mask = labels == value
                if mask.any():
                    self.masks[name] = mask
                    self.uncertainties[name] = _uncertainty(look, name)
                else:
                    self.not_found[name] = "networks.not_found.too_small"

    def _prefer_better(self, closer: Sequence[Look]) -> None:
        """Take structures from the classical segmenter where both cards say that it draws them better."""
        if self.is_mr or not is_prior_shipped():
            return
        dice = dict(self.coarse.model.dice)
        for look in closer:
            dice |= {name: value for name, value in look.model.dice.items() if name in look.structures}
        names = [n for n in self.masks if n in dice and classical_prior().dice.get(n, 0.0) > dice[n]]
        if not names:
            return
        result = ClassicalSegmenter().segment(self.volume, cancel=self.cancel)
        for name in names:
            if result.has(name):
                layer = result.layers[structure(name).layer]
                self.masks[name], self.uncertainties[name] = layer.mask(name), layer.uncertainties[name]

    def _find_context(self, working: WorkingVolume | None, landmarks: BodyLandmarks | None, first: Look) -> None:
        if working is None or landmarks is None:
            self.not_found |= dict.fromkeys(_CONTEXT, "networks.not_found.only_on_ct")
            return
        self._step(0.75, "networks.progress.context")
        fields = {name: seen.field for name, seen in first.structures.items()}
        for name, mask in bone_and_skin(working, landmarks, fields, first.grid, self.volume.grid, self.cancel).items():
            if mask.any():
                self.masks[name] = mask
                self.uncertainties[name] = classical_prior().uncertainty(name)
            else:
                self.not_found[name] = (
                    "segmentation.not_found.no_bone" if name == "bone" else "segmentation.not_found.no_body"
                )

    def _check(self, version: str) -> None:
        if self.is_mr and any(name not in _CONTEXT for name in self.masks):
            self.warnings.append(SegmentationWarning("networks.warning.few_mr"))
        self.warnings += scan_warnings(self.volume, self.masks, cancel=self.cancel)
        self._poll()
        self.warnings += label_warnings(self.volume.grid, self.masks, cancel=self.cancel)
        self._poll()

    def _layers(self, producer: str, version: str) -> dict[LayerName, LabelLayer]:
        members = {name: value for e in (self.coarse, *self.fine) for name, value in e.model.sha256.items()}
        inputs = {"volume": array_hash(self.volume.voxels), **members}
        provenance = Provenance(producer, version, input_hashes=inputs)
        return layers_of_masks(self.masks, self.volume.grid, self.uncertainties, provenance)

    def _confidence(self, first: Look) -> dict[str, NDArray[np.uint8]]:
        return {
            name: voxel_confidence(first.seen.fields[n], first.seen.disagreement)
            for n, name in enumerate(first.model.structure_ids)
            if name in self.masks
        }

    def _part(self, low: float, high: float, message_id: str) -> Callable[[float], None]:
        return lambda fraction: self._step(low + (high - low) * fraction, message_id)

    def _step(self, fraction: float, message_id: str) -> None:
        self._poll()
        self.progress(Progress(fraction, message_id))

    def _poll(self) -> None:
        if self.cancel is not None:
            self.cancel.raise_if_cancelled()


def only_where_better(fine: NetworkModel, coarse: NetworkModel) -> NetworkModel | None:
    """Return a fine network that looks only at what its card says it draws better than the coarse one; else None.

    What the card of the coarse network has no figure of is looked at as well.
    """
    assert fine.region is not None, "a fine card names its box"
    better = [n for n in fine.region.around if n not in coarse.dice or fine.dice.get(n, 0.0) > coarse.dice[n]]
    return replace(fine, region=replace(fine.region, around=tuple(better))) if better else None


def _absences_on_mr(first: Look) -> dict[str, str]:
    """Return what is not believed on MR: everything without a liver, since little was learned of it."""
    found = [name for name, seen in first.structures.items() if seen.absence is None]
    return {} if "liver" in found else dict.fromkeys(found, "networks.not_found.no_neighbours")


def _uncertainty(look: Look, name: str) -> BoundaryUncertainty:
    """Measured shift of the boundary, wider where this border is less sure than usual."""
    measured = look.model.uncertainties.get(name, BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC))
    n = look.model.structure_ids.index(name)
    sure = border_confidence(look.seen.fields[n], look.seen.disagreement, look.structures[name].mask)
    return modulated(measured, name, sure, look.model.confidence)
