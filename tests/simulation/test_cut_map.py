"""Distances to the lesions on the cut surface, point by point."""

import numpy as np
import pytest

from simulation.cut_map import cut_maps
from tests.simulation.shapes import ball, grid_of, twin_of
from twin.plan import Plan
from twin.resection import parse_cut


def maps_of(*cuts, lesions=None):
    grid = grid_of((60, 60, 60))
    masks = [ball(grid, (0, 0, 0), 6)] if lesions is None else lesions
    return cut_maps(Plan("A", tuple(parse_cut(cut) for cut in cuts)), twin_of(grid, ball(grid, (0, 0, 0), 26), masks))


def area_mm2(one):
    a, b, c = (one.points_lps_mm[one.triangles[:, n]].astype(float) for n in range(3))
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def test_that_each_point_of_a_plane_knows_its_distance_to_the_lesion():
    (one,) = maps_of("plane:-10,0,0:1,0,0")
    exact = np.linalg.norm(one.points_lps_mm, axis=1) - 6
    assert np.abs(one.distance_mm - exact).max() < 1.0
    assert area_mm2(one) == pytest.approx(np.pi * (26**2 - 10**2), rel=0.06)
    assert np.abs(one.points_lps_mm[:, 0] + 10).max() < 1e-3


def test_that_the_ball_of_a_wedge_lies_at_its_margin_from_the_lesion():
    (one,) = maps_of("wedge:lesion-1:8")
    assert one.cut_number == 0
    assert np.abs(one.distance_mm - 8).max() < 1.5
    assert area_mm2(one) == pytest.approx(4 * np.pi * 14**2, rel=0.1)


def test_that_a_plan_of_both_kinds_has_a_map_of_each_and_none_without_lesions_a_distance():
    found = maps_of("plane:15,0,0:1,0,0", "wedge:lesion-1:4")
    assert [one.cut_number for one in found] == [1, 0]
    assert found[1].points_lps_mm[:, 0].max() < 13
    (bare,) = maps_of("plane:0,0,0:1,0,0", lesions=[])
    assert np.isnan(bare.distance_mm).all()
