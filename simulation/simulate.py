"""The settled outcome of a plan: every figure with its interval, and what the surgeon must know beside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.cut_area import cut_area_figure
from simulation.kernels.half_space import count_states
from simulation.margin import LesionFate, Margin, cut_surface, half_width_mm, lesion_fates, margin_to
from simulation.organ_model import OrganModel
from simulation.perfusion import perfusion_figures
from simulation.removal import Removal, removal_of
from simulation.threshold_notes import threshold_notes
from simulation.vessels import crossed_vessels
from simulation.volumetry import (
    Volumetry,
    body_ratios,
    is_under_age,
    known_figures,
    remnant_figures,
    segment_figures,
)
from twin.figure import Figure, FigureStatus
from twin.geometry.components_cc3d import component_sizes
from twin.outcome import FigureTree, Outcome, OutcomeWarning
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.twin import Twin

__all__ = ["simulate"]

_SMALLEST_PIECE_ML = 0.5
_THICKEST_RELIABLE_SLICE_MM = 3.0


def simulate(plan: Plan, twin: Twin, facts: PatientFacts, *, model: OrganModel | None = None) -> Outcome:
    """Return the settled outcome of a plan on the liver.

    Parameters
    ----------
    plan
        The cuts; what they remove is their union.
    twin
        The anatomy. Surfaces of lesions are made here where it lacks them.
    facts
        Of the patient; what is not entered leaves figures unknown and names itself in ``needs``.
    model
        The organ prepared by :meth:`simulation.organ_model.OrganModel.of_twin`, to save that second when several
        plans are simulated.

    Raises
    ------
    UsageError
        When the plan is empty or a kind of cut is not built yet.
    InputError
        When a cut names a lesion or a branch that does not exist.
    GeometryError
        When the organ is empty, a cut misses it or takes all of it, or a lesion lies outside of it.

    Examples
    --------
    >>> from twin.anatomy import LayerName
    >>> from twin.case import Case
    >>> from twin.grid import Grid
    >>> from twin.label_layer import LabelLayer
    >>> from twin.resection import parse_cut
    >>> from twin.twin import build_twin
    >>> grid = Grid.from_spacing((20, 20, 20), (5, 5, 5))
    >>> voxels = np.zeros((20, 20, 20), np.uint8)
    >>> voxels[5:15, 5:15, 5:15] = 1
    >>> twin = build_twin(Case("a").with_layer(LabelLayer(LayerName.ORGANS, grid, voxels)))
    >>> plan = Plan("A", (parse_cut("plane:62.5,0,0:1,0,0"),))
    >>> outcome = simulate(plan, twin, PatientFacts())
    >>> outcome.liver["resected_ml"].value, outcome.liver["flr_percent"].value
    (25.0, 80.0)
    """
    model = model or OrganModel.of_twin(twin)
    removal = removal_of(plan, model)
    removed, taken = _counts(removal, model)
    volumetry = Volumetry(model)
    figures: dict[str, Figure | FigureTree] = dict(remnant_figures(volumetry, volumetry.of(removed)))
    taken_ml = remnant_figures(volumetry, volumetry.of(taken))["resected_ml"]
    if removal.has_ablation:
        figures["ablated_ml"] = remnant_figures(volumetry, volumetry.of(removed - taken))["resected_ml"]
    removed = removed[1]  # as drawn
    flr_ml = figures["flr_ml"]
    assert isinstance(flr_ml, Figure)
    figures |= body_ratios(flr_ml, taken_ml, facts)
    figures |= perfusion_figures(removal, removed)
    figures["cut_area_cm2"] = cut_area_figure(removal)
    fates = lesion_fates(model, removed)
    margins = _margins(fates, removal)
    figures |= _margin_figures(fates, margins, twin)
    nearest = min(margins, key=lambda margin: margin.distance_mm, default=None)
    return Outcome(
        plan.name,
        plan.hash,
        twin.labels_hash,
        facts.hash,
        figures,
        segments=segment_figures(volumetry, removed),
        margin_points_lps_mm=None if nearest is None else (nearest.lesion_point_lps_mm, nearest.cut_point_lps_mm),
        clip_list=crossed_vessels(removal),
        warnings=(
            *_doubts(twin),
            *_warnings(removal, fates, facts),
            *threshold_notes(known_figures(figures), facts),
        ),
    )


def _doubts(twin: Twin) -> tuple[OutcomeWarning, ...]:
    """Carry the doubts about the labels on: no figure made from them is surer than they are."""
    doubts = (doubt for layer in twin.layers.values() for doubt in layer.doubts)
    return tuple(OutcomeWarning(doubt.message_id, doubt.parameters) for doubt in doubts)


def _counts(removal: Removal, model: OrganModel) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count what is removed, and what of it is taken out: int64 (3, n_states) by the boundary of the lesions."""
    shifted = removal.shifted()
    by_boundary = (removal,) * 3 if shifted is None else (shifted[0], removal, shifted[1])
    counted: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
    for one in by_boundary:
        if id(one) not in counted:
            removed = count_states(model.states, one.voxels, model.table.n_states)
            taken = count_states(model.states, one.taken, model.table.n_states) if one.has_ablation else removed
            counted[id(one)] = (removed, taken)
    both = [counted[id(one)] for one in by_boundary]
    return np.stack([removed for removed, _ in both]), np.stack([taken for _, taken in both])


def _margins(fates: tuple[LesionFate, ...], removal: Removal) -> tuple[Margin, ...]:
    """Return the margin of each lesion that the plan removes, in part at least."""
    concerned = [fate for fate in fates if not fate.is_left_behind]
    if not concerned:
        return ()
    cut = cut_surface(removal)
    found = (margin_to(fate, removal, cut) for fate in concerned)
    return tuple(margin for margin in found if margin is not None)


def _margin_figures(
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


def _warnings(removal: Removal, fates: tuple[LesionFate, ...], facts: PatientFacts) -> list[OutcomeWarning]:
    twin, organ_id = removal.model.twin, removal.model.organ_id
    found = [
        OutcomeWarning("warning.lesion.left_behind", {"lesion": fate.lesion_id, "left_ml": round(fate.left_ml, 1)})
        for fate in fates
        if fate.is_left_behind
    ]
    found += [
        OutcomeWarning("warning.lesion.cut_through", {"lesion": fate.lesion_id, "left_ml": round(fate.left_ml, 1)})
        for fate in fates
        if not fate.is_left_behind and not fate.is_removed
    ]
    if not twin.lesion_ids:
        found.append(OutcomeWarning("warning.lesion.none_labelled"))
    slice_mm = twin.grid.slice_thickness_mm
    if fates and slice_mm > _THICKEST_RELIABLE_SLICE_MM:
        found.append(OutcomeWarning("warning.margin.thick_slices", {"slice_mm": round(slice_mm, 1)}))
    if not removal.remnant.any():
        found.append(OutcomeWarning("warning.organ.nothing_left", {"structure": organ_id}))
    found += _pieces(removal, organ_id)
    if is_under_age(facts):
        found.append(OutcomeWarning("warning.slv.under_age"))
    return found


def _piece_volumes_ml(n_voxels: NDArray[np.int64], voxel_ml: float) -> list[float]:
    """Return the volumes of pieces, falling, crumbs of a few voxels left out."""
    return [float(n) * voxel_ml for n in n_voxels if n * voxel_ml >= _SMALLEST_PIECE_ML]


def _pieces(removal: Removal, organ_id: str) -> list[OutcomeWarning]:
    """Warn of an organ that is in pieces already, and of pieces of the remnant that the plan leaves loose."""
    voxel_ml = removal.model.grid.voxel_volume_ml
    before = _piece_volumes_ml(removal.model.piece_voxels, voxel_ml)
    after = _piece_volumes_ml(component_sizes(removal.remnant), voxel_ml)
    found = []
    if len(before) > 1:
        parameters = {"structure": organ_id, "pieces": len(before)}
        found.append(OutcomeWarning("warning.organ.disconnected", parameters))
    if len(after) > max(len(before), 1):
        loose_ml = sum(after[1:])
        parameters = {"pieces": len(after) - 1, "loose_ml": round(loose_ml, 1)}
        found.append(OutcomeWarning("warning.remnant.loose_pieces", parameters))
    return found
