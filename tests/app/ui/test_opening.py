"""Opening studies and cases: by menu, by drop, cancelled, refused."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest

from app.scene.slice_frame import SliceAxis
from app.ui.steps import Step
from tests.app.ui.conftest import Driver

pytestmark = pytest.mark.gui


def test_that_a_study_shows_its_middle_slice_before_all_of_it_is_read(driver: Driver, study_folder: Path) -> None:
    window, order = driver.window, []
    window.control.opening.slice_read.connect(lambda series, volume: order.append((volume.id, window.control.volume)))
    window.control.opening.volume_read.connect(lambda series, volume: order.append((volume.id, None)))
    driver.answers.folder = study_folder
    driver.act("file.open_folder")
    driver.wait(lambda: len(order) == 2, "study read")
    assert [volume_id for volume_id, _ in order] == ["preview", "volume-1"]
    assert not window.is_at_start
    assert window.pages.step is Step.STUDY
    (row,) = window.series_panel.rows()
    assert row.property("selected") == "true"


def test_that_the_banner_names_the_patient_and_demo_mode_masks_all_of_it(driver: Driver, study_folder: Path) -> None:
    driver.open(study_folder)
    window = driver.window

    def shown() -> str:
        labels = window.banner.findChildren(type(window.status))
        return " ".join(label.text() for label in labels if label.isVisible())

    assert "PHANTOM TwinSight" in shown()
    assert "PHANTOM-" in shown()
    assert "days ago" in shown()
    driver.act("view.mask")
    assert "PHANTOM" not in shown()
    assert "PHANTOM" not in window.windowTitle()


def test_that_a_text_file_named_dcm_gives_one_line_and_leaves_the_window_as_it_was(
    driver: Driver, tmp_path: Path
) -> None:
    bad = tmp_path / "letter.dcm"
    bad.write_text("Dear colleague", encoding="utf-8")
    driver.answers.file = bad
    driver.act("file.open_file")
    driver.wait(lambda: driver.window.message_bar.text != "", "message")
    assert "\n" not in driver.window.message_bar.text
    assert driver.window.message_bar.text.rstrip().endswith(".")
    assert "error." not in driver.window.message_bar.text
    assert driver.window.is_at_start
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert driver.window.message_bar.isHidden()


def test_that_a_message_is_worded_again_in_another_language(driver: Driver, tmp_path: Path) -> None:
    bad = tmp_path / "letter.dcm"
    bad.write_text("Dear colleague", encoding="utf-8")
    driver.window.open_path(bad)
    driver.wait(lambda: driver.window.message_bar.text != "", "message")
    english = driver.window.message_bar.text
    driver.act("view.language")
    french = driver.window.message_bar.text
    assert french not in ("", english)
    driver.act("view.language")
    assert driver.window.message_bar.text == english


def test_that_a_bad_file_leaves_the_open_study_on_the_screen(
    driver: Driver, study_folder: Path, tmp_path: Path
) -> None:
    driver.open(study_folder)
    (tmp_path / "empty").mkdir()
    driver.window.open_path(tmp_path / "empty")
    driver.wait(lambda: driver.window.message_bar.text != "", "message")
    assert driver.window.control.volume is not None
    assert not driver.window.is_at_start


def test_that_an_opening_can_be_stopped(driver: Driver, study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = driver.window
    started = []

    def slow(path: Path, *, progress: object, cancel: object) -> None:
        started.append(path)
        while True:
            QTest.qSleep(5)
            cancel.raise_if_cancelled()  # type: ignore[attr-defined]

    monkeypatch.setattr("app.ui.study_opening.read_study", slow)
    window.open_path(study_folder)
    driver.wait(lambda: bool(started), "reading")
    assert window.task_strip.isVisible()
    assert window.is_at_start, "the start page stays until there is something to see"
    window.task_strip.cancel_button.click()
    driver.wait(lambda: not window.task_strip.is_busy, "stopped")
    assert window.is_at_start
    assert "Stopped" in window.status.text()


def test_that_what_is_dropped_is_opened(driver: Driver, study_folder: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(study_folder))])
    event = QDropEvent(
        QPointF(400, 300), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    driver.window.dropEvent(event)
    driver.wait(lambda: driver.window.control.volume is not None, "dropped study")
    driver.wait(lambda: not driver.window.control.opening.is_busy, "all of it")


def test_that_the_newest_of_two_openings_wins(driver: Driver, study_folder: Path, case_path: Path) -> None:
    driver.window.open_path(study_folder)
    driver.open(case_path)
    assert driver.window.control.work is not None
    assert driver.window.control.study is None
    assert all(view.frame_of_slice is not None for view in driver.window.slices.values())
    assert driver.window.slices[SliceAxis.AXIAL].slice_index > 0


def test_that_a_case_open_elsewhere_is_read_only_and_says_so(driver: Driver, case_path: Path) -> None:
    from twin.store import CaseFolder

    with CaseFolder.open(case_path):
        driver.open(case_path)
        assert "ead-only" in driver.window.message_bar.text
        assert not driver.window.actions_["file.save"].isEnabled()
        driver.act("file.close")
    assert driver.window.is_at_start


def test_that_a_case_is_listed_among_the_recent_ones(driver: Driver, case_path: Path) -> None:
    driver.open(case_path)
    driver.act("file.close")
    page = driver.window.start_page
    assert page.recent.count() == 1
    page.recent.itemActivated.emit(page.recent.item(0))
    driver.wait(lambda: driver.window.control.work is not None, "case open again")
    driver.wait(lambda: not driver.window.task_strip.is_busy, "idle")
