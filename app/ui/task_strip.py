"""What runs beside the window: its name, how far it is, and a way to stop it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenuBar, QProgressBar, QPushButton, QWidget

from app.services.jobs import JobHandle
from twin.job import Progress
from twin.wording import Wording

__all__ = ["TaskStrip"]

_STEPS = 1000


class TaskStrip(QWidget):
    """Shows the newest task; hidden when nothing runs."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("TaskStrip")
        self._wording = wording
        self._handle: JobHandle | None = None
        self._message_id = ""
        self._progress: Progress | None = None
        self._label = QLabel()
        self._label.setObjectName("Quiet")
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setFixedSize(120, 8)
        self.cancel_button = QPushButton()
        self.cancel_button.setObjectName("Small")
        self.cancel_button.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 2, 12, 2)
        layout.addWidget(self._label)
        layout.addWidget(self._bar)
        layout.addWidget(self.cancel_button)
        self.hide()

    @property
    def is_busy(self) -> bool:
        """True while a task runs."""
        return self._handle is not None

    def begin(self, message_id: str, handle: JobHandle) -> None:
        """Show a task."""
        self._message_id, self._handle, self._progress = message_id, handle, None
        self._bar.setValue(0)
        self.cancel_button.setEnabled(True)
        self._write()
        self.show()
        self._fit_corner()

    def advance(self, progress: Progress) -> None:
        """Show how far it is."""
        self._progress = progress
        self._bar.setValue(round(_STEPS * progress.fraction))
        self._write()

    def end(self) -> None:
        """Hide: the task has ended."""
        self._handle = None
        self.hide()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def _write(self) -> None:
        self.cancel_button.setText(self._wording.text("ui.task.cancel"))
        if self._message_id:
            self._label.setText(self._wording.text(self._message_id))
        if self._progress is not None:
            self._label.setToolTip(self._wording.text(self._progress.message_id, **self._progress.parameters))

    def _fit_corner(self) -> None:
        """Let the menu bar give the room the text needs."""
        self.adjustSize()
        bar = self.parentWidget()
        if isinstance(bar, QMenuBar):
            bar.setCornerWidget(self, Qt.Corner.TopRightCorner)
            self.show()

    def _cancel(self) -> None:
        if self._handle is not None:
            self.cancel_button.setEnabled(False)
            self._label.setText(self._wording.text("ui.task.stopping"))
            self._handle.cancel()
