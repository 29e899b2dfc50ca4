"""Whole sessions in the real window, by clicks, keys and menus; the same as make the pictures of the pages."""

from pathlib import Path

import pytest

from tests.app.sessions.album import LOOKS
from tests.app.sessions.sessions import real_study, run_session
from tests.app.sessions.walk import Walk
from twin.store import CaseFolder

pytestmark = [pytest.mark.gui, pytest.mark.slow]
_IN_TWO_LANGUAGES = (LOOKS[0], LOOKS[3])


@pytest.mark.usefixtures("leak_guard")
def test_that_a_zip_becomes_two_approved_plans_and_their_documents(tmp_path: Path) -> None:
    walk = run_session("phantom", tmp_path, None, looks=_IN_TWO_LANGUAGES, is_small=True)
    _assert_finished(walk)


@pytest.mark.real_data
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("leak_guard")
def test_that_the_scan_of_a_patient_becomes_two_approved_plans_and_their_documents(
    shared_data: Path, tmp_path: Path
) -> None:
    assert real_study().is_file()
    _assert_finished(run_session("ircadb17", tmp_path, None, looks=_IN_TWO_LANGUAGES))


@pytest.mark.usefixtures("leak_guard")
def test_that_a_pancreas_is_planned_where_no_liver_is_labelled(tmp_path: Path) -> None:
    walk = run_session("pancreas", tmp_path, None, looks=_IN_TWO_LANGUAGES, is_small=True)
    assert walk.album.faults == []
    with CaseFolder.open(walk.folder / "pancreas.twinsight") as folder:
        case = folder.case
    assert "liver" not in case.structure_ids()
    assert case.plans["A"].is_approved
    assert case.outcomes["A"].liver is None
    assert case.outcomes["A"].pancreas is not None


def _assert_finished(walk: Walk) -> None:
    assert walk.album.faults == []
    with CaseFolder.open(walk.folder / "walk.twinsight") as folder:
        case = folder.case
    assert {name: plan.is_approved for name, plan in case.plans.items()} == {"A": True, "B": True}
    assert all(not outcome.is_stale for outcome in case.outcomes.values())
    documents = {path.suffix for path in (walk.folder / "documents").rglob("*")}
    assert {".pdf", ".html"} <= documents
