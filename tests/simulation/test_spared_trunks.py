"""Trunks that feed what stays are no victims of a resection along territories."""

import pytest

from simulation.organ_model import OrganModel
from simulation.segment_codes import BRISBANE_CODES, new_world_code, segments_of_code
from simulation.simulate import simulate
from tests.phantoms import small_phantom
from twin.case import Case
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import parse_cut
from twin.twin import build_twin


@pytest.fixture(scope="module")
def twin():
    phantom = small_phantom()
    case = Case("phantom")
    for name, layer in phantom.layers.items():
        if not name.is_derived:
            case = case.with_layer(layer)
    return build_twin(case, structure_ids=())


@pytest.fixture(scope="module")
def model(twin):
    return OrganModel.of_twin(twin)


def outcome_of(cut, twin, model):
    return simulate(Plan("A", (parse_cut(cut),)), twin, PatientFacts(), model=model)


def crossed(outcome, tree):
    return {vessel.branch for vessel in outcome.clip_list if vessel.tree == tree}


def test_that_removing_2_and_3_leaves_the_feeder_of_segment_4(twin, model):
    outcome = outcome_of("H23", twin, model)
    trunks = {name for name in crossed(outcome, "portal") if name.startswith(("portal.left.trans", "portal.left.umb"))}
    assert trunks == set()
    assert {"portal.left.2", "portal.left.3"} <= crossed(outcome, "portal")
    assert outcome.liver["ischaemic_ml"].value < 1.0


@pytest.mark.parametrize(("cut", "name"), [("H5678", "portal.right"), ("H58", "portal.right.anterior"),
                                           ("H67", "portal.right.posterior")])  # fmt: skip
def test_that_a_trunk_whose_segments_all_go_is_cut(twin, model, cut, name):
    assert name in crossed(outcome_of(cut, twin, model), "portal")


def test_that_the_caudate_lobe_goes_without_the_branch_that_runs_through_it(twin, model):
    outcome = outcome_of("H1", twin, model)
    assert outcome.liver["ischaemic_ml"].value < 5.0
    assert not {name for name in crossed(outcome, "portal") if not name.startswith(("portal.left.1", "portal.right.1"))}


@pytest.mark.parametrize("cut", sorted(BRISBANE_CODES.values()))
def test_that_each_resection_of_brisbane_is_read_back_from_its_voxels(twin, model, cut):
    outcome = outcome_of(cut, twin, model)
    volumes = {n: (s["resected_ml"].value, s["total_ml"].value) for n, s in outcome.segments.items()}
    assert new_world_code(volumes) == cut
    assert segments_of_code(cut)
