"""A small cube in the corner with the letters of the patient's sides; it turns with the twin."""

from __future__ import annotations

from collections.abc import Mapping

from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor
from vtkmodules.vtkRenderingCore import vtkRenderer

from app.scene.offscreen_view import OffscreenView

__all__ = ["OrientationCube"]

_SIDE_PX = 72
_FACE_RGB = (0.85, 0.90, 0.90)
_TEXT_RGB = (0.06, 0.20, 0.21)


class OrientationCube:
    """Draws the cube over a view, in the lower left corner."""

    def __init__(self, view: OffscreenView) -> None:
        self._view = view
        self._cube = vtkAnnotatedCubeActor()
        self._cube.SetFaceTextScale(0.62)
        self._cube.GetTextEdgesProperty().SetColor(*_TEXT_RGB)
        self._cube.GetTextEdgesProperty().SetLineWidth(1.0)
        self._cube.GetCubeProperty().SetColor(*_FACE_RGB)
        self._cube.GetCubeProperty().SetAmbient(0.30)
        self._cube.GetCubeProperty().SetDiffuse(0.55)
        for name in ("XPlus", "XMinus", "YPlus", "YMinus", "ZPlus", "ZMinus"):
            getattr(self._cube, f"Get{name}FaceProperty")().SetColor(*_TEXT_RGB)
        self._cube.SetZFaceTextRotation(-90)  # letters above and below stand upright when the front is up
        self._renderer = vtkRenderer()
        self._renderer.SetLayer(1)
        self._renderer.InteractiveOff()
        self._renderer.AddActor(self._cube)
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        view.window.AddRenderer(self._renderer)

    def set_letters(self, letters: Mapping[str, str]) -> None:
        """Write these letters, given by the English ones: ``{"R": "D", "L": "G", ...}``."""
        names = {"XPlus": "L", "XMinus": "R", "YPlus": "P", "YMinus": "A", "ZPlus": "S", "ZMinus": "I"}
        for face, letter in names.items():
            getattr(self._cube, f"Set{face}FaceText")(letters.get(letter, letter))

    def set_visible(self, is_visible: bool) -> None:
        """Show or hide it."""
        self._cube.SetVisibility(is_visible)

    def follow(self, pixel_ratio: float = 1.0) -> None:
        """Turn as the twin is turned, and keep its size on the screen."""
        width, height = self._view.size_px
        side = _SIDE_PX * pixel_ratio
        self._renderer.SetViewport(0.0, 0.0, min(side / width, 0.4), min(side / height, 0.4))
        main = self._view.renderer.GetActiveCamera()
        mine = self._renderer.GetActiveCamera()
        toward_eye = [-4.0 * part for part in main.GetDirectionOfProjection()]
        mine.SetFocalPoint(0.0, 0.0, 0.0)
        mine.SetPosition(*toward_eye)
        mine.SetViewUp(*main.GetViewUp())
        mine.SetParallelScale(0.88)
        self._renderer.ResetCameraClippingRange()
