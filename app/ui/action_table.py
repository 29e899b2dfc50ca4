"""Everything that can be done, as data: menus, shortcuts, tool tips and what each action needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from app.ui.theme import Theme, icon
from twin.wording import Wording

__all__ = ["ACTIONS", "MENUS", "Action", "ActionTable", "Need"]


class Need(StrEnum):
    """What must be there before an action makes sense; ``ui.need.<value>`` says it in words."""

    OPEN = "open"
    STUDY = "study"
    VOLUME = "volume"
    CT = "ct"
    MR = "mr"
    CASE = "case"
    NO_CASE = "no_case"
    WRITABLE = "writable"
    LABELS = "labels"
    STRUCTURE = "structure"
    ORGAN = "organ"
    LIVER = "liver"
    LESION = "lesion"
    PLAN = "plan"
    PLANE = "plane"
    SEGMENTS = "segments"
    BRANCHES = "branches"
    TERRITORIES = "territories"
    PANCREAS = "pancreas"
    DRAFT = "draft"
    APPROVED = "approved"
    FIGURES = "figures"
    CLIPPED = "clipped"
    MEASURED = "measured"
    SLAB = "slab"
    REGISTERED = "registered"
    IDLE = "idle"
    UNLOCKED = "unlocked"
    PENDING = "pending"
    CLICKED = "clicked"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    Its words are the messages ``ui.action.<id>`` and ``ui.tip.<id>``.

    Parameters
    ----------
    id
        Stable id, ``menu.verb``.
    shortcuts
        Keys, in Qt's portable notation.
    icon
        Name of a drawing in ``resources/icons``.
    needs
        What must be there, the most telling first.
    is_checkable
        True for what is on or off.
    starts_group
        True to draw a line above it in its menu.
    """

    id: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    needs: tuple[Need, ...] = ()
    is_checkable: bool = False
    starts_group: bool = False

    @property
    def menu(self) -> str:
        """Menu it stands in."""
        return self.id.partition(".")[0]


MENUS = ("file", "steps", "go", "view", "space", "measure", "anatomy", "tool", "plan", "help")
_GO = (
    ("study", "series"),
    ("segment", "segment"),
    ("twin", "structures"),
    ("plan", "plane"),
    ("compare", "compare"),
    ("report", "export"),
    ("consult", "consult"),
)
# The same keys choose windows of CT or MR: a scan is one or the other, and what is switched off has no keys.
_CT_WINDOWS = ("liver", "soft_tissue", "pancreas", "vessels", "bone", "lung")
_MR_WINDOWS = ("mr_whole", "mr_narrow", "mr_bright")
# International letters of the side that is looked at.
_SIDES = (("front", "A"), ("back", "P"), ("right", "R"), ("left", "L"), ("above", "S"), ("below", "I"))
_CASE = (Need.CASE, Need.WRITABLE)
_DRAWN = (*_CASE, Need.STRUCTURE, Need.UNLOCKED)
# Tools of the segment editor with their keys, and whether they work on a chosen structure.
_TOOLS = (
    ("look", "V", ()),
    ("brush", "B", _DRAWN),
    ("eraser", "E", _DRAWN),
    ("threshold", "T", _DRAWN),
    ("scissors", "S", _DRAWN),
    ("pieces", "I", _DRAWN),
    ("whole", "W", _DRAWN),
    ("seeds", "G", _DRAWN),
    ("clicks", "Q", _DRAWN),
    ("lesion", "N", _CASE),
    ("duct", "D", _CASE),
    ("vessels", "Z", _CASE),
)
_DRAFT = (Need.CASE, Need.WRITABLE, Need.PLAN, Need.DRAFT)
_ADDING = (Need.CASE, Need.ORGAN, Need.WRITABLE, Need.DRAFT)
# Cuts that can be added to a plan, and what each needs beside an organ.
_KINDS_OF_CUT: tuple[tuple[str, tuple[Need, ...]], ...] = (
    ("plane", (Need.LIVER,)),
    ("sheet", (Need.LIVER,)),
    ("territory", (Need.LIVER, Need.TERRITORIES)),
    ("wedge", (Need.LIVER, Need.LESION)),
    ("ablation", (Need.LIVER, Need.LESION)),
    ("donor", (Need.LIVER, Need.SEGMENTS)),
    ("pancreas", (Need.PANCREAS,)),
    ("embolised", (Need.LIVER, Need.PLAN, Need.BRANCHES)),
    ("reconstructed", (Need.LIVER, Need.PLAN, Need.BRANCHES)),
    ("partition", (Need.LIVER, Need.PLAN, Need.BRANCHES)),
    ("absent", (Need.LIVER, Need.PLAN, Need.TERRITORIES)),
)

ACTIONS: tuple[Action, ...] = (
    Action("file.open_file", ("Ctrl+O",), "open_file"),
    Action("file.open_folder", ("Ctrl+Shift+O",), "open_folder"),
    Action("file.open_case", ("Ctrl+Alt+O",), "open_case"),
    Action("file.demo", (), "demo", (Need.IDLE,)),
    Action("file.create_case", ("Ctrl+N",), "open_case", (Need.STUDY, Need.NO_CASE, Need.IDLE), starts_group=True),
    Action("file.save", ("Ctrl+S",), "save", _CASE),
    Action("file.export", ("Ctrl+E",), "export", (Need.CASE, Need.LABELS, Need.IDLE)),
    Action("file.close", ("Ctrl+W",), "close", (Need.VOLUME,), starts_group=True),
    Action("file.quit", ("Ctrl+Q",)),
    Action("steps.undo", ("Ctrl+Z",), "undo", (Need.CASE, Need.UNDO)),
    Action("steps.redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", (Need.CASE, Need.REDO)),
    *(Action(f"go.{step}", (f"Alt+{n}",), icon) for n, (step, icon) in enumerate(_GO, start=1)),
    Action("go.palette", ("Ctrl+K",), "search", starts_group=True),
    Action("view.four", ("F5",), "layout_four", (Need.VOLUME,)),
    Action("view.twin", ("F6",), "layout_twin", (Need.VOLUME,)),
    Action("view.twin_only", ("Shift+F6",), "layout_twin_only", (Need.VOLUME,)),
    Action("view.slices", ("Shift+F5",), "layout_slices", (Need.VOLUME,)),
    Action("view.slice", ("F8",), "layout_slice", (Need.VOLUME,)),
    Action("view.fit", ("F7",), "fit", (Need.VOLUME,), starts_group=True),
    Action("view.labels", ("L",), "labels", (Need.LABELS,), is_checkable=True),
    Action("view.oblique", ("O",), "oblique", (Need.VOLUME,), is_checkable=True),
    Action("view.oblique_cut", ("Shift+O",), "", (Need.VOLUME, Need.PLANE)),
    Action("view.slab_mip", ("J",), "", (Need.VOLUME,), is_checkable=True, starts_group=True),
    Action("view.slab_minip", ("Shift+J",), "", (Need.VOLUME,), is_checkable=True),
    Action("view.slab_mean", ("Ctrl+J",), "", (Need.VOLUME,), is_checkable=True),
    Action("view.slab_thicker", (".",), "", (Need.SLAB,)),
    Action("view.slab_thinner", (",",), "", (Need.SLAB,)),
    Action("view.fusion", ("H",), "", (Need.CASE, Need.REGISTERED), is_checkable=True),
    *(
        Action(f"view.window_{name}", (f"Ctrl+{n}",), "", (Need.VOLUME, Need.CT), starts_group=n == 1)
        for n, name in enumerate(_CT_WINDOWS, start=1)
    ),
    *(
        Action(f"view.window_{name}", (f"Ctrl+{n}",), "", (Need.VOLUME, Need.MR), starts_group=n == 1)
        for n, name in enumerate(_MR_WINDOWS, start=1)
    ),
    Action("view.mask", ("Ctrl+Shift+M",), "mask", is_checkable=True, starts_group=True),
    Action("view.light", (), "theme", is_checkable=True),
    Action("view.language", ("Ctrl+Shift+L",), "language"),
    *(Action(f"space.{side}", (f"Shift+{key}",), "", (Need.LABELS,)) for side, key in _SIDES),
    Action("space.turntable", ("Shift+T",), "turntable", (Need.LABELS,), is_checkable=True, starts_group=True),
    Action("space.clip", ("X",), "clip", (Need.LABELS,), is_checkable=True),
    Action("space.clip_flip", ("Shift+X",), "", (Need.LABELS, Need.CLIPPED)),
    Action("measure.ruler", ("M",), "ruler", (Need.VOLUME,), is_checkable=True),
    Action("measure.angle", ("Shift+M",), "angle", (Need.VOLUME,), is_checkable=True),
    Action("measure.clear", ("Ctrl+Backspace",), "delete", (Need.MEASURED,)),
    Action("anatomy.segment", ("Ctrl+G",), "segment", (Need.VOLUME, Need.IDLE)),
    Action("anatomy.segment_with", ("Ctrl+Shift+G",), "", (Need.VOLUME, Need.IDLE)),
    Action("anatomy.confirm", ("K",), "confirm", (Need.CASE, Need.LABELS, Need.STRUCTURE, Need.WRITABLE)),
    Action("anatomy.confirm_all", ("Shift+K",), "", (Need.CASE, Need.LABELS, Need.WRITABLE)),
    *(Action(f"tool.{tool}", (keys,), f"tool_{tool}", needs, is_checkable=True) for tool, keys, needs in _TOOLS),
    Action("tool.larger", ("]", "Ctrl+Up"), "", _CASE, starts_group=True),
    Action("tool.smaller", ("[", "Ctrl+Down"), "", _CASE),
    Action("tool.flat", ("Shift+B",), "", _CASE, is_checkable=True),
    Action("tool.lock", ("Ctrl+L",), "lock", (*_CASE, Need.STRUCTURE), is_checkable=True, starts_group=True),
    Action("tool.delete", ("Shift+Delete",), "delete", _DRAWN),
    Action("tool.keep_largest", (), "", _DRAWN),
    Action("tool.preview", (), "", _DRAWN, starts_group=True),
    Action("tool.run", (), "", _DRAWN),
    Action("tool.new_lesion", ("Shift+N",), "", _CASE, starts_group=True),
    Action("tool.candidates", (), "", (*_CASE, Need.LABELS)),
    Action("tool.trace_vessels", (), "", (*_CASE, Need.LABELS)),
    Action("tool.accept", ("Ctrl+Return",), "check", (*_CASE, Need.PENDING), starts_group=True),
    Action("tool.drop", ("Escape",), "close", (*_CASE, Need.PENDING)),
    Action("tool.take_back", ("Backspace",), "undo", (*_CASE, Need.CLICKED)),
    Action("plan.new_plane", ("Ctrl+P",), "plane", (Need.CASE, Need.LIVER, Need.WRITABLE)),
    Action("plan.new_wedge", ("Ctrl+Shift+P",), "wedge", (Need.CASE, Need.LIVER, Need.LESION, Need.WRITABLE)),
    *(
        Action(f"plan.add_{kind}", (), "", (*_ADDING, *needs), starts_group=kind in ("plane", "embolised"))
        for kind, needs in _KINDS_OF_CUT
    ),
    Action("plan.flip", ("F",), "flip", (*_DRAFT, Need.PLANE), starts_group=True),
    Action("plan.centre", ("C",), "crosshair", (*_DRAFT, Need.PLANE)),
    Action("plan.rename", ("F2",), "rename", _DRAFT, starts_group=True),
    Action("plan.duplicate", ("Ctrl+D",), "duplicate", (Need.CASE, Need.WRITABLE, Need.PLAN)),
    Action("plan.delete", ("Ctrl+Delete",), "delete", (Need.CASE, Need.WRITABLE, Need.PLAN)),
    Action("plan.approve", (), "approve", (*_DRAFT, Need.FIGURES), starts_group=True),
    Action("plan.unlock", (), "", (Need.CASE, Need.WRITABLE, Need.PLAN, Need.APPROVED)),
    Action("help.keys", ("F1",), "info"),
    Action("help.logs", (), "", starts_group=True),
    Action("help.about", (), "info"),
)


class ActionTable(QObject):
    """The actions as Qt knows them.

    Parameters
    ----------
    window
        Owns the shortcuts.
    answers
        What each action does, by id.
    """

    def __init__(self, window: QWidget, answers: Mapping[str, Callable[[], None]]) -> None:
        super().__init__(window)
        self._entries = {action.id: action for action in ACTIONS}
        self._actions: dict[str, QAction] = {}
        self._wording: Wording | None = None
        self._met: frozenset[Need] = frozenset()
        for action in ACTIONS:
            made = QAction(self)
            made.setObjectName(action.id)
            made.setShortcuts([QKeySequence(keys) for keys in action.shortcuts])
            made.setCheckable(action.is_checkable)
            made.triggered.connect(lambda checked=False, answer=answers[action.id]: answer())
            window.addAction(made)
            self._actions[action.id] = made
        self._menus: dict[str, QMenu] = {}

    def __getitem__(self, action_id: str) -> QAction:
        """Return the action of Qt, for a button."""
        return self._actions[action_id]

    def fill(self, bar: QMenuBar) -> None:
        """Make the menus."""
        for menu_id in MENUS:
            menu = QMenu(bar)
            menu.setToolTipsVisible(True)
            for action in ACTIONS:
                if action.menu == menu_id:
                    if action.starts_group:
                        menu.addSeparator()
                    menu.addAction(self._actions[action.id])
            bar.addMenu(menu)
            self._menus[menu_id] = menu

    def need_text(self, action_id: str) -> str:
        """Say in words what an action still needs; nothing when it can be done."""
        lacking = self.lacking(action_id)
        return self._wording.text(f"ui.need.{lacking[0]}") if lacking and self._wording is not None else ""

    def menu(self, menu_id: str) -> QMenu:
        """Return a menu."""
        return self._menus[menu_id]

    def set_theme(self, theme: Theme) -> None:
        """Paint the drawings in the colours of a theme."""
        for action_id, made in self._actions.items():
            if self._entries[action_id].icon:
                made.setIcon(icon(self._entries[action_id].icon, theme.text, theme.faint))

    def set_wording(self, wording: Wording) -> None:
        """Write in another language."""
        self._wording = wording
        for menu_id, menu in self._menus.items():
            menu.setTitle(wording.text(f"ui.menu.{menu_id}"))
        for action_id, made in self._actions.items():
            made.setText(wording.text(f"ui.action.{action_id}"))
        self.update_needs(self._met)

    def update_needs(self, met: Collection[Need]) -> None:
        """Switch actions on or off; a tool tip says what one that is off needs."""
        self._met = frozenset(met)
        for action_id, made in self._actions.items():
            lacking = [need for need in self._entries[action_id].needs if need not in self._met]
            made.setEnabled(not lacking)
            made.setToolTip(self._tip(action_id, lacking))

    def lacking(self, action_id: str) -> tuple[Need, ...]:
        """What an action still needs."""
        return tuple(need for need in self._entries[action_id].needs if need not in self._met)

    def _tip(self, action_id: str, lacking: list[Need]) -> str:
        if self._wording is None:
            return ""
        tip = self._wording.text(f"ui.tip.{action_id}")
        keys = self._actions[action_id].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        if keys:
            tip = f"{tip} ({keys})"
        if lacking:
            tip = f"{tip}\n{self._wording.text(f'ui.need.{lacking[0]}')}"
        return tip


def dynamic_texts(actions: ActionTable, wording: Wording, undo: str | None, redo: str | None) -> None:
    """Name the step in the texts of undo and redo."""
    for action_id, label in (("steps.undo", undo), ("steps.redo", redo)):
        text = wording.text(f"ui.action.{action_id}")
        if label is not None:
            text = wording.text("ui.edit.named", action=text, step=wording.text(label))
        actions[action_id].setText(text)
