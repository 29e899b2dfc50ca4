"""Vessels that the cut crosses: with diameter, the question whether to preserve them, and a way to each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.services.describe_point import branch_in_words
from app.ui.pieces import Chip, clear, label
from app.ui.theme import DARK, Theme, icon
from twin.outcome import CrossedVessel
from twin.wording import Wording

__all__ = ["VesselList"]

_MOST = 40


class VesselList(QWidget):
    """One row a vessel, in geometric order along the cut."""

    vessel_chosen = Signal(object)  # CrossedVessel

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._theme = DARK
        self._vessels: tuple[CrossedVessel, ...] = ()
        self.goto_buttons: list[QToolButton] = []
        self.marks: list[Chip] = []
        self._title = label("", "Section", wraps=True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(1)
        self._footer = label("", "Faint", wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._title)
        layout.addLayout(self._rows)
        layout.addWidget(self._footer)
        layout.addStretch(1)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._title.setText(wording.text("ui.plan.vessels"))
        self._footer.setText(wording.text("ui.plan.footer"))
        self._write()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme = theme
        self._write()

    def show_vessels(self, vessels: Sequence[CrossedVessel]) -> None:
        """List vessels."""
        if tuple(vessels) != self._vessels:
            self._vessels = tuple(vessels)
            self._write()

    def _write(self) -> None:
        clear(self._rows)
        self.goto_buttons, self.marks = [], []
        wording = self._wording
        for vessel in self._vessels[:_MOST]:
            self._rows.addWidget(self._made_row(vessel))
        if not self._vessels:
            self._rows.addWidget(label(wording.text("ui.vessels.none"), "Quiet", wraps=True))
        elif len(self._vessels) > _MOST:
            more = wording.text("ui.vessels.more", count=len(self._vessels) - _MOST)
            self._rows.addWidget(label(more, "Faint", wraps=True))

    def _made_row(self, vessel: CrossedVessel) -> QWidget:
        wording = self._wording
        row = QFrame()
        row.setObjectName("Row")
        name = branch_in_words(vessel.branch or vessel.tree, wording)
        diameter = wording.quantity(vessel.diameter_mm, "mm")
        text = label(wording.text("ui.plan.vessel", order=vessel.order, branch=name, diameter=diameter), wraps=True)
        text.setToolTip(vessel.branch)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        goto = QToolButton()
        goto.setObjectName("Flat")
        goto.setIcon(icon("goto", self._theme.text, self._theme.faint))
        goto.setIconSize(QSize(16, 16))
        goto.setToolTip(wording.text("ui.vessels.goto"))
        goto.setAccessibleName(f"{wording.text('ui.vessels.goto')} {name}")
        goto.clicked.connect(lambda: self.vessel_chosen.emit(vessel))
        self.goto_buttons.append(goto)
        column = QVBoxLayout()
        column.setSpacing(1)
        column.addWidget(text)
        if vessel.to_preserve:
            mark = Chip()
            mark.show_state(wording.text("ui.vessels.preserve"), "warning", wording.text("ui.vessels.preserve_tip"))
            mark.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
            self.marks.append(mark)
            column.addWidget(mark)
        line = QHBoxLayout(row)
        line.setContentsMargins(4, 2, 2, 2)
        line.addLayout(column, 1)
        line.addWidget(goto)
        return row
