"""What a wider look adds: large organs that the close one misses, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation.networks.network_scan_sitk import NetworkScan
from segmentation.networks.sliding_window import ClassFields
from segmentation.networks.wide_look import WIDER, with_wide_look
from twin.grid import Grid

IDS = ("liver", "spleen", "stomach")
GRID = Grid.from_spacing((60, 60, 60), (2.0, 2.0, 2.0), origin_lps_mm=(1.0, 1.0, 1.0))
WIDE = Grid.from_spacing((40, 40, 40), (3.0, 3.0, 3.0), origin_lps_mm=(1.5, 1.5, 1.5))


def seen_balls(grid: Grid, balls: dict[str, tuple[float, int]]) -> ClassFields:
    """Fields with one ball in the middle for each structure: radius in mm, level; later ones over earlier ones."""
    k, j, i = np.indices(grid.shape_kji)
    from_middle_mm = np.linalg.norm(grid.lps_from_ijk(np.stack([i, j, k], axis=-1)) - 60.0, axis=-1)
    fields = np.zeros((len(IDS), *grid.shape_kji), np.uint8)
    for name, (radius_mm, level) in balls.items():
        inside = from_middle_mm <= radius_mm
        fields[:, inside] = 0
        fields[IDS.index(name), inside] = level
    return ClassFields(fields, np.full(grid.shape_kji, 10 if grid is GRID else 30, np.uint8))


def ml_of(seen: ClassFields, name: str) -> float:
    return float(np.count_nonzero(seen.fields[IDS.index(name)] > 127)) * GRID.voxel_volume_ml


def test_that_a_large_organ_missed_by_the_close_look_is_taken_from_the_wider_one() -> None:
    close = seen_balls(GRID, {"spleen": (20.0, 220)})
    both = with_wide_look(close, GRID, seen_balls(WIDE, {"spleen": (45.0, 200)}), WIDE, IDS)
    assert ml_of(both, "spleen") == pytest.approx(4 / 3 * np.pi * 4.5**3, rel=0.1)
    # What the close look was surer of stays its own.
    assert both.fields[1, 30, 30, 30] == 220
    assert both.disagreement[30, 30, 30] == 10
    assert both.fields[1, 30, 30, 47] == 200
    assert both.disagreement[30, 30, 47] == 30


def test_that_other_probabilities_make_room_where_the_wider_look_is_taken() -> None:
    close = seen_balls(GRID, {"stomach": (45.0, 150)})
    both = with_wide_look(close, GRID, seen_balls(WIDE, {"spleen": (45.0, 200)}), WIDE, IDS)
    assert both.fields[:, 30, 30, 30].tolist() == [0, 200, 0]
    assert int(both.fields.sum(axis=0, dtype=np.int16).max()) <= 255


def test_that_what_the_close_look_is_surer_of_stays() -> None:
    close = seen_balls(GRID, {"liver": (20.0, 220)})
    both = with_wide_look(close, GRID, seen_balls(WIDE, {"spleen": (45.0, 200)}), WIDE, IDS)
    assert both.fields[:, 30, 30, 30].tolist() == [220, 0, 0]
    assert both.fields[:, 30, 30, 47].tolist() == [0, 200, 0]


@pytest.mark.parametrize(
    ("close", "wide"),
    [
        ({"spleen": (20.0, 220)}, {"spleen": (38.0, 220)}),  # 230 ml: not large
        ({"spleen": (43.0, 220)}, {"spleen": (45.0, 220)}),  # hardly more
        ({"liver": (20.0, 220)}, {"liver": (50.0, 220)}),  # learned in all their size
        ({"spleen": (45.0, 220)}, {"spleen": (30.0, 220)}),  # less: nothing is taken away
    ],
)
def test_that_the_close_look_stays_otherwise(
    close: dict[str, tuple[float, int]], wide: dict[str, tuple[float, int]]
) -> None:
    seen = seen_balls(GRID, close)
    assert with_wide_look(seen, GRID, seen_balls(WIDE, wide), WIDE, IDS) is seen


def test_that_a_wider_scan_shows_the_same_place_on_fewer_voxels() -> None:
    k, j, i = np.indices(GRID.shape_kji)
    scan = NetworkScan((2 * i + j + k).astype(np.uint8), GRID, (-125.0, 275.0))
    wider = scan.wider(WIDER)
    assert wider.grid.shape_kji == WIDE.shape_kji
    assert wider.grid.affine_lps_mm == pytest.approx(WIDE.affine_lps_mm)
    assert wider.window == scan.window
    at_ijk = GRID.ijk_from_lps(wider.grid.lps_from_ijk((20, 10, 30)))
    assert wider.levels[30, 10, 20] == pytest.approx(2 * at_ijk[0] + at_ijk[1] + at_ijk[2], abs=1.0)
