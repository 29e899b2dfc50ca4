"""Correction by clicks on an open case: each click one step, remembered until it is undone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.services.case_session import CaseSession
from app.services.correct_labels import LabelCorrection
from tests.segmentation.seeds.test_correction import GRID, IMAGE, TRUTH, middle_of, point, without_tail
from twin.anatomy import LayerName
from twin.edit import LayersEdit, VolumesEdit
from twin.errors import InputError
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.store import CaseFolder
from twin.volume import Modality, Quantity, Volume

STOMACH = (slice(12, 18), slice(6, 18), slice(10, 60))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CaseSession]:
    grid = Grid(GRID.size_ijk, GRID.affine_lps_mm, "1.2.3")
    organs = np.where(without_tail(), 2, 0).astype(np.uint8)
    organs[STOMACH] = 12
    with CaseFolder.create(tmp_path / "a.twinsight") as folder:
        session = CaseSession(folder, idle_save_s=None)
        session.do(VolumesEdit.adding(Volume("scan", grid, IMAGE, Quantity.HOUNSFIELD, Modality.CT)))
        session.do(LayersEdit({LayerName.ORGANS: LabelLayer(LayerName.ORGANS, grid, organs)}))
        yield session
        session.stop()


def pancreas(session: CaseSession) -> np.ndarray:
    return session.case.layer(LayerName.ORGANS).mask("pancreas")


def test_that_a_click_is_one_step_of_undo(session: CaseSession) -> None:
    correction, before = LabelCorrection(session, "pancreas"), pancreas(session)
    edit = correction.edit(middle_of(TRUTH & ~without_tail()), is_inside=True)
    assert edit is not None
    correction.apply(edit)
    assert np.count_nonzero(pancreas(session)) > np.count_nonzero(before)
    assert session.undo_label == "edit.label.click_correction"
    session.undo()
    assert np.array_equal(pancreas(session), before)


def test_that_undone_clicks_are_forgotten_and_redone_ones_remembered(session: CaseSession) -> None:
    correction = LabelCorrection(session, "pancreas")
    edit = correction.edit(middle_of(TRUTH & ~without_tail()), is_inside=True)
    assert edit is not None
    assert correction.clicks == ()
    correction.apply(edit)
    assert len(correction.clicks) == 1
    session.undo()
    assert correction.clicks == ()
    session.redo()
    assert len(correction.clicks) == 1
    correction.close()
    session.undo()
    assert len(correction.clicks) == 1


def test_that_a_click_inside_leaves_other_structures_alone(session: CaseSession) -> None:
    correction = LabelCorrection(session, "pancreas")
    edit = correction.edit(point(50, 25, 15), is_inside=True)
    assert edit is not None
    correction.apply(edit)
    assert (session.case.layer(LayerName.ORGANS).voxels[STOMACH] == 12).all()


def test_that_a_click_on_another_structure_takes_from_it(session: CaseSession) -> None:
    correction = LabelCorrection(session, "pancreas")
    edit = correction.edit(point(30, 12, 15), is_inside=True)
    assert edit is not None
    assert correction.apply(edit).layer(LayerName.ORGANS).voxels[15, 12, 30] == 2


def test_that_a_click_that_agrees_is_no_edit(session: CaseSession) -> None:
    assert LabelCorrection(session, "pancreas").edit(point(28, 35, 15), is_inside=True) is None


def test_that_an_edit_made_from_older_labels_is_refused(session: CaseSession) -> None:
    correction = LabelCorrection(session, "pancreas")
    edit = correction.edit(middle_of(TRUTH & ~without_tail()), is_inside=True)
    assert edit is not None
    correction.apply(edit)
    with pytest.raises(InputError) as caught:
        correction.apply(edit)
    assert caught.value.message_id == "error.edit.outdated"


@pytest.mark.parametrize("structure_id", ["segment_1", "lesion"])
def test_that_structures_nobody_draws_are_refused(session: CaseSession, structure_id: str) -> None:
    with pytest.raises(InputError):
        LabelCorrection(session, structure_id)
