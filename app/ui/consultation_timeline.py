"""The timeline under the stage: back, play or pause, replay, the scenes, next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.ui.consultation_player import StoryPlayer
from app.ui.consultation_style import ACCENT, big_button
from app.ui.pieces import clear
from app.ui.theme import icon
from twin.wording import Wording

__all__ = ["Timeline"]

_STEPS = 1000


class Timeline(QFrame):
    """Buttons of a player, and a dot with a number for each scene.

    Parameters
    ----------
    player
        What is led.
    """

    def __init__(self, player: StoryPlayer, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Timeline")
        self._player = player
        self._wording = wording
        self.back_button = big_button("turn_left")
        self.play_button = big_button("play")
        self.replay_button = big_button("replay")
        self.next_button = big_button("turn_right", "Go")
        self.dots: list[QToolButton] = []
        self.buttons = (self.back_button, self.play_button, self.replay_button, self.next_button)
        self.next_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        for button, do in (
            (self.back_button, player.back),
            (self.play_button, player.toggle),
            (self.replay_button, player.replay),
            (self.next_button, player.next),
        ):
            button.clicked.connect(do)
        self._progress = QProgressBar()
        self._progress.setRange(0, _STEPS)
        self._progress.setTextVisible(False)
        self._row = QHBoxLayout()
        self._row.setSpacing(4)
        middle = QVBoxLayout()
        middle.setSpacing(5)
        middle.addLayout(self._row)
        middle.addWidget(self._progress)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 14, 7)
        layout.setSpacing(8)
        for widget in (self.back_button, self.play_button, self.replay_button):
            layout.addWidget(widget)
        layout.addLayout(middle, 1)
        layout.addWidget(self.next_button)
        player.scene_changed.connect(self.refresh)
        player.state_changed.connect(self.refresh)
        player.advanced.connect(self._advance)
        self.refresh()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.refresh()

    def set_led_elsewhere(self, *, is_led_elsewhere: bool) -> None:
        """Show only where the story is; the buttons are with the team."""
        for button in self.buttons:
            button.setVisible(not is_led_elsewhere)
        for dot in self.dots:
            dot.setEnabled(not is_led_elsewhere)

    def refresh(self) -> None:
        """Show the scene that is told."""
        player, wording = self._player, self._wording
        scenes = () if player.story is None else player.story.scenes
        if [dot.text() for dot in self.dots] != [f"{n + 1}" for n in range(len(scenes))]:
            clear(self._row)
            self.dots = [self._made_dot(n) for n in range(len(scenes))]
        for n, (dot, scene) in enumerate(zip(self.dots, scenes, strict=True)):
            dot.setChecked(n == player.index)
            dot.setToolTip(scene.title)
            dot.setAccessibleName(scene.title)
        self.back_button.setText(wording.text("consultation.back"))
        self.back_button.setEnabled(player.index > 0)
        self.next_button.setText(wording.text("consultation.next"))
        self.next_button.setEnabled(player.index + 1 < len(scenes))
        self.play_button.setText(wording.text("consultation.pause" if player.is_playing else "consultation.play"))
        self.play_button.setIcon(icon("pause" if player.is_playing else "play", ACCENT))
        self.replay_button.setText(wording.text("consultation.replay"))
        self._advance()

    def _advance(self) -> None:
        n = 0 if self._player.story is None else len(self._player.story.scenes)
        self._progress.setValue(round(_STEPS * (self._player.index + self._player.share) / n) if n else 0)

    def _made_dot(self, index: int) -> QToolButton:
        dot = big_button("", "Dot", checkable=True)
        dot.setText(f"{index + 1}")
        dot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        dot.clicked.connect(lambda: self._player.go_to(index))
        self._row.addWidget(dot)
        return dot
