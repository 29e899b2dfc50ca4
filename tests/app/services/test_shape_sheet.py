"""Sheets shaped by hand: the surface that is drawn, its curve on a slice, and what a pull changes."""

import numpy as np
import pytest

from app.services.shape_sheet import shape_of_sheet, sheet_with_point, sheet_with_surface_moved, turned_sheet
from twin.resection import SheetCut


def flat_sheet(n: int = 4) -> SheetCut:
    """A square of 90 mm at x = 10."""
    places = np.linspace(-45.0, 45.0, n)
    return SheetCut(tuple(tuple((10.0, float(y), float(z)) for y in places) for z in places))


def test_that_a_flat_sheet_meets_a_slice_in_a_straight_line_as_long_as_it_is() -> None:
    segments, _ = shape_of_sheet(flat_sheet()).curve_on((0.0, 0.0, 3.0), (0.0, 0.0, 1.0))
    assert segments[..., 0] == pytest.approx(10.0)
    assert segments[..., 2] == pytest.approx(3.0)
    assert np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1).sum() == pytest.approx(90.0, abs=1e-6)


def test_that_a_slice_beside_the_sheet_has_no_curve() -> None:
    segments, samples = shape_of_sheet(flat_sheet()).curve_on((0.0, 0.0, 300.0), (0.0, 0.0, 1.0))
    assert len(segments) == len(samples) == 0


@pytest.mark.parametrize("sample", [0, 40, 144, 288])
def test_that_the_surface_goes_exactly_where_it_is_pulled(sample: int) -> None:
    sheet = flat_sheet(5)
    shape = shape_of_sheet(sheet)
    pulled = shape_of_sheet(sheet_with_surface_moved(sheet, shape, sample, (7.0, 0.0, 0.0)))
    moved = pulled.points_lps_mm.reshape(-1, 3) - shape.points_lps_mm.reshape(-1, 3)
    assert moved[sample] == pytest.approx((7.0, 0.0, 0.0))
    assert np.abs(moved[:, 0]).max() < 7.0 + 3.0, "nothing goes much farther than the hand"


def test_that_one_control_point_is_moved_and_no_other() -> None:
    before, after = flat_sheet(), sheet_with_point(flat_sheet(), 1, 2, (20.0, 0.0, 0.0))
    changed = np.any(np.array(before.control_points_lps_mm) != np.array(after.control_points_lps_mm), axis=2)
    assert np.argwhere(changed).tolist() == [[1, 2]]


def test_that_a_turned_sheet_removes_the_other_side() -> None:
    sheet = flat_sheet()
    assert shape_of_sheet(turned_sheet(sheet)).normal_lps == pytest.approx(-shape_of_sheet(sheet).normal_lps)
