"""What is done to the window itself: ask for files, share the area, look from sides, change words and colours."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox

from app.scene.orbit_camera import ViewSide
from app.scene.window_level import PRESETS
from app.ui.views_area import ViewLayout

if TYPE_CHECKING:
    from app.ui.desk_control import DeskControl

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

    def answers(self) -> dict[str, Callable[[], None]]:
        """Return what each action does."""
        window, control = self._window, self._control
        answers: dict[str, Callable[[], None]] = {
            "file.open_file": self._ask_file,
            "file.open_folder": self._ask_folder,
            "file.open_case": self._ask_case,
            "file.close": control.close_all,
            "file.quit": lambda: _ignore(window.close()),
            "steps.undo": lambda: control.work.undo() if control.work else None,
            "steps.redo": lambda: control.work.redo() if control.work else None,
            "view.four": lambda: window.views.set_layout(ViewLayout.FOUR),
            "view.twin": lambda: window.views.set_layout(ViewLayout.TWIN),
            "view.fit": self._fit,
            "view.labels": self._toggle_labels,
            "view.mask": self._toggle_mask,
            "view.light": lambda: window.set_light(is_light=window.actions_["view.light"].isChecked()),
            "view.language": self._switch_language,
        }
        for name, preset in PRESETS.items():
            answers[f"view.window_{name}"] = partial(window.state.set_window, preset)
        for side in ViewSide:
            answers[f"view.{side}"] = partial(self._look_from, side)
        return answers

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

    def _look_from(self, side: ViewSide) -> None:
        self._window.twin_view.look_from(side)

    def _fit(self) -> None:
        for view in self._window.views.views:
            view.fit()

    def _toggle_labels(self) -> None:
        self._window.state.set_labels_shown(shows_labels=self._window.actions_["view.labels"].isChecked())

    def _toggle_mask(self) -> None:
        self._window.banner.set_masked(is_masked=self._window.actions_["view.mask"].isChecked())
        self._control.refresh()

    def _switch_language(self) -> None:
        language = "en" if self._window.wording.language == "fr" else "fr"
        self._window.remember(language=language)
        self._window.set_language(language)

    def choose(self, box: QComboBox) -> None:
        """Do what was chosen in a list of the tool strip."""
        self._window.actions_[str(box.currentData())].trigger()
        if box is self._window.side_choice:
            self._window.side_choice.setCurrentIndex(-1)


def _ignore(result: object) -> None:
    """Drop a result that nobody needs."""
