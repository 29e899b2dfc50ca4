"""A stroke while it is drawn: points come from the window, labels are painted beside it, slices show them at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum, auto

from app.scene.slice_scene import LivePatch
from app.services.edit_labels import LabelEditor
from app.services.edit_requests import Brush, Limits, StrokeMode
from twin.anatomy import structure
from twin.job import CancelToken, ProgressListener

__all__ = ["LiveStroke"]

Point = tuple[float, float, float]
_POLL_S = 0.25  # how soon a stroke notices that the window goes


class _End(Enum):
    NOT_YET = auto()
    FINISH = auto()
    CANCEL = auto()


class LiveStroke:
    """One stroke; its :meth:`run` takes the thread that changes the case until the stroke ends.

    So a stroke begun while the one before is still being written waits for it, and none of its points is lost.

    Parameters
    ----------
    editor
        The tools of the open case.
    structure_id, brush, mode, limits
        As for `LabelEditor.begin_stroke`.
    show
        Told of what the slices should show; called from the thread of :meth:`run`.
    """

    def __init__(
        self,
        editor: LabelEditor,
        structure_id: str,
        brush: Brush,
        mode: StrokeMode,
        limits: Limits,
        show: Callable[[LiveStroke, LivePatch], None],
    ) -> None:
        self._editor = editor
        self._structure_id = structure_id
        self._brush, self._mode, self._limits = brush, mode, limits
        self._show = show
        self._changed = threading.Condition()
        self._points: list[Point] = []
        self._end = _End.NOT_YET

    def add(self, point_lps_mm: Point) -> None:
        """Draw on to a point."""
        with self._changed:
            self._points.append(point_lps_mm)
            self._changed.notify()

    def finish(self) -> None:
        """Let the stroke become a step."""
        self._stop(_End.FINISH)

    def cancel(self) -> None:
        """Take the stroke back."""
        self._stop(_End.CANCEL)

    def run(self, progress: ProgressListener, cancel: CancelToken) -> object:
        """Draw until the stroke ends; the work of a job."""
        stroke = self._editor.begin_stroke(self._structure_id, self._brush, self._mode, limits=self._limits)
        layer = structure(self._structure_id).layer
        touched = None
        try:
            while True:
                points, end = self._next(cancel)
                for point in points:
                    box = stroke.move(point)
                    if box is not None:
                        touched = box if touched is None else touched.joined(box)
                if points and touched is not None:
                    patch = LivePatch(layer, touched, stroke.labels(touched))
                    _ = patch.values  # counted here, so that the window does not
                    self._show(self, patch)
                if end is not _End.NOT_YET:
                    break
            return stroke.finish() if end is _End.FINISH else None
        finally:
            if not stroke.is_over:
                stroke.cancel()

    def _stop(self, end: _End) -> None:
        with self._changed:
            if self._end is _End.NOT_YET:
                self._end = end
            self._changed.notify()

    def _next(self, cancel: CancelToken) -> tuple[list[Point], _End]:
        """Wait for points or the end."""
        with self._changed:
            while not self._points and self._end is _End.NOT_YET:
                self._changed.wait(_POLL_S)
                if cancel.is_cancelled:
                    self._end = _End.CANCEL
            points, self._points = self._points, []
            return points, self._end
