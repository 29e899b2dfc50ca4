"""What segmenters of others share: a licence, checked weights, a scan handed over as a file, labels checked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from segmentation.external.image_sitk import read_labels, write_scan
from segmentation.external.weights import checked_weights
from segmentation.quality import label_warnings, scan_warnings
from segmentation.segmenter import Availability, SegmentationResult, SegmentationWarning, Segmenter
from twin.anatomy import structure
from twin.errors import BackendUnavailable, InputError
from twin.job import CancelToken, Progress, ProgressListener
from twin.provenance import Provenance, array_hash
from twin.readers.label_layers import layers_of_labels
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import Modality, Quantity, Volume

__all__ = [
    "ExternalSegmenter",
    "Licence",
    "Run",
    "Weights",
    "known_meaning",
    "require_available",
    "require_modality",
    "segmented",
]


@dataclass(frozen=True)
class Licence:
    """Under what terms a program and its weights may be used, as told by their makers.

    ``name`` is short, e.g. ``"Apache-2.0"``; empty where it is not known. ``message_id`` words the terms.
    """

    name: str
    message_id: str

    @property
    def text_key(self) -> str:
        """What was shown: changes when the terms do."""
        return f"{self.message_id}:{self.name}"


@runtime_checkable
class ExternalSegmenter(Segmenter, Protocol):
    """A segmenter made by others; its licence is shown before its first run."""

    @property
    def licence(self) -> Licence:
        """Terms of the program and of its weights."""
        ...


@dataclass(frozen=True)
class Weights:
    """Files that hold weights, below one folder, and where their checksums are remembered."""

    folder: Path
    files: tuple[Path, ...]
    record: Path


@dataclass(frozen=True)
class Run:
    """One run of a program of others.

    Parameters
    ----------
    segmenter_id, version, licence
        Who works, written into the provenance.
    meaning
        Value of the output to structure id; None for what TwinSight has no structure for.
    weights
        What is checked before the program may start.
    call
        Given the scan file, the folder to work in, progress and cancel, it returns the label file.
    parameters
        Settings that change the result, for the provenance.
    ending
        Ending of the scan file.
    """

    segmenter_id: str
    version: str
    licence: Licence
    meaning: Mapping[int, str | None]
    weights: Weights
    call: Callable[[Path, Path, ProgressListener, CancelToken | None], Path]
    parameters: Mapping[str, object]
    ending: str = ".nii.gz"


def segmented(volume: Volume, run: Run, progress: ProgressListener, cancel: CancelToken | None) -> SegmentationResult:
    """Check the weights, run the program on the scan in a private folder, check its labels and take them apart.

    Raises
    ------
    BackendUnavailable
        When the weights are not those known, or the program fails.
    InputError
        ``error.external.wrong_grid`` or ``error.external.wrong_values`` when what came back is not what was asked.
    Cancelled
        When ``cancel`` was set.
    """
    progress(Progress(0.0, "progress.external.weights"))
    hashes = checked_weights(run.weights.folder, run.weights.files, run.weights.record, cancel)
    progress(Progress(0.05, "progress.external.running"))
    with tempfile.TemporaryDirectory(prefix="twinsight-", ignore_cleanup_errors=True) as name:
        folder = Path(name)  # 0700 by tempfile
        scan = folder / "in" / f"scan_0000{run.ending}"
        scan.parent.mkdir()
        write_scan(scan, volume)
        labels_file = run.call(scan, folder, _part(progress, 0.05, 0.9), cancel)
        labels = read_labels(labels_file, volume.grid, run.meaning)
    progress(Progress(0.92, "progress.external.checking"))
    provenance = Provenance(
        run.segmenter_id,
        run.version,
        {**run.parameters, "licence": run.licence.name or "unknown"},
        {"volume": array_hash(volume.voxels), **{f"weights/{name}": digest for name, digest in hashes.items()}},
    )
    result = result_of_labels(volume, labels, run.meaning, provenance, cancel)
    progress(Progress(1.0, "progress.external.done"))
    return result


def result_of_labels(
    volume: Volume,
    labels: NDArray[np.uint16],
    meaning: Mapping[int, str | None],
    provenance: Provenance,
    cancel: CancelToken | None,
) -> SegmentationResult:
    """Return checked labels as a result: layers with assumed uncertainties, what was not found, doubts."""
    layers, assumed = layers_of_labels(labels, volume.grid, meaning, {}, provenance)
    automatic = BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)
    layers = {
        name: replace(layer, uncertainties=dict.fromkeys(layer.structure_ids(), automatic))
        for name, layer in layers.items()
    }
    offered = {name for name in meaning.values() if name is not None}
    found = {i.split("-")[0] if i.startswith("lesion-") else i for la in layers.values() for i in la.structure_ids()}
    missing = dict.fromkeys(sorted(offered - found), "external.not_found.empty")
    masks = {i: layer.mask(i) for layer in layers.values() for i in layer.structure_ids()}
    warnings = scan_warnings(volume, masks, cancel=cancel) + label_warnings(volume.grid, masks, cancel=cancel)
    notes = tuple(SegmentationWarning(note.message_id, None, note.parameters) for note in assumed)
    return SegmentationResult(layers, missing, (*notes, *warnings))


def require_modality(volume: Volume, modality: Modality | None) -> None:
    """Refuse a scan of another kind than the model was made for; None for a model that takes any."""
    is_ct = volume.quantity is Quantity.HOUNSFIELD and volume.modality is not Modality.MR
    if modality is Modality.CT and not is_ct:
        raise InputError("error.external.needs_ct", modality=volume.modality.value)
    if modality is Modality.MR and is_ct:
        raise InputError("error.external.needs_mr", modality=volume.modality.value)


def require_available(availability: Availability) -> None:
    """Raise the reason why a segmenter cannot run."""
    if not availability.is_available:
        raise BackendUnavailable(availability.message_id or "error.segment.none_available")


def known_meaning(names: Mapping[int, str], structures: Mapping[str, str]) -> dict[int, str | None]:
    """Return value to structure id for the names of a model.

    Parameters
    ----------
    names
        Value to the model's name for it; background left out.
    structures
        Names in words of the model, to structure ids; what is not named here is looked up among the usual names.

    Raises
    ------
    InputError
        ``error.anatomy.unknown_structure`` when ``structures`` names one that does not exist.
    """
    for structure_id in structures.values():
        structure(structure_id)
    return {value: structures.get(name) or usual_structure(name) for value, name in names.items()}


def usual_structure(name: str) -> str | None:
    """Return the structure for a name as TotalSegmentator and other public models write it, or None.

    Examples
    --------
    >>> usual_structure("kidney_left"), usual_structure("vertebrae_L1"), usual_structure("brain")
    ('kidney', 'bone', None)
    """
    plain = "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
    if plain in _USUAL:
        return _USUAL[plain]
    return "bone" if plain.startswith(_BONES) else None


_BONES = (
    "vertebra", "rib_", "sacrum", "sternum", "costal_cartilage", "hip_", "femur", "scapula", "clavicula", "humerus",
)  # fmt: skip
_USUAL = {
    "liver": "liver",
    "pancreas": "pancreas",
    "spleen": "spleen",
    "stomach": "stomach",
    "duodenum": "duodenum",
    "kidney": "kidney",
    "kidneys": "kidney",
    "kidney_left": "kidney",
    "kidney_right": "kidney",
    "left_kidney": "kidney",
    "right_kidney": "kidney",
    "kidney_cyst_left": "kidney",
    "kidney_cyst_right": "kidney",
    "gallbladder": "bile_duct",
    "gall_bladder": "bile_duct",
    "bile_duct": "bile_duct",
    "common_bile_duct": "bile_duct",
    "pancreatic_duct": "pancreatic_duct",
    "portal_vein": "portal_vein",
    "portal_vein_and_splenic_vein": "portal_vein",
    "hepatic_vein": "hepatic_vein",
    "hepatic_veins": "hepatic_vein",
    "inferior_vena_cava": "inferior_vena_cava",
    "ivc": "inferior_vena_cava",
    "postcava": "inferior_vena_cava",
    "aorta": "aorta",
    "celiac_trunk": "celiac_trunk",
    "celiac_artery": "celiac_trunk",
    "superior_mesenteric_artery": "superior_mesenteric_artery",
    "superior_mesenteric_vein": "superior_mesenteric_vein",
    "splenic_artery": "splenic_artery",
    "common_hepatic_artery": "common_hepatic_artery",
    "gastroduodenal_artery": "gastroduodenal_artery",
    "liver_tumor": "lesion",
    "liver_lesion": "lesion",
    "pancreatic_lesion": "lesion",
    "pancreas_tumor": "lesion",
    "tumor": "lesion",
    "tumour": "lesion",
    "lesion": "lesion",
    "bone": "bone",
    "bones": "bone",
    "skin": "skin",
    "body": "skin",
}


def _part(whole: ProgressListener, start: float, end: float) -> ProgressListener:
    """Return a listener whose whole is a part of another's; it never goes back."""
    furthest = [0.0]

    def listen(progress: Progress) -> None:
        furthest[0] = max(furthest[0], min(progress.fraction, 1.0))
        whole(Progress(start + (end - start) * furthest[0], progress.message_id, progress.parameters))

    return listen
