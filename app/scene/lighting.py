"""Light and background: calm, and the same in the window and in documents."""

from __future__ import annotations

from vtkmodules.vtkRenderingCore import vtkLight, vtkRenderer

__all__ = ["BACKGROUNDS", "light_scene", "set_background"]

# Position in the frame of the camera (right, up, towards the eye) and strength: a key light over the left
# shoulder, a weak one from the right, so that a hollow is never black.
_LIGHTS = (((-0.5, 0.8, 1.0), 0.85), ((0.9, 0.1, 0.8), 0.35), ((0.0, -0.9, 0.5), 0.15))

# Lower and upper colour. Mid-grey lets the navy of the portal vein and the yellow of a lesion both stand out.
BACKGROUNDS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "dark": ((0.44, 0.48, 0.49), (0.60, 0.64, 0.65)),
    "light": ((0.78, 0.82, 0.83), (0.92, 0.94, 0.945)),
    "paper": ((0xDD / 255, 0xE4 / 255, 0xE5 / 255), (0xDD / 255, 0xE4 / 255, 0xE5 / 255)),
}


def light_scene(renderer: vtkRenderer) -> None:
    """Replace the head light by three soft ones that follow the eye."""
    renderer.AutomaticLightCreationOff()
    renderer.RemoveAllLights()
    for position, intensity in _LIGHTS:
        light = vtkLight()
        light.SetLightTypeToCameraLight()
        light.SetPosition(*position)
        light.SetFocalPoint(0.0, 0.0, 0.0)
        light.SetIntensity(intensity)
        renderer.AddLight(light)


def set_background(renderer: vtkRenderer, name: str) -> None:
    """Paint the background: ``dark``, ``light`` or ``paper``."""
    lower, upper = BACKGROUNDS[name]
    renderer.SetBackground(*lower)
    renderer.SetBackground2(*upper)
    renderer.SetGradientBackground(lower != upper)
