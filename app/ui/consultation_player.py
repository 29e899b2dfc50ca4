"""Leads through the scenes: play, pause, replay, next, back."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Signal

from app.services.consultation import Scene, SceneId, Story

__all__ = ["StoryPlayer"]

_TICK_MS = 100
_S_PER_WORD = 0.5  # slow reading aloud
_S_AROUND, _S_LEAST = 4.0, 9.0


class StoryPlayer(QObject):
    """Knows which scene of a story is told and how far it is; plays only when asked to.

    The place is a scene, not a number: it stays when scenes are added, left out or told in another language.
    """

    scene_changed = Signal()
    state_changed = Signal()  # playing or not
    advanced = Signal()  # how far the scene is

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.story: Story | None = None
        self.is_playing = False
        self._at: SceneId | None = None
        self._told_s = 0.0
        self._last = 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(_TICK_MS)
        self._clock.timeout.connect(self._tick)

    @property
    def index(self) -> int:
        """Number of the scene in the story, from 0."""
        ids = [] if self.story is None else [scene.id for scene in self.story.scenes]
        return ids.index(self._at) if self._at in ids else 0

    @property
    def scene(self) -> Scene | None:
        """The scene that is told."""
        return None if self.story is None or not self.story.scenes else self.story.scenes[self.index]

    @property
    def share(self) -> float:
        """How much of the scene is told, 0 to 1."""
        scene = self.scene
        return 0.0 if scene is None else min(self._told_s / seconds_of_scene(scene), 1.0)

    def set_story(self, story: Story) -> None:
        """Tell another story, or the same one in other words; stay at the scene where it has it."""
        order = list(SceneId)
        known = {scene.id for scene in story.scenes}
        if self._at is not None and self._at not in known:  # left out meanwhile: go to the one before it
            before = [i for i in order[: order.index(self._at)] if i in known]
            self._at = before[-1] if before else None
        self.story = story
        self._at = self._at or (story.scenes[0].id if story.scenes else None)
        self.scene_changed.emit()

    def go_to(self, index: int) -> None:
        """Tell a scene from its start."""
        if self.story is None or not 0 <= index < len(self.story.scenes):
            return
        self._at = self.story.scenes[index].id
        self._told_s = 0.0
        self.scene_changed.emit()
        self.advanced.emit()

    def next(self) -> None:
        """Go to the next scene."""
        self.go_to(self.index + 1)

    def back(self) -> None:
        """Go to the scene before."""
        self.go_to(self.index - 1)

    def replay(self) -> None:
        """Tell the scene once more, from its start."""
        self.go_to(self.index)

    def play(self) -> None:
        """Go on of its own accord; from the start after the last scene has ended."""
        if self.story is None or self.is_playing:
            return
        if self.share >= 1.0 and self.index == len(self.story.scenes) - 1:
            self.go_to(0)
        self.is_playing = True
        self._last = time.monotonic()
        self._clock.start()
        self.state_changed.emit()

    def pause(self) -> None:
        """Stay where it is."""
        if self.is_playing:
            self.is_playing = False
            self._clock.stop()
            self.state_changed.emit()

    def toggle(self) -> None:
        """Play or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def _tick(self) -> None:
        now = time.monotonic()
        self.tell_on(now - self._last)
        self._last = now

    def tell_on(self, seconds: float) -> None:
        """Tell so many seconds more."""
        self._told_s += seconds
        self.advanced.emit()
        if self.share < 1.0 or self.story is None:
            return
        if self.index + 1 < len(self.story.scenes):
            self.next()
        else:
            self.pause()


def seconds_of_scene(scene: Scene) -> float:
    """Return how long a scene takes to be read calmly."""
    words = sum(len(text.split()) for text in scene.text)
    return max(_S_AROUND + _S_PER_WORD * words, _S_LEAST)
