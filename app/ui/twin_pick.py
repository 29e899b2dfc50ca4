"""The point that was clicked in 3D: its mark, and what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.services.describe_point import PointDescription, branch_in_words
from twin.anatomy import structure
from twin.wording import Wording

__all__ = ["PickedPoint", "paint_pick"]

_GROUND = QColor(18, 24, 26, 225)
_TEXT = QColor("#eef4f4")
_MARK = QColor("#ffd166")
_RIM = QColor(0, 0, 0, 200)


@dataclass(frozen=True, eq=False)
class PickedPoint:
    """A point of the twin and what is known of it."""

    point_lps_mm: NDArray[np.float64]
    description: PointDescription

    def lines(self, wording: Wording) -> list[str]:
        """Return what is written beside it: structure, branch, distance to the nearest lesion."""
        known, language = self.description, wording.language
        lines = [structure(known.structure_id).name(language)]
        if known.branch:
            lines.append(branch_in_words(known.branch, wording))
        if known.lesion_id is not None and known.lesion_mm is not None:
            distance = wording.quantity(known.lesion_mm, "mm", decimals=1)
            name = structure(known.lesion_id).name(language)
            lines.append(wording.text("ui.pick.lesion", distance=distance, lesion=name))
        return lines


def paint_pick(painter: QPainter, at: QPointF, lines: list[str], size_px: tuple[int, int]) -> None:
    """Draw the mark and its words in a box that stays inside the view."""
    painter.setPen(QPen(_RIM, 3.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(at, 6.0, 6.0)
    painter.setPen(QPen(_MARK, 1.6))
    painter.drawEllipse(at, 6.0, 6.0)
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    width = max(metrics.horizontalAdvance(line) for line in lines) + 18
    height = metrics.height() * len(lines) + 12
    left = at.x() + 14 if at.x() + 14 + width < size_px[0] - 4 else at.x() - 14 - width
    top = min(max(at.y() - height / 2, 28.0), size_px[1] - height - 28.0)
    box = QRectF(max(left, 4.0), top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(box, 5, 5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_TEXT)
    text = "\n".join(lines)
    painter.drawText(box.adjusted(9, 6, -9, -6), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
