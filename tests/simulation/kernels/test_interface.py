"""Pairs of voxels across a cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.kernels.interface import interface_pairs
from tests.naive import interface as naive

pytestmark = pytest.mark.kernel


@given(st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 7)), st.integers(0, 10_000))
def test_that_every_face_between_removed_and_remaining_tissue_is_listed_once(shape, seed):
    rng = np.random.default_rng(seed)
    organ, removed = rng.random(shape) < 0.7, rng.random(shape) < 0.5
    inside, direction = interface_pairs(organ, removed)
    pairs = list(zip(inside.tolist(), direction.tolist(), strict=True))
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == naive.interface_pairs(organ, removed)
