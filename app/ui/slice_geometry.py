"""How a slice lies in its widget: zoom, pan, and the way between pixels of the screen and of the slice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QTransform

from app.scene.slice_frame import SliceFrame

__all__ = ["SlicePlacement"]

_NEAREST, _FARTHEST = 40.0, 0.2  # screen pixels per millimetre
_MARGIN_PX = 4.0


@dataclass(frozen=True)
class SlicePlacement:
    """Zoom in screen pixels per millimetre, and the point of the slice (mm from its corner) in the middle."""

    zoom: float
    centre_mm: tuple[float, float]

    @classmethod
    def fitted(cls, frame: SliceFrame, size_px: tuple[float, float]) -> SlicePlacement:
        """Return the placement that shows the whole slice."""
        width_mm, height_mm = _extent_mm(frame)
        room = (max(size_px[0] - 2 * _MARGIN_PX, 1.0), max(size_px[1] - 2 * _MARGIN_PX, 1.0))
        return cls(min(room[0] / width_mm, room[1] / height_mm), (width_mm / 2, height_mm / 2))

    def zoomed(self, factor: float, at: QPointF, size_px: tuple[float, float]) -> SlicePlacement:
        """Return the placement nearer by a factor, the point under the pointer staying where it is."""
        zoom = float(np.clip(self.zoom * factor, _FARTHEST, _NEAREST))
        x_mm, y_mm = self._mm_from_screen(at, size_px)
        shrink = self.zoom / zoom
        centre = (x_mm + (self.centre_mm[0] - x_mm) * shrink, y_mm + (self.centre_mm[1] - y_mm) * shrink)
        return SlicePlacement(zoom, centre)

    def panned(self, right_px: float, down_px: float) -> SlicePlacement:
        """Return the placement moved with the pointer."""
        x_mm, y_mm = self.centre_mm
        return replace(self, centre_mm=(x_mm - right_px / self.zoom, y_mm - down_px / self.zoom))

    def screen_from_pixel(self, x: float, y: float, frame: SliceFrame, size_px: tuple[float, float]) -> QPointF:
        """Map a pixel position of the slice to the screen."""
        return self.transform(frame, size_px).map(QPointF(x, y))

    def pixel_from_screen(self, at: QPointF, frame: SliceFrame, size_px: tuple[float, float]) -> tuple[float, float]:
        """Map a point of the screen to a pixel position of the slice."""
        x_mm, y_mm = self._mm_from_screen(at, size_px)
        return (x_mm / frame.spacing_mm[0] - 0.5, y_mm / frame.spacing_mm[1] - 0.5)

    def transform(self, frame: SliceFrame, size_px: tuple[float, float]) -> QTransform:
        """Return the map from pixel positions of the slice (whole numbers are centres) to the screen."""
        x_mm, y_mm, _ = frame.spacing_mm
        left = size_px[0] / 2 - self.centre_mm[0] * self.zoom
        top = size_px[1] / 2 - self.centre_mm[1] * self.zoom
        scale_x, scale_y = x_mm * self.zoom, y_mm * self.zoom
        return QTransform(scale_x, 0, 0, scale_y, left + scale_x / 2, top + scale_y / 2)

    def picture_rect(self, frame: SliceFrame, size_px: tuple[float, float]) -> QRectF:
        """Return where the picture of the slice lies on the screen."""
        rows, columns = frame.shape
        return self.transform(frame, size_px).mapRect(QRectF(-0.5, -0.5, columns, rows))

    def _mm_from_screen(self, at: QPointF, size_px: tuple[float, float]) -> tuple[float, float]:
        return (
            (at.x() - size_px[0] / 2) / self.zoom + self.centre_mm[0],
            (at.y() - size_px[1] / 2) / self.zoom + self.centre_mm[1],
        )


def _extent_mm(frame: SliceFrame) -> tuple[float, float]:
    rows, columns = frame.shape
    return (columns * frame.spacing_mm[0], rows * frame.spacing_mm[1])


def lps_under(
    placement: SlicePlacement, at: QPointF, frame: SliceFrame, index: int, size_px: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the point of the patient (LPS mm) under a point of the screen."""
    x, y = placement.pixel_from_screen(at, frame, size_px)
    return frame.lps_from_pixel(x, y, index)
