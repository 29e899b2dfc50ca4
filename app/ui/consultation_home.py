"""The page that makes the folder the patient takes home."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.ui.pieces import label
from twin.job import Progress
from twin.wording import LANGUAGES, Wording

__all__ = ["HomePage"]

_STEPS = 1000


class HomePage(QWidget):
    """Languages, seal, one button, progress and a way to stop."""

    asked = Signal()
    cancel_asked = Signal()

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._progress_text = label("", "Quiet", wraps=True)
        self._labels = {name: label("", "Quiet", wraps=True) for name in ("intro", "language", "seal_note")}
        self.languages = QComboBox()
        self.both_languages, self.seal = QCheckBox(), QCheckBox()
        self.make_button, self.cancel_button = QPushButton(), QPushButton()
        self.make_button.setObjectName("Main")
        self.make_button.setMinimumHeight(44)
        self.make_button.clicked.connect(self.asked)
        self.cancel_button.clicked.connect(self.cancel_asked)
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.told = label("", "", wraps=True)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        for widget in (
            self._labels["intro"], self._labels["language"], self.languages, self.both_languages, self.seal,
            self._labels["seal_note"],
            self.make_button, self.bar, self._progress_text, self.cancel_button, self.told,
        ):  # fmt: skip
            layout.addWidget(widget)
        layout.addStretch(1)
        self.set_running(is_running=False)
        self.set_wording(wording)

    @property
    def language(self) -> str:
        """The language that is chosen."""
        return str(self.languages.currentData())

    @property
    def beside(self) -> str:
        """The other language when both are wanted side by side, else nothing."""
        others = [language for language in LANGUAGES if language != self.language]
        return others[0] if self.both_languages.isChecked() else ""

    def choose_language(self, language: str) -> None:
        """Take the language of the stage."""
        self.languages.setCurrentIndex(LANGUAGES.index(language))

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        chosen = max(self.languages.currentIndex(), 0)
        self.languages.clear()
        for language in LANGUAGES:
            self.languages.addItem(Wording(language).text("consultation.language"), language)
        self.languages.setCurrentIndex(chosen)
        for name, one in self._labels.items():
            one.setText(wording.text(f"consultation.home.{name}"))
        self.both_languages.setText(wording.text("consultation.home.both_languages"))
        self.seal.setText(wording.text("consultation.home.seal"))
        self.make_button.setText(wording.text("consultation.home.make"))
        self.cancel_button.setText(wording.text("ui.task.cancel"))

    def set_running(self, *, is_running: bool) -> None:
        """Show progress while it runs."""
        for widget in (self.bar, self._progress_text, self.cancel_button):
            widget.setVisible(is_running)
        self.make_button.setEnabled(not is_running)

    def advance(self, progress: Progress) -> None:
        """Show how far it is."""
        self.bar.setValue(round(_STEPS * progress.fraction))
        self._progress_text.setText(self._wording.text(progress.message_id, **progress.parameters))
