"""Options of an operation on the pancreas: which one, and where along the axis from head to tail."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QGridLayout, QSlider, QVBoxLayout, QWidget

from app.ui.pieces import label
from app.ui.plan_desk import PlanDesk
from twin.anatomy import structure
from twin.resection import PancreasCut, PancreasOperation, Resection
from twin.wording import Wording

__all__ = ["FIRST_FRACTIONS", "PancreasOptions"]

_STEPS = 1000
_TYPED_DELAY_MS = 250
_LEAST_APART = 0.02  # of the axis, between the two cuts of a central resection
# Where a cut begins before a hand moves it: the neck, about (borders of the neck on twelve scans, twin.pancreas.parts).
FIRST_FRACTIONS = {
    PancreasOperation.WHIPPLE: (0.42,),
    PancreasOperation.DISTAL: (0.45,),
    PancreasOperation.CENTRAL: (0.38, 0.6),
    PancreasOperation.TOTAL: (),
    PancreasOperation.ENUCLEATION: (),
}


class PancreasOptions(QWidget):
    """Operation, its cuts along the axis, the spleen; or the lesion that is shelled out."""

    def __init__(self, desk: PlanDesk, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._wording = wording
        self._is_writing = False
        self.operation = QComboBox()
        self.operation.activated.connect(self._on_operation)
        self.sliders = (QSlider(Qt.Orientation.Horizontal), QSlider(Qt.Orientation.Horizontal))
        self._places = (label("", "Figure"), label("", "Figure"))
        self._head, self._tail = label("", "Faint"), label("", "Faint")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TYPED_DELAY_MS)
        self._timer.timeout.connect(self._tell)
        self._axis = QWidget()
        grid = QGridLayout(self._axis)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        for line, (slider, place) in enumerate(zip(self.sliders, self._places, strict=True)):
            slider.setRange(1, _STEPS - 1)
            slider.setPageStep(20)
            slider.valueChanged.connect(self._on_slid)
            slider.sliderReleased.connect(desk.release)
            grid.addWidget(slider, line, 0, 1, 3)
            grid.addWidget(place, line, 3)
        grid.addWidget(self._head, 2, 0)
        grid.addWidget(self._tail, 2, 2)
        self.spleen = QCheckBox()
        self.spleen.clicked.connect(self._tell)
        self.lesion = QComboBox()
        self.lesion.activated.connect(self._tell)
        self.rim = QDoubleSpinBox()
        self.rim.setRange(0.0, 30.0)
        self.rim.setDecimals(1)
        self.rim.setKeyboardTracking(False)
        self.rim.valueChanged.connect(lambda value: None if self._is_writing else self._timer.start())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.operation, self._axis, self.spleen, self.lesion, self.rim):
            layout.addWidget(widget)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.operation.clear()
        for operation in PancreasOperation:
            self.operation.addItem(wording.text(f"ui.cut.operation.{operation}"), operation)
        self._head.setText(wording.text("ui.pancreas.head"))
        self._tail.setText(wording.text("ui.pancreas.tail"))
        self.spleen.setText(wording.text("ui.pancreas.keeps_spleen"))
        self.rim.setPrefix(wording.text("ui.pancreas.rim") + " ")
        self.rim.setSuffix("\u00a0mm")
        self.rim.setLocale(QLocale(wording.language))
        for slider in self.sliders:
            slider.setAccessibleName(wording.text("ui.pancreas.axis"))
            slider.setToolTip(wording.text("ui.pancreas.axis_tip"))

    def show_cut(self, cut: Resection | None) -> None:
        """Show an operation as it is in the plan."""
        if not isinstance(cut, PancreasCut):
            return
        self._is_writing = True
        is_enucleation = cut.operation is PancreasOperation.ENUCLEATION
        self.operation.setCurrentIndex(list(PancreasOperation).index(cut.operation))
        self._axis.setVisible(bool(cut.fractions))
        for number, (slider, place) in enumerate(zip(self.sliders, self._places, strict=True)):
            is_used = number < len(cut.fractions)
            slider.setVisible(is_used)
            place.setVisible(is_used)
            if is_used and not slider.isSliderDown():
                slider.setValue(round(cut.fractions[number] * _STEPS))
            if is_used:
                place.setText(self._wording.quantity(100.0 * cut.fractions[number], "%", decimals=0))
        self.spleen.setVisible(cut.operation in (PancreasOperation.DISTAL, PancreasOperation.TOTAL))
        self.spleen.setChecked(cut.keeps_spleen)
        self.lesion.setVisible(is_enucleation)
        self.rim.setVisible(is_enucleation)
        self.lesion.clear()
        for lesion_id in self._desk.lesion_ids():
            self.lesion.addItem(structure(lesion_id).name(self._wording.language), lesion_id)
        self.lesion.setCurrentIndex(max(self.lesion.findData(cut.lesion_id), 0))
        self.rim.setValue(cut.margin_mm)
        self._is_writing = False

    def _on_slid(self) -> None:
        if self._is_writing:
            return
        cut = self._made()
        if not isinstance(cut, PancreasCut):
            return
        for place, fraction in zip(self._places, cut.fractions, strict=False):
            place.setText(self._wording.quantity(100.0 * fraction, "%", decimals=0))
        if any(slider.isSliderDown() for slider in self.sliders):
            self._desk.drag_cut(cut)
        else:
            self._timer.start()

    def _on_operation(self) -> None:
        cut = self._desk.cut
        operation = self._operation()
        if not isinstance(cut, PancreasCut) or operation is cut.operation:
            return
        lesion_id = next(iter(self._desk.lesion_ids()), "")
        if operation is PancreasOperation.ENUCLEATION:
            self._desk.set_cut(PancreasCut(operation, lesion_id=lesion_id))
        else:
            self._desk.set_cut(PancreasCut(operation, FIRST_FRACTIONS[operation]))

    def _tell(self) -> None:
        cut = self._made()
        if cut is not None and not self._is_writing:
            self._desk.set_cut(cut)

    def _made(self) -> PancreasCut | None:
        cut = self._desk.cut
        if not isinstance(cut, PancreasCut):
            return None
        operation = cut.operation
        if operation is PancreasOperation.ENUCLEATION:
            return PancreasCut(operation, lesion_id=str(self.lesion.currentData() or ""), margin_mm=self.rim.value())
        fractions = [self.sliders[n].value() / _STEPS for n in range(len(cut.fractions))]
        if len(fractions) == 2:
            first, second = sorted(fractions)
            fractions = [first, max(second, min(first + _LEAST_APART, 1.0 - 1.0 / _STEPS))]
        has_choice = operation in (PancreasOperation.DISTAL, PancreasOperation.TOTAL)
        return PancreasCut(operation, tuple(fractions), keeps_spleen=has_choice and self.spleen.isChecked())

    def _operation(self) -> PancreasOperation:
        return list(PancreasOperation)[self.operation.currentIndex()]
