"""Ask for proposals, look at them as points, preview one, keep it as a plan. For the surgeon only."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.services.choose_territory import branch_names
from app.services.describe_point import branch_in_words
from app.services.propose_plans import PlanConstraints, PlanProposals, cut_kinds, worded_cuts, worded_explanation
from app.ui.pareto_plot import ParetoPlot, PlotPoint
from app.ui.pieces import label, scrolled
from twin.anatomy import structure
from twin.case import Case
from twin.figure import Figure
from twin.plan import Plan
from twin.twin import Twin
from twin.wording import Wording

__all__ = ["ProposalsPage"]

_KINDS = ("plane", "sheet", "territory", "wedge")
_WIDEST_MM = 20.0
_MANY_VESSELS = 40


class ProposalsPage(QWidget):
    """Form, plot, and what the chosen proposal gives up."""

    search_asked = Signal(object)  # PlanConstraints
    preview_asked = Signal(object)  # Plan | None
    keep_asked = Signal(object)  # Plan

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._wording = wording
        self._twin: Twin | None = None
        self._case: Case | None = None
        self._found: PlanProposals | None = None
        self._can_write = False
        self._title = label("", "Section")
        self._intro = label("", "Faint", wraps=True)
        self._labels = {name: label("", "Quiet", wraps=True) for name in ("margin", "flr", "functional", "vessels")}
        self._labels |= {name: label("", "Quiet", wraps=True) for name in ("keep", "kinds", "lesions")}
        self.margin, self.flr, self.functional = (QDoubleSpinBox() for _ in range(3))
        for box, most, first, unit in (
            (self.margin, _WIDEST_MM, 1.0, "mm"),
            (self.flr, 90.0, 0.0, "%"),
            (self.functional, 90.0, 0.0, "%"),
        ):
            box.setRange(0.0, most)
            box.setDecimals(0)
            box.setValue(first)
            box.setSuffix(f"\u00a0{unit}")
        self.vessels = QSpinBox()
        self.vessels.setRange(-1, _MANY_VESSELS)
        self.vessels.setValue(-1)
        self.keep = QComboBox()
        self.keep.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.kinds = {name: QCheckBox() for name in _KINDS}
        self.lesions: dict[str, QCheckBox] = {}
        self.search = QPushButton()
        self.search.setObjectName("Main")
        self.plot = ParetoPlot(wording)
        self.explained = label("", wraps=True)
        self.keep_button, self.back_button = QPushButton(), QPushButton()
        self._lay_out()
        for kind in self.kinds.values():
            kind.setChecked(True)
            kind.toggled.connect(lambda checked: self._follow())
        self.search.clicked.connect(lambda: self.search_asked.emit(self.constraints()))
        self.plot.point_chosen.connect(self._on_chosen)
        self.keep_button.clicked.connect(self._on_keep)
        self.back_button.clicked.connect(self._on_back)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._title.setText(wording.text("ui.proposals.title"))
        self._intro.setText(wording.text("ui.proposals.intro"))
        for name, text in self._labels.items():
            text.setText(wording.text(f"ui.proposals.{name}"))
        for name, box in self.kinds.items():
            box.setText(wording.text(f"ui.proposals.kind.{name}"))
        for spin in (self.margin, self.flr, self.functional, self.vessels):
            spin.setLocale(QLocale(wording.language))
        self.vessels.setSpecialValueText(wording.text("ui.proposals.any"))
        self.search.setText(wording.text("ui.proposals.search"))
        self.keep_button.setText(wording.text("ui.proposals.keep_plan"))
        self.back_button.setText(wording.text("ui.proposals.back"))
        self.plot.set_wording(wording)
        self._write_anatomy()
        self._write_points()
        self._follow()

    def show_twin(self, twin: Twin | None) -> None:
        """Ask on another twin: proposals of the one before are gone."""
        if twin is not self._twin:
            self._twin, self._found = twin, None
            self._write_anatomy()
            self._write_points()
            self._follow()

    def show_case(self, case: Case | None, *, can_write: bool) -> None:
        """Show the plans of the case among the proposals."""
        self._case, self._can_write = case, can_write
        if self._found is not None:
            chosen = self.plot.chosen
            self._write_points()
            self.plot.chosen = next(
                (p for p in self.plot.points if chosen is not None and p.plan.hash == chosen.plan.hash), None
            )
        self._follow()

    def show_found(self, found: PlanProposals) -> None:
        """Show what a search found, and preview nothing yet."""
        self._found = found
        self._write_points()
        self._follow()

    def constraints(self) -> PlanConstraints:
        """Return what is asked."""
        lesions = tuple(name for name, box in self.lesions.items() if box.isChecked())
        kept = str(self.keep.currentData() or "")
        return PlanConstraints(
            least_margin_mm=self.margin.value(),
            least_flr_percent=self.flr.value(),
            least_functional_percent=self.functional.value(),
            lesion_ids=() if len(lesions) == len(self.lesions) else lesions,
            kept_branches=(kept,) if kept else (),
            most_vessels=None if self.vessels.value() < 0 else self.vessels.value(),
            kinds=cut_kinds([name for name, box in self.kinds.items() if box.isChecked()]),
        )

    def _lay_out(self) -> None:
        inner = QWidget()
        form = QGridLayout()
        form.setVerticalSpacing(4)
        form.setColumnStretch(0, 1)
        rows = (("margin", self.margin), ("flr", self.flr), ("functional", self.functional), ("vessels", self.vessels))
        for line, (name, editor) in enumerate(rows):
            form.addWidget(self._labels[name], line, 0)
            form.addWidget(editor, line, 1)
        form.addWidget(self._labels["keep"], 4, 0)
        form.addWidget(self.keep, 4, 1)
        kinds = QGridLayout()
        for number, box in enumerate(self.kinds.values()):
            kinds.addWidget(box, number // 2, number % 2)
        self._lesion_rows = QVBoxLayout()
        self._lesion_rows.setSpacing(1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.keep_button)
        buttons.addWidget(self.back_button)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(6)
        column.addLayout(form)
        column.addWidget(self._labels["kinds"])
        column.addLayout(kinds)
        column.addWidget(self._labels["lesions"])
        column.addLayout(self._lesion_rows)
        column.addWidget(self.search)
        column.addWidget(self.plot)
        column.addWidget(self.explained)
        column.addStretch(1)
        self._area = scrolled(inner)
        # What was found is seen at once, below a form that may be longer than the window.
        bar = self._area.verticalScrollBar()
        bar.rangeChanged.connect(lambda low, high: bar.setValue(high) if self._found is not None else None)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 8, 10)
        layout.addWidget(self._title)
        layout.addWidget(self._intro)
        layout.addWidget(self._area, 1)
        layout.addLayout(buttons)

    def _write_anatomy(self) -> None:
        """Lesions and branches that can be chosen."""
        wording, twin = self._wording, self._twin
        was = {name: box.isChecked() for name, box in self.lesions.items()}
        for box in self.lesions.values():
            box.hide()
            box.deleteLater()
        self.lesions = {}
        for lesion_id in () if twin is None else twin.lesion_ids:
            box = QCheckBox(structure(lesion_id).name(wording.language))
            box.setChecked(was.get(lesion_id, True))
            box.toggled.connect(lambda checked: self._follow())
            self.lesions[lesion_id] = box
            self._lesion_rows.addWidget(box)
        kept = self.keep.currentData()
        self.keep.clear()
        self.keep.addItem(wording.text("ui.proposals.keep_none"), "")
        for name in () if twin is None else branch_names(twin):
            self.keep.addItem(branch_in_words(name, wording), name)
        self.keep.setCurrentIndex(max(self.keep.findData(kept), 0))

    def _write_points(self) -> None:
        found, wording = self._found, self._wording
        self.plot.setVisible(found is not None)
        if found is None:
            self.explained.setText("")
            return
        key = "functional_remnant_ml" if found.search.has_perfusion else "flr_ml"
        points = [
            PlotPoint(Plan("proposal", c.resections), c.margin_mm, c.remnant_ml, text=_cuts(c.resections, wording))
            for c in found.search.front
        ]
        for one in found.settled:
            margin, remnant = one.figure("margin_mm").value, one.figure(key).value
            if margin is not None and remnant is not None:
                text = worded_cuts(one.plan, wording)
                points.append(PlotPoint(one.plan, margin, remnant, True, one.is_on_front, text=text))
        for plan in () if self._case is None else self._case.plans.values():
            outcome = self._case.outcomes.get(plan.name) if self._case else None
            tree = {} if outcome is None or outcome.liver is None else outcome.liver
            margin_figure, remnant_figure = tree.get("margin_mm"), tree.get(key)
            margin = margin_figure.value if isinstance(margin_figure, Figure) else None
            remnant = remnant_figure.value if isinstance(remnant_figure, Figure) else None
            if margin is not None and remnant is not None:
                points.append(PlotPoint(plan, margin, remnant, is_of_case=True))
        self.plot.show_points(points, has_perfusion=found.search.has_perfusion)

    def _follow(self) -> None:
        """What can be done now, and what it needs."""
        wording, chosen = self._wording, self.plot.chosen
        has_kind = any(box.isChecked() for box in self.kinds.values())
        has_lesion = any(box.isChecked() for box in self.lesions.values())
        has_liver = self._twin is not None and self._twin.has("liver")
        need = "ui.need.lesion" if not has_lesion else "" if has_kind else "ui.need.kind"
        need = need if has_liver else "ui.need.liver"
        self.search.setEnabled(not need)
        self.search.setToolTip(wording.text(need or "ui.proposals.search_tip"))
        need = "ui.need.proposal" if chosen is None else "" if self._can_write else "ui.need.writable"
        self.keep_button.setEnabled(not need)
        self.keep_button.setToolTip(wording.text(need or "ui.proposals.keep_plan_tip"))
        self.back_button.setEnabled(chosen is not None)
        self.back_button.setToolTip("" if chosen is not None else wording.text("ui.need.proposal"))
        for button in (self.keep_button, self.back_button):
            button.setVisible(self._found is not None)

    def _on_chosen(self, point: PlotPoint) -> None:
        wording = self._wording
        settled = next((one for one in self._found.settled if one.plan is point.plan), None) if self._found else None
        sentence = "" if settled is None else worded_explanation(settled.explanation, wording)
        self.explained.setText(f"{point.text}. {sentence}".strip())
        self._follow()
        self.preview_asked.emit(point.plan)

    def _on_keep(self) -> None:
        if self.plot.chosen is not None:
            self.keep_asked.emit(self.plot.chosen.plan)

    def _on_back(self) -> None:
        self.plot.choose(None)
        self.explained.setText("")
        self._follow()
        self.preview_asked.emit(None)


def _cuts(resections: tuple[object, ...], wording: Wording) -> str:
    return worded_cuts(Plan("proposal", resections), wording)  # type: ignore[arg-type]
