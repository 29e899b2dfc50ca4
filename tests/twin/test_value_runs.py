"""Runs of equal values, and what differs between two boxes of labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.naive.label_runs import plain_changes, plain_run_ends
from twin.geometry.kernels.label_runs import changed_extent, mark_run_ends
from twin.value_runs import changed_box, counts_of_values, run_ends


@st.composite
def labels(draw: st.DrawFn, shape: tuple[int, ...] | None = None) -> NDArray[np.uint8]:
    """Runs of few values, of any length."""
    shape = shape or draw(st.tuples(*[st.integers(1, 9)] * 3))
    size = int(np.prod(shape))
    runs = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 90)), min_size=1, max_size=12))
    row = np.concatenate([np.full(length, value) for value, length in runs])
    dtype = draw(st.sampled_from((np.uint8, np.uint16)))
    return np.resize(row, size).reshape(shape).astype(dtype)


@given(labels())
def test_that_runs_end_where_the_next_value_differs(values: NDArray[np.uint8]) -> None:
    assert run_ends(values).tolist() == plain_run_ends(values)


@given(labels())
def test_that_counting_by_runs_equals_counting_voxels(values: NDArray[np.uint8]) -> None:
    np.testing.assert_array_equal(counts_of_values(values, 12), np.bincount(values.ravel(), minlength=12))


def test_that_noise_and_emptiness_are_counted_too() -> None:
    noise = np.random.default_rng(1).integers(0, 200, (20, 30, 7)).astype(np.uint8)
    assert run_ends(noise).tolist() == plain_run_ends(noise)
    assert run_ends(np.empty(0, np.uint8)).size == 0
    assert counts_of_values(np.empty((0, 2, 2), np.uint8), 3).tolist() == [0, 0, 0]
    assert mark_run_ends(noise.ravel(), noise.ravel().view(np.uint64), np.empty(3, np.int64)) == -1


@given(st.data())
def test_that_the_box_of_changes_is_the_smallest_and_names_every_value(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(*[st.integers(1, 6)] * 3))
    old = data.draw(labels(shape))
    new = data.draw(labels(shape)).astype(old.dtype)
    found, expected = changed_box(old, new), plain_changes(old, new)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert (list(found[0].start_kji), list(found[0].stop_kji), found[1]) == expected


@pytest.mark.parametrize("at", [(0, 0, 0), (2, 3, 4)])
def test_that_one_voxel_that_differs_is_found(at: tuple[int, int, int]) -> None:
    old = np.zeros((3, 4, 5), np.uint8)
    new = old.copy()
    new[at] = 9
    extent, touched = np.zeros(6, np.int64), np.zeros(256, np.bool_)
    assert changed_extent(old, new, touched, extent) == 1
    assert extent.tolist() == [*at, *(n + 1 for n in at)]
    assert np.flatnonzero(touched).tolist() == [0, 9]
