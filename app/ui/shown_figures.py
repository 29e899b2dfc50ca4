"""Figures of a plan as they are shown, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.services.rehearse_plan import CutPlane, SettledPlan
from twin.errors import TwinSightError
from twin.figure import Figure
from twin.outcome import CrossedVessel, FigureTree
from twin.resection import Resection

__all__ = ["FigureState", "ShownFigures"]


class FigureState(StrEnum):
    """How far the figures of a plan are."""

    NONE = "none"
    LIVE = "live"  # of the cut under the pointer
    COMPUTING = "computing"
    SETTLED = "settled"
    PREVIEW = "preview"  # of a proposal that is no plan of the case
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class ShownFigures:
    """Figures to be shown, and how far they are.

    Parameters
    ----------
    state
        How far they are.
    liver, pancreas
        Trees of figures, or None where the plan leaves an organ alone.
    settled
        Everything, once settled.
    error
        Why there are none.
    cut
        The cut that live ones belong to.
    vessels
        Vessels that the cut crosses, live or settled.
    planes
        Where a cut crosses the pancreas, live.
    """

    state: FigureState
    liver: Mapping[str, Figure | FigureTree] | None = None
    settled: SettledPlan | None = None
    error: TwinSightError | None = None
    cut: Resection | None = None
    pancreas: Mapping[str, Figure | FigureTree] | None = None
    vessels: tuple[CrossedVessel, ...] = ()
    planes: tuple[CutPlane, ...] = ()
