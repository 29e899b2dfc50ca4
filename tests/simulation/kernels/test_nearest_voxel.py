"""The nearest voxel of a mask, and where a mask borders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.kernels.nearest_voxel import (
    border_voxels,
    distance_by_offsets_mm,
    offsets_within,
    voxels_with_labels,
)
from tests.naive import nearest_voxel as naive

pytestmark = pytest.mark.kernel

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 8))


@given(SHAPES, st.integers(0, 10_000), st.sampled_from([0.05, 0.5, 0.95]))
def test_that_the_border_of_a_mask_is_what_has_something_else_beside_it(shape, seed, density):
    mask = np.random.default_rng(seed).random(shape) < density
    assert border_voxels(mask).tolist() == naive.list_border(mask).tolist()


@given(SHAPES, st.integers(0, 10_000), st.sampled_from([(1.0, 1.0, 1.0), (0.7, 0.8, 2.5)]))
def test_that_the_first_offset_is_the_nearest_voxel(shape, seed, spacing):
    rng = np.random.default_rng(seed)
    mask = rng.random(shape) < 0.1
    voxels = np.argwhere(~mask)
    found = distance_by_offsets_mm(mask, voxels, *offsets_within(3.0, np.array(spacing)))
    assert found == pytest.approx(naive.first_offsets(mask, voxels, 3.0, np.array(spacing)))


@given(SHAPES, st.integers(0, 10_000))
def test_that_voxels_are_looked_up_by_their_label(shape, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 9, shape).astype(np.int32)
    wanted = rng.integers(1, 12, 3)
    found = voxels_with_labels(labels, wanted, int(labels.max()))
    assert np.array_equal(found, naive.look_up(labels, wanted))
