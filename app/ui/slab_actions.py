"""Thick slices switched on and off, made thicker and thinner; never together with a tool that works on slices."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.scene.slab import Slab, SlabMode
from app.ui.segment_editor_state import EditorTool

if TYPE_CHECKING:
    from app.ui.desk_control import DeskControl

__all__ = ["SlabActions"]

_FIRST_MM = 10.0


class SlabActions:
    """Answers of the actions on thick slices.

    A brush or a ruler works on the slice in the middle, of which a thick slice shows little: whoever takes up a tool
    sees thin slices again, and a thick slice puts the tool down.

    Parameters
    ----------
    control
        Knows what is open.
    """

    def __init__(self, control: DeskControl) -> None:
        self._control = control
        self._window = control.window
        self._thickness_mm = _FIRST_MM
        control.window.state.tool_changed.connect(self._on_tool)
        control.window.state.fusion_changed.connect(self._on_fusion)

    def answers(self) -> dict[str, Callable[[], None]]:
        """Return what each action does."""
        answers: dict[str, Callable[[], None]] = {
            "view.slab_thicker": partial(self._change, 1),
            "view.slab_thinner": partial(self._change, -1),
            "view.fusion": lambda: self._window.fusion_choice.toggle(),
        }
        for mode in SlabMode:
            answers[f"view.slab_{mode}"] = partial(self._toggle, mode)
        return answers

    def _toggle(self, mode: SlabMode) -> None:
        is_wanted = self._window.actions_[f"view.slab_{mode}"].isChecked()
        if is_wanted:
            self._window.editor.choose_tool(EditorTool.LOOK)
            self._window.state.set_tool(None)
        self._show(Slab(mode, self._thickness_mm) if is_wanted else None)

    def _change(self, steps: int) -> None:
        slab = self._window.state.slab
        if slab is not None:
            self._show(slab.changed(steps))

    def _on_tool(self) -> None:
        if self._window.state.tool is not None and self._window.state.slab is not None:
            self._show(None)
            self._control.say("ui.slab.off_for_tool")

    def _on_fusion(self) -> None:
        """Nothing is laid over thick slices: whoever lays a scan over sees thin ones."""
        self._window.actions_["view.fusion"].setChecked(self._window.state.fusion is not None)
        self._check_mode()

    def _show(self, slab: Slab | None) -> None:
        if slab is not None:
            self._thickness_mm = slab.thickness_mm
        self._window.state.set_slab(slab)
        self._check_mode()
        self._control.refresh()

    def _check_mode(self) -> None:
        slab = self._window.state.slab
        for mode in SlabMode:
            self._window.actions_[f"view.slab_{mode}"].setChecked(slab is not None and slab.mode is mode)
