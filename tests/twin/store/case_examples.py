"""Small cases, edits of every kind, and what it means that two cases are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.checklist import ChecklistAnswer, Judgement, Sight
from twin.edit import (
    ApprovalEdit,
    ChecklistEdit,
    ConfirmationEdit,
    Edit,
    FactsEdit,
    GroupEdit,
    IdentityEdit,
    LayersEdit,
    OutcomeEdit,
    PlanEdit,
    PlanningVolumeEdit,
    RegistrationsEdit,
    ScanLayersEdit,
    VolumesEdit,
    VoxelEdit,
)
from twin.figure import Figure
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.outcome import Contact, CrossedVessel, Outcome, OutcomeWarning
from twin.patient import FactOrigin, PatientFacts, PatientIdentity
from twin.plan import Plan
from twin.provenance import Provenance
from twin.registration import Registration
from twin.resection import Resection, parse_cut
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.volume import ContrastPhase, Modality, Quantity, Volume

SIZE_IJK = (7, 6, 5)
GRID = Grid.from_spacing(
    SIZE_IJK,
    (0.7, 0.8, 2.5),
    origin_lps_mm=(-120.25, 33.3, 1500.0),
    direction=[[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]],
    frame_of_reference_uid="1.2.3.4",
)
PROVENANCE = Provenance("example", "1", {"threshold": 0.5}, {"volume": "abc"}, "2026-01-02T03:04:05+00:00")
MOMENT = "2026-01-02T03:04:05+00:00"
PRIMARY = tuple(name for name in LayerName if not name.is_derived)
# A value that stands for a structure, by layer.
VALUES = {
    LayerName.ORGANS: (1, 2, 11),
    LayerName.VESSELS: (3, 4, 5),
    LayerName.LESIONS: (1, 2, 7),
    LayerName.DUCTS: (10,),
    LayerName.CONTEXT: (15, 16),
}


def volume(number: int, *, dtype: type[np.generic] = np.int16) -> Volume:
    voxels = np.random.default_rng(number).integers(-1000, 1000, GRID.shape_kji).astype(dtype)
    return Volume(
        f"volume-{number}",
        GRID,
        voxels,
        Quantity.HOUNSFIELD,
        Modality.CT,
        ContrastPhase.PORTAL,
        "abdomen, portal phase é",
        "20260102",
        "1.2.3",
        2.5,
        PROVENANCE,
        {"kernel": "B30f"},
    )


def layer(name: LayerName, seed: int, *, dtype: type[np.generic] = np.uint8) -> LabelLayer:
    values = np.array((0, *VALUES.get(name, (1,))), dtype)
    voxels = np.random.default_rng(seed).choice(values, GRID.shape_kji)
    uncertainty = BoundaryUncertainty.of_origin(LabelOrigin.AUTOMATIC)
    return LabelLayer(name, GRID, voxels, {"liver": uncertainty}, PROVENANCE)  # type: ignore[arg-type]


def facts(weight_kg: float) -> PatientFacts:
    known = PatientFacts().with_fact("sex", "f", FactOrigin.DICOM, "2026-01-02")
    return known.with_fact("weight_kg", weight_kg, FactOrigin.ENTERED, "2026-01-02")


def outcome_of(case: Case, plan_name: str, value: float = 1.0) -> Outcome:
    """Made-up figures that belong to the case as it is."""
    figure = Figure(value, value - 1, value + 1, "ml", source="example")
    return Outcome(
        plan_name,
        case.plan(plan_name).hash,
        case.labels_hash,
        case.facts_hash,
        {"flr_ml": figure, "sflr_percent": {"vauthey": Figure.unknown("%", needs=("weight_kg",))}},
        {"remnant_ml": figure},
        {"4a": {"resected_ml": figure}},
        ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0)),
        (CrossedVessel(1, "portal", "portal.right", 7.5, (1.0, 2.0, 3.0)),),
        (Contact("portal_vein", figure, figure, figure),),
        (OutcomeWarning("warning.example", {"slices": [1, 2]}),),
    )


def stroke(case: Case, name: LayerName, box: Box, value: int) -> VoxelEdit | None:
    """Fill a box of a layer with a value."""
    dtype = case.layer(name).voxels.dtype
    return VoxelEdit.between(case, name, box, np.full(box.shape_kji, value, dtype), provenance=PROVENANCE)


def full_edits(case: Case) -> list[Edit]:
    """Edits that bring an empty case to one that holds something of every kind."""
    done: list[Edit] = []

    def do(edit: Edit) -> None:
        nonlocal case
        done.append(edit)
        case = edit.apply(case)

    identity = PatientIdentity("4711", "PHANTOM^TwinSight", "19600131", "f", ("typed by hand",))
    imported = VolumesEdit.adding(volume(1), volume(2, dtype=np.uint16), volume(3, dtype=np.float32))
    do(GroupEdit("edit.import", (imported, IdentityEdit(identity), FactsEdit(facts(70)))))
    do(PlanningVolumeEdit("volume-2"))
    registered = Registration("volume-1", "volume-2", np.eye(4), "rigid", Figure(1.0, 0.5, 2.0, "mm"), PROVENANCE, "A")
    do(RegistrationsEdit((registered,)))
    layers = {name: layer(name, seed) for seed, name in enumerate(PRIMARY)}
    derived = {LayerName.PORTAL_BRANCH: layer(LayerName.PORTAL_BRANCH, 99, dtype=np.uint16)}
    do(LayersEdit({**layers, **derived}, {"pancreas": "reason.not_seen", "hepatic_artery": "reason.not_seen"}))
    painted = stroke(case, LayerName.ORGANS, Box((0, 0, 0), (2, 2, 2)), 11)
    assert painted is not None
    do(painted)
    do(ScanLayersEdit("volume-1", {LayerName.ORGANS: layer(LayerName.ORGANS, 7)}))
    seen = ChecklistAnswer("portal_type", Judgement.CONFIRMED, Sight.SEEN, "Dr A", "account", MOMENT)
    unneeded = ChecklistAnswer("bile_ducts", Judgement.NOT_APPLICABLE, None, "Dr A", "account", MOMENT, "no cut near")
    do(ChecklistEdit(seen.item_id, seen))
    do(ChecklistEdit(unneeded.item_id, unneeded))
    do(PlanEdit("A", Plan("A", (parse_cut("plane:0.1,0.2,0.3:1,2,3"), parse_cut("wedge:lesion-1:10.123456789")))))
    do(PlanEdit("B", Plan("B", _every_cut())))
    do(ConfirmationEdit.declaring(case, "liver", "Dr Example"))
    do(OutcomeEdit(outcome_of(case, "A")))
    do(OutcomeEdit(outcome_of(case, "B")))
    do(ApprovalEdit.declaring(case, "A", "Dr Example", ("liver",)))
    return done


def _every_cut() -> tuple[Resection, ...]:
    texts = ("ablation:lesion-2:5", "territory:portal.right,hepatic.middle", "H5678", "donor:left-lateral")
    pancreas = ("pancreas:whipple@0.3", "pancreas:distal@0.6:spleen=keep", "pancreas:enucleation:lesion-1")
    beside = ("donor:right-mhv", "embolised:portal.right", "absent:H23", "reconstructed:hepatic.middle,portal.left")
    return tuple(parse_cut(text) for text in (*texts, *pancreas, *beside))


def full_case() -> Case:
    case = Case("full")
    for edit in full_edits(case):
        case = edit.apply(case)
    return case


def content(case: Case, *, with_revisions: bool = True) -> dict[str, Any]:
    """All that a case holds as plain values, voxels as bytes: equal for equal cases."""
    return {
        "id": case.id,
        "identity": case.identity,
        "facts": case.facts,
        "volumes": {name: _volume_content(v) for name, v in case.volumes.items()},
        "planning_volume_id": case.planning_volume_id,
        "layers": {name: _layer_content(entry) for name, entry in case.layers.items()},
        "registrations": [json.dumps(r.to_json()) for r in case.registrations],
        "confirmations": dict(case.confirmations),
        "plans": dict(case.plans),
        "outcomes": {name: json.dumps(o.to_json()) for name, o in case.outcomes.items()},
        "not_found": dict(case.not_found),
        "scan_layers": {
            (volume_id, name): _layer_content(entry)
            for volume_id, layers in case.scan_layers.items()
            for name, entry in layers.items()
        },
        "checklist_answers": dict(case.checklist_answers),
        **({"revisions": dict(case.revisions)} if with_revisions else {}),
    }


def _volume_content(entry: Volume) -> tuple[object, ...]:
    known = {k: v for k, v in vars(entry).items() if k not in ("voxels", "grid")}
    return (json.dumps(entry.grid.to_json()), entry.voxels.dtype.str, entry.voxels.tobytes(), str(known))


def _layer_content(entry: LabelLayer) -> tuple[object, ...]:
    known = (entry.name, dict(entry.uncertainties), entry.provenance)
    return (json.dumps(entry.grid.to_json()), entry.voxels.dtype.str, entry.voxels.tobytes(), known)


def folder_files(path: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {str(p.relative_to(path)): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}
