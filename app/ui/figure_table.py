"""Figures of a plan: the share that stays and the margin large, the others in a table, all with their interval."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.services.worded_figures import figure_name
from app.ui.pieces import label, rule
from app.ui.shown_figures import FigureState, ShownFigures
from twin.figure import Figure
from twin.outcome import FigureTree
from twin.wording import Wording

__all__ = ["FigureTable"]

_NAME_PX = 118
_LEADING = {"liver": ("flr_percent", "margin_mm"), "pancreas": ("remnant_percent", "margin_mm")}
_ROWS = {
    "liver": (
        "resected_ml",
        "remnant_ml",
        "flr_ml",
        "functional_remnant_ml",
        "ischaemic_ml",
        "congested_ml",
        "sflr_percent.vauthey",
        "sflr_percent.urata",
        "flr_body_weight_percent",
        "total_ml",
        "lesion_ml",
        "net_ml",
    ),
    "pancreas": ("resected_ml", "remnant_ml", "duct_mm", "thickness_mm", "total_ml", "lesion_ml"),
}
# Shown only by plans that have them.
_EXTRA = {
    "liver": (
        "ablated_ml",
        "embolised_ml",
        "absent_ml",
        "graft_ml",
        "grwr_percent.ct",
        "donor_remnant_percent",
        "graft_congested_ml",
        "stages.1.resected_ml",
        "stages.1.functional_remnant_ml",
        "stages.1.staying_ml",
        "stages.1.staying_functional_ml",
        "stages.1.parted_ml",
        "stages.1.parted_ischaemic_ml",
        "stages.2.resected_ml",
        "second_scan.flr_ml",
        "second_scan.growth_percent",
        "hypertrophy_points.vauthey",
        "kinetic_growth_rate.vauthey",
        "cut_area_cm2",
    ),
    "pancreas": ("cut_area_cm2",),
}
_TWO_DECIMALS = ("flr_body_weight_percent", "grwr_percent.ct")


class FigureTable(QWidget):
    """Shows the figures of one organ.

    Parameters
    ----------
    wording
        Language of its texts.
    organ_id
        ``"liver"`` or ``"pancreas"``.
    """

    def __init__(self, wording: Wording, organ_id: str = "liver", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._organ_id = organ_id
        self._wording = wording
        self._shown = ShownFigures(FigureState.NONE)
        self._names: dict[str, QLabel] = {}
        self.values: dict[str, QLabel] = {}
        self._intervals: dict[str, QLabel] = {}
        self.state = label("", "Status", wraps=True)
        self.notes = QVBoxLayout()
        self.notes.setSpacing(4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addWidget(self.state)
        layout.addLayout(self._made_lead())
        layout.addWidget(rule())
        layout.addLayout(self._made_table())
        layout.addLayout(self.notes)
        self.set_wording(wording)

    def show_figures(self, shown: ShownFigures) -> None:
        """Show figures and how far they are."""
        self._shown = shown
        self._write()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        for key, name in self._names.items():
            long_name = figure_name(self._organ_id, key, wording)
            short_id = f"ui.figure.{key}" if self._organ_id == "liver" else f"ui.figure.{self._organ_id}.{key}"
            short_name = wording.text(short_id)
            name.setText(long_name if short_name == short_id else short_name)
            name.setToolTip(long_name)
        self._write()

    def _made_lead(self) -> QGridLayout:
        lead = QGridLayout()
        lead.setHorizontalSpacing(14)
        for column, key in enumerate(_LEADING[self._organ_id]):
            self._add_labels(key, "Big")
            lead.addWidget(self._names[key], 0, column, Qt.AlignmentFlag.AlignBottom)
            lead.addWidget(self.values[key], 1, column)
            lead.addWidget(self._intervals[key], 2, column)
            lead.setColumnStretch(column, 1)
        return lead

    def _made_table(self) -> QGridLayout:
        table = QGridLayout()
        table.setHorizontalSpacing(8)
        table.setVerticalSpacing(4)
        table.setColumnMinimumWidth(0, _NAME_PX)  # what is missing wraps; the name of the figure stays readable
        table.setColumnStretch(0, 1)
        table.setColumnStretch(1, 1)
        for number, key in enumerate((*_ROWS[self._organ_id], *_EXTRA[self._organ_id])):
            self._add_labels(key, "Figure")
            both = QVBoxLayout()
            both.setSpacing(0)
            both.addWidget(self.values[key], 0, Qt.AlignmentFlag.AlignRight)
            both.addWidget(self._intervals[key])
            self._intervals[key].setAlignment(Qt.AlignmentFlag.AlignRight)
            table.addWidget(self._names[key], number, 0)
            table.addLayout(both, number, 1)
        return table

    def _add_labels(self, key: str, value_name: str) -> None:
        self._names[key] = label("", "Quiet", wraps=True)
        self.values[key] = label("", value_name)
        self._intervals[key] = label("", "Interval")

    def _write(self) -> None:
        wording, shown = self._wording, self._shown
        text = wording.text(f"ui.figures.{shown.state}") if shown.state is not FigureState.SETTLED else ""
        if shown.error is not None:
            text = wording.error(shown.error)
        self.state.setText(text)
        self.state.setVisible(bool(text))
        shown_tree = shown.liver if self._organ_id == "liver" else shown.pancreas
        tree = {} if shown_tree is None else shown_tree
        is_current = shown.state in (FigureState.LIVE, FigureState.SETTLED, FigureState.PREVIEW)
        for key in self.values:
            figure = _figure(tree, key)
            self._write_figure(key, figure)
            if key in _EXTRA[self._organ_id]:
                for widget in (self._names[key], self.values[key], self._intervals[key]):
                    widget.setVisible(figure is not None and not _is_unasked(key, figure))
            self.values[key].setEnabled(is_current)
            self._intervals[key].setEnabled(is_current)

    def _write_figure(self, key: str, figure: Figure | None) -> None:
        wording = self._wording
        value, interval, tip = "–", "", ""
        if figure is not None and figure.value is not None:
            decimals = 2 if key in _TWO_DECIMALS else None
            value = wording.quantity(figure.value, figure.unit, decimals=decimals)
            if figure.low is not None and figure.high is not None:
                places = 2 if key in _TWO_DECIMALS else (1 if figure.unit in ("%", "mm") else 0)
                low, high = (wording.number(v, decimals=places) for v in (figure.low, figure.high))
                interval = wording.text("ui.figures.interval", low=low, high=high)
            tip = wording.text("ui.figures.interval_tip", source=figure.source)
        elif figure is not None and figure.needs:
            needs = ", ".join(wording.text(f"fact.{name}") for name in figure.needs)
            interval = wording.text("ui.figures.needs", needs=needs)
        self.values[key].setText(value)
        self._intervals[key].setWordWrap(figure is not None and figure.value is None)
        self._intervals[key].setText(interval)
        self.values[key].setToolTip(tip)
        self._intervals[key].setToolTip(tip)


def _is_unasked(key: str, figure: Figure) -> bool:
    """Tell whether a figure of growth has no inputs: nobody asked for it."""
    return figure.value is None and key.startswith(("hypertrophy_points.", "kinetic_growth_rate."))


def _figure(tree: Mapping[str, Figure | FigureTree], key: str) -> Figure | None:
    """Return a figure by its dotted key."""
    head, _, rest = key.partition(".")
    found = tree.get(head)
    if isinstance(found, Figure):
        return found
    return None if found is None or not rest else _figure(found, rest)
