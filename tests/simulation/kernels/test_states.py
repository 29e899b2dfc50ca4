"""Numbering of combinations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.kernels.states import joined_numbers
from tests.naive import states as naive

pytestmark = pytest.mark.kernel


@given(st.integers(1, 60), st.integers(1, 5), st.integers(1, 6), st.integers(0, 10_000))
def test_that_pairs_that_occur_are_numbered_without_gaps(n, n_numbers, radix, seed):
    rng = np.random.default_rng(seed)
    column = rng.integers(0, radix, (3, 4, 11)).astype(np.uint8)
    places = rng.choice(column.size, n, replace=False)
    numbers = rng.integers(0, n_numbers, n)
    expected = naive.joined_numbers(numbers, column.ravel()[places], radix)
    occurring = joined_numbers(numbers, column, places, radix, n_numbers)
    assert (numbers.tolist(), occurring.tolist()) == expected
