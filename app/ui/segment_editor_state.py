"""What the segment editor is set to: the tool, its options, and what waits for a yes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from app.scene.slice_scene import LivePatch
from app.services.case_session import CaseSession
from app.services.edit_requests import Limits, Overwrite, ScissorsMode
from twin.anatomy import structures

__all__ = ["MOST_RADIUS_MM", "EditorOptions", "EditorTool", "IslandAction", "Pending", "VesselClick", "drawable_ids"]

LEAST_RADIUS_MM, MOST_RADIUS_MM = 0.5, 60.0
_RADIUS_STEP = 1.18


class EditorTool(StrEnum):
    """The tools, in the order of the palette; the action of each is ``tool.<value>``."""

    LOOK = "look"
    BRUSH = "brush"
    ERASER = "eraser"
    THRESHOLD = "threshold"
    SCISSORS = "scissors"
    PIECES = "pieces"
    WHOLE = "whole"
    SEEDS = "seeds"
    CLICKS = "clicks"
    LESION = "lesion"
    DUCT = "duct"
    VESSELS = "vessels"


class IslandAction(StrEnum):
    """What a click on a piece does."""

    REMOVE = "remove"
    KEEP = "keep"
    MOVE = "move"


class VesselClick(StrEnum):
    """What a click with the tool for vessels means."""

    PORTAL_ROOT = "portal_root"
    HEPATIC_ROOT = "hepatic_root"
    BRANCH = "branch"


@dataclass
class EditorOptions:
    """Options of all tools; they stay when the tool changes."""

    radius_mm: float = 6.0
    is_flat: bool = True
    range_from: float = 40.0
    range_to: float = 250.0
    inside: str | None = None
    keeps_others: bool = False
    scissors: ScissorsMode = ScissorsMode.ERASE_INSIDE
    is_one_slice: bool = True
    island: IslandAction = IslandAction.REMOVE
    island_target: str | None = None
    operation: str = "smooth"
    length_mm: float = 2.0
    least_ml: float = 1.0
    other: str | None = None
    is_inside_click: bool = True
    is_diameter: bool = False
    duct_tree: str = "pancreatic"
    replaces_duct: bool = True
    vessel_click: VesselClick = VesselClick.BRANCH

    def resize(self, steps: int) -> None:
        """Make the brush larger or smaller by so many notches."""
        self.radius_mm = min(max(self.radius_mm * _RADIUS_STEP**steps, LEAST_RADIUS_MM), MOST_RADIUS_MM)

    def limits(self, *, with_range: bool = False) -> Limits:
        """Return where the tools may change anything."""
        overwrite = Overwrite.BACKGROUND if self.keeps_others else Overwrite.UNLOCKED
        intensities = (min(self.range_from, self.range_to), max(self.range_from, self.range_to))
        return Limits(self.inside, overwrite, intensities if with_range else None)


@dataclass(frozen=True, eq=False)
class Pending:
    """Something that was computed and waits for a yes.

    Parameters
    ----------
    message_id, parameters
        What is said about it.
    accept
        Makes it a step; called on the thread that changes the case.
    patch
        How the slices show it.
    accepted
        Called in the window's thread with what ``accept`` returned.
    """

    message_id: str
    accept: Callable[[CaseSession], object]
    patch: LivePatch | None = None
    parameters: dict[str, object] = field(default_factory=dict)
    accepted: Callable[[object], None] | None = None


def drawable_ids() -> tuple[str, ...]:
    """Ids of the structures a person can draw, without lesions, which are numbered."""
    return tuple(found.id for found in structures() if not found.layer.is_derived and found.id != "lesion")
