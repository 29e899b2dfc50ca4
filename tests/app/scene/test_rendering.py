"""Pictures are true to the patient: sides, colours, what is cut; and the thread that draws ends when told."""

import threading
import time

import numpy as np
import pytest

from app.scene.cut_plane import CutPlane
from app.scene.offscreen_view import OffscreenView
from app.scene.orbit_camera import OrbitCamera, ViewSide, bounds_of_surfaces
from app.scene.render_thread import Frame, FrameRequest, RenderThread
from app.scene.scene_renderer import SceneRenderer
from app.scene.surface_actor import coarse_polydata
from app.scene.twin_scene import TwinScene
from export.model import ModelPart
from export.renderer import View
from twin.geometry.surface_vtk import surface_of_mask
from twin.grid import Grid
from twin.surface import Surface

pytestmark = pytest.mark.gui

GRID = Grid.from_spacing((60, 60, 60), (2, 2, 2))
RED, GREEN = (0.9, 0.1, 0.1), (0.1, 0.8, 0.1)
SIZE = (320, 240)


def _ball(centre_ijk: tuple[int, int, int], radius: int, name: str) -> Surface:
    k, j, i = np.indices(GRID.shape_kji)
    ci, cj, ck = centre_ijk
    return surface_of_mask((i - ci) ** 2 + (j - cj) ** 2 + (k - ck) ** 2 <= radius**2, GRID, name)


@pytest.fixture(scope="module")
def left_and_right() -> dict[str, Surface]:
    """A ball on the patient's right, another on the left and higher."""
    return {"liver": _ball((15, 30, 25), 9, "liver"), "spleen": _ball((45, 30, 35), 9, "spleen")}


def _middle_of(pixels: np.ndarray, channel: int) -> tuple[float, float]:
    """Column and row of the middle of what is mostly of one colour."""
    rgb = pixels[..., :3].astype(int)
    others = [n for n in range(3) if n != channel]
    rows, columns = np.nonzero(rgb[..., channel] > 1.6 * rgb[..., others].max(axis=-1) + 20)
    assert len(rows) > 50, "this colour is not in the picture"
    return float(columns.mean()), float(rows.mean())


def _scene(surfaces: dict[str, Surface]) -> TwinScene:
    scene = TwinScene(OffscreenView(SIZE))
    scene.cube.set_visible(False)
    scene.show(surfaces, {"liver": RED, "spleen": GREEN}, {"liver": 1.0, "spleen": 1.0})
    return scene


def _camera(surfaces: dict[str, Surface], side: ViewSide) -> OrbitCamera:
    bounds = bounds_of_surfaces(surfaces.values())
    assert bounds is not None
    return OrbitCamera.from_side(side).fitted(bounds, SIZE)


@pytest.mark.parametrize(
    ("side", "right_of_patient_is_left_of_picture"),
    [(ViewSide.FRONT, True), (ViewSide.BACK, False), (ViewSide.BELOW, True), (ViewSide.ABOVE, False)],
)
def test_that_the_patients_right_is_drawn_where_the_side_says(
    left_and_right: dict[str, Surface], side: ViewSide, right_of_patient_is_left_of_picture: bool
) -> None:
    scene = _scene(left_and_right)
    pixels = scene.rendered(_camera(left_and_right, side), SIZE)
    scene.close()
    is_left = _middle_of(pixels, 0)[0] < _middle_of(pixels, 1)[0]
    assert is_left == right_of_patient_is_left_of_picture


def test_that_the_head_is_up(left_and_right: dict[str, Surface]) -> None:
    scene = _scene(left_and_right)
    pixels = scene.rendered(_camera(left_and_right, ViewSide.FRONT), SIZE)
    scene.close()
    assert _middle_of(pixels, 1)[1] < _middle_of(pixels, 0)[1]


def test_that_a_point_is_drawn_where_the_camera_says(left_and_right: dict[str, Surface]) -> None:
    scene, camera = _scene(left_and_right), _camera(left_and_right, ViewSide.FRONT)
    pixels = scene.rendered(camera, SIZE)
    scene.close()
    expected = camera.px_from_lps(left_and_right["liver"].points_lps_mm.mean(axis=0), SIZE)
    assert _middle_of(pixels, 0) == pytest.approx(expected, abs=2.0)


def test_that_a_hidden_structure_is_not_drawn(left_and_right: dict[str, Surface]) -> None:
    scene = _scene(left_and_right)
    scene.set_visible("spleen", False)
    pixels = scene.rendered(_camera(left_and_right, ViewSide.FRONT), SIZE)
    scene.close()
    with pytest.raises(AssertionError, match="not in the picture"):
        _middle_of(pixels, 1)


def test_that_a_plane_colours_what_it_removes_at_once(left_and_right: dict[str, Surface]) -> None:
    scene, camera = _scene(left_and_right), _camera(left_and_right, ViewSide.FRONT)
    centre = left_and_right["liver"].points_lps_mm.mean(axis=0)
    scene.set_visible("spleen", False)
    scene.show_cut("liver", CutPlane.through(centre, (1, 0, 0), 40.0))
    pixels = scene.rendered(camera, SIZE)[..., :3].astype(int)
    scene.close()
    x, y = (int(v) for v in camera.px_from_lps(centre, SIZE))
    kept, removed = pixels[y, x - 12], pixels[y, x + 12]
    assert kept[0] > 2 * kept[2]
    assert removed[2] > 1.5 * removed[1]


def test_that_a_second_drag_draws_what_the_first_one_did(left_and_right: dict[str, Surface]) -> None:
    scene = _scene(left_and_right)
    scene.set_coarse({i: coarse_polydata(surface) for i, surface in left_and_right.items()})
    camera = _camera(left_and_right, ViewSide.FRONT)
    planes = [CutPlane.through((x, 60.0, 50.0), (-1.0, 0.0, 0.0), 30.0) for x in (30.0, 24.0)]
    pictures = []
    for _ in range(2):
        for plane in planes:
            scene.show_cut("liver", plane)
            pictures.append(scene.rendered(camera, SIZE, is_moving=True).copy())
        scene.show_split("liver", left_and_right["liver"], None)
        pictures.append(scene.rendered(camera, SIZE).copy())
    whole = len(pictures) // 2
    assert not np.array_equal(pictures[0], pictures[1]), "the plane that moves is followed"
    for first, second in zip(pictures[:whole], pictures[whole:], strict=True):
        assert np.array_equal(first, second)
    scene.clear_cut()
    scene.set_opacity("liver", 1.0)
    assert np.array_equal(scene.rendered(camera, SIZE), _scene_picture(left_and_right, camera))
    scene.close()


def _scene_picture(surfaces: dict[str, Surface], camera: OrbitCamera) -> np.ndarray:
    scene = _scene(surfaces)
    scene.set_coarse({i: coarse_polydata(surface) for i, surface in surfaces.items()})
    picture = scene.rendered(camera, SIZE).copy()
    scene.close()
    return picture


def test_that_coarse_surfaces_look_alike(left_and_right: dict[str, Surface]) -> None:
    scene, camera = _scene(left_and_right), _camera(left_and_right, ViewSide.FRONT)
    scene.set_coarse({name: coarse_polydata(surface) for name, surface in left_and_right.items()})
    fine, coarse = (scene.rendered(camera, SIZE, is_moving=moving).astype(int) for moving in (False, True))
    scene.close()
    assert np.abs(fine - coarse).mean() < 3.0


def test_that_a_still_shows_the_parts_on_the_calm_ground_of_documents(left_and_right: dict[str, Surface]) -> None:
    parts = [ModelPart(i, s, {"en": i, "fr": i}, "#E61A1A", 1.0) for i, s in left_and_right.items()]
    png = SceneRenderer().render(parts, View.FRONT, (200, 150))
    assert png.startswith(b"\x89PNG")
    assert b"tEXt" not in png
    from PIL import Image  # a dependency of WeasyPrint

    picture = np.asarray(Image.open(__import__("io").BytesIO(png)))
    assert picture.shape == (150, 200, 3)
    assert picture[2, 2].tolist() == [0xDD, 0xE4, 0xE5]


def test_that_a_film_turns_once_around_at_one_scale(left_and_right: dict[str, Surface]) -> None:
    parts = [ModelPart(i, s, {"en": i, "fr": i}, "#E61A1A", 1.0) for i, s in left_and_right.items()]
    pictures = [
        np.frombuffer(rows, np.uint8).reshape(120, 160, 3) for rows in SceneRenderer().turn(parts, 0.0, (160, 120), 8)
    ]
    assert len(pictures) == 8
    heights = [
        np.ptp(np.flatnonzero((np.abs(one - pictures[0][0, 0].astype(int)) > 30).any(axis=(1, 2)))) for one in pictures
    ]
    assert np.ptp(heights) <= 3, "nothing grows or shrinks"
    front, behind = pictures[0].astype(int), pictures[4].astype(int)
    assert np.abs(front - behind[:, ::-1]).mean() < 3.0, "half way round it is seen from behind"
    assert np.abs(front - pictures[2]).mean() > 3.0


class _Drawn:
    """Collects what a render thread hands over."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.failures: list[Exception] = []
        self.thread = RenderThread(self.frames.append, self.failures.append)

    def settle(self) -> None:
        deadline = time.monotonic() + 60
        while not self.thread.is_idle() and time.monotonic() < deadline:
            time.sleep(0.005)


def test_that_only_the_newest_request_is_drawn_and_the_thread_ends(left_and_right: dict[str, Surface]) -> None:
    drawn = _Drawn()
    drawn.thread.post(
        lambda scene: scene.show(left_and_right, dict.fromkeys(left_and_right, RED), dict.fromkeys(left_and_right, 1.0))
    )
    camera = _camera(left_and_right, ViewSide.FRONT)
    for width in range(100, 140):
        drawn.thread.request(FrameRequest(camera, (width, 80)))
    drawn.settle()
    drawn.thread.close()
    assert len(drawn.frames) < 40
    assert drawn.frames[-1].pixels.shape == (80, 139, 4)
    assert not any(thread.name == "twinsight-render" for thread in threading.enumerate())


def test_that_a_change_that_fails_is_told_and_the_thread_goes_on() -> None:
    drawn = _Drawn()
    drawn.thread.post(lambda scene: 1 / 0)  # type: ignore[arg-type, return-value]
    drawn.settle()
    drawn.thread.request(FrameRequest(OrbitCamera.from_side(ViewSide.FRONT), (50, 40)))
    drawn.settle()
    drawn.thread.close()
    assert [type(failure) for failure in drawn.failures] == [ZeroDivisionError]
    assert len(drawn.frames) == 1
