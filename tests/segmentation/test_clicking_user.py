"""The scripted user clicks where a person would: in the middle of the worst error, and says which way it is wrong."""

import numpy as np

from tests.segmentation.clicking_user import ClickingUser, dice
from twin.grid import Grid

GRID = Grid.from_spacing((20, 18, 16), (1.0, 1.0, 2.0), origin_lps_mm=(-5.0, 3.0, 7.0))


def _block(k: slice, j: slice, i: slice) -> np.ndarray:
    mask = np.zeros(GRID.shape_kji, bool)
    mask[k, j, i] = True
    return mask


def test_that_the_first_click_is_the_middle_of_the_structure() -> None:
    truth = _block(slice(3, 8), slice(4, 13), slice(5, 14))
    click = ClickingUser(truth, GRID).click(np.zeros_like(truth))
    assert click is not None
    assert click.is_inside
    np.testing.assert_allclose(GRID.ijk_from_lps(click.point_lps_mm), (9, 8, 5))


def test_that_the_larger_of_a_gap_and_a_leak_is_clicked() -> None:
    truth = _block(slice(3, 8), slice(4, 13), slice(3, 8))
    drawn = truth & ~_block(slice(3, 4), slice(4, 13), slice(3, 8)) | _block(slice(3, 8), slice(4, 13), slice(12, 17))
    click = ClickingUser(truth, GRID).click(drawn)
    assert click is not None
    assert not click.is_inside
    np.testing.assert_allclose(GRID.ijk_from_lps(click.point_lps_mm), (14, 8, 5))


def test_that_depth_is_measured_in_millimetres_and_the_border_of_the_scan_is_outside() -> None:
    truth = _block(slice(0, 3), slice(0, 18), slice(0, 20))
    click = ClickingUser(truth, GRID).click(np.zeros_like(truth))
    assert click is not None
    assert GRID.ijk_from_lps(click.point_lps_mm)[2] == 1


def test_that_nothing_is_clicked_when_nothing_is_wrong() -> None:
    truth = _block(slice(3, 8), slice(4, 13), slice(5, 14))
    assert ClickingUser(truth, GRID).click(truth) is None


def test_that_scores_follow_the_answers() -> None:
    truth = _block(slice(3, 8), slice(4, 13), slice(5, 14))
    half = truth & _block(slice(0, 16), slice(0, 18), slice(0, 9))
    answers = iter([half, truth])
    scores = ClickingUser(truth, GRID).corrected(np.zeros_like(truth), lambda click: next(answers), n_clicks=3)
    assert scores == [0.0, dice(half, truth), 1.0, 1.0]
