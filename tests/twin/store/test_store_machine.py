"""The store against a model: a case held in memory, to which the same edits are applied."""

from __future__ import annotations

import errno
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.twin.store.case_examples import content
from tests.twin.store.faulty_system import Failure, failing
from tests.twin.test_edit import edits
from twin.case import Case
from twin.edit import Edit
from twin.errors import CaseFileError
from twin.store import CaseFolder
from twin.store.edit_record import edit_to_bytes
from twin.store.journal import _record

FAILURES = st.builds(
    Failure,
    after=st.integers(0, 25),
    lasts=st.booleans(),
    number=st.sampled_from([errno.ENOSPC, errno.EROFS, errno.EIO]),
)


class StoreMachine(RuleBasedStateMachine):
    """``self.expected`` is what the store must hold; ``self.in_doubt`` what it may hold after a failed write."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.path = self.place / "a.twinsight"
        self.expected = Case("example")
        self.in_doubt: Case | None = None
        self.undo: list[Edit] = []

    @initialize()
    def create(self) -> None:
        self.folder = CaseFolder.create(self.path, "example")

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            _abandon(self.folder)
        shutil.rmtree(self.place)

    @precondition(lambda self: not self.folder.is_read_only)
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        edit = data.draw(edits(self.expected))
        inverse = edit.inverted(self.expected)
        self.expected = edit.apply(self.expected)
        self.folder.apply(edit)
        self.undo.append(inverse)

    @precondition(lambda self: not self.folder.is_read_only and self.undo)
    @rule()
    def undo_last(self) -> None:
        inverse = self.undo.pop()
        self.expected = inverse.apply(self.expected)
        self.folder.apply(inverse)

    @precondition(lambda self: not self.folder.is_read_only)
    @rule(data=st.data(), failure=FAILURES)
    def edit_while_writes_fail(self, data: st.DataObject, failure: Failure) -> None:
        edit = data.draw(edits(self.expected))
        changed = edit.apply(self.expected)
        inverse = edit.inverted(self.expected)
        try:
            with failing(failure):
                self.folder.apply(edit)
        except CaseFileError as error:
            if error.message_id == "error.case.journal_stuck":
                assert self.folder.is_read_only
                self.in_doubt = changed
            return
        self.expected = changed
        self.undo.append(inverse)

    @precondition(lambda self: not self.folder.is_read_only)
    @rule()
    def commit(self) -> None:
        self.folder.commit()
        assert not self.folder.is_dirty

    @precondition(lambda self: not self.folder.is_read_only)
    @rule(failure=FAILURES)
    def commit_while_writes_fail(self, failure: Failure) -> None:
        try:
            with failing(failure):
                self.folder.commit()
        except CaseFileError:
            assert failure.has_failed

    @rule()
    def close_and_reopen(self) -> None:
        has_saved = not self.folder.is_read_only
        self.folder.close()
        self._reopen()
        assert not (has_saved and self.folder.recovery.n_edits), "closing saves"

    @rule()
    def crash_and_reopen(self) -> None:
        _abandon(self.folder)
        self._reopen()

    @rule(failure=FAILURES)
    def close_while_writes_fail(self, failure: Failure) -> None:
        try:
            with failing(failure):
                self.folder.close()
        except CaseFileError:
            assert failure.has_failed
        self._reopen()

    @precondition(lambda self: not self.folder.is_read_only)
    @rule(data=st.data())
    def crash_in_the_middle_of_a_record(self, data: st.DataObject) -> None:
        edit = data.draw(edits(self.expected))
        journal = self.folder._journal
        record = _record(edit_to_bytes(edit, self.folder.blobs), journal.n_records)
        part = record[: data.draw(st.integers(1, len(record) - 1))]
        has_journal = journal.path.exists() and journal.n_bytes > 0
        _abandon(self.folder)
        if has_journal:
            with journal.path.open("ab") as file:
                file.write(part)
        self._reopen()
        if has_journal:
            assert self.folder.recovery.n_dropped_bytes == len(part)
            assert self.folder.recovery.message_id == "recovery.torn"

    @rule()
    def open_a_second_time(self) -> None:
        with CaseFolder.open(self.path) as second:
            assert second.is_read_only
            assert second.read_only_reason == "case.read_only.open_elsewhere" or self.folder.is_read_only
            if self.in_doubt is None:
                assert content(second.case) == content(self.expected)
            with pytest.raises(CaseFileError) as caught:
                second.commit()
            assert caught.value.message_id == "error.case.read_only"

    @rule()
    def verify(self) -> None:
        self.folder.verify()

    @invariant()
    def holds_what_was_told(self) -> None:
        if hasattr(self, "folder"):
            assert content(self.folder.case) == content(self.expected)

    def _reopen(self) -> None:
        self.folder = CaseFolder.open(self.path)
        assert not self.folder.is_read_only
        if self.in_doubt is not None and content(self.folder.case) == content(self.in_doubt):
            self.expected = self.in_doubt
            self.undo.clear()
        self.in_doubt = None
        self.folder.verify()
        assert not list(self.path.rglob("*.partial")), "what a failed write left is gone"


def _abandon(folder: CaseFolder) -> None:
    """Do what the death of the process does: let go of the lock and the files, and nothing else."""
    folder._journal.close()
    if folder._lock is not None:
        folder._lock.release()


@pytest.mark.parametrize("n_examples", [60, pytest.param(600, marks=pytest.mark.slow)])
@pytest.mark.usefixtures("quick_flush")
def test_that_the_store_always_holds_what_it_told(n_examples: int) -> None:
    run_state_machine_as_test(StoreMachine, settings=settings(max_examples=n_examples, stateful_step_count=30))
