"""Series of the study: what each is, how many images, what was found wrong; a click looks at it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.services.import_result import worded_problem
from app.ui.action_table import ActionTable
from app.ui.pieces import clear, label, main_button, scrolled, set_property, widgets_in
from app.ui.study_opening import OpenStudy
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

    def __init__(self, actions: ActionTable, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._open_study: OpenStudy | None = None
        self._volumes: tuple[Volume, ...] = ()
        self._shown_id = ""
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
        self._open_study, self._volumes = open_study, ()
        self._shown_id = ""
        self._write()

    def show_case(self, volumes: tuple[Volume, ...], planning_id: str | None) -> None:
        """List the scans of a case."""
        self._open_study, self._volumes = None, volumes
        self._shown_id = planning_id or ""
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
        for volume in self._volumes:
            made = SeriesRow(volume.id, *_volume_texts(volume, wording), is_usable=True)
            made.chosen.connect(lambda volume_id=volume.id: self.volume_chosen.emit(volume_id))
            self._rows.addWidget(made)
        self.mark(self._shown_id)

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
    return _title(volume.description, wording), " · ".join(parts), []


def _title(description: str, wording: Wording) -> str:
    return description or wording.text("ui.series.no_description")


def _worded(problems: tuple[Problem, ...], wording: Wording) -> Problems:
    texts = [(worded_problem(p, wording), p.severity is not Severity.INFO) for p in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        more = wording.text("ui.series.more_problems", count=len(problems) - _MOST_PROBLEMS)
        texts.append((more, False))
    return texts
