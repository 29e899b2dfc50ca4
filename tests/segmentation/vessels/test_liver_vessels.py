"""The two venous trees of a made-up liver: found, told apart, and never invented."""

import time
from functools import cache
from threading import Timer

import numpy as np
import pytest

from segmentation.vessels.liver_vessels import LiverVessels, find_liver_vessels
from tests.segmentation.vessels.made_up_liver import (
    HEPATIC_ROOT_LPS_MM,
    PORTAL_ROOT_LPS_MM,
    MadeUpLiver,
    centreline_dice,
    made_up_liver,
    scan,
)
from twin.errors import Cancelled, InputError
from twin.job import CancelSource, Progress
from twin.volume import Modality


def _traced(made_up: MadeUpLiver, **clicks: object) -> LiverVessels:
    return find_liver_vessels(
        made_up.volume, made_up.liver, cava_mask=made_up.cava, aorta_mask=made_up.aorta, **clicks
    )  # fmt: skip


@cache
def _found() -> LiverVessels:
    return _traced(made_up_liver())


def test_that_both_trees_are_found_and_told_apart() -> None:
    made_up, found = made_up_liver(), _found()
    assert not found.not_found
    near_liver = np.asarray(made_up.liver)
    assert centreline_dice(found.portal_mask & near_liver, made_up.portal & near_liver) >= 0.85
    assert centreline_dice(found.hepatic_mask & near_liver, made_up.hepatic & near_liver) >= 0.85


def test_that_the_trees_do_not_overlap_nor_enter_the_vena_cava() -> None:
    made_up, found = made_up_liver(), _found()
    assert not (found.portal_mask & found.hepatic_mask).any()
    assert np.count_nonzero(found.hepatic_mask & made_up.cava) <= 0.05 * np.count_nonzero(found.hepatic_mask)


def test_that_the_same_scan_gives_the_same_trees() -> None:
    again = _traced(made_up_liver())
    np.testing.assert_array_equal(again.portal_mask, _found().portal_mask)
    np.testing.assert_array_equal(again.hepatic_mask, _found().hepatic_mask)


@pytest.mark.parametrize("lesion_hu", [55.0, 150.0, 400.0])
def test_that_a_lesion_is_no_vessel(lesion_hu: float) -> None:
    made_up = made_up_liver(lesion_hu=lesion_hu)
    found = _traced(made_up)
    drawn, true = found.portal_mask | found.hepatic_mask, made_up.portal | made_up.hepatic
    k, j, i = np.indices(drawn.shape)
    at_lesion = np.sqrt((i * 1.5 - 60) ** 2 + (j * 1.5 - 62) ** 2 + (k * 1.5 - 30) ** 2) <= 18.0
    assert np.count_nonzero(drawn & at_lesion & ~true) <= 0.1 * np.count_nonzero(at_lesion)


def test_that_a_scan_without_contrast_has_no_vessels() -> None:
    found = _traced(made_up_liver(contrast=0.0))
    assert not found.portal_mask.any()
    assert not found.hepatic_mask.any()
    assert set(found.not_found.values()) == {"vessels.not_found.no_contrast"}


def test_that_an_mr_is_refused_with_the_reason() -> None:
    made_up = made_up_liver()
    found = find_liver_vessels(scan(made_up.volume.voxels.astype(float), Modality.MR), made_up.liver)
    assert set(found.not_found.values()) == {"vessels.not_found.not_ct"}


def test_that_without_a_vena_cava_the_hepatic_tree_needs_a_click() -> None:
    made_up = made_up_liver()
    assert "hepatic_vein" in find_liver_vessels(made_up.volume, made_up.liver).not_found
    clicked = find_liver_vessels(
        made_up.volume,
        made_up.liver,
        portal_root_lps_mm=PORTAL_ROOT_LPS_MM,
        hepatic_root_lps_mm=HEPATIC_ROOT_LPS_MM,
    )
    assert not clicked.not_found
    inside = made_up.liver
    assert centreline_dice(clicked.portal_mask & inside, made_up.portal & inside) >= 0.8


def test_that_a_click_outside_the_scan_is_refused() -> None:
    with pytest.raises(InputError, match="click_outside"):
        _traced(made_up_liver(), portal_root_lps_mm=(900.0, 0.0, 0.0))


def test_that_it_stops_soon_after_it_is_told_to() -> None:
    source = CancelSource()
    told: list[float] = []

    def cancel_at_tubes(progress: Progress) -> None:
        if progress.message_id == "progress.vessels.tubes":
            Timer(0.02, lambda: (told.append(time.monotonic()), source.cancel())).start()

    made_up = made_up_liver()
    with pytest.raises(Cancelled):
        find_liver_vessels(
            made_up.volume, made_up.liver, cava_mask=made_up.cava, progress=cancel_at_tubes, cancel=source.token
        )
    assert time.monotonic() - told[0] < 5.0  # a hang guard of ten times the promise
