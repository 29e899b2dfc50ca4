"""The team's choices for a story: scenes one by one, words for lesions, way in, what is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.services.consultation import Approach, LengthOfStay, LesionWord, Risk, SceneId, StoryChoices, StoryKind
from app.ui.pieces import clear, label, rule, scrolled
from twin.anatomy import structure
from twin.errors import InputError
from twin.wording import Wording

__all__ = ["ChoicesPage", "RisksPage"]

_HUNDRED = 100


class ChoicesPage(QWidget):
    """What is told. Sensitive scenes are off until somebody chooses them."""

    changed = Signal(object)  # StoryChoices

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._choices = StoryChoices(wording.language)
        self._lesions: tuple[str, ...] = ()
        self.scenes = {scene: QCheckBox() for scene in SceneId}
        self.approach = QComboBox()
        self.lesion_words: dict[str, QComboBox] = {}
        self.regrowth, self.transplant, self.large_print = QCheckBox(), QCheckBox(), QCheckBox()
        self.own_skin = QCheckBox()
        self.phone, self.stay_source, self.stay_period = QLineEdit(), QLineEdit(), QLineEdit()
        self.low_days, self.high_days = QSpinBox(), QSpinBox()
        self._build()
        self.set_wording(wording)

    def show_choices(self, choices: StoryChoices, lesions: Sequence[str]) -> None:
        """Show the choices as they are."""
        self._choices = choices
        if tuple(lesions) != self._lesions:
            self._lesions = tuple(lesions)
            self._make_lesion_words()
        self._fill()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        say = wording.text
        for name, one in self._labels.items():
            one.setText(say(f"consultation.choice.{name}"))
        for scene, box in self.scenes.items():
            box.setText(
                say(f"consultation.scene.{scene}") + (say("consultation.sensitive") if scene.is_sensitive else "")
            )
        for name, box in (
            ("regrowth", self.regrowth),
            ("transplant", self.transplant),
            ("large_print", self.large_print),
            ("own_skin", self.own_skin),
        ):
            box.setText(say(f"consultation.choice.{name}"))
        self.approach.clear()
        for text in ("facts", *Approach):
            self.approach.addItem(say(f"consultation.approach.{text}"), None if text == "facts" else text)
        self.phone.setPlaceholderText(say("consultation.choice.phone_example"))
        self.stay_source.setPlaceholderText(say("consultation.choice.source"))
        self.stay_period.setPlaceholderText(say("consultation.choice.period"))
        self._make_lesion_words()
        self._fill()

    def _build(self) -> None:
        names = ("scenes", "scenes_note", "approach", "lesions", "stay", "phone", "days")
        self._labels = {
            name: label("", "Section" if name in ("scenes", "lesions") else "Quiet", wraps=True) for name in names
        }
        page = QWidget()
        column = QVBoxLayout(page)
        column.addWidget(self._labels["scenes"])
        column.addWidget(self._labels["scenes_note"])
        for box in self.scenes.values():
            column.addWidget(box)
            box.clicked.connect(self._tell)
        column.addWidget(rule())
        column.addWidget(self._labels["approach"])
        column.addWidget(self.approach)
        column.addWidget(self.own_skin)
        column.addWidget(self._labels["lesions"])
        self._lesion_rows = QFormLayout()
        column.addLayout(self._lesion_rows)
        column.addWidget(self.regrowth)
        column.addWidget(self.transplant)
        column.addWidget(rule())
        column.addWidget(self._labels["stay"])
        days = QHBoxLayout()
        for spin in (self.low_days, self.high_days):
            spin.setRange(0, 365)
            spin.valueChanged.connect(self._tell)
            days.addWidget(spin)
        days.addWidget(self._labels["days"], 1)
        column.addLayout(days)
        for field in (self.stay_source, self.stay_period, self.phone):
            if field is self.phone:
                column.addWidget(self._labels["phone"])
            field.editingFinished.connect(self._tell)
            column.addWidget(field)
        column.addWidget(self.large_print)
        column.addStretch(1)
        for box in (self.regrowth, self.transplant, self.large_print, self.own_skin):
            box.clicked.connect(self._tell)
        self.approach.activated.connect(self._tell)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(page, sideways=True))

    def _make_lesion_words(self) -> None:
        clear_form(self._lesion_rows)
        self.lesion_words = {}
        for lesion_id in self._lesions:
            box = QComboBox()
            for word in LesionWord:
                box.addItem(self._wording.text(f"consultation.lesion.{word}"), word)
            box.activated.connect(self._tell)
            self.lesion_words[lesion_id] = box
            self._lesion_rows.addRow(structure(lesion_id).name(self._wording.language), box)
        self._labels["lesions"].setVisible(bool(self._lesions))

    def _fill(self) -> None:
        choices = self._choices
        for widget in (self.low_days, self.high_days):
            widget.blockSignals(True)
        for scene, box in self.scenes.items():
            box.setChecked(choices.tells(scene))
        self.approach.setCurrentIndex(0 if choices.approach is None else 1 + list(Approach).index(choices.approach))
        for lesion_id, words in self.lesion_words.items():
            word = choices.lesion_words.get(lesion_id, LesionWord.AREA)
            words.setCurrentIndex(list(LesionWord).index(word))
        self.regrowth.setChecked(choices.has_regrowth)
        self.transplant.setChecked(choices.kind is StoryKind.TRANSPLANT)
        self.large_print.setChecked(choices.has_large_print)
        self.own_skin.setChecked(choices.has_own_skin)
        self.phone.setText(choices.team_phone)
        stay = choices.length_of_stay
        if stay is not None:
            self.low_days.setValue(stay.low_days)
            self.high_days.setValue(stay.high_days)
            self.stay_source.setText(stay.source)
            self.stay_period.setText(stay.period)
        for widget in (self.low_days, self.high_days):
            widget.blockSignals(False)

    def _tell(self) -> None:
        told = {scene for scene, box in self.scenes.items() if box.isChecked()}
        words = {i: LesionWord(box.currentData()) for i, box in self.lesion_words.items()}
        made = replace(
            self._choices,
            scenes=frozenset(scene for scene in told if scene.is_sensitive),
            left_out=frozenset(scene for scene in SceneId if not scene.is_sensitive and scene not in told),
            approach=None if self.approach.currentData() is None else Approach(self.approach.currentData()),
            lesion_words={i: word for i, word in words.items() if word is not LesionWord.AREA},
            has_regrowth=self.regrowth.isChecked(),
            kind=StoryKind.TRANSPLANT if self.transplant.isChecked() else None,
            has_large_print=self.large_print.isChecked(),
            has_own_skin=self.own_skin.isChecked(),
            team_phone=self.phone.text().strip(),
            length_of_stay=self._stay(),
        )
        if made != self._choices:
            self._choices = made
            self.changed.emit(made)

    def _stay(self) -> LengthOfStay | None:
        """Return the length of stay once all of it is typed."""
        low, high = self.low_days.value(), self.high_days.value()
        try:
            return LengthOfStay(low, high, self.stay_source.text().strip(), self.stay_period.text().strip())
        except InputError:
            return None


class RisksPage(QWidget):
    """Risks in the surgeon's words: what, out of a hundred people, within which time, from where."""

    changed = Signal(object)  # tuple[Risk, ...]

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self.risks: tuple[Risk, ...] = ()
        self._intro = label("", "Quiet", wraps=True)
        self._list = QVBoxLayout()
        self.fields = {name: QLineEdit() for name in ("event", "span", "source", "period")}
        self.of_hundred = QSpinBox()
        self.of_hundred.setRange(0, _HUNDRED)
        self._of_hundred_label = label("", "Quiet")
        self.add_button = QPushButton()
        self.add_button.setObjectName("Main")
        self.add_button.clicked.connect(self._add)
        self._error = label("", "Warning", wraps=True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.addWidget(self._intro)
        column.addLayout(self._list)
        column.addWidget(rule())
        column.addWidget(self.fields["event"])
        row = QHBoxLayout()
        row.addWidget(self.of_hundred)
        row.addWidget(self._of_hundred_label, 1)
        column.addLayout(row)
        for name in ("span", "source", "period"):
            column.addWidget(self.fields[name])
        column.addWidget(self._error)
        column.addWidget(self.add_button)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolled(page, sideways=True))
        self.set_wording(wording)

    def show_risks(self, risks: tuple[Risk, ...]) -> None:
        """Show what is typed in this language."""
        self.risks = risks
        clear(self._list)
        for n, risk in enumerate(risks):
            self._list.addWidget(self._row(n, risk))

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._intro.setText(wording.text("consultation.risk.intro"))
        self._of_hundred_label.setText(wording.text("consultation.risk.of_hundred"))
        for name, field in self.fields.items():
            field.setPlaceholderText(wording.text(f"consultation.risk.{name}"))
        self.add_button.setText(wording.text("consultation.risk.add"))
        self.show_risks(self.risks)

    def _row(self, n: int, risk: Risk) -> QFrame:
        row = QFrame()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 2, 0, 2)
        text = self._wording.text("consultation.risk.line", event=risk.event, number=risk.of_hundred, span=risk.span)
        layout.addWidget(label(f"{text} ({risk.source}, {risk.period})", wraps=True), 1)
        button = QPushButton(self._wording.text("consultation.remove"))
        button.setObjectName("Small")
        button.clicked.connect(lambda: self.changed.emit(self.risks[:n] + self.risks[n + 1 :]))
        layout.addWidget(button)
        return row

    def _add(self) -> None:
        typed = {name: field.text().strip() for name, field in self.fields.items()}
        try:
            risk = Risk(typed["event"], self.of_hundred.value(), typed["span"], typed["source"], typed["period"])
        except InputError as error:
            self._error.setText(self._wording.error(error))
            return
        self._error.setText("")
        self.fields["event"].clear()
        self.changed.emit((*self.risks, risk))


def clear_form(form: QFormLayout) -> None:
    """Take all rows out of a form."""
    remove: Callable[[int], None] = form.removeRow
    while form.rowCount():
        remove(0)
