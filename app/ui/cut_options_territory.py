"""Options of territories: segments by their digits, branches by their names, picked in 3D; and of a donor's graft."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.services.choose_territory import branch_names, segment_at, segment_digits, toggled
from app.services.describe_point import branch_in_words
from app.ui.pieces import label
from app.ui.plan_desk import PlanDesk
from app.ui.twin_pick import PickedPoint
from twin.errors import GeometryError
from twin.resection import (
    AbsentTerritory,
    DonorSplit,
    EmbolisedTerritory,
    Partition,
    ReconstructedVessel,
    Resection,
    TerritorySet,
)
from twin.wording import Wording

__all__ = ["DonorOptions", "TerritoryOptions"]

_LIST_PX = 96
_GRAFTS = ("right", "left", "left-lateral")
_VEIN = (("unsaid", None), ("with", True), ("without", False))
_Chosen = TerritorySet | EmbolisedTerritory | AbsentTerritory | ReconstructedVessel | Partition


class TerritoryOptions(QWidget):
    """Digits of segments, with the New World code they make, and the branches of the trees."""

    def __init__(self, desk: PlanDesk, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wording = wording
        self._is_writing = False
        self.code = label("", "Figure")
        self.code.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.code.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # the list of cuts has it too
        self.digits: dict[str, QPushButton] = {}
        self._segments = QWidget()
        row = QHBoxLayout(self._segments)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for digit in "12345678":
            button = QPushButton(digit)
            button.setObjectName("Digit")
            button.setCheckable(True)
            button.setFixedWidth(24)
            button.clicked.connect(lambda checked=False, name=digit: self._toggle(name))
            self.digits[digit] = button
            row.addWidget(button)
        row.addWidget(self.code, 1)
        self._none = label("", "Faint", wraps=True)
        self.branches = QListWidget()
        self.branches.setFixedHeight(_LIST_PX)
        self.branches.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # long names end in dots
        self.branches.itemChanged.connect(self._on_checked)
        self.picks = QCheckBox()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self._segments, self._none, self.branches, self.picks):
            layout.addWidget(widget)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.picks.setText(wording.text("ui.territory.pick"))
        self.picks.setToolTip(wording.text("ui.territory.pick_tip"))
        self._none.setText(wording.text("ui.territory.none"))
        for digit, button in self.digits.items():
            button.setAccessibleName(wording.text("ui.territory.segment", number=digit))

    def suits(self, cut: Resection | None) -> bool:
        """Tell whether a cut is made of territories or branches."""
        return isinstance(cut, _Chosen)

    def show_cut(self, cut: Resection | None) -> None:
        """Show what a cut is made of."""
        twin = self._desk.twin
        if not isinstance(cut, _Chosen) or twin is None:
            return
        wording, known = self._wording, segment_digits(twin)
        code = cut.new_world_code if isinstance(cut, TerritorySet | AbsentTerritory) else ""
        takes_segments = isinstance(cut, TerritorySet | AbsentTerritory)
        self._segments.setVisible(takes_segments)
        self.code.setText(code)
        for digit, button in self.digits.items():
            button.setChecked(digit in code[1:])
            button.setEnabled(digit in known)
            tip = wording.text("ui.territory.segment", number=digit)
            button.setToolTip(tip if digit in known else wording.text("ui.need.segments"))
        trees = ("portal",) if isinstance(cut, EmbolisedTerritory | Partition) else ("portal", "hepatic")
        names = branch_names(twin, *trees)
        self._is_writing = True
        self.branches.clear()
        for name in names:
            item = QListWidgetItem(branch_in_words(name, wording))
            item.setToolTip(item.text())
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if name in cut.branches else Qt.CheckState.Unchecked)
            self.branches.addItem(item)
        self._is_writing = False
        self.branches.setVisible(bool(names))
        self.picks.setVisible(bool(names or known))
        self._none.setVisible(not names and not known)

    def pick(self, picked: PickedPoint | None) -> bool:
        """Take over what was clicked in 3D, where that is switched on; tell whether it was."""
        twin = self._desk.twin
        if picked is None or twin is None or not self.picks.isChecked() or not self.isVisible():
            return False
        branch = picked.description.branch
        name = self._level_of(branch) if branch else segment_at(twin, picked.point_lps_mm)
        if name:
            self._toggle(name)
        return bool(name)

    def _level_of(self, branch: str) -> str:
        """Return the named branch that a branch of the tree belongs to."""
        known = {str(self.branches.item(n).data(Qt.ItemDataRole.UserRole)) for n in range(self.branches.count())}
        parts = branch.split(".")
        return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in known), "")

    def _on_checked(self, item: QListWidgetItem) -> None:
        if not self._is_writing:
            self._toggle(str(item.data(Qt.ItemDataRole.UserRole)))

    def _toggle(self, name: str) -> None:
        cut = self._desk.cut
        if not isinstance(cut, _Chosen) or not self._desk.is_editable:
            return
        code = cut.new_world_code if isinstance(cut, TerritorySet | AbsentTerritory) else ""
        if name.isdigit() and not isinstance(cut, TerritorySet | AbsentTerritory):
            return
        try:
            chosen = toggled(TerritorySet(cut.branches, code), name)
        except GeometryError as error:
            self.show_cut(cut)
            self._desk.failed.emit(error)
            return
        if isinstance(cut, TerritorySet):
            self._desk.set_cut(chosen)
        elif isinstance(cut, AbsentTerritory):
            self._desk.set_cut(AbsentTerritory(chosen.branches, chosen.new_world_code))
        else:
            self._desk.set_cut(type(cut)(chosen.branches))


class DonorOptions(QWidget):
    """Which graft, and with whom the middle hepatic vein goes."""

    def __init__(self, desk: PlanDesk, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._graft_label, self._vein_label = label("", "Quiet"), label("", "Quiet")
        self.graft, self.vein = QComboBox(), QComboBox()
        for box in (self.graft, self.vein):
            box.activated.connect(self._tell)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        for line, (name, box) in enumerate(((self._graft_label, self.graft), (self._vein_label, self.vein))):
            grid.addWidget(name, line, 0)
            grid.addWidget(box, line, 1)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._graft_label.setText(wording.text("ui.donor.graft"))
        self._vein_label.setText(wording.text("ui.donor.vein"))
        self.graft.clear()
        self.vein.clear()
        for graft in _GRAFTS:
            self.graft.addItem(wording.text(f"ui.cut.graft.{graft}"), graft)
        for name, takes in _VEIN:
            self.vein.addItem(wording.text(f"ui.donor.vein.{name}"), takes)

    def show_cut(self, cut: Resection | None) -> None:
        """Show a donor's split."""
        if isinstance(cut, DonorSplit):
            self.graft.setCurrentIndex(_GRAFTS.index(cut.graft))
            self.vein.setCurrentIndex([takes for _, takes in _VEIN].index(cut.takes_middle_vein))
            self.vein.setEnabled(cut.graft != "left-lateral")

    def _tell(self) -> None:
        graft = str(self.graft.currentData())
        takes = None if graft == "left-lateral" else _VEIN[self.vein.currentIndex()][1]
        self._desk.set_cut(DonorSplit(graft, takes))
