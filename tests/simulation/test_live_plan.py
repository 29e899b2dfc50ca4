"""Figures of a whole plan while one of its cuts changes, against the settled ones."""

import pytest

from simulation.live_plan import LivePlan
from simulation.organ_model import OrganModel
from simulation.simulate import simulate
from tests.simulation.shapes import EXACT, ball, grid_of, twin_of
from twin.errors import GeometryError
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import parse_cut

NOBODY = PatientFacts()


@pytest.fixture(scope="module")
def twin():
    grid = grid_of((80, 80, 80))
    return twin_of(grid, ball(grid, (0, 0, 0), 35), [ball(grid, (15, 0, 0), 8)], uncertainty=EXACT)


@pytest.mark.parametrize(
    "cuts",
    [
        ("wedge:lesion-1:6",),
        ("ablation:lesion-1:4",),
        ("plane:20,0,0:1,0,0", "wedge:lesion-1:5"),
        ("plane:20,0,0:1,0,0", "plane:0,10,0:0,1,0"),
    ],
)
def test_that_live_volumes_of_any_cuts_equal_the_settled_ones(twin, cuts):
    plan = Plan("A", tuple(parse_cut(cut) for cut in cuts))
    model = OrganModel.of_twin(twin)
    live = LivePlan(model).figures(plan).liver
    settled = simulate(plan, twin, NOBODY, model=model).liver
    for key in ("remnant_ml", "flr_ml", "flr_percent"):
        assert live[key].value == pytest.approx(settled[key].value, rel=1e-9), key


def test_that_the_live_margin_of_a_wedge_is_its_margin_to_a_voxel(twin):
    plan = Plan("A", (parse_cut("wedge:lesion-1:6"),))
    margin = LivePlan(OrganModel.of_twin(twin)).figures(plan).liver["margin_mm"]
    assert margin.value == pytest.approx(6.0, abs=1.0)


def test_that_a_plan_that_misses_the_organ_is_refused_as_when_it_settles(twin):
    plan = Plan("A", (parse_cut("plane:500,0,0:1,0,0"), parse_cut("wedge:lesion-1:6")))
    with pytest.raises(GeometryError, match=r"error\.cut\.misses_organ"):
        LivePlan(OrganModel.of_twin(twin)).figures(plan)
