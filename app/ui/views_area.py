"""The four views: axial, the twin, coronal, sagittal; one of them can fill the area."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtWidgets import QGridLayout, QWidget

from app.scene.slice_frame import SliceAxis
from app.ui.slice_view import SliceView
from app.ui.twin_view import TwinView

__all__ = ["ViewLayout", "ViewsArea"]

_GAP_PX = 2


class ViewLayout(StrEnum):
    """How the views share the area."""

    FOUR = "four"
    TWIN = "twin"  # the twin large, the slices in a column beside it


class ViewsArea(QWidget):
    """Lays the views out."""

    def __init__(self, slices: dict[SliceAxis, SliceView], twin: TwinView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Ground")
        self.slices = slices
        self.twin = twin
        self._layout = ViewLayout.FOUR
        self._maximised: QWidget | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(_GAP_PX, _GAP_PX, _GAP_PX, _GAP_PX)
        self._grid.setSpacing(_GAP_PX)
        for view in self.views:
            view.maximise_asked.connect(lambda view=view: self.toggle_maximised(view))
        self._arrange()

    @property
    def views(self) -> tuple[SliceView | TwinView, ...]:
        """All views."""
        return (*self.slices.values(), self.twin)

    def set_layout(self, layout: ViewLayout) -> None:
        """Share the area in another way."""
        self._layout, self._maximised = layout, None
        self._arrange()

    def toggle_maximised(self, view: QWidget) -> None:
        """Let one view fill the area, or bring the others back."""
        self._maximised = None if self._maximised is view else view
        self._arrange()

    def _arrange(self) -> None:
        axial, coronal, sagittal = (self.slices[axis] for axis in SliceAxis)
        places: dict[QWidget, tuple[int, int, int, int]] = {
            axial: (0, 0, 1, 1),
            self.twin: (0, 1, 1, 1),
            coronal: (1, 0, 1, 1),
            sagittal: (1, 1, 1, 1),
        }
        stretches = ((1, 1, 0), (1, 1))
        if self._layout is ViewLayout.TWIN:
            places = {
                self.twin: (0, 0, 3, 1),
                axial: (0, 1, 1, 1),
                coronal: (1, 1, 1, 1),
                sagittal: (2, 1, 1, 1),
            }
            stretches = ((1, 1, 1), (5, 2))
        for view in self.views:
            self._grid.removeWidget(view)
        for placed, place in places.items():
            self._grid.addWidget(placed, *place)
            placed.setVisible(self._maximised in (None, placed))
        rows, columns = stretches
        hidden = self._maximised is not None
        for number, stretch in enumerate(rows):
            self._grid.setRowStretch(number, 0 if hidden else stretch)
        for number, stretch in enumerate(columns):
            self._grid.setColumnStretch(number, 0 if hidden else stretch)
        if self._maximised is not None:
            row, column, rows_spanned, _ = places[self._maximised]
            self._grid.setRowStretch(row, 1)
            self._grid.setColumnStretch(column, 1)
            if rows_spanned > 1:
                for number in range(rows_spanned):
                    self._grid.setRowStretch(number, 1)
