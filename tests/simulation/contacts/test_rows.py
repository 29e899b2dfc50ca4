"""Rows for lesions of the pancreas, and distances to landmarks, on a few shapes."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.contacts import ScanState, contacts_of, lesion_distances, suggested_rows, with_contacts
from simulation.formulas.nccn import NEEDED_VESSELS
from twin.anatomy import LayerName, structure
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.outcome import Outcome
from twin.patient import FactOrigin, PatientFacts
from twin.twin import Twin
from twin.uncertainty import BoundaryUncertainty, LabelOrigin
from twin.vessel_graph import VesselBranch, VesselGraph
from twin.volume import ContrastPhase

GRID = Grid.from_spacing((60, 60, 40), (1.0, 1.0, 1.0))
KJI = np.indices(GRID.shape_kji)
FRESH = ScanState(ContrastPhase.PORTAL, 5)


def facts(**words: str) -> PatientFacts:
    found = PatientFacts()
    for name, word in {"neoadjuvant": "no", "metastasis": "no", **words}.items():
        found = found.with_fact(name, word, FactOrigin.ENTERED, "2026-01-02")
    return found


def gland_twin(*, origin: LabelOrigin = LabelOrigin.TRUTH, in_pancreas: bool = True) -> Twin:
    """Return a ball of tumour that wraps part of the superior mesenteric vein, the other vessels far off."""
    k, j, i = KJI
    vessels = np.zeros(GRID.shape_kji, np.uint8)
    for n, name in enumerate(NEEDED_VESSELS):
        if name != "superior_mesenteric_vein":
            vessels[np.hypot(i - 50, j - (8 + 11 * n)) <= 3] = structure(name).value
    vein = np.hypot(i - 22, j - 30) <= 4
    vessels[vein] = structure("superior_mesenteric_vein").value
    lesions = ((i - 13) ** 2 + (j - 30) ** 2 + (k - 20) ** 2 <= 64) & ~vein
    organ = ((i - 13) ** 2 + (j - 30) ** 2 + (k - 20) ** 2 <= 140) & ~vein
    organs = organ * np.uint8(structure("pancreas" if in_pancreas else "liver").value)
    names = (*NEEDED_VESSELS,)
    uncertainty = BoundaryUncertainty.of_origin(origin)
    exact = BoundaryUncertainty.of_origin(LabelOrigin.TRUTH)
    return Twin(
        GRID,
        {
            LayerName.ORGANS: LabelLayer(LayerName.ORGANS, GRID, organs.astype(np.uint8)),
            LayerName.VESSELS: LabelLayer(LayerName.VESSELS, GRID, vessels, dict.fromkeys(names, uncertainty)),
            LayerName.LESIONS: LabelLayer(LayerName.LESIONS, GRID, lesions.astype(np.uint8), {"lesion-1": exact}),
        },
    )


def test_that_a_lesion_of_the_pancreas_gets_a_row_from_its_contacts() -> None:
    twin = gland_twin()
    (contact,) = contacts_of(twin)
    (row,) = suggested_rows(twin, (contact,), facts(), FRESH)
    assert contact.vessel == "superior_mesenteric_vein"
    assert 20.0 < contact.angle_axial_deg.value < 180.0  # type: ignore[operator]
    assert row.row == "resectable"
    assert row.inputs["superior_mesenteric_vein"] == contact.angle_axial_deg.value
    assert row.inputs["celiac_trunk"] == 0.0
    assert "contacts.remark.vein_contour" in {note.message_id for note in row.remarks}


def test_that_a_lesion_of_the_liver_gets_no_row_at_all() -> None:
    twin = gland_twin(in_pancreas=False)
    assert suggested_rows(twin, contacts_of(twin), facts(), FRESH) == ()


def test_that_vessels_that_only_the_program_labelled_forbid_a_row() -> None:
    twin = gland_twin(origin=LabelOrigin.AUTOMATIC)
    (row,) = suggested_rows(twin, (), facts(), FRESH)
    assert row.row is None
    assert "contacts.no_row.not_named" in {note.message_id for note in row.why_not}


def test_that_missing_facts_forbid_a_row_and_are_named() -> None:
    (row,) = suggested_rows(gland_twin(), (), PatientFacts(), ScanState())
    assert {note.message_id.rpartition(".")[2] for note in row.why_not} == {
        "neoadjuvant_unknown", "metastasis", "phase", "scan_undated",
    }  # fmt: skip


def test_that_an_outcome_takes_contacts_that_were_measured_before() -> None:
    twin = gland_twin()
    known = contacts_of(twin)
    outcome = with_contacts(Outcome("A", "a", "b", "c", None), twin, facts(), contacts=known, scan=FRESH)
    assert outcome.contacts is known
    assert outcome.suggested_rows[0].row == "resectable"


def test_that_distances_to_walls_and_landmarks_are_those_of_the_shapes() -> None:
    twin = gland_twin()
    nodes = np.array([[13.0, 30.0, 38.0], [13.0, 30.0, 34.0], [5.0, 30.0, 34.0], [20.0, 30.0, 34.0]])
    branches = (
        VesselBranch(1, "portal", None),
        VesselBranch(2, "portal.right", 1),
        VesselBranch(3, "portal.left", 1),
    )
    portal = VesselGraph(
        "portal", nodes, np.full(4, 2.0), np.array([-1, 0, 1, 1], np.int32), np.array([1, 1, 2, 3], np.int32), branches
    )
    vein = VesselGraph(
        "hepatic",
        nodes,
        np.full(4, 2.0),
        np.array([-1, 0, 1, 2], np.int32),
        np.ones(4, np.int32),
        (VesselBranch(1, "hepatic.right", None),),
    )
    found = {d.target: d for d in lesion_distances(Twin(GRID, twin.layers, graphs={"portal": portal, "hepatic": vein}))}
    assert found["bifurcation.portal"].distance_mm.value == pytest.approx(14.0 - 8.0, abs=0.6)
    assert found["root.hepatic.right"].distance_mm.value == pytest.approx(18.0 - 8.0, abs=0.6)
    assert "root.hepatic.left" not in found
    assert found["superior_mesenteric_vein"].distance_mm.value == pytest.approx(0.0, abs=0.6)
    celiac = found["celiac_trunk"].distance_mm
    assert celiac.value == pytest.approx(np.hypot(50.0 - 13.0, 30.0 - 8.0) - 8.0 - 3.0, abs=0.8)
    assert celiac.low < celiac.value < celiac.high  # type: ignore[operator]


def test_that_a_twin_without_names_has_no_landmarks() -> None:
    assert all("." not in found.target for found in lesion_distances(gland_twin()))


def test_that_vessels_of_the_program_count_as_named_once_a_person_confirmed_them() -> None:
    twin = gland_twin(origin=LabelOrigin.AUTOMATIC)
    (row,) = suggested_rows(twin, (), facts(), FRESH, confirmed=NEEDED_VESSELS)
    assert row.row == "resectable"
    (doubted,) = suggested_rows(twin, (), facts(), FRESH, confirmed=NEEDED_VESSELS[1:])
    assert doubted.row is None
