"""What the documents ask of whoever can draw: a still picture of some parts from one side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Protocol

from export.model import ModelPart

__all__ = ["PICTURE_BACKGROUND", "FilmRenderer", "Renderer", "View"]

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


class FilmRenderer(Renderer, Protocol):
    """Draws films as well."""

    def turn(
        self, parts: Sequence[ModelPart], elevation_deg: float, size_px: tuple[int, int], n_pictures: int
    ) -> Iterator[bytes]:
        """Yield pictures of exactly the given parts, once around the patient, beginning in front.

        The scale is the same in all of them, so that nothing grows or shrinks while it turns.

        Parameters
        ----------
        parts
            As for :meth:`render`.
        elevation_deg
            How far the eye is lifted.
        size_px
            Width and height in pixels.
        n_pictures
            How many, evenly spaced; the next one would be the first.

        Yields
        ------
        bytes
            Rows from the top, three bytes a pixel: red, green, blue.
        """
        ...
