"""A case while it is worked on."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.case_session import CaseSession, SessionEvent, SessionEventKind
from tests.twin.store.case_examples import content, facts, layer, outcome_of, volume
from tests.twin.store.faulty_system import Failure, failing
from tests.twin.test_edit import edits, same
from twin.anatomy import LayerName
from twin.box import Box
from twin.edit import FactsEdit, LayersEdit, OutcomeEdit, PlanEdit, VolumesEdit
from twin.errors import CaseFileError, GeometryError
from twin.grid import Grid
from twin.label_layer import LabelLayer
from twin.plan import Plan
from twin.resection import parse_cut
from twin.store import CaseFolder

WAIT_S = 30.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[CaseFolder]:
    with CaseFolder.create(tmp_path / "a.twinsight") as opened:
        yield opened


@pytest.fixture
def session(folder: CaseFolder) -> Iterator[CaseSession]:
    session = CaseSession(folder, idle_save_s=None)
    yield session
    session.stop()


def _kinds(session: CaseSession) -> list[SessionEventKind]:
    heard: list[SessionEventKind] = []
    session.subscribe(lambda event: heard.append(event.kind))
    return heard


def test_that_what_was_done_can_be_undone_and_redone(session: CaseSession) -> None:
    heard = _kinds(session)
    assert (session.can_undo, session.undo_label, session.can_redo) == (False, None, False)
    session.do(FactsEdit(facts(60)))
    session.do(FactsEdit(facts(80)))
    assert session.undo_label == "edit.facts"
    assert session.undo().facts == facts(60)
    assert (session.can_redo, session.redo_label) == (True, "edit.facts")
    assert session.redo().facts == facts(80)
    done, undone, redone = SessionEventKind.DONE, SessionEventKind.UNDONE, SessionEventKind.REDONE
    assert heard == [done, done, undone, redone]


def test_that_nothing_to_undo_is_no_error(session: CaseSession) -> None:
    assert session.undo() is session.case
    assert session.redo() is session.case


@given(st.data())
def test_that_any_work_can_be_undone_to_the_beginning_and_redone_to_the_end(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda file: None)
        with CaseFolder.create(tmp_path_factory.mktemp("case") / "a.twinsight") as folder:
            session = CaseSession(folder, idle_save_s=None)
            states = [session.case]
            for _ in range(data.draw(st.integers(1, 6))):
                states.append(session.do(data.draw(edits(session.case))))
            for expected in states[-2::-1]:
                assert same(session.undo(), expected)
            assert not session.can_undo
            for expected in states[1:]:
                assert same(session.redo(), expected)
            assert not session.can_redo
            last = content(session.case)
        with CaseFolder.open(folder.path, read_only=True) as again:
            assert content(again.case) == last


def test_that_undone_steps_are_safe_like_any_other(session: CaseSession, folder: CaseFolder) -> None:
    session.do(FactsEdit(facts(60)))
    session.do(FactsEdit(facts(80)))
    session.undo()
    with CaseFolder.open(folder.path, read_only=True) as reader:
        assert reader.case.facts == facts(60)
        assert reader.recovery.n_edits == 3


def test_that_an_edit_that_does_not_fit_cannot_be_undone(session: CaseSession) -> None:
    session.do(VolumesEdit.adding(volume(1)))
    heard = _kinds(session)
    elsewhere = LabelLayer.empty(LayerName.ORGANS, Grid.from_spacing((2, 2, 2), (1, 1, 1)))
    with pytest.raises(GeometryError):
        session.do(LayersEdit({LayerName.ORGANS: elsewhere}))
    assert session.undo_label == "edit.volumes"
    assert heard == []


def test_that_a_save_folds_the_edits_and_tells_it(session: CaseSession, folder: CaseFolder) -> None:
    heard = _kinds(session)
    session.save()
    assert heard == []
    session.do(FactsEdit(facts(60)))
    assert session.is_dirty
    session.save()
    assert not session.is_dirty
    assert heard == [SessionEventKind.DONE, SessionEventKind.SAVED]
    assert session.undo().facts != facts(60), "a save does not end undo"


def test_that_a_large_journal_is_saved_at_once(folder: CaseFolder) -> None:
    session = CaseSession(folder, idle_save_s=None, journal_limit_bytes=1000)
    heard = _kinds(session)
    for weight in range(40, 60):
        session.do(FactsEdit(facts(weight)))
    assert heard.count(SessionEventKind.SAVED) > 3
    assert folder.journal_n_bytes < 1000


def test_that_a_pause_saves(folder: CaseFolder) -> None:
    session = CaseSession(folder, idle_save_s=0.01)
    saved = threading.Event()
    session.subscribe(lambda event: saved.set() if event.kind is SessionEventKind.SAVED else None)
    session.do(FactsEdit(facts(60)))
    assert saved.wait(WAIT_S)
    assert not session.is_dirty
    session.stop()


def test_that_a_failed_save_after_a_pause_is_told_and_tried_again(folder: CaseFolder) -> None:
    session = CaseSession(folder, idle_save_s=0.01)
    saved, failures = threading.Event(), list[SessionEvent]()

    def listen(event: SessionEvent) -> None:
        if event.kind is SessionEventKind.SAVE_FAILED:
            failures.append(event)
        if event.kind is SessionEventKind.SAVED:
            saved.set()

    session.subscribe(listen)
    commit, n_calls = folder.commit, 0

    def failing_once() -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == 1:
            raise CaseFileError("error.case.disk_full", path="example")
        commit()

    folder.commit = failing_once  # type: ignore[method-assign]
    session.do(FactsEdit(facts(60)))
    assert saved.wait(WAIT_S)
    assert [event.error.message_id for event in failures if event.error] == ["error.case.disk_full"]
    session.stop()


def test_that_a_folder_that_was_closed_is_not_saved_after_a_pause(tmp_path: Path) -> None:
    folder = CaseFolder.create(tmp_path / "a.twinsight")
    session = CaseSession(folder, idle_save_s=3600)
    session.do(FactsEdit(facts(60)))
    heard, timer = _kinds(session), session._timer
    assert timer is not None
    folder.close()
    timer.function()
    session.stop()
    assert heard == []


def test_that_every_step_is_in_the_audit_log(session: CaseSession, folder: CaseFolder) -> None:
    session.do(VolumesEdit.adding(volume(1)))
    session.undo()
    entries = [(entry.action, entry.details["step"]) for entry in folder.audit_entries()]
    assert entries == [("edit.volumes", "done"), ("edit.volumes", "undone")]


def test_that_a_gap_in_the_audit_log_is_told_and_the_step_is_done(
    session: CaseSession, folder: CaseFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(action: str, **details: object) -> None:
        raise CaseFileError("error.case.disk_full", path="audit.log")

    monkeypatch.setattr(folder, "audit", refuse)
    heard = _kinds(session)
    session.do(FactsEdit(facts(60)))
    assert heard == [SessionEventKind.AUDIT_FAILED, SessionEventKind.DONE]
    assert session.case.facts == facts(60)


def test_that_a_write_that_cannot_be_taken_back_makes_the_session_read_only(
    session: CaseSession, folder: CaseFolder
) -> None:
    session.do(FactsEdit(facts(60)))
    heard = _kinds(session)
    with failing(Failure(0, lasts=True, number=errno.EIO)), pytest.raises(CaseFileError):
        session.do(FactsEdit(facts(80)))
    assert heard == [SessionEventKind.READ_ONLY]
    assert session.is_read_only
    assert not session.can_undo
    assert session.case.facts == facts(60)


def test_that_a_listener_can_stop_listening(session: CaseSession) -> None:
    heard: list[SessionEvent] = []
    unsubscribe = session.subscribe(heard.append)
    session.do(FactsEdit(facts(60)))
    unsubscribe()
    unsubscribe()
    session.do(FactsEdit(facts(80)))
    assert len(heard) == 1


def test_that_a_stroke_is_done_undone_and_followed_by_the_buffer(session: CaseSession) -> None:
    session.do(VolumesEdit.adding(volume(1)))
    session.do(LayersEdit({LayerName.ORGANS: layer(LayerName.ORGANS, 1)}))
    buffer = session.working_buffer(LayerName.ORGANS)
    before = buffer.crop().voxels
    buffer.paint(Box((0, 0, 0), (2, 2, 2)), np.ones((2, 2, 2), bool), 2)
    stroke = buffer.finished(label="edit.voxels")
    assert stroke is not None
    session.do(stroke)
    assert (buffer.crop(Box((0, 0, 0), (2, 2, 2))).voxels == 2).all()
    session.undo()
    assert np.array_equal(buffer.crop().voxels, before)
    session.redo()
    assert (session.case.layer(LayerName.ORGANS).voxels[:2, :2, :2] == 2).all()


def test_that_undo_passes_over_what_is_no_step_of_the_user(session: CaseSession) -> None:
    session.do(VolumesEdit.adding(volume(1)))
    session.do(PlanEdit("A", Plan("A", (parse_cut("wedge:lesion-1:10"),))))
    session.do(OutcomeEdit(outcome_of(session.case, "A")), is_step=False)
    assert session.undo_label == "edit.plan"
    assert (dict(session.undo().plans), dict(session.case.outcomes)) == ({}, {})
    assert not session.redo().outcomes["A"].is_stale


def test_that_undo_can_be_switched_off(folder: CaseFolder) -> None:
    session = CaseSession(folder, undo_budget_bytes=0, idle_save_s=None)
    session.do(FactsEdit(facts(60)))
    assert not session.can_undo
