"""Options of a wedge and of an ablation: which lesion, and how wide the margin."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QSlider, QWidget

from app.ui.pieces import label
from app.ui.plan_desk import PlanDesk
from twin.anatomy import structure
from twin.resection import AblationZone, Resection, WedgeCut
from twin.wording import Wording

__all__ = ["LesionOptions"]

_TYPED_DELAY_MS = 250
_STEPS_PER_MM = 2
_WIDEST_MM = 50.0


class LesionOptions(QWidget):
    """Lesion and margin; while the slider is held figures are live, on release they settle."""

    def __init__(self, desk: PlanDesk, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wording = wording
        self._is_writing = False
        self._lesion_label, self._margin_label = label("", "Quiet"), label("", "Quiet")
        self.lesion_choice = QComboBox()
        self.lesion_choice.activated.connect(self._tell)
        self.margin = QDoubleSpinBox()
        self.margin.setRange(0.0, _WIDEST_MM)
        self.margin.setSingleStep(1.0)
        self.margin.setDecimals(1)
        self.margin.setKeyboardTracking(False)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, round(_WIDEST_MM * _STEPS_PER_MM))
        self.slider.setPageStep(2 * _STEPS_PER_MM)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TYPED_DELAY_MS)
        self._timer.timeout.connect(self._tell)
        self.margin.valueChanged.connect(self._on_typed)
        self.slider.valueChanged.connect(self._on_slid)
        self.slider.sliderReleased.connect(self._on_released)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._lesion_label, 0, 0)
        grid.addWidget(self.lesion_choice, 0, 1, 1, 2)
        grid.addWidget(self._margin_label, 1, 0)
        grid.addWidget(self.slider, 1, 1)
        grid.addWidget(self.margin, 1, 2)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._lesion_label.setText(wording.text("ui.plan.lesion"))
        self._margin_label.setText(wording.text("ui.plan.margin"))
        self.slider.setAccessibleName(wording.text("ui.plan.margin"))
        self.margin.setSuffix("\u00a0mm")
        self.margin.setLocale(QLocale(wording.language))

    def show_cut(self, cut: Resection | None) -> None:
        """Show a wedge or an ablation as it is in the plan."""
        if not isinstance(cut, WedgeCut | AblationZone):
            return
        self._is_writing = True
        self.lesion_choice.clear()
        for lesion_id in self._desk.lesion_ids():
            self.lesion_choice.addItem(structure(lesion_id).name(self._wording.language), lesion_id)
        self.lesion_choice.setCurrentIndex(max(self.lesion_choice.findData(cut.lesion_id), 0))
        if not self._timer.isActive():
            self.margin.setValue(cut.margin_mm)
            if not self.slider.isSliderDown():
                self.slider.setValue(round(cut.margin_mm * _STEPS_PER_MM))
        self._is_writing = False

    def _on_typed(self) -> None:
        if not self._is_writing:
            self._timer.start()

    def _on_slid(self, value: int) -> None:
        cut = None if self._is_writing else self._cut(value / _STEPS_PER_MM)
        if cut is None:
            return
        self._is_writing = True
        self.margin.setValue(cut.margin_mm)
        self._is_writing = False
        if self.slider.isSliderDown():
            self._desk.drag_cut(cut)
        else:
            self._timer.start()

    def _on_released(self) -> None:
        self._desk.release()

    def _tell(self) -> None:
        cut = None if self._is_writing else self._cut(self.margin.value())
        if cut is not None:
            self._desk.set_cut(cut)

    def _cut(self, margin_mm: float) -> WedgeCut | AblationZone | None:
        cut, lesion_id = self._desk.cut, self.lesion_choice.currentData()
        if not isinstance(cut, WedgeCut | AblationZone) or lesion_id is None:
            return None
        return type(cut)(str(lesion_id), margin_mm)
