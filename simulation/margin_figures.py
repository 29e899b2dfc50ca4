"""The margins of a plan as figures: of each lesion that it removes, and the least of them."""

from __future__ import annotations

from simulation.margin import CutSurface, LesionFate, Margin, half_width_mm, margin_to
from simulation.removal import Removal
from twin.figure import Figure, FigureStatus
from twin.outcome import FigureTree
from twin.twin import Twin

__all__ = ["margin_figures", "margins_of"]


def margins_of(fates: tuple[LesionFate, ...], removal: Removal, cut: CutSurface) -> tuple[Margin, ...]:
    """Return the margin of each lesion that the plan removes, in part at least."""
    concerned = [fate for fate in fates if not fate.is_left_behind]
    found = (margin_to(fate, removal, cut) for fate in concerned)
    return tuple(margin for margin in found if margin is not None)


def margin_figures(
    fates: tuple[LesionFate, ...], margins: tuple[Margin, ...], twin: Twin
) -> dict[str, Figure | FigureTree]:
    """Return the least margin, and that of each lesion."""
    by_lesion = {margin.lesion_id: _margin_figure(margin, twin) for margin in margins}
    if not by_lesion:
        needs = () if any(not fate.is_left_behind for fate in fates) else ("lesion",)
        return {"margin_mm": Figure.unknown("mm", needs=needs), "lesion_margin_mm": {}}
    least = min(margins, key=lambda margin: margin.distance_mm)
    return {"margin_mm": by_lesion[least.lesion_id], "lesion_margin_mm": by_lesion}


def _margin_figure(margin: Margin, twin: Twin) -> Figure:
    half_mm = half_width_mm(twin, margin.lesion_id)
    value = margin.distance_mm
    source = "least distance from the surface of the lesion to the cut surface"
    return Figure(value, max(value - half_mm, 0.0), value + half_mm, "mm", FigureStatus.COMPUTED, source)
