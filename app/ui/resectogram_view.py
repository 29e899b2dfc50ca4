"""The unfolded cut: each place in the colour of its distance to the lesions, with the vessels that cross it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.scene.margin_colours import MARGIN_STOPS_MM, margin_rgb
from app.services.rehearse_plan import Resectogram
from app.ui.pieces import clear, label
from twin.outcome import CrossedVessel
from twin.wording import Wording

__all__ = ["ResectogramPanel", "ResectogramView", "picture_of_cut"]

_OTHER_CUT = 0.45  # what another cut of the plan removes is paler
_GROUND = np.array((30, 36, 38), np.uint8)
_VESSEL_RGB = {"portal": (0x3F, 0x6F, 0xC8), "hepatic": (0x2B, 0x4A, 0x8C)}
_CROSS = QColor("#111111")
_KEY_PX = 12


def picture_of_cut(unfolded: Resectogram, trees: dict[int, str]) -> NDArray[np.uint8]:
    """Return the picture of an unfolded cut, uint8 ``[row, column, RGB]``; ``trees`` by number of the vessel."""
    rgb = np.rint(255 * margin_rgb(unfolded.lesion_distance_mm)).astype(np.uint8)
    beyond = unfolded.in_organ & ~unfolded.is_cut
    rgb[beyond] = np.rint(_OTHER_CUT * rgb[beyond] + (1.0 - _OTHER_CUT) * _GROUND).astype(np.uint8)
    for number in np.unique(unfolded.vessel[unfolded.vessel > 0]):
        rgb[unfolded.vessel == number] = _VESSEL_RGB.get(trees.get(int(number), ""), (70, 70, 70))
    rgb[~unfolded.in_organ] = _GROUND
    return np.ascontiguousarray(rgb)


class ResectogramView(QWidget):
    """One unfolded cut; a click looks at that place of the patient.

    Parameters
    ----------
    wording
        Language of its texts.
    """

    place_chosen = Signal(object)  # point LPS mm

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._unfolded: Resectogram | None = None
        self._vessels: tuple[CrossedVessel, ...] = ()
        self._image: QImage | None = None
        self._crosshair: NDArray[np.float64] | None = None
        self._box = (0, 0, 1, 1)
        self.setMinimumSize(180, 180)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMouseTracking(True)

    def sizeHint(self) -> QSize:
        """As broad as the panel."""
        return QSize(280, 260)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self.update()

    def show_cut(self, unfolded: Resectogram | None, vessels: tuple[CrossedVessel, ...]) -> None:
        """Show a cut with the vessels of the plan, or nothing."""
        self._unfolded, self._vessels, self._image = unfolded, vessels, None
        if unfolded is not None and unfolded.in_organ.any():
            trees = {number: vessel.tree for number, vessel in enumerate(vessels, start=1)}
            picture = picture_of_cut(unfolded, trees)
            rows, columns, _ = picture.shape
            self._image = QImage(picture.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
            inside_row, inside_column = np.nonzero(unfolded.in_organ)
            self._box = (
                int(inside_column.min()),
                int(inside_row.min()),
                int(np.ptp(inside_column)) + 1,
                int(np.ptp(inside_row)) + 1,
            )
        self.update()

    def show_crosshair(self, point_lps_mm: NDArray[np.float64]) -> None:
        """Mark the place of the cut that is nearest to the crosshair, where it is near."""
        self._crosshair = point_lps_mm
        if self.isVisible():
            self.update()

    def position_of(self, row: int, column: int) -> QPointF:
        """Where a pixel of the map is on the widget."""
        target, (left, top, width, height) = self._target(), self._box
        return QPointF(
            target.x() + (column + 0.5 - left) / width * target.width(),
            target.y() + (row + 0.5 - top) / height * target.height(),
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Look at that place of the patient."""
        at = self._pixel_at(event.position())
        if at is not None and self._unfolded is not None and self._unfolded.in_organ[at]:
            self.place_chosen.emit(self._unfolded.points_lps_mm[at].astype(np.float64))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say the distance under the pointer."""
        at, unfolded = self._pixel_at(event.position()), self._unfolded
        tip = ""
        if at is not None and unfolded is not None and unfolded.in_organ[at]:
            distance = float(unfolded.lesion_distance_mm[at])
            if np.isfinite(distance):
                text = self._wording.quantity(max(distance, 0.0), "mm")
                tip = self._wording.text("ui.resectogram.distance", distance=text)
            number = int(unfolded.vessel[at])
            if 0 < number <= len(self._vessels):
                from app.services.describe_point import branch_in_words

                vessel = self._vessels[number - 1]
                tip = f"{number}. {branch_in_words(vessel.branch or vessel.tree, self._wording)}\n{tip}".strip()
        self.setToolTip(tip)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the map, the numbers of the vessels, the place looked at, and a scale."""
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(*(int(v) for v in _GROUND)))
        if self._image is None or self._unfolded is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = self._target()
        painter.drawImage(target, self._image, QRectF(*self._box))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_numbers(painter)
        self._paint_crosshair(painter)
        self._paint_scale(painter, target)

    def _paint_numbers(self, painter: QPainter) -> None:
        assert self._unfolded is not None
        font = QFont(painter.font())
        font.setPixelSize(11)
        font.setBold(True)
        painter.setFont(font)
        for number in np.unique(self._unfolded.vessel[self._unfolded.vessel > 0]):
            rows, columns = np.nonzero(self._unfolded.vessel == number)
            at = self.position_of(int(rows.mean()), int(columns.mean()))
            box = QRectF(at.x() + 3, at.y() - 15, 22, 14)
            painter.setPen(QColor(255, 255, 255, 210))
            for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                painter.drawText(box.translated(dx, dy), int(Qt.AlignmentFlag.AlignLeft), str(number))
            painter.setPen(_CROSS)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft), str(number))

    def _paint_crosshair(self, painter: QPainter) -> None:
        assert self._unfolded is not None
        if self._crosshair is None:
            return
        distances = np.linalg.norm(self._unfolded.points_lps_mm - self._crosshair.astype(np.float32), axis=2)
        distances[~self._unfolded.in_organ] = np.inf
        nearest = int(distances.argmin())
        if distances.flat[nearest] > 2.0 * self._unfolded.pixel_mm + 1.0:
            return
        at = self.position_of(*divmod(nearest, distances.shape[1]))
        for pen in (QPen(QColor(255, 255, 255, 220), 3.0), QPen(_CROSS, 1.3)):
            painter.setPen(pen)
            painter.drawLine(at + QPointF(-8, 0), at + QPointF(8, 0))
            painter.drawLine(at + QPointF(0, -8), at + QPointF(0, 8))

    def _paint_scale(self, painter: QPainter, target: QRectF) -> None:
        assert self._unfolded is not None
        px_per_mm = target.width() / (self._box[2] * self._unfolded.pixel_mm)
        length_mm = 50.0 if 50.0 * px_per_mm < 0.6 * self.width() else 20.0
        start = QPointF(8, self.height() - 8)
        painter.setPen(QPen(QColor("#eef4f4"), 2.0))
        painter.drawLine(start, start + QPointF(length_mm * px_per_mm, 0))
        font = QFont(painter.font())
        font.setBold(False)
        painter.setFont(font)
        box = QRectF(start.x(), start.y() - 17, 90, 14)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft), self._wording.quantity(length_mm, "mm", decimals=0))

    def _target(self) -> QRectF:
        """Where the map is drawn: as large as fits, the scale below it."""
        _, _, width, height = self._box
        room_x, room_y = self.width() - 12.0, self.height() - 32.0
        zoom = min(room_x / width, room_y / height)
        return QRectF(
            (self.width() - zoom * width) / 2.0, 4.0 + (room_y - zoom * height) / 2.0, zoom * width, zoom * height
        )

    def _pixel_at(self, at: QPointF) -> tuple[int, int] | None:
        if self._unfolded is None or self._image is None:
            return None
        target, (left, top, width, height) = self._target(), self._box
        column = int(left + (at.x() - target.x()) / target.width() * width)
        row = int(top + (at.y() - target.y()) / target.height() * height)
        n_rows, n_columns = self._unfolded.in_organ.shape
        return (row, column) if 0 <= row < n_rows and 0 <= column < n_columns else None


class ResectogramPanel(QWidget):
    """The unfolded cuts of a plan, one at a time, with the key of the colours."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._unfolded: tuple[Resectogram, ...] = ()
        self._vessels: tuple[CrossedVessel, ...] = ()
        self._at = 0
        self._is_awaited = False
        self.view = ResectogramView(wording)
        self.buttons = QHBoxLayout()
        self._key = _MarginKey(wording)
        self._note = label("", "Quiet", wraps=True)
        self._hint = label("", "Faint", wraps=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self.buttons)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._key)
        layout.addWidget(self._note)
        layout.addWidget(self._hint)
        self.set_wording(wording)

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        self._hint.setText(wording.text("ui.resectogram.hint"))
        self._key.set_wording(wording)
        self.view.set_wording(wording)
        self._write()

    def show_cuts(
        self, unfolded: tuple[Resectogram, ...], vessels: tuple[CrossedVessel, ...], *, is_awaited: bool
    ) -> None:
        """Show the planes and sheets of a plan; ``is_awaited`` while they are being unfolded."""
        self._unfolded, self._vessels, self._is_awaited = unfolded, vessels, is_awaited
        self._at = min(self._at, max(len(unfolded) - 1, 0))
        self._write()

    def _choose(self, at: int) -> None:
        self._at = at
        self._write()

    def _write(self) -> None:
        wording, unfolded = self._wording, self._unfolded
        clear(self.buttons)
        if len(unfolded) > 1:
            for number, one in enumerate(unfolded):
                button = QPushButton(wording.text("ui.resectogram.cut", number=one.cut_number))
                button.setObjectName("Small")
                button.setCheckable(True)
                button.setChecked(number == self._at)
                button.clicked.connect(lambda checked=False, at=number: self._choose(at))
                self.buttons.addWidget(button)
        shown = unfolded[self._at] if unfolded else None
        self.view.setVisible(shown is not None)
        self._key.setVisible(shown is not None)
        self._hint.setVisible(shown is not None)
        self.view.show_cut(shown, self._vessels)
        if shown is None:
            self._note.setText(wording.text("ui.figures.computing" if self._is_awaited else "ui.resectogram.none"))
            return
        area = wording.quantity(shown.area_cm2, "cm2", decimals=0)
        near = wording.quantity(shown.area_nearer_than_cm2(10.0), "cm2", decimals=1)
        known = shown.least_distance_mm is not None
        self._note.setText(
            wording.text("ui.resectogram.area" if known else "ui.resectogram.area_only", area=area, near=near)
        )


class _MarginKey(QWidget):
    """The colours of the margin with their millimetres."""

    def __init__(self, wording: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self.setFixedHeight(_KEY_PX + 18)

    def set_wording(self, wording: Wording) -> None:
        self._wording = wording
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # ended even where painting fails: one left active ends the program
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        width, stops = self.width() - 28.0, MARGIN_STOPS_MM
        # Even steps between the stops: the first millimetres matter most.
        shares = np.linspace(0.0, len(stops) - 1.0, 64)
        values = np.interp(shares, np.arange(len(stops)), stops)
        for number, rgb in enumerate(margin_rgb(values)):
            box = QRectF(4 + number * width / 64, 0, width / 64 + 1, _KEY_PX)
            painter.fillRect(box, QColor.fromRgbF(*(float(v) for v in rgb)))
        painter.setPen(self.palette().windowText().color())
        font = QFont(painter.font())
        font.setPixelSize(11)
        painter.setFont(font)
        for number, stop in enumerate(stops):
            text = self._wording.number(stop, decimals=0)
            text = self._wording.quantity(stop, "mm", decimals=0) if number == len(stops) - 1 else text
            at = 4 + number * width / (len(stops) - 1)
            flag = Qt.AlignmentFlag.AlignRight if number == len(stops) - 1 else Qt.AlignmentFlag.AlignHCenter
            box = (
                QRectF(at - 26, _KEY_PX + 2, 50, 14)
                if number < len(stops) - 1
                else QRectF(at - 30, _KEY_PX + 2, 54, 14)
            )
            box = QRectF(4, _KEY_PX + 2, 50, 14) if number == 0 else box
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft if number == 0 else flag), text)
