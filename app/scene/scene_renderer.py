"""Still pictures for pages and reports, drawn like the scene of the window but calmer and without texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkIOImage import vtkPNGWriter

from app.scene.lighting import light_scene, set_background
from app.scene.offscreen_view import OffscreenView
from app.scene.orbit_camera import OrbitCamera, ViewSide, bounds_of_surfaces
from app.scene.surface_actor import SurfaceActor
from export.model import ModelPart
from export.renderer import View

__all__ = ["SceneRenderer"]

_OVERSAMPLING = 2  # rendered twice as large and averaged: smooth edges without multisampling
_FILL = 0.92
_PEELS = 10


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


def _drawn(offscreen: OffscreenView, parts: Sequence[ModelPart], view: View) -> NDArray[np.uint8]:
    renderer = offscreen.renderer
    light_scene(renderer)
    set_background(renderer, "paper")
    renderer.SetUseDepthPeeling(True)
    renderer.SetMaximumNumberOfPeels(_PEELS)
    renderer.SetOcclusionRatio(0.0)
    drawn = [SurfaceActor(part.surface, part.colour_rgb, part.opacity) for part in parts]
    for one in sorted(drawn, key=lambda actor: actor.is_translucent):
        renderer.AddActor(one.actor)
    camera = OrbitCamera.from_side(ViewSide(view.value))
    bounds = bounds_of_surfaces(part.surface for part in parts)
    if bounds is not None:
        camera = camera.fitted(bounds, offscreen.size_px, fill=_FILL)
    camera.apply(renderer)
    return offscreen.rendered()


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
