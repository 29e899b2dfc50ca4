"""The first questions about the anatomy, as rows: the program's answer, that of a person, and a menu to answer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from app.services.anatomy_checklist import ANSWERS, ChecklistItem
from app.services.worded_checklist import answer_line, program_line
from app.ui.pieces import clear, label
from twin.wording import Wording

__all__ = ["ChecklistRows"]


class ChecklistRows(QWidget):
    """One row a question."""

    answered = Signal(str, object, object)  # item id, Judgement, Sight or None

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._items: tuple[ChecklistItem, ...] = ()
        self._is_read_only = False
        self.buttons: dict[str, QToolButton] = {}
        self._title = label("", "Section", wraps=True)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._title)
        layout.addLayout(self._rows)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def show_items(self, items: Sequence[ChecklistItem], *, is_read_only: bool) -> None:
        """Show the questions of a case."""
        if (tuple(items), is_read_only) != (self._items, self._is_read_only):
            self._items, self._is_read_only = tuple(items), is_read_only
            self._write()

    def _write(self) -> None:
        clear(self._rows)
        self.buttons = {}
        self.setVisible(bool(self._items))
        n_open = sum(item.answer is None for item in self._items)
        self._title.setText(self._wording.text("ui.checklist.title", count=n_open))
        for item in self._items:
            self._rows.addWidget(self._made_row(item))

    def _made_row(self, item: ChecklistItem) -> QWidget:
        wording = self._wording
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        question = wording.text(f"checklist.item.{item.id}")
        column.addWidget(label(question, wraps=True))
        column.addWidget(label(program_line(item, wording), "Faint", wraps=True))
        if item.answer is not None:
            name = "Warning" if item.is_outdated else "Good"
            column.addWidget(label(answer_line(item, wording), name, wraps=True))
        column.addWidget(self._made_button(item, question))
        return row

    def _made_button(self, item: ChecklistItem, question: str) -> QToolButton:
        wording = self._wording
        button = QToolButton()
        button.setText(wording.text("ui.checklist.answer" if item.answer is None else "ui.checklist.again"))
        button.setAccessibleName(f"{button.text()} {question}")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setEnabled(not self._is_read_only)
        button.setToolTip(wording.text("ui.need.writable") if self._is_read_only else "")
        menu = QMenu(button)
        for name, (judgement, sight) in ANSWERS.items():
            action = menu.addAction(wording.text(f"ui.checklist.choice.{name.replace('-', '_')}"))
            action.triggered.connect(
                lambda checked=False, said=judgement, what=sight: self.answered.emit(item.id, said, what)
            )
        button.setMenu(menu)
        self.buttons[item.id] = button
        return button
