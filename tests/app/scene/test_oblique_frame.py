"""Oblique slices: the same points as the straight ones, labels of the nearest voxel, lengths kept."""

import numpy as np
import pytest

from app.scene.oblique_frame import ObliqueFrame, oblique_directions
from app.scene.slice_frame import SliceAxis, SliceFrame
from twin.grid import Grid

GRID = Grid.from_spacing((20, 24, 16), (1.0, 1.0, 2.0))


@pytest.mark.parametrize("normal", [(0, 1, 0), (1, 0, 0), (0, 0, 1), (0.5, -0.7, 0.2), (-1, 0, 0.1)])
def test_that_directions_are_at_right_angles_and_pixels_map_there_and_back(normal: tuple[float, ...]) -> None:
    directions = oblique_directions(normal)
    assert np.allclose(directions @ directions.T, np.eye(3))
    frame = ObliqueFrame.of(GRID, directions)
    point = GRID.lps_from_ijk((3, 17, 9))
    assert np.allclose(frame.lps_from_pixel(*frame.pixel_from_lps(point)), point)
    right = frame.lps_from_pixel(8, 2, 3) - frame.lps_from_pixel(5, 2, 3)
    assert np.linalg.norm(right) == pytest.approx(3 * frame.spacing_mm[0]), "lengths on the slice are those of the body"
    corners = frame.pixel_from_lps([GRID.lps_from_ijk((0, 0, 0)), GRID.lps_from_ijk((19, 23, 15))])
    rows, columns = frame.shape
    assert ((corners[:, 0] > -0.5) & (corners[:, 0] < columns)).all()
    assert ((corners[:, 1] > -0.5) & (corners[:, 1] < rows)).all()


def test_that_the_head_is_up_and_the_patients_left_on_the_right_where_a_slice_is_nearly_coronal() -> None:
    right, down, _ = oblique_directions((0.2, 0.9, 0.3))
    assert right[0] > 0.9
    assert down[2] < -0.9


def test_that_an_oblique_slice_along_an_axis_shows_what_the_straight_one_shows() -> None:
    voxels = np.random.default_rng(3).integers(-200, 300, GRID.shape_kji).astype(np.int16)
    labels = (voxels > 100).astype(np.uint8)
    straight = SliceFrame(GRID, SliceAxis.CORONAL)
    oblique = ObliqueFrame.of(GRID, oblique_directions((0, 1, 0)))
    point = GRID.lps_from_ijk((7, 11, 5))
    for array in (voxels, labels, labels.astype(np.bool_)):
        x, y, z = (round(float(v)) for v in oblique.pixel_from_lps(point))
        shown = oblique.slice_of(array, z)
        assert shown.dtype == array.dtype
        assert shown.shape == oblique.shape
        sx, sy, sz = (round(float(v)) for v in straight.pixel_from_lps(point))
        # The middle of a scan of even size lies between two voxels: half a pixel aside is looked at, too.
        around = straight.slice_of(array, sz)[sy - 1 : sy + 2, sx - 1 : sx + 2].astype(float)
        assert around.min() <= float(shown[y, x]) <= around.max()


def test_that_what_lies_outside_the_scan_has_no_label() -> None:
    frame = ObliqueFrame.of(GRID, oblique_directions((1, 1, 0)))
    labels = np.ones(GRID.shape_kji, np.uint8)
    shown = frame.slice_of(labels, frame.n_slices // 2)
    assert shown[:, 0].max() == 0
    assert shown[frame.shape[0] // 2, frame.shape[1] // 2] == 1
