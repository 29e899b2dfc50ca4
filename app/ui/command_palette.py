"""Type what you want to do: every action by its name, with its keys, or with what it still needs."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.ui.action_table import ACTIONS, ActionTable
from twin.wording import Wording

__all__ = ["CommandPalette", "plain_text"]

_WIDTH_PX, _HEIGHT_PX = 560, 380


class CommandPalette(QFrame):
    """A field and a list over the window.

    Parameters
    ----------
    actions
        The one table of what can be done.
    wording
        Language of its texts.
    window
        What it lies over.
    """

    def __init__(self, actions: ActionTable, wording: Wording, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("Palette")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self._wording = wording
        self._before: QWidget | None = None
        self.field = QLineEdit()
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.itemClicked.connect(self._run)
        self.list.currentItemChanged.connect(lambda item, before: self._explain(item))
        self._note = QLabel()
        self._note.setObjectName("Status")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 10)
        for widget in (self.field, self.list, self._note):
            layout.addWidget(widget)
        self.hide()
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.field.setPlaceholderText(wording.text("ui.palette.ask"))
        if self.isVisible():
            self._fill(self.field.text())

    def open(self) -> None:
        """Show it over the window, empty, ready to type."""
        window = self.parentWidget()
        assert window is not None
        self._before = window.focusWidget()
        width, height = min(_WIDTH_PX, window.width() - 40), min(_HEIGHT_PX, window.height() - 120)
        self.resize(width, height)
        self.move(QPoint((window.width() - width) // 2, 84))
        self.field.clear()
        self._fill("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_palette(self) -> None:
        """Hide it; the view worked on before has the keys again."""
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list while one types; Return does it, Escape and a click elsewhere close."""
        if event.type() is QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        elif isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        row, key = self.list.currentRow(), event.key()
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if Qt.Key(key) in steps:
            self.list.setCurrentRow(min(max(row + steps[Qt.Key(key)], 0), self.list.count() - 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.list.currentItem() is not None:
                self._run(self.list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            return False
        return True

    def _fill(self, typed: str) -> None:
        words = plain_text(typed).split()
        self.list.clear()
        found = []
        for number, action in enumerate(ACTIONS):
            name = self._actions[action.id].text().replace("&", "")
            sought = plain_text(f"{name} {self._wording.text(f'ui.tip.{action.id}')} {self._menu_name(action.menu)}")
            if all(word in sought for word in words):
                lacking = self._actions.need_text(action.id)
                beginning = plain_text(name).startswith(" ".join(words)) if words else True
                found.append((bool(lacking), not beginning, number, action.id, name, lacking))
        for *_, action_id, name, lacking in sorted(found):
            self._add(action_id, name, lacking)
        self.list.setCurrentRow(0)
        if not found:
            self._note.setText(self._wording.text("ui.palette.none"))

    def _add(self, action_id: str, name: str, lacking: str) -> None:
        made = self._actions[action_id]
        keys = made.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        item = QListWidgetItem(made.icon(), f"{name}   {keys}" if keys else name)
        item.setData(Qt.ItemDataRole.UserRole, action_id)
        item.setToolTip(made.toolTip())
        if lacking:
            item.setForeground(self.palette().placeholderText())
        self.list.addItem(item)

    def _menu_name(self, menu_id: str) -> str:
        return self._wording.text(f"ui.menu.{menu_id}").replace("&", "")

    def _explain(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            action_id = str(item.data(Qt.ItemDataRole.UserRole))
            self._note.setText(self._actions.need_text(action_id) or self._wording.text(f"ui.tip.{action_id}"))

    def _run(self, item: QListWidgetItem) -> None:
        """Do it; what is not possible stays in the list with the reason under it."""
        action_id = str(item.data(Qt.ItemDataRole.UserRole))
        if self._actions.lacking(action_id):
            self._explain(item)
            return
        self.close_palette()
        self._actions[action_id].trigger()


def plain_text(text: str) -> str:
    """Return a text without accents and capitals, as it is typed in a hurry.

    Examples
    --------
    >>> plain_text("Éditer le Foie")
    'editer le foie'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
