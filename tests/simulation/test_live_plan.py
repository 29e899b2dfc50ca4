"""Figures of a whole plan while one of its cuts changes, against the settled ones."""

import pytest

from simulation.live_plan import LivePlan
from simulation.organ_model import OrganModel
from simulation.simulate import simulate
from tests.simulation.shapes import EXACT, ball, grid_of, twin_of
from tests.simulation.test_perfusion import forked_twin
from twin.errors import GeometryError
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import SheetCut, parse_cut

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
        ("plane:20,0,0:1,0,0",),
    ],
)
def test_that_live_volumes_of_any_cuts_equal_the_settled_ones(twin, cuts):
    plan = Plan("A", tuple(parse_cut(cut) for cut in cuts))
    model = OrganModel.of_twin(twin)
    live = LivePlan(model).figures(plan).liver
    settled = simulate(plan, twin, NOBODY, model=model).liver
    for key in ("remnant_ml", "flr_ml", "flr_percent", "specimen_weight_g"):
        assert live[key].value == pytest.approx(settled[key].value, rel=1e-9), key


@pytest.mark.parametrize(
    "cuts", [("plane:2,0,0:1,0,0", "wedge:lesion-1:3"), ("plane:2,1,0:1,0.3,0", "plane:0,-9,0:0,-1,0")]
)
def test_that_the_live_margin_of_any_cuts_is_the_settled_one(twin, cuts):
    plan = Plan("A", tuple(parse_cut(cut) for cut in cuts))
    model = OrganModel.of_twin(twin)
    live, settled = LivePlan(model).figures(plan).liver, simulate(plan, twin, NOBODY, model=model).liver
    assert live["margin_mm"].value == pytest.approx(settled["margin_mm"].value, abs=0.05)


ENDS, TRUNK, SHEET = "plane:5,0,0:1,0,0", "plane:-12,0,0:-1,0,0", "sheet"
FLAT = SheetCut((((5.0, -40.0, -30.0), (5.0, 40.0, -30.0)), ((5.0, -40.0, 30.0), (5.0, 40.0, 30.0))))


@pytest.mark.parametrize(
    ("cuts", "stages"),
    [
        ((ENDS, "embolised:portal.upper"), ()),
        ((TRUNK, "reconstructed:portal,hepatic"), ()),
        ((TRUNK, "reconstructed:portal"), ()),
        ((ENDS, "absent:H8"), ()),
        ((ENDS, "absent:portal.lower", "embolised:portal.upper"), ()),
        ((SHEET, "embolised:portal.lower"), ()),
        ((SHEET, "absent:H5"), ()),
        (("embolised:portal.upper", "H8"), (1, 2)),
        (("plane:16,0,0:1,0,0", "embolised:portal.upper", "H8"), (1, 1, 2)),
        (("H5", "absent:H8"), ()),
    ],
)
def test_that_live_figures_know_what_a_plan_says_of_vessels_and_territories(cuts, stages):
    forked = forked_twin()
    model = OrganModel.of_twin(forked)
    plan = Plan("A", tuple(FLAT if cut == SHEET else parse_cut(cut) for cut in cuts), stages=stages)
    settled = simulate(plan, forked, NOBODY, model=model)
    live = LivePlan(model).figures(plan)
    for key in ("total_ml", "resected_ml", "flr_ml", "functional_remnant_ml", "ischaemic_ml", "congested_ml"):
        assert live.liver[key].value == pytest.approx(settled.liver[key].value), key
    for name, figures in settled.segments.items():
        assert live.segments[name]["remnant_ml"].value == pytest.approx(figures["remnant_ml"].value)
    assert [v.branch for v in live.clip_list] == [v.branch for v in settled.clip_list]
    assert [v.to_preserve for v in live.clip_list] == [v.to_preserve for v in settled.clip_list]


def test_that_the_live_margin_of_a_wedge_is_the_one_asked_for(twin):
    plan = Plan("A", (parse_cut("wedge:lesion-1:6"),))
    margin = LivePlan(OrganModel.of_twin(twin)).figures(plan).liver["margin_mm"]
    assert margin.value == 6.0


def test_that_a_plan_that_misses_the_organ_is_refused_as_when_it_settles(twin):
    plan = Plan("A", (parse_cut("plane:500,0,0:1,0,0"), parse_cut("wedge:lesion-1:6")))
    with pytest.raises(GeometryError, match=r"error\.cut\.misses_organ"):
        LivePlan(OrganModel.of_twin(twin)).figures(plan)
