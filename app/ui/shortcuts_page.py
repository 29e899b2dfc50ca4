"""The page of keys and gestures, made from the table of actions; a field narrows it down."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from app.ui.action_table import ACTIONS, MENUS, ActionTable
from app.ui.command_palette import plain_text
from twin.wording import Wording

__all__ = ["ShortcutsPage", "shortcuts_html"]


class ShortcutsPage(QDialog):
    """Shows all keys, by menu."""

    def __init__(self, actions: ActionTable, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(wording.text("ui.action.help.keys"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(wording.text("ui.keys.find"))
        self.text = QTextBrowser()
        self.field.textChanged.connect(lambda typed: self.text.setHtml(shortcuts_html(actions, wording, typed)))
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addWidget(self.text)
        self.text.setHtml(shortcuts_html(actions, wording))
        self.resize(720, 620)


def shortcuts_html(actions: ActionTable, wording: Wording, typed: str = "") -> str:
    """Return the page: gestures of the mouse, then the keys of each menu whose name holds what was typed."""
    words = plain_text(typed).split()
    parts = []
    for menu in MENUS:
        rows = []
        for action in ACTIONS:
            name = wording.text(f"ui.action.{action.id}").replace("…", "").replace("&", "")
            if action.menu != menu or not action.shortcuts or not all(word in plain_text(name) for word in words):
                continue
            native = QKeySequence.SequenceFormat.NativeText
            keys = ", ".join(key.toString(native) for key in actions[action.id].shortcuts())
            rows.append(f"<tr><td width=190><b>{escape(keys)}</b></td><td>{escape(name)}</td></tr>")
        if rows:
            title = escape(wording.text(f"ui.menu.{menu}").replace("&", ""))
            parts.append(f"<h3>{title}</h3><table cellspacing=4>{''.join(rows)}</table>")
    mouse = "".join(f"<p>{escape(line)}</p>" for line in wording.text("ui.keys.mouse").splitlines())
    return "".join([mouse if not words else "", *parts]) or f"<p>{escape(wording.text('ui.palette.none'))}</p>"
