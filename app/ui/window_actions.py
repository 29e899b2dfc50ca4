"""What is done to the window itself: ask for files, share the area, look from sides, measure, change words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.scene.oblique_frame import oblique_directions
from app.scene.orbit_camera import ViewSide
from app.scene.window_level import MR_PRESETS, PRESETS, WindowLevel
from app.services.crash_log import write_crash_log
from app.services.log_bundle import write_log_bundle
from app.ui.crash_dialog import CrashDialog
from app.ui.measure_tool import MeasureTool
from app.ui.measures import MeasureKind
from app.ui.shortcuts_page import ShortcutsPage
from app.ui.steps import Step
from app.ui.views_area import ViewLayout
from app.ui.worded_error import worded_error
from twin.errors import TwinSightError

if TYPE_CHECKING:
    from app.ui.desk_control import DeskControl
    from app.ui.twin_pick import PickedPoint

__all__ = ["WindowActions"]


class WindowActions:
    """Answers of the actions that change no case but by undo and redo.

    Parameters
    ----------
    control
        Knows what is open.
    """

    def __init__(self, control: DeskControl) -> None:
        self._control = control
        self._window = control.window
        self.presets: Mapping[str, WindowLevel] = {}
        self._crash: CrashDialog | None = None

    def answers(self) -> dict[str, Callable[[], None]]:
        """Return what each action does."""
        window, control = self._window, self._control
        answers: dict[str, Callable[[], None]] = {
            "file.open_file": self._ask_file,
            "file.open_folder": self._ask_folder,
            "file.open_case": self._ask_case,
            "file.close": control.close_all,
            "file.quit": lambda: _ignore(window.close()),
            "steps.redo": lambda: control.work.redo() if control.work else None,
            "go.palette": lambda: window.palette_.open(),
            "view.fit": self._fit,
            "view.labels": self._toggle_labels,
            "view.oblique": self._toggle_oblique,
            "view.oblique_cut": self._oblique_along_cut,
            "view.mask": self._toggle_mask,
            "view.light": lambda: window.set_light(is_light=window.actions_["view.light"].isChecked()),
            "view.language": self._switch_language,
            "space.turntable": self._toggle_turntable,
            "space.clip": self._toggle_clip,
            "space.clip_flip": self._flip_clip,
            "measure.ruler": partial(self._toggle_measure, MeasureKind.RULER),
            "measure.angle": partial(self._toggle_measure, MeasureKind.ANGLE),
            "measure.clear": window.measures.clear,
            "help.keys": self._show_keys,
            "help.logs": lambda: control.say_text(self.save_logs()),
        }
        for step in Step:
            answers[f"go.{step}"] = partial(self._go, step)
        for layout in ViewLayout:
            answers[f"view.{layout}"] = partial(self._set_layout, layout)
        for name in (*PRESETS, *MR_PRESETS):
            answers[f"view.window_{name}"] = partial(self._set_window, name)
        for side in ViewSide:
            answers[f"space.{side}"] = partial(self._look_from, side)
        return answers

    def follow_pick(self, picked: PickedPoint | None) -> None:
        """Look at the point that was clicked in 3D on the slices, too."""
        if picked is not None:
            self._window.state.move_crosshair(picked.point_lps_mm)

    def follow_measures(self) -> None:
        """Paint the measures as they are now."""
        for view in self._window.slices.values():
            view.update()
        if self._window.actions_["measure.clear"].isEnabled() != bool(self._window.measures.measures):
            self._control.refresh()

    def mark_tools(self) -> None:
        """Show which measuring tool is active."""
        tool = self._window.state.tool
        for kind in MeasureKind:
            is_active = isinstance(tool, MeasureTool) and tool.kind is kind
            self._window.actions_[f"measure.{kind}"].setChecked(is_active)

    def tell_crash(self, error: Exception) -> None:
        """Write down where the program failed, and say that the work is safe."""
        window = self._window
        if window.equipment.log_folder is not None:
            write_crash_log(error, window.equipment.log_folder, doing="window")
        if self._crash is not None and self._crash.isVisible():
            return  # one dialog is enough where a failure repeats itself
        self._crash = CrashDialog(window.wording, type(error).__name__, self.save_logs, window)
        self._crash.show()

    def save_logs(self) -> str:
        """Ask where the bundle of logs goes, write it and return what to say."""
        window = self._window
        folder = window.dialogs.folder(window.wording.text("ui.crash.where"), window.settings.last_folder)
        if folder is None:
            return ""
        about = {
            "language": window.wording.language,
            "theme": window.settings.theme,
            "layout": str(window.views.view_layout),
            "step": str(window.pages.step),
            "screen": f"{window.width()} x {window.height()} at {window.devicePixelRatioF():.2f}",
        }
        worst = window.gap_watch.worst()
        if worst is not None:
            about["longest wait for the window"] = worst.text()
        target = folder / "twinsight-logs.zip"
        logs = window.equipment.log_folder or folder / "none"
        try:
            n_crashes = write_log_bundle(target, logs, about=about)
        except TwinSightError as error:
            return worded_error(error, window.wording)
        return window.wording.text("ui.crash.saved", file=str(target), count=n_crashes)

    def _go(self, step: Step) -> None:
        """Go to a step by its key; one that is not possible says what it needs."""
        need = self._window.rail.need_of(step)
        if need is None:
            self._window.show_step(step)
        else:
            self._control.say(need)

    def _ask_file(self) -> None:
        path = self._window.dialogs.study_file(self._window.wording, self._window.settings.last_folder)
        self._open_asked(path)

    def _ask_folder(self) -> None:
        title = self._window.wording.text("ui.action.file.open_folder").replace("…", "")
        self._open_asked(self._window.dialogs.folder(title, self._window.settings.last_folder))

    def _ask_case(self) -> None:
        title = self._window.wording.text("ui.action.file.open_case").replace("…", "")
        self._open_asked(self._window.dialogs.folder(title, self._window.settings.last_folder))

    def _open_asked(self, path: Path | None) -> None:
        if path is not None:
            self._window.remember(last_folder=str(path.parent))
            self._control.open_path(path)

    def _set_layout(self, layout: ViewLayout) -> None:
        self._window.views.set_layout(layout)

    def _set_window(self, name: str) -> None:
        if name in self.presets:
            self._window.state.set_window(self.presets[name])

    def _look_from(self, side: ViewSide) -> None:
        self._window.twin_view.look_from(side)

    def _fit(self) -> None:
        for view in self._window.views.views:
            view.fit()

    def _toggle_labels(self) -> None:
        self._window.state.set_labels_shown(shows_labels=self._window.actions_["view.labels"].isChecked())

    def _toggle_oblique(self) -> None:
        self._window.views.set_oblique(is_shown=self._window.actions_["view.oblique"].isChecked())

    def _oblique_along_cut(self) -> None:
        """Show the slice in which the cutting plane lies."""
        window = self._window
        plane = window.state.plane
        if plane is None:
            return
        window.state.turn_oblique(oblique_directions(plane.normal_lps))
        window.state.move_crosshair(plane.origin_lps_mm)
        window.actions_["view.oblique"].setChecked(True)
        window.views.set_oblique(is_shown=True)

    def _toggle_turntable(self) -> None:
        view = self._window.twin_view
        if self._window.actions_["space.turntable"].isChecked():
            view.turntable.start()
        else:
            view.turntable.stop()

    def _toggle_clip(self) -> None:
        """Open the twin at the crosshair, towards the one who looks; or close it."""
        is_open = self._window.actions_["space.clip"].isChecked()
        self._window.state.set_clip(self._window.twin_view.camera.toward_eye_lps if is_open else None)

    def _flip_clip(self) -> None:
        normal = self._window.state.clip_normal_lps
        if normal is not None:
            self._window.state.set_clip(-normal)

    def _toggle_measure(self, kind: MeasureKind) -> None:
        is_wanted = self._window.actions_[f"measure.{kind}"].isChecked()
        self._window.state.set_tool(MeasureTool(kind, self._window.measures) if is_wanted else None)

    def _toggle_mask(self) -> None:
        self._window.banner.set_masked(is_masked=self._window.actions_["view.mask"].isChecked())
        self._control.refresh()

    def _switch_language(self) -> None:
        language = "en" if self._window.wording.language == "fr" else "fr"
        self._window.remember(language=language)
        self._window.set_language(language)

    def _show_keys(self) -> None:
        """Show the page of keys beside the work."""
        page = ShortcutsPage(self._window.actions_, self._window.wording, self._window)
        page.finished.connect(page.deleteLater)
        page.show()


def _ignore(result: object) -> None:
    """Drop a result that nobody needs."""
