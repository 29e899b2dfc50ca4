"""The settled outcome of a plan, against answers that are known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from simulation.organ_model import OrganModel
from simulation.simulate import simulate
from simulation.volumetry import known_figures
from tests.simulation.shapes import EXACT, ball, block, grid_of, rotation, twin_of
from twin.anatomy import LayerName
from twin.errors import GeometryError, InputError, UsageError
from twin.figure import FigureStatus
from twin.outcome import Outcome
from twin.patient import FactOrigin, PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, parse_cut
from twin.vessel_graph import VesselGraph
from twin.wording import Wording

NOBODY = PatientFacts()


def facts(**known):
    person = NOBODY
    for name, value in known.items():
        person = person.with_fact(name, value, FactOrigin.ENTERED, "2026-01-01")
    return person


def plan(*cuts):
    return Plan("A", tuple(parse_cut(cut) for cut in cuts))


@pytest.fixture(scope="module")
def ball_with_lesion():
    grid = grid_of((80, 80, 80))
    return twin_of(grid, ball(grid, (0, 0, 0), 35), [ball(grid, (15, 0, 0), 8)], uncertainty=EXACT)


def test_that_the_volume_of_a_spherical_cap_agrees_with_its_formula(ball_with_lesion):
    radius, height = 35.0, 20.0
    outcome = simulate(plan(f"plane:{radius - height},0,0:1,0,0"), ball_with_lesion, NOBODY)
    cap_ml = np.pi * height**2 * (3 * radius - height) / 3 / 1000
    assert outcome.liver["resected_ml"].value == pytest.approx(cap_ml, rel=0.03)


@given(st.integers(0, 1000), st.floats(-25, 25))
@settings(max_examples=15)
def test_that_removed_and_remaining_voxels_are_those_of_brute_force_on_an_oblique_grid(seed, offset):
    direction = rotation(seed)
    grid = grid_of((41, 37, 23), (1.3, 1.1, 2.9), direction=direction)
    liver = ball(grid, (0, 0, 0), 28)
    normal = np.random.default_rng(seed).normal(size=3)
    cut = PlaneCut(tuple(offset * normal / np.linalg.norm(normal)), tuple(normal))
    outcome = simulate(Plan("A", (cut,)), twin_of(grid, liver), NOBODY)
    k, j, i = np.nonzero(liver)
    height = (grid.lps_from_ijk(np.stack([i, j, k], axis=1)) - cut.origin_lps_mm) @ np.asarray(cut.normal_lps)
    # Only voxels on the plane itself, where rounding decides, may be counted on either side.
    at_least, at_most = np.count_nonzero(height > 1e-9), np.count_nonzero(height > -1e-9)
    assert at_least <= round(outcome.liver["resected_ml"].value / grid.voxel_volume_ml) <= at_most


def test_that_removed_and_remaining_add_up_to_the_whole_organ_to_the_voxel(ball_with_lesion):
    for cuts in (["plane:3,0,0:1,0.2,0"], ["wedge:lesion-1:7"], ["plane:0,0,20:0,0,1", "wedge:lesion-1:5"]):
        liver = simulate(plan(*cuts), ball_with_lesion, NOBODY).liver
        voxel_ml = ball_with_lesion.grid.voxel_volume_ml
        n_voxels = [round(liver[key].value / voxel_ml) for key in ("resected_ml", "remnant_ml", "total_ml")]
        assert n_voxels[0] + n_voxels[1] == n_voxels[2] == np.count_nonzero(ball_with_lesion.mask("liver"))


def test_that_lesions_are_left_out_of_both_volumes_of_the_flr():
    """A liver of 1800 ml with a tumour of 300 ml in the removed part, and 500 ml that stay."""
    grid = grid_of((24, 10, 10), (10, 10, 10))
    liver = np.zeros(grid.shape_kji, np.bool_)
    liver[:, :, 2:20] = True
    tumour = np.zeros_like(liver)
    tumour[:, :, 15:18] = True
    twin = twin_of(grid, liver, [tumour], uncertainty=EXACT, lesion_uncertainty=EXACT)
    at = grid.lps_from_ijk((6.5, 0, 0))[0]  # between two voxels: five of eighteen layers of 100 ml stay
    figures = simulate(plan(f"plane:{at},0,0:1,0,0"), twin, NOBODY).liver
    assert figures["total_ml"].value == pytest.approx(1800)
    assert figures["lesion_ml"].value == pytest.approx(300)
    assert figures["net_ml"].value == pytest.approx(1500)
    assert figures["flr_ml"].value == pytest.approx(500)
    assert figures["flr_percent"].value == pytest.approx(100 * 500 / 1500)


def test_that_a_wedge_is_all_organ_within_the_margin_of_the_lesion(ball_with_lesion):
    liver, lesion = ball_with_lesion.mask("liver"), ball_with_lesion.mask("lesion-1")
    outcome = simulate(plan("wedge:lesion-1:10"), ball_with_lesion, NOBODY)
    within = ndimage.distance_transform_edt(~lesion) <= 10
    expected_ml = np.count_nonzero(within & liver) * ball_with_lesion.grid.voxel_volume_ml
    assert outcome.liver["resected_ml"].value == pytest.approx(expected_ml)
    assert outcome.liver["margin_mm"].value == pytest.approx(10)


def test_that_an_ablation_destroys_what_a_wedge_removes_but_weighs_nothing_on_the_scales(ball_with_lesion):
    ablation = simulate(plan("ablation:lesion-1:6"), ball_with_lesion, NOBODY).liver
    wedge = simulate(plan("wedge:lesion-1:6"), ball_with_lesion, NOBODY).liver
    assert ablation["resected_ml"].value == wedge["resected_ml"].value == ablation["ablated_ml"].value
    assert ablation["specimen_weight_g"].value == 0
    assert wedge["specimen_weight_g"].value == pytest.approx(wedge["resected_ml"].value * 1.054 * 0.906)


def test_that_cuts_together_remove_their_union_once(ball_with_lesion):
    one = simulate(plan("plane:10,0,0:1,0,0"), ball_with_lesion, NOBODY).liver["resected_ml"].value
    twice = simulate(plan("plane:10,0,0:1,0,0", "plane:12,0,0:1,0,0"), ball_with_lesion, NOBODY).liver
    assert twice["resected_ml"].value == one


def test_that_missing_facts_are_named_and_nothing_is_assumed(ball_with_lesion):
    liver = simulate(plan("plane:0,0,0:1,0,0"), ball_with_lesion, facts(height_cm=170)).liver
    assert liver["flr_body_weight_percent"].status is FigureStatus.UNKNOWN
    assert liver["flr_body_weight_percent"].needs == ("weight_kg",)
    assert liver["sflr_percent"]["vauthey"].needs == ("weight_kg",)
    assert liver["functional_remnant_ml"].needs == ("portal_branch", "venous_branch")
    proposed = NOBODY.with_fact("weight_kg", 70, FactOrigin.DICOM, "2026-01-01")
    assert (
        simulate(plan("plane:0,0,0:1,0,0"), ball_with_lesion, proposed).liver["flr_body_weight_percent"].value is None
    )


def test_that_ratios_to_the_body_follow_the_formulas(ball_with_lesion):
    liver = simulate(plan("plane:0,0,0:1,0,0"), ball_with_lesion, facts(height_cm=170, weight_kg=70)).liver
    flr_ml = liver["flr_ml"].value
    assert liver["sflr_percent"]["urata"].value == pytest.approx(100 * flr_ml / 1286.4, rel=1e-4)
    assert liver["sflr_percent"]["vauthey"].value == pytest.approx(100 * flr_ml / 1509.7, rel=1e-4)
    assert liver["flr_body_weight_percent"].value == pytest.approx(flr_ml / 700)
    assert "Vauthey" in liver["sflr_percent"]["vauthey"].source


def test_that_there_is_no_standard_liver_volume_under_18(ball_with_lesion):
    child = facts(height_cm=150, weight_kg=45, birth_year=2010)
    outcome = simulate(plan("plane:0,0,0:1,0,0"), ball_with_lesion, child)
    assert outcome.liver["sflr_percent"]["urata"].value is None
    assert "warning.slv.under_age" in [warning.message_id for warning in outcome.warnings]


def test_that_an_organ_without_labelled_lesions_is_not_said_to_have_none():
    grid = grid_of((40, 40, 40), (2, 2, 2))
    outcome = simulate(plan("plane:0,0,0:1,0,0"), twin_of(grid, ball(grid, (0, 0, 0), 30)), NOBODY)
    assert "warning.lesion.none_labelled" in [w.message_id for w in outcome.warnings]
    lesions = outcome.liver["lesion_ml"]
    assert (lesions.status, lesions.value, lesions.low) == (FigureStatus.ASSUMED, 0.0, None)


def test_that_a_lesion_left_behind_or_cut_through_is_said(ball_with_lesion):
    behind = simulate(plan("plane:-20,0,0:-1,0,0"), ball_with_lesion, NOBODY)
    assert [w.message_id for w in behind.warnings] == ["warning.lesion.left_behind"]
    assert behind.liver["margin_mm"].value is None
    through = simulate(plan("plane:15,0,0:1,0,0"), ball_with_lesion, NOBODY)
    assert [w.message_id for w in through.warnings] == ["warning.lesion.cut_through"]
    assert through.liver["margin_mm"].value == 0


def test_that_loose_pieces_of_the_remnant_are_said():
    grid = grid_of((60, 30, 30))
    twin = twin_of(grid, block(grid, (25, 10, 10)))
    outcome = simulate(plan("plane:12,0,0:1,0,0"), twin, NOBODY)
    assert [w.message_id for w in outcome.warnings] == ["warning.lesion.none_labelled"]
    lesion = block(grid, (2, 10, 10))
    split = simulate(plan("wedge:lesion-1:3"), twin_of(grid, block(grid, (25, 10, 10)), [lesion]), NOBODY)
    assert [w.message_id for w in split.warnings] == ["warning.remnant.loose_pieces"]
    assert split.warnings[0].parameters["pieces"] == 1


def test_that_an_organ_in_pieces_is_said():
    grid = grid_of((60, 30, 30))
    twin = twin_of(grid, ball(grid, (-15, 0, 0), 9) | ball(grid, (15, 0, 0), 7))
    warnings = simulate(plan("plane:-15,0,0:-1,0,0"), twin, NOBODY).warnings
    assert [w.message_id for w in warnings] == ["warning.lesion.none_labelled", "warning.organ.disconnected"]


def test_that_a_margin_on_thick_slices_is_called_not_reliable():
    grid = grid_of((40, 40, 16), (1, 1, 4))
    twin = twin_of(grid, ball(grid, (0, 0, 0), 18), [ball(grid, (8, 0, 0), 6)])
    outcome = simulate(plan("plane:-2,0,0:1,0,0"), twin, NOBODY)
    assert "warning.margin.thick_slices" in [w.message_id for w in outcome.warnings]
    figure = outcome.liver["margin_mm"]
    assert figure.high - figure.value == pytest.approx(4)  # the slice is the widest of the three


@pytest.mark.parametrize(
    ("cut", "kind", "message_id"),
    [
        ("plane:99,0,0:1,0,0", GeometryError, "error.cut.misses_organ"),
        ("plane:99,0,0:-1,0,0", GeometryError, "error.cut.takes_whole_organ"),
        ("wedge:lesion-9:5", InputError, "error.plan.no_such_lesion"),
        ("wedge:lesion-2:5", GeometryError, "error.plan.lesion_outside_organ"),
        ("ablation:lesion-2:5", GeometryError, "error.plan.lesion_outside_organ"),
        ("H5678", GeometryError, "error.cut.needs_segments"),
        ("donor:right", GeometryError, "error.cut.needs_segments"),
        ("territory:portal.right", GeometryError, "error.cut.needs_branches"),
    ],
)
def test_that_a_cut_that_cannot_be_computed_is_refused_in_words(cut, kind, message_id):
    grid = grid_of((50, 30, 30))
    twin = twin_of(grid, ball(grid, (-8, 0, 0), 12), [ball(grid, (-8, 0, 0), 4), ball(grid, (18, 0, 0), 3)])
    with pytest.raises(kind) as refused:
        simulate(plan(cut), twin, NOBODY)
    assert refused.value.message_id == message_id


def test_that_a_lesion_belongs_to_the_organ_it_lies_in_not_to_one_it_touches():
    grid = grid_of((60, 40, 40))
    bulging, touching = ball(grid, (-17, 0, 0), 6), ball(grid, (24.5, 0, 0), 5)
    twin = twin_of(grid, block(grid, (20, 12, 12)), [bulging, touching])
    outcome = simulate(plan("plane:-5,0,0:-1,0,0"), twin, NOBODY)
    assert set(outcome.liver["lesion_margin_mm"]) == {"lesion-1"}
    assert outcome.warnings == ()
    with pytest.raises(GeometryError) as refused:
        simulate(plan("wedge:lesion-2:5"), twin, NOBODY)
    assert refused.value.message_id == "error.plan.lesion_outside_organ"


def test_that_an_empty_plan_and_an_empty_organ_are_refused(ball_with_lesion):
    with pytest.raises(UsageError, match="empty"):
        simulate(Plan("A", ()), ball_with_lesion, NOBODY)
    grid = grid_of((10, 10, 10))
    with pytest.raises(GeometryError, match="empty"):
        simulate(plan("plane:0,0,0:1,0,0"), twin_of(grid, np.zeros(grid.shape_kji, np.bool_)), NOBODY)


def test_that_whole_segments_are_removed_by_their_code():
    grid = grid_of((40, 20, 20))
    liver = block(grid, (16, 8, 8))
    couinaud = np.where(liver, np.where(np.indices(grid.shape_kji)[2] < 20, 6, 41), 0).astype(np.uint8)
    twin = twin_of(grid, liver, derived={LayerName.COUINAUD: couinaud})
    outcome = simulate(plan("H4"), twin, NOBODY)
    removed_ml = np.count_nonzero(couinaud == 41) * grid.voxel_volume_ml
    assert outcome.liver["resected_ml"].value == pytest.approx(removed_ml)
    assert outcome.segments["4a"]["resected_ml"].value == pytest.approx(removed_ml)
    assert outcome.segments["6"]["resected_ml"].value == 0
    everything = sum(outcome.segments[name]["total_ml"].value for name in outcome.segments)
    assert everything == pytest.approx(outcome.liver["total_ml"].value)
    with pytest.raises(UsageError) as refused:
        simulate(Plan("A", (parse_cut("H4'"),)), twin, NOBODY)
    assert refused.value.message_id == "error.cut.partial_segment"


def segmented_twin():
    """Return a block of segments 6 and 4a side by side, a lesion in 6 beside the border."""
    grid = grid_of((40, 20, 20))
    liver = block(grid, (16, 8, 8))
    couinaud = np.where(liver, np.where(np.indices(grid.shape_kji)[2] < 20, 6, 41), 0).astype(np.uint8)
    return twin_of(grid, liver, [ball(grid, (-3, 0, 0), 2)], derived={LayerName.COUINAUD: couinaud})


@pytest.mark.parametrize(
    ("cuts", "drawn", "intended", "differs"),
    [
        (("H4",), "H4", "H4", False),
        (("plane:6,0,0:1,0,0",), "H4'", "", False),
        (("H4", "plane:-8,0,0:1,0,0"), "H46'", "H4", True),
        (("H4", "wedge:lesion-1:2"), "H4", "H4", False),
        (("ablation:lesion-1:3",), "", "", False),
    ],
)
def test_that_the_code_is_read_from_what_is_taken_out_and_compared_with_the_intended_one(
    cuts, drawn, intended, differs
):
    outcome = simulate(plan(*cuts), segmented_twin(), NOBODY)
    assert (outcome.new_world_code, outcome.intended_code, outcome.differs_as_drawn) == (drawn, intended, differs)
    again = Outcome.from_json(json.loads(json.dumps(outcome.to_json())))
    assert (again.new_world_code, again.intended_code, again.differs_as_drawn) == (drawn, intended, differs)


def test_that_each_refusal_of_a_cut_has_words_in_both_languages():
    ids = (
        "error.cut.misses_organ", "error.cut.takes_whole_organ", "error.plan.no_such_lesion",
        "error.plan.lesion_outside_organ", "error.cut.needs_segments", "error.cut.needs_branches",
        "error.cut.partial_segment", "error.sheet.no_area", "error.sheet.overhang", "error.organ.empty",
        "error.organ.all_absent", "error.plan.removes_nothing", "warning.organ.disconnected",
    )  # fmt: skip
    for language in ("fr", "en"):
        wording = Wording(language)
        assert [message_id for message_id in ids if wording.text(message_id) == message_id] == []


def test_that_an_empty_tree_is_as_good_as_none():
    grid = grid_of((40, 30, 30))
    nothing = VesselGraph("portal", np.zeros((0, 3)), np.zeros(0), np.zeros(0, np.int32), np.zeros(0, np.int32), ())
    twin = replace(twin_of(grid, block(grid, (15, 10, 10))), graphs={"portal": nothing, "hepatic": nothing})
    outcome = simulate(plan("plane:0,0,0:1,0,0"), twin, NOBODY)
    assert outcome.clip_list == ()
    assert outcome.liver["functional_remnant_ml"].value is None


def test_that_the_outcome_survives_a_file_and_carries_the_keys_of_the_command_line(ball_with_lesion):
    outcome = simulate(plan("plane:0,0,0:1,0,0"), ball_with_lesion, facts(height_cm=170, weight_kg=70))
    again = Outcome.from_json(json.loads(json.dumps(outcome.to_json())))
    assert again.figures_hash == outcome.figures_hash
    assert set(known_figures(outcome.liver)) >= {
        "total_ml", "lesion_ml", "net_ml", "resected_ml", "remnant_ml", "flr_ml", "flr_percent",
        "sflr_percent.vauthey", "sflr_percent.urata", "flr_body_weight_percent", "functional_remnant_ml",
        "ischaemic_ml", "congested_ml", "margin_mm", "specimen_weight_g",
    }  # fmt: skip


def test_that_a_prepared_model_gives_the_same_outcome(ball_with_lesion):
    model = OrganModel.of_twin(ball_with_lesion)
    cuts = plan("plane:2,0,0:1,0.3,0", "wedge:lesion-1:4")
    prepared = simulate(cuts, ball_with_lesion, NOBODY, model=model)
    assert prepared.figures_hash == simulate(cuts, ball_with_lesion, NOBODY).figures_hash
