"""Which automatic segmenter labels the scan: each one there is, and why one cannot run here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QRadioButton, QVBoxLayout, QWidget

from app.services.segment_case import SegmenterState
from app.ui.pieces import clear, label
from twin.wording import Wording

__all__ = ["SegmentersDialog"]

_WIDTH_PX = 560
_EDGE_PX = 18
_INDENT_PX = 24
_SPARE_PX = 8
_AIR_PX = 14
_NAMED = ("networks", "classical", "totalsegmentator", "nnunet", "onnx")
_PREFIX = "segmenter."


class SegmentersDialog(QDialog):
    """The list, filled once every segmenter was asked; the first one that can run is chosen.

    Parameters
    ----------
    wording
        Language of its texts.
    start
        Called with the id of the segmenter when the user begins.
    """

    def __init__(self, wording: Wording, start: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setWindowTitle(wording.text("ui.segmenters.title"))
        self._wording = wording
        self.choices: dict[str, QRadioButton] = {}
        self.start_button = QPushButton(wording.text("ui.action.anatomy.segment"))
        self.start_button.setObjectName("Main")
        self.start_button.setDefault(True)
        self.start_button.setEnabled(False)
        self.close_button = QPushButton(wording.text("ui.segmenters.cancel"))
        self.start_button.clicked.connect(lambda: self._start(start))
        self.close_button.clicked.connect(self.reject)
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self._list.addWidget(label(wording.text("ui.segmenters.looking"), "Quiet"))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.start_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_EDGE_PX, 16, _EDGE_PX, 14)
        layout.setSpacing(12)
        layout.addWidget(label(wording.text("ui.segmenters.which"), wraps=True))
        layout.addLayout(self._list)
        layout.addStretch(1)
        layout.addLayout(buttons)
        self.resize(_WIDTH_PX, 300)

    @property
    def chosen(self) -> str | None:
        """Id of the segmenter that is chosen, or None."""
        return next((i for i, choice in self.choices.items() if choice.isChecked()), None)

    def show_states(self, states: Sequence[SegmenterState]) -> None:
        """List the segmenters."""
        clear(self._list)
        for state in states:
            choice = QRadioButton(self._name(state))
            choice.setEnabled(state.is_available)
            choice.setChecked(state.is_available and self.chosen is None)
            self.choices[state.id] = choice
            self._list.addWidget(choice)
            if not state.is_available:
                reason = self._wording.text(state.reason_id or "error.segment.none_available")
                choice.setToolTip(reason)
                said = label(reason, "Quiet", wraps=True)
                said.setContentsMargins(_INDENT_PX, 0, 0, 4)
                self._list.addWidget(said)
                said.setAlignment(Qt.AlignmentFlag.AlignTop)
                said.setMinimumHeight(_height_of(said))
        self.start_button.setEnabled(self.chosen is not None)
        checked = self.choices.get(self.chosen or "")
        if checked is not None:
            checked.show()  # a layout shows it only with the next event, and what is hidden is not given the keys
            checked.setFocus()
        layout = self.layout()
        assert layout is not None
        self.resize(_WIDTH_PX, max(layout.totalHeightForWidth(_WIDTH_PX), 200))

    def _name(self, state: SegmenterState) -> str:
        short = state.id.removeprefix(_PREFIX)
        name = self._wording.text(f"ui.segmenter.{short}") if short in _NAMED else short
        version = f" {state.version}" if state.is_available else ""
        absent = "" if state.is_available else f" ({self._wording.text('ui.segmenters.absent')})"
        return f"{name}{version}{absent}"

    def _start(self, start: Callable[[str], None]) -> None:
        chosen = self.chosen
        if chosen is not None:
            self.accept()
            start(chosen)


def _height_of(wrapped: QLabel) -> int:
    """Height of a text that wraps beside its indent; a label in a layout of its own is given too little."""
    wrapped.ensurePolished()  # it is known only in its font
    room = QRect(0, 0, _WIDTH_PX - 2 * _EDGE_PX - _INDENT_PX - _SPARE_PX, 1000)
    flags = int(Qt.TextFlag.TextWordWrap)
    return wrapped.fontMetrics().boundingRect(room, flags, wrapped.text()).height() + _AIR_PX
