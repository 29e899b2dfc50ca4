"""The frame of the window: rail of steps, palette, layouts, page of keys, crash dialog."""

import zipfile
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.scene.slice_frame import SliceAxis
from app.ui.action_table import ACTIONS
from app.ui.gap_watch import Gap
from app.ui.settings import read_settings
from app.ui.shortcuts_page import ShortcutsPage, shortcuts_html
from app.ui.steps import Step
from tests.app.ui.conftest import Driver, live

pytestmark = pytest.mark.gui


def test_that_a_step_that_is_not_possible_says_what_it_needs_and_one_that_is_opens(
    driver: Driver, case_path: Path
) -> None:
    window = driver.window
    rail = window.rail
    assert "open one first" in rail.buttons[Step.STUDY].toolTip()
    driver.open(case_path)
    assert window.pages.step is Step.TWIN
    driver.click(rail.buttons[Step.CONSULT])
    assert window.pages.step is Step.TWIN
    assert not rail.buttons[Step.CONSULT].isChecked()
    assert "a plan" in window.status.text()
    driver.wait(lambda: window.desk.can_plan, "liver ready")
    assert not window.plan_panel.isVisible()
    driver.click(rail.buttons[Step.PLAN])
    assert window.pages.step is Step.PLAN
    assert rail.buttons[Step.PLAN].isChecked()
    assert window.plan_panel.isVisible()
    driver.click(rail.buttons[Step.STUDY])
    assert window.study_page.isVisible()
    assert not window.plan_panel.isVisible()
    assert "PHANTOM" in window.banner.findChild(type(window.status), "PatientName").text(), "the patient stays named"

    _palette(driver)
    _layouts(driver)


def _palette(driver: Driver) -> None:
    """Typed, chosen with the arrows, refused with a reason, closed."""
    window = driver.window
    palette = window.palette_
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    live(0.02)
    assert palette.isVisible()
    QTest.keyClicks(palette.field, "approve")
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible(), "what is not possible is not done"
    assert "Needs a plan" in palette._note.text()
    palette.field.clear()
    QTest.keyClicks(palette.field, "window lung")
    assert palette.list.count() >= 1
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    live(0.02)
    assert not palette.isVisible()
    assert window.tool_strip.window_presets.currentText() == "Lung"
    driver.act("go.palette")
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def _layouts(driver: Driver) -> None:
    """Shared in five ways; the last one is remembered."""
    window = driver.window
    axial, coronal = window.slices[SliceAxis.AXIAL], window.slices[SliceAxis.CORONAL]
    oblique, sagittal = window.slices[SliceAxis.OBLIQUE], window.slices[SliceAxis.SAGITTAL]
    shown = {
        "four": (axial, coronal, sagittal, window.twin_view),
        "twin_only": (window.twin_view,),
        "slices": (axial, coronal, sagittal),
        "slice": (axial,),
        "twin": (axial, coronal, sagittal, window.twin_view),
    }
    for layout, views in shown.items():
        driver.act(f"view.{layout}")
        live(0.02)
        assert {view for view in window.views.views if view.isVisible()} == set(views), layout
    driver.act("view.oblique")
    assert oblique.isVisible()
    assert not sagittal.isVisible()
    driver.act("view.oblique")
    assert sagittal.isVisible()
    assert read_settings(window.equipment.settings_folder).layout == "twin"


def test_that_every_action_with_keys_stands_on_the_page_of_keys(driver: Driver) -> None:
    window = driver.window
    html = shortcuts_html(window.actions_, window.wording)
    for action in ACTIONS:
        if action.shortcuts:
            name = window.wording.text(f"ui.action.{action.id}").replace("…", "").replace("&", "")
            assert f"<td>{name}</td>" in html.replace("&amp;", "&"), action.id
    driver.act("help.keys")
    page = next(w for w in QApplication.topLevelWidgets() if isinstance(w, ShortcutsPage) and w.isVisible())
    QTest.keyClicks(page.field, "undo")
    assert "Ctrl+Z" in page.text.toPlainText()
    assert "Ctrl+O" not in page.text.toPlainText()
    page.close()


def test_that_no_two_actions_share_keys_but_those_that_are_never_on_together() -> None:
    owners: dict[str, set[str]] = {}
    for action in ACTIONS:
        for keys in action.shortcuts:
            owners.setdefault(keys, set()).add(action.id)
    shared = {keys: ids for keys, ids in owners.items() if len(ids) > 1}
    assert all(all(i.startswith("view.window_") for i in ids) for ids in shared.values()), shared


def test_that_a_defect_opens_one_dialog_and_its_logs_can_be_saved(driver: Driver, tmp_path: Path) -> None:
    window = driver.window
    window.control.fail(RuntimeError("Jeanne Dupont"))
    window.control.fail(RuntimeError("again"))
    dialog = window.control.window_actions._crash
    assert dialog is not None
    assert dialog.isVisible()
    driver.answers.folder = tmp_path
    window.gap_watch.gaps.append(Gap(0.4, 0.3, "paintEvent slice_view.py:160"))
    driver.click(dialog.save_button)
    with zipfile.ZipFile(tmp_path / "twinsight-logs.zip") as bundle:
        about = bundle.read("about.txt").decode()
    assert "400 ms, 300 ms of its own in paintEvent slice_view.py:160" in about
    assert "twinsight-logs.zip" in dialog._said.text()
    driver.click(dialog.close_button)
    assert not dialog.isVisible()
