"""Distances agree with SciPy's."""

import numpy as np
import pytest
from scipy import ndimage

from twin.geometry.components_cc3d import components
from twin.geometry.distance_edt import distance_to_mm, signed_distance_mm


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.75, 0.8, 2.5)])
def test_that_distances_equal_those_of_scipy(spacing):
    mask = np.random.default_rng(1).random((20, 31, 27)) < 0.01
    expected = ndimage.distance_transform_edt(~mask, sampling=spacing[::-1])
    assert np.abs(distance_to_mm(mask, np.array(spacing, float)) - expected).max() <= 1e-4


def test_that_an_empty_mask_is_infinitely_far():
    assert np.isinf(distance_to_mm(np.zeros((3, 3, 3), np.bool_), np.ones(3))).all()


def test_that_the_signed_distance_changes_sign_at_the_boundary_only():
    mask = np.zeros((9, 9, 9), np.bool_)
    mask[3:6, 3:6, 3:6] = True
    signed = signed_distance_mm(mask, np.array([1.0, 1.0, 2.0]))
    assert np.array_equal(signed > 0, mask)
    assert signed[4, 4, 4] == 2.0


def test_that_pieces_are_numbered_by_falling_size():
    mask = np.zeros((4, 8, 8), np.bool_)
    mask[0, 0, 0:2] = True
    mask[2, 4, 1:7] = True
    labels, n_voxels = components(mask)
    assert n_voxels.tolist() == [6, 2]
    assert labels[2, 4, 3] == 1
    assert labels[0, 0, 0] == 2
    corner = np.zeros((2, 2, 2), np.bool_)
    corner[0, 0, 0] = corner[1, 1, 1] = True
    assert len(components(corner)[1]) == 1
    assert len(components(corner, connectivity=6)[1]) == 2
