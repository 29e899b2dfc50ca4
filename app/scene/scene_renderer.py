"""Still pictures for pages and reports, drawn like the scene of the window but calmer and without texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkIOImage import vtkPNGWriter

from app.scene.lighting import light_scene, set_background
from app.scene.offscreen_view import OffscreenView
from app.scene.orbit_camera import OrbitCamera, ViewSide, bounds_of_surfaces, upright_camera
from app.scene.surface_actor import SurfaceActor
from export.model import ModelPart
from export.renderer import View

__all__ = ["SceneRenderer"]

_OVERSAMPLING = 2  # rendered twice as large and averaged: smooth edges without multisampling
_FILL = 0.92
_PEELS = 10
_PEELS_OF_A_FILM = 6


class SceneRenderer:
    """Implements `export.renderer.Renderer` with VTK, in memory."""

    def render(self, parts: Sequence[ModelPart], view: View, size_px: tuple[int, int]) -> bytes:
        """Return a PNG of exactly the given parts, filling the frame; see `export.renderer.Renderer`."""
        width, height = size_px
        offscreen = OffscreenView((width * _OVERSAMPLING, height * _OVERSAMPLING))
        try:
            pixels = _drawn(offscreen, parts, view)
        finally:
            offscreen.close()
        mean = pixels.reshape(height, _OVERSAMPLING, width, _OVERSAMPLING, 4).mean(axis=(1, 3))
        return _png(np.round(mean[..., :3]).astype(np.uint8))

    def turn(
        self, parts: Sequence[ModelPart], elevation_deg: float, size_px: tuple[int, int], n_pictures: int
    ) -> Iterator[bytes]:
        """Yield pictures once around the patient as RGB rows; see `export.renderer.Renderer`."""
        offscreen = OffscreenView(size_px)  # one window and one upload for all: only the eye moves
        try:
            _set_up(offscreen, parts, _PEELS_OF_A_FILM)
            offscreen.renderer.UseFXAAOn()
            aside = _fitted_all_around(parts, elevation_deg, size_px)
            for n in range(n_pictures):
                camera = upright_camera(360.0 * n / n_pictures, elevation_deg)
                replace(
                    camera, focus_lps_mm=aside.focus_lps_mm, half_height_mm=aside.half_height_mm
                ).apply(offscreen.renderer)  # fmt: skip
                yield offscreen.rendered()[..., :3].tobytes()
        finally:
            offscreen.close()


def _drawn(offscreen: OffscreenView, parts: Sequence[ModelPart], view: View) -> NDArray[np.uint8]:
    _set_up(offscreen, parts, _PEELS)
    camera = OrbitCamera.from_side(ViewSide(view.value))
    bounds = bounds_of_surfaces(part.surface for part in parts)
    if bounds is not None:
        camera = camera.fitted(bounds, offscreen.size_px, fill=_FILL)
    camera.apply(offscreen.renderer)
    return offscreen.rendered()


def _set_up(offscreen: OffscreenView, parts: Sequence[ModelPart], n_peels: int) -> None:
    renderer = offscreen.renderer
    light_scene(renderer)
    set_background(renderer, "paper")
    renderer.SetUseDepthPeeling(True)
    renderer.SetMaximumNumberOfPeels(n_peels)
    renderer.SetOcclusionRatio(0.0)
    drawn = [SurfaceActor(part.surface, part.colour_rgb, part.opacity) for part in parts]
    for one in sorted(drawn, key=lambda actor: actor.is_translucent):
        renderer.AddActor(one.actor)


def _fitted_all_around(parts: Sequence[ModelPart], elevation_deg: float, size_px: tuple[int, int]) -> OrbitCamera:
    """Return a camera whose focus and scale hold all parts from every side."""
    camera = upright_camera(0.0, elevation_deg)
    bounds = bounds_of_surfaces(part.surface for part in parts)
    if bounds is None:
        return camera
    focus = bounds.mean(axis=1)
    points = np.concatenate([part.surface.points_lps_mm for part in parts]) - focus
    around = float(np.hypot(points[:, 0], points[:, 1]).max())
    lift = np.radians(abs(elevation_deg))
    high = float(np.abs(points[:, 2]).max() * np.cos(lift) + around * np.sin(lift))
    half = max(high, around * size_px[1] / size_px[0])
    return replace(camera, focus_lps_mm=focus, half_height_mm=max(half, 1.0) / _FILL)


def _png(rgb: NDArray[np.uint8]) -> bytes:
    """Encode ``[row, column, RGB]``, without metadata."""
    height, width, _ = rgb.shape
    image = vtkImageData()
    image.SetDimensions(width, height, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(rgb[::-1]).reshape(-1, 3), deep=True))
    writer = vtkPNGWriter()
    writer.SetInputData(image)
    writer.WriteToMemoryOn()
    writer.Write()
    return bytes(vtk_to_numpy(writer.GetResult()))
