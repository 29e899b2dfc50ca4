"""What a plan says of vessels and territories beside its cuts, on a tree that forks once."""

import numpy as np
import pytest

from simulation.branch_volumes import named_level
from simulation.kernels.tree import add_up
from simulation.simulate import simulate
from simulation.split import split_masks
from tests.naive.tree import add_values
from tests.simulation.shapes import EXACT, ball, block, grid_of, twin_of
from tests.simulation.test_perfusion import NOBODY, forked_twin
from twin.anatomy import LayerName
from twin.errors import GeometryError, InputError, UsageError
from twin.outcome import Outcome
from twin.patient import FactOrigin, PatientFacts
from twin.plan import Plan
from twin.resection import parse_cut
from twin.vessel_graph import order_from_root


def outcome_of(*cuts, twin=None, facts=NOBODY, stages=()):
    plan = Plan("A", tuple(parse_cut(cut) for cut in cuts), stages=stages)
    return simulate(plan, forked_twin() if twin is None else twin, facts)


def value(outcome, key):
    return outcome.liver[key].value


ENDS = "plane:5,0,0:1,0,0"  # across the ends of both branches: nothing is lost by it
TRUNK = "plane:-12,0,0:-1,0,0"  # the trunk goes, and all it supplies and drains


def test_that_an_embolised_territory_counts_as_without_portal_supply():
    plain, embolised = outcome_of(ENDS), outcome_of(ENDS, "embolised:portal.upper")
    assert value(embolised, "resected_ml") == value(plain, "resected_ml")
    territory = embolised.territories["portal"]["portal.upper"]
    assert value(embolised, "embolised_ml") == pytest.approx(territory["total_ml"].value)
    assert value(embolised, "ischaemic_ml") == pytest.approx(territory["remnant_ml"].value)
    assert value(embolised, "congested_ml") == 0
    kept = value(plain, "flr_ml") - value(embolised, "ischaemic_ml")
    assert value(embolised, "functional_remnant_ml") == pytest.approx(kept)


def test_that_what_a_reconstructed_vessel_supplies_and_drains_counts_as_kept():
    joined = outcome_of(TRUNK, "reconstructed:portal,hepatic")
    assert value(joined, "ischaemic_ml") == value(joined, "congested_ml") == 0
    half = outcome_of(TRUNK, "reconstructed:portal.upper,hepatic.upper")
    upper = half.territories["portal"]["portal.upper"]["remnant_ml"].value
    assert value(half, "functional_remnant_ml") == pytest.approx(upper)
    assert any(vessel.to_preserve for vessel in outcome_of(TRUNK).clip_list)
    assert not any(v.to_preserve for v in joined.clip_list if v.tree == "hepatic")


def test_that_an_absent_territory_is_no_organ_and_all_parts_add_up_to_the_voxel():
    twin = forked_twin()
    n_organ = np.count_nonzero(twin.layers[LayerName.ORGANS].mask("liver"))
    for absent in ("absent:portal.lower", "absent:H5"):
        outcome = outcome_of(ENDS, absent, twin=twin)
        parts = [round(value(outcome, key) * 1000) for key in ("resected_ml", "remnant_ml", "absent_ml")]
        assert sum(parts) == n_organ
        assert value(outcome, "total_ml") * 1000 == pytest.approx(sum(parts[:2]))
        assert parts[2] == np.count_nonzero(twin.layers[LayerName.PORTAL_BRANCH].voxels == 3)
        assert set(outcome.segments) == {"8"}
        masks = split_masks(Plan("A", (parse_cut(ENDS), parse_cut(absent))), twin)
        assert [np.count_nonzero(m) for m in (masks.specimen, masks.remnant)] == parts[:2]
    with pytest.raises(GeometryError) as refused:
        outcome_of(ENDS, "absent:H58", twin=twin)
    assert refused.value.message_id == "error.organ.all_absent"


def test_that_a_plan_that_only_closes_vessels_is_refused_and_an_unknown_branch_named():
    with pytest.raises(UsageError) as refused:
        outcome_of("embolised:portal.upper")
    assert refused.value.message_id == "error.plan.removes_nothing"
    with pytest.raises(InputError) as unknown:
        outcome_of(ENDS, "embolised:portal.right")
    assert "portal.upper" in unknown.value.parameters["known"]
    grid = grid_of((30, 30, 30))
    with pytest.raises(GeometryError) as lacking:
        outcome_of("plane:0,0,0:1,0,0", "embolised:portal", twin=twin_of(grid, ball(grid, (0, 0, 0), 10)))
    assert lacking.value.message_id == "error.cut.needs_branches"


def test_that_two_stages_say_what_each_removes_and_leaves():
    cuts = ("embolised:portal.upper", "plane:18,0,0:1,0,0", "H8")
    outcome = outcome_of(*cuts, stages=(1, 1, 2))
    first, second = outcome.liver["stages"]["1"], outcome.liver["stages"]["2"]
    alone = outcome_of("embolised:portal.upper", "plane:18,0,0:1,0,0")
    for key in ("resected_ml", "remnant_ml", "flr_percent", "ischaemic_ml"):
        assert first[key].value == pytest.approx(alone.liver[key].value)
    assert first["resected_ml"].value + second["resected_ml"].value == pytest.approx(value(outcome, "resected_ml"))
    assert second["remnant_ml"].value == value(outcome, "remnant_ml")
    assert first["ischaemic_ml"].value > 0 == second["ischaemic_ml"].value
    only_closing = outcome_of("embolised:portal.upper", "H8", stages=(1, 2)).liver["stages"]["1"]
    assert only_closing["resected_ml"].value == 0
    assert Outcome.from_json(outcome.to_json()).figures_hash == outcome.figures_hash


def test_that_territories_add_up_to_the_organ_with_intervals():
    outcome = outcome_of("plane:3,2,0:1,0.3,0.1")
    for tree in ("portal", "hepatic"):
        names = [name for name in outcome.territories[tree] if name.count(".") == 1]
        for key in ("total_ml", "resected_ml", "remnant_ml"):
            figures = [outcome.territories[tree][name][key] for name in names]
            assert sum(f.value for f in figures) == pytest.approx(value(outcome, key))
            assert all(f.low <= f.value <= f.high for f in figures)


def test_that_a_donor_split_gives_graft_ratio_and_remnant_of_the_donor():
    twin = forked_twin()
    couinaud = twin.layers[LayerName.COUINAUD].voxels
    derived = {LayerName.COUINAUD: np.where(couinaud == 8, 2, couinaud).astype(np.uint8)}
    grid = twin.grid
    small = twin_of(grid, block(grid, (25, 16, 10)), derived=derived, uncertainty=EXACT)
    facts = PatientFacts().with_fact("recipient_weight_kg", 7, FactOrigin.ENTERED, "2026-01-02")
    donor = outcome_of("donor:left-lateral", twin=small, facts=facts)
    graft_ml = value(donor, "graft_ml")
    assert graft_ml == value(donor, "resected_ml")
    ratios = donor.liver["grwr_percent"]
    assert ratios["ct"].value == pytest.approx(graft_ml / 70)
    assert ratios["blood_free"].value == pytest.approx(graft_ml * 1.054 * 0.906 / 70)
    assert value(donor, "donor_remnant_percent") == pytest.approx(100 * (1 - graft_ml / value(donor, "total_ml")))
    said = {w.message_id for w in donor.warnings}
    assert "warning.threshold.graft_below" in said
    unknown = outcome_of("donor:left-lateral", twin=small).liver["grwr_percent"]["ct"]
    assert unknown.needs == ("recipient_weight_kg",)
    with pytest.raises(GeometryError):
        outcome_of("donor:left+mhv", twin=small)  # no tree, no vein


def test_that_the_interval_of_the_perfused_remnant_spans_a_cut_a_little_nearer_to_the_trunk():
    # The trunk runs along x, radius 3; the removed side is y < edge: 1.7 mm deep it stays, 3.7 mm deep it goes.
    spared, taken = (outcome_of(f"plane:-20,{edge},0:0,-1,0") for edge in (2.2, 4.2))
    assert value(spared, "functional_remnant_ml") > 0 == value(taken, "functional_remnant_ml")
    for outcome in (spared, taken):
        figure = outcome.liver["functional_remnant_ml"]
        assert figure.low == 0
        assert figure.high >= value(spared, "functional_remnant_ml")
    far = outcome_of("plane:-20,-6.5,0:0,-1,0").liver["functional_remnant_ml"]
    assert far.low > 0.5 * far.value > 0
    warned = {w.message_id: w.parameters for w in spared.warnings if ".vessel." in w.message_id}
    assert warned["warning.vessel.spared_by_little.portal"]["vessel"] == "portal"
    fed_ml = warned["warning.vessel.spared_by_little.portal"]["fed_ml"]
    assert fed_ml == pytest.approx(value(spared, "flr_ml"), abs=1)
    assert any(w.message_id == "warning.vessel.cut_by_little.portal" for w in taken.warnings)


def test_that_values_are_added_up_a_tree():
    rng = np.random.default_rng(3)
    parents = np.array([-1, *(rng.integers(0, n) for n in range(1, 40)), -1], np.int32)
    values = rng.random(parents.size)
    sums = values.copy()
    add_up(order_from_root(parents), parents, sums)
    assert sums == pytest.approx(add_values(parents, values))


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("portal.left.4.4b.1", "portal.left.4"),
        ("portal.left.4b", "portal.left.4b"),
        ("portal.right.1.2", "portal.right"),
        ("portal.right.posterior.6", "portal.right.posterior.6"),
        ("hepatic.right.2", "hepatic.right"),
        ("portal", "portal"),
    ],
)
def test_that_a_branch_is_called_as_far_as_anatomy_has_a_name(name, level):
    assert named_level(name) == level


def test_that_a_partition_removes_nothing_and_shows_both_parts():
    """The upper half goes in the second operation; its portal branch is closed in the first one."""
    cuts = ("partition:portal.upper", "plane:0,0,0:0,1,0")
    outcome = outcome_of(*cuts, stages=(1, 2))
    first, second = outcome.liver["stages"]["1"], outcome.liver["stages"]["2"]
    assert first["resected_ml"].value == 0
    assert first["remnant_ml"].value == value(outcome, "total_ml")
    assert first["staying_ml"].value + first["parted_ml"].value == pytest.approx(value(outcome, "total_ml"))
    assert first["parted_ml"].value == second["resected_ml"].value == value(outcome, "resected_ml")
    assert first["staying_functional_ml"].value == value(outcome, "functional_remnant_ml")
    assert 0 < first["parted_ischaemic_ml"].value <= first["parted_ml"].value
    assert {"functional_remnant_ml", "flr_percent"}.isdisjoint(first)  # of the liver, both parts would read 100 %
    plain = outcome_of("plane:0,0,0:0,1,0")
    assert value(plain, "resected_ml") == value(outcome, "resected_ml")


def test_that_a_partition_that_closes_the_wrong_branch_is_said():
    outcome = outcome_of("partition:portal.lower", "plane:0,0,0:0,1,0", stages=(1, 2))
    said = {warning.message_id for warning in outcome.warnings}
    assert {"warning.partition", "warning.partition.still_supplied"} <= said


@pytest.mark.parametrize(
    ("cuts", "stages"),
    [
        (("partition:portal.upper", "plane:0,0,0:0,1,0"), ()),
        (("plane:0,0,0:0,1,0", "partition:portal.upper"), (1, 2)),
        (("partition:portal.upper", "embolised:portal.lower"), (1, 2)),
        (("partition:portal.upper", "partition:portal.lower", "plane:0,0,0:0,1,0"), (1, 1, 2)),
    ],
)
def test_that_a_partition_without_a_second_operation_is_refused(cuts, stages):
    with pytest.raises(UsageError, match="bad_partition"):
        outcome_of(*cuts, stages=stages)


def test_that_a_trunk_through_an_absent_territory_was_left_to_what_it_feeds():
    """The trunk of both trees runs along the border, in the voxels of the upper half."""
    outcome = outcome_of(ENDS, "absent:portal.upper")
    lower = outcome.territories["portal"]["portal.lower"]["remnant_ml"].value
    assert value(outcome, "ischaemic_ml") == 0
    assert value(outcome, "functional_remnant_ml") == pytest.approx(lower)
