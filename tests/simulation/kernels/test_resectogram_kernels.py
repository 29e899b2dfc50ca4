"""Kernels of the unfolded cut and of its area against their plain references."""

import numpy as np
import pytest

from simulation.kernels.interface import interface_pairs, leans_at_faces
from simulation.kernels.resectogram import mark_vessels, read_along_cut, unfold_rows
from tests.naive import resectogram as naive
from tests.simulation.shapes import centres, grid_of

pytestmark = pytest.mark.kernel


def test_that_reading_along_the_cut_equals_its_plain_reference():
    rng = np.random.default_rng(2)
    shape = (14, 17, 19)
    organ, distance = rng.random(shape) < 0.7, rng.normal(size=shape).astype(np.float32)
    label = rng.integers(1, 9, shape).astype(np.int32)
    heights = rng.normal(size=(17, 17)) * 0.5
    places = rng.uniform(0, 16, (40, 40, 2))
    to_voxels = np.array([1.0, 0.1, 0.2, 1, -0.1, 0.9, 0.1, 1, 0.05, 0.02, 1.1, 6])
    out = np.empty((40, 40, 3), np.float32), np.empty((40, 40), np.bool_), np.empty((40, 40), np.float32)
    labels = np.empty((40, 40, 3), np.uint16)
    none = np.zeros((0, 0, 0), np.int32)
    read_along_cut(places, heights, to_voxels, organ, distance, label, none, label, *out, labels)
    inside, between, expected = naive.read_along_cut(places, heights, to_voxels, organ, distance, label)
    assert np.array_equal(out[1], inside)
    assert np.allclose(out[2], between, atol=1e-5, equal_nan=True)
    assert np.array_equal(labels[..., 0], expected)
    assert np.array_equal(labels[..., 2], expected)
    assert not labels[..., 1].any()


def test_that_vessels_on_the_map_equal_their_plain_reference():
    rng = np.random.default_rng(5)
    points = rng.uniform(-5, 5, (30, 30, 3)).astype(np.float32)
    inside = rng.random((30, 30)) < 0.8
    middles, radii = rng.uniform(-5, 5, (6, 3)), rng.uniform(0.5, 3, 6)
    axes = rng.normal(size=(6, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    vessel = np.zeros((30, 30), np.uint16)
    mark_vessels(points, inside, middles, axes, radii, 3.0, vessel)
    assert np.array_equal(vessel, naive.mark_vessels(points, inside, middles, axes, radii, 3.0))


def test_that_a_flat_map_unfolds_to_itself():
    places = np.empty((9, 9, 2))
    unfold_rows(np.ones((17, 17)), np.ones(17), 2.0, 3.0, 8.0, 8.0, 3.0, places)
    u, v = np.meshgrid(8 + 1.5 * (np.arange(9) - 4), 8 + 1.0 * (np.arange(9) - 4))
    assert np.allclose(places, np.stack([u, v], axis=-1))
    unfold_rows(np.ones((17, 17)), np.ones(17), 2.0, 3.0, 8.0, 8.0, 9.0, places)
    assert np.isnan(places[0]).all()
    assert np.isnan(places[4, 0]).all()
    assert not np.isnan(places[4, 4]).any()


def test_that_the_lean_of_a_cut_is_that_of_the_voxels_around():
    grid = grid_of((30, 30, 30), (1, 1.2, 1.7))
    normal = np.array([0.5, 0.7, 0.4])
    organ, removed = np.ones(grid.shape_kji, np.bool_), centres(grid) @ normal > 0
    k, j = 15, 14
    i = int(np.flatnonzero(removed[k, j])[0])
    inside = np.array([np.ravel_multi_index((k, j, i), removed.shape)])
    (lean,) = leans_at_faces(organ, removed, inside, np.array([-1]), grid.spacing_ijk_mm)
    assert lean == pytest.approx(naive.find_leans(removed, (k, j, i), 0, -1, grid.spacing_ijk_mm, 4))
    assert abs(lean @ normal) / np.linalg.norm(normal) > 0.98


def test_that_every_face_leans_as_the_voxels_around_it_wherever_the_organ_ends():
    rng = np.random.default_rng(5)
    organ, removed = (
        rng.random((6, 11, 12)) < 0.8,
        np.indices((6, 11, 12)).sum(axis=0) + rng.normal(size=(6, 11, 12)) > 14,
    )
    spacing = np.array([0.8, 0.9, 2.0])
    inside, direction = interface_pairs(organ, removed)
    leans = leans_at_faces(organ, removed, inside, direction, spacing)
    for at, way, lean in zip(inside, direction, leans, strict=True):
        place = np.unravel_index(at, organ.shape)
        expected = naive.find_leans(removed, place, abs(way) - 1, np.sign(way), spacing, 4, organ)
        assert lean == pytest.approx(expected)
