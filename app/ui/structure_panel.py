"""Structures of the twin: show and hide, opacity, volume with its interval, and whether a person confirmed it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSlider, QToolButton, QVBoxLayout, QWidget

from app.ui.action_table import ActionTable
from app.ui.pieces import ColourChip, action_button, clear, label, main_button, set_property, widgets_in
from app.ui.theme import DARK, Theme, icon
from app.ui.view_state import ViewState
from twin.anatomy import LayerName, structure
from twin.case import Case
from twin.figure import Figure
from twin.wording import Wording

__all__ = ["StructurePanel"]


class StructurePanel(QWidget):
    """The list, with segmentation and confirmation under it.

    Parameters
    ----------
    actions
        Segment and confirm.
    state
        What is shown and how.
    wording
        Language of its texts.
    """

    selected_changed = Signal()

    def __init__(self, actions: ActionTable, state: ViewState, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.selected: str | None = None
        self._state = state
        self._wording = wording
        self._theme = DARK
        self._case: Case | None = None
        self._volumes: Mapping[str, Figure] = {}
        self._empty = label("", "Quiet", wraps=True)
        self._not_found = label("", "Faint", wraps=True)
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 0)
        column.addLayout(self._rows)
        column.addWidget(self._not_found)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self._fill_label = label("", "Quiet")
        self._fill = QSlider(Qt.Orientation.Horizontal)
        self._fill.setRange(0, 100)
        self._fill.setValue(round(100 * state.fill_opacity))
        self._fill.valueChanged.connect(lambda value: state.set_fill_opacity(value / 100))
        self.segment_button = main_button(actions["anatomy.segment"])
        self.confirm_button = action_button(actions["anatomy.confirm"])
        self.confirm_all_button = action_button(actions["anatomy.confirm_all"])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._empty)
        layout.addWidget(area, 1)
        fill = QHBoxLayout()
        fill.addWidget(self._fill_label)
        fill.addWidget(self._fill, 1)
        layout.addLayout(fill)
        confirm = QHBoxLayout()
        confirm.addWidget(self.confirm_button, 1)
        confirm.addWidget(self.confirm_all_button, 1)
        layout.addLayout(confirm)
        layout.addWidget(self.segment_button)
        self._write()

    def show_case(self, case: Case | None, volumes: Mapping[str, Figure]) -> None:
        """List the structures of a case; volumes may come later than the labels."""
        self._case, self._volumes = case, volumes
        known = () if case is None else case.structure_ids()
        if self.selected not in known:
            self.selected = None
        self._write()
        self.selected_changed.emit()

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._write()

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        self._theme = theme
        self._write()

    def rows(self) -> list[StructureRow]:
        """Rows of the list, from the top."""
        return [widget for widget in widgets_in(self._rows) if isinstance(widget, StructureRow)]

    def select(self, structure_id: str) -> None:
        """Mark a structure, the one that is confirmed next."""
        self.selected = structure_id
        for row in self.rows():
            row.set_selected(is_selected=row.structure_id == structure_id)
        self.selected_changed.emit()

    def _write(self) -> None:
        clear(self._rows)
        wording, case = self._wording, self._case
        structure_ids = [] if case is None else sorted(case.structure_ids(), key=_reading_order)
        self._empty.setText(wording.text("ui.structures.empty"))
        self._empty.setVisible(not structure_ids)
        self.segment_button.setObjectName("" if structure_ids else "Main")  # no longer what comes next
        self.segment_button.style().unpolish(self.segment_button)
        self.segment_button.style().polish(self.segment_button)
        self._fill_label.setText(wording.text("ui.structures.fill"))
        for structure_id in structure_ids:
            assert case is not None
            row = StructureRow(structure_id, self._state, wording, self._theme)
            figure = self._volumes.get(structure_id)
            row.show_volume("…" if figure is None else wording.figure(figure))
            row.show_confirmed(_confirmation_text(case, structure_id, wording), case.is_confirmed(structure_id))
            row.chosen.connect(lambda chosen=structure_id: self.select(chosen))
            row.set_selected(is_selected=structure_id == self.selected)
            self._rows.addWidget(row)
        missing = {} if case is None else case.not_found
        lines = [f"{structure(i).name(wording.language)} : {wording.text(reason)}" for i, reason in missing.items()]
        title = [wording.text("ui.structures.not_found")] if lines else []
        self._not_found.setText("\n".join([*title, *lines]))


class StructureRow(QFrame):
    """Eye, colour, name and confirmation on one line; volume and opacity under it."""

    chosen = Signal()

    def __init__(self, structure_id: str, state: ViewState, wording: Wording, theme: Theme) -> None:
        super().__init__()
        self.structure_id = structure_id
        self._state = state
        self._theme = theme
        self._wording = wording
        self.setObjectName("Row")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        named = structure(structure_id)
        name = named.name(wording.language)
        self.eye = QToolButton()
        self.eye.setObjectName("Flat")
        self.eye.clicked.connect(self._toggle)
        self._name = label(name, wraps=True)
        self._volume = label("", "Faint", wraps=True)
        self._confirmed = QLabel()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(5, 100)
        self.slider.setValue(round(100 * state.opacity(structure_id)))
        self.slider.setFixedWidth(52)
        self.slider.setToolTip(wording.text("ui.structures.opacity"))
        self.slider.setAccessibleName(wording.text("ui.structures.opacity"))
        self.slider.valueChanged.connect(lambda value: state.set_opacity(structure_id, value / 100))
        first = QHBoxLayout()
        first.setSpacing(7)
        first.addWidget(self.eye)
        first.addWidget(ColourChip(named.colour))
        first.addWidget(self._name, 1)
        first.addWidget(self._confirmed)
        second = QHBoxLayout()
        second.setContentsMargins(32, 0, 0, 0)
        second.addWidget(self._volume, 1)
        second.addWidget(self.slider)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 3, 8, 4)
        layout.setSpacing(0)
        layout.addLayout(first)
        layout.addLayout(second)
        self._paint_eye()

    def show_volume(self, text: str) -> None:
        """Write the volume."""
        self._volume.setText(text)

    def show_confirmed(self, tip: str, is_confirmed: bool) -> None:
        """Show who confirmed it, or that nobody has."""
        colour = self._theme.good if is_confirmed else self._theme.warning
        name = "confirm" if is_confirmed else "warning"
        self._confirmed.setPixmap(icon(name, colour).pixmap(16, 16))
        self._confirmed.setToolTip(tip)

    def set_selected(self, *, is_selected: bool) -> None:
        """Mark it."""
        set_property(self, "selected", "true" if is_selected else "false")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose it."""
        self.chosen.emit()

    def _toggle(self) -> None:
        self._state.set_visible([self.structure_id], is_visible=not self._state.is_visible(self.structure_id))
        self._paint_eye()

    def _paint_eye(self) -> None:
        is_visible = self._state.is_visible(self.structure_id)
        colour = self._theme.text if is_visible else self._theme.faint
        self.eye.setIcon(icon("eye" if is_visible else "eye_off", colour))
        text = self._wording.text("ui.structures.hide" if is_visible else "ui.structures.show")
        self.eye.setToolTip(text)
        self.eye.setAccessibleName(text)


def _reading_order(structure_id: str) -> int:
    """Order a surgeon reads in: the organs operated on, their lesions, vessels and ducts, then the rest."""
    layer = structure(structure_id).layer
    if structure_id in ("liver", "pancreas"):
        return 0
    order = (LayerName.LESIONS, LayerName.VESSELS, LayerName.DUCTS, LayerName.ORGANS, LayerName.CONTEXT)
    return 1 + order.index(layer)


def _confirmation_text(case: Case, structure_id: str, wording: Wording) -> str:
    confirmation = case.confirmations.get(structure_id)
    if confirmation is None or not case.is_confirmed(structure_id):
        return wording.text("ui.structures.unconfirmed")
    return wording.text("ui.structures.confirmed", by=confirmation.by, time=confirmation.time_utc[:10])
