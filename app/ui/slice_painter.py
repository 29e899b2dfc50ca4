"""Draws a slice view: picture, contours, crosshair, cutting line, letters, scale and read-outs."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QDataStream, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
    QRegion,
)

from app.scene.slice_frame import SliceFrame
from app.scene.slice_scene import Contour
from app.ui.slice_cut import CutLine
from app.ui.slice_geometry import SlicePlacement
from twin.anatomy import structure

__all__ = [
    "ON_DARK",
    "ON_LIGHT",
    "READOUT_GAP",
    "PaintedSlice",
    "SliceOutlines",
    "SlicePicture",
    "SliceTexts",
    "image_from_pixels",
    "nice_length_mm",
    "outlines_of",
    "paint_scale",
    "paint_slice",
    "paint_text",
    "paint_texts",
]

_HALO = QColor(0, 0, 0, 170)
# Letters and their halo, so that they are read on bone as on air.
Ink = tuple[QColor, QColor]
ON_DARK: Ink = (QColor("#e9f0f0"), _HALO)
ON_LIGHT: Ink = (QColor("#1b2426"), QColor(255, 255, 255, 170))
_NOTABLE: Ink = (QColor("#ffd166"), _HALO)  # what is not as usual
_CROSSHAIR = QColor(76, 194, 185, 190)
_CUT = QColor("#3fd0c4")
_REMOVED = QColor("#d774de")  # the resection zone, lightened to be read on black
_GAP_PX = 14.0  # the crosshair leaves the point itself free,
_EDGE_PX = 30.0  # and the letters at the edges
_READOUT_PX = 17.0  # height of the line at the foot, under the letter of the lower edge
READOUT_GAP = "   "  # between value, place and structure


@dataclass(frozen=True)
class SliceTexts:
    """What is written in the corners; ``letters`` are left, right, top, bottom."""

    title: str = ""
    position: str = ""
    special: str = ""  # a thick slice, or a scan that is laid over
    window: str = ""
    readout: str = ""
    letters: tuple[str, str, str, str] = ("", "", "", "")
    scale: str = ""
    notice: str = ""
    scale_px: float = 0.0


SliceOutlines = Mapping[Contour, QPainterPath]  # in pixel positions of the slice
_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])  # of a path, as Qt writes it


@dataclass(frozen=True)
class SlicePicture:
    """What is painted of one slice; made when the slice or its paint changes, not at every paint."""

    image: QImage
    outlines: SliceOutlines
    removed: QImage | None = None  # the same slice, painted as where tissue is removed


@dataclass(frozen=True)
class PaintedSlice:
    """A slice with its contours as large as it is seen: drawn at once while a cutting plane moves over it."""

    kept: QPixmap
    removed: QPixmap | None
    placement: SlicePlacement
    size_px: tuple[float, float]

    @classmethod
    def of(
        cls,
        picture: SlicePicture,
        frame: SliceFrame,
        placement: SlicePlacement,
        size_px: tuple[float, float],
        ratio: float,
    ) -> PaintedSlice:
        """Scale a picture to the screen; ``ratio`` is device pixels per pixel of the widget."""

        def painted(image: QImage) -> QPixmap:
            made = QPixmap(round(size_px[0] * ratio), round(size_px[1] * ratio))
            made.setDevicePixelRatio(ratio)
            made.fill(Qt.GlobalColor.black)
            painter = QPainter(made)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(placement.picture_rect(frame, size_px), image)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            _paint_outlines(painter, picture.outlines, frame, placement, size_px, width=max(ratio, 1.0))
            painter.end()
            return made

        removed = None if picture.removed is None else painted(picture.removed)
        return cls(painted(picture.image), removed, placement, size_px)

    def fits(self, placement: SlicePlacement, size_px: tuple[float, float], ratio: float) -> bool:
        """Tell whether it is still as large as it is to be seen."""
        return (self.placement, self.size_px, self.kept.devicePixelRatio()) == (placement, size_px, ratio)


def outlines_of(contours: Sequence[Contour], known: SliceOutlines) -> SliceOutlines:
    """Return contours as Qt draws them; those that are ``known`` are taken over."""
    return {c: known[c] if c in known else _path_of(c.segments) for c in contours}


def _path_of(segments: NDArray[np.float32]) -> QPainterPath:
    """Return line segments (n, 2, 2) as a path; read from bytes, since a thousand calls into Qt take 50 ms."""
    elements = np.zeros(segments.shape[:2], _ELEMENT)
    elements["kind"][:, 1] = QPainterPath.ElementType.LineToElement.value
    elements["x"], elements["y"] = segments[..., 0], segments[..., 1]
    start_and_fill = bytes(8)
    stream = QDataStream(QByteArray(struct.pack(">i", elements.size) + elements.tobytes() + start_and_fill))
    path = QPainterPath()
    stream >> path
    return path


def image_from_pixels(pixels: NDArray[np.uint32]) -> QImage:
    """Return pixels 0xffRRGGBB as a picture of Qt, with a copy of its own."""
    rows, columns = pixels.shape
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, columns, rows, columns * 4, QImage.Format.Format_RGB32).copy()


def paint_slice(
    painter: QPainter,
    painted: PaintedSlice,
    size_px: tuple[float, float],
    *,
    crosshair: QPointF | None,
    cut: CutLine | None,
    is_all_removed: bool,
    texts: SliceTexts,
) -> None:
    """Draw everything, from the picture to the texts; beyond the cut the slice is painted as removed."""
    painter.drawPixmap(0, 0, painted.kept)
    if painted.removed is not None and (is_all_removed or cut is not None):
        painter.save()
        if cut is not None:
            painter.setClipRegion(QRegion(_beyond(cut, size_px).toPolygon()))
        painter.drawPixmap(0, 0, painted.removed)
        painter.restore()
    if crosshair is not None:
        _paint_crosshair(painter, crosshair, size_px)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if cut is not None:
        _paint_cut(painter, cut, size_px)
    paint_texts(painter, texts, size_px)


def _beyond(cut: CutLine, size_px: tuple[float, float]) -> QPolygonF:
    """The part of the view where tissue is removed."""
    reach = 2.0 * (size_px[0] + size_px[1])
    ends = (cut.middle - cut.along * reach, cut.middle + cut.along * reach)
    far = cut.removed * reach
    return QPolygonF([ends[0], ends[1], ends[1] + far, ends[0] + far])


def outline_colours(structure_ids: Sequence[str]) -> Mapping[str, QColor]:
    """Return the colour of each contour: the structure's own, light enough to be seen on a dark slice."""
    colours = {}
    for structure_id in structure_ids:
        colour = QColor(structure(structure_id).colour)
        lightness = max(colour.lightnessF(), 0.58)
        colours[structure_id] = QColor.fromHslF(max(colour.hslHueF(), 0.0), colour.hslSaturationF(), lightness)
    return colours


def _paint_outlines(
    painter: QPainter,
    outlines: SliceOutlines,
    frame: SliceFrame,
    placement: SlicePlacement,
    size_px: tuple[float, float],
    *,
    width: float,
) -> None:
    """Draw contours; ``width`` is in device pixels: on a fine screen one pixel would not be seen."""
    painter.save()
    painter.setTransform(placement.transform(frame, size_px), combine=True)
    colours = outline_colours([contour.structure_id for contour in outlines])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for contour, path in outlines.items():
        pen = QPen(colours[contour.structure_id], width)  # a wider pen takes Qt six times as long
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawPath(path)
    painter.restore()


def _paint_crosshair(painter: QPainter, at: QPointF, size_px: tuple[float, float]) -> None:
    """Four bars that leave the point itself and the letters free; filled bars cost a tenth of drawn lines."""
    x, y = float(round(at.x())), float(round(at.y()))
    for start, end in ((_EDGE_PX, x - _GAP_PX), (x + _GAP_PX, size_px[0] - _EDGE_PX)):
        if end > start:
            painter.fillRect(QRectF(start, y, end - start, 1.0), _CROSSHAIR)
    for start, end in ((_EDGE_PX, y - _GAP_PX), (y + _GAP_PX, size_px[1] - _EDGE_PX - _READOUT_PX)):
        if end > start:
            painter.fillRect(QRectF(x, start, 1.0, end - start), _CROSSHAIR)


def _paint_cut(painter: QPainter, cut: CutLine, size_px: tuple[float, float]) -> None:
    """The line over the whole view, an arrow to what is removed, two knobs that turn it."""
    start, end = _line_in_view(cut, size_px)
    for colour, width in ((_HALO, 4.0), (_CUT, 2.0)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(start, end)
    tip = cut.middle + cut.removed * 34.0
    painter.setPen(QPen(_REMOVED, 2.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(cut.middle + cut.removed * 6.0, tip)
    head = QPainterPath(tip + cut.removed * 6.0)
    head.lineTo(tip - cut.removed * 4.0 + cut.along * 6.0)
    head.lineTo(tip - cut.removed * 4.0 - cut.along * 6.0)
    head.closeSubpath()
    painter.fillPath(head, _REMOVED)
    painter.setPen(QPen(QColor("#0d2b2a"), 1.5))
    painter.setBrush(_CUT)
    for knob in cut.knobs:
        painter.drawEllipse(knob, 5.5, 5.5)
    painter.drawRect(QRectF(cut.middle.x() - 4.5, cut.middle.y() - 4.5, 9, 9))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _line_in_view(cut: CutLine, size_px: tuple[float, float]) -> tuple[QPointF, QPointF]:
    """The part of the line that can be seen: Qt takes long over what it has to cut off by itself."""
    low, high = -1e6, 1e6
    middle, along = (cut.middle.x(), cut.middle.y()), (cut.along.x(), cut.along.y())
    for at, step, size in zip(middle, along, size_px, strict=True):
        if abs(step) > 1e-9:
            first, second = sorted(((-4.0 - at) / step, (size + 4.0 - at) / step))
            low, high = max(low, first), min(high, second)
    high = max(low, high)
    return cut.middle + cut.along * low, cut.middle + cut.along * high


def paint_texts(painter: QPainter, texts: SliceTexts, size_px: tuple[float, float]) -> None:
    """Write in the corners, at the edges and in the middle."""
    width, height = size_px
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    left = Qt.AlignmentFlag.AlignLeft
    right = Qt.AlignmentFlag.AlignRight
    paint_text(painter, QRectF(10, 7, width - 20, 18), texts.title, left, is_bold=True)
    paint_text(painter, QRectF(10, 24, width - 20, 18), texts.position, left)
    paint_text(painter, QRectF(10, 41, width - 20, 18), texts.special, left, is_bold=True, ink=_NOTABLE)
    paint_text(painter, QRectF(10, 7, width - 20, 18), texts.window, right)
    _paint_readout(painter, texts, size_px)
    middle = Qt.AlignmentFlag.AlignCenter
    west, east, north, south = texts.letters
    font.setPixelSize(15)
    painter.setFont(font)
    upright = Qt.AlignmentFlag.AlignVCenter
    paint_text(painter, QRectF(6, height / 2 - 12, 40, 24), west, left | upright, is_bold=True)
    paint_text(painter, QRectF(width - 46, height / 2 - 12, 40, 24), east, right | upright, is_bold=True)
    paint_text(painter, QRectF(width / 2 - 20, 5, 40, 22), north, middle, is_bold=True)
    paint_text(painter, QRectF(width / 2 - 20, height - 27 - _READOUT_PX, 40, 22), south, middle, is_bold=True)
    if texts.notice:
        font.setPixelSize(13)
        painter.setFont(font)
        where = QRectF(10, height * 0.7 - 30, width - 20, 60)
        paint_text(painter, where, texts.notice, middle | Qt.TextFlag.TextWordWrap)
    if texts.scale_px:
        font.setPixelSize(11)
        painter.setFont(font)
        paint_scale(painter, size_px, texts.scale_px, texts.scale)


def _paint_readout(painter: QPainter, texts: SliceTexts, size_px: tuple[float, float]) -> None:
    """Write value and place under the letter of the lower edge, beside the scale; the structure a line higher.

    In a view that is wide enough both stand in one line.
    """
    width, height = size_px
    metrics, left = QFontMetricsF(painter.font()), Qt.AlignmentFlag.AlignLeft
    room = width - 20 - texts.scale_px - 40
    if metrics.horizontalAdvance(texts.readout) <= room:
        paint_text(painter, QRectF(10, height - 24, room, 18), texts.readout, left)
        return
    parts = texts.readout.split(READOUT_GAP)
    lines = (READOUT_GAP.join(parts[:2]), READOUT_GAP.join(parts[2:]))
    rooms = (room, width / 2 - 34)  # the upper one ends before the letter
    for number, (line, most) in enumerate(zip(lines, rooms, strict=True)):
        shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, most)
        paint_text(painter, QRectF(10, height - 24 - number * _READOUT_PX, most, 18), shown, left)


def paint_scale(
    painter: QPainter, size_px: tuple[float, float], length_px: float, text: str, *, ink: Ink = ON_DARK
) -> None:
    """Draw a scale bar with its length in the lower right corner."""
    width, height = size_px
    y, x1 = height - 12.0, width - 12.0
    x0 = x1 - length_px
    for colour, thickness in ((ink[1], 4.0), (ink[0], 1.6)):
        painter.setPen(QPen(colour, thickness))
        painter.drawLine(QPointF(x0, y), QPointF(x1, y))
        painter.drawLine(QPointF(x0, y - 4), QPointF(x0, y + 3))
        painter.drawLine(QPointF(x1, y - 4), QPointF(x1, y + 3))
    paint_text(painter, QRectF(x0 - 40, y - 20, length_px + 40, 15), text, Qt.AlignmentFlag.AlignRight, ink=ink)


def nice_length_mm(mm_per_px: float, most_px: float) -> float:
    """Return a round length (10, 20, 50, 100 ... mm) that fits into so many pixels."""
    room = max(mm_per_px * most_px, 1e-6)
    power = 10.0 ** np.floor(np.log10(room))
    return float(max((m * power for m in (1.0, 2.0, 5.0) if m * power <= room), default=power))


def paint_text(
    painter: QPainter,
    where: QRectF,
    text: str,
    flags: Qt.AlignmentFlag | Qt.TextFlag,
    *,
    is_bold: bool = False,
    ink: Ink = ON_DARK,
) -> None:
    """Write with a dark halo, readable on white bone as on black air."""
    if not text:
        return
    font = QFont(painter.font())
    font.setBold(is_bold)
    painter.save()
    painter.setFont(font)
    painter.setPen(ink[1])
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        painter.drawText(where.translated(dx, dy), int(flags), text)
    painter.setPen(ink[0])
    painter.drawText(where, int(flags), text)
    painter.restore()
