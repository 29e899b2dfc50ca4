"""Correction by clicks: local, one-sided, faithful to what was said, and better after each click."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.seeds import correction as module
from segmentation.seeds.click import Click
from segmentation.seeds.click_evidence import FEATURES, click_evidence
from segmentation.seeds.correction import click_model, corrected
from segmentation.seeds.neighbours import NO_NEIGHBOURS
from segmentation.training.clicks.simulated_error import wrong_label
from tests.segmentation.clicking_user import ClickingUser, dice
from twin.errors import BackendUnavailable, InputError
from twin.grid import Grid

GRID = Grid.from_spacing((70, 60, 30), (1.3, 1.3, 3.0), origin_lps_mm=(-20.0, 30.0, 400.0))


def organ() -> tuple[np.ndarray, np.ndarray]:
    """Return a scan of a long bent organ in fat, beside bowel of the same brightness, and the organ."""
    k, j, i = np.indices(GRID.shape_kji) * np.array((3.0, 1.3, 1.3))[:, None, None, None]
    bend = 38.0 + 10.0 * np.sin(i / 18.0)
    truth = ((j - bend) ** 2 + (k - 45.0) ** 2 < 11.0**2) & (i > 12.0) & (i < 78.0)
    bowel = (j - 16.0) ** 2 + (k - 45.0) ** 2 < 9.0**2
    image = np.where(truth | bowel, 90.0, -80.0) + np.random.default_rng(2).normal(0.0, 12.0, truth.shape)
    return image.astype(np.int16), truth


IMAGE, TRUTH = organ()


def point(i: float, j: float, k: float) -> np.ndarray:
    return GRID.lps_from_ijk((i, j, k))


def without_tail() -> np.ndarray:
    drawn = TRUTH.copy()
    drawn[:, :, 40:] = False
    return drawn


def with_leak() -> np.ndarray:
    drawn = TRUTH.copy()
    drawn[10:20, 6:20, 20:34] = True
    drawn[12:18, 18:30, 24:30] = True
    return drawn


def middle_of(mask: np.ndarray) -> np.ndarray:
    click = ClickingUser(mask, GRID).click(np.zeros_like(mask))
    assert click is not None
    return click.point_lps_mm


def test_that_a_click_inside_brings_back_what_is_missing_and_removes_nothing() -> None:
    drawn = without_tail()
    click = Click.at(middle_of(TRUTH & ~drawn), is_inside=True)
    after = corrected(IMAGE, GRID, drawn, [click]).applied_to(drawn)
    assert not (drawn & ~after).any()
    assert dice(after, TRUTH) > dice(drawn, TRUTH) + 0.05


def test_that_a_click_outside_takes_away_what_leaked_and_adds_nothing() -> None:
    drawn = with_leak()
    click = Click.at(middle_of(drawn & ~TRUTH), is_inside=False)
    after = corrected(IMAGE, GRID, drawn, [click]).applied_to(drawn)
    assert not (after & ~drawn).any()
    assert dice(after, TRUTH) > dice(drawn, TRUTH) + 0.02


@pytest.mark.parametrize("is_inside", [True, False])
def test_that_the_clicked_voxel_is_as_was_said(is_inside: bool) -> None:
    drawn = without_tail()
    spot = (30, 8, 15) if is_inside else (28, 35, 15)  # in the bowel, far from the organ; and inside the organ
    after = corrected(IMAGE, GRID, drawn, [Click.at(point(*spot), is_inside=is_inside)]).applied_to(drawn)
    assert after[spot[2], spot[1], spot[0]] == is_inside


def test_that_a_click_that_agrees_changes_nothing() -> None:
    answer = corrected(IMAGE, GRID, TRUTH, [Click.at(middle_of(TRUTH), is_inside=True)])
    assert np.array_equal(answer.applied_to(TRUTH), TRUTH)


def test_that_nothing_changes_far_from_the_click() -> None:
    drawn = without_tail()
    click = Click.at(point(50, 30, 15), is_inside=True)
    after = corrected(IMAGE, GRID, drawn, [click]).applied_to(drawn)
    changed = GRID.lps_from_ijk(np.argwhere(after != drawn)[:, ::-1])
    assert np.linalg.norm(changed - click.middle_lps_mm, axis=1).max() < 46.0


def test_that_earlier_clicks_are_kept_to() -> None:
    drawn = without_tail()
    refused = Click.at(point(48, 31, 15), is_inside=False)
    wanted = Click.at(point(54, 30, 15), is_inside=True)
    after = corrected(IMAGE, GRID, drawn, [refused, wanted]).applied_to(drawn)
    assert not after[15, 31, 48]
    assert after[15, 30, 54]


def test_that_a_structure_can_begin_with_a_click() -> None:
    empty = np.zeros_like(TRUTH)
    after = corrected(IMAGE, GRID, empty, [Click.at(middle_of(TRUTH), is_inside=True)]).applied_to(empty)
    assert after.any()
    assert np.count_nonzero(after & TRUTH) > 0.8 * np.count_nonzero(after)


def test_that_a_scribble_says_more_than_a_point() -> None:
    drawn = without_tail()
    line = np.linspace(point(45, 32, 15), point(58, 30, 15), 12)
    scribbled = corrected(IMAGE, GRID, drawn, [Click(line, is_inside=True)]).applied_to(drawn)
    places = np.rint(GRID.ijk_from_lps(line)).astype(int)
    assert scribbled[places[:, 2], places[:, 1], places[:, 0]].all()


def test_that_the_same_clicks_give_the_same_label() -> None:
    drawn, click = with_leak(), Click.at(middle_of(with_leak() & ~TRUTH), is_inside=False)
    first, second = (corrected(IMAGE, GRID, drawn, [click]).mask for _ in range(2))
    assert np.array_equal(first, second)


def test_that_brightness_may_have_any_unit() -> None:
    drawn, click = without_tail(), Click.at(middle_of(TRUTH & ~without_tail()), is_inside=True)
    as_ct = corrected(IMAGE, GRID, drawn, [click]).applied_to(drawn)
    as_mr = corrected(IMAGE.astype(np.float32) * 3.0 + 500.0, GRID, drawn, [click]).applied_to(drawn)
    assert dice(as_ct, as_mr) > 0.99


def test_that_five_clicks_better_a_bad_label() -> None:
    drawn = wrong_label(IMAGE, TRUTH, GRID.spacing_ijk_mm, 0.6, np.random.default_rng(4))
    made: list[Click] = []

    def answer(click: object) -> np.ndarray:
        nonlocal drawn
        made.append(Click.at(click.point_lps_mm, is_inside=click.is_inside))  # type: ignore[attr-defined]
        drawn = corrected(IMAGE, GRID, drawn, made).applied_to(drawn)
        return drawn

    scores = ClickingUser(TRUTH, GRID).corrected(drawn, answer)
    assert scores[-1] > scores[0] + 0.1


def test_that_a_wrong_label_is_as_wrong_as_wanted() -> None:
    for wanted in (0.5, 0.8):
        drawn = wrong_label(IMAGE, TRUTH, GRID.spacing_ijk_mm, wanted, np.random.default_rng(1))
        assert abs(dice(drawn, TRUTH) - wanted) < 0.08


def test_that_rows_hold_every_feature_of_every_candidate() -> None:
    drawn = without_tail()
    seen = click_evidence(IMAGE, GRID, drawn, Click.at(point(50, 30, 15), is_inside=True), [], NO_NEIGHBOURS)
    assert seen.rows.shape == (np.count_nonzero(seen.candidates), len(FEATURES))
    assert np.isfinite(seen.rows).all()
    assert not (seen.candidates & seen.drawn).any()


def test_that_a_click_outside_the_scan_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        corrected(IMAGE, GRID, TRUTH, [Click.at((0.0, 0.0, 0.0), is_inside=True)])
    assert caught.value.message_id == "error.local.point_outside"


def test_that_an_installation_without_the_model_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(relative: str) -> object:
        raise FileNotFoundError(relative)

    click_model.cache_clear()
    monkeypatch.setattr(module, "resource_path", absent)
    with pytest.raises(BackendUnavailable) as caught:
        click_model()
    assert caught.value.message_id == "error.correction.no_model"
