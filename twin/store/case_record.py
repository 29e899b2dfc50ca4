"""The record of a case: everything but voxels and identity as one JSON document; voxels as blobs it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from twin.anatomy import LayerName
from twin.case import Case
from twin.checklist import ChecklistAnswer
from twin.grid import Grid
from twin.label_doubt import LabelDoubt
from twin.label_layer import LabelLayer
from twin.naming.branch_name import BranchName
from twin.outcome import Outcome
from twin.patient import PatientFacts, PatientIdentity
from twin.plan import Confirmation, Plan
from twin.provenance import Provenance
from twin.registration import Registration
from twin.store.blobs import Blob, BlobFolder
from twin.uncertainty import BoundaryUncertainty
from twin.volume import ContrastPhase, Modality, Quantity, Volume

__all__ = [
    "case_from_record",
    "case_to_record",
    "layer_from_json",
    "layer_to_json",
    "provenance_from_json",
    "provenance_to_json",
    "uncertainties_from_json",
    "uncertainties_to_json",
    "volume_from_json",
    "volume_to_json",
]

Document = dict[str, Any]


def case_to_record(case: Case, blobs: BlobFolder) -> tuple[Document, dict[str, Blob]]:
    """Write the voxels of a case as blobs; return its record and the blobs the record names.

    Raises
    ------
    CaseFileError
        When a blob cannot be written.
    """
    used: dict[str, Blob] = {}
    volumes, layers = [], []
    for volume in case.volumes.values():
        document, used[f"volume/{volume.id}"] = volume_to_json(volume, blobs)
        volumes.append(document)
    for layer in case.layers.values():
        document, used[f"layer/{layer.name.value}"] = layer_to_json(layer, blobs)
        layers.append(document)
    scan_layers: list[Document] = []
    for volume_id, labels in case.scan_layers.items():
        for layer in labels.values():
            document, used[f"scan_layer/{volume_id}/{layer.name.value}"] = layer_to_json(layer, blobs)
            scan_layers.append({"volume_id": volume_id, "layer": document})
    record = {
        "id": case.id,
        "facts": case.facts.to_json(),
        "volumes": volumes,
        "planning_volume_id": case.planning_volume_id,
        "layers": layers,
        "revisions": {name.value: number for name, number in case.revisions.items()},
        "registrations": [registration.to_json() for registration in case.registrations],
        "confirmations": [asdict(confirmation) for confirmation in case.confirmations.values()],
        "plans": [plan.to_json() for plan in case.plans.values()],
        "outcomes": [outcome.to_json() for outcome in case.outcomes.values()],
        "not_found": dict(case.not_found),
        "branch_names": [name.to_json() for name in case.branch_names],
        "segment_barriers": list(case.segment_barriers),
        "scan_layers": scan_layers,
        "checklist_answers": [answer.to_json() for answer in case.checklist_answers.values()],
    }
    return record, used


def case_from_record(record: Document, identity: PatientIdentity, blobs: BlobFolder) -> Case:
    """Read what :func:`case_to_record` wrote; ``identity`` is kept in a file of its own.

    Raises
    ------
    CaseFileError
        When a blob is missing or damaged.
    """
    volumes = [volume_from_json(document, blobs) for document in record["volumes"]]
    layers = [layer_from_json(document, blobs) for document in record["layers"]]
    confirmations = [Confirmation(**document) for document in record["confirmations"]]
    plans = [Plan.from_json(document) for document in record["plans"]]
    outcomes = [Outcome.from_json(document) for document in record["outcomes"]]
    return Case(
        str(record["id"]),
        identity,
        PatientFacts.from_json(record["facts"]),
        {volume.id: volume for volume in volumes},
        record["planning_volume_id"],
        {layer.name: layer for layer in layers},
        tuple(Registration.from_json(document) for document in record["registrations"]),
        {confirmation.structure_id: confirmation for confirmation in confirmations},
        {plan.name: plan for plan in plans},
        {outcome.plan_name: outcome for outcome in outcomes},
        dict(record["not_found"]),
        {LayerName(name): int(number) for name, number in record["revisions"].items()},
        tuple(BranchName.from_json(document) for document in record.get("branch_names", ())),
        tuple(str(vein) for vein in record.get("segment_barriers", ())),
        _scan_layers(record.get("scan_layers", ()), blobs),
        {entry["item_id"]: ChecklistAnswer.from_json(entry) for entry in record.get("checklist_answers", ())},
    )


def _scan_layers(documents: Sequence[Document], blobs: BlobFolder) -> dict[str, dict[LayerName, LabelLayer]]:
    """Read the labels of scans of other dates."""
    found: dict[str, dict[LayerName, LabelLayer]] = {}
    for document in documents:
        layer = layer_from_json(document["layer"], blobs)
        found.setdefault(document["volume_id"], {})[layer.name] = layer
    return found


def volume_to_json(volume: Volume, blobs: BlobFolder) -> tuple[Document, Blob]:
    """Write the voxels of a scan as a blob and return all else that is known of it."""
    blob = blobs.put_voxels(volume.voxels, volume.grid, encoding="raw")
    document = {
        "id": volume.id,
        "blob": blob.name,
        "grid": volume.grid.to_json(),
        "quantity": volume.quantity.value,
        "modality": volume.modality.value,
        "phase": volume.phase.value,
        "description": volume.description,
        "scan_date": volume.scan_date,
        "series_uid": volume.series_uid,
        "nominal_thickness_mm": volume.nominal_thickness_mm,
        "provenance": provenance_to_json(volume.provenance),
        "facts": dict(volume.facts),
    }
    return document, blob


def volume_from_json(document: Document, blobs: BlobFolder) -> Volume:
    """Read what :func:`volume_to_json` wrote."""
    grid = Grid.from_json(document["grid"])
    return Volume(
        document["id"],
        grid,
        blobs.voxels(document["blob"], grid),
        Quantity(document["quantity"]),
        Modality(document["modality"]),
        ContrastPhase(document["phase"]),
        document["description"],
        document["scan_date"],
        document["series_uid"],
        document["nominal_thickness_mm"],
        provenance_from_json(document["provenance"]),
        dict(document["facts"]),
    )


def layer_to_json(layer: LabelLayer, blobs: BlobFolder) -> tuple[Document, Blob]:
    """Write the voxels of a label layer as a blob and return all else that is known of it."""
    blob = blobs.put_voxels(layer.voxels, layer.grid, encoding="gzip")
    document = {
        "name": layer.name.value,
        "blob": blob.name,
        "grid": layer.grid.to_json(),
        "voxels_sha256": layer.hash,
        "uncertainties": uncertainties_to_json(layer.uncertainties),
        "provenance": provenance_to_json(layer.provenance),
        "doubts": [doubt.to_json() for doubt in layer.doubts],
    }
    return document, blob


def layer_from_json(document: Document, blobs: BlobFolder) -> LabelLayer:
    """Read what :func:`layer_to_json` wrote."""
    grid = Grid.from_json(document["grid"])
    return LabelLayer(
        LayerName(document["name"]),
        grid,
        blobs.voxels(document["blob"], grid),  # type: ignore[arg-type]
        uncertainties_from_json(document["uncertainties"]),
        provenance_from_json(document["provenance"]),
        document["voxels_sha256"],
        tuple(LabelDoubt.from_json(entry) for entry in document["doubts"]),
    )


def uncertainties_to_json(uncertainties: Any) -> Document:
    """Plain values of the boundary uncertainties by structure."""
    return {structure_id: uncertainty.to_json() for structure_id, uncertainty in uncertainties.items()}


def uncertainties_from_json(document: Document) -> dict[str, BoundaryUncertainty]:
    """Read what :func:`uncertainties_to_json` wrote."""
    return {structure_id: BoundaryUncertainty.from_json(entry) for structure_id, entry in document.items()}


def provenance_to_json(provenance: Provenance | None) -> Document | None:
    """Plain values of a provenance, or None."""
    return None if provenance is None else provenance.to_json()


def provenance_from_json(document: Document | None) -> Provenance | None:
    """Read what :func:`provenance_to_json` wrote."""
    return None if document is None else Provenance.from_json(document)
