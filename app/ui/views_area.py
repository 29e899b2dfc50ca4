"""The views and how they share the area: four, the twin large, the twin alone, slices alone, one slice."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtWidgets import QGridLayout, QWidget

from app.scene.slice_frame import SliceAxis
from app.ui.slice_view import SliceView
from app.ui.twin_view import TwinView

__all__ = ["ViewLayout", "ViewsArea", "layout_named"]

_GAP_PX = 2
Place = tuple[int, int, int, int]  # row, column, rows, columns


class ViewLayout(StrEnum):
    """How the views share the area."""

    FOUR = "four"
    TWIN = "twin"  # the twin large, the slices in a column beside it
    TWIN_ONLY = "twin_only"
    SLICES = "slices"  # one slice large, the others in a column beside it
    SLICE = "slice"


class ViewsArea(QWidget):
    """Lays the views out.

    Parameters
    ----------
    slices
        By direction; the oblique one stands in for the sagittal one while it is asked for.
    twin
        The 3D view.
    """

    def __init__(self, slices: dict[SliceAxis, SliceView], twin: TwinView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("Ground")
        self.slices = slices
        self.twin = twin
        self.layout_changed: Callable[[ViewLayout], None] = lambda layout: None
        self._layout = ViewLayout.FOUR
        self._main = slices[SliceAxis.AXIAL]
        self._is_oblique = False
        self._maximised: QWidget | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(_GAP_PX, _GAP_PX, _GAP_PX, _GAP_PX)
        self._grid.setSpacing(_GAP_PX)
        for view in self.views:
            view.setParent(self)  # a view that is not laid out yet must not become a window of its own
            view.maximise_asked.connect(lambda view=view: self.toggle_maximised(view))
        self._arrange()

    @property
    def views(self) -> tuple[SliceView | TwinView, ...]:
        """All views, shown or not."""
        return (*self.slices.values(), self.twin)

    @property
    def view_layout(self) -> ViewLayout:
        """How the area is shared."""
        return self._layout

    def set_layout(self, layout: ViewLayout) -> None:
        """Share the area in another way."""
        self._layout, self._maximised = layout, None
        focused = self.focusWidget()
        if isinstance(focused, SliceView) and focused in self._shown_slices():
            self._main = focused  # the slice that was worked on is the large one
        self._arrange()
        self.layout_changed(layout)

    def set_oblique(self, *, is_shown: bool) -> None:
        """Show the oblique slice in place of the sagittal one, or the sagittal one again."""
        self._is_oblique = is_shown
        if self._main not in self._shown_slices():
            self._main = self.slices[SliceAxis.AXIAL]
        if self._maximised not in (None, self.twin, *self._shown_slices()):
            self._maximised = None
        self._arrange()

    def toggle_maximised(self, view: QWidget) -> None:
        """Let one view fill the area, or bring the others back."""
        self._maximised = None if self._maximised is view else view
        self._arrange()

    def _shown_slices(self) -> list[SliceView]:
        last = SliceAxis.OBLIQUE if self._is_oblique else SliceAxis.SAGITTAL
        return [self.slices[axis] for axis in (SliceAxis.AXIAL, SliceAxis.CORONAL, last)]

    def _places(self) -> dict[QWidget, Place]:
        first, second, third = self._shown_slices()
        places: dict[QWidget, Place] = {}
        if self._maximised is not None:
            places[self._maximised] = (0, 0, 1, 1)
            return places
        if self._layout is ViewLayout.FOUR:
            places |= {first: (0, 0, 1, 1), self.twin: (0, 1, 1, 1), second: (1, 0, 1, 1), third: (1, 1, 1, 1)}
        elif self._layout is ViewLayout.TWIN:
            places[self.twin] = (0, 0, 3, 1)
            places |= {view: (row, 1, 1, 1) for row, view in enumerate((first, second, third))}
        elif self._layout is ViewLayout.SLICES:
            others = [view for view in (first, second, third) if view is not self._main]
            places[self._main] = (0, 0, 2, 1)
            places |= {view: (row, 1, 1, 1) for row, view in enumerate(others)}
        else:
            places[self.twin if self._layout is ViewLayout.TWIN_ONLY else self._main] = (0, 0, 1, 1)
        return places

    def _arrange(self) -> None:
        places = self._places()
        for view in self.views:
            self._grid.removeWidget(view)
        for placed, place in places.items():
            self._grid.addWidget(placed, *place)
        for view in self.views:
            view.setVisible(view in places)
        rows = max(row + n for row, _, n, _ in places.values())
        columns = max(column + n for _, column, _, n in places.values())
        is_uneven = self._layout in (ViewLayout.TWIN, ViewLayout.SLICES) and columns > 1
        for number in range(3):
            self._grid.setRowStretch(number, 1 if number < rows else 0)
            wide = 5 if is_uneven and number == 0 else 2
            self._grid.setColumnStretch(number, wide if number < columns else 0)


def layout_named(name: str) -> ViewLayout:
    """Return the layout of a name that was remembered; four views where the name is not known."""
    return next((layout for layout in ViewLayout if layout == name), ViewLayout.FOUR)
