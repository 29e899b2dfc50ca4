"""The nearest seed of each voxel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from tests.naive.nearest_seed import nearest_distance_mm
from twin.geometry.kernels.feature_transform import nearest_seed

pytestmark = pytest.mark.kernel


def distance_to(nearest, spacing_ijk_mm):
    scale = np.asarray(spacing_ijk_mm, float)[::-1]
    here = np.stack(np.indices(nearest.shape), axis=-1)
    there = np.stack(np.unravel_index(nearest, nearest.shape), axis=-1)
    return np.linalg.norm((here - there) * scale, axis=-1)


@given(
    st.tuples(st.integers(1, 7), st.integers(1, 8), st.integers(1, 20)),
    st.integers(0, 10_000),
    st.floats(0.02, 0.6),
    st.sampled_from([(1, 1, 1), (0.7, 0.8, 3.1), (2.0, 0.5, 1.0)]),
)
@settings(max_examples=80)
def test_that_the_nearest_seed_is_as_near_as_the_nearest_of_all(shape, seed, share, spacing):
    seeds = np.random.default_rng(seed).random(shape) < share
    nearest = nearest_seed(seeds, np.array(spacing, float))
    if not seeds.any():
        assert (nearest == -1).all()
        return
    assert seeds.ravel()[nearest.ravel()].all()
    expected = nearest_distance_mm(seeds, spacing)
    assert np.abs(distance_to(nearest, spacing) - expected).max() <= 1e-4


def test_that_distances_equal_those_of_scipy_on_a_larger_array():
    spacing = (0.8, 0.75, 1.5)
    seeds = np.random.default_rng(2).random((40, 60, 70)) < 0.003
    expected = ndimage.distance_transform_edt(~seeds, sampling=spacing[::-1])
    assert np.abs(distance_to(nearest_seed(seeds, np.array(spacing)), spacing) - expected).max() <= 1e-4


def test_that_only_the_voxels_asked_for_are_answered():
    rng = np.random.default_rng(4)
    seeds, where = rng.random((9, 10, 33)) < 0.05, rng.random((9, 10, 33)) < 0.2
    everything, asked = nearest_seed(seeds, np.ones(3)), nearest_seed(seeds, np.ones(3), where)
    assert (asked[~where] == -1).all()
    assert np.array_equal(asked[where], everything[where])


@pytest.mark.parametrize("share", [0.0, 0.0005, 0.05])
def test_that_threads_change_nothing(share):
    rng = np.random.default_rng(5)
    seeds, where = rng.random((23, 31, 45)) < share, rng.random((23, 31, 45)) < 0.3
    where[:, :, 17:40] = False
    one, several = (nearest_seed(seeds, np.array([0.8, 0.7, 2.0]), where, n_threads=n) for n in (1, 3))
    assert np.array_equal(one, several)
    if seeds.any():
        everything = nearest_seed(seeds, np.array([0.8, 0.7, 2.0]))
        assert np.array_equal(one[where], everything[where])
    assert (one[~where] == -1).all()
