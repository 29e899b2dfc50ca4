"""Keeps the views true: what is in the case, what is switched on, what the plan removes."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject

from app.scene.slice_frame import SliceAxis
from app.scene.slice_scene import LabelStyle, LivePatch, SliceScene, Tint
from app.scene.twin_scene import SPECIMEN_RGB, TwinScene
from app.scene.window_level import default_window
from app.ui.case_work import BuiltTwin
from app.ui.plan_desk import ORGAN_ID, FigureState, PlanDesk, ShownFigures
from app.ui.slice_view import SliceView
from app.ui.twin_view import TwinView
from app.ui.view_state import ViewState
from twin.anatomy import LayerName, structure
from twin.figure import Figure
from twin.label_layer import LabelLayer
from twin.volume import Volume

__all__ = ["ViewSync"]


class ViewSync(QObject):
    """Carries changes into the scenes.

    Parameters
    ----------
    state
        Shared by all views.
    desk
        The plan worked on.
    slices, twin_view
        The views.
    """

    def __init__(
        self,
        state: ViewState,
        desk: PlanDesk,
        slices: Mapping[SliceAxis, SliceView],
        twin_view: TwinView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state = state
        self._desk = desk
        self._slices = slices
        self._twin_view = twin_view
        self._built: BuiltTwin | None = None
        self._layers: Mapping[LayerName, LabelLayer] = {}
        self.scene: SliceScene | None = None
        self._masked: tuple[str, Tint] | None = None  # hash of the plan whose removed voxels are shown
        state.appearance_changed.connect(self._on_appearance)
        state.plane_changed.connect(self._on_plane)
        state.clip_changed.connect(self._on_clip)
        state.crosshair_moved.connect(self._on_crosshair)
        state.oblique_changed.connect(self._on_oblique)
        desk.figures_changed.connect(self._on_figures)

    def show_volume(self, volume: Volume | None, *, is_preview: bool = False) -> None:
        """Show another scan; the crosshair goes to its middle, or stays where the grid stays."""
        if volume is None:
            self.scene = None
        else:
            is_same = self.scene is not None and self.scene.volume.grid.is_same_space(volume.grid)
            self.scene = SliceScene(volume)
            if self._state.oblique_directions is not None:
                self.scene.turn_oblique(self._state.oblique_directions)
            if not is_same:
                middle = [(n - 1) / 2 for n in volume.grid.size_ijk]
                middle[2] = volume.grid.size_ijk[2] // 2  # the slice that was decoded first
                self._state.move_crosshair(volume.grid.lps_from_ijk(middle))
                self._state.set_window(default_window(volume))
        for axis, view in self._slices.items():
            view.show_scene(None if is_preview and axis is not SliceAxis.AXIAL else self.scene)
        self.show_layers(self._layers)

    def show_layers(self, layers: Mapping[LayerName, LabelLayer]) -> None:
        """Show these labels on the slices."""
        self._layers = layers
        if self.scene is not None:
            self.scene.set_layers(layers)
        self._on_appearance()

    def show_patch(self, patch: LivePatch | None) -> None:
        """Show labels as they are about to be: a stroke under way, or a preview."""
        if self.scene is not None:
            self.scene.patch = patch
        for view in self._slices.values():
            view.refresh()

    def show_twin(self, built: BuiltTwin | None) -> None:
        """Show another twin, or none."""
        self._built = built
        surfaces = {} if built is None else dict(built.twin.surfaces)
        coarse = {} if built is None else dict(built.coarse)
        colours = {i: structure(i).colour_rgb for i in surfaces}
        opacities = {i: self._state.opacity(i) for i in surfaces}
        visible = {i: self._state.is_visible(i) for i in surfaces}

        def change(scene: TwinScene) -> None:
            scene.show(surfaces, colours, opacities)
            scene.set_coarse(coarse)
            for structure_id, is_visible in visible.items():
                scene.set_visible(structure_id, is_visible)

        self._twin_view.change(change)
        self._twin_view.set_twin(None if built is None else built.twin)
        self._on_plane()

    def _on_clip(self) -> None:
        origin, normal = self._state.crosshair_lps_mm, self._state.clip_normal_lps
        self._twin_view.change(lambda scene: scene.clip_view(origin, normal))

    def _on_crosshair(self) -> None:
        if self._state.clip_normal_lps is not None:
            origin, normal = self._state.crosshair_lps_mm, self._state.clip_normal_lps
            self._twin_view.change(lambda scene: scene.clip_view(origin, normal), is_moving=True)

    def _on_oblique(self) -> None:
        directions = self._state.oblique_directions
        if self.scene is not None and directions is not None:
            self.scene.turn_oblique(directions)
            self._slices[SliceAxis.OBLIQUE].show_scene(self.scene)

    def _on_appearance(self) -> None:
        state, scene = self._state, self.scene
        if scene is not None:
            shown = [i for layer in self._layers.values() if not layer.name.is_derived for i in layer.structure_ids()]
            styles = {i: LabelStyle(structure(i).colour_rgb, state.shows_labels and state.is_visible(i)) for i in shown}
            scene.set_styles(styles)
            scene.fill_opacity = state.fill_opacity if state.shows_labels else 0.0
        for view in self._slices.values():
            view.refresh()
        if self._built is not None:
            visible = {i: state.is_visible(i) for i in self._built.twin.surfaces}
            opacities = {i: state.opacity(i) for i in self._built.twin.surfaces}

            def change(twin_scene: TwinScene) -> None:
                for structure_id, opacity in opacities.items():
                    twin_scene.set_opacity(structure_id, opacity)
                for structure_id, is_visible in visible.items():
                    twin_scene.set_visible(structure_id, is_visible)

            self._twin_view.change(change)

    def _on_plane(self) -> None:
        """The plane moved, came or went: cut the organ where it is now."""
        plane, is_moving = self._state.plane, self._state.is_dragging_plane
        self._tint(Tint(ORGAN_ID, SPECIMEN_RGB) if is_moving else self._wanted_tint())
        has_organ = self._built is not None and ORGAN_ID in self._built.twin.surfaces

        def change(twin_scene: TwinScene) -> None:
            twin_scene.set_plane(plane)
            if plane is None or not has_organ:
                twin_scene.clear_cut()
            else:
                twin_scene.show_cut(ORGAN_ID, plane)

        self._twin_view.change(change, is_moving=is_moving)

    def _on_figures(self, shown: ShownFigures) -> None:
        """Once figures are settled, show the closed parts and the voxels that are removed."""
        settled = shown.settled
        self._tint(self._wanted_tint())
        if shown.state not in (FigureState.SETTLED, FigureState.PREVIEW) or settled is None:
            self._twin_view.show_margin(None, None)
            return
        organ_id = settled.plan.organ_ids[0]
        figures = settled.outcome.liver if organ_id == ORGAN_ID else settled.outcome.pancreas
        margin = (figures or {}).get("margin_mm")
        self._twin_view.show_margin(
            margin if isinstance(margin, Figure) else None, settled.outcome.margin_points_lps_mm
        )
        remnant, specimen = settled.remnant, settled.specimen
        self._twin_view.change(lambda twin_scene: twin_scene.show_split(organ_id, remnant, specimen))

    def _wanted_tint(self) -> Tint | None:
        """What is removed, on the slices: the voxels of the plan that is shown, or one side of its only plane.

        Never those of a plan that was shown before.
        """
        shown, plane = self._desk.shown, self._state.plane
        settled = shown.settled if shown.state in (FigureState.SETTLED, FigureState.PREVIEW) else None
        if settled is not None and (plane is None or len(settled.plan.resections) > 1):
            if self._masked is None or self._masked[1].mask is not settled.removed:
                self._masked = (settled.plan.hash, Tint(settled.plan.organ_ids[0], SPECIMEN_RGB, mask=settled.removed))
            return self._masked[1]
        plan = self._desk.previewed or self._desk.plan
        if shown.state is FigureState.COMPUTING and plan is not None and self._masked is not None:
            known_hash, known = self._masked
            if plan.hash == known_hash:
                return known  # other facts: the cut is the same
        return None if plane is None else Tint(ORGAN_ID, SPECIMEN_RGB)

    def _tint(self, tint: Tint | None) -> None:
        known = None if self.scene is None else self.scene.tint
        is_same = known is tint or (known is not None and tint is not None and known.mask is None and tint.mask is None)
        if self.scene is None or is_same:
            return  # a plane that only moves leaves the pictures as they are
        self.scene.tint = tint
        for view in self._slices.values():
            view.repaint_slice()
