"""A click on a branch moves it, with all that lies downstream, to the other tree."""

import numpy as np
import pytest

from segmentation.vessels.reassign import reassign_branch
from tests.segmentation.vessels.made_up_liver import HEPATIC_TUBES, PORTAL_TUBES, grid_of, tubes
from tests.segmentation.vessels.made_up_liver import _points_mm as points_mm
from twin.anatomy import LayerName, structure
from twin.errors import InputError
from twin.label_layer import LabelLayer

PORTAL, HEPATIC = structure("portal_vein").value, structure("hepatic_vein").value


def _layer() -> LabelLayer:
    points = points_mm()
    voxels = np.zeros(points.shape[:3], np.uint8)
    voxels[tubes(HEPATIC_TUBES, points)] = HEPATIC
    voxels[tubes(PORTAL_TUBES, points)] = PORTAL
    return LabelLayer(LayerName.VESSELS, grid_of(voxels), voxels)


def _at(voxels: np.ndarray, point_mm: tuple[float, float, float]) -> int:
    i, j, k = np.round(np.array(point_mm) / 1.5).astype(int)
    return int(voxels[k, j, i])


def _applied(layer: LabelLayer, point: tuple[float, float, float], to: str | None = None) -> np.ndarray:
    change = reassign_branch(layer, point, to)
    voxels = layer.voxels.copy()
    voxels[change.box.slices] = change.voxels
    return voxels


def test_that_the_branch_and_its_daughters_move_and_the_rest_stays() -> None:
    layer = _layer()
    voxels = _applied(layer, (52, 54, 62))  # right anterior portal branch
    assert _at(voxels, (28, 42, 78)) == HEPATIC  # a daughter
    assert _at(voxels, (30, 37, 56)) == HEPATIC  # the other one
    assert _at(voxels, (85, 65, 53)) == PORTAL  # the trunk above
    assert _at(voxels, (45, 79, 52)) == PORTAL  # the sister
    changed = voxels != layer.voxels
    assert set(np.unique(layer.voxels[changed])) == {PORTAL}
    assert 0 < changed.sum() < 0.6 * (layer.voxels == PORTAL).sum()


def test_that_the_layer_given_is_left_alone_and_the_box_is_tight() -> None:
    layer = _layer()
    before = layer.voxels.copy()
    change = reassign_branch(layer, (52, 54, 62))
    np.testing.assert_array_equal(layer.voxels, before)
    outside = np.ones(before.shape, bool)
    outside[change.box.slices] = False
    differs = change.voxels != before[change.box.slices]
    assert differs.any(axis=(1, 2))[[0, -1]].all()
    assert (change.from_structure, change.to_structure) == ("portal_vein", "hepatic_vein")


def test_that_a_click_beside_a_branch_still_finds_it_and_one_far_away_does_not() -> None:
    layer = _layer()
    near = _applied(layer, (112, 40 + 6.5, 62 - 3))
    assert (near != layer.voxels).any()
    with pytest.raises(InputError, match="no_branch_here"):
        reassign_branch(layer, (10, 10, 10))
    with pytest.raises(InputError, match="no_branch_here"):
        reassign_branch(layer, (-500, 0, 0))


def test_that_moving_to_its_own_tree_is_refused() -> None:
    with pytest.raises(InputError, match="same_tree"):
        reassign_branch(_layer(), (52, 54, 62), "portal_vein")
    with pytest.raises(InputError, match="same_tree"):
        reassign_branch(_layer(), (52, 54, 62), "aorta")


def test_that_a_hepatic_branch_moves_to_the_portal_tree() -> None:
    voxels = _applied(_layer(), (50, 29, 58), "portal_vein")
    assert _at(voxels, (46, 25, 46)) == PORTAL
    assert _at(voxels, (90, 75, 98)) == HEPATIC
