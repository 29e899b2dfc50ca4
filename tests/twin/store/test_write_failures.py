"""A full, failing or read-only disk, at any moment: one typed error, and nothing that was told is lost."""

from __future__ import annotations

import errno
import itertools
from contextlib import suppress
from pathlib import Path

import pytest

from tests.twin.store.case_examples import content, facts, full_edits
from tests.twin.store.faulty_system import Failure, ForgetfulDisk, failing, forgetful
from twin.case import Case
from twin.edit import FactsEdit
from twin.errors import CaseFileError
from twin.store import CaseFolder

CASE_ID = "example"
MESSAGES = {
    errno.ENOSPC: "error.case.disk_full",
    errno.EROFS: "error.case.not_writable",
    errno.EACCES: "error.case.not_writable",
    errno.EIO: "error.case.write_failed",
}


def _write_everything(path: Path, told: list[Case]) -> None:
    """Make a case, edit it, save in between and close it; note each state that was told to be safe."""
    with CaseFolder.create(path, CASE_ID) as folder:
        told.append(folder.case)
        for number, edit in enumerate(full_edits(Case(CASE_ID))):
            told.append(folder.apply(edit))
            if number % 4 == 3:
                folder.commit()


def _n_calls(tmp_path: Path) -> int:
    with failing(Failure(after=10**9)) as counted:
        _write_everything(tmp_path / "counted.twinsight", [])
    return counted.n_calls


@pytest.mark.usefixtures("quick_flush")
@pytest.mark.parametrize("lasts", [False, True])
@pytest.mark.parametrize(
    ("number", "step"),
    [
        (errno.ENOSPC, 13),
        (errno.EROFS, 37),
        (errno.EACCES, 41),
        (errno.EIO, 31),
        pytest.param(errno.ENOSPC, 1, marks=pytest.mark.slow),
        pytest.param(errno.EIO, 1, marks=pytest.mark.slow),
    ],
)
def test_that_a_failure_at_any_call_is_one_typed_error_and_loses_nothing_told(
    tmp_path: Path, number: int, step: int, lasts: bool
) -> None:
    n_calls = _n_calls(tmp_path)
    assert n_calls > 100
    for after in range(0, n_calls, step):
        path = tmp_path / f"{after}.twinsight"
        told: list[Case] = []
        with pytest.raises(CaseFileError) as caught, failing(Failure(after, lasts, number)):
            _write_everything(path, told)
        assert caught.value.message_id in (MESSAGES[number], "error.case.journal_stuck")
        if not told:
            assert not path.exists() or CaseFolder.open(path).case.id == CASE_ID
            continue
        with CaseFolder.open(path) as folder:
            folder.verify()
            found = content(folder.case)
        # A journal that could not be cut back may hold the edit that failed, whole.
        assert found == content(told[-1]) or caught.value.message_id == "error.case.journal_stuck"


@pytest.mark.usefixtures("quick_flush")
def test_that_nothing_half_written_is_left_after_a_failed_create(tmp_path: Path) -> None:
    for after in itertools.count():
        with failing(Failure(after)) as failure, suppress(CaseFileError):
            CaseFolder.create(tmp_path / "a.twinsight").close()
        if not failure.has_failed:
            break
        if not (tmp_path / "a.twinsight").exists():
            assert list(tmp_path.iterdir()) == []
        else:  # only the flush of the folder around it failed: the case is whole
            CaseFolder.purge(tmp_path / "a.twinsight")
    assert after > 10


@pytest.mark.usefixtures("quick_flush")
def test_that_a_case_goes_on_after_a_full_disk_has_space_again(tmp_path: Path) -> None:
    n_calls = 0
    for after in itertools.count():
        with CaseFolder.create(tmp_path / f"{after}.twinsight") as folder:
            folder.apply(FactsEdit(facts(60)))
            with failing(Failure(after, lasts=True)) as failure:
                for _ in range(2):
                    with suppress(CaseFileError):
                        folder.apply(FactsEdit(facts(80)))
                        folder.commit()
            if not failure.has_failed:
                break
            if folder.is_read_only:
                assert folder.read_only_reason == "case.read_only.write_failed"
                with pytest.raises(CaseFileError) as caught:
                    folder.apply(FactsEdit(facts(70)))
                assert caught.value.message_id == "error.case.read_only"
                continue
            folder.apply(FactsEdit(facts(90)))
            folder.commit()
            n_calls += 1
        with CaseFolder.open(tmp_path / f"{after}.twinsight") as folder:
            assert folder.case.facts == facts(90)
    assert n_calls > 5


@pytest.mark.usefixtures("quick_flush")
def test_that_a_close_that_cannot_save_still_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "a.twinsight"
    folder = CaseFolder.create(path)
    folder.apply(FactsEdit(facts(80)))
    with failing(Failure(0, lasts=True)), pytest.raises(CaseFileError):
        folder.close()
    with CaseFolder.open(path) as again:
        assert not again.is_read_only
        assert again.case.facts == facts(80)


@pytest.mark.parametrize("keeps_names", [False, True])
def test_that_a_power_cut_at_any_flush_loses_nothing_told(tmp_path: Path, keeps_names: bool) -> None:
    """The disk forgets whatever was not flushed: each state told to be safe must be there all the same."""
    told: list[Case] = []
    cuts: list[tuple[Path, int]] = []

    def cut(disk: ForgetfulDisk) -> None:
        if told:
            target = tmp_path.parent / f"{tmp_path.name}-{keeps_names}-{disk.n_flushes}"
            disk.after_power_cut(target, keeps_names=keeps_names)
            cuts.append((target / "a.twinsight", len(told)))

    with forgetful(tmp_path, cut):
        _write_everything(tmp_path / "a.twinsight", told)
    states = [content(case) for case in told]
    assert len(cuts) > 20
    for path, n_told in cuts:
        with CaseFolder.open(path) as left:
            left.verify()
            assert content(left.case) in states[n_told - 1 : n_told + 1], "the last state told, or the one under way"
