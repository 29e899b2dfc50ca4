"""Quality control says each doubt, and says nothing about a good label."""

import numpy as np
import pytest

from segmentation.quality import label_warnings, proposed_phase, scan_warnings
from segmentation.segmenter import SegmentationWarning
from tests.segmentation.shapes import ct
from twin.grid import Grid
from twin.volume import ContrastPhase, Volume
from twin.wording import LANGUAGES, Wording

SHAPE = (50, 60, 80)
GRID = Grid.from_spacing(SHAPE[::-1], (4.0, 4.0, 4.0))


def _block(*ranges: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(SHAPE, np.bool_)
    mask[tuple(slice(a, b) for a, b in ranges)] = True
    return mask


def _good() -> dict[str, np.ndarray]:
    """A liver of 1.5 litres on the right of the body, the cava to the right of the aorta."""
    return {
        "liver": _block((10, 38), (15, 45), (10, 38)),
        "skin": _block((0, 50), (5, 55), (5, 75)),
        "aorta": _block((0, 50), (40, 45), (42, 47)),
        "inferior_vena_cava": _block((0, 50), (40, 45), (34, 39)),
    }


def _ids(warnings: tuple[SegmentationWarning, ...]) -> set[str]:
    for warning in warnings:
        for language in LANGUAGES:
            text = Wording(language).text(warning.message_id, **warning.parameters)
            assert text != warning.message_id
            assert "{" not in text
    return {warning.message_id.removeprefix("segmentation.warning.") for warning in warnings}


def test_that_a_good_liver_raises_no_doubt() -> None:
    assert _ids(label_warnings(GRID, _good())) == set()


def test_that_a_missing_liver_raises_no_doubt_about_it() -> None:
    masks = _good()
    del masks["liver"]
    assert label_warnings(GRID, masks) == ()


@pytest.mark.parametrize(
    ("liver", "doubt"),
    [
        (_block((10, 20), (15, 35), (10, 30)), "liver_small"),
        (_block((2, 48), (10, 50), (8, 48)), "liver_large"),
        (_block((0, 28), (15, 45), (10, 38)), "cut_by_scan"),
        (_block((10, 38), (15, 45), (0, 28)), "cut_by_scan"),
        (_block((10, 38), (15, 45), (10, 38)) | _block((42, 48), (15, 30), (10, 30)), "several_pieces"),
        (_block((10, 38), (15, 45), (10, 38)) & ~_block((20, 24), (20, 24), (20, 24)), "holes"),
    ],
)
def test_that_a_doubtful_liver_is_named(liver: np.ndarray, doubt: str) -> None:
    assert doubt in _ids(label_warnings(GRID, _good() | {"liver": liver}))


def test_that_a_mirrored_scan_is_noticed_by_liver_and_vessels() -> None:
    mirrored = {name: mask[:, :, ::-1] for name, mask in _good().items()}
    assert {"liver_on_the_left", "aorta_on_the_right"} <= _ids(label_warnings(GRID, mirrored))


def test_that_the_side_is_judged_in_patient_space_whatever_the_order_of_the_voxels() -> None:
    turned = Grid.from_spacing(SHAPE[::-1], (4.0, 4.0, 4.0), direction=np.diag([-1.0, -1.0, 1.0]))
    rotated = {name: mask[:, ::-1, ::-1] for name, mask in _good().items()}
    assert "liver_on_the_left" not in _ids(label_warnings(turned, rotated))


def _scan(aorta_hu: float, liver_hu: float) -> Volume:
    masks = _good()
    hu = np.where(masks["skin"], 0.0, -1000.0)
    hu[masks["liver"]], hu[masks["aorta"]] = liver_hu, aorta_hu
    return ct(hu, (4.0, 4.0, 4.0))


@pytest.mark.parametrize(
    ("aorta_hu", "liver_hu", "phase"),
    [
        (42, 58, ContrastPhase.UNENHANCED),
        (320, 70, ContrastPhase.ARTERIAL),
        (150, 110, ContrastPhase.PORTAL),
        (100, 95, ContrastPhase.DELAYED),
        (150, 40, ContrastPhase.UNKNOWN),
    ],
)
def test_that_the_phase_is_proposed_from_aorta_and_liver(
    aorta_hu: float, liver_hu: float, phase: ContrastPhase
) -> None:
    assert proposed_phase(_scan(aorta_hu, liver_hu), _good()) is phase


def test_that_no_phase_is_proposed_without_an_aorta() -> None:
    masks = _good()
    del masks["aorta"]
    assert proposed_phase(_scan(150, 110), masks) is ContrastPhase.UNKNOWN


def test_that_an_unfit_scan_is_said_to_be_so() -> None:
    assert _ids(scan_warnings(_scan(42, 58), _good())) == {"thick_slices", "looks_unenhanced"}
    assert _ids(scan_warnings(_scan(320, 70), _good())) == {"thick_slices", "looks_arterial"}
