"""Scenes of the patient's story on the stage: what is seen, how solid, and from where."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPolyData

from app.scene.orbit_camera import OrbitCamera, upright, upright_camera
from app.scene.surface_actor import coarse_polydata
from app.scene.twin_scene import TwinScene
from export.model import ModelPart
from export.story.parts import SCAR, TORSO
from export.story.pictures import opacity_on_stage
from export.story.story import Emphasis, Scene, Story

__all__ = [
    "StageLook",
    "StageParts",
    "camera_between",
    "look_of_scar",
    "look_of_scene",
    "scene_camera",
    "set_stage",
    "show_parts",
    "turned_by",
]

SizePx = tuple[int, int]
FloatArray = NDArray[np.float64]
_FILL = 0.9
_UNSEEN = 0.01
_STEEPEST = 0.95  # of looking straight from above or below


@dataclass(frozen=True, eq=False)
class StageParts:
    """The surfaces of a story with the coarse ones that are drawn while something moves."""

    parts: tuple[ModelPart, ...]
    coarse: Mapping[str, vtkPolyData]

    @classmethod
    def of_story(cls, story: Story, before: StageParts | None = None) -> StageParts:
        """Make the coarse surfaces, those of unchanged parts excepted; takes a second and may run in any thread.

        Returns ``before`` itself when nothing that is drawn has changed.
        """
        known = {} if before is None else {part.id: part for part in before.parts}
        kept = {p.id for p in story.parts if p.id in known and known[p.id].surface is p.surface}
        if before is not None and kept == known.keys() == {part.id for part in story.parts}:
            return before
        coarse = {
            part.id: before.coarse[part.id] if before and part.id in kept else coarse_polydata(part.surface)
            for part in story.parts
        }
        return cls(story.parts, coarse)


@dataclass(frozen=True)
class StageLook:
    """How solid each part is, by its id; what is not named is not there."""

    opacities: Mapping[str, float]

    def between(self, other: StageLook, share: float) -> StageLook:
        """Return a look on the way to another one, 0 for this and 1 for the other.

        Examples
        --------
        >>> StageLook({"liver": 1.0}).between(StageLook({}), 0.25).opacities
        {'liver': 0.75}
        """
        names = sorted({*self.opacities, *other.opacities})
        mixed = {
            name: (1 - share) * self.opacities.get(name, 0.0) + share * other.opacities.get(name, 0.0) for name in names
        }
        return StageLook({name: opacity for name, opacity in mixed.items() if opacity > _UNSEEN})


def look_of_scene(story: Story, scene: Scene, hidden: Collection[str] = ()) -> StageLook:
    """Return how a scene looks without the parts that were switched off."""
    return StageLook(
        {
            part.id: opacity_on_stage(part, scene.stage[part.id])
            for part in story.parts
            if part.id in scene.stage and part.id not in hidden
        }
    )


def look_of_scar(story: Story) -> StageLook | None:
    """Return the drawn body with the scar alone, or None when the story has none."""
    parts = {part.id: part for part in story.parts}
    if TORSO not in parts or SCAR not in parts:
        return None
    return StageLook({TORSO: 1.0, SCAR: opacity_on_stage(parts[SCAR], Emphasis.HIGHLIGHTED)})


def show_parts(scene: TwinScene, stage: StageParts) -> None:
    """Bring the parts of a story onto the stage, all hidden; the cube of the workstation is put away."""
    scene.cube.set_visible(False)
    scene.set_background("paper")
    scene.show(
        {part.id: part.surface for part in stage.parts},
        {part.id: part.colour_rgb for part in stage.parts},
        {part.id: part.opacity for part in stage.parts},
    )
    scene.set_coarse(stage.coarse)
    for part in stage.parts:
        scene.set_visible(part.id, False)


def set_stage(scene: TwinScene, look: StageLook) -> None:
    """Make the stage look so."""
    for part_id in scene.structure_ids:
        opacity = look.opacities.get(part_id, 0.0)
        scene.set_visible(part_id, opacity > _UNSEEN)
        if opacity > _UNSEEN:
            scene.set_opacity(part_id, opacity)


def scene_camera(story: Story, scene: Scene, size_px: SizePx) -> OrbitCamera:
    """Return the eye of a scene: turned as it says, and as near as its parts in focus allow."""
    camera = upright_camera(scene.camera.azimuth_deg, scene.camera.elevation_deg)
    seen = {part.id: part for part in story.parts if part.id in scene.stage}
    focus = [seen[name] for name in scene.camera.focus if name in seen] or list(seen.values())
    if not focus:
        return camera
    points = np.concatenate([part.surface.points_lps_mm for part in focus]).astype(np.float64)
    across, up, depth = points @ camera.right_lps, points @ camera.up_lps, points @ camera.toward_eye_lps
    middle = [(values.min() + values.max()) / 2 for values in (across, up, depth)]
    centre = middle[0] * camera.right_lps + middle[1] * camera.up_lps + middle[2] * camera.toward_eye_lps
    aspect = size_px[0] / max(size_px[1], 1)
    half = max(float(np.ptp(up)), float(np.ptp(across)) / aspect) / 2
    return replace(camera, focus_lps_mm=centre, half_height_mm=max(half, 1.0) / _FILL / scene.camera.zoom)


def turned_by(camera: OrbitCamera, azimuth_deg: float, elevation_deg: float) -> OrbitCamera:
    """Return the eye turned further around the patient; the head stays up and the eye never tips over."""
    x, y, z = camera.toward_eye_lps
    a = np.arctan2(x, -y) + np.radians(azimuth_deg)
    limit = np.arcsin(_STEEPEST)
    e = np.clip(np.arcsin(np.clip(z, -1.0, 1.0)) + np.radians(elevation_deg), -limit, limit)
    toward_eye = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    return upright(camera, toward_eye)


def camera_between(one: OrbitCamera, other: OrbitCamera, share: float) -> OrbitCamera:
    """Return an eye on the way from one place to another, 0 to 1, the shorter way round."""
    x, y, z = one.toward_eye_lps
    u, v, w = other.toward_eye_lps
    azimuth = float(np.degrees(np.arctan2(u, -v) - np.arctan2(x, -y)))
    azimuth = (azimuth + 180.0) % 360.0 - 180.0
    elevation = float(np.degrees(np.arcsin(np.clip(w, -1, 1)) - np.arcsin(np.clip(z, -1, 1))))
    turned = turned_by(one, share * azimuth, share * elevation)
    return replace(
        turned,
        focus_lps_mm=(1 - share) * one.focus_lps_mm + share * other.focus_lps_mm,
        half_height_mm=one.half_height_mm ** (1 - share) * other.half_height_mm**share,
    )
