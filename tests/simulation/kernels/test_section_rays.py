"""Rays in sections: equal to a plain reference, and to a ball whose wall is known."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.kernels.section_rays import values_along_rays, wall_distances_mm
from tests.naive import section_rays as naive


@pytest.fixture
def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    field = rng.uniform(0.2, 1.0, (9, 8, 7)).astype(np.float32)
    starts = rng.uniform(2.0, 5.0, (4, 3))
    per_mm = rng.normal(size=(4, 11, 3))
    return field, starts, per_mm, rng.uniform(0.0, 6.0, (4, 11))


def test_that_values_along_rays_equal_the_plain_reference(scene: tuple[np.ndarray, ...]) -> None:
    field, starts, per_mm, distances = scene
    found = values_along_rays(field, starts, per_mm, distances)
    assert np.allclose(found, naive.values_along(field, starts, per_mm, distances), atol=1e-6)


def test_that_walls_equal_the_plain_reference(scene: tuple[np.ndarray, ...]) -> None:
    field, starts, per_mm, reaches = scene
    found = wall_distances_mm(field, starts, per_mm, reaches, 0.4)
    assert np.allclose(found, naive.walls(field, starts, per_mm, reaches, 0.4), atol=1e-5)


def test_that_the_wall_of_a_smooth_ball_is_at_its_radius() -> None:
    kji = np.indices((21, 21, 21)) - 10.0
    field = np.clip(0.5 + (6.3 - np.sqrt((kji**2).sum(axis=0))) / 4.0, 0.0, 1.0).astype(np.float32)
    rays = np.random.default_rng(1).normal(size=(1, 40, 3))
    rays /= np.linalg.norm(rays, axis=2, keepdims=True)
    found = wall_distances_mm(field, np.full((1, 3), 10.0), rays, np.full((1, 40), 9.0), 0.5)
    assert np.allclose(found, 6.3, atol=0.05)


def test_that_a_ray_without_a_wall_in_reach_is_infinite() -> None:
    field = np.ones((9, 9, 9), np.float32)
    ray = np.array([[[0.0, 0.0, 1.0]]])
    assert np.isinf(wall_distances_mm(field, np.full((1, 3), 4.0), ray, np.array([[3.0]]), 0.5)).all()
