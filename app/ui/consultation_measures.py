"""Understanding measured: APAIS before and after, teach-back, satisfaction, consent, export. For the team alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.services.consultation import (
    APAIS_ITEMS,
    Apais,
    ConsentBasis,
    Moment,
    StudyConsent,
    TeachBackItem,
    TeachBackResult,
    Understanding,
)
from app.ui.pieces import label, rule, scrolled
from twin.errors import InputError
from twin.wording import Wording

__all__ = ["MeasuresPage", "alert_of_team"]

_SCALE = range(1, 6)
_ANSWER_PX = QSize(56, 44)
_LABELS = (
    *("intro", "apais_wording", "before", "after", "scale", "scale_after", "teach_back", "teach_back_note"),
    *("satisfaction", "satisfaction_scale", "study", "study_note", "consent_state"),
)
_ROLES = {"apais_wording": "Warning"} | dict.fromkeys(
    ("before", "after", "teach_back", "satisfaction", "study"), "Section"
)


class ScaleRow(QWidget):
    """One sentence with five answers."""

    answered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = label("", "", wraps=True)
        self.answers = {value: QPushButton(str(value)) for value in _SCALE}
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 4)
        layout.setSpacing(2)
        layout.addWidget(self.sentence)
        row = QHBoxLayout()
        for value, button in self.answers.items():
            button.setCheckable(True)
            button.setFixedSize(_ANSWER_PX)
            self._group.addButton(button, value)
            button.clicked.connect(self.answered)
            row.addWidget(button)
        row.addStretch(1)
        layout.addLayout(row)

    @property
    def value(self) -> int:
        """The answer, 0 for none yet."""
        return max(self._group.checkedId(), 0)

    def show_value(self, value: int) -> None:
        """Show an answer, or none for 0."""
        self._group.setExclusive(False)
        for known, button in self.answers.items():
            button.setChecked(known == value)
        self._group.setExclusive(True)


class MeasuresPage(QWidget):
    """Answers of the patient, read out by the team; nothing of it is ever on the stage."""

    changed = Signal(object)  # Understanding
    consented = Signal(object)  # StudyConsent | None
    refused = Signal(object)  # Exception
    export_asked = Signal()

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._measured = Understanding()
        self._consent: StudyConsent | None = None
        self._language = wording.language
        self.apais = {moment: [ScaleRow() for _ in APAIS_ITEMS] for moment in Moment}
        self.satisfaction = ScaleRow()
        self.teach_back: dict[TeachBackItem, dict[TeachBackResult, QPushButton]] = {}
        self._labels = {name: label("", _ROLES.get(name, "Quiet"), wraps=True) for name in _LABELS}
        self._sums = {moment: label("", "Quiet", wraps=True) for moment in Moment}
        self._items: dict[TeachBackItem, QWidget] = {}
        self._item_labels = {item: label("", "", wraps=True) for item in TeachBackItem}
        self._states = {item: label("", "Quiet", wraps=True) for item in TeachBackItem}
        self.basis, self.study_id, self.recorder = QComboBox(), QLineEdit(), QLineEdit()
        self.consent_button, self.export_button = QPushButton(), QPushButton()
        self._build()
        self.set_wording(wording)

    def show_measured(
        self,
        measured: Understanding,
        consent: StudyConsent | None,
        asked: Sequence[TeachBackItem],
        language: str,
        the_lesions: str,
        *,
        is_plural: bool,
    ) -> None:
        """Show what is kept; the items are worded in the language of the patient."""
        self._measured, self._consent, self._language = measured, consent, language
        for moment, rows in self.apais.items():
            scale = measured.apais.get(moment)
            for n, row in enumerate(rows):
                if scale is not None or not self._is_begun(moment):
                    row.show_value(0 if scale is None else scale.answers[n])
        for item, widget in self._items.items():
            widget.setVisible(item in asked)
        self.satisfaction.show_value(measured.satisfaction or 0)
        self._the, self._is_plural = the_lesions, is_plural
        self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.basis.clear()
        for basis in ConsentBasis:
            self.basis.addItem(wording.text(f"consultation.measure.{basis}"), basis)
        self._write()

    _the, _is_plural = "", False

    def _is_begun(self, moment: Moment) -> bool:
        return any(row.value for row in self.apais[moment])

    # Building

    def _build(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addWidget(self._labels["intro"])
        column.addWidget(self._labels["apais_wording"])
        self._build_scale(column, Moment.BEFORE, "scale")
        self._build_teach_back(column)
        self._build_scale(column, Moment.AFTER, "scale_after")
        column.addWidget(self._labels["satisfaction"])
        column.addWidget(self._labels["satisfaction_scale"])
        column.addWidget(self.satisfaction)
        self.satisfaction.answered.connect(self._tell_satisfaction)
        self._build_study(column)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(page, sideways=True))

    def _build_scale(self, column: QVBoxLayout, moment: Moment, scale: str) -> None:
        column.addWidget(self._labels[moment.value])
        column.addWidget(self._labels[scale])
        for row in self.apais[moment]:
            row.answered.connect(lambda at=moment: self._tell_apais(at))
            column.addWidget(row)
        column.addWidget(self._sums[moment])
        column.addWidget(rule())

    def _build_teach_back(self, column: QVBoxLayout) -> None:
        column.addWidget(self._labels["teach_back"])
        column.addWidget(self._labels["teach_back_note"])
        for item in TeachBackItem:
            widget = QFrame()
            grid = QGridLayout(widget)
            grid.setContentsMargins(0, 2, 0, 6)
            grid.addWidget(self._item_labels[item], 0, 0, 1, 3)
            self.teach_back[item] = {}
            for n, result in enumerate(TeachBackResult):
                button = QPushButton()
                button.setObjectName("Small")
                button.clicked.connect(lambda checked=False, i=item, r=result: self._tell_teach_back(i, r))
                self.teach_back[item][result] = button
                grid.addWidget(button, 1, n)
            grid.addWidget(self._states[item], 1, 2)
            grid.setColumnStretch(2, 1)
            self._items[item] = widget
            column.addWidget(widget)
        column.addWidget(rule())

    def _build_study(self, column: QVBoxLayout) -> None:
        column.addWidget(rule())
        for name in ("study", "study_note"):
            column.addWidget(self._labels[name])
        for widget in (self.basis, self.study_id, self.recorder, self.consent_button, self._labels["consent_state"]):
            column.addWidget(widget)
        column.addWidget(self.export_button)
        self.consent_button.clicked.connect(self._tell_consent)
        self.export_button.clicked.connect(self.export_asked)

    # Words

    def _write(self) -> None:
        say, patient = self._wording.text, Wording(self._language).text
        for name, one in self._labels.items():
            if name != "consent_state":
                one.setText(say(f"consultation.measure.{name}"))
        self._labels["scale"].setText(patient("consultation.measure.scale"))
        self._labels["scale_after"].setText(patient("consultation.measure.scale"))
        for moment, rows in self.apais.items():
            for item, row in zip(APAIS_ITEMS, rows, strict=True):
                row.sentence.setText(patient(f"consultation.apais.{item}"))
            scale = self._measured.apais.get(moment)
            text = "" if scale is None else say(
                "consultation.measure.sums", anxiety=scale.anxiety, information=scale.information
            )  # fmt: skip
            self._sums[moment].setText(text)
        for item, one in self._item_labels.items():
            is_plural = item is TeachBackItem.WHERE and self._is_plural
            one.setText(patient(f"consultation.teach_back.{item}{'_many' if is_plural else ''}", the=self._the))
            results = self._measured.teach_back.get(item, ())
            self._states[item].setText(", ".join(say(f"consultation.measure.{result}") for result in results))
            for result, button in self.teach_back[item].items():
                button.setText(say(f"consultation.measure.{result}"))
        self.satisfaction.sentence.setText(patient("consultation.measure.satisfied"))
        self.study_id.setPlaceholderText(say("consultation.measure.study_id"))
        self.recorder.setPlaceholderText(say("consultation.measure.recorder"))
        is_given = self._consent is not None
        self.consent_button.setText(say(f"consultation.measure.{'withdraw' if is_given else 'record'}"))
        consent = self._consent
        text = "" if consent is None else say(
            "consultation.measure.recorded", study_id=consent.study_id, by=consent.recorded_by, on=consent.recorded_on
        )  # fmt: skip
        self._labels["consent_state"].setText(text)
        for widget in (self.basis, self.study_id, self.recorder):
            widget.setVisible(not is_given)
        self.export_button.setText(say("consultation.measure.export"))
        self.export_button.setEnabled(is_given)

    # Answers

    def _tell_apais(self, moment: Moment) -> None:
        answers = tuple(row.value for row in self.apais[moment])
        if all(answers):
            self.changed.emit(replace(self._measured, apais={**self._measured.apais, moment: Apais(answers)}))

    def _tell_teach_back(self, item: TeachBackItem, result: TeachBackResult) -> None:
        results = (*self._measured.teach_back.get(item, ()), result)
        self.changed.emit(replace(self._measured, teach_back={**self._measured.teach_back, item: results}))

    def _tell_satisfaction(self) -> None:
        self.changed.emit(replace(self._measured, satisfaction=self.satisfaction.value))

    def _tell_consent(self) -> None:
        if self._consent is not None:
            self.consented.emit(None)
            return
        basis = ConsentBasis(self.basis.currentData())
        try:
            made = StudyConsent(
                basis, self.study_id.text().strip(), self.recorder.text().strip(), date.today().isoformat()
            )
        except InputError as error:
            self.refused.emit(error)
            return
        self.consented.emit(made)


def alert_of_team(measured: Understanding, wording: Wording) -> str:
    """Return what the team must know at once, in words; never shown to the patient."""
    lines = [wording.text(f"consultation.alert.{moment}") for moment in measured.anxious_at]
    items = [wording.text(f"consultation.item.{item}") for item in measured.not_understood]
    if items:
        lines.append(wording.text("consultation.alert.teach_back", items=", ".join(items)))
    return "\n".join([*lines, wording.text("consultation.alert.support")]) if lines else ""
