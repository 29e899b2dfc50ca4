"""What the documents ask of whoever can draw: a still picture of some parts from one side."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from export.model import ModelPart

__all__ = ["PICTURE_BACKGROUND", "Renderer", "View"]

PICTURE_BACKGROUND = "#C3CFCF"  # light enough for paper, dark enough for a yellow lesion and pale bone


class View(StrEnum):
    """Side the patient is seen from. From the front, the patient's right is on the left."""

    FRONT = "front"
    BACK = "back"
    RIGHT = "right"
    LEFT = "left"
    ABOVE = "above"
    BELOW = "below"


class Renderer(Protocol):
    """Draws still pictures; ``app/scene`` implements it."""

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        """Return a PNG of exactly the given parts, filling the frame, without texts inside.

        Parameters
        ----------
        parts
            What to draw, each in its colour and opacity. Points are LPS millimetres.
        view
            Where the eye is. Head is up; from ``above`` and ``below`` the front of the patient is up.
        size_px
            Width and height in pixels.

        Returns
        -------
        bytes
            PNG on an opaque background of :data:`PICTURE_BACKGROUND`, without metadata.
        """
        ...
