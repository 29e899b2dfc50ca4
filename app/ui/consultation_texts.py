"""Pages of the team for words: texts of scenes in the surgeon's own words, notes, and the patient's questions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.services.consultation import Scene, Story, readability
from app.ui.pieces import label
from twin.wording import Wording

__all__ = ["NotesPage", "TextsPage"]

_AFTER_TYPING_MS = 600


class TextsPage(QWidget):
    """Title and text of each scene, with a word on how plain they are."""

    changed = Signal(object)  # dict[str, str], as StoryChoices.texts

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._story: Story | None = None
        self._texts: dict[str, str] = {}
        self._intro = label("", "Quiet", wraps=True)
        self.scenes = QComboBox()
        self.title = QLineEdit()
        self.text = QPlainTextEdit()
        self._plainness = label("", "Quiet", wraps=True)
        self.restore_button = QPushButton()
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_AFTER_TYPING_MS)
        self._wait.timeout.connect(self._tell)
        self.scenes.activated.connect(self._show_scene)
        self.title.textEdited.connect(self._typed)
        self.text.textChanged.connect(self._typed)
        self.restore_button.clicked.connect(self._restore)
        layout = QVBoxLayout(self)
        for widget in (self._intro, self.scenes, self.title, self.text, self._plainness, self.restore_button):
            layout.addWidget(widget)
        self.set_wording(wording)

    def show_story(self, story: Story, texts: Mapping[str, str]) -> None:
        """Show the texts of a story, and which of them are the surgeon's own."""
        chosen = self.scenes.currentIndex() if self._is_same(story) else 0
        self._story, self._texts = story, dict(texts)
        self.scenes.clear()
        for scene in story.scenes:
            self.scenes.addItem(scene.title)
        self.scenes.setCurrentIndex(max(chosen, 0))
        if not self._wait.isActive() and not self.text.hasFocus():
            self._show_scene()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._intro.setText(wording.text("consultation.texts.intro"))
        self.restore_button.setText(wording.text("consultation.texts.restore"))
        self._measure()

    @property
    def scene(self) -> Scene | None:
        """The scene whose words are shown."""
        index = self.scenes.currentIndex()
        is_known = self._story is not None and 0 <= index < len(self._story.scenes)
        return self._story.scenes[index] if is_known and self._story is not None else None

    def _is_same(self, story: Story) -> bool:
        known = () if self._story is None else self._story.scenes
        return [one.id for one in known] == [one.id for one in story.scenes]

    def _show_scene(self) -> None:
        scene = self.scene
        if scene is None:
            return
        self.text.blockSignals(True)
        self.title.setText(scene.title)
        self.text.setPlainText("\n".join(scene.text))
        self.text.blockSignals(False)
        self.restore_button.setEnabled(scene.is_edited)
        self._measure()

    def _typed(self) -> None:
        self._measure()
        self._wait.start()

    def _measure(self) -> None:
        """Say how plain the text is: a hint, never a hindrance."""
        if self._story is None:
            return
        lines = [line for line in self.text.toPlainText().splitlines() if line.strip()]
        found = readability(lines, self._story.language)
        if found.is_plain:
            self._plainness.setText(self._wording.text("consultation.texts.plain"))
        elif found.longest:
            text = self._wording.text("consultation.texts.hard", count=found.n_longest, sentence=found.longest)
            self._plainness.setText(text)

    def _tell(self) -> None:
        scene = self.scene
        if scene is None:
            return
        title, text = self.title.text().strip(), self.text.toPlainText().strip()
        if title != scene.title:
            self._texts[f"{scene.id}.title"] = title
        if text.splitlines() != list(scene.text):
            self._texts[f"{scene.id}.text"] = text
        self.restore_button.setEnabled(True)
        self.changed.emit(dict(self._texts))

    def _restore(self) -> None:
        scene = self.scene
        if scene is not None:
            for name in ("title", "text"):
                self._texts.pop(f"{scene.id}.{name}", None)
            self.scenes.setFocus()
            self.changed.emit(dict(self._texts))


class NotesPage(QWidget):
    """Notes of the team and questions of the patient: kept in the case, taken home only when somebody says so."""

    changed = Signal(str, str)  # notes, questions
    taken_home = Signal(object)  # frozenset[str] of "notes" and "questions"

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = {name: label("", "Section") for name in ("questions", "notes")}
        self._note = label("", "Quiet", wraps=True)
        self.questions, self.notes = QPlainTextEdit(), QPlainTextEdit()
        self.checks = {name: QCheckBox() for name in ("questions", "notes")}
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_AFTER_TYPING_MS)
        self._wait.timeout.connect(self._tell)
        layout = QVBoxLayout(self)
        for name, field in (("questions", self.questions), ("notes", self.notes)):
            layout.addWidget(self._labels[name])
            layout.addWidget(field)
            layout.addWidget(self.checks[name])
            field.textChanged.connect(lambda name=name: self._typed(name))
            self.checks[name].clicked.connect(self._tell_taken)
        layout.addWidget(self._note)
        self.set_wording(wording)

    def show_notes(self, notes: str, questions: str, taken: Collection[str]) -> None:
        """Show what is kept, and what of it goes home."""
        for name, check in self.checks.items():
            check.setChecked(name in taken)
        for field, text in ((self.notes, notes), (self.questions, questions)):
            if field.toPlainText() != text:
                field.blockSignals(True)
                field.setPlainText(text)
                field.blockSignals(False)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        for name, one in self._labels.items():
            one.setText(wording.text(f"consultation.notes.{name}"))
            self.checks[name].setText(wording.text(f"consultation.notes.{name}_home"))
        self._note.setText(wording.text("consultation.notes.kept"))

    def flush(self) -> None:
        """Tell at once what was typed last."""
        if self._wait.isActive():
            self._wait.stop()
            self._tell()

    def _typed(self, name: str) -> None:
        """What was changed since somebody looked through it must be looked through again."""
        self._wait.start()
        if self.checks[name].isChecked():
            self.checks[name].setChecked(False)
            self._tell_taken()

    def _tell_taken(self) -> None:
        self.flush()
        self.taken_home.emit(frozenset(name for name, check in self.checks.items() if check.isChecked()))

    def _tell(self) -> None:
        self.changed.emit(self.notes.toPlainText(), self.questions.toPlainText())
