"""What a slice shows: grey window, labels in their colour, what a plan removes."""

import numpy as np
import pytest

from app.scene.slice_frame import SliceAxis
from app.scene.slice_scene import LabelStyle, LivePatch, SliceScene, Tint
from app.scene.window_level import PRESETS, WindowLevel, default_window
from twin.anatomy import LayerName
from twin.box import Box
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.volume import Modality, Quantity, Volume

GRID = Grid.from_spacing((40, 30, 20), (1.0, 1.0, 2.0))
RED = LabelStyle((1.0, 0.0, 0.0))


def _scene() -> SliceScene:
    voxels = np.zeros(GRID.shape_kji, np.int16)
    scene = SliceScene(Volume("volume-1", GRID, voxels, Quantity.HOUNSFIELD, Modality.CT))
    scene.set_layers({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, GRID, _organ())})
    return scene


def _organ() -> np.ndarray:
    labels = np.zeros(GRID.shape_kji, np.uint8)
    labels[5:15, 8:22, 10:30] = 1
    return labels


def _rgb(pixel: np.uint32) -> tuple[int, int, int]:
    value = int(pixel)
    return (value >> 16 & 255, value >> 8 & 255, value & 255)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint16])
def test_that_a_window_maps_its_ends_to_black_and_white(dtype: type) -> None:
    grey = WindowLevel(200, 100).grey_from_values(np.array([0, 100, 200, 900], dtype))
    assert grey.tolist() == [0, 128, 255, 255]


def test_that_a_mr_scan_opens_with_its_own_range() -> None:
    voxels = np.linspace(0, 1000, 40 * 30 * 20, dtype=np.float32).reshape(GRID.shape_kji)
    window = default_window(Volume("m", GRID, voxels, Quantity.SIGNAL, Modality.MR))
    assert 900 < window.width < 1000
    assert 450 < window.level < 550


def test_that_labels_are_painted_in_their_colour_and_only_while_they_are_visible() -> None:
    scene = _scene()
    scene.fill_opacity = 0.5
    scene.set_styles({"liver": RED})
    picture = scene.picture(SliceAxis.AXIAL, 10, WindowLevel(200, 0))
    assert _rgb(picture[15, 20]) == (191, 64, 64)
    assert _rgb(picture[0, 0]) == (128, 128, 128)
    scene.set_styles({"liver": LabelStyle((1.0, 0.0, 0.0), is_visible=False)})
    assert _rgb(scene.picture(SliceAxis.AXIAL, 10, WindowLevel(200, 0))[15, 20]) == (128, 128, 128)


def test_that_a_contour_runs_around_the_label_within_half_a_pixel() -> None:
    scene = _scene()
    scene.set_styles({"liver": RED})
    (contour,) = scene.contours(SliceAxis.AXIAL, 10)
    assert contour.structure_id == "liver"
    points = contour.segments.reshape(-1, 2)
    assert points.min(axis=0) == pytest.approx((9.5, 7.5), abs=0.51)
    assert points.max(axis=0) == pytest.approx((29.5, 21.5), abs=0.51)


def test_that_a_stroke_in_one_layer_leaves_the_contours_of_the_others_and_moves_its_own() -> None:
    scene = _scene()
    lesions = np.zeros(GRID.shape_kji, np.uint8)
    lesions[8:12, 12:16, 12:16] = 1
    layers = {LayerName.LESIONS: LabelLayer(LayerName.LESIONS, GRID, lesions)}
    scene.set_layers(layers | {LayerName.ORGANS: LabelLayer(LayerName.ORGANS, GRID, _organ())})
    scene.set_styles({"liver": LabelStyle((1, 0, 0)), "lesion-1": LabelStyle((0, 1, 0))})
    before = {c.structure_id: c for c in scene.contours(SliceAxis.AXIAL, 10)}
    box = Box((8, 10, 10), (12, 20, 20))
    scene.patch = LivePatch(LayerName.LESIONS, box, np.ones(box.shape_kji, np.uint8))
    during = {c.structure_id: c for c in scene.contours(SliceAxis.AXIAL, 10)}
    assert during["liver"] is before["liver"]
    low, high = during["lesion-1"].segments.reshape(-1, 2).min(axis=0), during["lesion-1"].segments.max(axis=(0, 1))
    assert np.allclose((low, high), ((9.5, 9.5), (19.5, 19.5)), atol=0.6)
    scene.patch = None
    after = {c.structure_id: c for c in scene.contours(SliceAxis.AXIAL, 10)}
    assert np.array_equal(after["lesion-1"].segments, before["lesion-1"].segments)
    assert [c.structure_id for c in scene.contours(SliceAxis.AXIAL, 2)] == [], "another slice has its own"


def test_that_the_picture_of_what_is_removed_tints_the_organ_and_nothing_else() -> None:
    scene = _scene()
    scene.set_styles({})
    scene.tint = Tint("liver", (0.0, 0.0, 1.0))
    organ = scene._layers[LayerName.ORGANS].mask("liver")[10]
    picture = scene.picture(SliceAxis.AXIAL, 10, WindowLevel(200, 0), is_removed=True)
    removed = np.array([[_rgb(p)[2] > _rgb(p)[0] for p in row] for row in picture])
    assert organ.any()
    assert np.array_equal(removed, organ)
    kept = scene.picture(SliceAxis.AXIAL, 10, WindowLevel(200, 0))
    assert np.array_equal(kept[~organ], picture[~organ])
    assert all(len(set(_rgb(p))) == 1 for p in kept[organ][:5]), "grey where nothing is removed"


def test_that_a_lesion_keeps_its_own_paint_in_what_is_removed() -> None:
    scene = _scene()
    lesions = np.zeros(GRID.shape_kji, np.uint8)
    lesions[10, 12:15, 25:28] = 1
    organs = scene._layers[LayerName.ORGANS]
    scene.set_layers({LayerName.ORGANS: organs, LayerName.LESIONS: LabelLayer(LayerName.LESIONS, GRID, lesions)})
    scene.set_styles({"liver": RED, "lesion-1": LabelStyle((0.0, 1.0, 0.0))})
    scene.tint = Tint("liver", (0.0, 0.0, 1.0))
    picture = scene.picture(SliceAxis.AXIAL, 10, WindowLevel(200, 0), is_removed=True)
    whole = scene.picture(SliceAxis.AXIAL, 10, WindowLevel(200, 0))
    inside, beside, kept = _rgb(picture[13, 26]), _rgb(picture[13, 24]), _rgb(whole[13, 12])
    assert [max(range(3), key=pixel.__getitem__) for pixel in (inside, beside, kept)] == [1, 2, 0]


def test_that_what_voxels_remove_is_tinted_as_they_say() -> None:
    scene = _scene()
    scene.set_styles({})
    mask = np.zeros(GRID.shape_kji, np.bool_)
    mask[10, 12, 14] = True
    scene.tint = Tint("liver", (0.0, 0.0, 1.0), mask=mask)
    picture = scene.picture(SliceAxis.AXIAL, 10, WindowLevel(200, 0))
    assert _rgb(picture[12, 14])[2] > _rgb(picture[12, 14])[0]
    assert len(np.unique(picture)) == 2


def test_that_labels_of_another_grid_are_not_shown() -> None:
    scene = _scene()
    other = Grid.from_spacing((40, 30, 20), (1.0, 1.0, 2.0), origin_lps_mm=(5, 0, 0))
    scene.set_layers({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, other, np.ones(other.shape_kji, np.uint8))})
    scene.set_styles({"liver": RED})
    assert scene.contours(SliceAxis.AXIAL, 10) == []


def test_that_the_structure_under_a_point_is_named() -> None:
    scene = _scene()
    assert scene.structures_at(GRID.lps_from_ijk((20, 15, 10))) == ("liver",)
    assert scene.structures_at(GRID.lps_from_ijk((0, 0, 0))) == ()
    assert scene.structures_at(np.array([1e4, 0, 0])) == ()


def test_that_every_preset_has_a_width() -> None:
    assert all(preset.width > 0 for preset in PRESETS.values())
