"""Margins against analytic answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.simulate import simulate
from tests.simulation.shapes import ball, block, grid_of, rotation, twin_of
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PlaneCut, parse_cut

NOBODY = PatientFacts()


@given(st.integers(0, 500), st.floats(1, 14))
@settings(max_examples=12)
def test_that_the_margin_of_a_ball_to_a_plane_is_their_distance(seed, margin_mm):
    direction = rotation(seed)
    grid = grid_of((64, 64, 40), (1.0, 1.0, 1.6), direction=direction)
    radius = 9.0
    twin = twin_of(grid, ball(grid, (0, 0, 0), 30), [ball(grid, (0, 0, 0), radius)])
    normal = np.random.default_rng(seed).normal(size=3)
    normal /= np.linalg.norm(normal)
    cut = PlaneCut(tuple(-(radius + margin_mm) * normal), tuple(normal))
    outcome = simulate(Plan("A", (cut,)), twin, NOBODY)
    assert outcome.liver["margin_mm"].value == pytest.approx(margin_mm, abs=0.5)
    lesion_point, cut_point = (np.array(point) for point in outcome.margin_points_lps_mm)
    assert np.linalg.norm(lesion_point - cut_point) == pytest.approx(outcome.liver["margin_mm"].value, abs=0.01)
    assert (cut_point - cut.origin_lps_mm) @ normal == pytest.approx(0, abs=0.01)


def test_that_the_capsule_of_the_organ_is_no_cut_surface():
    """The lesion touches the far side of the organ; the margin is the distance to the cut all the same."""
    grid = grid_of((70, 40, 40))
    twin = twin_of(grid, block(grid, (30, 14, 14)), [ball(grid, (24, 0, 0), 5)])
    outcome = simulate(Plan("A", (parse_cut("plane:7,0,0:1,0,0"),)), twin, NOBODY)
    assert outcome.liver["margin_mm"].value == pytest.approx(24 - 5 - 7, abs=0.4)


def test_that_the_margin_goes_to_the_cut_inside_the_organ_not_to_the_plane_beyond_it():
    """The plane passes 5 mm under the lesion where there is no organ; the cut lies further."""
    grid = grid_of((90, 60, 40))
    x, y = grid.lps_from_ijk(np.stack(np.indices(grid.shape_kji)[::-1], axis=-1))[..., :2].transpose(3, 0, 1, 2)
    lobe, stem = (np.abs(y - 10) < 12) & (np.abs(x) < 40), (x < -20) & (x > -40) & (np.abs(y + 10) < 18)
    liver = (lobe | stem) & block(grid, (45, 30, 15))
    twin = twin_of(grid, liver, [ball(grid, (20, 10, 0), 6)])
    outcome = simulate(Plan("A", (parse_cut("plane:0,-3.2,0:0,1,0"),)), twin, NOBODY)
    away = np.hypot(20 - -20.5, 10 + 3.2) - 6
    assert outcome.liver["margin_mm"].value == pytest.approx(away, abs=0.6)


def test_that_a_second_cut_through_the_safety_margin_of_a_wedge_counts():
    grid = grid_of((70, 70, 50))
    twin = twin_of(grid, block(grid, (30, 30, 20)), [ball(grid, (0, 0, 0), 6)])
    cuts = tuple(parse_cut(text) for text in ("wedge:lesion-1:4", "plane:20,0,0:1,0,0"))
    outcome = simulate(Plan("A", cuts), twin, NOBODY)
    assert outcome.liver["margin_mm"].value == pytest.approx(4, abs=1e-6)


def test_that_each_lesion_has_its_own_margin_and_the_least_one_leads():
    grid = grid_of((80, 50, 50))
    twin = twin_of(grid, block(grid, (36, 20, 20)), [ball(grid, (20, 0, 0), 7), ball(grid, (10, 8, 0), 4)])
    liver = simulate(Plan("A", (parse_cut("plane:0,0,0:1,0,0"),)), twin, NOBODY).liver
    assert liver["lesion_margin_mm"]["lesion-1"].value == pytest.approx(13, abs=0.4)
    assert liver["lesion_margin_mm"]["lesion-2"].value == pytest.approx(6, abs=0.4)
    assert liver["margin_mm"] == liver["lesion_margin_mm"]["lesion-2"]


def test_that_the_interval_of_a_margin_is_at_least_two_millimetres_wide_on_each_side():
    grid = grid_of((60, 40, 40), (0.8, 0.8, 1.0))
    twin = twin_of(grid, block(grid, (20, 12, 12)), [ball(grid, (10, 0, 0), 4)])
    figure = simulate(Plan("A", (parse_cut("plane:0,0,0:1,0,0"),)), twin, NOBODY).liver["margin_mm"]
    assert (figure.value - figure.low, figure.high - figure.value) == pytest.approx((2.0, 2.0))
