"""Which scan is left out where, and what a scan for training is made of."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from segmentation.training.networks.simulated_lesion import add_lesions
from segmentation.training.networks.stage import CLASSES, LABEL_OF_CLASS, N_FOLDS, STAGES
from segmentation.training.networks.train import folds
from segmentation.training.networks.training_scans_sitk import labelled_scan
from twin.anatomy import structure


def test_that_each_scan_is_left_out_once_and_helpers_of_contrast_never() -> None:
    names = [f"btcv_{n:02d}" for n in range(20)] + [f"chaos_mr_{n}" for n in range(5)] + ["chaos_ct_3", "phantom_100"]
    sources = ["btcv"] * 20 + ["chaos_mr"] * 5 + ["chaos_ct", "phantom"]
    found = folds(names, sources)
    assert [sum(1 for fold in found.values() if fold == n) for n in range(N_FOLDS)] == [7, 6, 6, 6]
    assert "chaos_ct_3" not in found
    assert "phantom_100" not in found


def test_that_the_classes_stand_for_the_label_values_of_the_anatomy() -> None:
    for name, value in zip(CLASSES[1:], LABEL_OF_CLASS[1:], strict=True):
        assert structure("bile_duct" if name == "gallbladder" else name).value == value


def test_that_a_fine_stage_starts_from_the_same_fold_of_the_coarse_one() -> None:
    coarse, fine = STAGES
    assert fine.start_from == coarse.name
    assert fine.spacing_mm < coarse.spacing_mm


def _image(array: np.ndarray, spacing: tuple[float, float, float]) -> sitk.Image:
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(spacing)
    return image


def test_that_a_ct_keeps_its_place_and_its_window_on_the_training_grid() -> None:
    hu = np.full((20, 40, 40), -1000, np.int16)
    hu[5:15, 10:30, 10:30] = 75  # the middle of the window
    labels = (hu > 0).astype(np.uint8)
    scan = labelled_scan("case", "btcv", _image(hu, (1.0, 1.0, 2.0)), _image(labels, (1.0, 1.0, 2.0)), 2.0, (0, 1))
    assert scan.image.shape == (20, 20, 20)
    assert 126 <= int(scan.image[10, 10, 10]) <= 128
    assert scan.image[0, 0, 0] == 0
    assert int(scan.classes.sum()) * 8.0 == pytest.approx(float(labels.sum()) * 2.0, rel=0.05)


def test_that_an_mr_is_scaled_by_its_own_percentiles(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(1, 900, (16, 16, 16)).astype(np.float32)
    labels = np.zeros((16, 16, 16), np.uint8)
    scan = labelled_scan("case", "chaos_mr", _image(values, (2.0,) * 3), _image(labels, (2.0,) * 3), 2.0, (0, 1, 7, 9))
    assert scan.is_any_contrast
    assert scan.image.min() == 0
    assert scan.image.max() == 255


def test_that_a_simulated_lesion_lies_in_the_liver_and_keeps_other_organs() -> None:
    random = np.random.default_rng(4)
    image = np.full((40, 40, 40), 0.6, np.float32)
    classes = np.zeros((40, 40, 40), np.int64)
    classes[5:35, 5:35, 5:25] = 1
    classes[5:35, 5:35, 26:35] = 7
    before = classes.copy()
    add_lesions(image, classes, 2.5, random)
    assert (image != 0.6).any()
    assert (before[image != 0.6] == 1).all()
    assert (classes == before).all()  # beside the liver there is no fat into which it could bulge
