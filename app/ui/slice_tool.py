"""What a tool on slices gets and does: presses, moves and releases as points of the patient, and its own paint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QPainter

if TYPE_CHECKING:
    from app.ui.slice_view import SliceView

__all__ = ["SliceOverlay", "SlicePointer", "SliceTool"]


@dataclass(frozen=True, eq=False)
class SlicePointer:
    """The pointer on a slice.

    Parameters
    ----------
    view
        The view it is on; gives `SliceView.axis`, `slice_index`, `frame_of_slice`, `mm_per_px` and
        `screen_from_lps`.
    at
        Where on the widget.
    point_lps_mm
        The point of the patient under it, (3,), in the plane of the slice.
    button
        The button that is held, or ``NoButton``.
    modifiers
        Control, shift and alt.
    """

    view: SliceView
    at: QPointF
    point_lps_mm: NDArray[np.float64]
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier


class SliceOverlay(Protocol):
    """Something that is painted over slices whichever tool is active; `ViewState.add_overlay` shows it."""

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw over the slice, in pixels of the widget."""
        ...


class SliceTool(Protocol):
    """A tool that works on slices; `ViewState.set_tool` makes it the active one.

    Left presses without shift go to the tool first. The wheel, the other buttons and left with shift stay with the
    view, so that scrolling, window and moving the picture work with every tool.
    """

    @property
    def cursor(self) -> Qt.CursorShape:
        """Shape of the pointer over a slice; ``BlankCursor`` where the tool paints its own."""
        ...

    def press(self, pointer: SlicePointer) -> bool:
        """Begin a gesture; False leaves it to the view (crosshair, cutting line)."""
        ...

    def move(self, pointer: SlicePointer) -> None:
        """Follow the pointer while the gesture lasts."""
        ...

    def release(self, pointer: SlicePointer) -> None:
        """End the gesture."""
        ...

    def hover(self, pointer: SlicePointer | None) -> None:
        """Follow the pointer without a gesture; None when it leaves the view."""
        ...

    def wheel(self, pointer: SlicePointer, steps: int) -> bool:
        """Answer the wheel turned with shift (size of a brush); False leaves it to the view."""
        ...

    def double_click(self, pointer: SlicePointer) -> bool:
        """Answer a double click (end of a polygon); False lets the view fill the window."""
        ...

    def key(self, view: SliceView, event: QKeyEvent) -> bool:
        """Answer a key pressed on a slice; False leaves it to the view."""
        ...

    def cancel(self) -> None:
        """Give up what was begun: another tool was chosen, or Escape."""
        ...

    def paint(self, painter: QPainter, view: SliceView) -> None:
        """Draw over the slice, in pixels of the widget."""
        ...
