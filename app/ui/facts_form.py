"""Clinical facts, entered by hand; what the images propose is shown as a proposal and used only once taken over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.pieces import label, scrolled
from twin.errors import InputError
from twin.patient import Fact, FactOrigin, PatientFacts
from twin.wording import Wording

__all__ = ["FactsForm"]


@dataclass(frozen=True)
class _Field:
    """A fact in the form: a number with its unit, a choice, or a date."""

    name: str
    choices: tuple[str, ...] = ()
    unit: str = ""


_FIELDS = (
    _Field("height_cm", unit="cm"),
    _Field("weight_kg", unit="kg"),
    _Field("sex", ("f", "m")),
    _Field("birth_year"),
    _Field("parenchyma", ("normal", "steatosis", "chemotherapy", "fibrosis", "cirrhosis")),
    _Field("approach", ("open", "minimally-invasive")),
    _Field("neoadjuvant", ("yes", "no")),
    _Field("metastasis", ("yes", "no")),
    _Field("biliary_stent", ("yes", "no")),
    _Field("pancreas_texture", ("soft", "firm")),
    _Field("pve_date"),
    _Field("earlier_flr_ml", unit="ml"),
    _Field("earlier_flr_date"),
    _Field("bilirubin_umol_l", unit="µmol/l"),
    _Field("albumin_g_l", unit="g/l"),
    _Field("hbs_percent", unit="%/min/m²"),
    _Field("icg_r15_percent", unit="%"),
    _Field("limax_ug_kg_h", unit="µg/kg/h"),
    _Field("recipient_weight_kg", unit="kg"),
)
_DATES = ("pve_date", "earlier_flr_date")


class FactsForm(QWidget):
    """The form; :attr:`entered` carries the new facts once all of them are within their limits."""

    entered = Signal(object)  # PatientFacts
    refused = Signal(object)  # InputError

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._facts = PatientFacts()
        self._is_editable = False
        self._form = QFormLayout()
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self._form.setContentsMargins(0, 0, 4, 0)
        self._form.setVerticalSpacing(4)
        self.editors: dict[str, QLineEdit | QComboBox] = {}
        self.proposals: dict[str, QPushButton] = {}
        self._labels = {}
        self._intro = label("", "Quiet", wraps=True)
        for field in _FIELDS:
            self._labels[field.name] = label("", "Quiet", wraps=True)  # none may widen the form beyond its panel
            self._form.addRow(self._labels[field.name], self._editor_row(field))
        inner = QWidget()
        inner.setLayout(self._form)
        self.enter_button = QPushButton()
        self.enter_button.setObjectName("Main")
        self.enter_button.setMinimumHeight(34)
        self.enter_button.clicked.connect(self._enter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._intro)
        layout.addWidget(scrolled(inner), 1)
        layout.addWidget(self.enter_button)
        self.set_wording(wording)

    def show_facts(self, facts: PatientFacts, *, is_editable: bool) -> None:
        """Show what is known and what is proposed."""
        is_same = facts == self._facts and is_editable == self._is_editable
        self._facts, self._is_editable = facts, is_editable
        if not is_same:
            self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language; what is typed stays."""
        self._wording = wording
        for field in _FIELDS:
            unit = f" ({field.unit})" if field.unit else ""
            self._labels[field.name].setText(wording.text(f"fact.{field.name}").capitalize() + unit)
            editor = self.editors[field.name]
            if isinstance(editor, QComboBox):
                chosen = editor.currentIndex()
                editor.clear()
                editor.addItem(wording.text("ui.facts.unknown"), "")
                for choice in field.choices:
                    editor.addItem(wording.text(f"ui.facts.{field.name}.{choice}"), choice)
                editor.setCurrentIndex(max(chosen, 0))
            else:
                editor.setPlaceholderText(wording.text("ui.facts.unknown"))
        for name in _DATES:
            self._labels[name].setToolTip(wording.text("ui.facts.date_tip"))
        self.enter_button.setText(wording.text("ui.facts.enter"))
        self._write()

    def _editor_row(self, field: _Field) -> QWidget:
        editor: QLineEdit | QComboBox = QComboBox() if field.choices else QLineEdit()
        if isinstance(editor, QLineEdit):
            editor.returnPressed.connect(self._enter)
        else:  # a long choice must not make the form wider than its panel
            editor.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.editors[field.name] = editor
        proposal = QPushButton()
        proposal.clicked.connect(lambda: self._take_over(field.name))
        self.proposals[field.name] = proposal
        proposal.setObjectName("Small")
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(editor)
        column.addWidget(proposal, 0, Qt.AlignmentFlag.AlignLeft)
        return holder

    def _write(self) -> None:
        wording = self._wording
        self._intro.setText(wording.text("ui.facts.intro" if self._is_editable else "ui.facts.needs_case"))
        for field in _FIELDS:
            fact: Fact | None = getattr(self._facts, field.name)
            entered = "" if fact is None or fact.is_proposal else _shown(fact, wording)
            self._put(field.name, entered)
            proposal = self.proposals[field.name]
            is_proposed = fact is not None and fact.is_proposal
            proposal.setVisible(is_proposed)
            if is_proposed:
                assert fact is not None
                proposal.setText(wording.text("ui.facts.proposed", value=self._worded(field, fact)))
                proposal.setToolTip(wording.text("ui.facts.proposal_tip", date=fact.date))
            self.editors[field.name].setEnabled(self._is_editable)
            proposal.setEnabled(self._is_editable)
        self.enter_button.setEnabled(self._is_editable)
        self.enter_button.setToolTip("" if self._is_editable else wording.text("ui.need.case"))

    def _worded(self, field: _Field, fact: Fact) -> str:
        if field.choices:
            return self._wording.text(f"ui.facts.{field.name}.{fact.value}")
        return _shown(fact, self._wording)

    def _put(self, name: str, text: str) -> None:
        editor = self.editors[name]
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(editor.findData(text), 0))
        else:
            editor.setText(text)

    def _take_over(self, name: str) -> None:
        """Write a proposal into its field; it counts once the form is entered."""
        fact: Fact | None = getattr(self._facts, name)
        if fact is not None:
            self._put(
                name, str(fact.value) if isinstance(self.editors[name], QComboBox) else _shown(fact, self._wording)
            )
            self.proposals[name].hide()

    def _enter(self) -> None:
        facts, today = self._facts, date.today().isoformat()
        try:
            for field in _FIELDS:
                facts = self._with_field(facts, field, today)
        except InputError as error:
            self.refused.emit(error)
            return
        if facts != self._facts:
            self.entered.emit(facts)

    def _with_field(self, facts: PatientFacts, field: _Field, today: str) -> PatientFacts:
        """Return the facts with what the field holds; an emptied field takes an entered fact back."""
        editor = self.editors[field.name]
        text = str(editor.currentData() or "") if isinstance(editor, QComboBox) else editor.text().strip()
        known: Fact | None = getattr(facts, field.name)
        if not text:
            return facts if known is None or known.is_proposal else replace(facts, **{field.name: None})
        value: str | float | int = text
        if not field.choices and field.name not in _DATES:
            value = _number(field.name, text)
        if known is not None and not known.is_proposal and known.value == value:
            return facts
        return facts.with_fact(field.name, value, FactOrigin.ENTERED, today)


def _number(name: str, text: str) -> float | int:
    """Read a number with a comma or a point."""
    try:
        value = float(text.replace(",", ".").replace("\u202f", "").replace(" ", ""))
    except ValueError as error:
        raise InputError("error.patient.not_a_number", field=name, value=text) from error
    return int(value) if value == int(value) else value


def _shown(fact: Fact, wording: Wording) -> str:
    if isinstance(fact.value, float) and fact.value != int(fact.value):
        return wording.number(fact.value, decimals=1)
    return str(int(fact.value)) if isinstance(fact.value, float) else str(fact.value)
