"""The resectability row: the table read literally, refused where its conditions are not met."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulation.formulas.nccn import NEEDED_VESSELS, GlandPart, NccnConditions, VesselContact, suggested_row
from twin.contact import SuggestedRow
from twin.figure import Figure

MET = NccnConditions("no", "no", "portal", 1.5, 10)
HEAD, BODY = GlandPart.HEAD, GlandPart.BODY_TAIL


def angle(value: float, half_width: float = 5.0) -> Figure:
    low, high = (0.0, 0.0) if value == 0.0 else (max(value - half_width, 0.0), min(value + half_width, 360.0))
    return Figure(value, low, high, "deg")


def row_of(
    part: GlandPart | None = HEAD, conditions: NccnConditions = MET, half_width: float = 5.0, **angles_deg: float
) -> SuggestedRow:
    contacts = {vessel: VesselContact(angle(0.0), angle(0.0)) for vessel in (*NEEDED_VESSELS, "aorta")}
    for vessel, value in angles_deg.items():
        contacts[vessel] = VesselContact(angle(value, half_width), angle(value, half_width))
    return suggested_row("lesion-1", contacts, conditions, part=part)


@pytest.mark.parametrize(
    ("part", "angles_deg", "row"),
    [
        (HEAD, {}, "resectable"),
        (BODY, {}, "resectable"),
        (HEAD, {"portal_vein": 170.0}, "resectable"),
        (HEAD, {"superior_mesenteric_vein": 200.0}, "borderline"),
        (HEAD, {"inferior_vena_cava": 20.0}, "borderline"),
        (HEAD, {"superior_mesenteric_artery": 90.0}, "borderline"),
        (HEAD, {"common_hepatic_artery": 40.0}, "borderline"),
        (BODY, {"celiac_trunk": 120.0}, "borderline"),
        (HEAD, {"superior_mesenteric_artery": 200.0}, "locally_advanced"),
        (BODY, {"celiac_trunk": 190.0}, "locally_advanced"),
        (BODY, {"celiac_trunk": 20.0, "aorta": 30.0}, "locally_advanced"),
        (HEAD, {"celiac_trunk": 20.0}, "not_classified"),
        (HEAD, {"aorta": 30.0}, "not_classified"),
        (BODY, {"superior_mesenteric_artery": 60.0}, "not_classified"),
        (HEAD, {"aorta": 30.0, "superior_mesenteric_artery": 250.0}, "locally_advanced"),
    ],
)
def test_that_the_table_is_read_as_it_is_printed(part: GlandPart, angles_deg: dict[str, float], row: str) -> None:
    assert row_of(part, **angles_deg).row == row


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"neoadjuvant": "yes"}, "neoadjuvant"),
        ({"neoadjuvant": None}, "neoadjuvant_unknown"),
        ({"metastasis": None}, "metastasis"),
        ({"metastasis": "yes"}, "metastasis"),
        ({"phase": "unenhanced"}, "phase"),
        ({"phase": "unknown"}, "phase"),
        ({"slice_mm": 3.5}, "thick_slices"),
        ({"age_days": 29}, "scan_old"),
        ({"age_days": None}, "scan_undated"),
        ({"biliary_stent": "yes"}, "stent"),
        ({"is_stent_possible": True}, "stent_possible"),
    ],
)
def test_that_no_row_is_suggested_where_a_condition_is_not_met(changed: dict[str, object], reason: str) -> None:
    found = row_of(conditions=replace(MET, **changed))  # type: ignore[arg-type]
    assert found.row is None
    assert [note.message_id for note in found.why_not] == [f"contacts.no_row.{reason}"]


def test_that_a_stent_denied_by_a_person_outweighs_a_doubt() -> None:
    assert row_of(conditions=replace(MET, is_stent_possible=True, biliary_stent="no")).row == "resectable"


def test_that_an_unlabelled_and_an_unnamed_vessel_forbid_a_row() -> None:
    contacts = {vessel: VesselContact(angle(0.0), angle(0.0)) for vessel in NEEDED_VESSELS[1:]}
    contacts["portal_vein"] = VesselContact(angle(0.0), angle(0.0), is_named=False)
    found = suggested_row("lesion-1", contacts, MET, part=HEAD)
    assert found.row is None
    assert {note.message_id: note.parameters["structure"] for note in found.why_not} == {
        "contacts.no_row.not_labelled": ("celiac_trunk",),
        "contacts.no_row.not_named": ("portal_vein",),
    }


def test_that_an_unknown_part_of_the_gland_gives_a_row_only_where_it_does_not_matter() -> None:
    assert row_of(None, portal_vein=200.0).row == "borderline"
    found = row_of(None, superior_mesenteric_artery=60.0)
    assert found.row is None
    assert found.why_not[0].message_id == "contacts.no_row.part_unknown"


def test_that_a_threshold_inside_the_interval_is_said() -> None:
    found = row_of(HEAD, half_width=15.0, superior_mesenteric_artery=175.0)
    assert found.row == "borderline"
    assert "contacts.remark.half_inside" in {note.message_id for note in found.remarks}


def test_that_the_axial_angle_makes_the_row_and_a_disagreement_is_said() -> None:
    contacts = {vessel: VesselContact(angle(0.0), angle(0.0)) for vessel in NEEDED_VESSELS}
    contacts["superior_mesenteric_artery"] = VesselContact(angle(121.0), angle(190.0))
    found = suggested_row("lesion-1", contacts, MET, part=HEAD)
    assert found.row == "borderline"
    assert found.inputs["superior_mesenteric_artery"] == 121.0
    remark = next(note for note in found.remarks if note.message_id == "contacts.remark.angles_disagree")
    assert remark.parameters["row"] == "contacts.row.locally_advanced"


def test_that_what_cannot_be_judged_of_a_vein_is_said() -> None:
    remarks = {note.message_id for note in row_of(HEAD, portal_vein=90.0).remarks}
    assert "contacts.remark.vein_contour" in remarks
    assert "contacts.remark.vein_repair" in {note.message_id for note in row_of(HEAD, portal_vein=270.0).remarks}


def test_that_a_suggested_row_comes_back_from_a_file() -> None:
    found = row_of(HEAD, half_width=15.0, superior_mesenteric_artery=175.0)
    assert SuggestedRow.from_json(found.to_json()) == found
