"""The parts of the training that decide what the model card says, and the card itself."""

import json

import numpy as np
import pytest

from resources import resource_path
from segmentation.classical.prior import classical_prior
from segmentation.training.augmentation import augmented
from segmentation.training.cross_validation import signed_gaps_mm
from segmentation.training.labelled_scan import LabelledScan
from segmentation.training.rows import coarse_rows
from tests.segmentation.shapes import chest
from twin.grid import Grid
from twin.uncertainty import LabelOrigin


def _ball(radius_mm: float) -> np.ndarray:
    k, j, i = np.mgrid[:60, :60, :60] * 1.0 - 29.5
    return np.sqrt(k**2 + j**2 + i**2) <= radius_mm


@pytest.mark.parametrize(("true_radius_mm", "gap_mm"), [(20.0, 0.0), (24.0, 4.0), (17.0, -3.0)])
def test_that_a_signed_gap_tells_how_far_outwards_the_true_border_lies(true_radius_mm: float, gap_mm: float) -> None:
    grid = Grid.from_spacing((60, 60, 60), (1.0, 1.0, 1.0))
    gaps_mm = signed_gaps_mm(_ball(20.0), _ball(true_radius_mm), grid)
    assert np.median(gaps_mm) == pytest.approx(gap_mm, abs=0.5)


def test_that_the_shipped_liver_border_has_a_measured_uncertainty() -> None:
    shift = classical_prior().uncertainty("liver")
    assert not shift.is_assumed
    assert shift.origin is LabelOrigin.AUTOMATIC
    assert shift.inward_mm < 0 < shift.outward_mm


def test_that_a_structure_without_measurement_keeps_an_assumed_uncertainty() -> None:
    assert classical_prior().uncertainty("bone").is_assumed


def test_that_the_card_names_data_terms_and_held_out_figures() -> None:
    card = json.loads(resource_path("models/classical.json").read_text(encoding="utf-8"))["card"]
    assert "BTCV" in card["data"]
    assert "no redistribution" in card["data"]
    assert len(card["figures"]["dice"]["liver"]) == 20


def _scan() -> LabelledScan:
    hu = np.clip(chest().voxels, -125, 275).astype(np.float32)
    labels = np.zeros(hu.shape, np.uint8)
    labels[4:18, 30:50, 55:75] = 1
    return LabelledScan("made-up", hu, labels, 4.0)


def test_that_a_variant_keeps_image_and_labels_together_and_is_the_same_for_the_same_seed() -> None:
    scan = _scan()
    first, second = (augmented(scan.hu, scan.labels, 4.0, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[0].shape == first[1].shape
    assert first[0].min() >= -125.0
    assert first[0].max() <= 275.0


def test_that_rows_of_the_first_look_have_as_many_features_as_the_shipped_trees_ask_for() -> None:
    rows = coarse_rows(_scan(), np.random.default_rng(1))
    assert rows is not None
    features, classes = rows
    assert features.shape == (len(classes), classical_prior().coarse.n_features)
    assert set(np.unique(classes)) == {0, 1}
