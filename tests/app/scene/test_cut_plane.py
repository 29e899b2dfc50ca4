"""The cutting plane follows the hand: the arrow along the normal, a knob on its sphere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scene.cut_plane import CutPlane, PlaneHandle
from app.scene.orbit_camera import OrbitCamera, ViewSide

SIZE = (800, 600)
ANGLES = st.floats(-1.5, 1.5)


def _plane(normal: tuple[float, float, float] = (1.0, 0.3, -0.2)) -> CutPlane:
    return CutPlane.through((10.0, -20.0, 30.0), normal, 80.0)


def _dragged(plane: CutPlane, handle: PlaneHandle, camera: OrbitCamera, right_px: float, down_px: float) -> CutPlane:
    x, y = camera.px_from_lps(plane.handle_lps_mm(handle), SIZE)
    return plane.dragged(handle, camera.ray_from_px(x + right_px, y + down_px, SIZE))


def test_that_the_frame_of_a_plane_is_orthonormal() -> None:
    plane = _plane()
    frame = np.stack([plane.normal_lps, plane.across_lps, plane.along_lps])
    assert np.allclose(frame @ frame.T, np.eye(3))


@pytest.mark.parametrize("handle", list(PlaneHandle))
def test_that_a_press_without_a_move_changes_nothing(handle: PlaneHandle) -> None:
    plane, camera = _plane(), OrbitCamera.from_side(ViewSide.FRONT)
    same = _dragged(plane, handle, camera, 0, 0)
    assert np.allclose(same.origin_lps_mm, plane.origin_lps_mm, atol=1e-6)
    assert np.allclose(same.normal_lps, plane.normal_lps, atol=1e-6)


def test_that_pulling_the_arrow_moves_the_plane_along_its_normal_by_what_the_hand_moved() -> None:
    plane = CutPlane.through((0, 0, 0), (1, 0, 0), 80.0)
    camera = OrbitCamera.from_side(ViewSide.FRONT)
    moved = _dragged(plane, PlaneHandle.MOVE, camera, 40, 25)
    assert moved.origin_lps_mm == pytest.approx((40 * camera.mm_per_px(SIZE), 0, 0))
    assert moved.normal_lps == pytest.approx(plane.normal_lps)


@given(ANGLES, ANGLES, st.floats(-120, 120), st.floats(-120, 120))
def test_that_a_knob_stays_on_its_sphere_and_goes_where_the_hand_goes(
    turn: float, tilt: float, right_px: float, down_px: float
) -> None:
    camera = OrbitCamera.from_side(ViewSide.FRONT).orbited(300 * turn, 300 * tilt, SIZE)
    plane = _plane()
    turned = _dragged(plane, PlaneHandle.UP, camera, right_px, down_px)
    assert turned.origin_lps_mm == pytest.approx(plane.origin_lps_mm)
    knob = turned.handle_lps_mm(PlaneHandle.UP)
    assert np.linalg.norm(knob - plane.origin_lps_mm) == pytest.approx(plane.half_size_mm)
    aim = camera.px_from_lps(plane.handle_lps_mm(PlaneHandle.UP), SIZE) + np.array([right_px, down_px])
    centre = camera.px_from_lps(plane.origin_lps_mm, SIZE)
    if np.linalg.norm(aim - centre) * camera.mm_per_px(SIZE) < plane.half_size_mm * 0.99:
        assert camera.px_from_lps(knob, SIZE) == pytest.approx(aim, abs=0.5)


def test_that_turning_about_a_point_keeps_that_point_in_the_plane() -> None:
    plane = _plane()
    pivot = plane.origin_lps_mm + 30 * plane.across_lps
    turned = plane.turned_about(pivot, (0, 0, 1), 0.4)
    assert float((pivot - turned.origin_lps_mm) @ turned.normal_lps) == pytest.approx(0.0, abs=1e-9)
    assert np.degrees(np.arccos(turned.normal_lps @ plane.normal_lps)) > 5


def test_that_a_flipped_plane_removes_the_other_side() -> None:
    assert _plane().flipped().normal_lps == pytest.approx(-_plane().normal_lps)


@given(ANGLES, ANGLES)
def test_that_pixels_and_rays_agree(turn: float, tilt: float) -> None:
    camera = OrbitCamera.from_side(ViewSide.RIGHT).orbited(200 * turn, 200 * tilt, SIZE)
    point, direction = camera.ray_from_px(123.0, 456.0, SIZE)
    assert camera.px_from_lps(point + 77 * direction, SIZE) == pytest.approx((123.0, 456.0), abs=1e-6)
    assert camera.right_lps @ camera.up_lps == pytest.approx(0.0, abs=1e-9)


def test_that_fitting_shows_the_whole_box() -> None:
    bounds = np.array([[-100, 60], [-80, 90], [0, 200]])
    for side in ViewSide:
        camera = OrbitCamera.from_side(side).fitted(bounds, SIZE)
        corners = np.stack(np.meshgrid(*bounds, indexing="ij"), axis=-1).reshape(-1, 3)
        shown = camera.px_from_lps(corners, SIZE)
        assert (shown > 0).all()
        assert (shown < SIZE).all()
