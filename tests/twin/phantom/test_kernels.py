"""The kernels of the phantom equal their plain references."""

from __future__ import annotations

import numpy as np
import pytest

from tests.naive import phantom_kernels as naive
from twin.phantom.kernels.growth import grow_branches, thin_out
from twin.phantom.kernels.painting import paint_distance, paint_shape
from twin.phantom.kernels.texture import add_texture
from twin.phantom.kernels.tubes import nearest_branch, tube_distance

pytestmark = pytest.mark.kernel
ORIGIN, SPACING = np.array([-4.0, 3.0, 10.0]), np.array([0.7, 0.9, 1.6])


def _pieces(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    starts = ORIGIN + rng.uniform(0.0, 7.0, (n, 3))
    return starts, starts + rng.normal(scale=3.0, size=(n, 3))


def test_that_distances_to_tubes_equal_the_reference_up_to_their_reach() -> None:
    rng = np.random.default_rng(1)
    starts, ends = _pieces(rng, 5)
    radii, end_radii = rng.uniform(0.2, 1.5, 5), rng.uniform(0.2, 1.5, 5)
    out = np.full((6, 8, 10), 3.0, np.float32)
    tube_distance(out, ORIGIN, SPACING, starts, ends, radii, end_radii, 3.0, 0.0)
    expected = naive.tube_distance(out.shape, ORIGIN, SPACING, starts, ends, radii, end_radii, 3.0)
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_that_a_rounded_seam_only_adds_to_the_union_and_only_near_it() -> None:
    starts, ends = np.array([[0.0, 0.0, 0.0], [0.0, 4.0, 0.0]]), np.array([[9.0, 0.0, 0.0], [9.0, 4.0, 0.0]])
    radii = np.array([1.0, 1.0])
    sharp, soft = (np.full((3, 12, 12), 20.0, np.float32) for _ in range(2))
    grid = np.array([0.0, -3.0, -1.0]), np.ones(3)
    tube_distance(sharp, *grid, starts, ends, radii, radii, 20.0, 0.0)
    tube_distance(soft, *grid, starts, ends, radii, radii, 20.0, 3.0)
    assert (soft <= sharp + 1e-6).all()
    assert soft[1, 5, 4] == pytest.approx(sharp[1, 5, 4] - 0.75)  # midway: a quarter of the width deeper
    assert soft[1, 3, 4] == pytest.approx(sharp[1, 3, 4])


def test_that_the_nearest_branch_equals_the_reference() -> None:
    rng = np.random.default_rng(2)
    starts, ends = _pieces(rng, 9)
    mask = rng.random((7, 9, 8)) < 0.7
    out = np.zeros(mask.shape, np.uint16)
    values = np.arange(11, 20).astype(np.uint16)
    nearest_branch(out, mask, ORIGIN, SPACING, starts, ends, values, 4)
    expected, gap = naive.nearest_branch(mask, ORIGIN, SPACING, starts, ends)
    decided = mask & (gap > 1e-6)
    assert np.array_equal(out[decided], values[expected[decided]])
    assert not out[~mask].any()


def test_that_painting_a_shape_equals_the_reference() -> None:
    rng = np.random.default_rng(3)
    z, y, x = np.mgrid[:9, :9, :9]
    shape = (np.sqrt((x - 4.2) ** 2 + (y - 3.9) ** 2 + (z - 4.4) ** 2) - 2.6).astype(np.float32)
    image = rng.normal(size=(8, 10, 12)).astype(np.float32)
    first, per_voxel = np.array([0.3, 0.7, 0.2]), np.array([0.6, 0.7, 0.9])
    expected, expected_inside = naive.paint_shape(image.astype(float), first, per_voxel, shape, 50.0)
    inside = np.zeros(image.shape, bool)
    paint_shape(image, inside, np.zeros(3, np.int64), first, per_voxel, shape, 50.0, 1.0)
    np.testing.assert_allclose(image, expected, atol=2e-4)
    assert np.array_equal(inside, expected_inside)


def test_that_a_painted_ball_keeps_its_volume() -> None:
    z, y, x = np.mgrid[:16, :16, :16]
    ball = (np.sqrt((x - 7.3) ** 2 + (y - 7.6) ** 2 + (z - 7.1) ** 2) - 5.0).astype(np.float32)
    image = np.zeros((30, 30, 30), np.float32)
    inside = np.zeros(image.shape, bool)
    paint_shape(image, inside, np.zeros(3, np.int64), np.zeros(3), np.full(3, 0.5), ball, 1.0, 1.0)
    assert image.sum() / 8.0 == pytest.approx(4.0 / 3.0 * np.pi * 125.0, rel=0.02)


def test_that_painting_from_distances_equals_the_reference() -> None:
    rng = np.random.default_rng(4)
    starts, ends = _pieces(rng, 3)
    radii = np.full(3, 0.8)
    distance = np.full((6, 8, 10), 4.0, np.float32)
    tube_distance(distance, ORIGIN, SPACING, starts, ends, radii, radii, 4.0, 0.0)
    image = rng.normal(size=distance.shape).astype(np.float32)
    expected, expected_inside = naive.paint_distance(image.astype(float), distance.astype(float), SPACING, 80.0)
    inside = np.zeros(image.shape, bool)
    paint_distance(image, inside, np.zeros(3, np.int64), distance, SPACING, 80.0)
    np.testing.assert_allclose(image, expected, atol=1e-3)
    assert np.array_equal(inside, expected_inside)


def test_that_texture_equals_the_reference() -> None:
    rng = np.random.default_rng(5)
    tiles = rng.normal(size=(2, 4, 4, 4)).astype(np.float32)
    tissue = rng.integers(0, 3, (5, 6, 7)).astype(np.uint8)
    spread, kind = np.zeros(256, np.float32), np.zeros(256, np.int64)
    spread[:3], kind[:3] = (0.0, 2.0, 5.0), (0, 1, 0)
    image = np.zeros(tissue.shape, np.float32)
    steps = np.array([1.1, 0.8])
    expected = naive.add_texture(image.astype(float), tissue, tiles, steps, SPACING, spread, kind)
    add_texture(image, tissue, tiles, steps, SPACING, spread, kind)
    np.testing.assert_allclose(image, expected, atol=1e-4)


def test_that_thinning_out_equals_the_reference() -> None:
    points = np.random.default_rng(6).uniform(0.0, 10.0, (80, 3))
    assert thin_out(points, 2.5, 20).tolist() == naive.thin_out(points, 2.5, 20)


def test_that_a_new_end_joins_the_tree_at_about_least_blood_volume() -> None:
    nodes = np.zeros((5, 3))
    nodes[:3] = [[0.0, 0.0, 0.0], [20.0, 0.0, 0.0], [40.0, 8.0, 0.0]]
    parents = np.array([-1, 0, 1, -1, -1], np.int32)
    flows = np.array([1.0, 1.0, 1.0, 0.0, 0.0])
    end = np.array([33.0, 22.0, 5.0])
    least = naive.grow_branches(nodes[:3], parents[:3], flows[:3], end, 1.0)
    free = np.full((20, 20, 30), -20.0, np.float32)
    regions = np.zeros(5, np.int32)
    n = grow_branches(
        nodes, parents, regions, flows, 3, end[None], np.zeros(1, np.int32), free, np.array([-10.0, -10.0, -10.0]),
        3.0, 0.5, 1.0,
    )  # fmt: skip
    assert n == 5
    assert flows[0] == 2.0
    assert naive.blood_volume(nodes, parents, flows) <= least * 1.002


def test_that_no_branch_grows_through_what_is_not_allowed() -> None:
    nodes = np.zeros((4, 3))
    nodes[:2] = [[0.0, 0.0, 0.0], [20.0, 0.0, 0.0]]
    parents = np.array([-1, 0, -1, -1], np.int32)
    wall = np.full((20, 20, 20), -9.0, np.float32)
    wall[:, 12:14] = 5.0
    n = grow_branches(
        nodes, parents, np.zeros(4, np.int32), np.array([1.0, 1.0, 0.0, 0.0]), 2, np.array([[10.0, 20.0, 0.0]]),
        np.zeros(1, np.int32), wall, np.array([-10.0, -10.0, -10.0]), 2.0, 0.5, 1.0,
    )  # fmt: skip
    assert n == 2
