"""Islands, holes, margins, smoothing, logic, interpolation and paint rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from segmentation.editing.box_change import BoxChange, BoxMask
from segmentation.editing.holes import without_holes
from segmentation.editing.interpolation import filled_between_slices
from segmentation.editing.islands import (
    largest_islands,
)
from segmentation.editing.logical import Logic, combined
from segmentation.editing.margin import Shell, grown, hollowed, reach_kji, shrunk
from segmentation.editing.paint_rules import (
    LabelTarget,
    Overwrite,
    PaintRules,
    erased,
    painted,
    require_editable,
    with_mask,
)
from segmentation.editing.smoothing import smoothed
from segmentation.editing.structure_boxes import boxes_of_values
from tests.segmentation.editing.masks import SPACINGS, masks
from twin.box import Box
from twin.errors import GeometryError, InputError

Mask = NDArray[np.bool_]
LABELS = st.lists(st.integers(0, 4), min_size=60, max_size=60)


def _labels(values: list[int]) -> NDArray[np.uint8]:
    return np.array(values, np.uint8).reshape(3, 4, 5)


@given(masks(), st.sampled_from([None, 0, 1, 2]))
def test_that_holes_are_filled_as_scipy_fills_them(mask: Mask, axis_ijk: int | None) -> None:
    filled = without_holes(mask, axis_ijk=axis_ijk)
    if axis_ijk is None:
        expected = ndimage.binary_fill_holes(mask)
    else:
        sliced = np.moveaxis(mask, 2 - axis_ijk, 0)
        expected = np.moveaxis(np.stack([ndimage.binary_fill_holes(part) for part in sliced]), 0, 2 - axis_ijk)
    np.testing.assert_array_equal(filled, expected)


def test_that_large_holes_can_be_left() -> None:
    mask = np.ones((9, 9, 9), bool)
    mask[1, 1, 1] = mask[4:6, 4:6, 4:6] = False
    filled = without_holes(mask, largest_voxels=4)
    assert filled[1, 1, 1]
    assert not filled[4, 4, 4]


@given(masks(), SPACINGS, st.floats(0, 4))
def test_that_a_margin_contains_the_mask_and_grows_with_it(
    mask: Mask, spacing: tuple[float, float, float], margin_mm: float
) -> None:
    spacing_ijk_mm = np.array(spacing)
    outer, inner = grown(mask, spacing_ijk_mm, margin_mm), shrunk(mask, spacing_ijk_mm, margin_mm)
    assert not (mask & ~outer).any()
    assert not (inner & ~mask).any()
    assert not (outer & ~grown(mask, spacing_ijk_mm, margin_mm + 1)).any()
    assert not (shrunk(mask, spacing_ijk_mm, margin_mm + 1) & ~inner).any()
    for shell in Shell:
        wall = hollowed(mask, spacing_ijk_mm, margin_mm, shell)
        assert not (wall & ~outer).any()
        assert shell is not Shell.INSIDE or not (wall & ~mask).any()
        assert shell is not Shell.OUTSIDE or not (wall & mask).any()


def test_that_the_tie_at_exactly_the_margin_belongs_to_it() -> None:
    mask = np.zeros((1, 1, 9), bool)
    mask[0, 0, 0] = True
    for spacing in (0.1, 0.7, 0.75, 1.1):
        assert int(grown(mask, np.array([spacing, 1, 1]), 3 * spacing).sum()) == 4
    assert reach_kji(np.array([0.7, 1.0, 2.5]), 2.1) == (1, 3, 4)
    with pytest.raises(ValueError):
        grown(mask, np.ones(3), -1.0)


def _ball(radius_mm: float, spacing: tuple[float, float, float], n: int = 30) -> Mask:
    k, j, i = np.indices((n, n, n)) - n // 2
    return np.asarray((i * spacing[0]) ** 2 + (j * spacing[1]) ** 2 + (k * spacing[2]) ** 2 <= radius_mm**2)


@pytest.mark.parametrize("sigma_mm", [0.5, 1.0, 2.0])
def test_that_smoothing_keeps_the_volume_and_rounds_what_is_rough(sigma_mm: float) -> None:
    spacing = (0.7, 0.7, 1.0)
    rough = _ball(8.0, spacing) ^ (np.random.default_rng(1).random((30, 30, 30)) < 0.03) & _ball(8.7, spacing)
    rough = largest_islands(without_holes(rough))
    found = smoothed(rough, np.array(spacing), sigma_mm)
    assert abs(found.n_voxels_after - found.n_voxels_before) <= 0.005 * found.n_voxels_before
    assert found.n_voxels_after == np.count_nonzero(found.mask)
    assert (found.n_islands_after, found.n_holes_after) == (1, 0)

    def surface(mask: Mask) -> int:
        return sum(int(np.count_nonzero(np.diff(mask, axis=axis))) for axis in range(3))

    assert surface(found.mask) < surface(rough)


def test_that_a_thin_vessel_survives_smoothing() -> None:
    vessel = np.zeros((40, 20, 20), bool)
    vessel[:, 9:12, 9:12] = True
    found = smoothed(vessel, np.ones(3), 1.0)
    assert found.n_voxels_after == found.n_voxels_before
    assert found.mask.any(axis=(1, 2)).all()


def test_that_smoothing_takes_specks_and_is_refused_where_it_would_take_a_piece() -> None:
    mask = np.zeros((36, 36, 36), bool)
    mask[4:20, 4:20, 4:20] = mask[30, 30, 30] = True
    found = smoothed(mask, np.ones(3), 2.0)
    assert (found.n_islands_before, found.n_islands_after) == (2, 1)
    mask[28:32, 28:32, 28:32] = True
    with pytest.raises(GeometryError) as caught:
        smoothed(mask, np.ones(3), 4.0)
    assert caught.value.message_id == "error.editing.smoothing_breaks"


def test_that_smoothing_takes_nothing_that_is_barred() -> None:
    mask = _ball(8.0, (1, 1, 1))
    may_join = np.indices(mask.shape)[2] < 20
    found = smoothed(mask, np.ones(3), 1.5, may_join=may_join)
    assert not (found.mask & ~mask & ~may_join).any()


@given(masks(), st.data())
def test_that_logic_equals_numpy(mask: Mask, data: st.DataObject) -> None:
    other = np.array(data.draw(st.lists(st.booleans(), min_size=mask.size, max_size=mask.size))).reshape(mask.shape)
    expected = {
        Logic.COPY: other,
        Logic.ADD: np.logical_or(mask, other),
        Logic.SUBTRACT: np.logical_and(mask, np.logical_not(other)),
        Logic.INTERSECT: np.logical_and(mask, other),
    }
    for logic in Logic:
        np.testing.assert_array_equal(combined(mask, other, logic), expected[logic])


@pytest.mark.parametrize("axis_ijk", [0, 1, 2])
def test_that_slices_between_two_circles_are_circles(axis_ijk: int) -> None:
    k, j, i = np.indices((9, 41, 41))
    radii = {0: 6.0, 8: 14.0}
    drawn = np.zeros(k.shape, bool)
    for place, radius in radii.items():
        drawn[place] = ((j[place] - 20) ** 2 + (i[place] - 20) ** 2) <= radius**2
    found = np.moveaxis(
        filled_between_slices(np.moveaxis(drawn, 0, 2 - axis_ijk), np.ones(3), axis_ijk), 2 - axis_ijk, 0
    )
    for place in range(9):
        radius = 6.0 + place
        from_centre = np.hypot(j[place] - 20, i[place] - 20)
        assert found[place][from_centre <= radius - 0.8].all()
        assert not found[place][from_centre >= radius + 0.8].any()
    np.testing.assert_array_equal(found[[0, 8]], drawn[[0, 8]])


def test_that_outlines_that_do_not_overlap_are_joined_along_the_way() -> None:
    drawn = np.zeros((5, 30, 30), bool)
    drawn[0, 3:9, 3:9] = drawn[4, 20:26, 20:26] = True
    found = filled_between_slices(drawn, np.ones(3), 2)
    assert found[2, 12:17, 12:17].all()
    assert 20 <= int(found[2].sum()) <= 45
    with pytest.raises(GeometryError) as caught:
        filled_between_slices(drawn[:1], np.ones(3), 2)
    assert caught.value.message_id == "error.editing.nothing_between"


@given(LABELS, st.integers(0, 2**60 - 1), st.sets(st.integers(1, 4)), st.sampled_from(list(Overwrite)))
def test_that_painting_and_erasing_keep_to_the_rules(
    values: list[int], bits: int, locked: set[int], overwrite: Overwrite
) -> None:
    labels = _labels(values)
    mask = np.array([bits >> n & 1 for n in range(60)], bool).reshape(labels.shape)
    target = LabelTarget.of("pancreas")
    rules = PaintRules(overwrite, frozenset(locked))
    for after in (
        painted(labels, mask, target, rules),
        erased(labels, mask, target, rules),
        with_mask(labels, mask, target, rules),
    ):
        changed = after != labels
        assert not np.isin(labels[changed], list(locked)).any(), "a locked structure changed"
        assert not (2 in locked and changed.any()), "a locked structure gained voxels"
        others = changed & (labels != 2)
        assert (after[others] == 2).all(), "only the target may take voxels"
        assert overwrite is Overwrite.UNLOCKED or (labels[others] == 0).all()
    assert not (painted(labels, mask, target, rules)[~mask] != labels[~mask]).any()
    brought = with_mask(labels, mask, target, PaintRules()) == 2
    np.testing.assert_array_equal(brought, mask)


def test_that_only_inside_a_structure_of_the_layer_changes_nothing_else() -> None:
    labels = np.array([[[0, 1, 2, 11]]], np.uint8)
    rules = PaintRules(only_value=1)
    assert painted(labels, labels >= 0, LabelTarget.of("pancreas"), rules).tolist() == [[[0, 2, 2, 11]]]
    half = np.array([[[True, True, False, False]]])
    assert with_mask(labels, ~half, LabelTarget.of("liver"), PaintRules(), half).tolist() == [[[0, 0, 2, 11]]]


def test_that_bone_taken_away_leaves_the_body_and_the_body_holds_all() -> None:
    labels = np.array([[[0, 16, 15, 15]]], np.uint8)
    everywhere = np.ones(labels.shape, bool)
    bone, skin = LabelTarget.of("bone", has_skin=True), LabelTarget.of("skin", has_skin=True)
    assert erased(labels, everywhere, bone, PaintRules()).tolist() == [[[0, 16, 16, 16]]]
    assert skin.mask(labels).tolist() == [[[False, True, True, True]]]
    assert painted(labels, everywhere, skin, PaintRules()).tolist() == [[[16, 16, 15, 15]]]
    assert erased(labels, everywhere, skin, PaintRules(locked_values=frozenset({15}))).tolist() == [[[0, 0, 15, 15]]]
    only_background = PaintRules(Overwrite.BACKGROUND)
    assert painted(labels, everywhere, bone, only_background).tolist() == [[[15, 15, 15, 15]]]


def test_that_a_locked_structure_and_all_lesions_at_once_are_refused() -> None:
    with pytest.raises(InputError) as caught:
        require_editable(LabelTarget.of("liver"), {1})
    assert caught.value.message_id == "error.editing.locked"
    with pytest.raises(InputError) as caught:
        LabelTarget.of("lesion")
    assert caught.value.message_id == "error.editing.all_lesions"


@given(LABELS)
def test_that_the_boxes_of_all_structures_are_found_at_once(values: list[int]) -> None:
    labels = _labels(values)
    assert boxes_of_values(labels) == {v: Box.around(labels == v) for v in range(1, 5) if (labels == v).any()}


def test_that_a_mask_moves_between_boxes_and_must_fit_its_own() -> None:
    chosen = BoxMask(Box((0, 1, 1), (2, 3, 3)), np.ones((2, 2, 2), bool))
    assert int(chosen.within(Box((0, 0, 0), (2, 2, 2))).sum()) == 2
    assert not chosen.within(Box((5, 5, 5), (6, 6, 6))).any()
    with pytest.raises(ValueError):
        BoxMask(Box((0, 0, 0), (1, 1, 1)), np.ones((2, 2, 2), bool))
    with pytest.raises(ValueError):
        BoxChange(Box((0, 0, 0), (1, 1, 1)), np.ones((2, 2, 2), np.uint8))
