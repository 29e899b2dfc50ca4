"""Plans side by side: each figure with its interval, and how far it is from that of the plan they are compared with."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.services.worded_figures import named_figures
from app.ui.cut_words import cuts_in_words
from app.ui.pieces import Chip, label, scrolled
from twin.case import Case
from twin.figure import Figure
from twin.outcome import Outcome
from twin.plan import Plan
from twin.wording import Wording

__all__ = ["ComparePage"]

_KEYS = (
    "liver.flr_percent",
    "liver.margin_mm",
    "liver.flr_ml",
    "liver.functional_remnant_ml",
    "liver.ischaemic_ml",
    "liver.congested_ml",
    "liver.resected_ml",
    "liver.ablated_ml",
    "liver.sflr_percent.vauthey",
    "liver.sflr_percent.urata",
    "liver.flr_body_weight_percent",
    "liver.graft_ml",
    "liver.grwr_percent.ct",
    "liver.cut_area_cm2",
    "pancreas.remnant_percent",
    "pancreas.resected_ml",
    "pancreas.margin_mm",
    "pancreas.duct_mm",
    "pancreas.thickness_mm",
)
_TWO_DECIMALS = ("liver.flr_body_weight_percent", "liver.grwr_percent.ct")
_NAME_PX, _PLAN_PX = 112, 94


class ComparePage(QWidget):
    """Table of plans; a click on a name shows the plan in the views."""

    plan_chosen = Signal(str)

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._wording = wording
        self._case: Case | None = None
        self._selected: str | None = None
        self._signature: object = None
        self.headers: dict[str, QPushButton] = {}
        self.cells: dict[tuple[str, str], tuple[str, str]] = {}
        self._title, self._base_label = label("", "Section"), label("", "Quiet")
        self.base = QComboBox()
        self.base.activated.connect(lambda index: self._write())
        self._note = label("", "Faint", wraps=True)
        self._area = scrolled(QWidget(), sideways=True)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._base_label)
        head.addWidget(self.base)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 8, 10)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._note)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._title.setText(wording.text("ui.compare.title"))
        self._base_label.setText(wording.text("ui.compare.base"))
        self._note.setText(wording.text("ui.compare.note"))
        self._signature = None
        self._write()

    def show_case(self, case: Case | None, selected: str | None) -> None:
        """Compare the plans of a case; the selected one is marked."""
        self._case, self._selected = case, selected
        names = () if case is None else tuple(case.plans)
        if [self.base.itemText(n) for n in range(self.base.count())] != list(names):
            chosen = self.base.currentText()
            self.base.clear()
            self.base.addItems(list(names))
            if chosen in names:
                self.base.setCurrentText(chosen)
        if self.isVisible():
            self._write()

    def showEvent(self, event: object) -> None:
        """Write what changed while it was not seen."""
        self._write()

    def _write(self) -> None:
        case = self._case
        outcomes = {} if case is None else {name: case.outcomes.get(name) for name in case.plans}
        plans = {} if case is None else {name: (plan.hash, plan.is_approved) for name, plan in case.plans.items()}
        signature = (plans, outcomes, self.base.currentText(), self._selected, self._wording.language)
        if signature == self._signature:
            return
        self._signature = signature
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 6, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(5)
        self.headers, self.cells = {}, {}
        if case is not None:
            self._write_heads(grid, case)
            self._write_figures(grid, case, outcomes)
        before = self._area.takeWidget()
        if before is not None:  # the click that is answered may have come from one of its buttons: it goes afterwards
            before.hide()
            before.deleteLater()
        self._area.setWidget(inner)

    def _write_heads(self, grid: QGridLayout, case: Case) -> None:
        wording = self._wording
        grid.addWidget(label(wording.text("ui.compare.cuts"), "Quiet"), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.setColumnMinimumWidth(0, _NAME_PX)
        for column, plan in enumerate(case.plans.values(), start=1):
            button = QPushButton(plan.name)
            button.setCheckable(True)
            button.setChecked(plan.name == self._selected)
            button.clicked.connect(lambda checked=False, name=plan.name: self.plan_chosen.emit(name))
            self.headers[plan.name] = button
            head = QVBoxLayout()
            head.setSpacing(5)
            head.addWidget(button)
            chip = self._made_chip(case, plan)
            for widget in (button, chip):  # neither is squeezed where the table is long
                widget.ensurePolished()
                widget.setMinimumHeight(widget.sizeHint().height())
            head.addWidget(chip, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addLayout(head, 0, column)
            cuts = label(cuts_in_words(plan.resections, wording), wraps=True)
            cuts.setMinimumWidth(_PLAN_PX)
            grid.setColumnMinimumWidth(column, _PLAN_PX)
            grid.addWidget(cuts, 1, column, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(column, 1)

    def _made_chip(self, case: Case, plan: Plan) -> Chip:
        wording, outcome, chip = self._wording, case.outcomes.get(plan.name), Chip()
        if plan.is_approved:
            chip.show_state(wording.text("ui.plan.state.approved"), "good")
        elif outcome is None or outcome.is_stale:
            chip.show_state(wording.text("ui.plan.state.stale"), "warning", wording.text("ui.compare.not_computed"))
        else:
            chip.show_state(wording.text("ui.plan.state.draft"))
        return chip

    def _write_figures(self, grid: QGridLayout, case: Case, outcomes: Mapping[str, Outcome | None]) -> None:
        wording = self._wording
        named = {name: named_figures(one, wording) for name, one in outcomes.items() if one is not None}
        base = named.get(self.base.currentText(), {})
        line = 2
        for key in _KEYS:
            known = [figures[key] for figures in named.values() if key in figures]
            if not known:
                continue
            grid.addWidget(label(known[0][0], "Quiet", wraps=True), line, 0, Qt.AlignmentFlag.AlignTop)
            for column, name in enumerate(case.plans, start=1):
                figure = named.get(name, {}).get(key, ("", None))[1]
                other = base.get(key, ("", None))[1] if name != self.base.currentText() else None
                grid.addLayout(self._made_cell(key, name, figure, other), line, column)
            line += 1
        for key in ("ui.compare.vessels", "ui.compare.preserve"):
            grid.addWidget(label(wording.text(key), "Quiet", wraps=True), line, 0)
            for column, name in enumerate(case.plans, start=1):
                one = outcomes[name]
                crossed = () if one is None else one.clip_list
                count = len(crossed) if key == "ui.compare.vessels" else sum(1 for v in crossed if v.to_preserve)
                grid.addWidget(label("–" if one is None else str(count), "Figure"), line, column)
            line += 1
        grid.setRowStretch(line, 1)

    def _made_cell(self, key: str, plan: str, figure: Figure | None, base: Figure | None) -> QVBoxLayout:
        """Value, interval, and difference from the other plan."""
        wording = self._wording
        cell = QVBoxLayout()
        cell.setSpacing(0)
        value, difference = "–", ""
        decimals = 2 if key in _TWO_DECIMALS else None
        if figure is not None and figure.value is not None:
            value = wording.quantity(figure.value, figure.unit, decimals=decimals)
            if base is not None and base.value is not None:
                difference = _signed(figure.value - base.value, figure.unit, wording, decimals)
        cell.addWidget(label(value, "Figure"))
        if figure is not None and figure.value is not None and figure.low is not None and figure.high is not None:
            places = 2 if key in _TWO_DECIMALS else (1 if figure.unit in ("%", "mm") else 0)
            low, high = (wording.number(v, decimals=places) for v in (figure.low, figure.high))
            cell.addWidget(label(wording.text("ui.figures.interval", low=low, high=high), "Interval"))
        if figure is not None and figure.value is None and figure.needs:
            needs = ", ".join(wording.text(f"fact.{name}") for name in figure.needs)
            cell.addWidget(label(wording.text("ui.figures.needs", needs=needs), "Interval", wraps=True))
        if difference:
            cell.addWidget(label(difference, "Difference"))
        cell.addStretch(1)
        self.cells[plan, key] = (value, difference)
        return cell


def _signed(difference: float, unit: str, wording: Wording, decimals: int | None) -> str:
    """Word a difference with its sign; percentages differ by points."""

    def worded(value: float) -> str:
        if unit == "%":
            return wording.text("ui.compare.points", number=wording.number(value, decimals=decimals or 1))
        return wording.quantity(value, unit, decimals=decimals)

    text, zero = worded(abs(difference)), worded(0.0)
    if text == zero:
        return f"= {text}"
    return f"{'+' if difference > 0 else '−'} {text}"
