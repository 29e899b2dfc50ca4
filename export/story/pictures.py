"""Still pictures of scenes: for the leaflet, and for devices that cannot draw the twin."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.model import ModelPart
from export.renderer import Renderer, View
from export.story.parts import CLEAR_OPACITY, FADED_OPACITY, TORSO
from export.story.story import Emphasis, Scene, Story

__all__ = ["opacity_on_stage", "painted_parts", "scene_picture"]

_HIGHLIGHT = 0.3  # how much more solid what a scene is about is drawn
_COLOURS_OF_A_PICTURE = 200  # a palette of so many makes a still picture three times smaller, without a visible step


def opacity_on_stage(part: ModelPart, emphasis: Emphasis) -> float:
    """Return how solid a part is drawn."""
    match emphasis:
        case Emphasis.SHOWN:
            return part.opacity
        case Emphasis.FADED:
            return FADED_OPACITY if part.id != TORSO else part.opacity
        case Emphasis.HIGHLIGHTED:
            return min(1.0, part.opacity + _HIGHLIGHT)
        case Emphasis.CLEAR:
            return min(part.opacity, CLEAR_OPACITY)


def painted_parts(story: Story, scene: Scene) -> tuple[ModelPart, ...]:
    """Return the parts of a scene, each as solid as the scene shows it."""
    return tuple(
        replace(part, opacity=opacity_on_stage(part, scene.stage[part.id]))
        for part in story.parts
        if part.id in scene.stage
    )


def scene_picture(story: Story, scene: Scene, renderer: Renderer, size_px: tuple[int, int]) -> bytes:
    """Return a scene as a small PNG without metadata."""
    parts = painted_parts(story, scene)
    turned = _turned(parts, scene.camera.azimuth_deg, scene.camera.elevation_deg)
    zoom = scene.camera.zoom
    width, height = (round(pixels * zoom) for pixels in size_px)
    return _small_png(renderer.render(turned, View.FRONT, (width, height)), size_px)


def _turned(parts: Sequence[ModelPart], azimuth_deg: float, elevation_deg: float) -> tuple[ModelPart, ...]:
    """Return the parts turned so that an eye in front sees them from a direction."""
    if not azimuth_deg and not elevation_deg:
        return tuple(parts)
    turn = _rotation(azimuth_deg, elevation_deg)
    return tuple(
        replace(
            part,
            surface=replace(
                part.surface,
                points_lps_mm=_moved(part.surface.points_lps_mm, turn),
                normals_lps=None if part.surface.normals_lps is None else _moved(part.surface.normals_lps, turn),
            ),
        )
        for part in parts
    )


def _rotation(azimuth_deg: float, elevation_deg: float) -> NDArray[np.float64]:
    """Return the rotation that brings what is seen from azimuth and elevation before an eye in front, LPS."""
    a, e = np.radians([azimuth_deg, elevation_deg])
    about_z = np.array([[np.cos(a), np.sin(a), 0.0], [-np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, np.cos(e), -np.sin(e)], [0.0, np.sin(e), np.cos(e)]])
    return np.asarray(about_x @ about_z)


def _moved(vectors: NDArray[np.float32], turn: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.ascontiguousarray(vectors.astype(np.float64) @ turn.T, dtype=np.float32)


def _small_png(png: bytes, size_px: tuple[int, int]) -> bytes:
    """Return the middle of a picture, with few colours."""
    with Image.open(io.BytesIO(png)) as picture:
        left, top = ((whole - wanted) // 2 for whole, wanted in zip(picture.size, size_px, strict=True))
        middle = picture.convert("RGB").crop((left, top, left + size_px[0], top + size_px[1]))
        small = middle.quantize(_COLOURS_OF_A_PICTURE, dither=Image.Dither.FLOYDSTEINBERG)
    content = io.BytesIO()
    small.save(content, "PNG", optimize=True)
    return content.getvalue()
