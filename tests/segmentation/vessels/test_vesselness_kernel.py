"""The tube filter against its plain reference, and what it answers to tubes, balls and sheets."""

import numpy as np
import pytest
from scipy import ndimage

from segmentation.kernels.vesselness import raise_vesselness
from tests.naive.vesselness import vesselness

SPACING_KJI_MM = np.array([2.0, 1.0, 0.8])


def _raised(smooth: np.ndarray, scale_mm: float) -> np.ndarray:
    out = np.zeros(smooth.shape, np.float32)
    raise_vesselness(smooth.astype(np.float32), np.ones(smooth.shape, np.bool_), SPACING_KJI_MM, scale_mm, out)
    return out


def test_that_vesselness_is_that_of_the_plain_reference() -> None:
    smooth = ndimage.gaussian_filter(np.random.default_rng(1).normal(0, 40, (7, 9, 8)), 1.0).astype(np.float32)
    expected = vesselness(smooth, np.ones(smooth.shape, bool), SPACING_KJI_MM, 1.5)
    assert np.abs(_raised(smooth, 1.5) - expected).max() < 1e-3 * expected.max()


def test_that_a_larger_value_of_another_scale_stays() -> None:
    smooth = ndimage.gaussian_filter(np.random.default_rng(2).normal(0, 40, (7, 9, 8)), 1.0).astype(np.float32)
    out = np.full(smooth.shape, 1e6, np.float32)
    raise_vesselness(smooth, np.ones(smooth.shape, np.bool_), SPACING_KJI_MM, 1.5, out)
    assert (out == 1e6).all()


@pytest.mark.parametrize("shape", ["ball", "sheet"])
def test_that_a_tube_is_answered_more_strongly_than_another_shape(shape: str) -> None:
    k, j, i = np.indices((15, 31, 31)) * SPACING_KJI_MM[:, None, None, None]
    k, j, i = k - k.mean(), j - j.mean(), i - i.mean()
    other = np.sqrt(k**2 + j**2 + i**2) < 3 if shape == "ball" else np.abs(j) < 3
    answers = [
        _raised(ndimage.gaussian_filter(100.0 * mask, 2.0 / SPACING_KJI_MM), 2.0)[7, 15, 15]
        for mask in (np.sqrt(k**2 + j**2) < 3, other)
    ]
    assert answers[0] > 2 * answers[1]
