"""The segment table: what is labelled, layer by layer, with its volume, its origin and who confirmed it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.action_table import ActionTable
from app.ui.patient_banner import written_day
from app.ui.pieces import ColourChip, action_button, clear, label, main_button, scrolled, set_property, widgets_in
from app.ui.segment_editor import SegmentEditor
from app.ui.segment_editor_state import drawable_ids
from app.ui.theme import DARK, Theme, icon
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.figure import Figure
from twin.wording import Wording

__all__ = ["SegmentRow", "SegmentTable"]

_LAYERS = (LayerName.ORGANS, LayerName.LESIONS, LayerName.VESSELS, LayerName.DUCTS, LayerName.CONTEXT)


class SegmentTable(QWidget):
    """The table, with drawing anew, confirmation and automatic segmentation under it.

    Parameters
    ----------
    actions
        Segment, confirm, delete.
    editor
        What is edited; knows the locks.
    wording
        Language of its texts.
    """

    selected_changed = Signal()

    def __init__(
        self, actions: ActionTable, editor: SegmentEditor, wording: Wording, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("Panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selected: str | None = None
        self._editor, self._state = editor, editor.state
        self._wording, self._theme = wording, DARK
        self._case: Case | None = None
        self._volumes: Mapping[str, Figure] = {}
        self._begun: list[str] = []  # chosen to be drawn, no voxel yet
        self._empty, self._not_found = label("", "Quiet", wraps=True), label("", "Faint", wraps=True)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(1)
        self.add_choice = QComboBox()
        self.add_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.add_choice.activated.connect(self._on_added)
        self._fill_label = label("", "Quiet")
        self._fill = QSlider(Qt.Orientation.Horizontal)
        self._fill.setRange(0, 100)
        self._fill.setValue(round(100 * self._state.fill_opacity))
        self._fill.valueChanged.connect(lambda value: self._state.set_fill_opacity(value / 100))
        self.segment_button = main_button(actions["anatomy.segment"])
        self.choose_button = action_button(actions["anatomy.segment_with"])
        self.confirm_button = action_button(actions["anatomy.confirm"])
        self.confirm_all_button = action_button(actions["anatomy.confirm_all"])
        self._lay_out()
        editor.changed.connect(self._refresh_rows)
        editor.structure_wanted.connect(self.select)
        self._write()

    def show_case(self, case: Case | None, volumes: Mapping[str, Figure]) -> None:
        """List the structures of a case; volumes may come later than the labels."""
        self._case, self._volumes = case, volumes
        known = () if case is None else case.structure_ids()
        self._begun = [] if case is None else [i for i in self._begun if i not in known]
        if self.selected not in (*known, *self._begun):
            self.selected = None
        if [row.structure_id for row in self.rows()] == self._wanted():
            self._refresh_rows()
            self._write_notes()
        else:
            self._write()
        self._tell_selected()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme = theme
        self._write()

    def rows(self) -> list[SegmentRow]:
        """Rows of the table, from the top."""
        return [widget for widget in widgets_in(self._rows) if isinstance(widget, SegmentRow)]

    def select(self, structure_id: str) -> None:
        """Choose a structure: the one that is edited and confirmed next; one that is not there yet gets a row."""
        if structure_id not in (row.structure_id for row in self.rows()):
            self._begun.append(structure_id)
            self._write()
        self.selected = structure_id
        for row in self.rows():
            row.set_selected(is_selected=row.structure_id == structure_id)
        self._tell_selected()

    def deselect(self) -> None:
        """Choose nothing."""
        self.selected = None
        for row in self.rows():
            row.set_selected(is_selected=False)
        self._tell_selected()

    def _tell_selected(self) -> None:
        self._editor.choose_structure(self.selected)
        self.selected_changed.emit()

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.addLayout(self._rows)
        column.addWidget(self._not_found)
        column.addStretch(1)
        fill = QHBoxLayout()
        fill.addWidget(self._fill_label)
        fill.addWidget(self._fill, 1)
        confirm = QHBoxLayout()
        confirm.addWidget(self.confirm_button, 1)
        confirm.addWidget(self.confirm_all_button, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 6, 10)
        layout.addWidget(self._empty)
        layout.addWidget(scrolled(inner), 1)
        layout.addWidget(self.add_choice)
        layout.addLayout(fill)
        layout.addLayout(confirm)
        segment = QHBoxLayout()
        segment.addWidget(self.segment_button, 1)
        segment.addWidget(self.choose_button)
        layout.addLayout(segment)

    def _wanted(self) -> list[str]:
        """Ids of the rows, layer by layer, in the order a surgeon reads."""
        known = [] if self._case is None else [*self._case.structure_ids(), *self._begun]
        known = [i for i in known if not structure(i).layer.is_derived]
        return sorted(dict.fromkeys(known), key=_reading_order)

    def _write(self) -> None:
        clear(self._rows)
        wording, wanted, layer = self._wording, self._wanted(), None
        for structure_id in wanted:
            if structure(structure_id).layer is not layer:
                layer = structure(structure_id).layer
                self._rows.addWidget(label(wording.text(f"segment_editor.layer.{layer}"), "Faint"))
            row = SegmentRow(structure_id, self._editor, wording, self._theme)
            row.chosen.connect(lambda chosen=structure_id: self.select(chosen))
            row.set_selected(is_selected=structure_id == self.selected)
            self._rows.addWidget(row)
        self._empty.setText(wording.text("ui.structures.empty"))
        self._empty.setVisible(not wanted)
        self._fill_label.setText(wording.text("ui.structures.fill"))
        self.segment_button.setObjectName("" if wanted else "Main")  # no longer what comes next
        self.segment_button.style().unpolish(self.segment_button)
        self.segment_button.style().polish(self.segment_button)
        self._write_notes()
        self._refresh_rows()

    def _write_notes(self) -> None:
        """What was searched and not found, and what can be added."""
        wording, case = self._wording, self._case
        missing = {} if case is None else case.not_found
        lines = [f"{structure(i).name(wording.language)} : {wording.text(reason)}" for i, reason in missing.items()]
        title = [wording.text("ui.structures.not_found")] if lines else []
        self._not_found.setText("\n".join([*title, *lines]))
        self._not_found.setVisible(bool(lines))
        self.add_choice.clear()
        self.add_choice.setPlaceholderText(wording.text("segment_editor.table.add"))
        self.add_choice.addItem(wording.text("segment_editor.table.new_lesion"), "")
        wanted = self._wanted()
        absent = [i for i in drawable_ids() if i not in wanted]
        for structure_id in sorted(absent, key=lambda i: structure(i).name(wording.language)):
            self.add_choice.addItem(structure(structure_id).name(wording.language), structure_id)
        self.add_choice.setCurrentIndex(-1)
        is_editable = self._editor.is_editable
        self.add_choice.setEnabled(is_editable)
        tip = "segment_editor.table.add_tip" if is_editable else "segment_editor.table.add_needs"
        self.add_choice.setToolTip(wording.text(tip))

    def _refresh_rows(self) -> None:
        for row in self.rows():
            figure = self._volumes.get(row.structure_id)
            row.refresh(self._case, figure if self._is_current(row.structure_id) else None)

    def _is_current(self, structure_id: str) -> bool:
        """Tell whether the volumes were computed from the labels as they are now."""
        work, case = self._editor.work, self._case
        if work is None or case is None or work.built_case is None:
            return False
        name = structure(structure_id).layer
        now, then = case.layers.get(name), work.built_case.layers.get(name)
        if now is None or then is None or now is then:
            return now is then
        # Another structure of the layer was edited, most often: a volume of as many voxels still holds.
        return now.volume_ml(structure_id) == then.volume_ml(structure_id)

    def _on_added(self) -> None:
        structure_id = str(self.add_choice.currentData())
        self.add_choice.setCurrentIndex(-1)
        if not structure_id and self._editor.labels is not None:
            structure_id = self._editor.labels.new_lesion_id()
        if structure_id:
            self.select(structure_id)


class SegmentRow(QFrame):
    """Eye, lock, colour, name and confirmation; volume and opacity; origin and by whom it was confirmed."""

    chosen = Signal()

    def __init__(self, structure_id: str, editor: SegmentEditor, wording: Wording, theme: Theme) -> None:
        super().__init__()
        self.structure_id = structure_id
        self._editor, self._state, self._wording, self._theme = editor, editor.state, wording, theme
        self.setObjectName("Row")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        named = structure(structure_id)
        self.eye, self.lock = QToolButton(), QToolButton()
        for button, answer in ((self.eye, self._toggle_visible), (self.lock, self._toggle_lock)):
            button.setObjectName("Flat")
            button.clicked.connect(answer)
        self._name = label(named.name(wording.language), wraps=True)
        self._volume, self._origin = label("", "Quiet", wraps=True), label("", "Faint", wraps=True)
        self._confirmed = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(5, 100)
        self.slider.setValue(round(100 * self._state.opacity(structure_id)))
        self.slider.setFixedWidth(52)
        self.slider.setToolTip(wording.text("ui.structures.opacity"))
        self.slider.setAccessibleName(wording.text("ui.structures.opacity"))
        self.slider.valueChanged.connect(lambda value: self._state.set_opacity(structure_id, value / 100))
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(5)
        for widget in (self.eye, self.lock, ColourChip(named.colour)):
            first.addWidget(widget)
        first.addWidget(self._name, 1)
        first.addWidget(self._confirmed)
        second.setContentsMargins(8, 0, 0, 0)
        second.addWidget(self._volume, 1)
        second.addWidget(self.slider)
        third = QHBoxLayout()
        third.setContentsMargins(8, 0, 0, 0)
        third.addWidget(self._origin, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2, 2, 8, 3)
        layout.setSpacing(0)
        for line in (first, second, third):
            layout.addLayout(line)

    def refresh(self, case: Case | None, volume: Figure | None) -> None:
        """Show what the case says of it; without a figure its volume is that of its voxels, interval to follow."""
        wording, structure_id = self._wording, self.structure_id
        is_there = case is not None and structure_id in case.structure_ids()
        if case is None or not is_there:
            self._volume.setText(wording.text("segment_editor.table.nothing_drawn"))
            self._origin.setText("")
        else:
            layer = case.layer_of(structure_id)
            plain = f"{wording.quantity(layer.volume_ml(structure_id), 'ml')} …"
            self._volume.setText(plain if volume is None else wording.figure(volume))
            self._origin.setText(
                " · ".join([_origin(case, structure_id, wording), _confirmed(case, structure_id, wording)])
            )
        self._volume.setToolTip(wording.text("segment_editor.table.volume_tip"))
        is_confirmed = is_there and case is not None and case.is_confirmed(structure_id)
        colour = self._theme.good if is_confirmed else self._theme.warning
        self._confirmed.setPixmap(icon("confirm" if is_confirmed else "warning", colour).pixmap(16, 16))
        self._confirmed.setVisible(is_there)
        if case is not None and is_there:
            self._confirmed.setToolTip(_confirmation_tip(case, structure_id, wording))
        self._paint_buttons()

    def set_selected(self, *, is_selected: bool) -> None:
        """Mark it."""
        set_property(self, "selected", "true" if is_selected else "false")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose it."""
        self.chosen.emit()

    def _toggle_visible(self) -> None:
        self._state.set_visible([self.structure_id], is_visible=not self._state.is_visible(self.structure_id))
        self._paint_buttons()

    def _toggle_lock(self) -> None:
        self._editor.set_locked(self.structure_id, is_locked=not self._is_locked)

    @property
    def _is_locked(self) -> bool:
        labels = self._editor.labels
        return labels is not None and self.structure_id in labels.locked_structures

    def _paint_buttons(self) -> None:
        is_visible, is_locked = self._state.is_visible(self.structure_id), self._is_locked
        looks = (
            (
                self.eye,
                "eye" if is_visible else "eye_off",
                is_visible,
                "ui.structures.hide" if is_visible else "ui.structures.show",
            ),
            (
                self.lock,
                "lock" if is_locked else "lock_open",
                is_locked,
                "segment_editor.table.unlock" if is_locked else "segment_editor.table.lock",
            ),
        )
        for button, name, is_strong, word in looks:
            button.setIcon(icon(name, self._theme.text if is_strong else self._theme.faint))
            text = self._wording.text(word)
            button.setToolTip(text)
            button.setAccessibleName(text)


def _reading_order(structure_id: str) -> tuple[int, int, int]:
    """Layer by layer; the organs operated on first, lesions and the others as they are numbered."""
    found = structure(structure_id)
    layer = _LAYERS.index(found.layer) if found.layer in _LAYERS else len(_LAYERS)
    return (layer, 0 if structure_id in ("liver", "pancreas") else 1, found.value)


def _origin(case: Case, structure_id: str, wording: Wording) -> str:
    uncertainties = case.layer_of(structure_id).uncertainties
    known = uncertainties.get(structure_id) or uncertainties.get("lesion" if "lesion" in structure_id else structure_id)
    return wording.text(f"segment_editor.origin.{'imported' if known is None else known.origin}")


def _confirmed(case: Case, structure_id: str, wording: Wording) -> str:
    confirmation = case.confirmations.get(structure_id)
    if confirmation is None or not case.is_confirmed(structure_id):
        return wording.text("segment_editor.table.unconfirmed")
    return wording.text("segment_editor.table.confirmed", by=confirmation.by)


def _confirmation_tip(case: Case, structure_id: str, wording: Wording) -> str:
    confirmation = case.confirmations.get(structure_id)
    if confirmation is None or not case.is_confirmed(structure_id):
        return wording.text("ui.structures.unconfirmed")
    return wording.text("ui.structures.confirmed", by=confirmation.by, time=written_day(confirmation.time_utc, wording))
