"""Group of difficulty of laparoscopic resections, and silence where the table has no row."""

import pytest

from simulation.difficulty import difficulty_figures, difficulty_warnings
from simulation.formulas.difficulty import imm_group
from twin.patient import FactOrigin, PatientFacts
from twin.plan import Plan
from twin.resection import parse_cut

LAPAROSCOPIC = PatientFacts().with_fact("approach", "minimally-invasive", FactOrigin.ENTERED, "2026-01-01")
OPEN = PatientFacts().with_fact("approach", "open", FactOrigin.ENTERED, "2026-01-01")


def group(*cuts, facts=LAPAROSCOPIC, code="", drawn="", stages=()):
    plan = Plan("A", tuple(parse_cut(cut) for cut in cuts), stages=stages)
    figures = difficulty_figures(plan, facts, intended_code=code, drawn_code=drawn)
    return figures["difficulty"]["imm"] if figures else None


@pytest.mark.parametrize(
    ("code", "expected"),
    [("H23", 1), ("H234", 2), ("H6", 2), ("H7", 3), ("H67", 3), ("H5678", 3), ("H458", 3), ("H4", None), ("H58", None)],
)
def test_that_kinds_of_resection_have_their_group(code, expected):
    found = imm_group(code)
    assert (None if found is None else found.value) == expected


def test_that_wedges_alone_are_easy_and_beside_segments_have_no_row():
    assert group("wedge:lesion-1:5", "wedge:lesion-2:5").value == 1
    assert group("H5678", code="H5678").value == 3
    mixed = group("H5678", "wedge:lesion-1:5", code="H5678")
    assert mixed.value is None
    warnings = difficulty_warnings(LAPAROSCOPIC, {"difficulty": {"imm": mixed}})
    assert [warning.message_id for warning in warnings] == ["warning.difficulty.no_row"]


def test_that_a_plane_goes_by_the_segments_that_it_takes_whole():
    assert group("plane:0,0,0:1,0,0", drawn="H5678").value == 3
    assert group("plane:0,0,0:1,0,0", drawn="H4'5678").value is None


def test_that_an_open_operation_has_none_and_an_unknown_approach_names_itself():
    assert group("H5678", facts=OPEN, code="H5678") is None
    assert group("H5678", facts=PatientFacts(), code="H5678").needs == ("approach",)
    assert difficulty_warnings(OPEN, {}) == ()


@pytest.mark.parametrize(
    "cuts", [("ablation:lesion-1:5",), ("territory:portal.right",), ("H5678", "ablation:lesion-1:5")]
)
def test_that_what_the_table_does_not_know_has_no_group(cuts):
    assert group(*cuts).value is None
    assert group("wedge:lesion-1:5", "H5678", code="H5678", stages=(1, 2)).value is None
