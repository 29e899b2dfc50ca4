"""The editing tools on an open case: live strokes, scissors, operations, undo, rules, and a killed process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.services.case_session import CaseSession
from app.services.edit_labels import LabelEditor
from app.services.edit_requests import (
    Brush,
    Combine,
    FillBetweenSlices,
    FillHoles,
    Grow,
    Hollow,
    InvertInBox,
    KeepIslandAt,
    KeepLargestIsland,
    LabelOperation,
    Limits,
    Logic,
    MoveIslandAt,
    Overwrite,
    RemoveIslandAt,
    RemoveSmallIslands,
    ScissorsCut,
    ScissorsMode,
    Shell,
    Shrink,
    Smooth,
    SplitIslands,
    StrokeMode,
)
from tests.app.services.edit_examples import GRID, edit_step, labels_of, place, prepared
from twin.anatomy import LayerName, structure
from twin.box import Box
from twin.case import Case
from twin.errors import CaseFileError, InputError, TwinSightError
from twin.store import CaseFolder
from twin.uncertainty import LabelOrigin
from twin.wording import Wording

SQUARE = [place(8.5, 8.5, 0), place(20.5, 8.5, 0), place(20.5, 20.5, 0), place(8.5, 20.5, 0)]
OPERATIONS: tuple[tuple[str, LabelOperation], ...] = (
    ("liver", FillHoles()),
    ("liver", FillHoles(2)),
    ("liver", Smooth(1.5)),
    ("liver", Grow(3.0)),
    ("liver", Shrink(2.0)),
    ("liver", Hollow(2.5, Shell.INSIDE)),
    ("liver", Hollow(2.5, Shell.MIDDLE)),
    ("liver", Combine(Logic.SUBTRACT, "portal_vein")),
    ("liver", Combine(Logic.INTERSECT, "portal_vein")),
    ("portal_vein", Combine(Logic.ADD, "lesion-1")),
    ("pancreas", Combine(Logic.COPY, "portal_vein")),
    ("hepatic_vein", Combine(Logic.COPY, "portal_vein")),
    ("liver", InvertInBox(Box((2, 2, 2), (9, 9, 9)))),
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    with CaseFolder.create(tmp_path / "a.twinsight") as folder:
        session = CaseSession(folder, idle_save_s=None)
        prepared(session)
        yield session
        session.stop()


@pytest.fixture
def editor(session: CaseSession) -> LabelEditor:
    return LabelEditor(session)


def _all_labels(case: Case) -> dict[LayerName, np.ndarray]:
    return {name: layer.voxels.copy() for name, layer in case.layers.items()}


def _same(a: dict[LayerName, np.ndarray], b: dict[LayerName, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)


def _refusal(work: Callable[[], object]) -> str:
    with pytest.raises(TwinSightError) as caught:
        work()
    for language in ("en", "fr"):
        words = Wording(language).text(caught.value.message_id, **caught.value.parameters)  # type: ignore[arg-type]
        assert "\n" not in words
        assert "{" not in words
    return caught.value.message_id


def test_that_a_stroke_is_seen_while_it_is_drawn_and_one_step_when_it_is_done(
    session: CaseSession, editor: LabelEditor
) -> None:
    before = _all_labels(session.case)
    stroke = editor.begin_stroke("spleen", Brush(3.0))
    box = stroke.move(place(31, 20, 22))
    assert box is not None
    assert (stroke.labels(box) == 11).any()
    assert _same(_all_labels(session.case), before), "the case changes at the end only"
    stroke.move(place(36, 25, 22))
    case = stroke.finish()
    assert case is not None
    assert session.undo_label == "edit.label.paint"
    assert labels_of(case, LayerName.ORGANS)[22, 20, 31] == 11
    assert _same({**before, LayerName.ORGANS: labels_of(case, LayerName.ORGANS)}, _all_labels(case))
    assert _same(_all_labels(session.undo()), before)
    assert np.array_equal(labels_of(session.redo(), LayerName.ORGANS), labels_of(case, LayerName.ORGANS))


def test_that_a_cancelled_stroke_leaves_no_trace(session: CaseSession, editor: LabelEditor) -> None:
    before, label = _all_labels(session.case), session.undo_label
    stroke = editor.begin_stroke("liver", Brush(4.0), StrokeMode.ERASE)
    box = stroke.move(place(12, 12, 10))
    assert box is not None
    assert stroke.cancel() == box
    assert stroke.is_over
    assert stroke.move(place(13, 13, 10)) is None
    assert _same(_all_labels(session.case), before)
    assert np.array_equal(stroke.labels(box), before[LayerName.ORGANS][box.slices])
    assert session.undo_label == label


def test_that_a_stroke_that_changes_nothing_is_no_step(session: CaseSession, editor: LabelEditor) -> None:
    label = session.undo_label
    stroke = editor.begin_stroke("liver", Brush(2.0))
    stroke.move(place(7, 8, 6))
    stroke.move((1e4, 0.0, 0.0))
    assert editor.begin_stroke("liver", Brush(1.0)).finish() is None
    assert session.undo_label == label


def test_that_a_stroke_on_labels_that_changed_meanwhile_is_refused(session: CaseSession, editor: LabelEditor) -> None:
    stroke = editor.begin_stroke("liver", Brush(3.0), StrokeMode.ERASE)
    stroke.move(place(10, 10, 10))
    editor.apply(editor.operation_edit("liver", FillHoles()))
    after = _all_labels(session.case)
    assert _refusal(stroke.finish) == "error.edit.outdated"
    assert _same(_all_labels(session.case), after)


def test_that_strokes_keep_to_locks_limits_and_overwriting(session: CaseSession, editor: LabelEditor) -> None:
    def painted(structure_id: str, limits: Limits) -> np.ndarray:
        stroke = editor.begin_stroke(structure_id, Brush(8.0), limits=limits)
        stroke.move(place(26, 18, 10))
        stroke.finish()
        after = _all_labels(session.case)
        session.undo()
        return after[structure(structure_id).layer]

    before = labels_of(session.case, LayerName.ORGANS)
    everywhere = painted("liver", Limits())
    assert ((before == 11) & (everywhere == 1)).any()
    on_background = painted("liver", Limits(overwrite=Overwrite.BACKGROUND))
    assert np.array_equal(on_background == 11, before == 11)
    assert ((before == 0) & (on_background == 1)).any()
    inside_spleen = painted("liver", Limits(inside="spleen"))
    changed = inside_spleen != before
    assert changed.any()
    assert (before[changed] == 11).all()
    inside_vein = painted("hepatic_vein", Limits(inside="liver"))
    assert (before[inside_vein == 4] == 1).all()
    values = session.case.planning_volume.voxels
    bright = painted("liver", Limits(intensity_range=(100, 150)))
    assert ((values[bright != before] >= 100) & (values[bright != before] <= 150)).all()
    assert (bright != before).any()
    editor.lock("spleen")
    assert np.array_equal(painted("liver", Limits()) == 11, before == 11)
    assert _refusal(lambda: editor.begin_stroke("spleen", Brush(1.0))) == "error.editing.locked"
    editor.unlock("spleen")
    editor.begin_stroke("spleen", Brush(1.0)).cancel()


def test_that_the_threshold_brush_is_named_in_undo(session: CaseSession, editor: LabelEditor) -> None:
    stroke = editor.begin_stroke("liver", Brush(5.0), limits=Limits(intensity_range=(0, 100)))
    stroke.move(place(26, 18, 21))
    stroke.finish()
    assert session.undo_label == "edit.label.threshold_paint"


@pytest.mark.parametrize("mode", list(ScissorsMode))
def test_that_scissors_fill_and_erase_inside_and_outside(
    session: CaseSession, editor: LabelEditor, mode: ScissorsMode
) -> None:
    before = labels_of(session.case, LayerName.ORGANS)
    case = editor.apply(editor.scissors_edit("liver", ScissorsCut(SQUARE, (0, 0, -1), mode)))
    after = labels_of(case, LayerName.ORGANS)
    inside = np.zeros(before.shape, bool)
    inside[:, 9:21, 9:21] = True
    where = ~inside if mode.is_outside else inside
    expected = before.copy()
    if mode.is_fill:
        expected[where] = 1
    else:
        expected[where & (before == 1)] = 0
    np.testing.assert_array_equal(after, expected)
    assert session.undo_label == ("edit.label.scissors_fill" if mode.is_fill else "edit.label.scissors_erase")


def test_that_scissors_cut_over_a_depth_only(session: CaseSession, editor: LabelEditor) -> None:
    before = labels_of(session.case, LayerName.ORGANS)
    polygon = [(x, y, place(0, 0, 10)[2]) for x, y, _ in SQUARE]
    cut = ScissorsCut(polygon, (0, 0, 1), ScissorsMode.ERASE_INSIDE, (-1.0, 1.0))
    after = labels_of(editor.apply(editor.scissors_edit("liver", cut)), LayerName.ORGANS)
    assert np.flatnonzero((after != before).any(axis=(1, 2))).tolist() == [10]


@pytest.mark.parametrize(("structure_id", "operation"), OPERATIONS, ids=lambda value: str(value)[:40])
def test_that_each_operation_is_one_step_that_undo_takes_back(
    session: CaseSession, editor: LabelEditor, structure_id: str, operation: LabelOperation
) -> None:
    before = _all_labels(session.case)
    edit = editor.operation_edit(structure_id, operation)
    preview = editor.preview(structure_id, edit)
    assert _same(_all_labels(session.case), before), "a preview changes nothing"
    case = editor.apply(edit)
    name = structure(structure_id).layer
    value = structure(structure_id).value
    np.testing.assert_array_equal(labels_of(case, name)[edit.box.slices] == value, preview.mask)
    outside = np.ones(GRID.shape_kji, bool)
    outside[edit.box.slices] = False
    np.testing.assert_array_equal(labels_of(case, name)[outside], before[name][outside])
    for other in before.keys() - {name}:
        np.testing.assert_array_equal(labels_of(case, other), before[other])
    label = session.undo_label
    assert label is not None
    assert Wording("fr").text(label) != Wording("en").text(label) or label == "edit.label.scissors_fill"
    assert _same(_all_labels(session.undo()), before)


def test_that_logic_between_layers_equals_numpy(session: CaseSession, editor: LabelEditor) -> None:
    liver = labels_of(session.case, LayerName.ORGANS) == 1
    vein = labels_of(session.case, LayerName.VESSELS) == 3
    for logic, expected in (
        (Logic.ADD, liver | vein),
        (Logic.SUBTRACT, liver & ~vein),
        (Logic.INTERSECT, liver & vein),
        (Logic.COPY, vein),
    ):
        case = editor.apply(editor.operation_edit("liver", Combine(logic, "portal_vein")))
        np.testing.assert_array_equal(labels_of(case, LayerName.ORGANS) == 1, expected)
        session.undo()


def test_that_operations_keep_to_limits_and_locks(session: CaseSession, editor: LabelEditor) -> None:
    before = labels_of(session.case, LayerName.ORGANS)
    editor.lock("spleen")
    grown = labels_of(editor.apply(editor.operation_edit("liver", Grow(4.0))), LayerName.ORGANS)
    assert np.array_equal(grown == 11, before == 11)
    session.undo()
    limits = Limits(inside="liver")
    vein = labels_of(editor.apply(editor.operation_edit("portal_vein", Grow(40.0), limits=limits)), LayerName.VESSELS)
    np.testing.assert_array_equal(vein == 3, (before == 1) | (labels_of(session.undo(), LayerName.VESSELS) == 3))
    bright = Limits(intensity_range=(100, 1000))
    case = editor.apply(editor.operation_edit("liver", Grow(4.0), limits=bright))
    changed = labels_of(case, LayerName.ORGANS) != before
    assert (case.planning_volume.voxels[changed] >= 100).all()
    session.undo()
    assert _refusal(lambda: editor.operation_edit("spleen", Grow(1.0))) == "error.editing.locked"


def _with_islands(session: CaseSession, editor: LabelEditor) -> None:
    """Give the lesion a second and a third, smaller piece."""
    for point, radius_mm in ((place(30, 8, 10), 2.0), (place(8, 30, 16), 0.5)):
        stroke = editor.begin_stroke("lesion-1", Brush(radius_mm))
        stroke.move(point)
        stroke.finish()


def test_that_islands_are_kept_removed_moved_and_split(session: CaseSession, editor: LabelEditor) -> None:
    _with_islands(session, editor)
    lesions = labels_of(session.case, LayerName.LESIONS)
    first, second, third = (lesions[6, 21, 19], lesions[10, 8, 30], lesions[16, 30, 8])
    assert (first, second, third) == (1, 1, 1)

    def after(operation: LabelOperation) -> tuple[int, int, int]:
        labels = labels_of(editor.apply(editor.operation_edit("lesion-1", operation)), LayerName.LESIONS)
        session.undo()
        return (int(labels[6, 21, 19]), int(labels[10, 8, 30]), int(labels[16, 30, 8]))

    assert after(KeepLargestIsland()) == (1, 0, 0)
    assert after(RemoveSmallIslands(0.01)) == (1, 1, 0)
    assert after(KeepIslandAt(place(30, 8, 10))) == (0, 1, 0)
    assert after(RemoveIslandAt(place(30, 8, 10))) == (1, 0, 1)
    assert after(MoveIslandAt(place(30, 8, 10), editor.new_lesion_id())) == (1, 2, 1)
    assert after(SplitIslands(("lesion-2", "lesion-3"))) == (1, 2, 3)
    assert _refusal(lambda: after(KeepIslandAt(place(1, 1, 1)))) == "error.editing.not_on_structure"
    assert _refusal(lambda: after(MoveIslandAt(place(30, 8, 10), "liver"))) == "error.editing.other_layer"
    assert _refusal(lambda: after(Smooth(3.0))) == "error.editing.smoothing_breaks"
    editor.lock("lesion-2")
    assert _refusal(lambda: after(MoveIslandAt(place(30, 8, 10), "lesion-2"))) == "error.editing.locked"


def test_that_slices_drawn_apart_are_joined(session: CaseSession, editor: LabelEditor) -> None:
    for k in (4, 9, 15):
        stroke = editor.begin_stroke("pancreas", Brush(5.0, (0, 0, 1)), limits=Limits(overwrite=Overwrite.UNLOCKED))
        stroke.move(place(20, 32, k))
        stroke.finish()
    case = editor.apply(editor.operation_edit("pancreas", FillBetweenSlices(2)))
    drawn = (labels_of(case, LayerName.ORGANS) == 2).any(axis=(1, 2))
    assert np.flatnonzero(drawn).tolist() == list(range(4, 16))
    assert case.layers[LayerName.ORGANS].uncertainties["pancreas"].origin is LabelOrigin.MANUAL


def test_that_origins_say_who_drew_what(session: CaseSession, editor: LabelEditor) -> None:
    def origin(case: Case | None, structure_id: str) -> LabelOrigin:
        assert case is not None
        return case.layer_of(structure_id).uncertainties[structure_id].origin

    stroke = editor.begin_stroke("pancreas", Brush(3.0))
    stroke.move(place(20, 33, 21))
    case = stroke.finish()
    assert origin(case, "pancreas") is LabelOrigin.MANUAL
    assert origin(case, "liver") is LabelOrigin.AUTOMATIC
    case = editor.apply(editor.operation_edit("liver", FillHoles()))
    assert origin(case, "liver") is LabelOrigin.EDITED
    case = editor.apply(editor.operation_edit("hepatic_vein", Combine(Logic.COPY, "portal_vein")))
    assert origin(case, "hepatic_vein") is LabelOrigin.EDITED, "a copy of an automatic label was not drawn by hand"
    case = editor.apply(editor.operation_edit("bile_duct", Combine(Logic.COPY, "pancreas")))
    assert origin(case, "bile_duct") is LabelOrigin.MANUAL


def test_that_the_body_holds_the_bone(session: CaseSession, editor: LabelEditor) -> None:
    for structure_id, radius_mm in (("skin", 9.0), ("bone", 4.0)):
        stroke = editor.begin_stroke(structure_id, Brush(radius_mm))
        stroke.move(place(20, 18, 12))
        stroke.finish()
    body = session.case.layer(LayerName.CONTEXT).mask("skin")
    editor.lock("skin")
    stroke = editor.begin_stroke("bone", Brush(2.0), StrokeMode.ERASE)
    stroke.move(place(20, 18, 12))
    stroke.finish()
    editor.apply(editor.operation_edit("bone", Grow(30.0)))
    np.testing.assert_array_equal(session.case.layer(LayerName.CONTEXT).mask("skin"), body)
    assert labels_of(session.case, LayerName.CONTEXT)[12, 18, 20] == 15


def test_that_an_edit_is_refused_once_the_labels_changed(editor: LabelEditor) -> None:
    first, second = (editor.operation_edit("liver", Grow(2.0)) for _ in range(2))
    editor.apply(first)
    assert _refusal(lambda: editor.apply(second)) == "error.edit.outdated"


def test_that_wrong_requests_are_refused_in_one_line(session: CaseSession, editor: LabelEditor) -> None:
    polygon = ScissorsCut(SQUARE[:2], (0, 0, 1), ScissorsMode.ERASE_INSIDE)
    away = ScissorsCut([(x + 900, y, z) for x, y, z in SQUARE], (0, 0, 1), ScissorsMode.ERASE_INSIDE)
    refusals: dict[str, Callable[[], Any]] = {
        "error.editing.nothing_selected": lambda: editor.begin_stroke("", Brush(1.0)),
        "error.anatomy.unknown_structure": lambda: editor.begin_stroke("heart", Brush(1.0)),
        "error.editing.derived": lambda: editor.begin_stroke("couinaud_5", Brush(1.0)),
        "error.editing.all_lesions": lambda: editor.begin_stroke("lesion", Brush(1.0)),
        "error.editing.radius": lambda: editor.begin_stroke("liver", Brush(-1.0)),
        "error.editing.polygon": lambda: editor.scissors_edit("liver", polygon),
        "error.editing.nothing_changed": lambda: editor.scissors_edit("liver", away),
        "error.editing.empty_structure": lambda: editor.operation_edit("stomach", Grow(1.0)),
        "error.editing.empty_result": lambda: editor.operation_edit("liver", Shrink(500.0)),
        "error.editing.not_positive": lambda: editor.operation_edit("liver", Smooth(0.0)),
        "error.editing.one_island": lambda: editor.operation_edit("lesion-1", SplitIslands(("lesion-2",))),
        "error.editing.nothing_between": lambda: editor.operation_edit("spleen", FillBetweenSlices(2)),
        "error.editing.empty_box": lambda: editor.operation_edit("liver", InvertInBox(Box((90, 0, 0), (99, 1, 1)))),
    }
    before = _all_labels(session.case)
    for message_id, request in refusals.items():
        assert _refusal(request) == message_id
    with pytest.raises(InputError):
        editor.operation_edit("liver", Combine(Logic.ADD, "heart"))
    assert _same(_all_labels(session.case), before)


def test_that_a_case_that_is_read_only_is_refused_before_anything_is_drawn(session: CaseSession) -> None:
    with CaseFolder.open(session.folder.path, read_only=True) as folder:
        editor = LabelEditor(CaseSession(folder, idle_save_s=None))
        with pytest.raises(CaseFileError) as caught:
            editor.begin_stroke("liver", Brush(1.0))
        assert caught.value.message_id == "error.case.read_only"


def test_that_a_write_that_fails_takes_the_stroke_back(
    session: CaseSession, editor: LabelEditor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stroke = editor.begin_stroke("liver", Brush(3.0), StrokeMode.ERASE)
    box = stroke.move(place(12, 12, 10))
    assert box is not None

    def refuse(edit: object) -> None:
        raise CaseFileError("error.case.disk_full", path="journal")

    monkeypatch.setattr(session.folder, "apply", refuse)
    before = labels_of(session.case, LayerName.ORGANS)
    assert _refusal(stroke.finish) == "error.case.disk_full"
    assert np.array_equal(session.working_buffer(LayerName.ORGANS).crop(box).voxels, before[box.slices])


@settings(max_examples=12)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=6))
def test_that_any_editing_can_be_undone_and_redone_voxel_by_voxel(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        with CaseFolder.create(tmp_path_factory.mktemp("case") / "a.twinsight") as folder:
            session = CaseSession(folder, idle_save_s=None)
            prepared(session)
            editor = LabelEditor(session)
            states = [_all_labels(session.case)]
            for number in numbers:
                label = session.undo_label
                edit_step(session, editor, number)
                if session.undo_label != label or not _same(_all_labels(session.case), states[-1]):
                    states.append(_all_labels(session.case))
            while len(states) > 1 and _same(states[-1], states[-2]):
                states.pop()
            end = _all_labels(session.case)
            n_steps = 0
            while session.undo_label != "edit.layers":
                session.undo()
                n_steps += 1
            assert _same(_all_labels(session.case), states[0])
            for _ in range(n_steps):
                session.redo()
            assert _same(_all_labels(session.case), end)


def test_that_known_boxes_follow_strokes_and_undo(session: CaseSession, editor: LabelEditor) -> None:
    stroke = editor.begin_stroke("liver", Brush(2.0))
    stroke.move(place(38, 34, 22))
    stroke.finish()
    case = editor.apply(editor.operation_edit("liver", KeepLargestIsland()))
    assert labels_of(case, LayerName.ORGANS)[22, 34, 38] == 0, "the far piece was found"
    for _ in range(2):
        session.undo()
    for number in range(8):
        edit_step(session, editor, number)
        for name, layer in session.case.layers.items():
            for value, box in editor._boxes_of(session.case, name).items():
                exact = Box.around(layer.voxels == value)
                assert exact is None or exact.joined(box) == box


@pytest.mark.kill
def test_that_the_voxels_of_a_killed_editor_are_those_it_was_told_are_safe(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.twinsight", tmp_path / "b.twinsight"
    for each in (path, copy):
        with CaseFolder.create(each, "example") as folder:
            session = CaseSession(folder, idle_save_s=None)
            prepared(session)
            session.stop()
    command = [sys.executable, "-m", "tests.app.services.edit_examples", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(12)]
        child.kill()
        lines += child.stdout.read().splitlines()
    n_told = len([line for line in lines if line.strip()])
    assert n_told >= 12
    with CaseFolder.open(path, read_only=True) as folder:
        found, n_replayed = _all_labels(folder.case), folder.recovery.n_edits
    with CaseFolder.open(copy) as folder:
        session = CaseSession(folder, idle_save_s=None)
        editor = LabelEditor(session)
        for number in range(n_told):
            edit_step(session, editor, number)
        if not _same(_all_labels(session.case), found):  # one more was on the disk and not told yet
            edit_step(session, editor, n_told)
        assert _same(_all_labels(session.case), found)
        session.stop()
    assert n_replayed >= 10
