"""What can be set of the cut that is worked on: buttons, sliders and lists by its kind."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.services.rehearse_plan import Rehearsal
from app.services.shape_sheet import turned_sheet
from app.ui.action_table import ActionTable
from app.ui.cut_options_lesion import LesionOptions
from app.ui.cut_options_pancreas import PancreasOptions
from app.ui.cut_options_territory import DonorOptions, TerritoryOptions
from app.ui.pieces import action_button, label
from app.ui.plan_desk import PlanDesk
from app.ui.view_state import ViewState
from twin.resection import (
    AblationZone,
    DonorSplit,
    PancreasCut,
    PlaneCut,
    Resection,
    SheetCut,
    TerritorySet,
    WedgeCut,
)
from twin.wording import Wording

__all__ = ["CutOptions"]


class CutOptions(QWidget):
    """Shows the options of one cut, those of its kind.

    Parameters
    ----------
    actions, desk, state
        What they change.
    """

    def __init__(
        self,
        actions: ActionTable,
        desk: PlanDesk,
        state: ViewState,
        wording: Wording,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wording = wording
        self.plane = QWidget()
        self.bend, self.along, self.turn = QPushButton(), QPushButton(), QPushButton()
        self.bend.setObjectName("Small")
        row = QHBoxLayout(self.plane)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for action_id in ("plan.flip", "plan.centre"):
            row.addWidget(action_button(actions[action_id], name="Small", has_icon=False))
        row.addWidget(self.bend)
        self.bend.clicked.connect(self._bend_plane)
        self.sheet = QWidget()
        self._sheet_hint = label("", "Faint", wraps=True)
        sheet = QVBoxLayout(self.sheet)
        sheet.setContentsMargins(0, 0, 0, 0)
        sheet.addWidget(self._sheet_hint)
        sheet.addWidget(self.turn)
        self.turn.clicked.connect(self._turn_sheet)
        self.lesion = LesionOptions(desk, wording)
        self.territory = TerritoryOptions(desk, wording)
        self.donor = DonorOptions(desk, wording)
        self.pancreas = PancreasOptions(desk, wording)
        self.along.clicked.connect(self._follow_border)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        for widget in (self.plane, self.sheet, self.lesion, self.territory, self.donor, self.pancreas, self.along):
            layout.addWidget(widget)
        self.set_wording(wording)
        desk.cut_selected.connect(lambda index: self.show_cut())

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.bend.setText(wording.text("ui.cut.bend"))
        self.bend.setToolTip(wording.text("ui.cut.bend_tip"))
        self.along.setText(wording.text("ui.cut.along"))
        self.turn.setText(wording.text("ui.action.plan.flip"))
        self._sheet_hint.setText(wording.text("ui.cut.sheet_hint"))
        for part in (self.lesion, self.territory, self.donor, self.pancreas):
            part.set_wording(wording)
        self.show_cut()

    def show_cut(self) -> None:
        """Show the options of the cut that is worked on."""
        cut, can_edit = self._desk.cut, self._desk.is_editable
        is_lesion = isinstance(cut, WedgeCut | AblationZone)
        self.plane.setVisible(isinstance(cut, PlaneCut))
        self.sheet.setVisible(isinstance(cut, SheetCut))
        self.lesion.setVisible(is_lesion)
        self.donor.setVisible(isinstance(cut, DonorSplit))
        self.pancreas.setVisible(isinstance(cut, PancreasCut))
        self.territory.setVisible(self.territory.suits(cut))
        self.along.setVisible(isinstance(cut, TerritorySet | DonorSplit))
        needed = "" if can_edit else self._wording.text("ui.need.draft")
        for button, tip in ((self.bend, "ui.cut.bend_tip"), (self.along, "ui.cut.along_tip"), (self.turn, "")):
            button.setEnabled(can_edit)
            button.setToolTip(needed or (self._wording.text(tip) if tip else ""))
        for part in (self.lesion, self.territory, self.donor, self.pancreas):
            part.setEnabled(can_edit)
            part.setToolTip(needed)
            part.show_cut(cut)

    def _bend_plane(self) -> None:
        cut = self._desk.cut
        if isinstance(cut, PlaneCut):
            self._desk.make_cut(lambda rehearsal: rehearsal.bent_plane(cut), self._desk.set_cut)

    def _turn_sheet(self) -> None:
        cut = self._desk.cut
        if isinstance(cut, SheetCut):
            self._desk.set_cut(turned_sheet(cut))

    def _follow_border(self) -> None:
        cut = self._desk.cut
        if cut is None:
            return
        chosen: Resection = cut

        def fit(rehearsal: Rehearsal) -> SheetCut:
            return rehearsal.sheet_along(chosen).cut

        self._desk.make_cut(fit, self._desk.set_cut)
