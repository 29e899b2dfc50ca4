"""One clear line above the views: what went wrong and what to do, or what the surgeon should know."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app.ui.pieces import set_property
from app.ui.theme import Theme, icon
from twin.wording import Wording

__all__ = ["MessageBar", "Words"]

Words = Callable[[Wording], str]


class MessageBar(QFrame):
    """Hidden until there is something to say; the cross or Escape closes it."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("MessageBar")
        self._sign = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setObjectName("Flat")
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 7, 8, 7)
        layout.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        self._theme: Theme | None = None
        self._words: Words = lambda wording: ""
        self._kind = "info"
        self.set_wording(wording)
        self.hide()

    @property
    def text(self) -> str:
        """What is said."""
        return self._text.text() if not self.isHidden() else ""

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme = theme
        self._close.setIcon(icon("close", theme.text))
        self._paint_sign()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language, what is said now too."""
        self._wording = wording
        text = wording.text("ui.message.close")
        self._close.setToolTip(text)
        self._close.setAccessibleName(text)
        self._text.setText(self._words(wording))

    def say(self, words: Words, kind: str) -> None:
        """Show a line, worded in any language; ``kind`` is ``error``, ``warning`` or ``info``."""
        self._kind, self._words = kind, words
        self._text.setText(words(self._wording))
        set_property(self, "kind", kind)
        self._paint_sign()
        self.show()

    def forget_error(self) -> None:
        """Hide an error: the next step has succeeded, it is past."""
        if self._kind == "error":
            self.hide()

    def _paint_sign(self) -> None:
        if self._theme is None:
            return
        colour = {"error": self._theme.error, "warning": self._theme.warning}.get(self._kind, self._theme.accent)
        name = "info" if self._kind == "info" else "warning"
        self._sign.setPixmap(icon(name, colour).pixmap(20, 20))
