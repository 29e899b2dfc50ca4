"""Shows the cut itself in 3D: the bent sheet, the cuts of the pancreas, the cut face, the parts pulled apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from app.scene.cut_surfaces import FaceMesh
from app.scene.twin_scene import TwinScene
from app.services.rehearse_plan import CutFaces, CutPlane, SettledPlan
from app.services.shape_sheet import shape_of_sheet
from app.ui.plan_desk import FigureState, PlanDesk, ShownFigures
from app.ui.twin_view import TwinView
from app.ui.view_state import ViewState
from twin.resection import SheetCut
from twin.surface import Surface

__all__ = ["PlanSync"]

_FARTHEST_APART_MM = 70.0
_DISC_MM = 24.0  # radius: the cut of a gland is seen beyond it
_N_CORNERS = 40


class PlanSync(QObject):
    """Carries the cut of the plan into the 3D scene.

    Parameters
    ----------
    state, desk
        The cut that is worked on, and what it would do.
    twin_view
        Where it is shown.
    """

    def __init__(self, state: ViewState, desk: PlanDesk, twin_view: TwinView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._desk = desk
        self._twin_view = twin_view
        self._apart = 0.0
        self._shows_faces = True
        state.sheet_changed.connect(self._on_sheet)
        desk.figures_changed.connect(self._on_figures)
        desk.faces_changed.connect(self._on_faces)

    def pull_apart(self, share: float) -> None:
        """Draw the specimen so far from the remnant, 0 to 1."""
        self._apart = share
        self._place(is_moving=True)

    def show_faces(self, *, is_shown: bool) -> None:
        """Colour the cut face by its margin, or not."""
        self._shows_faces = is_shown
        self._on_faces(self._desk.faces)

    def _on_sheet(self) -> None:
        sheet, is_moving = self._state.sheet, self._state.is_dragging_sheet
        meshes = [] if sheet is None else [_sheet_mesh(sheet)]

        def change(scene: TwinScene) -> None:
            if is_moving:
                scene.clear_cut()
            scene.surfaces.show_plain(meshes)

        self._twin_view.change(change, is_moving=is_moving)

    def _on_figures(self, shown: ShownFigures) -> None:
        if shown.planes:
            discs = [_disc(plane) for plane in shown.planes]
            self._twin_view.change(lambda scene: scene.surfaces.show_plain(discs), is_moving=True)
        elif self._state.sheet is None and shown.state in (FigureState.SETTLED, FigureState.NONE, FigureState.PREVIEW):
            self._twin_view.change(lambda scene: scene.surfaces.show_plain([]))
        if shown.settled is not None:
            self._place()

    def _on_faces(self, faces: CutFaces | None) -> None:
        known = () if faces is None or not self._shows_faces else faces.faces
        meshes = [FaceMesh(one.points_lps_mm, one.triangles, one.distance_mm) for one in known]
        self._twin_view.change(lambda scene: scene.surfaces.show_faces(meshes))
        if meshes:
            self._place()

    def _place(self, *, is_moving: bool = False) -> None:
        settled = self._desk.shown.settled
        by = np.zeros(3) if settled is None else self._apart * _FARTHEST_APART_MM * _direction_apart(settled)
        removed = () if settled is None else self._removed_lesions(settled)
        self._twin_view.change(lambda scene: scene.pull_apart(by, removed), is_moving=is_moving)

    def _removed_lesions(self, settled: SettledPlan) -> tuple[str, ...]:
        """Lesions that go with the specimen: those whose middle is removed."""
        twin = self._desk.twin
        if twin is None:
            return ()
        found = []
        for lesion_id in twin.lesion_ids:
            surface = twin.surfaces.get(lesion_id)
            if surface is not None:
                i, j, k = np.rint(twin.grid.ijk_from_lps(surface.points_lps_mm.mean(axis=0))).astype(int)
                if settled.removed[k, j, i]:
                    found.append(lesion_id)
        return tuple(found)


def _direction_apart(settled: SettledPlan) -> NDArray[np.float64]:
    if settled.remnant is None:
        return np.array((-1.0, 0.0, 0.0))
    way = _middle(settled.specimen) - _middle(settled.remnant)
    length = float(np.linalg.norm(way))
    return way / length if length > 1.0 else np.array((-1.0, 0.0, 0.0))


def _middle(surface: Surface) -> NDArray[np.float64]:
    return np.asarray(surface.points_lps_mm.astype(np.float64).mean(axis=0))


def _sheet_mesh(sheet: SheetCut) -> FaceMesh:
    shape = shape_of_sheet(sheet)
    return FaceMesh(shape.points_lps_mm.reshape(-1, 3), shape.triangles)


def _disc(plane: CutPlane) -> FaceMesh:
    """Return a disc square to the axis of the gland."""
    normal = np.asarray(plane.normal_lps)
    first = np.cross(normal, np.eye(3)[int(np.abs(normal).argmin())])
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    angles = np.linspace(0.0, 2.0 * np.pi, _N_CORNERS, endpoint=False)
    rim = np.cos(angles)[:, None] * first + np.sin(angles)[:, None] * second
    points = np.asarray(plane.point_lps_mm) + _DISC_MM * np.concatenate([np.zeros((1, 3)), rim])
    at = np.arange(_N_CORNERS)
    triangles = np.stack([np.zeros(_N_CORNERS, np.int64), 1 + at, 1 + (at + 1) % _N_CORNERS], axis=1)
    return FaceMesh(points, triangles)
