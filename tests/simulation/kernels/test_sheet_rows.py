"""Counts on the sides of a sheet equal an evaluation of every voxel; distances equal a dense search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.kernels.height_map import gaps_at, gradients_at_nodes, rasterise_sheet, tile_bounds
from simulation.kernels.sheet_distance import nearest_on_sheet
from simulation.kernels.sheet_rows import TILE_CELLS, clip_runs_by_sheet, mark_sheet_rows, mark_sheet_voxels
from simulation.run_table import RunTable
from tests.naive import sheet as naive

pytestmark = pytest.mark.kernel

N_CELLS = 2 * TILE_CELLS


def height_map(seed, rough_mm):
    """Rough heights, so that rows cross the sheet often and touch it."""
    rng = np.random.default_rng(seed)
    heights = rng.normal(size=(N_CELLS + 1, N_CELLS + 1)) * rough_mm
    return np.round(heights * 2) / 2 if seed % 3 == 0 else heights  # halves put voxels exactly on the sheet


def transform_of(seed, shape_kji):
    """Any affine map of the voxels to the map, a little beyond its edge too."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(3, 4))
    if seed % 4 == 0:
        rows[:2] = np.round(rows[:2])  # rows along the edges of tiles
    if seed % 5 == 0:
        rows[:2, 0] = 0.0  # rows upright on the plane
    corners = np.stack(np.meshgrid(*([0, n - 1] for n in shape_kji[::-1])), axis=-1).reshape(-1, 3)
    ends = corners @ rows[:2, :3].T
    reach = np.maximum(np.ptp(ends, axis=0), 1e-6)
    scale = np.minimum(1.0, (N_CELLS + 1.0) / reach)
    rows[:2] *= scale[:, None]
    rows[:2, 3] = -ends.min(axis=0) * scale + rng.uniform(-0.5, 0.5)
    rows[2, 3] -= (rows[2, :3] * (np.array(shape_kji[::-1]) - 1) / 2).sum()
    return np.ascontiguousarray(rows.ravel())


def bounds_of(heights, transform):
    n_tiles = N_CELLS // TILE_CELLS
    fall, rise = np.zeros((n_tiles + 1, n_tiles + 1)), np.zeros((n_tiles + 1, n_tiles + 1))
    steepness = np.zeros((n_tiles, n_tiles, 2))
    tile_bounds(heights, transform[0], transform[4], transform[8], fall, rise, steepness)
    return fall, rise, steepness


shapes = st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 40))
cases = st.tuples(shapes, st.integers(0, 10_000), st.sampled_from([0.0, 0.02, 0.4, 3.0]))


@given(cases)
@settings(max_examples=150)
def test_that_the_marked_side_of_a_sheet_equals_an_evaluation_of_every_voxel(case):
    shape, seed, rough_mm = case
    heights, transform = height_map(seed, rough_mm), transform_of(seed, shape)
    fall, rise, _ = bounds_of(heights, transform)
    removed = np.zeros(shape, np.bool_)
    mark_sheet_rows(removed, transform, heights, fall, rise)
    assert np.array_equal(removed, naive.sides(shape, transform, heights))
    one_by_one = np.empty(removed.size, np.bool_)
    voxels_ijk = np.ascontiguousarray(np.argwhere(np.ones(shape))[:, ::-1].astype(np.int32))
    mark_sheet_voxels(voxels_ijk, transform, heights, one_by_one)
    assert np.array_equal(one_by_one, removed.ravel())


@given(cases, st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 20)))
@settings(max_examples=150)
def test_that_volumes_on_the_side_of_a_sheet_equal_brute_force_to_the_voxel(case, brick):
    shape, seed, rough_mm = case
    heights, transform = height_map(seed, rough_mm), transform_of(seed, shape)
    states = np.random.default_rng(seed).integers(0, 4, shape).astype(np.uint32)
    table = RunTable.of_states(states, 4, brick_kji=brick)
    counts = np.zeros(4, np.int64)
    clip_runs_by_sheet(
        table.boxes, table.first_row, table.first_sum, table.sum_states, table.sum_counts, table.rows_kj,
        table.first_run, table.starts, table.stops, table.states, transform, heights, *bounds_of(heights, transform),
        counts,
    )  # fmt: skip
    assert np.array_equal(counts, naive.sheet_counts(states, transform, heights, 4))


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_that_no_step_changes_the_gap_by_more_than_its_tile_says(seed):
    heights, (du, dv, dw) = height_map(seed, 1.0), np.random.default_rng(seed).normal(size=3)
    transform = np.array([du, 0, 0, 0, dv, 0, 0, 0, dw, 0, 0, 0])
    fall, rise, steepness = bounds_of(heights, transform)
    low, high = naive.greatest_changes(heights, du, dv, dw, TILE_CELLS)
    for tile, change in low.items():
        assert fall[tile] == pytest.approx(max(-change, 0.0), abs=1e-6)
        assert rise[tile] == pytest.approx(max(high[tile], 0.0), abs=1e-6)
    assert (fall[-1, -1], rise[-1, -1]) == (fall[:-1, :-1].max(), rise[:-1, :-1].max())
    assert steepness[..., 0].max() == np.abs(np.diff(heights, axis=1)).max()
    assert steepness[..., 1].max() == np.abs(np.diff(heights, axis=0)).max()


def test_that_gaps_and_slopes_equal_their_plain_references():
    heights, transform = height_map(1, 0.7), transform_of(1, (9, 9, 9))
    gradients = np.empty((*heights.shape, 2))
    gradients_at_nodes(heights, 1.3, 0.8, gradients)
    assert np.allclose(gradients, naive.gradients_at_nodes(heights, 1.3, 0.8))
    stretch = np.sqrt(1 + (gradients**2).sum(axis=-1))
    points = np.random.default_rng(0).uniform(-2, 10, (50, 3))
    gaps = np.empty(50)
    gaps_at(points, transform, heights, stretch, gaps)
    assert np.allclose(gaps, naive.gaps_at(points, transform, heights, stretch))


def test_that_a_sampled_bilinear_surface_is_written_exactly_where_it_lies():
    """Triangles of a plane give its height at every node they cover and leave the others alone."""
    rows, columns = np.meshgrid(np.linspace(2.3, 12.1, 7), np.linspace(1.2, 9.9, 9), indexing="ij")
    samples = np.stack([columns, rows, 0.3 * columns - 0.2 * rows + 1], axis=-1)
    heights, is_set = np.full((17, 17), np.nan), np.zeros((17, 17), np.bool_)
    assert rasterise_sheet(samples, heights, is_set) == 0
    v, u = np.indices((17, 17))
    covered = (u >= 2) & (u <= 9) & (v >= 3) & (v <= 12)
    assert np.array_equal(is_set, covered)
    assert np.allclose(heights[covered], (0.3 * u - 0.2 * v + 1)[covered])
    assert rasterise_sheet(samples[:, ::-1], heights, is_set) == 2 * 6 * 8  # seen from behind, all is folded


@given(st.integers(0, 10_000), st.sampled_from([0.05, 0.5]), st.floats(0.5, 3), st.floats(0.5, 3))
@settings(max_examples=40)
def test_that_the_least_distance_to_a_sheet_is_that_of_a_dense_search(seed, rough_mm, cell_u, cell_v):
    heights = height_map(3 * seed + 1, rough_mm)
    rng = np.random.default_rng(seed)
    points = rng.uniform((0, 0, -8), (N_CELLS, N_CELLS, 8), (12, 3))
    steepness = bounds_of(heights, np.zeros(12))[2]
    distance, at, u, v, h = nearest_on_sheet(points, heights, cell_u, cell_v, steepness)
    dense = naive.nearest_on_sheet(points, heights, cell_u, cell_v)
    assert distance <= dense + 0.02 * (1 + rough_mm)
    assert distance >= dense - 0.3
    place = (np.array([u, v, h]) - points[at]) * (cell_u, cell_v, 1.0)
    assert np.linalg.norm(place) == pytest.approx(distance)
    assert h == pytest.approx(float(naive.height_at(heights, u, v)))
