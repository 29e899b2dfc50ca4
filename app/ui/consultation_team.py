"""The small window of the team: choices, words, notes, pictures, measures, the folder, and the lead of the story."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QTabWidget, QVBoxLayout, QWidget

from app.ui.consultation_choices import ChoicesPage, RisksPage
from app.ui.consultation_home import HomePage
from app.ui.consultation_measures import MeasuresPage
from app.ui.consultation_pictures import PicturesPage
from app.ui.consultation_player import StoryPlayer
from app.ui.consultation_texts import NotesPage, TextsPage
from app.ui.pieces import label, set_property
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["TeamWindow"]


class TeamWindow(QWidget):
    """Never seen by the patient: only here are alerts and measures.

    Parameters
    ----------
    player
        Leads the story; shared with the window of the patient.
    """

    show_asked = Signal()
    left = Signal()
    second_screen_chosen = Signal(bool)
    name_unlocked = Signal(bool)

    def __init__(self, player: StoryPlayer, wording: Wording) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.player = player
        self._wording = wording
        self.alert = label("", "Alert", wraps=True)
        self.alert.setStyleSheet(
            "QLabel { background: #fdf0d2; color: #7a5200; border-left: 5px solid #b87a00; padding: 9px 12px;"
            " font-size: 15px; font-weight: 600; }"
        )
        self.alert.hide()
        self.said = label("", "Quiet", wraps=True)
        self.choices = ChoicesPage(wording)
        self.texts = TextsPage(wording)
        self.risks = RisksPage(wording)
        self.notes = NotesPage(wording)
        self.pictures = PicturesPage(wording)
        self.measures = MeasuresPage(wording)
        self.home = HomePage(wording)
        self.pages: dict[str, QWidget] = {
            "choices": self.choices,
            "texts": self.texts,
            "risks": self.risks,
            "notes": self.notes,
            "pictures": self.pictures,
            "measures": self.measures,
            "home": self.home,
        }
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setUsesScrollButtons(False)
        for page in self.pages.values():
            self.tabs.addTab(page, "")
        self.show_button = QPushButton()
        self.show_button.setObjectName("Main")
        self.show_button.setMinimumHeight(44)
        self.second_screen, self.name_shown = QCheckBox(), QCheckBox()
        self.lead = {name: QPushButton() for name in ("back", "play", "replay", "next")}
        self._scene = label("", "Section", wraps=True)
        self._notice = label("", "Notice", wraps=True)
        self._build()
        self.set_wording(wording)
        self.resize(560, 780)

    def say(self, text: str, kind: str = "") -> None:
        """Say something in one line."""
        self.said.setText(text)
        self.said.setObjectName("Warning" if kind == "error" else "Quiet")
        set_property(self.said, "kind", kind)
        self.said.setVisible(bool(text))

    def warn(self, text: str) -> None:
        """Show what the team must know at once, or nothing."""
        self.alert.setText(text)
        self.alert.setVisible(bool(text))

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        say = wording.text
        self.setWindowTitle(say("consultation.team_title"))
        for n, name in enumerate(self.pages):
            self.tabs.setTabText(n, say(f"consultation.page.{name}"))
        for page in (
            self.choices, self.texts, self.risks, self.notes, self.pictures, self.measures, self.home,
        ):  # fmt: skip
            page.set_wording(wording)
        self.show_button.setText(say("consultation.show"))
        self.second_screen.setText(say("consultation.second_screen"))
        self.name_shown.setText(say("consultation.show_name"))
        self._notice.setText(say(NOT_A_DEVICE))
        self.follow()

    def follow(self) -> None:
        """Show where the story is."""
        say, player = self._wording.text, self.player
        scenes = () if player.story is None else player.story.scenes
        self.lead["back"].setText(say("consultation.back"))
        self.lead["play"].setText(say("consultation.pause" if player.is_playing else "consultation.play"))
        self.lead["replay"].setText(say("consultation.replay"))
        self.lead["next"].setText(say("consultation.next"))
        self.lead["back"].setEnabled(player.index > 0)
        self.lead["next"].setEnabled(player.index + 1 < len(scenes))
        for name in ("play", "replay"):
            self.lead[name].setEnabled(bool(scenes))
        if player.scene is not None:
            place = {"number": player.index + 1, "count": len(scenes), "title": player.scene.title}
            self._scene.setText(say("consultation.at_scene", **place))

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 10)
        layout.setSpacing(8)
        layout.addWidget(self.alert)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.said)
        layout.addWidget(self._scene)
        row = QHBoxLayout()
        answers = {"back": self.player.back, "play": self.player.toggle, "replay": self.player.replay,
                   "next": self.player.next}  # fmt: skip
        for name, button in self.lead.items():
            button.setMinimumHeight(44)
            button.clicked.connect(answers[name])
            row.addWidget(button)
        layout.addLayout(row)
        for box, signal in ((self.second_screen, self.second_screen_chosen), (self.name_shown, self.name_unlocked)):
            box.toggled.connect(signal)
            layout.addWidget(box)
        layout.addWidget(self.show_button)
        layout.addWidget(self._notice)
        self.show_button.clicked.connect(self.show_asked)
        self.said.hide()
        for changed in (self.player.scene_changed, self.player.state_changed):
            changed.connect(self.follow)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what was typed last; closing it ends the consultation."""
        self.notes.flush()
        self.left.emit()
        event.accept()
