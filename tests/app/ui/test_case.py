"""A case from a study: made, segmented, entered, saved, opened again, recovered."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit

from app.ui.steps import Step
from app.ui.study_page import StudyTab
from tests.app.ui.conftest import Driver, live
from twin.store import CaseFolder

pytestmark = pytest.mark.gui


def test_that_a_study_becomes_a_case_is_segmented_confirmed_saved_and_opened_again(
    driver: Driver, study_folder: Path, tmp_path: Path
) -> None:
    window = driver.window
    driver.open(study_folder)
    driver.answers.new_case = tmp_path / "mine.twinsight"
    driver.act("anatomy.segment")
    driver.wait(lambda: window.control.work is not None and window.control.work.built is not None, "twin built")
    driver.wait(lambda: not window.task_strip.is_busy, "idle")
    assert window.pages.step is Step.SEGMENT
    rows = {row.structure_id: row for row in window.structure_panel.rows()}
    assert {"liver", "portal_vein", "lesion-1"} <= set(rows)
    volume = next(w.text() for w in rows["liver"].findChildren(QLabel) if "ml" in w.text())
    assert " to " in volume, "a volume comes with its interval"
    driver.draw()
    assert window.twin_view.snapshot() is not None

    driver.click(rows["liver"])
    driver.act("anatomy.confirm")
    driver.wait(lambda: window.control.work.case.is_confirmed("liver"), "confirmed")  # type: ignore[union-attr]
    driver.act("file.save")
    driver.wait(lambda: window.status.text() == "Saved.", "saved")
    driver.act("file.close")
    with CaseFolder.open(tmp_path / "mine.twinsight") as folder:
        folder.verify()
        assert folder.case.is_confirmed("liver")
        assert folder.case.confirmations["liver"].by == "Dr Test"
        assert folder.recovery.message_id is None
    driver.open(tmp_path / "mine.twinsight")
    driver.wait(lambda: len(window.structure_panel.rows()) == len(rows), "structures listed")


def test_that_facts_are_proposed_by_the_images_and_entered_by_a_person(
    driver: Driver, study_folder: Path, tmp_path: Path
) -> None:
    window, form = driver.window, driver.window.facts_form
    driver.open(study_folder)
    driver.answers.new_case = tmp_path / "facts.twinsight"
    assert not form.enter_button.isEnabled()
    driver.act("file.create_case")
    driver.wait(lambda: window.control.work is not None, "case open")
    window.show_step(Step.STUDY)
    window.study_page.show_tab(StudyTab.PATIENT)
    live(0.02)
    weight = form.editors["weight_kg"]
    assert isinstance(weight, QLineEdit)
    assert weight.text() == ""
    assert form.proposals["weight_kg"].isVisible()
    assert window.control.work.case.facts.number("weight_kg") is None  # type: ignore[union-attr]
    driver.click(form.proposals["weight_kg"])
    height = form.editors["height_cm"]
    QTest.keyClicks(height, "1.75")
    driver.click(form.enter_button)
    driver.wait(lambda: window.message_bar.text != "", "refusal")
    assert window.message_bar.text.startswith("Height")
    height.clear()  # type: ignore[union-attr]
    QTest.keyClicks(height, "175,5")
    parenchyma = form.editors["parenchyma"]
    assert isinstance(parenchyma, QComboBox)
    parenchyma.setCurrentIndex(parenchyma.findData("chemotherapy"))
    driver.click(form.enter_button)
    facts = lambda: window.control.work.case.facts  # type: ignore[union-attr]  # noqa: E731
    driver.wait(lambda: facts().number("height_cm") == 175.5, "facts entered")
    assert facts().number("weight_kg") is not None
    assert facts().word("parenchyma") == "chemotherapy"
    QTest.keyClick(form.enter_button, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    driver.wait(lambda: facts().number("height_cm") is None, "taken back")
    assert height.text() == ""  # type: ignore[union-attr]
    assert "Undone" in window.status.text()


def test_that_a_step_of_a_crashed_session_is_back_and_said_so(driver: Driver, case_path: Path, tmp_path: Path) -> None:
    window = driver.window
    driver.open(case_path)
    driver.act("plan.new_plane")
    driver.settle()
    crashed = tmp_path / "crashed.twinsight"
    shutil.copytree(case_path, crashed, ignore=shutil.ignore_patterns("lock*"))
    driver.act("file.close")
    driver.open(crashed)
    assert "not closed properly" in window.message_bar.text
    driver.wait(lambda: window.desk.selected == "A", "plan is back")
    driver.settle()


def test_that_structures_are_hidden_and_made_translucent_in_space(driver: Driver, case_path: Path) -> None:
    window = driver.window
    driver.open(case_path)
    driver.draw()
    row = next(row for row in window.structure_panel.rows() if row.structure_id == "liver")
    pictures = [window.twin_view.snapshot()]
    driver.click(row.eye)
    driver.draw()
    pictures.append(window.twin_view.snapshot())
    driver.click(row.eye)
    row.slider.setValue(100)
    driver.draw()
    pictures.append(window.twin_view.snapshot())
    assert all(picture is not None for picture in pictures)
    assert pictures[0] != pictures[1]
    assert pictures[0] != pictures[2]
    assert not window.state.is_visible("skin")
    QTest.keyClick(window.twin_view, Qt.Key.Key_3)
    driver.draw()
    assert window.twin_view.snapshot() != pictures[2]


def test_that_closing_the_window_saves_what_was_done(driver: Driver, case_path: Path) -> None:
    driver.open(case_path)
    driver.act("plan.new_plane")
    driver.settle()
    driver.window.close()
    with CaseFolder.open(case_path) as folder:
        assert folder.recovery.message_id is None
        assert list(folder.case.plans) == ["A"]
        assert not folder.case.outcomes["A"].is_stale


def test_that_a_case_is_exported_from_the_window_and_says_where(
    driver: Driver, case_path: Path, tmp_path: Path
) -> None:
    driver.open(case_path)
    driver.act("plan.new_plane")
    driver.settle()
    driver.answers.folder = tmp_path / "out"
    driver.answers.folder.mkdir()
    driver.act("file.export")
    driver.wait(lambda: driver.window.message_bar.text != "", "exported")
    assert str(tmp_path / "out") in driver.window.message_bar.text
    written = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {"labels.nii.gz", "liver.stl", "twin.glb", "report.pdf"} <= written
