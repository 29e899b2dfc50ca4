"""Thinning keeps topology, leaves curves, and equals its plain reference."""

import cc3d
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import euler_number

from tests.naive.thinning import simple, thinned
from twin.geometry.kernels.thinning import is_simple
from twin.geometry.thinning import skeleton_kji, skeleton_of_mask

pytestmark = pytest.mark.kernel

SHAPES = st.tuples(st.integers(1, 6), st.integers(1, 7), st.integers(1, 9))


def topology(mask):
    padded = np.pad(mask, 1)
    cavities = cc3d.connected_components(~padded, connectivity=6).max() - 1
    return (int(cc3d.connected_components(padded, connectivity=26).max()), int(cavities), euler_number(padded, 3))


def tree_mask(seed, shape=(36, 40, 44)):
    """A random tree of tubes of falling radius."""
    rng = np.random.default_rng(seed)
    centres, radii = [np.array(shape) / 2], [4.0]
    stack = [(centres[0], rng.normal(size=3), 4.0)]
    while stack:
        at, direction, radius = stack.pop()
        for _ in range(int(rng.integers(6, 14))):
            direction = direction / np.linalg.norm(direction) + 0.25 * rng.normal(size=3)
            at = np.clip(at + direction / np.linalg.norm(direction), 5, np.array(shape) - 6)
            centres.append(at)
            radii.append(radius)
        if radius > 1.2:
            stack += [(at, rng.normal(size=3), radius * 0.75) for _ in range(2)]
    mask = np.zeros(shape, bool)
    for centre, radius in zip(centres[::2], radii[::2], strict=True):
        low = np.maximum(np.floor(centre - radius), 0).astype(int)
        part = tuple(slice(a, b) for a, b in zip(low, np.ceil(centre + radius + 1).astype(int), strict=True))
        places = np.stack(np.indices(mask[part].shape), axis=-1) + low
        mask[part] |= np.linalg.norm(places - centre, axis=-1) <= radius
    return mask


@given(st.integers(0, 2**26 - 1))
@settings(max_examples=300)
def test_that_a_simple_voxel_is_told_as_by_counting_pieces(bits):
    block = np.array([bits >> bit & 1 for bit in range(26)], bool)
    block = np.insert(block, 13, True).reshape(3, 3, 3)
    word = sum(1 << bit for bit in np.flatnonzero(block.ravel()).tolist())
    assert is_simple(word) == simple(block)


@given(SHAPES, st.integers(0, 10_000), st.floats(0.05, 0.95))
@settings(max_examples=40)
def test_that_thinning_equals_its_plain_reference(shape, seed, share):
    mask = np.random.default_rng(seed).random(shape) < share
    assert np.array_equal(skeleton_of_mask(mask), thinned(mask))


@given(st.tuples(*[st.integers(1, 16)] * 3), st.integers(0, 10_000), st.floats(0.02, 0.98))
@settings(max_examples=150)
def test_that_any_mask_keeps_its_pieces_cavities_and_euler_number(shape, seed, share):
    mask = np.random.default_rng(seed).random(shape) < share
    skeleton = skeleton_of_mask(mask)
    assert not (skeleton & ~mask).any()
    assert topology(skeleton) == topology(mask)


@pytest.mark.parametrize("seed", range(4))
def test_that_a_tree_of_tubes_becomes_curves_of_the_same_topology(seed):
    mask = tree_mask(seed)
    skeleton = skeleton_of_mask(mask)
    assert topology(skeleton) == topology(mask)
    assert skeleton.sum() < 0.2 * mask.sum()
    padded = np.pad(skeleton, 1)
    blocks = [padded[k : k + 3, j : j + 3, i : i + 3] for k, j, i in np.argwhere(skeleton)]
    assert not any(block.sum() > 2 and simple(block) for block in blocks)  # nothing is left that could still go


def test_that_a_ribbon_of_two_rows_keeps_its_length():
    for axis in range(3):
        ribbon = np.pad(np.ones((1, 2, 30), bool), 2)
        assert np.ptp(np.argwhere(skeleton_of_mask(np.moveaxis(ribbon, 2, axis))), axis=0).max() >= 23


def test_that_a_skeleton_does_not_shrink_again():
    skeleton = skeleton_of_mask(tree_mask(7))
    assert np.array_equal(skeleton_of_mask(skeleton), skeleton)


def test_that_a_ring_stays_a_ring_and_a_ball_becomes_a_point():
    k, j, i = np.indices((9, 41, 41)) - np.array([4, 20, 20]).reshape(3, 1, 1, 1)
    ring = (np.hypot(j, i) - 13) ** 2 + k**2 <= 9
    skeleton = skeleton_of_mask(ring)
    assert topology(skeleton) == (1, 0, 0)
    assert np.abs(np.linalg.norm(np.argwhere(skeleton) - (4, 20, 20), axis=1) - 13).max() < 1.6
    ball = np.sum(np.square(np.indices((21, 21, 21)) - 10), axis=0) <= 64
    assert np.abs(skeleton_kji(ball) - 10).max() <= 1


def test_that_an_empty_mask_has_no_skeleton_and_the_input_is_untouched():
    assert skeleton_kji(np.zeros((3, 4, 5), bool)).shape == (0, 3)
    mask = tree_mask(2)
    before = mask.copy()
    skeleton_of_mask(mask)
    assert np.array_equal(mask, before)


def test_that_a_mask_that_fills_its_array_and_one_out_of_order_are_thinned_alike():
    mask = np.ones((6, 5, 20), bool)
    assert topology(skeleton_of_mask(mask)) == (1, 0, 1)
    turned = np.asfortranarray(tree_mask(3))
    assert np.array_equal(skeleton_of_mask(turned), skeleton_of_mask(np.ascontiguousarray(turned)))
