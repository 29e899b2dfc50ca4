"""Quality control of the labels that are edited: findings kept current beside the window, each with "go to"."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.services.check_quality import FindingSeverity, QualityFinding, QualitySummary, QualityWatch
from app.services.jobs import Job, JobRunner
from app.ui.pieces import clear, label, scrolled, widgets_in
from app.ui.segment_editor import SegmentEditor
from app.ui.theme import DARK, Theme, icon
from app.ui.window_thread import JobAnswers, WindowJobs, WindowThread
from twin.anatomy import structure
from twin.case import Case
from twin.wording import Wording

__all__ = ["FindingRow", "QualityChecks", "QualityPanel"]


class QualityChecks(QObject):
    """Examines the labels again whenever they changed, on a thread of its own.

    Parameters
    ----------
    editor
        Knows the case.
    window_thread
        How answers come back.
    """

    changed = Signal()

    def __init__(self, editor: SegmentEditor, window_thread: WindowThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.findings: tuple[QualityFinding, ...] = ()
        self.is_checking = False
        self._editor = editor
        self._runner = JobRunner()
        self._jobs = WindowJobs(self._runner, window_thread)
        self._watch = QualityWatch()
        self._checked: Case | None = None
        editor.case_changed.connect(self.check)

    def check(self) -> None:
        """Examine the case as it is; one that changes meanwhile is examined afterwards."""
        case = self._editor.case
        if case is None or not case.structure_ids():
            self._checked = None
            self._show(QualitySummary(()))
            return
        is_same = (
            self._checked is not None and self._checked.layers == case.layers and self._checked.facts == case.facts
        )
        if self.is_checking or is_same:
            return
        self.is_checking = True
        watch = self._watch
        job = Job("segment_editor.task.quality", lambda progress, cancel: watch.findings_of(case, cancel=cancel))
        self._jobs.submit(job, JobAnswers(lambda found: self._on_found(case, found), self._on_failed))
        self.changed.emit()

    def close(self) -> None:
        """Stop the thread."""
        self._runner.stop()

    def _on_found(self, case: Case, found: object) -> None:
        self.is_checking, self._checked = False, case
        if case.id == getattr(self._editor.case, "id", None) and isinstance(found, QualitySummary):
            self._show(found)
        self.check()

    def _on_failed(self, error: Exception) -> None:
        self.is_checking = False
        self._editor.failed.emit(error)
        self.changed.emit()

    def _show(self, found: QualitySummary) -> None:
        self.findings = found.findings
        self.changed.emit()


class QualityPanel(QWidget):
    """The list of findings, the heaviest first.

    Parameters
    ----------
    editor
        Knows where a structure is.
    checks
        The findings.
    wording
        Language of its texts.
    """

    def __init__(
        self, editor: SegmentEditor, checks: QualityChecks, wording: Wording, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._checks, self._wording, self._theme = editor, checks, wording, DARK
        self._title = label("", "Section")
        self._state = label("", "Faint", wraps=True)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 4, 0)
        self._rows.setSpacing(2)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        column.addWidget(self._state)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._title)
        layout.addWidget(scrolled(inner), 1)
        checks.changed.connect(self._write)
        self._write()

    def rows(self) -> list[FindingRow]:
        """Rows of the list, from the top."""
        return [widget for widget in widgets_in(self._rows) if isinstance(widget, FindingRow)]

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme = theme
        self._write()

    def go_to(self, finding: QualityFinding) -> None:
        """Look at the place of a finding, and choose its structure."""
        place = finding.point_lps_mm
        labels = self._editor.labels
        found = labels.place_of(finding.structure_id) if labels is not None and finding.structure_id else None
        if finding.structure_id is not None:
            self._editor.structure_wanted.emit(finding.structure_id)
        if place is not None or found is not None:
            self._editor.state.move_crosshair(place if place is not None else found)  # type: ignore[arg-type]

    def _write(self) -> None:
        clear(self._rows)
        wording, findings = self._wording, self._checks.findings
        self._title.setText(wording.text("segment_editor.quality.title", count=len(findings)))
        for finding in findings:
            row = FindingRow(finding, wording, self._theme)
            row.asked.connect(lambda finding=finding: self.go_to(finding))
            self._rows.addWidget(row)
        state = ""
        if self._checks.is_checking:
            state = "segment_editor.quality.checking"
        elif not findings:
            has_labels = self._editor.case is not None and bool(self._editor.case.structure_ids())
            state = "segment_editor.quality.none" if has_labels else "segment_editor.quality.no_labels"
        self._state.setText(wording.text(state) if state else "")
        self._state.setVisible(bool(state))


class FindingRow(QFrame):
    """A sign of its weight, its words, and a button that goes there."""

    asked = Signal()

    def __init__(self, finding: QualityFinding, wording: Wording, theme: Theme) -> None:
        super().__init__()
        self.finding = finding
        self.setObjectName("Row")
        colours = {FindingSeverity.SERIOUS: theme.error, FindingSeverity.WARNING: theme.warning}
        sign = QLabel()
        name = "info" if finding.severity is FindingSeverity.NOTE else "warning"
        sign.setPixmap(icon(name, colours.get(finding.severity, theme.quiet)).pixmap(16, 16))
        sign.setToolTip(wording.text(f"segment_editor.severity.{finding.severity}"))
        text = label(wording.text(finding.message_id, **finding.parameters), "Quiet", wraps=True)
        self.button = QToolButton()
        self.button.setObjectName("Flat")
        self.button.setIcon(icon("goto", theme.text, theme.faint))
        has_place = finding.point_lps_mm is not None or _is_drawable(finding.structure_id)
        self.button.setEnabled(has_place)
        tip = wording.text("segment_editor.quality.go_to" if has_place else "segment_editor.quality.no_place")
        self.button.setToolTip(tip)
        self.button.setAccessibleName(tip)
        self.button.clicked.connect(self.asked.emit)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 3, 2, 3)
        layout.setSpacing(6)
        layout.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(text, 1)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)


def _is_drawable(structure_id: str | None) -> bool:
    return structure_id is not None and not structure(structure_id).layer.is_derived
