"""The workstation: one window in which a study becomes a case, a twin, a plan and documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.scene.orbit_camera import ViewSide
from app.scene.slice_frame import SliceAxis
from app.scene.window_level import PRESETS
from app.services.jobs import JobRunner
from app.ui.action_table import ActionTable, dynamic_texts
from app.ui.desk_control import DeskControl
from app.ui.dialogs import Dialogs
from app.ui.equipment import Equipment
from app.ui.facts_form import FactsForm
from app.ui.left_panel import LeftPanel
from app.ui.message_bar import MessageBar
from app.ui.patient_banner import PatientBanner
from app.ui.pieces import label, tool_button
from app.ui.plan_desk import PlanDesk
from app.ui.plan_panel import PlanPanel
from app.ui.qt_words import translate_qt
from app.ui.series_panel import SeriesPanel
from app.ui.settings import Settings, write_settings
from app.ui.slice_view import SliceView
from app.ui.start_page import StartPage
from app.ui.structure_panel import StructurePanel
from app.ui.task_strip import TaskStrip
from app.ui.theme import DARK, LIGHT, apply_theme
from app.ui.twin_view import TwinView
from app.ui.view_state import ViewState
from app.ui.view_sync import ViewSync
from app.ui.views_area import ViewsArea
from app.ui.window_thread import WindowJobs, WindowThread
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["MainWindow"]


class HasWords(Protocol):
    """A part of the window that can be written in another language."""

    def set_wording(self, wording: Wording) -> None: ...


_LEFT_PX, _RIGHT_PX = 300, 310
_SMALLEST = QSize(1180, 680)


class MainWindow(QMainWindow):
    """Lays out the parts; what they do together is in `DeskControl`.

    Parameters
    ----------
    equipment
        Tools and folders.
    settings
        What was remembered.
    """

    def __init__(self, equipment: Equipment, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.equipment = equipment
        self.wording = Wording(settings.language or "en")
        self.window_thread = WindowThread(self)
        self.runner = JobRunner()
        self.jobs = WindowJobs(self.runner, self.window_thread)
        self.state = ViewState(self)
        self.desk = PlanDesk(self.jobs, self.state, self)
        self.dialogs = Dialogs(self)
        self.control = DeskControl(self)
        self.actions_ = ActionTable(self, self.control.answers())
        self._build_parts()
        self._lay_out()
        self.control.connect_parts()
        self.set_language(self.wording.language)
        self._apply_theme()
        self.setAcceptDrops(True)
        self.setMinimumSize(_SMALLEST)
        self.resize(1366, 768)
        self.show_work(is_open=False)
        self.control.refresh()

    def open_path(self, path: Path) -> None:
        """Open a study or a case, as by the menu."""
        self.control.open_path(path)

    @property
    def is_at_start(self) -> bool:
        """True while nothing is open."""
        return self._stack.currentWidget() is self.start_page

    def show_work(self, *, is_open: bool) -> None:
        """Show the views, or the start page."""
        self._stack.setCurrentWidget(self._work_page if is_open else self.start_page)
        self._tool_strip.setVisible(is_open)
        self._hint.setVisible(is_open)
        if not is_open:
            self.start_page.show_recent(list(self.settings.recent_cases()))

    def remember(self, **changes: object) -> None:
        """Keep a choice for the next session."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        write_settings(self.equipment.settings_folder, self.settings)

    def set_language(self, language: str) -> None:
        """Write everything in another language, at once."""
        self.wording = Wording(language)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            translate_qt(app, language)
        for part in self._worded:
            part.set_wording(self.wording)
        self._notice.setText(self.wording.text(NOT_A_DEVICE))
        self.message_bar.set_close_tip(self.wording.text("ui.message.close"))
        self._hint.setText(self.wording.text("ui.hint.views"))
        self._write_presets()
        self.control.say_again()
        self.control.refresh()

    def set_light(self, *, is_light: bool) -> None:
        """Paint the window light or dark."""
        self.remember(theme="light" if is_light else "dark")
        self._apply_theme()

    def mark_preset(self) -> None:
        """Show which preset the grey window is, if it is one."""
        found = next((f"view.window_{name}" for name, preset in PRESETS.items() if preset == self.state.window), None)
        self.window_presets.setCurrentIndex(-1 if found is None else self.window_presets.findData(found))

    def update_undo(self, undo: str | None, redo: str | None) -> None:
        """Name the steps in the menu."""
        dynamic_texts(self.actions_, self.wording, undo, redo)

    # Building

    def _build_parts(self) -> None:
        wording = self.wording
        self.banner = PatientBanner(wording)
        self.message_bar = MessageBar()
        self.task_strip = TaskStrip(wording)
        self.start_page = StartPage(self.actions_, wording)
        self.series_panel = SeriesPanel(self.actions_, wording)
        self.structure_panel = StructurePanel(self.actions_, self.state, wording)
        self.facts_form = FactsForm(wording)
        self.left_panel = LeftPanel(self.series_panel, self.structure_panel, self.facts_form, wording)
        self.plan_panel = PlanPanel(self.actions_, self.desk, wording)
        self.slices = {axis: SliceView(axis, self.state, wording) for axis in SliceAxis}
        self.twin_view = TwinView(self.state, self.window_thread, wording, self.control.fail)
        self.views = ViewsArea(self.slices, self.twin_view)
        self.sync = ViewSync(self.state, self.desk, self.slices, self.twin_view, self)
        self.window_presets = QComboBox()
        self.side_choice = QComboBox()
        self.status = label("", "Status")
        self._worded: tuple[HasWords, ...] = (
            self.banner,
            self.task_strip,
            self.start_page,
            self.series_panel,
            self.structure_panel,
            self.facts_form,
            self.left_panel,
            self.plan_panel,
            *self.slices.values(),
            self.twin_view,
            self.actions_,
        )

    def _lay_out(self) -> None:
        self.actions_.fill(self.menuBar())
        self.menuBar().setCornerWidget(self.task_strip, Qt.Corner.TopRightCorner)  # seen on every page
        self._stack = QStackedWidget()
        self._stack.addWidget(self.start_page)
        self._work_page = self._made_work_page()
        self._stack.addWidget(self._work_page)
        central = QWidget()
        central.setObjectName("Ground")
        column = QVBoxLayout(central)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._tool_strip = self._made_tool_strip()
        for widget in (self.banner, self._tool_strip, self.message_bar):
            column.addWidget(widget)
        column.addWidget(self._stack, 1)
        column.addWidget(self._made_foot())
        self.setCentralWidget(central)

    def _made_work_page(self) -> QWidget:
        splitter = QSplitter()
        splitter.setHandleWidth(3)
        splitter.setChildrenCollapsible(False)
        self.left_panel.setMinimumWidth(_LEFT_PX - 30)
        self.plan_panel.setMinimumWidth(_RIGHT_PX - 20)
        for widget in (self.left_panel, self.views, self.plan_panel):
            splitter.addWidget(widget)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_LEFT_PX, 1366 - _LEFT_PX - _RIGHT_PX, _RIGHT_PX])
        return splitter

    def _made_tool_strip(self) -> QWidget:
        strip = QFrame()
        strip.setObjectName("ToolStrip")
        layout = QHBoxLayout(strip)
        layout.setContentsMargins(10, 3, 10, 4)
        layout.setSpacing(3)
        groups = (
            ("file.open_file", "file.open_folder", "file.save"),
            ("steps.undo", "steps.redo"),
            ("view.four", "view.twin", "view.fit", "view.labels"),
        )
        for group in groups:
            for action_id in group:
                layout.addWidget(tool_button(self.actions_[action_id]))
            layout.addSpacing(10)
        self._window_label, self._side_label = label("", "Quiet"), label("", "Quiet")
        for name, box in ((self._window_label, self.window_presets), (self._side_label, self.side_choice)):
            layout.addWidget(name)
            layout.addWidget(box)
            layout.addSpacing(10)
        layout.addStretch(1)
        for action_id in ("view.mask", "view.light", "view.language"):
            layout.addWidget(tool_button(self.actions_[action_id]))
        return strip

    def _made_foot(self) -> QWidget:
        foot = QFrame()
        foot.setObjectName("Foot")
        self._notice = label("", "Notice")
        self._hint = QLabel()
        self._hint.setObjectName("Status")
        column = QVBoxLayout(foot)
        column.setContentsMargins(12, 3, 12, 4)
        column.setSpacing(1)
        line = QHBoxLayout()
        line.addWidget(self.status)
        line.addStretch(1)
        line.addWidget(self._hint)
        column.addLayout(line)
        column.addWidget(self._notice)
        return foot

    def _write_presets(self) -> None:
        """Fill the two choices of the tool strip."""
        self._window_label.setText(self.wording.text("ui.strip.window"))
        self._side_label.setText(self.wording.text("ui.strip.side"))
        for box, ids in (
            (self.window_presets, ("liver", "soft_tissue", "bone", "lung")),
            (self.side_choice, tuple(ViewSide)),
        ):
            box.clear()
            prefix = "window_" if box is self.window_presets else ""
            for choice in ids:
                action_id = f"view.{prefix}{choice}"
                box.addItem(self.wording.text(f"ui.action.{action_id}"), action_id)
            box.setCurrentIndex(-1)
            box.setPlaceholderText(self.wording.text("ui.strip.choose"))
        self.mark_preset()

    def _apply_theme(self) -> None:
        theme = LIGHT if self.settings.theme == "light" else DARK
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)
        for part in (self.actions_, self.message_bar, self.structure_panel):
            part.set_theme(theme)
        self.twin_view.is_light = theme is LIGHT
        self.twin_view.change(lambda scene: scene.set_background(theme.scene))

    # Events of the window

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes the message, then stops what runs."""
        if event.matches(QKeySequence.StandardKey.Cancel):
            if not self.message_bar.isHidden():
                self.message_bar.hide()
            elif self.task_strip.is_busy:
                self.task_strip.cancel_button.click()
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.start_page.set_drop_active(is_active=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Nothing is held over the window any more."""
        self.start_page.set_drop_active(is_active=False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped: the first thing, or the folder that holds all of it."""
        self.start_page.set_drop_active(is_active=False)
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        if paths:
            self.open_path(paths[0] if len(paths) == 1 else paths[0].parent)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Save, stop every thread, free the graphics memory."""
        self.control.close_everything()
        self.window_thread.close()
        self.twin_view.close_scene()
        event.accept()
