"""The voxel grid in patient space."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from twin.box import Box
from twin.errors import GeometryError
from twin.grid import Grid

POINTS = st.lists(st.tuples(*[st.floats(-500, 500)] * 3), min_size=1, max_size=5)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    angles = draw(st.tuples(*[st.floats(-180, 180)] * 3))
    return Grid.from_spacing(
        draw(st.tuples(*[st.integers(1, 40)] * 3)),
        draw(st.tuples(*[st.floats(0.2, 6)] * 3)),
        origin_lps_mm=draw(st.tuples(*[st.floats(-600, 600)] * 3)),
        direction=Rotation.from_euler("xyz", angles, degrees=True).as_matrix(),
        frame_of_reference_uid=draw(st.sampled_from([None, "1.2.3"])),
    )


@given(grids(), POINTS)
def test_that_a_point_comes_back_from_voxel_indices(grid: Grid, points_lps_mm: list[tuple[float, ...]]) -> None:
    there = grid.ijk_from_lps(points_lps_mm)
    assert np.allclose(grid.lps_from_ijk(there), points_lps_mm, atol=1e-8)


@given(grids())
def test_that_a_grid_comes_back_from_a_file_bit_by_bit(grid: Grid) -> None:
    found = Grid.from_json(json.loads(json.dumps(grid.to_json())))
    assert np.array_equal(found.affine_lps_mm, grid.affine_lps_mm)
    assert (found.size_ijk, found.frame_of_reference_uid) == (grid.size_ijk, grid.frame_of_reference_uid)


@given(grids(), st.data())
def test_that_a_cropped_grid_has_its_voxels_at_the_same_places(grid: Grid, data: st.DataObject) -> None:
    starts = [data.draw(st.integers(0, n - 1)) for n in grid.shape_kji]
    stops = [data.draw(st.integers(start + 1, n)) for start, n in zip(starts, grid.shape_kji, strict=True)]
    box = Box(tuple(starts), tuple(stops))  # type: ignore[arg-type]
    cropped = grid.cropped(box)
    assert cropped.shape_kji == box.shape_kji
    k, j, i = starts
    assert np.allclose(cropped.lps_from_ijk((0, 0, 0)), grid.lps_from_ijk((i, j, k)))
    assert np.allclose(cropped.direction, grid.direction)


@given(grids(), st.floats(0.5, 4))
def test_that_a_resampled_grid_covers_the_same_place(grid: Grid, spacing_mm: float) -> None:
    resampled = grid.resampled((spacing_mm,) * 3)
    corner = (-0.5, -0.5, -0.5)
    assert np.allclose(resampled.lps_from_ijk(corner), grid.lps_from_ijk(corner), atol=1e-6)
    extent_mm = grid.spacing_ijk_mm * grid.size_ijk
    gap_mm = np.abs(np.array(resampled.size_ijk) * spacing_mm - extent_mm)
    assert (gap_mm <= np.maximum(spacing_mm / 2, spacing_mm - extent_mm) + 1e-9).all()


def test_that_a_resampled_grid_keeps_the_volume_of_whole_multiples() -> None:
    grid = Grid.from_spacing((10, 20, 30), (1.0, 2.0, 3.0))
    resampled = grid.resampled((2.0, 1.0, 1.5))
    assert resampled.size_ijk == (5, 40, 60)
    assert resampled.voxel_volume_ml * np.prod(resampled.size_ijk) == pytest.approx(
        grid.voxel_volume_ml * np.prod(grid.size_ijk)
    )


def test_that_the_affine_maps_voxel_centres() -> None:
    grid = Grid.from_spacing((4, 3, 2), (0.5, 1.0, 2.5), origin_lps_mm=(10, 20, 30))
    assert grid.lps_from_ijk((0, 0, 0)).tolist() == [10, 20, 30]
    assert grid.lps_from_ijk((3, 2, 1)).tolist() == [11.5, 22, 32.5]
    assert grid.shape_kji == (2, 3, 4)
    assert grid.slice_thickness_mm == 2.5
    assert grid.voxel_volume_ml == pytest.approx(0.00125)


@pytest.mark.parametrize(
    ("affine", "message_id"),
    [
        (np.diag([1.0, 1.0, -1.0, 1.0]), "error.grid.left_handed"),
        (np.diag([1.0, 0.0, 1.0, 1.0]), "error.grid.bad_affine"),
        (np.diag([1.0, np.nan, 1.0, 1.0]), "error.grid.bad_affine"),
        (np.eye(3), "error.grid.bad_affine"),
        (np.eye(4) + np.eye(4, k=1) * 0.2, "error.grid.sheared"),
    ],
)
def test_that_a_grid_that_is_not_orthonormal_and_right_handed_is_refused(affine: np.ndarray, message_id: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(GeometryError) as caught:
        Grid((2, 2, 2), affine)
    assert caught.value.message_id == message_id


def test_that_a_grid_without_voxels_is_refused() -> None:
    with pytest.raises(GeometryError) as caught:
        Grid((2, 0, 2), np.eye(4))
    assert caught.value.message_id == "error.grid.empty"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (Grid.from_spacing((4, 4, 5), (1, 1, 1), frame_of_reference_uid="1"), "size"),
        (Grid.from_spacing((4, 4, 4), (1, 1, 1), frame_of_reference_uid="2"), "frame_of_reference"),
        (Grid.from_spacing((4, 4, 4), (1, 1, 1), origin_lps_mm=(0, 0, 0.02)), "position"),
        (Grid.from_spacing((4, 4, 4), (1, 1, 1.01)), "position"),
    ],
)
def test_that_grids_of_different_places_are_told_apart_with_both_names(other: Grid, reason: str) -> None:
    grid = Grid.from_spacing((4, 4, 4), (1, 1, 1), frame_of_reference_uid="1")
    assert not grid.is_same_space(other)
    with pytest.raises(GeometryError) as caught:
        grid.require_same_space(other, this="organs", that="volume-2")
    assert caught.value.parameters == {"this": "organs", "that": "volume-2", "reason": reason}


def test_that_rounding_of_a_file_and_a_missing_frame_of_reference_are_the_same_space() -> None:
    grid = Grid.from_spacing((4, 4, 4), (1, 1, 1), frame_of_reference_uid="1")
    assert grid.is_same_space(Grid.from_spacing((4, 4, 4), (1, 1, 1), origin_lps_mm=(1e-4, 0, 0)))


def test_that_the_affine_cannot_be_changed() -> None:
    affine = np.eye(4)
    grid = Grid((2, 2, 2), affine)
    affine[0, 3] = 7
    assert grid.origin_lps_mm[0] == 0
    with pytest.raises(ValueError):
        grid.affine_lps_mm[0, 3] = 7


def test_that_a_box_is_the_smallest_around_a_mask() -> None:
    mask = np.zeros((5, 6, 7), bool)
    assert Box.around(mask) is None
    mask[1, 2, 3] = mask[3, 2, 4] = True
    assert Box.around(mask) == Box((1, 2, 3), (4, 3, 5))
    assert Box((1, 2, 3), (4, 3, 5)).joined(Box((0, 4, 4), (1, 5, 5))) == Box((0, 2, 3), (4, 5, 5))
    assert Box((1, 2, 3), (4, 3, 5)).grown((1, 0, 9), (5, 6, 7)) == Box((0, 2, 0), (5, 3, 7))
