"""The axis of a pancreas against a gland whose course is known."""

import numpy as np
import pytest

from tests.simulation.pancreas.glands import (
    ARC_MM,
    LENGTH_MM,
    TUBE_MM,
    bent_tube,
    centres,
    fraction_at,
    gland_grid,
)
from tests.simulation.shapes import ball, grid_of
from twin.errors import GeometryError
from twin.pancreas.axis import PancreasAxis


def angles_of(points):
    return np.arctan2(points[..., 2], points[..., 0])


def fractions_of(axis, mask):
    return axis.position_mm[mask] / axis.length_mm


@pytest.fixture(scope="module")
def tube():
    grid = gland_grid((1.5, 1.5, 1.5))
    mask = bent_tube(grid)
    return grid, mask, PancreasAxis.of_mask(mask, grid)


def test_that_the_axis_of_a_bent_tube_runs_in_its_middle_from_tip_to_tip(tube):
    _, _, axis = tube
    inner = axis.nodes_lps_mm[10:-10]
    assert np.abs(np.hypot(inner[:, 0], inner[:, 2]) - ARC_MM).max() < 2.0
    assert np.abs(inner[:, 1]).max() < 0.5
    assert axis.length_mm == pytest.approx(LENGTH_MM, rel=0.03)
    assert axis.nodes_lps_mm[0, 0] < axis.nodes_lps_mm[-1, 0]


def test_that_each_voxel_of_a_bent_tube_gets_its_fraction(tube):
    grid, mask, axis = tube
    truth = fraction_at(angles_of(centres(grid)[mask]))
    between = (truth > 0.1) & (truth < 0.9)
    assert np.abs(fractions_of(axis, mask) - truth)[between].max() < 0.015


def test_that_a_cut_stands_square_to_the_tube(tube):
    _, _, axis = tube
    for fraction in (0.2, 0.5, 0.8):
        x, _, z = axis.point(fraction)
        along = np.array([z, 0.0, -x]) / np.hypot(x, z)  # towards the tail
        assert np.degrees(np.arccos(np.dot(axis.direction(fraction), along))) < 2.0


def test_that_thick_slices_give_the_same_fractions():
    grid = gland_grid((1.2, 1.2, 5.0))
    mask = bent_tube(grid)
    axis = PancreasAxis.of_mask(mask, grid)
    truth = fraction_at(angles_of(centres(grid)[mask]))
    between = (truth > 0.15) & (truth < 0.85)
    assert np.abs(fractions_of(axis, mask) - truth)[between].max() < 0.03


def test_that_a_process_behind_the_neck_belongs_to_the_head_it_grows_from():
    grid = grid_of((80, 50, 50), (1.5, 1.5, 1.5))
    points = centres(grid)
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    head = (np.abs(x + 45) <= 10) & (np.abs(y + 8) <= 18) & (np.abs(z) <= 9)
    body = (x > -45) & (x < 55) & (np.hypot(y + 18, z) <= 7)
    process = (x > -45) & (x < -12) & (np.hypot(y - 3, z) <= 6)  # 14 mm behind the neck, a vein between them
    axis = PancreasAxis.of_mask(head | body | process, grid)
    tip, neck = process & (x > -18), body & (np.abs(x + 15) < 3)
    assert fractions_of(axis, tip).max() < fractions_of(axis, neck).min()


def test_that_the_duodenum_tells_the_head_where_organs_are_mirrored(tube):
    grid, mask, axis = tube
    mirrored = PancreasAxis.of_mask(mask, grid, duodenum_lps_mm=(80.0, 0.0, 30.0))
    assert mirrored.nodes_lps_mm[0, 0] > mirrored.nodes_lps_mm[-1, 0]
    middle = mirrored.position_mm[mask] + axis.position_mm[mask]
    assert np.abs(middle - axis.length_mm)[10:-10].mean() < 2.0


def test_that_pieces_of_an_atrophic_gland_are_joined_by_one_axis(tube):
    grid, mask, whole = tube
    angle = angles_of(centres(grid))
    gap = np.abs(angle - np.radians(80)) < 0.08  # 11 mm
    axis = PancreasAxis.of_mask(mask & ~gap, grid)
    assert axis.n_pieces == 2
    assert 8 < axis.largest_gap_mm < 15
    assert axis.length_mm == pytest.approx(whole.length_mm, rel=0.02)


def test_that_crumbs_beside_the_gland_do_not_bend_its_axis(tube):
    grid, mask, whole = tube
    axis = PancreasAxis.of_mask(mask | ball(grid, (0.0, 0.0, -60.0), 3.0), grid)
    assert axis.n_pieces == 1
    assert axis.length_mm == pytest.approx(whole.length_mm, rel=0.01)


def test_that_what_is_no_gland_is_said_in_a_typed_error(tube):
    grid, mask, _ = tube
    angle = angles_of(centres(grid))
    halves = mask & (np.abs(angle - np.radians(90)) > 0.45)
    bad = {
        "error.organ.empty": np.zeros_like(mask),
        "error.pancreas.no_axis": ball(grid, (0.0, 0.0, 40.0), 14.0),
        "error.pancreas.pieces_apart": halves,
    }
    for message_id, label in bad.items():
        with pytest.raises(GeometryError) as caught:
            PancreasAxis.of_mask(label, grid)
        assert caught.value.message_id == message_id


def test_that_a_short_remnant_of_an_earlier_operation_still_has_an_axis():
    grid = gland_grid((1.5, 1.5, 1.5))
    mask = bent_tube(grid, start=np.radians(80.0))
    axis = PancreasAxis.of_mask(mask, grid)
    length = ARC_MM * (np.radians(80.0) - np.radians(30.0)) + 2 * TUBE_MM
    assert axis.length_mm == pytest.approx(length, rel=0.05)
