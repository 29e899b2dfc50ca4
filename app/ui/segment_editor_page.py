"""What a page of tool options is made of: lines with a name and a control that is bound to one option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from PySide6.QtCore import QLocale
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.ui.action_table import ActionTable
from app.ui.pieces import action_button, label
from app.ui.segment_editor import SegmentEditor
from twin.anatomy import structure
from twin.wording import Wording

__all__ = ["OptionsPage"]

_CONTROL_PX = 158


class OptionsPage(QWidget):
    """Options of a tool, with a line that says how the tool is used.

    Parameters
    ----------
    editor
        Holds the options.
    actions
        For the buttons.
    hint_id
        Message id of how the tool is used.
    """

    def __init__(self, editor: SegmentEditor, actions: ActionTable, hint_id: str) -> None:
        super().__init__()
        self.editor, self._actions = editor, actions
        self.wording: Wording | None = None
        self._is_writing = False
        self._writers: list[Callable[[Wording], None]] = []
        self._readers: list[Callable[[], None]] = []
        self._names: dict[QWidget, QLabel] = {}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(6)
        hint = label("", "Quiet", wraps=True)
        self._worded(hint_id, hint.setText)
        self.column.addWidget(hint)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self.wording = wording
        self._is_writing = True
        for write in self._writers:
            write(wording)
        self._is_writing = False
        self.refresh()

    def refresh(self) -> None:
        """Bring the controls in line with the options."""
        self._is_writing = True
        for read in self._readers:
            read()
        self._is_writing = False

    def number(self, option: str, message_id: str, least: float, most: float, unit: str) -> QDoubleSpinBox:
        """Add a number."""
        box = QDoubleSpinBox()
        box.setRange(least, most)
        box.setDecimals(1 if unit in ("mm", "ml") else 0)
        box.setSingleStep(1.0 if unit in ("mm", "ml") else 5.0)

        def write(wording: Wording) -> None:
            box.setLocale(QLocale(wording.language))
            box.setSuffix(f"\u00a0{wording.text('ui.unit.hu') if unit == 'HU' else unit}")

        self._writers.append(write)
        self._readers.append(lambda: box.setValue(float(getattr(self.editor.options, option))))
        box.valueChanged.connect(lambda value: self._set(option, value))
        self._line(message_id, box)
        return box

    def choice(self, option: str, message_id: str, values: Sequence[Enum | str], prefix: str) -> QComboBox:
        """Add a choice of few values; their words are ``prefix`` and the value."""
        box = _combo()

        def write(wording: Wording) -> None:
            box.clear()
            for value in values:
                box.addItem(wording.text(f"{prefix}{value}"), value)

        self._writers.append(write)
        self._readers.append(lambda: box.setCurrentIndex(list(values).index(getattr(self.editor.options, option))))
        box.activated.connect(lambda index: self._set(option, values[index]))
        self._line(message_id, box)
        return box

    def check(self, option: str, message_id: str, *, tip_id: str = "") -> QCheckBox:
        """Add something that is on or off."""
        box = QCheckBox()
        self._worded(message_id, box.setText)
        if tip_id:
            self._worded(tip_id, box.setToolTip)
        self._readers.append(lambda: box.setChecked(bool(getattr(self.editor.options, option))))
        box.toggled.connect(lambda is_on: self._set(option, is_on))
        self.column.addWidget(box)
        return box

    def structure_choice(self, option: str, message_id: str, none_id: str, *, same_layer: bool = False) -> QComboBox:
        """Add a choice among the structures of the case, or none of them."""
        box = _combo()

        def read() -> None:
            if self.wording is None:
                return
            chosen, case = self.editor.structure_id, self.editor.case
            ids = [] if case is None else [i for i in case.structure_ids() if i != chosen]
            if same_layer and chosen is not None:
                ids = [i for i in ids if structure(i).layer is structure(chosen).layer]
            wanted: list[str | None] = [None, *ids]
            known = [box.itemData(n) for n in range(box.count())]
            texts = [self.wording.text(none_id), *(structure(i).name(self.wording.language) for i in ids)]
            if known != wanted or [box.itemText(n) for n in range(box.count())] != texts:
                box.clear()
                for text, value in zip(texts, wanted, strict=True):
                    box.addItem(text, value)
            value = getattr(self.editor.options, option)
            box.setCurrentIndex(wanted.index(value) if value in wanted else 0)
            if value not in wanted:
                setattr(self.editor.options, option, None)

        self._readers.append(read)
        box.activated.connect(lambda index: self._set(option, box.itemData(index)))
        self._line(message_id, box)
        return box

    def sides(self, inside_id: str, outside_id: str) -> None:
        """Add the choice of what a click without Control means."""
        box = _combo()

        def write(wording: Wording) -> None:
            box.clear()
            box.addItems([wording.text(inside_id), wording.text(outside_id)])

        self._writers.append(write)
        self._readers.append(lambda: box.setCurrentIndex(0 if self.editor.options.is_inside_click else 1))
        box.activated.connect(lambda index: self._set("is_inside_click", index == 0))
        self._line("segment_editor.option.click", box)

    def buttons(self, *action_ids: str) -> None:
        """Add actions side by side."""
        row = QHBoxLayout()
        row.setSpacing(6)
        for action_id in action_ids:
            action: QAction = self._actions[action_id]
            row.addWidget(action_button(action, has_icon=False), 1)
        self.column.addLayout(row)

    def show_line(self, control: QWidget, *, is_shown: bool) -> None:
        """Show or hide a control with its name."""
        control.setVisible(is_shown)
        self._names[control].setVisible(is_shown)

    def on_refresh(self, call: Callable[[], None]) -> None:
        """Call this whenever the page is brought in line."""
        self._readers.append(call)

    def _worded(self, message_id: str, write: Callable[[str], None]) -> None:
        self._writers.append(lambda wording: write(wording.text(message_id)))

    def _line(self, message_id: str, control: QWidget) -> None:
        name = label("", "Quiet", wraps=True)
        self._worded(message_id, name.setText)
        self._worded(message_id, control.setAccessibleName)
        control.setFixedWidth(_CONTROL_PX)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(name, 1)
        row.addWidget(control)
        self.column.addLayout(row)
        self._names[control] = name

    def _set(self, option: str, value: object) -> None:
        if not self._is_writing:
            self.editor.set_option(**{option: value})


def _combo() -> QComboBox:
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box
