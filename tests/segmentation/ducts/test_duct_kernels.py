"""The compiled search of the cheapest way costs what the plain one costs."""

import numpy as np
import pytest

from segmentation.kernels.minimal_path import minimal_path
from tests.naive.minimal_path import cost_of, plain_cost_of_cheapest_way


@pytest.mark.parametrize("seed", range(4))
def test_that_the_way_is_as_cheap_as_the_plain_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    price = random.uniform(0.05, 4.0, (7, 9, 8)).astype(np.float32) ** 3
    ends = (0, 8, 1), (6, 0, 7)
    way = minimal_path(price, *ends)
    assert (tuple(way[0]), tuple(way[-1])) == ends
    assert np.abs(np.diff(way, axis=0)).max() == 1
    assert cost_of(price, way) == pytest.approx(plain_cost_of_cheapest_way(price, *ends), rel=1e-4)


def test_that_a_wall_without_a_gap_lets_no_way_through() -> None:
    price = np.ones((3, 3, 5), np.float32)
    price[:, :, 2] = np.inf
    assert minimal_path(price, (0, 0, 0), (2, 2, 4)).shape == (0, 3)


def test_that_ends_outside_and_free_voxels_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        minimal_path(np.ones((2, 2, 2), np.float32), (0, 0, 0), (0, 0, 2))
    with pytest.raises(ValueError, match="positive"):
        minimal_path(np.zeros((2, 2, 2), np.float32), (0, 0, 0), (0, 0, 1))
