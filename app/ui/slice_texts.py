"""What is written on a slice: position, window, value and structure under the pointer, letters, scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.scene.fusion import FusedScan
from app.scene.slab import Slab
from app.scene.slice_frame import SliceAxis, SliceFrame
from app.scene.slice_scene import SliceScene
from app.scene.window_level import WindowLevel
from app.ui.scan_name import scan_name
from app.ui.slice_painter import READOUT_GAP, SliceTexts, nice_length_mm
from twin.anatomy import structure
from twin.volume import Quantity
from twin.wording import Wording

__all__ = ["SliceReading", "letters_of_edges", "readout_text", "written_texts"]


@dataclass(frozen=True, eq=False)
class SliceReading:
    """A slice of a scene that is looked at: which one it is, and how far one pixel of the screen reaches."""

    scene: SliceScene
    frame: SliceFrame
    index: int
    mm_per_px: float
    slab: Slab | None = None
    fused: FusedScan | None = None

    def special_text(self, wording: Wording) -> str:
        """Name the thick slice with its thickness, or the scan that is laid over it; nothing where there is neither."""
        if self.scene.is_under(self.fused):
            share = wording.quantity(100 * self.fused.share, "%", decimals=0)
            return wording.text("ui.fusion.shown", scan=scan_name(self.fused.volume, wording), share=share)
        if self.slab is None or self.frame.axis is SliceAxis.OBLIQUE:
            return ""
        thickness = wording.quantity(self.slab.true_mm(self.frame.spacing_mm[2]), "mm", decimals=1)
        return wording.text(f"ui.slab.{self.slab.mode}", thickness=thickness)


def written_texts(
    reading: SliceReading, window: WindowLevel, width_px: float, readout: str, notice: str, wording: Wording
) -> SliceTexts:
    """Return what stands in the corners and at the edges of a slice."""
    frame, index = reading.frame, reading.index
    length_mm = nice_length_mm(reading.mm_per_px, min(90.0, width_px / 4))
    numbers = {"level": wording.number(window.level), "width": wording.number(window.width)}
    position = wording.quantity(frame.position_mm(index), "mm")
    return SliceTexts(
        title=wording.text(f"ui.slice.{frame.axis}"),
        special=reading.special_text(wording),
        position=wording.text("ui.slice.position", number=index + 1, count=frame.n_slices, position=position),
        window=wording.text("ui.slice.window", **numbers),
        readout=readout,
        letters=letters_of_edges(frame, wording),
        scale=wording.quantity(length_mm, "mm", decimals=0),
        notice=notice,
        scale_px=length_mm / reading.mm_per_px,
    )


def letters_of_edges(frame: SliceFrame, wording: Wording) -> tuple[str, str, str, str]:
    """Return the letters of the left, right, upper and lower edge in the language of the window."""
    left, right, upper, lower = (
        "".join(wording.text(f"ui.letter.{letter}") for letter in text) for text in frame.letters
    )
    return (left, right, upper, lower)


def readout_text(reading: SliceReading, x: float, y: float, wording: Wording) -> str:
    """Return value, place and structure at a pixel position of the slice, or nothing beside it."""
    scene, frame = reading.scene, reading.frame
    column, row = round(x), round(y)
    rows, columns = frame.shape
    if not (0 <= column < columns and 0 <= row < rows):
        return ""
    value = float(
        np.asarray(scene.grey_values(frame.axis, reading.index, reading.slab)[row, column]).astype(np.float64)
    )
    point = frame.lps_from_pixel(x, y, reading.index)
    unit = wording.text("ui.unit.hu") if scene.volume.quantity is Quantity.HOUNSFIELD else ""
    names = [structure(i).name(wording.language) for i in scene.structures_at(point) if i != "skin"]
    place = wording.text("ui.slice.place", place=_place(point, wording))
    return READOUT_GAP.join([f"{wording.number(value)} {unit}".strip(), place, ", ".join(names[:2])]).rstrip()


def _place(point_lps_mm: NDArray[np.float64], wording: Wording) -> str:
    named = []
    for value, (plus, minus) in zip(point_lps_mm, (("L", "R"), ("P", "A"), ("S", "I")), strict=True):
        letter = wording.text(f"ui.letter.{plus if value >= 0 else minus}")
        named.append(f"{letter}{wording.number(abs(float(value)))}")
    return " ".join(named)
