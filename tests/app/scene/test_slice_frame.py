"""Slices lie where the patient's sides say, whatever the order of the voxels."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scene.slice_frame import SliceAxis, SliceFrame, direction_letters
from twin.grid import Grid

LETTERS = {
    SliceAxis.AXIAL: ("R", "L", "A", "P"),
    SliceAxis.CORONAL: ("R", "L", "S", "I"),
    SliceAxis.SAGITTAL: ("A", "P", "S", "I"),
}


def _grids() -> list[Grid]:
    """Grids with every order and sign of axes that is right-handed."""
    grids = []
    for order in permutations(range(3)):
        for signs in np.ndindex(2, 2, 2):
            direction = np.zeros((3, 3))
            for column, row in enumerate(order):
                direction[row, column] = 1.0 if signs[column] else -1.0
            if np.linalg.det(direction) > 0:
                grids.append(
                    Grid.from_spacing((5, 6, 7), (1.0, 1.5, 2.5), direction=direction, origin_lps_mm=(3, -4, 5))
                )
    return grids


@pytest.mark.parametrize("axis", SliceAxis.straight())
def test_that_the_patients_right_is_on_the_left_and_the_head_is_up_for_every_order_of_axes(axis: SliceAxis) -> None:
    assert {SliceFrame(grid, axis).letters for grid in _grids()} == {LETTERS[axis]}


@pytest.mark.parametrize("axis", SliceAxis.straight())
def test_that_a_pixel_of_a_slice_is_the_voxel_at_its_place_in_the_patient(axis: SliceAxis) -> None:
    for grid in _grids():
        voxels = np.arange(np.prod(grid.shape_kji)).reshape(grid.shape_kji)
        frame = SliceFrame(grid, axis)
        for x, y, index in ((0, 0, 0), (1, 2, 3), (frame.shape[1] - 1, frame.shape[0] - 1, frame.n_slices - 1)):
            i, j, k = np.rint(grid.ijk_from_lps(frame.lps_from_pixel(x, y, index))).astype(int)
            picture = frame.slice_of(voxels, index)
            assert picture.shape == frame.shape
            assert picture[y, x] == voxels[k, j, i]


@given(st.integers(0, 23), st.sampled_from(SliceAxis.straight()), st.tuples(*[st.floats(-40, 40)] * 3))
def test_that_pixels_and_points_map_back_and_forth(number: int, axis: SliceAxis, point: tuple[float, ...]) -> None:
    frame = SliceFrame(_grids()[number], axis)
    x, y, index = frame.pixel_from_lps(point)
    assert np.allclose(frame.lps_from_pixel(x, y, index), point, atol=1e-9)


def test_that_slices_rise_towards_the_head_the_back_and_the_left() -> None:
    for grid in _grids():
        for axis, lps in ((SliceAxis.AXIAL, 2), (SliceAxis.CORONAL, 1), (SliceAxis.SAGITTAL, 0)):
            frame = SliceFrame(grid, axis)
            assert frame.position_mm(1) > frame.position_mm(0)
            assert frame.position_mm(1) - frame.position_mm(0) == pytest.approx(frame.spacing_mm[2])
            assert frame.directions_lps[2][lps] == pytest.approx(1.0)


def test_that_the_line_of_a_plane_is_where_its_distance_is_zero() -> None:
    grid = Grid.from_spacing((50, 40, 30), (0.8, 0.8, 2.0))
    origin, normal = np.array([20.0, 15.0, 30.0]), np.array([1.0, 2.0, 0.5]) / np.linalg.norm([1.0, 2.0, 0.5])
    for axis in SliceAxis.straight():
        frame = SliceFrame(grid, axis)
        a, b, c = frame.line_of_plane(origin, normal, 5)
        for x, y in ((0, 0), (7, 3), (12, 20)):
            distance_mm = float((frame.lps_from_pixel(x, y, 5) - origin) @ normal)
            assert a * x + b * y + c == pytest.approx(distance_mm)


def test_that_a_slice_along_the_plane_has_no_line() -> None:
    frame = SliceFrame(Grid.from_spacing((5, 5, 5), (1, 1, 1)), SliceAxis.AXIAL)
    assert frame.line_of_plane((0, 0, 0), (0, 0, 1), 2) is None


def test_that_an_oblique_direction_is_named_by_two_letters() -> None:
    assert direction_letters((0.9, 0.43, 0.0)) == "LP"
    assert direction_letters((0.99, 0.1, 0.0)) == "L"
