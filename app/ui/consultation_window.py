"""What the patient sees: the stage, the words of the scene, the key of colours, and what leads through the story."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.scene.story_scene import StageLook, StageParts, look_of_scar, look_of_scene, scene_camera
from app.services.consultation import Approach, Scene, SceneId, Story
from app.ui.consultation_drawing import Drawing, DrawingTool
from app.ui.consultation_player import StoryPlayer
from app.ui.consultation_stage import ConsultationStage
from app.ui.consultation_style import KEY_PX, PATIENT_STYLE, PartToggle, big_button
from app.ui.consultation_timeline import Timeline
from app.ui.consultation_tools import StageTools
from app.ui.consultation_words import SceneWords
from app.ui.pieces import clear, label
from app.ui.window_thread import WindowThread
from twin.wording import LANGUAGES, Wording

__all__ = ["ConsultationWindow"]

_SMALLEST = QSize(1024, 700)


class ConsultationWindow(QWidget):
    """The window of the patient. No name is in it, not even in its title, unless it was unlocked.

    Parameters
    ----------
    player
        Leads the story; shared with the controls of the team.
    window_thread
        How pictures come back.
    failed
        Called when drawing failed.
    """

    language_chosen = Signal(str)
    approach_chosen = Signal(object)  # Approach
    team_asked = Signal()
    left = Signal()

    def __init__(
        self, player: StoryPlayer, window_thread: WindowThread, failed: Callable[[Exception], None], wording: Wording
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("Consultation")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(PATIENT_STYLE)
        self.setWindowTitle("TwinSight")
        self.setMinimumSize(_SMALLEST)
        self.player = player
        self.is_led_elsewhere = False
        self._wording = wording
        self._story: Story | None = None
        self._hidden: set[str] = set()
        self._drawings: dict[SceneId, Drawing] = {}
        self._camera_of: tuple[SceneId | None, bool] = (None, False)
        self._shows_scar = False
        self.stage = ConsultationStage(window_thread, failed)
        self.tools = StageTools(self.stage, self.recentre)
        self.timeline = Timeline(player, wording)
        self.words = SceneWords()
        self.toggles: dict[str, PartToggle] = {}
        self._build()
        self.stage.turned.connect(self._on_turned)
        player.scene_changed.connect(self.show_scene)
        player.state_changed.connect(self._on_played)
        player.advanced.connect(self._on_advanced)

    @property
    def story(self) -> Story | None:
        """The story that is told, in the language that is chosen."""
        return self._story

    def show_story(self, story: Story, wording: Wording, parts: StageParts | None) -> None:
        """Tell a story; ``parts`` are given when they are other than those on the stage."""
        self._story, self._wording = story, wording
        self.stage.watermark = story.watermark
        self.stage.sides = (story.words.say("page.right"), story.words.say("page.left"))
        if parts is not None:
            self.stage.show_parts(parts)
        self._write()
        self.player.set_story(story)

    def show_scene(self) -> None:
        """Show the scene of the player on the stage and in words."""
        story, scene = self._story, self.player.scene
        if story is None or scene is None or self.player.story is not story:
            return
        self._shows_scar = self._shows_scar and scene.id is self._camera_of[0]
        self.words.show_scene(scene, story.words.say("page.more"))
        drawing = self._drawings.setdefault(scene.id, Drawing())
        if drawing is not self.stage.drawing:
            self.stage.set_drawing(drawing)
            self.tools.choose(DrawingTool.LOOK)
        self._show_key()
        self._show_look()
        self.tools.refresh()

    def recentre(self) -> None:
        """Look again as the scene wants it; a drawing is seen again from where it was drawn."""
        story, scene = self._story, self.player.scene
        if story is None or scene is None:
            return
        drawn = self.stage.drawing
        camera = drawn.camera if drawn.strokes and drawn.camera is not None else None
        self.stage.go_to(self._look(), camera or scene_camera(story, self._camera_scene(), self.stage.size_px))

    def show_scar(self, *, is_on: bool) -> None:
        """Show the scar alone on the drawn body, or go back to the scene."""
        self._shows_scar = is_on
        self._show_look()

    def show_name(self, name: str) -> None:
        """Show who the story is for, or nobody when it is empty."""
        self._name.setText(name)
        self._name.setVisible(bool(name))

    def set_led_elsewhere(self, *, is_led_elsewhere: bool) -> None:
        """Leave to the patient the stage, the words and the key of colours; the team leads on another screen."""
        self.is_led_elsewhere = is_led_elsewhere
        for widget in (self.tools, self._surgeon_box, self._buttons):
            widget.setVisible(not is_led_elsewhere)
        self.timeline.set_led_elsewhere(is_led_elsewhere=is_led_elsewhere)

    # Building

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._made_head())
        row = QHBoxLayout()
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(12)
        row.addWidget(self._made_side())
        row.addWidget(self.stage, 7)
        row.addWidget(self.words, 4)
        column.addLayout(row, 1)
        column.addWidget(self.tools)
        column.addWidget(self.timeline)

    def _made_head(self) -> QFrame:
        head = QFrame()
        head.setObjectName("Head")
        self._title = label("", "StoryTitle")
        self._name = label("", "Unlocked")
        self._name.hide()
        self._draft = label("", "Draft", wraps=True)
        self._draft.setMinimumWidth(400)
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        self.language_buttons = {language: big_button(checkable=True) for language in LANGUAGES}
        for language, button in self.language_buttons.items():
            button.clicked.connect(lambda checked=False, chosen=language: self.language_chosen.emit(chosen))
            buttons.addWidget(button)
        self.team_button = big_button("team")
        self.team_button.clicked.connect(self.team_asked)
        self.close_button = big_button("close")
        self.close_button.clicked.connect(self.close)
        for one in (self.team_button, self.close_button):
            buttons.addWidget(one)
        for one in (*self.language_buttons.values(), self.team_button, self.close_button):
            one.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        layout = QHBoxLayout(head)
        layout.setContentsMargins(18, 6, 14, 6)
        layout.setSpacing(14)
        layout.addWidget(self._title)
        layout.addWidget(self._name)
        layout.addWidget(self._draft, 100)
        layout.addStretch(1)
        layout.addWidget(self._buttons)
        return head

    def _made_side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(KEY_PX)
        self._key_title = label("", "Small", wraps=True)
        self._key = QVBoxLayout()
        self._key.setSpacing(6)
        self._surgeon_box = QWidget()
        box = QVBoxLayout(self._surgeon_box)
        box.setContentsMargins(0, 0, 0, 0)
        self._approach_title = label("", "Small", wraps=True)
        self.approaches = QComboBox()
        self.approaches.activated.connect(self._choose_approach)
        self.scar_button = big_button(checkable=True)
        self.scar_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.scar_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.scar_button.toggled.connect(lambda is_on: self.show_scar(is_on=is_on))
        for widget in (self._approach_title, self.approaches, self.scar_button):
            box.addWidget(widget)
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._key_title)
        layout.addLayout(self._key)
        layout.addStretch(1)
        layout.addWidget(self._surgeon_box)
        return side

    def _write(self) -> None:
        story, wording = self._story, self._wording
        assert story is not None
        self._title.setText(story.title)
        self._draft.setText(story.words.say("draft_note") if story.watermark else "")
        self._draft.setVisible(bool(story.watermark))
        for language, button in self.language_buttons.items():
            button.setText(Wording(language).text("consultation.language"))
            button.setChecked(language == story.language)
        self.team_button.setText(wording.text("consultation.team"))
        self.close_button.setText(wording.text("consultation.close"))
        self._key_title.setText(wording.text("consultation.key"))
        self._approach_title.setText(wording.text("consultation.approach"))
        self.scar_button.setText(wording.text("consultation.scar"))
        self.approaches.clear()
        for approach in Approach:
            self.approaches.addItem(wording.text(f"consultation.approach.{approach}"), approach)
        self.tools.set_wording(wording)
        self.timeline.set_wording(wording)
        self.words.set_notice(wording.text("consultation.notice"))
        self.scar_button.setEnabled(look_of_scar(story) is not None)

    def mark_approach(self, approach: Approach) -> None:
        """Show which way in is told."""
        self.approaches.setCurrentIndex(list(Approach).index(approach))

    # The stage

    def _look(self) -> StageLook:
        story, scene = self._story, self.player.scene
        assert story is not None
        assert scene is not None
        scar = look_of_scar(story) if self._shows_scar else None
        return scar or look_of_scene(story, scene, self._hidden)

    def _camera_scene(self) -> Scene:
        """Return the scene whose eye is taken: the scar is looked at as "what will be done" is."""
        story, scene = self._story, self.player.scene
        assert story is not None
        assert scene is not None
        done = [one for one in story.scenes if one.id in (SceneId.DONE, SceneId.BODY)]
        return done[-1] if self._shows_scar and done else scene

    def _show_look(self) -> None:
        story, scene = self._story, self.player.scene
        if story is None or scene is None:
            return
        if self.scar_button.isChecked() != self._shows_scar:
            self.scar_button.blockSignals(True)
            self.scar_button.setChecked(self._shows_scar)
            self.scar_button.blockSignals(False)
        place = (scene.id, self._shows_scar)
        camera = None
        if place != self._camera_of:
            camera = scene_camera(story, self._camera_scene(), self.stage.size_px)
            self._camera_of = place
        self.stage.go_to(self._look(), camera)

    def _show_key(self) -> None:
        """List what the scene shows, once for each name."""
        story, scene = self._story, self.player.scene
        assert story is not None
        assert scene is not None
        named: dict[str, list[str]] = {}
        colours: dict[str, str] = {}
        for part in story.parts:
            if part.id in scene.stage:
                name = part.names[story.language]
                named.setdefault(name, []).append(part.id)
                colours.setdefault(name, part.colour)
        if list(named) == list(self.toggles):
            return
        clear(self._key)
        self._hidden.clear()
        self.toggles = {}
        for name, part_ids in named.items():
            toggle = PartToggle(name, colours[name])
            toggle.toggled.connect(lambda is_on, ids=tuple(part_ids): self._toggle(ids, is_on=is_on))
            self.toggles[name] = toggle
            self._key.addWidget(toggle)

    def _toggle(self, part_ids: tuple[str, ...], *, is_on: bool) -> None:
        self._hidden = self._hidden - set(part_ids) if is_on else self._hidden | set(part_ids)
        self._show_look()

    def _choose_approach(self, index: int) -> None:
        self.approach_chosen.emit(self.approaches.itemData(index))

    def _on_turned(self) -> None:
        self.player.pause()
        self.tools.refresh()

    def _on_played(self) -> None:
        if self.player.is_playing and self.stage.tool is not DrawingTool.LOOK:
            self.tools.choose(DrawingTool.LOOK)
        self.stage.sway(is_on=self.player.is_playing)

    def _on_advanced(self) -> None:
        self.words.follow(self.player.share if self.player.is_playing else 0.0)
        if self.player.is_playing:
            self.stage.sway(is_on=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows lead, space plays, Escape leaves full screen."""
        answers: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Right: self.player.next,
            Qt.Key.Key_PageDown: self.player.next,
            Qt.Key.Key_Left: self.player.back,
            Qt.Key.Key_PageUp: self.player.back,
            Qt.Key.Key_Space: self.player.toggle,
            Qt.Key.Key_Home: self.recentre,
            Qt.Key.Key_F11: self.toggle_full_screen,
        }
        answer = answers.get(event.key())
        if event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.showNormal()
        elif answer is not None:
            answer()
        else:
            super().keyPressEvent(event)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or stop."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop telling; nothing is lost."""
        self.player.pause()
        self.left.emit()
        event.accept()
