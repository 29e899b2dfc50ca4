"""Operations on a whole structure, as data: which there are, and the number or structure each of them wants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.services.edit_requests import (
    Combine,
    FillBetweenSlices,
    FillHoles,
    Grow,
    Hollow,
    KeepLargestIsland,
    LabelOperation,
    Logic,
    RemoveSmallIslands,
    Shell,
    Shrink,
    Smooth,
)

if TYPE_CHECKING:
    from app.ui.segment_editor_state import EditorOptions

__all__ = ["OPERATIONS", "OperationEntry", "operation_of"]


@dataclass(frozen=True)
class OperationEntry:
    """One operation; its words are ``segment_editor.operation.<id>``.

    Parameters
    ----------
    id
        Stable.
    make
        Returns the operation for the options.
    unit
        ``"mm"`` or ``"ml"`` where it wants a number.
    wants_other
        True where it wants a second structure.
    """

    id: str
    make: Callable[[EditorOptions], LabelOperation]
    unit: str = ""
    wants_other: bool = False


def _combined(logic: Logic) -> Callable[[EditorOptions], LabelOperation]:
    return lambda options: Combine(logic, options.other or "")


OPERATIONS: tuple[OperationEntry, ...] = (
    OperationEntry("smooth", lambda options: Smooth(options.length_mm), "mm"),
    OperationEntry("fill_holes", lambda options: FillHoles()),
    OperationEntry("fill_holes_slices", lambda options: FillHoles(axis_ijk=2)),
    OperationEntry("fill_between", lambda options: FillBetweenSlices(axis_ijk=2)),
    OperationEntry("keep_largest", lambda options: KeepLargestIsland()),
    OperationEntry("remove_small", lambda options: RemoveSmallIslands(options.least_ml), "ml"),
    OperationEntry("grow", lambda options: Grow(options.length_mm), "mm"),
    OperationEntry("shrink", lambda options: Shrink(options.length_mm), "mm"),
    OperationEntry("hollow", lambda options: Hollow(options.length_mm, Shell.INSIDE), "mm"),
    OperationEntry("copy", _combined(Logic.COPY), wants_other=True),
    OperationEntry("add", _combined(Logic.ADD), wants_other=True),
    OperationEntry("subtract", _combined(Logic.SUBTRACT), wants_other=True),
    OperationEntry("intersect", _combined(Logic.INTERSECT), wants_other=True),
)


def operation_of(operation_id: str) -> OperationEntry:
    """Return an operation by its id."""
    return next(entry for entry in OPERATIONS if entry.id == operation_id)
