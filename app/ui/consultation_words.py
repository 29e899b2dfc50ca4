"""The words of a scene in large type, with a second layer for those who want to know more."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.services.consultation import Scene
from app.ui.consultation_style import big_button
from app.ui.pieces import clear, label, scrolled, set_property

__all__ = ["SceneWords"]


_WIDE_PX = 500  # from here on there is room for larger type
_LARGER = "#SceneTitle { font-size: 38px; } #Told { font-size: 28px; } #More { font-size: 24px; }"


class SceneWords(QWidget):
    """Title and text of one scene."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(330)
        self._scene: Scene | None = None
        self.title = label("", "SceneTitle", wraps=True)
        self.told: list[QLabel] = []
        self.more_button = big_button("info", checkable=True)
        self.more_button.toggled.connect(self._show_more)
        self.more = label("", "More", wraps=True)
        self._notice = label("", "Small", wraps=True)
        self._text = QVBoxLayout()
        self._text.setSpacing(9)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(12)
        column.addWidget(self.title)
        column.addLayout(self._text)
        column.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.more)
        column.addStretch(1)
        self.area = scrolled(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area, 1)
        layout.addWidget(self._notice)

    def show_scene(self, scene: Scene, more_title: str) -> None:
        """Show a scene; what was opened of the second layer closes with it."""
        is_other = self._scene is None or self._scene.id is not scene.id
        self._scene = scene
        self.title.setText(scene.title)
        clear(self._text)
        self.told = []
        for n, text in enumerate(scene.text):
            paragraph = label(f"{n + 1}.  {text}" if scene.is_list else text, "Told", wraps=True)
            self.told.append(paragraph)
            self._text.addWidget(paragraph)
        self.more_button.setText(more_title)
        self.more_button.setVisible(bool(scene.more))
        self.more.setText("\n\n".join(scene.more))
        if is_other:
            self.more_button.setChecked(False)
            self.area.verticalScrollBar().setValue(0)
        self._show_more(is_on=self.more_button.isChecked())

    def follow(self, share: float) -> None:
        """Mark the step that is told while the story plays; none at 0."""
        if self._scene is None or not self._scene.is_list or not self.told:
            return
        now = min(int(share * len(self.told)), len(self.told) - 1) if share > 0 else -1
        for n, paragraph in enumerate(self.told):
            set_property(paragraph, "current", "true" if n == now else "false")
        if now >= 0:
            self.area.ensureWidgetVisible(self.told[now])

    def set_notice(self, text: str) -> None:
        """Say what these pictures are."""
        self._notice.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Write larger where there is room."""
        style = _LARGER if self.width() >= _WIDE_PX else ""
        if style != self.styleSheet():
            self.setStyleSheet(style)

    def _show_more(self, is_on: bool) -> None:
        self.more.setVisible(is_on and bool(self._scene and self._scene.more))
