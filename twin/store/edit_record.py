"""Edits as bytes for the journal: a JSON document, then the compressed voxels of boxes.

Scans and whole layers are not written into the journal: each goes into a blob first, flushed to the disk, and the
record names it (docs/decisions/0012). What a job was made from is not written: it was checked before.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from typing import Any

from twin.anatomy import LayerName
from twin.box import Box
from twin.checklist import ChecklistAnswer
from twin.edit import (
    ApprovalEdit,
    BoxState,
    BranchNamesEdit,
    ChecklistEdit,
    ConfirmationEdit,
    Edit,
    FactsEdit,
    GroupEdit,
    IdentityEdit,
    LayersEdit,
    OutcomeEdit,
    PackedArray,
    Packing,
    PlanEdit,
    PlanningVolumeEdit,
    RegistrationsEdit,
    ResultsEdit,
    ScanLayersEdit,
    SegmentBarriersEdit,
    VolumesEdit,
    VoxelEdit,
)
from twin.naming.branch_name import BranchName
from twin.outcome import Outcome
from twin.patient import PatientFacts, PatientIdentity
from twin.plan import Approval, Confirmation, Plan
from twin.registration import Registration
from twin.store.blobs import BlobFolder
from twin.store.case_record import (
    layer_from_json,
    layer_to_json,
    provenance_from_json,
    provenance_to_json,
    uncertainties_from_json,
    uncertainties_to_json,
    volume_from_json,
    volume_to_json,
)
from twin.store.migration import migrated_edit

__all__ = ["blob_names", "edit_from_bytes", "edit_to_bytes"]

Document = dict[str, Any]

_LENGTH = struct.Struct("<I")


def edit_to_bytes(edit: Edit, blobs: BlobFolder) -> bytes:
    """Write an edit; scans and layers go into blobs.

    Raises
    ------
    CaseFileError
        When a blob cannot be written.
    TypeError
        When the kind of edit is not known here: a new kind needs its record.
    """
    writer = _Writer(blobs)
    document = json.dumps(writer.document(edit), ensure_ascii=False, allow_nan=False).encode("utf-8")
    return b"".join([_LENGTH.pack(len(document)), document, *writer.attachments])


def edit_from_bytes(payload: bytes, blobs: BlobFolder, schema: int) -> Edit:
    """Read what :func:`edit_to_bytes` wrote under ``schema``.

    Raises
    ------
    CaseFileError
        When a blob it names is missing or damaged.
    """
    document, end = _document(payload)
    return _Reader(blobs, memoryview(payload)[end:]).edit(migrated_edit(document, schema))


def blob_names(payload: bytes) -> set[str]:
    """Return the names of the blobs that a record needs."""
    found: set[str] = set()

    def search(value: object) -> None:
        if isinstance(value, dict):
            name = value.get("blob")
            found.update([name] if isinstance(name, str) else [])
            value = list(value.values())
        if isinstance(value, list):
            for part in value:
                search(part)

    search(_document(payload)[0])
    return found


def _document(payload: bytes) -> tuple[Document, int]:
    (length,) = _LENGTH.unpack_from(payload)
    end = _LENGTH.size + length
    return json.loads(payload[_LENGTH.size : end]), end


class _Writer:
    """Turns edits into documents; compressed voxels are attached behind them."""

    def __init__(self, blobs: BlobFolder) -> None:
        self.blobs = blobs
        self.attachments: list[bytes] = []
        self._n_bytes = 0

    def document(self, edit: Edit) -> Document:
        """Return the document of an edit: its kind, its label and what it sets."""
        kind, content = self._content(edit)
        return {"kind": kind, "label": edit.label, **content}

    def _content(self, edit: Edit) -> tuple[str, Document]:
        match edit:
            case GroupEdit():
                return "group", {"edits": [self.document(part) for part in edit.edits]}
            case VoxelEdit():
                return "voxels", self._voxels(edit)
            case LayersEdit():
                return "layers", self._layers(edit)
            case VolumesEdit():
                volumes = {
                    name: None if volume is None else volume_to_json(volume, self.blobs)[0]
                    for name, volume in edit.volumes.items()
                }
                return "volumes", {"volumes": volumes, "planning_volume_id": edit.planning_volume_id}
            case PlanningVolumeEdit():
                return "planning_volume", {"volume_id": edit.volume_id}
            case RegistrationsEdit():
                return "registrations", {"registrations": [r.to_json() for r in edit.registrations]}
            case IdentityEdit():
                return "identity", {"identity": edit.identity.to_json()}
            case FactsEdit():
                return "facts", {"facts": edit.facts.to_json()}
            case ConfirmationEdit():
                confirmation = None if edit.confirmation is None else asdict(edit.confirmation)
                return "confirmation", {"structure_id": edit.structure_id, "confirmation": confirmation}
            case BranchNamesEdit():
                return "branch_names", {"names": [name.to_json() for name in edit.names]}
            case SegmentBarriersEdit():
                return "segment_barriers", {"barriers": list(edit.barriers)}
            case ScanLayersEdit():
                documents = [layer_to_json(layer, self.blobs)[0] for layer in edit.layers.values()]
                return "scan_layers", {"volume_id": edit.volume_id, "layers": documents}
            case ChecklistEdit():
                answer = None if edit.answer is None else edit.answer.to_json()
                return "checklist", {"item_id": edit.item_id, "answer": answer}
            case PlanEdit():
                return "plan", {"name": edit.name, "plan": None if edit.plan is None else edit.plan.to_json()}
            case OutcomeEdit():
                return "outcome", {"outcome": edit.outcome.to_json()}
            case ApprovalEdit():
                approval = None if edit.approval is None else asdict(edit.approval)
                return "approval", {"plan_name": edit.plan_name, "approval": approval}
            case ResultsEdit():
                plans = [plan.to_json() for plan in edit.plans.values()]
                outcomes = [outcome.to_json() for outcome in edit.outcomes.values()]
                return "results", {"plans": plans, "outcomes": outcomes}
            case _:
                raise TypeError(f"no record for edits of type {type(edit).__name__}")

    def _layers(self, edit: LayersEdit) -> Document:
        layers = {
            name.value: None if layer is None else layer_to_json(layer, self.blobs)[0]
            for name, layer in edit.unpacked().items()
        }
        return {"layers": layers, "not_found": dict(edit.not_found)}

    def _voxels(self, edit: VoxelEdit) -> Document:
        return {
            "layer": edit.layer.value,
            "start_kji": edit.box.start_kji,
            "stop_kji": edit.box.stop_kji,
            "revision": edit.revision,
            "before": self._state(edit.before),
            "after": self._state(edit.after),
        }

    def _state(self, state: BoxState) -> Document:
        begin = self._n_bytes
        self.attachments.append(state.voxels.data)
        self._n_bytes += state.voxels.n_bytes
        return {
            "dtype": state.voxels.dtype,
            "shape_kji": state.voxels.shape_kji,
            "packing": state.voxels.packing.value,
            "bytes": [begin, self._n_bytes],
            "layer_exists": state.layer_exists,
            "uncertainties": uncertainties_to_json(state.uncertainties),
            "provenance": provenance_to_json(state.provenance),
        }


class _Reader:
    """Turns documents back into edits."""

    def __init__(self, blobs: BlobFolder, attachments: memoryview) -> None:
        self.blobs = blobs
        self.attachments = attachments

    def edit(self, document: Document) -> Edit:
        """Return the edit of a document."""
        d, label = document, document["label"]
        match d["kind"]:
            case "group":
                return GroupEdit(label, tuple(self.edit(part) for part in d["edits"]))
            case "voxels":
                return self._voxels(d)
            case "layers":
                layers = {
                    LayerName(name): None if entry is None else layer_from_json(entry, self.blobs)
                    for name, entry in d["layers"].items()
                }
                return LayersEdit(layers, d["not_found"], None, label)
            case "volumes":
                volumes = {
                    name: None if entry is None else volume_from_json(entry, self.blobs)
                    for name, entry in d["volumes"].items()
                }
                return VolumesEdit(volumes, d["planning_volume_id"], label)
            case "planning_volume":
                return PlanningVolumeEdit(d["volume_id"], label)
            case "registrations":
                return RegistrationsEdit(tuple(Registration.from_json(r) for r in d["registrations"]), label)
            case "identity":
                return IdentityEdit(PatientIdentity.from_json(d["identity"]), label)
            case "facts":
                return FactsEdit(PatientFacts.from_json(d["facts"]), label)
            case "confirmation":
                entry = d["confirmation"]
                return ConfirmationEdit(d["structure_id"], None if entry is None else Confirmation(**entry), label)
            case "branch_names":
                return BranchNamesEdit(tuple(BranchName.from_json(entry) for entry in d["names"]), label)
            case "segment_barriers":
                return SegmentBarriersEdit(tuple(str(vein) for vein in d["barriers"]), label)
            case "scan_layers":
                found = [layer_from_json(entry, self.blobs) for entry in d["layers"]]
                return ScanLayersEdit(d["volume_id"], {layer.name: layer for layer in found}, label)
            case "checklist":
                entry = d["answer"]
                return ChecklistEdit(d["item_id"], None if entry is None else ChecklistAnswer.from_json(entry), label)
            case "plan":
                return PlanEdit(d["name"], None if d["plan"] is None else Plan.from_json(d["plan"]), label)
            case "outcome":
                return OutcomeEdit(Outcome.from_json(d["outcome"]), label)
            case "approval":
                entry = d["approval"]
                return ApprovalEdit(d["plan_name"], None if entry is None else Approval(**entry), label)
            case "results":
                plans = [Plan.from_json(entry) for entry in d["plans"]]
                outcomes = [Outcome.from_json(entry) for entry in d["outcomes"]]
                return ResultsEdit({p.name: p for p in plans}, {o.plan_name: o for o in outcomes}, label)
            case kind:
                raise ValueError(f"no edit of kind {kind}")

    def _voxels(self, d: Document) -> VoxelEdit:
        box = Box(tuple(d["start_kji"]), tuple(d["stop_kji"]))
        before, after = self._state(d["before"]), self._state(d["after"])
        return VoxelEdit(LayerName(d["layer"]), box, before, after, d["revision"], d["label"])

    def _state(self, d: Document) -> BoxState:
        begin, end = d["bytes"]
        packing = Packing(d.get("packing", Packing.VOXELS))
        packed = PackedArray(d["dtype"], tuple(d["shape_kji"]), bytes(self.attachments[begin:end]), packing)
        uncertainties = uncertainties_from_json(d["uncertainties"])
        return BoxState(packed, d["layer_exists"], uncertainties, provenance_from_json(d["provenance"]))
