"""Positions along a course against their plain reference."""

import numpy as np
import pytest

from tests.naive.course_position import positions
from twin.geometry.kernels.course_position import position_of_points, position_of_voxels


@pytest.fixture
def course():
    angle = np.linspace(0.2, 2.6, 40)
    nodes = np.stack([30 * np.cos(angle), 30 * np.sin(angle), 4 * angle], axis=1)
    slopes = np.gradient(nodes, axis=0)
    step = float(np.linalg.norm(np.diff(nodes, axis=0), axis=1).mean())
    return nodes, slopes / np.linalg.norm(slopes, axis=1, keepdims=True), step


@pytest.mark.parametrize("window", [3, 8, 100])
def test_that_points_lie_where_the_reference_says(course, window):
    nodes, tangents, step = course
    rng = np.random.default_rng(window)
    points, near = rng.uniform(-45, 45, (300, 3)), rng.integers(0, 40, 300).astype(np.int32)
    found = position_of_points(points, near, nodes, tangents, step, window)
    np.testing.assert_allclose(found, positions(points, near, nodes, tangents, step, window), atol=1e-9)


def test_that_voxels_lie_where_their_centres_lie(course):
    nodes, tangents, step = course
    affine = np.array([[2.0, 0, 0, -20], [0, 0, -3.0, 40], [0, 2.5, 0, -5], [0, 0, 0, 1]])
    near = np.random.default_rng(0).integers(0, 40, (4, 5, 6)).astype(np.int32)
    found = position_of_voxels(near, affine, nodes, tangents, step, 5)
    k, j, i = np.indices(near.shape).reshape(3, -1)
    points = np.stack([i, j, k], axis=1) @ affine[:3, :3].T + affine[:3, 3]
    expected = position_of_points(points, near.ravel(), nodes, tangents, step, 5)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-4)


def test_that_a_point_on_a_node_has_its_place_and_beyond_the_ends_the_course_goes_straight_on(course):
    nodes, tangents, step = course
    near = np.array([10, 0, 39], np.int32)
    points = np.stack([nodes[10], nodes[0] - 5 * tangents[0], nodes[-1] + 7 * tangents[-1]])
    found = position_of_points(points, near, nodes, tangents, step, 4)
    np.testing.assert_allclose(found, [10 * step, -5.0, 39 * step + 7.0], atol=1e-9)


def test_that_a_course_of_one_node_is_refused():
    with pytest.raises(ValueError, match="two nodes"):
        position_of_points(np.zeros((1, 3)), np.zeros(1, np.int32), np.zeros((1, 3)), np.zeros((1, 3)), 1.0, 2)
