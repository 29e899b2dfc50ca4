"""The mutable voxels of a layer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.store.case_examples import facts, layer, volume
from tests.twin.test_edit import boxes
from twin.anatomy import LayerName
from twin.box import Box
from twin.case import Case
from twin.store import WorkingBuffer

WHOLE = Box((0, 0, 0), (5, 6, 7))
STROKES = st.lists(st.tuples(boxes(), st.sampled_from([0, 1, 2, 11])), max_size=5)


@pytest.fixture
def case() -> Case:
    return _case()


def _case() -> Case:
    return Case("example").with_volume(volume(1)).with_layer(layer(LayerName.ORGANS, 1))


def _paint(buffer: WorkingBuffer, box: Box, value: int) -> None:
    buffer.paint(box, np.ones(box.shape_kji, bool), value)


@given(STROKES)
def test_that_finished_strokes_make_one_edit_to_what_was_painted(strokes: list[tuple[Box, int]]) -> None:
    case = _case()
    buffer, wanted = WorkingBuffer(case, LayerName.ORGANS), case.layer(LayerName.ORGANS).voxels.copy()
    for box, value in strokes:
        _paint(buffer, box, value)
        wanted[box.slices] = value
    edit = buffer.finished()
    assert (edit is None) == np.array_equal(wanted, case.layer(LayerName.ORGANS).voxels)
    changed = case if edit is None else edit.apply(case)
    assert np.array_equal(changed.layer(LayerName.ORGANS).voxels, wanted)
    buffer.follow(changed, None if edit is None else edit.box)
    assert np.array_equal(buffer.crop().voxels, wanted)


@given(STROKES, STROKES)
def test_that_strokes_that_are_discarded_leave_nothing(
    kept: list[tuple[Box, int]], lost: list[tuple[Box, int]]
) -> None:
    case = _case()
    buffer = WorkingBuffer(case, LayerName.ORGANS)
    for box, value in kept:
        _paint(buffer, box, value)
    edit = buffer.finished()
    if edit is not None:
        case = edit.apply(case)
        buffer.follow(case, edit.box)
    for box, value in lost:
        _paint(buffer, box, value)
    buffer.discard()
    assert buffer.touched is None
    assert np.array_equal(buffer.crop().voxels, case.layer(LayerName.ORGANS).voxels)


def test_that_a_crop_is_a_copy_that_no_stroke_changes(case: Case) -> None:
    buffer = WorkingBuffer(case, LayerName.ORGANS)
    crop = buffer.crop(Box((1, 1, 1), (3, 3, 3)))
    before = crop.voxels.copy()
    _paint(buffer, WHOLE, 2)
    assert np.array_equal(crop.voxels, before)
    assert not crop.voxels.flags.writeable
    assert crop.revision == case.revision(LayerName.ORGANS)


def test_that_a_stroke_never_changes_the_case(case: Case) -> None:
    before = case.layer(LayerName.ORGANS).voxels.copy()
    _paint(WorkingBuffer(case, LayerName.ORGANS), WHOLE, 2)
    assert np.array_equal(case.layer(LayerName.ORGANS).voxels, before)


def test_that_a_stroke_goes_on_when_something_else_changes(case: Case) -> None:
    buffer = WorkingBuffer(case, LayerName.ORGANS)
    _paint(buffer, WHOLE, 2)
    buffer.follow(case.with_facts(facts(80)))
    assert (buffer.crop().voxels == 2).all()
    assert buffer.touched == WHOLE


def test_that_a_layer_that_nobody_labelled_yet_can_be_painted() -> None:
    case = Case("example").with_volume(volume(1))
    buffer = WorkingBuffer(case, LayerName.LESIONS)
    buffer.write(Box((0, 0, 0), (1, 1, 2)), np.array([[[1, 2]]], np.uint8))
    edit = buffer.finished()
    assert edit is not None
    changed = edit.apply(case)
    assert changed.layer(LayerName.LESIONS).structure_ids() == ("lesion-1", "lesion-2")
    assert LayerName.LESIONS not in edit.inverted(case).apply(changed).layers


def test_that_a_derived_layer_cannot_be_edited(case: Case) -> None:
    with pytest.raises(ValueError):
        WorkingBuffer(case, LayerName.COUINAUD)
