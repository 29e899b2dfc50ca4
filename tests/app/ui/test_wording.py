"""French and English: switched while open, nothing left untranslated, nothing cut off."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QWidget

from app.ui.action_table import ACTIONS
from app.ui.main_window import MainWindow
from app.ui.steps import Step
from app.ui.study_page import StudyTab
from tests.app.ui.conftest import Driver, live

pytestmark = pytest.mark.gui


def _texts(window: MainWindow) -> list[str]:
    widgets = [w for w in window.findChildren(QWidget) if isinstance(w, QLabel | QAbstractButton)]
    actions = [window.actions_[action.id] for action in ACTIONS]
    texts = [w.text() for w in widgets] + [w.toolTip() for w in widgets]
    return texts + [a.text() for a in actions] + [a.toolTip() for a in actions]


def _cut_off(window: MainWindow) -> list[str]:
    """Visible texts that need more room than they have."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or not isinstance(widget, QLabel | QAbstractButton | QComboBox):
            continue
        if isinstance(widget, QLabel) and (widget.wordWrap() or not widget.text()):
            needed = widget.heightForWidth(widget.width()) if widget.text() else 0
            if needed > widget.height() + 1:
                found.append(f"{widget.text()!r} is {widget.height()} high, needs {needed}")
            continue
        if widget.sizeHint().width() > widget.width() + 1:
            text = widget.currentText() if isinstance(widget, QComboBox) else widget.text()  # type: ignore[attr-defined]
            found.append(f"{text!r} has {widget.width()}, needs {widget.sizeHint().width()}")
    return found


@pytest.mark.parametrize("size", [(1280, 760), (1366, 740)])
def test_that_no_text_is_untranslated_or_cut_off_in_either_language(
    driver: Driver, case_path: Path, size: tuple[int, int]
) -> None:
    window = driver.window
    window.resize(*size)
    driver.open(case_path)
    driver.act("plan.new_plane")
    driver.settle()
    faults = []
    for language in ("en", "fr"):
        assert window.wording.language == language
        pages = [(step, None) for step in Step if window.rail.need_of(step) is None]
        for step, tab in (*pages, (Step.STUDY, StudyTab.PATIENT), (Step.STUDY, StudyTab.SERIES)):
            window.show_step(step)
            if tab is not None:
                window.study_page.show_tab(tab)
            live(0.03)
            faults += [f"{language} {step} {tab}: {text}" for text in _cut_off(window)]
            faults += [f"{language}: {text}" for text in _texts(window) if text.startswith(("ui.", "fact.", "export."))]
        driver.act("view.language")
    assert faults == []


def test_that_the_language_changes_everywhere_at_once(driver: Driver, case_path: Path) -> None:
    window = driver.window
    driver.open(case_path)
    english = set(_texts(window))
    driver.act("view.language")
    french = set(_texts(window))
    assert "Segmenter" in french
    assert "Segment" in english
    assert "Segment" not in french
    in_rows = [w.text() for row in window.structure_panel.rows() for w in row.findChildren(QLabel)]
    assert "Foie" in in_rows
    assert "Liver" not in in_rows
    assert "dispositif médical" in " ".join(french)
    assert window.settings.language == "fr"


def test_that_the_theme_changes_without_losing_the_work(driver: Driver, case_path: Path) -> None:
    window = driver.window
    driver.open(case_path)
    dark = window.grab().toImage().pixelColor(5, window.height() - 5).lightness()
    driver.act("view.light")
    driver.draw()
    light = window.grab().toImage().pixelColor(5, window.height() - 5).lightness()
    assert light > dark + 100
    assert len(window.structure_panel.rows()) > 0
    assert window.palette().color(window.foregroundRole()) != Qt.GlobalColor.white
