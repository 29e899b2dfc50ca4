"""The search for proposals: exact, on the front, within the constraints, the same each time."""

import numpy as np
import pytest

from simulation.organ_model import OrganModel
from simulation.proposals.candidate import Candidate
from simulation.proposals.constraints import CutKind, PlanConstraints
from simulation.proposals.front import Weighed, explanations, is_dominated, pareto_front, spread_choice
from simulation.proposals.propose import propose
from simulation.proposals.sheets import bent_sheet
from simulation.sheet_map import SheetMap
from simulation.simulate import simulate
from tests.simulation.proposals.livers import BALL_MM, LESION_MM, LESION_X_MM, ball_liver, forked_liver
from tests.simulation.shapes import ball, grid_of, twin_of
from twin.errors import GeometryError, InputError, UsageError
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, WedgeCut

NOBODY = PatientFacts()
EVERY_KIND = [frozenset({kind}) for kind in (CutKind.PLANE, CutKind.SHEET, CutKind.TERRITORY, CutKind.WEDGE)]


@pytest.fixture(scope="module")
def ball_model():
    return OrganModel.of_twin(ball_liver())


@pytest.fixture(scope="module")
def model():
    return OrganModel.of_twin(forked_liver())


@pytest.fixture(scope="module")
def found(model):
    return propose(model)


def point(margin_mm, remnant_ml, *, n_crossed=0):
    return Candidate((), margin_mm, remnant_ml, 50.0, None, None, n_crossed)


def test_that_the_best_plane_beside_one_lesion_in_a_ball_is_the_known_one(ball_model):
    proposals = propose(ball_model, PlanConstraints(kinds=frozenset({CutKind.PLANE})), n_proposals=20)
    assert len(proposals.front) >= 4
    for candidate in proposals.front:
        (cut,) = candidate.resections
        assert isinstance(cut, PlaneCut)
        assert cut.normal_lps[0] > np.cos(np.deg2rad(7.0))
        offset = LESION_X_MM - LESION_MM - candidate.margin_mm
        cap_mm = BALL_MM - offset
        best_ml = (4 / 3 * np.pi * BALL_MM**3 - np.pi * cap_mm**2 * (BALL_MM - cap_mm / 3)) / 1000
        assert candidate.flr_ml == pytest.approx(best_ml, rel=0.025)


def test_that_without_trees_the_plain_remnant_is_weighed(ball_model):
    proposals = propose(ball_model)
    assert not proposals.has_perfusion
    assert all(c.functional_ml is None and c.remnant_ml == c.flr_ml for c in proposals.front)
    with pytest.raises(InputError, match="no_trees"):
        propose(ball_model, PlanConstraints(least_functional_percent=10.0))


def test_that_a_wedge_round_a_lesion_that_no_margin_brings_to_the_capsule_is_no_proposal(ball_model):
    with pytest.raises(GeometryError, match="none_by"):
        propose(
            ball_model, PlanConstraints(kinds=frozenset({CutKind.WEDGE}), least_margin_mm=20.0, least_flr_percent=99)
        )
    wedges = propose(ball_model, PlanConstraints(kinds=frozenset({CutKind.WEDGE})))
    to_capsule_mm = BALL_MM - LESION_X_MM - LESION_MM
    assert all(c.margin_mm >= to_capsule_mm - 0.5 for c in wedges.candidates)


@pytest.mark.parametrize("kinds", [frozenset(CutKind), *EVERY_KIND])
def test_that_every_candidate_equals_the_settled_outcome_of_its_plan(model, kinds):
    proposals = propose(model, PlanConstraints(kinds=kinds), n_proposals=4)
    rest = [p.candidate for p in proposals.all] + list(proposals.candidates[:: max(len(proposals.candidates) // 5, 1)])
    assert any(kind in c.kinds for kind in kinds for c in rest)
    for candidate in rest:
        outcome = simulate(Plan("A", candidate.resections), model.twin, NOBODY, model=model)
        assert outcome.liver["flr_ml"].value == pytest.approx(candidate.flr_ml)
        assert outcome.liver["flr_percent"].value == pytest.approx(candidate.flr_percent)
        assert outcome.liver["functional_remnant_ml"].value == pytest.approx(candidate.functional_ml)
        assert len(outcome.clip_list) == candidate.n_crossed
        off_mm = outcome.liver["margin_mm"].value - candidate.margin_mm
        is_drawn_by_voxels = CutKind.TERRITORY in candidate.kinds or candidate.margin_mm >= 20.0
        assert off_mm >= (-1.5 if is_drawn_by_voxels else -0.05)
        assert not [w for w in outcome.warnings if w.message_id in ("warning.lesion.left_behind",)]


def test_that_no_candidate_dominates_the_front_and_the_front_no_part_of_itself(found):
    for one in found.front:
        assert not any(is_dominated(one, other) for other in found.candidates)
    margins = [c.weighed_margin_mm for c in found.front]
    assert margins == sorted(margins)
    for other in found.candidates:
        assert other in found.front or any(
            is_dominated(other, one)
            or (other.remnant_ml, other.weighed_margin_mm) == (one.remnant_ml, one.weighed_margin_mm)
            for one in found.front
        )


def test_that_the_same_question_has_the_same_answer(model, found):
    again = propose(model)
    assert [p.plan.hash for p in again.all] == [p.plan.hash for p in found.all]
    assert again == found


def test_that_proposals_keep_to_every_constraint(model):
    asked = PlanConstraints(
        least_margin_mm=4.0,
        least_flr_percent=40.0,
        least_functional_percent=20.0,
        kept_branches=("portal.lower",),
        most_vessels=3,
        lesion_ids=("lesion-1",),
    )
    proposals = propose(model, asked)
    for candidate in proposals.candidates:
        assert candidate.margin_mm >= 4.0 - 1e-6
        assert candidate.flr_percent >= 40.0
        assert candidate.functional_percent >= 20.0
        assert candidate.n_crossed <= 3
    for proposal in proposals.all:
        outcome = simulate(proposal.plan, model.twin, NOBODY, model=model)
        assert not any(v.branch == "portal.lower" for v in outcome.clip_list)
        assert not any(w.parameters.get("lesion") == "lesion-1" for w in outcome.warnings)


def test_that_only_kinds_that_are_allowed_are_proposed(model):
    for kinds in EVERY_KIND:
        assert {kind for c in propose(model, PlanConstraints(kinds=kinds)).candidates for kind in c.kinds} <= kinds


@pytest.mark.parametrize(
    ("asked", "binding"),
    [
        (PlanConstraints(least_flr_percent=99.9), "flr"),
        (PlanConstraints(least_functional_percent=99.9), "functional"),
        (
            PlanConstraints(kept_branches=("portal.upper", "hepatic.upper"), kinds=frozenset({CutKind.TERRITORY})),
            "keep",
        ),
        (PlanConstraints(most_vessels=0, kinds=frozenset({CutKind.TERRITORY})), "vessels"),
    ],
)
def test_that_what_cannot_be_met_is_named_with_the_nearest_to_it(model, asked, binding):
    with pytest.raises(GeometryError) as caught:
        propose(model, asked)
    assert caught.value.message_id == f"error.proposals.none_by_{binding}"


def test_that_a_margin_that_cannot_be_met_says_the_widest_that_can(ball_model):
    planes = frozenset({CutKind.PLANE})
    with pytest.raises(GeometryError) as caught:
        propose(ball_model, PlanConstraints(least_margin_mm=20.0, least_flr_percent=40.0, kinds=planes))
    assert caught.value.message_id == "error.proposals.none_by_margin"
    nearest = caught.value.parameters["nearest"]
    assert 8.0 <= nearest < 16.0
    eased = PlanConstraints(least_margin_mm=nearest, least_flr_percent=40.0, kinds=planes)
    assert propose(ball_model, eased).front


def test_that_a_liver_without_lesion_has_no_proposal():
    grid = grid_of((30, 30, 30))
    with pytest.raises(GeometryError, match="no_lesion"):
        propose(OrganModel.of_twin(twin_of(grid, ball(grid, (0, 0, 0), 12))))


def test_that_names_that_do_not_exist_are_refused(model):
    with pytest.raises(InputError, match="no_such_branch"):
        propose(model, PlanConstraints(kept_branches=("portal.nowhere",)))
    with pytest.raises(InputError, match="no_such_lesion"):
        propose(model, PlanConstraints(lesion_ids=("lesion-9",)))
    for wrong in ({"least_margin_mm": 30.0}, {"least_flr_percent": -1.0}, {"kinds": frozenset()}):
        with pytest.raises(UsageError):
            PlanConstraints(**wrong)


def test_that_a_front_drops_what_is_dominated_and_prefers_fewer_vessels():
    points = [point(5, 100), point(10, 80), point(10, 80, n_crossed=3), point(8, 70), point(30, 60), point(25, 50)]
    assert pareto_front(points) == (points[0], points[1], points[4])
    assert [c.n_crossed for c in pareto_front([points[2], points[1]])] == [0]


def test_that_a_choice_keeps_both_ends_and_spreads():
    front = [point(m, 100 - m) for m in (1, 2, 3, 9, 10, 11, 18, 19)]
    assert [c.margin_mm for c in spread_choice(front, 3)] == [1, 10, 19]
    assert spread_choice(front, 50) == tuple(front)
    assert len(spread_choice(front, 1)) == 1


def test_that_a_sentence_says_what_is_given_up_against_the_neighbours():
    front = [Weighed("a", 900.0, 2.0), Weighed("b", 850.0, 5.0), Weighed("c", 600.0, 12.0)]
    first, between, last, beside = explanations(front, [Weighed("d", 700.0, 4.0)])
    assert first.quantities["more"] == (50.0, "ml")
    assert first.names == {"after": "b"}
    assert between.quantities["less"] == (50.0, "ml")
    assert between.quantities["narrower"] == (7.0, "mm")
    assert last.quantities["wider"] == (7.0, "mm")
    assert beside.names == {"best": "b"}
    assert beside.quantities["less"] == (150.0, "ml")
    assert explanations(front[:1])[0].message_id == "proposal.explained.only"


def test_that_a_bent_sheet_is_the_paraboloid_asked_for(ball_model):
    cut = PlaneCut((3.0, 2.0, 1.0), (0.3, 1.0, -0.2))
    grid = ball_model.grid
    bend = np.array([[0.004, 0.001], [0.001, 0.002]])
    corners = np.array([[-30.0, -30.0, -30.0], [30.0, 30.0, 30.0], [30.0, -30.0, 30.0], [-30.0, 30.0, -30.0]])
    sheet = SheetMap.of_cut(bent_sheet(cut, bend, 1.5, corners), grid)
    flat = SheetMap.of_cut(bent_sheet(cut, 0 * bend, 0.0, corners), grid)
    assert flat.gap_mm(np.array([cut.origin_lps_mm]))[0] == pytest.approx(0.0, abs=1e-6)
    assert sheet.gap_mm(np.array([cut.origin_lps_mm]))[0] == pytest.approx(-1.5, abs=0.05)


def test_that_wedges_of_a_proposal_have_the_margin_that_it_says(found):
    for candidate in found.candidates:
        for cut in candidate.resections:
            if isinstance(cut, WedgeCut):
                assert cut.margin_mm >= candidate.margin_mm - 0.06
