"""The workstation: one window in which a study becomes a case, a twin, a plan and documents."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.scene.slice_frame import SliceAxis
from app.scene.window_level import presets_of
from app.services.jobs import JobRunner
from app.ui.action_table import ActionTable, dynamic_texts
from app.ui.command_palette import CommandPalette
from app.ui.compare_page import ComparePage
from app.ui.consultation_page import ConsultationPage
from app.ui.desk_control import DeskControl
from app.ui.dialogs import Dialogs
from app.ui.equipment import Equipment
from app.ui.facts_form import FactsForm
from app.ui.fusion_choice import FusionChoice
from app.ui.gap_watch import GapWatch
from app.ui.measures import Measures
from app.ui.message_bar import MessageBar
from app.ui.patient_banner import PatientBanner
from app.ui.pieces import label
from app.ui.plan_desk import PlanDesk
from app.ui.plan_panel import PlanPanel
from app.ui.plan_sync import PlanSync
from app.ui.proposals_page import ProposalsPage
from app.ui.qt_words import translate_qt
from app.ui.report_page import ReportPage
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_options import ToolOptions
from app.ui.segment_editor_panel import SegmentEditorPanel
from app.ui.segment_editor_quality import QualityChecks, QualityPanel
from app.ui.segment_editor_state import EditorTool
from app.ui.segment_editor_table import SegmentTable
from app.ui.segment_editor_tools import EditorTools
from app.ui.series_panel import SeriesPanel
from app.ui.settings import Settings, write_settings
from app.ui.sheet_hands import SheetHands
from app.ui.slice_view import SliceView
from app.ui.start_page import StartPage
from app.ui.step_pages import StepPages
from app.ui.step_rail import StepRail
from app.ui.steps import Step
from app.ui.study_page import StudyPage
from app.ui.task_strip import TaskStrip
from app.ui.theme import DARK, LIGHT, apply_theme
from app.ui.tool_strip import ToolStrip
from app.ui.twin_view import TwinView
from app.ui.view_state import ViewState
from app.ui.view_sync import ViewSync
from app.ui.views_area import ViewsArea, layout_named
from app.ui.window_thread import WindowJobs, WindowThread
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["MainWindow"]


class HasWords(Protocol):
    """A part of the window that can be written in another language."""

    def set_wording(self, wording: Wording) -> None: ...


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
        self.gap_watch = GapWatch(self)
        self.state = ViewState(self)
        self.measures = Measures(self.wording, self)
        self.state.add_overlay(self.measures)
        self.desk = PlanDesk(self.jobs, self.state, self)
        self.editor = SegmentEditor(self.state, self.window_thread, self)
        self.editor_tools = EditorTools(self.editor, self)
        self.quality_checks = QualityChecks(self.editor, self.window_thread, self)
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
        self.tool_strip.setVisible(is_open)
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
        self._hint.setText(self.wording.text("ui.hint.views"))
        self.tool_strip.set_wording(self.wording)
        self.control.say_again()
        self.control.refresh()

    def set_light(self, *, is_light: bool) -> None:
        """Paint the window light or dark."""
        self.remember(theme="light" if is_light else "dark")
        self._apply_theme()

    def mark_preset(self) -> None:
        """Show which preset the grey window is, if it is one."""
        volume = self.control.volume
        known = {} if volume is None else presets_of(volume)
        self.tool_strip.mark_window(next((name for name, one in known.items() if one == self.state.window), None))

    def show_step(self, step: Step) -> None:
        """Work on a step: its pages beside the views, its button on the rail lit."""
        if self.pages.step is not step:
            self.state.set_tool(None)  # the tools of a step end with it
            self.editor.choose_tool(EditorTool.LOOK)
        self.pages.show_step(step)
        self.rail.mark(step)

    def update_undo(self, undo: str | None, redo: str | None) -> None:
        """Name the steps in the menu."""
        dynamic_texts(self.actions_, self.wording, undo, redo)

    # Building

    def _build_parts(self) -> None:
        wording = self.wording
        self.banner = PatientBanner(wording)
        self.message_bar = MessageBar(wording)
        self.task_strip = TaskStrip(wording)
        self.start_page = StartPage(self.actions_, wording)
        self.series_panel = SeriesPanel(self.actions_, wording)
        self.structure_panel = SegmentTable(self.actions_, self.editor, wording)
        self.segment_editor_panel = self._made_editor_panel()
        self.facts_form = FactsForm(wording)
        self.fusion_choice = FusionChoice(self.state, wording)
        self.study_page = StudyPage(self.series_panel, self.fusion_choice, self.facts_form, wording)
        self.compare_page = ComparePage(wording)
        self.proposals_page = ProposalsPage(wording)
        self.report_page = ReportPage(self.actions_, wording)
        self.consultation_page = ConsultationPage(
            self.desk, self.equipment, self.jobs, self.window_thread, self.dialogs, wording
        )
        self.plan_panel = PlanPanel(self.actions_, self.desk, self.state, wording)
        self.slices = {axis: SliceView(axis, self.state, wording) for axis in SliceAxis}
        self.twin_view = TwinView(self.state, self.window_thread, wording, self.control.fail)
        self.views = ViewsArea(self.slices, self.twin_view)
        self.views.set_layout(layout_named(self.settings.layout))
        self.views.layout_changed = lambda layout: self.remember(layout=str(layout))
        self.sync = ViewSync(self.state, self.desk, self.slices, self.twin_view, self)
        self.plan_sync = PlanSync(self.state, self.desk, self.twin_view, self)
        self.sheet_hands = SheetHands(self.state, self.desk, self)
        self.state.cut_tool = self.twin_view.hands = self.sheet_hands
        self.tool_strip = ToolStrip(self.actions_, wording)
        self.rail = StepRail(self.actions_, wording)
        self.pages = StepPages(self.views)
        self.pages.host_left(self.study_page, Step.STUDY)
        self.pages.host_left(self.structure_panel, Step.SEGMENT, Step.TWIN, Step.PLAN)
        self.pages.host_left(self.report_page, Step.REPORT)
        self.pages.host_left(self.consultation_page, Step.CONSULT)
        self.pages.host_right(self.segment_editor_panel, Step.SEGMENT)
        self.pages.host_right(self.plan_panel, Step.PLAN)
        self.pages.host_left(self.compare_page, Step.COMPARE)
        self.pages.host_right(self.proposals_page, Step.COMPARE)
        self.pages.show_step(Step.STUDY)
        self.palette_ = CommandPalette(self.actions_, wording, self)
        self.status = label("", "Status")
        self._worded: tuple[HasWords, ...] = (
            self.banner,
            self.message_bar,
            self.task_strip,
            self.start_page,
            self.series_panel,
            self.structure_panel,
            self.segment_editor_panel,
            self.facts_form,
            self.study_page,
            self.fusion_choice,
            self.report_page,
            self.compare_page,
            self.proposals_page,
            self.consultation_page,
            self.rail,
            self.palette_,
            self.measures,
            self.plan_panel,
            *self.slices.values(),
            self.twin_view,
            self.actions_,
        )

    def _made_editor_panel(self) -> SegmentEditorPanel:
        options = ToolOptions(self.editor, self.actions_, self.editor_tools.lesion)
        quality = QualityPanel(self.editor, self.quality_checks, self.wording)
        return SegmentEditorPanel(self.editor, self.actions_, options, quality, self.wording)

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
        for widget in (self.banner, self.tool_strip, self.message_bar):
            column.addWidget(widget)
        column.addWidget(self._stack, 1)
        column.addWidget(self._made_foot())
        self.setCentralWidget(central)

    def _made_work_page(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self.pages, 1)
        return page

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

    def _apply_theme(self) -> None:
        theme = LIGHT if self.settings.theme == "light" else DARK
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)
        for part in (
            self.actions_,
            self.message_bar,
            self.structure_panel,
            self.segment_editor_panel,
            self.plan_panel,
            self.rail,
        ):
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
        self.gap_watch.stop()
        self.control.close_everything()
        self.window_thread.close()
        self.twin_view.close_scene()
        event.accept()
