"""Labels that are about to be: slices show them as if they were in the case already."""

import numpy as np
import pytest

from app.scene.slice_frame import SliceAxis
from app.scene.slice_scene import LabelStyle, LivePatch, SliceScene
from app.scene.window_level import WindowLevel
from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.volume import Modality, Quantity, Volume

_BOX = Box((4, 3, 2), (9, 8, 7))


def _scene(labels: np.ndarray, *, flips: bool) -> SliceScene:
    affine = np.diag([-1.0, -1.0, 2.0, 1.0]) if flips else np.diag([1.0, 1.0, 2.0, 1.0])
    grid = Grid((14, 12, 13), affine)
    voxels = np.random.default_rng(1).integers(0, 200, grid.shape_kji).astype(np.int16)
    scene = SliceScene(Volume("v", grid, voxels, Quantity.HOUNSFIELD, Modality.CT))
    scene.set_layers({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, labels)})
    scene.set_styles({i: LabelStyle(structure(i).colour_rgb) for i in ("liver", "spleen")})
    return scene


@pytest.mark.parametrize("axis", list(SliceAxis))
@pytest.mark.parametrize("flips", [False, True])
def test_that_a_patch_looks_like_labels_of_the_case(axis: SliceAxis, flips: bool) -> None:
    rng = np.random.default_rng(2)
    before = np.zeros((13, 12, 14), np.uint8)
    before[2:8, 2:9, 3:9] = structure("liver").value
    values = np.array([0, structure("liver").value, structure("spleen").value], np.uint8)
    inside = rng.choice(values, _BOX.shape_kji)
    after = before.copy()
    after[_BOX.slices] = inside
    patched, plain = _scene(before, flips=flips), _scene(after, flips=flips)
    patched.patch = LivePatch(LayerName.ORGANS, _BOX, inside)
    window = WindowLevel(200.0, 100.0)
    n_differing = 0
    for index in range(plain.frames[axis].n_slices):
        shown = patched.picture(axis, index, window)
        assert np.array_equal(shown, plain.picture(axis, index, window))
        assert len(patched.contours(axis, index)) == len(plain.contours(axis, index))
        patch, patched.patch = patched.patch, None
        n_differing += not np.array_equal(shown, patched.picture(axis, index, window))
        patched.patch = patch
    assert n_differing >= 5


def test_that_a_patch_brings_a_structure_into_a_layer_that_is_not_there() -> None:
    scene = _scene(np.zeros((13, 12, 14), np.uint8), flips=False)
    labels = np.full(_BOX.shape_kji, 1, np.uint8)
    scene.patch = LivePatch(LayerName.LESIONS, _BOX, labels, frozenset({"lesion-1"}))
    found = {contour.structure_id for contour in scene.contours(SliceAxis.AXIAL, 6)}
    assert found == {"lesion-1"}
