"""Figures while a plane is dragged are those of the settled outcome."""

import numpy as np
import pytest

from simulation.live import LivePlane
from simulation.simulate import simulate
from simulation.split import split_masks
from simulation.volumetry import known_figures
from tests.simulation.shapes import ball, grid_of, rotation, twin_of
from tests.simulation.test_perfusion import forked_twin
from twin.anatomy import LayerName
from twin.figure import Figure
from twin.patient import FactOrigin, PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut

PERSON = (
    PatientFacts()
    .with_fact("height_cm", 170, FactOrigin.ENTERED, "2026-01-01")
    .with_fact("weight_kg", 70, FactOrigin.ENTERED, "2026-01-01")
)


@pytest.fixture(scope="module")
def twin():
    grid = grid_of((60, 56, 30), (1, 1, 2), direction=rotation(5))
    return twin_of(grid, ball(grid, (0, 0, 0), 26), [ball(grid, (12, 0, 0), 6), ball(grid, (-12, 3, 0), 4)])


@pytest.mark.parametrize("seed", range(8))
def test_that_live_figures_equal_the_settled_ones(twin, seed):
    rng = np.random.default_rng(seed)
    cut = PlaneCut(tuple(rng.uniform(-8, 8, 3)), tuple(rng.normal(size=3)))
    plane = LivePlane(twin, PERSON)
    live = known_figures(plane.figures(cut.origin_lps_mm, cut.normal_lps).liver)
    settled = known_figures(simulate(Plan("A", (cut,)), twin, PERSON, model=plane.model).liver)
    for name, figure in live.items():
        if name != "margin_mm":
            ends = [(f.value, f.low, f.high) for f in (figure, settled[name])]
            assert ends[0] == ends[1] == pytest.approx(ends[1]), name
    if live["margin_mm"].value is not None:
        assert live["margin_mm"].value <= settled["margin_mm"].value + 1e-6


def test_that_live_perfusion_and_vessels_equal_the_settled_ones():
    twin = forked_twin()
    cut = PlaneCut((3.0, 0.0, 0.0), (1.0, 0.1, 0.0))
    plane = LivePlane(twin)
    live, settled = plane.figures(cut.origin_lps_mm, cut.normal_lps), simulate(Plan("A", (cut,)), twin, PatientFacts())
    for key in ("functional_remnant_ml", "ischaemic_ml", "congested_ml"):
        assert live.liver[key].value == settled.liver[key].value
    assert live.clip_list == settled.clip_list
    assert live.segments == settled.segments


def test_that_volumes_of_the_branches_are_those_of_their_voxels():
    twin = forked_twin()
    cut = PlaneCut((3.0, 0.0, 0.0), (1.0, 0.1, 0.0))
    found = LivePlane(twin).figures(cut.origin_lps_mm, cut.normal_lps).branches
    removed = split_masks(Plan("A", (cut,)), twin).specimen
    labels = twin.layers[LayerName.PORTAL_BRANCH].voxels
    for tree in ("portal", "hepatic"):
        assert found[tree].indices.tolist() == [2, 3]
        for n, index in enumerate((2, 3)):
            territory = labels == index
            assert found[tree].total_ml[n] == pytest.approx(territory.sum() / 1000)
            assert found[tree].removed_ml[n] == pytest.approx((territory & removed).sum() / 1000)
    assert (
        LivePlane(twin_of(grid_of((9, 9, 9)), ball(grid_of((9, 9, 9)), (0, 0, 0), 3)))
        .figures((0, 0, 0), (1, 0, 0))
        .branches
        == {}
    )


def test_that_a_plane_that_misses_the_organ_is_no_error_while_dragging(twin):
    figures = LivePlane(twin).figures((500.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    assert figures.removes_nothing
    assert figures.liver["flr_percent"].value == 100.0
    assert isinstance(figures.liver["margin_mm"], Figure)
    assert figures.liver["margin_mm"].value is None


def test_that_the_length_of_the_normal_does_not_matter(twin):
    plane = LivePlane(twin)
    one, two = (plane.figures((1.0, 2.0, 3.0), tuple(length * np.array([1, 2, 0.5]))) for length in (1.0, 7.3))
    assert one.liver["margin_mm"].value == pytest.approx(two.liver["margin_mm"].value)
    assert one.liver["resected_ml"] == two.liver["resected_ml"]
