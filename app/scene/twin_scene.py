"""The twin in 3D: structures, what a plan removes, the cutting plane and the eye that looks at them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkCommonDataModel import vtkPlane, vtkPolyData

from app.scene.cut_plane import CutPlane
from app.scene.cut_surfaces import CutSurfaces
from app.scene.lighting import light_scene, set_background
from app.scene.offscreen_view import OffscreenView
from app.scene.orbit_camera import OrbitCamera
from app.scene.orientation_cube import OrientationCube
from app.scene.plane_actor import PlaneActor
from app.scene.surface_actor import SurfaceActor
from twin.surface import Surface

__all__ = ["SPECIMEN_RGB", "TwinScene"]

Rgb = tuple[float, float, float]
SPECIMEN_RGB: Rgb = (0xA2 / 255, 0x34 / 255, 0xAA / 255)  # resection zone, palette of resources/anatomy
_LEAST_SPLIT_OPACITY = 0.30
_LIVE_SIDES = {"remnant_live": -1.0, "specimen_live": 1.0}  # which side of the plane each shows


class TwinScene:
    """Structures in a view.

    Parameters
    ----------
    view
        Where it is drawn.
    """

    def __init__(self, view: OffscreenView) -> None:
        self.view = view
        self.cube = OrientationCube(view)
        self.plane = PlaneActor()
        self.surfaces = CutSurfaces(view.renderer)
        self._apart: NDArray[np.float64] = np.zeros(3)
        self._removed_ids: frozenset[str] = frozenset()
        self._structures: dict[str, SurfaceActor] = {}
        self._visible: dict[str, bool] = {}
        self._parts: dict[str, SurfaceActor] = {}  # specimen and remnant of the organ that is cut
        self._live: dict[str, SurfaceActor] = {}  # the organ as it is drawn on either side of a plane that moves
        self._sides = {name: vtkPlane() for name in _LIVE_SIDES}
        self._organ_id: str | None = None
        self._is_moving = False
        self._view_plane: vtkPlane | None = None
        light_scene(view.renderer)
        set_background(view.renderer, "dark")
        for actor in self.plane.actors:
            view.renderer.AddActor(actor)
        # Translucent surfaces blend in any order (weighted, one pass): peeling them apart takes four times as long
        # in software and looks the same with one organ around opaque vessels. Documents are peeled.
        view.renderer.SetUseDepthPeeling(False)
        view.renderer.SetUseOIT(True)
        view.renderer.SetUseFXAA(True)

    @property
    def structure_ids(self) -> tuple[str, ...]:
        """Ids of the structures in the scene."""
        return tuple(self._structures)

    def set_background(self, name: str) -> None:
        """Paint the background: ``dark``, ``light`` or ``paper``."""
        set_background(self.view.renderer, name)

    def show(self, surfaces: Mapping[str, Surface], colours: Mapping[str, Rgb], opacities: Mapping[str, float]) -> None:
        """Show these surfaces in place of those before; one that has not changed keeps its buffers."""
        self.clear_cut()
        for structure_id in [i for i, actor in self._structures.items() if surfaces.get(i) is not actor.surface]:
            self._remove(self._structures.pop(structure_id))
        for name in [n for n, part in self._live.items() if all(part.surface is not s for s in surfaces.values())]:
            self._remove(self._live.pop(name))
        for structure_id, surface in surfaces.items():
            if structure_id not in self._structures:
                drawn = SurfaceActor(surface, colours[structure_id], opacities[structure_id])
                drawn.set_moving(self._is_moving)
                self._structures[structure_id] = drawn
                self._add(drawn)
            drawn = self._structures[structure_id]
            drawn.set_colour(colours[structure_id])
            drawn.set_opacity(opacities[structure_id])
            drawn.set_visible(self._visible.get(structure_id, True))
            drawn.clip_view(self._view_plane)
        self._apply_visibility()

    def set_coarse(self, polydata: Mapping[str, vtkPolyData]) -> None:
        """Give the surfaces that are drawn while something moves, by structure id."""
        for structure_id, coarse in polydata.items():
            if structure_id in self._structures:
                self._structures[structure_id].set_coarse_polydata(coarse)
        for part in self._live.values():  # closed parts are drawn as they are
            organ_id = next((i for i, drawn in self._structures.items() if drawn.surface is part.surface), "")
            if organ_id in polydata:
                part.set_coarse_polydata(polydata[organ_id])

    def set_visible(self, structure_id: str, is_visible: bool) -> None:
        """Show or hide a structure."""
        self._visible[structure_id] = is_visible
        self._apply_visibility()

    def set_opacity(self, structure_id: str, opacity: float) -> None:
        """Let what lies behind a structure shine through."""
        if structure_id in self._structures:
            self._structures[structure_id].set_opacity(opacity)
        if structure_id == self._organ_id:
            for part in self._parts.values():
                part.set_opacity(max(opacity, _LEAST_SPLIT_OPACITY))

    def show_cut(self, organ_id: str, plane: CutPlane) -> None:
        """Colour what lies beyond a plane, at once: the graphics card cuts the organ, no surface is computed."""
        if organ_id not in self._structures:
            return
        if self._organ_id != organ_id or self._parts.keys() != _LIVE_SIDES.keys():
            self.clear_cut()
            organ = self._structures[organ_id]
            self._organ_id = organ_id
            for name, rgb in (("remnant_live", organ.actor.GetProperty().GetColor()), ("specimen_live", SPECIMEN_RGB)):
                self._take_part(name, self._live_part(name, organ), rgb, organ)
        for name, sign in _LIVE_SIDES.items():
            # Moved in place: a mapper that is given another plane writes its shaders again.
            self._sides[name].SetOrigin(*plane.origin_lps_mm)
            self._sides[name].SetNormal(*(sign * plane.normal_lps))
        self._apply_visibility()

    def show_split(self, organ_id: str, remnant: Surface | None, specimen: Surface | None) -> None:
        """Show the closed surfaces of what stays and what goes in place of the organ."""
        self.clear_cut()
        if organ_id not in self._structures:
            return
        organ = self._structures[organ_id]
        self._organ_id = organ_id
        colour = organ.actor.GetProperty().GetColor()
        for name, surface, rgb in (("remnant", remnant, colour), ("specimen", specimen, SPECIMEN_RGB)):
            if surface is not None:
                part = SurfaceActor(surface, rgb, 1.0)
                self._add(part)
                self._take_part(name, part, rgb, organ)
        self._place_apart()
        self._apply_visibility()

    def pull_apart(self, by_lps_mm: NDArray[np.float64], removed_ids: Collection[str] = ()) -> None:
        """Draw the specimen, and the lesions that go with it, beside their place; zeros put them back."""
        self._apart, self._removed_ids = by_lps_mm, frozenset(removed_ids)
        self._place_apart()

    def clear_cut(self) -> None:
        """Show the organ whole again."""
        for name, part in self._parts.items():
            if name in self._live:
                part.set_visible(False)  # kept with its buffers for the next drag
            else:
                self._remove(part)
        self._parts.clear()
        self._organ_id = None
        self._place_apart()
        self._apply_visibility()

    def clip_view(self, origin_lps_mm: NDArray[np.float64], normal_lps: NDArray[np.float64] | None) -> None:
        """Open the scene: what lies where the normal points to is left out; without a normal it is whole."""
        if normal_lps is None:
            self._view_plane = None
        else:
            self._view_plane = self._view_plane or vtkPlane()
            self._view_plane.SetOrigin(*origin_lps_mm)
            self._view_plane.SetNormal(*(-normal_lps))
        for drawn in (*self._structures.values(), *self._parts.values()):
            drawn.clip_view(self._view_plane)

    def set_plane(self, plane: CutPlane | None) -> None:
        """Draw the cutting plane, or none."""
        self.plane.set_visible(plane is not None)
        if plane is not None:
            self.plane.place(plane)

    def _set_moving(self, *, is_moving: bool) -> None:
        if is_moving == self._is_moving:
            return
        self._is_moving = is_moving
        for drawn in {*self._structures.values(), *self._parts.values(), *self._live.values()}:
            drawn.set_moving(is_moving)
        self.view.renderer.SetUseFXAA(not is_moving)

    def rendered(
        self, camera: OrbitCamera, size_px: tuple[int, int], *, is_moving: bool = False, pixel_ratio: float = 1.0
    ) -> NDArray[np.uint8]:
        """Return the picture seen from a camera: uint8 ``[row, column, RGBA]``.

        Parameters
        ----------
        camera
            Where the eye is.
        size_px
            Width and height in device pixels.
        is_moving
            Draw coarsely and fast, as while something moves.
        pixel_ratio
            Device pixels per pixel of the screen, for what has a fixed size.
        """
        self._set_moving(is_moving=is_moving)
        self.view.resize(size_px)
        camera.apply(self.view.renderer)
        self.cube.follow(pixel_ratio)
        return self.view.rendered()

    def close(self) -> None:
        """Free the graphics memory."""
        self.view.close()

    def _live_part(self, name: str, organ: SurfaceActor) -> SurfaceActor:
        """Return one side of the organ, made when it is first cut."""
        known = self._live.get(name)
        if known is None or known.surface is not organ.surface:
            if known is not None:
                self._remove(known)
            known = self._live[name] = SurfaceActor(organ.surface, SPECIMEN_RGB, 1.0)
            if organ.coarse is not None:
                known.set_coarse_polydata(organ.coarse)
            known.clip(self._sides[name])
            self._add(known)
        return known

    def _take_part(self, name: str, part: SurfaceActor, rgb: Rgb, organ: SurfaceActor) -> None:
        """Draw a part in place of the organ."""
        part.set_colour(rgb)
        part.set_opacity(max(float(organ.actor.GetProperty().GetOpacity()), _LEAST_SPLIT_OPACITY))
        part.set_moving(self._is_moving)
        part.clip_view(self._view_plane)
        self._parts[name] = part

    def _apply_visibility(self) -> None:
        for structure_id, drawn in self._structures.items():
            wanted = self._visible.get(structure_id, True)
            drawn.set_visible(wanted and not (structure_id == self._organ_id and self._parts))
        if self._organ_id is not None:
            for part in self._parts.values():
                part.set_visible(self._visible.get(self._organ_id, True))

    def _place_apart(self) -> None:
        is_split = "specimen" in self._parts
        for structure_id, drawn in self._structures.items():
            is_moved = is_split and structure_id in self._removed_ids
            drawn.actor.SetPosition(*(self._apart if is_moved else np.zeros(3)))
        if is_split:
            self._parts["specimen"].actor.SetPosition(*self._apart)
        self.surfaces.move_faces(self._apart if is_split else np.zeros(3))

    def _add(self, drawn: SurfaceActor) -> None:
        self.view.renderer.AddActor(drawn.actor)

    def _remove(self, drawn: SurfaceActor) -> None:
        """Draw it no more; what the graphics card holds of it is freed."""
        self.view.renderer.RemoveActor(drawn.actor)
