"""The settled outcome of what a plan does to the pancreas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from simulation.cut_area import cut_area_figure
from simulation.intervals import envelope
from simulation.margin import cut_surface, half_width_mm, lesion_fates
from simulation.margin_figures import margin_figures, margins_of
from simulation.pancreas.cuts import has_stump, stump_fraction
from simulation.pancreas.fistula import FistulaRisk, fistula_risk
from simulation.pancreas.gland import Gland
from simulation.pancreas.notes import gland_notes, operation_notes
from simulation.pancreas.section import GlandSection, section_at
from simulation.pancreas.vessels import vessels_of_operation
from simulation.removal import removal_of
from simulation.removal_warnings import label_doubts, removal_warnings
from simulation.removed_counts import removed_counts
from simulation.volumetry import OrganVolumes, Volumetry, remnant_figures
from twin.figure import Figure, FigureStatus
from twin.outcome import FigureTree, Outcome
from twin.pancreas.parts import PancreasPart
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.resection import PancreasCut, PancreasOperation
from twin.twin import Twin

__all__ = [
    "gland_volumes",
    "joined_outcomes",
    "part_figures",
    "section_figures",
    "simulate_pancreas",
]

_SHARE = "gland that stays, of the whole gland, lesions left out of both"
_TO_DUCT = "least distance from the surface of the lesion to the wall of the traced duct"
_NO_CUT = Figure.unknown("mm", source="the operation does not cut the gland across")


def simulate_pancreas(plan: Plan, twin: Twin, facts: PatientFacts, *, gland: Gland | None = None) -> Outcome:
    """Return the settled outcome of a plan on the pancreas.

    Parameters
    ----------
    plan
        Its operations on the pancreas; cuts of other organs are no matter here.
    twin, facts
        The anatomy and the patient.
    gland
        The pancreas prepared by :meth:`simulation.pancreas.gland.Gland.of_twin`.

    Raises
    ------
    UsageError
        ``error.plan.empty`` without an operation on the pancreas.
    InputError
        When a lesion does not exist.
    GeometryError
        ``error.organ.empty``, ``error.pancreas.no_axis``, ``error.pancreas.pieces_apart``,
        ``error.pancreas.cut_misses``, ``error.pancreas.cut_takes_all``, or when a lesion lies outside of the pancreas.
    """
    plan = plan.on_organ("pancreas")
    gland = gland or Gland.of_twin(twin)
    removal = removal_of(plan, gland.model)
    cuts = tuple(cut for cut in plan.resections if isinstance(cut, PancreasCut))
    by_boundary, _ = removed_counts(removal)
    volumetry = Volumetry(gland.model)
    fates = lesion_fates(gland.model, by_boundary[1])
    margins = margins_of(fates, removal, cut_surface(removal))
    figures: dict[str, Figure | FigureTree] = dict(gland_volumes(volumetry, volumetry.of(by_boundary)))
    figures |= part_figures(gland, gland.counts_by_part(removal.voxels))
    sections = {f: section_at(gland, f) for cut in cuts for f in cut.fractions}
    of_sections, risk = section_figures(cuts, sections, facts)
    figures |= of_sections
    figures["cut_area_cm2"] = cut_area_figure(removal)
    figures |= margin_figures(fates, margins, twin)
    to_duct = _duct_distances(cuts, gland)
    figures |= to_duct
    nearest = min(margins, key=lambda margin: margin.distance_mm, default=None)
    n_remnants = 2 if any(cut.operation is PancreasOperation.CENTRAL for cut in cuts) else 1
    doubts = (doubt for name, layer in twin.layers.items() if not name.is_derived for doubt in layer.doubts)
    return Outcome(
        plan.name,
        plan.hash,
        twin.labels_hash,
        facts.hash,
        None,
        figures,
        margin_points_lps_mm=None if nearest is None else (nearest.lesion_point_lps_mm, nearest.cut_point_lps_mm),
        clip_list=vessels_of_operation(cuts, removal, gland, sections.values()),
        warnings=(
            *label_doubts(doubts),
            *removal_warnings(removal, fates, n_remnants=n_remnants),
            *operation_notes(cuts, gland, to_duct),
            *risk.warnings,
            *gland_notes(gland),
        ),
    )


def joined_outcomes(plan: Plan, on_liver: Outcome, on_pancreas: Outcome) -> Outcome:
    """Return the outcome of a plan that acts on both organs; vessels of the liver come first, numbered on."""
    first = len(on_liver.clip_list)
    vessels = (replace(vessel, order=first + vessel.order) for vessel in on_pancreas.clip_list)
    new = tuple(warning for warning in on_pancreas.warnings if warning not in on_liver.warnings)
    return replace(
        on_liver,
        plan_hash=plan.hash,
        pancreas=on_pancreas.pancreas,
        clip_list=(*on_liver.clip_list, *vessels),
        margin_points_lps_mm=_nearest_points(on_liver, on_pancreas),
        warnings=(*on_liver.warnings, *new),
    )


def _nearest_points(*outcomes: Outcome) -> tuple[tuple[float, float, float], tuple[float, float, float]] | None:
    known = [outcome.margin_points_lps_mm for outcome in outcomes if outcome.margin_points_lps_mm is not None]
    return min(known, key=lambda pair: float(np.linalg.norm(np.subtract(*pair))), default=None)


def gland_volumes(volumetry: Volumetry, removed: OrganVolumes) -> dict[str, Figure]:
    """Return the volumes of gland, lesions, removed part and remnant, and the share that stays, lesions left out."""
    figures = remnant_figures(volumetry, removed)
    volumes = {key: figures[key] for key in ("total_ml", "lesion_ml", "resected_ml", "remnant_ml")}
    return {**volumes, "remnant_percent": replace(figures["flr_percent"], source=_SHARE)}


def part_figures(gland: Gland, removed: NDArray[np.int64]) -> dict[str, FigureTree]:
    """Return total, removed and remaining ml of head, uncinate process, neck, body and tail.

    Where no vein tells the uncinate process, it is counted with the head and not named.

    Parameters
    ----------
    gland
        The pancreas.
    removed
        :meth:`simulation.pancreas.gland.Gland.counts_by_part` of what is removed, int64 (6, n_states).
    """
    weights = gland.model.table.organ.T * gland.model.grid.voxel_volume_ml
    whole_ml, removed_ml = gland.part_of_state @ weights, removed @ weights
    parts: dict[str, FigureTree] = {}
    for part in PancreasPart:
        if part is PancreasPart.UNCINATE and not gland.parts.has_uncinate:
            continue
        row = part.value_in_labels
        status = FigureStatus.ASSUMED if gland.parts.is_assumed(part) else FigureStatus.MEASURED
        parts[part.value] = {
            "total_ml": _by_boundary(whole_ml[row], status),
            "resected_ml": _by_boundary(removed_ml[row], status),
            "remnant_ml": _by_boundary(whole_ml[row] - removed_ml[row], status),
        }
    return {"parts": parts}


def _by_boundary(volumes_ml: NDArray[np.float64], status: FigureStatus) -> Figure:
    low, high = envelope(float(v) for v in volumes_ml)
    borders = "borders at shares of the axis" if status is FigureStatus.ASSUMED else "borders at the vessels"
    return Figure(float(volumes_ml[1]), low, high, "ml", status, f"label volume; {borders}")


def section_figures(
    cuts: tuple[PancreasCut, ...], sections: dict[float, GlandSection], facts: PatientFacts
) -> tuple[dict[str, Figure | FigureTree], FistulaRisk]:
    """Return duct and thickness at the stump (that of the tail after a central resection) and the risk of a fistula."""
    across = next((cut for cut in cuts if has_stump(cut)), None)
    if across is None:
        risk = fistula_risk(cuts[0], _NO_CUT, facts)
        return {"duct_mm": _NO_CUT, "thickness_mm": _NO_CUT, "fistula": risk.figures}, risk
    stump = sections[stump_fraction(across)]
    risk = fistula_risk(across, stump.duct_mm, facts)
    figures: dict[str, Figure | FigureTree] = {"duct_mm": stump.duct_mm, "thickness_mm": stump.thickness_mm}
    if across.operation is PancreasOperation.CENTRAL:
        of_head = sections[across.fractions[0]]
        figures["head_stump"] = {"duct_mm": of_head.duct_mm, "thickness_mm": of_head.thickness_mm}
    return {**figures, "fistula": risk.figures}, risk


def _duct_distances(cuts: tuple[PancreasCut, ...], gland: Gland) -> dict[str, Figure]:
    """Return how far the lesion that is enucleated lies from the wall of the main duct."""
    lesions = [cut.lesion_id for cut in cuts if cut.operation is PancreasOperation.ENUCLEATION]
    if not lesions:
        return {}
    if gland.duct is None:
        return {"duct_distance_mm": Figure.unknown("mm", needs=("pancreatic_duct",))}
    points = np.concatenate([gland.model.lesion_points_lps_mm[name] for name in lesions])
    half_mm = max(half_width_mm(gland.model.twin, name) for name in lesions)
    to_axis = cKDTree(points).query(gland.duct.nodes_lps_mm)[0]
    value = max(float((to_axis - gland.duct.radii_mm).min()), 0.0)
    figure = Figure(value, max(value - half_mm, 0.0), value + half_mm, "mm", FigureStatus.COMPUTED, _TO_DUCT)
    return {"duct_distance_mm": figure}
