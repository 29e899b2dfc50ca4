"""A case opened for the length of one command."""

import shutil
from pathlib import Path

import pytest

from app.services.case_file import case_read, new_case, opened_case
from tests.app.made_up_study import labelled_case_on_disk
from twin.edit import FactsEdit
from twin.errors import CaseFileError
from twin.patient import PatientFacts
from twin.store import CaseFolder


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return Path(shutil.copytree(labelled_case_on_disk(), tmp_path / "A.twinsight"))


def test_that_a_case_open_elsewhere_can_be_read_and_not_changed(case: Path) -> None:
    with CaseFolder.open(case):
        with case_read(case) as opened:
            assert opened.structure_ids()
        with pytest.raises(CaseFileError) as caught, opened_case(case):
            pass
    assert caught.value.message_id == "error.case.open_elsewhere"
    with opened_case(case) as session:
        session.do(FactsEdit(PatientFacts()))
    with case_read(case) as opened:
        assert opened.facts == PatientFacts()


def test_that_what_was_done_before_a_failure_is_kept(case: Path) -> None:
    def changed_then_failed() -> None:
        with opened_case(case) as session:
            session.do(FactsEdit(PatientFacts()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        changed_then_failed()
    with case_read(case) as opened:
        assert opened.facts == PatientFacts()


def test_that_a_new_case_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_case(tmp_path / "A.twinsight"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "B.twinsight").mkdir()
    with pytest.raises(CaseFileError), new_case(tmp_path / "B.twinsight"):
        pass
    assert (tmp_path / "B.twinsight").is_dir()  # what was there before is not ours to remove
