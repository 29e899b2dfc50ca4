"""Counts on the sides of a plane equal brute force to the voxel."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.kernels.half_space import count_states, mark_half_space
from simulation.run_table import RunTable
from tests.naive.half_space import half_space, half_space_counts, runs

pytestmark = pytest.mark.kernel

shapes = st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 9))
# Whole numbers and halves put many voxels exactly on the plane; tiny ones make rows almost parallel to it.
numbers = st.one_of(st.integers(-4, 4).map(float), st.sampled_from([0.5, -0.5, 1e-300, -1e-18, 1e9]), st.floats(-3, 3))
planes = st.tuples(numbers, numbers, numbers, st.floats(-12, 12)).map(np.array)


@st.composite
def states_and_planes(draw):
    shape = draw(shapes)
    seed = draw(st.integers(0, 10_000))
    n_states = draw(st.integers(1, 5))
    states = np.random.default_rng(seed).integers(0, n_states, shape).astype(np.uint32)
    return states, n_states, draw(planes)


@given(shapes, planes)
def test_that_the_marked_half_space_equals_an_evaluation_of_every_voxel(shape, plane):
    removed = np.zeros(shape, np.bool_)
    mark_half_space(removed, plane)
    assert np.array_equal(removed, half_space(shape, plane))


bricks = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 12))


@given(states_and_planes(), bricks)
@settings(max_examples=200)
def test_that_volumes_of_the_run_table_equal_brute_force_to_the_voxel(drawn, brick):
    states, n_states, plane = drawn
    counts = RunTable.of_states(states, n_states, brick_kji=brick).half_space_counts(plane)
    assert np.array_equal(counts, half_space_counts(states, plane, n_states))


@given(states_and_planes(), bricks)
def test_that_the_run_table_holds_exactly_the_runs_of_the_rows_of_its_bricks(drawn, brick):
    states, n_states, _ = drawn
    table = RunTable.of_states(states, n_states, brick_kji=brick)
    rows = np.repeat(table.rows_kj, np.diff(table.first_run), axis=0)
    found = zip(rows[:, 0], rows[:, 1], table.starts, table.stops, table.states, strict=True)
    expected = []
    for k, j, start, stop, state in runs(states):  # runs end where a brick does
        edges = [start, *(i for i in range(0, stop, brick[2]) if i > start), stop]
        expected += [(k, j, low, high, state) for low, high in pairwise(edges)]
    assert sorted(tuple(int(v) for v in run) for run in found) == sorted(expected)


@given(states_and_planes(), bricks)
def test_that_the_sums_and_the_box_of_a_brick_are_those_of_its_voxels(drawn, brick):
    states, n_states, _ = drawn
    table = RunTable.of_states(states, n_states, brick_kji=brick)
    for b, (k0, k1, j0, j1, i0, i1) in enumerate(table.boxes):
        inside = states[k0 : k1 + 1, j0 : j1 + 1, i0 : i1 + 1]
        part = slice(table.first_sum[b], table.first_sum[b + 1])
        sums = np.bincount(table.sum_states[part], table.sum_counts[part], n_states)
        expected = np.bincount(inside.ravel(), minlength=n_states)
        assert np.array_equal(sums[1:], expected[1:])
    assert np.array_equal(table.counts()[1:], np.bincount(states.ravel(), minlength=n_states)[1:])


@given(states_and_planes())
def test_that_the_two_sides_of_a_plane_add_up_to_the_whole(drawn):
    states, n_states, plane = drawn
    table = RunTable.of_states(states, n_states)
    removed = half_space(states.shape, plane)
    kept = np.bincount(states[~removed], minlength=n_states)
    kept[0] = 0
    assert np.array_equal(table.half_space_counts(plane) + kept, table.counts())


@given(states_and_planes())
def test_that_states_are_counted_where_removed(drawn):
    states, n_states, plane = drawn
    removed = half_space(states.shape, plane)
    expected = np.bincount(states[removed], minlength=n_states)
    assert np.array_equal(count_states(states, removed, n_states), expected)


def test_that_rows_too_long_for_the_table_are_refused():
    with pytest.raises(ValueError, match="too long"):
        RunTable.of_states(np.zeros((1, 1, 40_000), np.uint32), 1)
