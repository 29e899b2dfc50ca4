"""Intervals: a boundary that moves as a whole."""

import numpy as np
import pytest

from simulation.intervals import LEVELS, shifted_shares
from simulation.simulate import simulate
from tests.simulation.shapes import EXACT, ball, block, grid_of, twin_of
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import parse_cut
from twin.uncertainty import BoundaryUncertainty, LabelOrigin

NOBODY = PatientFacts()


def volumes(mask, grid, uncertainty):
    low, high = shifted_shares(mask, grid.spacing_ijk_mm, uncertainty)
    return (low.sum() / LEVELS * grid.voxel_volume_ml, high.sum() / LEVELS * grid.voxel_volume_ml)


@pytest.mark.parametrize("shift_mm", [0.4, 1.0, 2.0, 3.3])
def test_that_a_shifted_ball_grows_by_the_shift_and_half_a_slice_along_the_slices(shift_mm):
    """The boundary moves by the support function of the ellipsoid of the shift, here by its mean."""
    grid = grid_of((70, 70, 70))
    radius = 24.0
    mask = ball(grid, (0, 0, 0), radius)
    low, high = volumes(mask, grid, BoundaryUncertainty(-shift_mm, shift_mm, LabelOrigin.MANUAL))
    # Mean over directions of sqrt(a^2 (1 - z^2) + c^2 z^2): how far the boundary moves.
    z = np.linspace(-1, 1, 2001)
    moved = np.sqrt(shift_mm**2 * (1 - z**2) + (shift_mm + 0.5) ** 2 * z**2).mean()
    ball_ml = mask.sum() * grid.voxel_volume_ml
    scale = ball_ml / (4 / 3 * np.pi * radius**3 / 1000)
    gained_ml = scale * 4 / 3 * np.pi * ((radius + moved) ** 3 - radius**3) / 1000
    lost_ml = scale * 4 / 3 * np.pi * (radius**3 - (radius - moved) ** 3) / 1000
    assert (high - ball_ml, ball_ml - low) == (pytest.approx(gained_ml, rel=0.1), pytest.approx(lost_ml, rel=0.1))


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.7, 0.7, 5.0), (1.5, 1.5, 2.0)])
def test_that_a_block_known_exactly_gains_half_a_slice_above_and_below_only(spacing):
    grid = grid_of((30, 30, 30), spacing)
    mask = np.zeros(grid.shape_kji, np.bool_)
    mask[10:20, 8:22, 8:22] = True
    low, high = volumes(mask, grid, EXACT)
    slice_ml = 14 * 14 * grid.voxel_volume_ml
    assert (low, high) == pytest.approx((9 * slice_ml, 11 * slice_ml), rel=0.01)


def test_that_the_shifted_masks_are_nested():
    grid = grid_of((50, 50, 30), (1, 1, 2))
    mask = ball(grid, (0, 0, 0), 18)
    small = BoundaryUncertainty(-1.0, 1.0, LabelOrigin.MANUAL)
    large = BoundaryUncertainty(-2.5, 2.5, LabelOrigin.MANUAL)
    (low, high), (lower, higher) = (shifted_shares(mask, grid.spacing_ijk_mm, u) for u in (small, large))
    inside = mask * np.uint8(LEVELS)
    for narrow, wide in ((lower, low), (low, inside), (inside, high), (high, higher)):
        assert (narrow <= wide).all()


def test_that_every_figure_lies_in_its_interval_and_parts_stay_consistent():
    grid = grid_of((60, 60, 40), (1, 1, 1.5))
    twin = twin_of(grid, ball(grid, (0, 0, 0), 25), [ball(grid, (10, 0, 0), 6)])
    liver = simulate(Plan("A", (parse_cut("plane:2,0,0:1,0,0"),)), twin, NOBODY).liver
    for key in ("total_ml", "lesion_ml", "net_ml", "resected_ml", "remnant_ml", "flr_ml", "flr_percent"):
        assert liver[key].low < liver[key].value < liver[key].high
    for end in ("low", "high"):
        parts = getattr(liver["resected_ml"], end) + getattr(liver["remnant_ml"], end)
        assert parts == pytest.approx(getattr(liver["total_ml"], end))


def test_that_a_ratio_varies_less_than_its_volumes_because_they_move_together():
    """Half of a block: both halves grow alike, so the FLR stays at 50 % while its volume moves a lot."""
    grid = grid_of((60, 40, 40))
    liver = simulate(
        Plan("A", (parse_cut("plane:0,0,0:1,0,0"),)), twin_of(grid, block(grid, (25.4, 14, 14))), NOBODY
    ).liver
    assert liver["flr_percent"].high - liver["flr_percent"].low < 0.5
    assert liver["flr_ml"].high - liver["flr_ml"].low > 0.2 * liver["flr_ml"].value


def test_that_a_wider_uncertainty_gives_a_wider_interval():
    grid = grid_of((60, 60, 40), (1, 1, 1.5))
    widths = []
    for origin in (LabelOrigin.TRUTH, LabelOrigin.MANUAL, LabelOrigin.AUTOMATIC):
        uncertainty = BoundaryUncertainty.of_origin(origin)
        twin = twin_of(grid, ball(grid, (0, 0, 0), 25), uncertainty=uncertainty)
        figure = simulate(Plan("A", (parse_cut("plane:2,0,0:1,0,0"),)), twin, NOBODY).liver["total_ml"]
        widths.append(figure.high - figure.low)
    assert widths[0] < widths[1] < widths[2]


def test_that_the_volume_of_a_wedge_follows_the_boundary_of_its_lesion():
    grid = grid_of((60, 60, 60))
    lesion, liver = ball(grid, (0, 0, 0), 8), block(grid, (26, 26, 26))
    shift = BoundaryUncertainty(-2.0, 2.0, LabelOrigin.MANUAL)
    twin = twin_of(grid, liver, [lesion], uncertainty=EXACT, lesion_uncertainty=shift)
    figure = simulate(Plan("A", (parse_cut("wedge:lesion-1:10"),)), twin, NOBODY).liver["resected_ml"]
    for end, radius in ((figure.low, 16 - 0.25), (figure.value, 18), (figure.high, 20 + 0.25)):
        assert end == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.05)
