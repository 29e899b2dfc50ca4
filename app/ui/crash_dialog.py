"""What is said when the program itself failed: that the work is safe, and how to send what is needed to mend it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.ui.pieces import label
from twin.wording import Wording

__all__ = ["CrashDialog"]

_WIDTH_PX = 520


class CrashDialog(QDialog):
    """One per failure; it does not stop the work: the window can be used beside it.

    Parameters
    ----------
    wording
        Language of its texts.
    kind
        Type of the failure, the one technical word on it.
    save_logs
        Asks where, writes the bundle and returns what to say about it, or nothing.
    """

    def __init__(
        self, wording: Wording, kind: str, save_logs: Callable[[], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setModal(False)
        self.setWindowTitle(wording.text("ui.crash.title"))
        self.save_button = QPushButton(wording.text("ui.crash.save"))
        self.close_button = QPushButton(wording.text("ui.crash.go_on"))
        self.close_button.setObjectName("Main")
        self.close_button.setDefault(True)
        self._said = label("", "Quiet", wraps=True)
        self._said.hide()
        self.save_button.clicked.connect(lambda: self._say(save_logs()))
        self.close_button.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.save_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(label(wording.text("ui.crash.what", kind=kind), wraps=True))
        layout.addWidget(label(wording.text("ui.crash.bundle"), "Quiet", wraps=True))
        layout.addWidget(self._said)
        layout.addLayout(buttons)
        self.resize(_WIDTH_PX, layout.totalHeightForWidth(_WIDTH_PX))

    def _say(self, text: str) -> None:
        self._said.setText(text)
        self._said.setVisible(bool(text))
