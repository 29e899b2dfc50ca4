"""Pieces are kept, filled or refused by rule."""

import numpy as np
import pytest

from segmentation.networks.shape import SeenStructure, seen_structures
from segmentation.networks.sliding_window import ClassFields
from twin.grid import Grid

GRID = Grid.from_spacing((60, 60, 60), (2.5,) * 3)


def _ball(centre_kji: tuple[int, int, int], radius_mm: float) -> np.ndarray:
    at = np.indices(GRID.shape_kji) - np.reshape(centre_kji, (3, 1, 1, 1))
    return np.linalg.norm(at * 2.5, axis=0) <= radius_mm


def _seen(disagreement: int = 0, level: int = 240, **masks: np.ndarray) -> dict[str, SeenStructure]:
    fields = np.stack([np.where(mask, level, 0).astype(np.uint8) for mask in masks.values()])
    apart = np.full(GRID.shape_kji, disagreement, np.uint8)
    return seen_structures(ClassFields(fields, apart), GRID, tuple(masks))


def test_that_only_the_largest_piece_is_liver() -> None:
    large, small = _ball((30, 30, 20), 40.0), _ball((30, 30, 50), 12.0)
    liver = _seen(liver=large | small)["liver"]
    np.testing.assert_array_equal(liver.mask, large)
    assert not liver.field[small].any()
    assert liver.absence is None


def test_that_a_vessel_or_lesion_inside_an_organ_belongs_to_it() -> None:
    whole, hole = _ball((30, 30, 30), 40.0), _ball((30, 30, 30), 10.0)
    liver = _seen(liver=whole & ~hole, portal_vein=hole)["liver"]
    np.testing.assert_array_equal(liver.mask, whole)
    assert liver.field[hole].min() == 255
    assert liver.volume_ml == pytest.approx(np.count_nonzero(whole & ~hole) * GRID.voxel_volume_ml)


def test_that_both_kidneys_are_kept_and_a_crumb_is_not() -> None:
    right, left, crumb = _ball((20, 40, 15), 24.0), _ball((20, 40, 45), 24.0), _ball((50, 10, 10), 8.0)
    kidney = _seen(kidney=right | left | crumb)["kidney"]
    np.testing.assert_array_equal(kidney.mask, right | left)


def test_that_two_femurs_are_no_kidneys() -> None:
    """Without liver or spleen, what looks like kidneys is none."""
    right, left = _ball((20, 40, 15), 24.0), _ball((20, 40, 45), 24.0)
    seen = _seen(liver=np.zeros_like(right), kidney=right | left)
    assert seen["kidney"].absence == "networks.not_found.no_neighbours"
    assert _seen(liver=_ball((45, 20, 30), 34.0), kidney=right | left)["kidney"].absence is None


@pytest.mark.parametrize(
    ("radius_mm", "level", "disagreement", "reason"),
    [
        (20.0, 240, 0, "networks.not_found.too_small"),
        (40.0, 150, 0, "networks.not_found.not_sure"),
        (40.0, 240, 120, "networks.not_found.members_disagree"),
        (0.0, 0, 0, "networks.not_found.nothing_like_it"),
        (40.0, 240, 20, None),
    ],
)
def test_that_a_liver_is_believed_only_when_large_and_sure(
    radius_mm: float, level: int, disagreement: int, reason: str | None
) -> None:
    assert _seen(disagreement, level, liver=_ball((30, 30, 30), radius_mm))["liver"].absence == reason


def test_that_a_pancreas_without_an_abdomen_around_it_is_not_believed() -> None:
    gland, liver = _ball((45, 30, 45), 15.0), _ball((25, 30, 20), 40.0)
    alone = _seen(liver=np.zeros_like(gland), pancreas=gland)["pancreas"]
    assert alone.absence == "networks.not_found.no_neighbours"
    assert _seen(liver=liver, pancreas=gland)["pancreas"].absence is None


def test_that_a_card_may_ask_for_more_or_less_certainty() -> None:
    field = np.where(_ball((30, 30, 30), 40.0), 160, 0).astype(np.uint8)[None]
    seen = ClassFields(field, np.zeros(GRID.shape_kji, np.uint8))
    for smallest_mean, reason in ((0.6, None), (0.7, "networks.not_found.not_sure")):
        assert seen_structures(seen, GRID, ("liver",), {"liver": smallest_mean})["liver"].absence == reason
