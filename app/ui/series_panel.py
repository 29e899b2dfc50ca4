"""Series of the study: what each is, how many images, what was found wrong; a click looks at it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from app.services.import_result import worded_problem
from app.services.second_scan import scan_state_line
from app.services.worded_figures import date_in_words
from app.ui.action_table import ActionTable
from app.ui.pieces import clear, label, main_button, scrolled, set_property, widgets_in
from app.ui.study_opening import OpenStudy
from twin.case import Case
from twin.readers.problem import Problem, Severity
from twin.readers.series import Series
from twin.volume import Volume
from twin.wording import Wording

__all__ = ["SeriesPanel"]

Problems = list[tuple[str, bool]]  # sentence, and whether it is a refusal or a warning
_MOST_PROBLEMS = 4


class SeriesPanel(QWidget):
    """The list, and the button that makes a case of what is looked at."""

    series_chosen = Signal(object)  # Series
    volume_chosen = Signal(str)  # id of a volume of the case
    growth_asked = Signal(str)  # id of a scan of another date

    def __init__(self, actions: ActionTable, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._open_study: OpenStudy | None = None
        self._case: Case | None = None
        self._shown_id = ""
        self.growth_buttons: dict[str, QPushButton] = {}
        self._hint = label("", "Quiet", wraps=True)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        inner = QWidget()
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, 4, 0)
        self._list.addLayout(self._rows)
        self._list.addStretch(1)
        self.create_button = main_button(actions["file.create_case"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._hint)
        layout.addWidget(scrolled(inner), 1)
        layout.addWidget(self.create_button)

    def show_study(self, open_study: OpenStudy | None) -> None:
        """List the series of a study."""
        self._open_study, self._case = open_study, None
        self._shown_id = ""
        self._write()

    def show_case(self, case: Case) -> None:
        """List the scans of a case; the one planned on is marked."""
        self._open_study, self._case = None, case
        self._shown_id = case.planning_volume_id or ""
        self._write()

    def follow_case(self, case: Case) -> None:
        """Show what changed of the scans of the case that is listed."""
        known, self._case = self._case, case
        if known is None or self._open_study is not None:
            return
        mine, theirs = (
            (one.volumes, one.scan_layers, one.registrations, "liver" in one.structure_ids()) for one in (known, case)
        )
        if mine != theirs:
            self._write()

    def mark(self, shown_id: str) -> None:
        """Mark what is looked at: the uid of a series or the id of a volume."""
        self._shown_id = shown_id
        for row in self.rows():
            row.set_selected(is_selected=row.id == shown_id)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def rows(self) -> list[SeriesRow]:
        """Rows of the list, from the top."""
        return [widget for widget in widgets_in(self._rows) if isinstance(widget, SeriesRow)]

    def _write(self) -> None:
        clear(self._rows)
        wording = self._wording
        self.create_button.setVisible(self._open_study is not None)
        self._hint.setText(wording.text("ui.series.hint" if self._open_study else "ui.series.case_hint"))
        if self._open_study is not None:
            for series in self._open_study.study.series:
                self._add(SeriesRow(series.uid, *_series_texts(series, wording), series.is_importable), series)
            problems = self._open_study.study.problems
            if problems:
                self._rows.addWidget(label(wording.text("ui.series.files"), "Section"))
                for text, _ in _worded(problems, wording):
                    self._rows.addWidget(label(text, "Faint", wraps=True))
        self.growth_buttons = {}
        for volume in () if self._case is None else self._case.volumes.values():
            made = SeriesRow(volume.id, *_volume_texts(volume, wording), is_usable=True)
            made.chosen.connect(lambda volume_id=volume.id: self.volume_chosen.emit(volume_id))
            self._rows.addWidget(made)
            self._add_growth(volume)
        self.mark(self._shown_id)

    def _add_growth(self, volume: Volume) -> None:
        """Under a scan of another day: what is labelled on it, and the button that does so."""
        case, wording = self._case, self._wording
        planned = None if case is None or case.planning_volume_id is None else case.planning_volume
        if case is None or planned is None or volume is planned or volume.scan_day in (None, planned.scan_day):
            return
        state = scan_state_line(case, volume.id, wording)
        if state:
            self._rows.addWidget(label(state, "Good", wraps=True))
        button = QPushButton(wording.text("ui.growth.again" if state else "ui.growth.label"))
        button.setObjectName("Small")
        has_liver = "liver" in case.structure_ids()
        button.setEnabled(has_liver)
        button.setToolTip(wording.text("ui.growth.tip" if has_liver else "ui.need.liver"))
        button.clicked.connect(lambda: self.growth_asked.emit(volume.id))
        self.growth_buttons[volume.id] = button
        self._rows.addWidget(button)

    def _add(self, made: SeriesRow, series: Series) -> None:
        made.chosen.connect(lambda: self.series_chosen.emit(series))
        self._rows.addWidget(made)


class SeriesRow(QFrame):
    """One series; refused ones are listed with the reason and cannot be chosen."""

    chosen = Signal()

    def __init__(self, row_id: str, title: str, detail: str, problems: Problems, is_usable: bool) -> None:
        super().__init__()
        self.id = row_id
        self.is_usable = is_usable
        self.setObjectName("Row")
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_usable else Qt.CursorShape.ArrowCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if is_usable else Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 7, 9, 7)
        layout.setSpacing(2)
        layout.addWidget(label(title, "" if is_usable else "Quiet", wraps=True))
        layout.addWidget(label(detail, "Faint", wraps=True))
        for text, is_serious in problems:
            layout.addWidget(label(text, "Warning" if is_serious else "Faint", wraps=True))

    def set_selected(self, *, is_selected: bool) -> None:
        """Mark it as the one looked at."""
        set_property(self, "selected", "true" if is_selected else "false")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Look at it."""
        if self.is_usable:
            self.chosen.emit()


def _series_texts(series: Series, wording: Wording) -> tuple[str, str, Problems]:
    parts = [series.modality.value, wording.text(f"import.phase.{series.phase.value}")]
    parts.append(wording.text("ui.series.images", count=wording.number(series.n_images)))
    if series.grid is not None:
        parts.append(wording.quantity(series.grid.slice_thickness_mm, "mm"))
    return _title(series.description, wording), " · ".join(parts), _worded(series.problems, wording)


def _volume_texts(volume: Volume, wording: Wording) -> tuple[str, str, Problems]:
    parts = [volume.modality.value, wording.text(f"import.phase.{volume.phase.value}")]
    parts.append(wording.text("ui.series.images", count=wording.number(volume.grid.size_ijk[2])))
    parts.append(wording.quantity(volume.grid.slice_thickness_mm, "mm"))
    if volume.scan_day is not None:
        parts.append(date_in_words(volume.scan_day.isoformat(), wording))
    return _title(volume.description, wording), " · ".join(parts), []


def _title(description: str, wording: Wording) -> str:
    return description or wording.text("ui.series.no_description")


def _worded(problems: tuple[Problem, ...], wording: Wording) -> Problems:
    texts = [(worded_problem(p, wording), p.severity is not Severity.INFO) for p in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        more = wording.text("ui.series.more_problems", count=len(problems) - _MOST_PROBLEMS)
        texts.append((more, False))
    return texts
