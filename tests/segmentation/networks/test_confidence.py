"""A border that the networks are less sure of gets a wider interval, never a narrower one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.networks.confidence import ConfidenceScale, border_confidence, modulated, voxel_confidence
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

MEASURED = BoundaryUncertainty(-2.0, 3.0, LabelOrigin.AUTOMATIC, is_assumed=False)


def _ramp(width_voxels: float) -> np.ndarray:
    """Probability that falls from 1 to 0 along i over a width, the same in each row."""
    profile = np.clip(0.5 - (np.arange(40) - 19.5) / width_voxels, 0, 1)
    return np.broadcast_to(np.round(profile * 255).astype(np.uint8), (10, 10, 40)).copy()


def test_that_a_blurred_border_is_less_confident_than_a_sharp_one() -> None:
    calm = np.zeros((10, 10, 40), np.uint8)
    sharp, soft = (border_confidence(_ramp(w), calm, _ramp(w) > 127) for w in (1.0, 6.0))
    assert sharp > 0.95
    assert soft < 0.25


def test_that_members_that_disagree_lower_the_confidence() -> None:
    field = _ramp(1.0)
    calm, apart = np.zeros_like(field), np.full_like(field, 102)
    ratio = border_confidence(field, apart, field > 127) / border_confidence(field, calm, field > 127)
    assert ratio == pytest.approx(0.6, abs=0.01)
    assert voxel_confidence(field, apart).max() == 153


def test_that_the_faces_of_the_scan_are_no_border() -> None:
    full = np.full((5, 5, 5), 255, np.uint8)
    assert border_confidence(full, np.zeros_like(full), full > 0) == 0.0


@given(seen=st.floats(0.0, 1.0), exponent=st.floats(0.0, 3.0), largest=st.floats(1.0, 5.0))
def test_that_the_interval_never_narrows_and_never_passes_its_bound(
    seen: float, exponent: float, largest: float
) -> None:
    wider = modulated(MEASURED, "liver", seen, ConfidenceScale({"liver": 0.6}, exponent, largest))
    assert -2.0 * largest - 1e-9 <= wider.inward_mm <= -2.0
    assert 3.0 <= wider.outward_mm <= 3.0 * largest + 1e-9
    assert wider.outward_mm / wider.inward_mm == pytest.approx(-1.5)
    assert wider.origin is LabelOrigin.AUTOMATIC


def test_that_less_confidence_means_a_wider_interval() -> None:
    scale = ConfidenceScale({"liver": 0.6})
    widths = [modulated(MEASURED, "liver", seen, scale).outward_mm for seen in (0.7, 0.6, 0.5, 0.3)]
    assert widths[0] == widths[1] == 3.0
    assert widths[1] < widths[2] < widths[3]
