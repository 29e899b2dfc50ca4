"""A second scan laid over: its values where a slice lies, through a registration, against the plain formula."""

import numpy as np
import pytest

from app.scene.fusion import FusedScan
from app.scene.oblique_frame import ObliqueFrame, oblique_directions
from app.scene.slice_frame import SliceAxis, SliceFrame
from app.scene.slice_scene import SliceScene
from app.scene.window_level import WindowLevel
from twin.figure import Figure, FigureStatus
from twin.grid import Grid
from twin.provenance import Provenance
from twin.registration import Registration
from twin.volume import Modality, Quantity, Volume

GRID = Grid.from_spacing((40, 36, 20), (1.0, 1.0, 2.0))
OTHER = Grid.from_spacing((16, 22, 15), (2.0, 2.0, 3.0), origin_lps_mm=(-4.0, -3.0, -2.0))
SLOPE = np.array([3.0, -2.0, 4.0])  # a scan whose values are linear in space is sampled exactly
WINDOW = WindowLevel(400.0, 50.0)


def _value(points_lps_mm: np.ndarray) -> np.ndarray:
    return points_lps_mm @ SLOPE


def _fused(share: float = 0.5) -> FusedScan:
    k, j, i = np.indices(OTHER.shape_kji)
    voxels = _value(OTHER.lps_from_ijk(np.stack([i, j, k], axis=-1))).astype(np.float32)
    angle = np.radians(7.0)
    matrix = np.eye(4)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix[:3, 3] = (2.0, -3.0, 1.5)
    quality = Figure(1.0, 0.5, 1.5, "mm", FigureStatus.MEASURED, "test")
    registration = Registration("second", "first", matrix, "rigid", quality, Provenance("test", "1", {}))
    return FusedScan(Volume("second", OTHER, voxels, Quantity.HOUNSFIELD, Modality.CT), registration, share)


FRAMES = [SliceFrame(GRID, axis) for axis in SliceAxis.straight()]
FRAMES.append(ObliqueFrame.of(GRID, oblique_directions((0.3, 0.8, 0.5))))


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(frame.axis))
def test_that_a_slice_shows_what_the_second_scan_holds_there(frame: SliceFrame) -> None:
    fused = _fused()
    index = frame.n_slices // 2
    values, is_known = fused.values(frame, index)
    rows, columns = frame.shape
    to_second = np.linalg.inv(fused.registration.matrix_lps_mm)
    n_known = 0
    for row in range(0, rows, 3):
        for column in range(0, columns, 3):
            point = to_second[:3, :3] @ frame.lps_from_pixel(column, row, index) + to_second[:3, 3]
            ijk = OTHER.ijk_from_lps(point)
            last = np.array(OTHER.size_ijk) - 1
            assert is_known[row, column] == bool(((ijk >= -0.5) & (ijk <= last + 0.5)).all())
            if ((ijk >= 0) & (ijk <= last)).all():
                assert values[row, column] == pytest.approx(float(_value(point)), abs=0.01)
                n_known += 1
    assert n_known > 20


def test_that_its_share_blends_and_what_it_does_not_hold_stays() -> None:
    voxels = np.zeros(GRID.shape_kji, np.int16)
    scene = SliceScene(Volume("first", GRID, voxels, Quantity.HOUNSFIELD, Modality.CT))
    alone = scene.picture(SliceAxis.AXIAL, 10, WINDOW)
    none, half, whole = (scene.picture(SliceAxis.AXIAL, 10, WINDOW, fused=_fused(s)) for s in (0.0, 0.5, 1.0))
    assert np.array_equal(none, alone)
    values, is_known = _fused().values(scene.frames[SliceAxis.AXIAL], 10)
    other = WINDOW.grey_from_values(values).astype(int)
    assert np.array_equal((whole & 255)[is_known], other[is_known])
    assert np.abs((half & 255)[is_known] - ((alone & 255).astype(int) + other)[is_known] / 2).max() <= 1
    assert np.array_equal(half[~is_known], alone[~is_known])
    assert (~is_known).any()


def test_that_a_scan_registered_on_another_one_is_not_laid_over() -> None:
    scene = SliceScene(Volume("third", GRID, np.zeros(GRID.shape_kji, np.int16), Quantity.HOUNSFIELD, Modality.CT))
    assert not scene.is_under(_fused())
    assert np.array_equal(
        scene.picture(SliceAxis.AXIAL, 10, WINDOW, fused=_fused()), scene.picture(SliceAxis.AXIAL, 10, WINDOW)
    )
