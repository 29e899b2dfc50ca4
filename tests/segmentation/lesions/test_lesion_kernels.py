"""The compiled kernel of the cut equals its plain reference and finds the known optimum."""

import numpy as np
import pytest

from segmentation.kernels.total_variation_cut import total_variation_cut
from tests.naive.total_variation_cut import plain_total_variation_cut


def test_that_the_steps_equal_those_on_whole_arrays() -> None:
    random = np.random.default_rng(1)
    region = random.normal(0.0, 1.0, (7, 9, 8)).astype(np.float32)
    boundary = random.uniform(0.1, 1.5, region.shape).astype(np.float32)
    start = random.uniform(0.0, 1.0, region.shape).astype(np.float32)
    expected = plain_total_variation_cut(region, boundary, start, 25)
    np.testing.assert_allclose(
        total_variation_cut(region, boundary, start, n_steps=25, tolerance=0.0), expected, atol=2e-4
    )


def test_that_a_ball_keeps_its_place_and_a_speck_goes() -> None:
    k, j, i = np.indices((15, 15, 15)) - 7
    ball = k * k + j * j + i * i <= 25
    region = np.where(ball, 1.0, -1.0).astype(np.float32)
    region[1, 1, 1] = 1.0
    cut = total_variation_cut(region, np.full(region.shape, 1.0, np.float32), n_steps=120) > 0.5
    assert np.count_nonzero(cut ^ ball) < 0.1 * np.count_nonzero(ball)
    assert not cut[1, 1, 1]


def test_that_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="alike"):
        total_variation_cut(np.zeros((2, 2, 2), np.float32), np.zeros((2, 2, 3), np.float32))
    with pytest.raises(ValueError, match="negative"):
        total_variation_cut(np.zeros((2, 2, 2), np.float32), np.full((2, 2, 2), -1.0, np.float32))
