"""Territories chosen by segments and branches."""

import numpy as np
import pytest

from app.services.choose_territory import branch_names, segment_at, segment_digits, toggled
from twin.anatomy import LayerName
from twin.errors import GeometryError
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.resection import TerritorySet
from twin.twin import Twin


@pytest.fixture
def twin() -> Twin:
    """Segments 4b and 5 beside each other, of cubes of 5 mm."""
    grid = Grid.from_spacing((20, 10, 10), (5, 5, 5))
    voxels = np.zeros(grid.shape_kji, np.uint8)
    voxels[2:8, 2:8, 2:10] = 42
    voxels[2:8, 2:8, 10:18] = 5
    return Twin(grid, {LayerName.COUINAUD: LabelLayer(LayerName.COUINAUD, grid, voxels)})


def test_that_parts_of_segment_4_are_one_digit(twin: Twin) -> None:
    assert segment_digits(twin) == ("4", "5")


def test_that_the_segment_under_a_click_is_found_a_little_outside_of_the_labels_too(twin: Twin) -> None:
    assert segment_at(twin, (30.0, 25.0, 25.0)) == "4"
    assert segment_at(twin, (85.0, 25.0, 25.0)) == "5"
    assert segment_at(twin, (90.0, 25.0, 25.0)) == "5", "within some millimetres"
    assert segment_at(twin, (200.0, 25.0, 25.0)) == ""


def test_that_a_territory_keeps_at_least_one_part() -> None:
    assert toggled(TerritorySet(new_world_code="H56"), "5") == TerritorySet(new_world_code="H6")
    with pytest.raises(GeometryError, match="last_one"):
        toggled(TerritorySet(new_world_code="H6"), "6")
    with pytest.raises(GeometryError, match="last_one"):
        toggled(TerritorySet(branches=("portal.left",)), "portal.left")


def test_that_a_twin_without_trees_has_no_branches(twin: Twin) -> None:
    assert branch_names(twin) == ()
