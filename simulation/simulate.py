"""The settled outcome of a plan: every figure with its interval, and what the surgeon must know beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from simulation.branch_volumes import territory_figures
from simulation.contacts import ScanState, with_contacts
from simulation.cut_area import cut_area_figure
from simulation.difficulty import difficulty_figures, difficulty_warnings
from simulation.donor import donor_figures, donor_warnings, is_donor
from simulation.growth_and_function import function_figures, growth_figures, growth_warnings
from simulation.kernels.half_space import count_states
from simulation.margin import cut_surface, lesion_fates
from simulation.margin_figures import margin_figures, margins_of
from simulation.organ_model import OrganModel
from simulation.pancreas.gland import Gland
from simulation.pancreas.outcome import joined_outcomes, simulate_pancreas
from simulation.perfusion import perfusion_figures
from simulation.removal import Removal, removal_of
from simulation.removal_warnings import label_doubts, removal_warnings
from simulation.removed_counts import removed_counts
from simulation.second_scan import DatedRemnant, remnant_on
from simulation.segment_codes import differs_as_drawn, intended_code, new_world_code
from simulation.stages import partition_warnings, stage_figures
from simulation.threshold_notes import threshold_notes
from simulation.vessel_clearance import trees_at_cut, trunk_warnings
from simulation.vessels import crossed_vessels
from simulation.volumetry import (
    OrganVolumes,
    Volumetry,
    body_ratios,
    is_under_age,
    known_figures,
    remnant_figures,
    segment_figures,
)
from twin.contact import Contact
from twin.figure import Figure
from twin.outcome import FigureTree, Outcome, OutcomeWarning
from twin.patient import PatientFacts
from twin.plan import Plan
from twin.second_scan import SecondScan
from twin.twin import Twin

__all__ = ["simulate"]

Counts = NDArray[np.int64]


def simulate(
    plan: Plan,
    twin: Twin,
    facts: PatientFacts,
    *,
    model: OrganModel | None = None,
    scan_date: date | None = None,
    gland: Gland | None = None,
    contacts: tuple[Contact, ...] | None = None,
    scan: ScanState | None = None,
    confirmed: Collection[str] = (),
    second: SecondScan | None = None,
) -> Outcome:
    """Return the settled outcome of a plan: of the organs that it acts on.

    Parameters
    ----------
    plan
        The cuts; what they remove is their union.
    twin
        The anatomy. Surfaces of lesions are made here where it lacks them.
    facts
        Of the patient; what is not entered leaves figures unknown and names itself in ``needs``.
    model
        The liver prepared by :meth:`simulation.organ_model.OrganModel.of_twin`, to save that second when several
        plans are simulated.
    scan_date
        Day of the scan the twin was made from; the growth rate of the remnant needs it.
    gland
        The pancreas prepared by :meth:`simulation.pancreas.gland.Gland.of_twin`, for plans that cut it.
    contacts
        Of :func:`simulation.contacts.contacts_of`: they do not depend on the plan, and need not be measured again.
    scan
        Phase and age of the scan, which the suggested resectability rows ask for.
    confirmed
        Structures that a person declared right; those rows ask for that too.
    second
        The liver on a scan of another date, to measure the growth of the remnant on.

    Raises
    ------
    UsageError
        When the plan is empty.
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
    if "pancreas" in plan.organ_ids:
        outcome = _with_pancreas(plan, twin, facts, model, gland, scan_date, second)
    else:
        outcome = _on_liver(plan, twin, facts, model, scan_date, second)
    return with_contacts(outcome, twin, facts, contacts=contacts, scan=scan, gland=gland, confirmed=confirmed)


def _on_liver(
    plan: Plan,
    twin: Twin,
    facts: PatientFacts,
    model: OrganModel | None,
    scan_date: date | None,
    second: SecondScan | None,
) -> Outcome:
    plan.check_partition()
    model = model or OrganModel.of_twin(twin)
    removal = removal_of(plan, model)
    by_boundary, taken = removed_counts(removal)
    removed = by_boundary[1]  # as drawn
    cut = cut_surface(removal)
    trees = trees_at_cut(removal, cut.points_lps_mm)
    volumetry = Volumetry(removal.model)
    fates = lesion_fates(removal.model, removed)
    margins = margins_of(fates, removal, cut)
    figures = _volume_figures(removal, model, volumetry, by_boundary, taken)
    figures |= perfusion_figures(removal.model, trees, removed, removal.vessels)
    stages = stage_figures(plan, model, by_boundary, figures)
    figures |= {"stages": stages} if stages else {}
    figures |= margin_figures(fates, margins, twin)
    dated = None if second is None else remnant_on(second, plan, removal)
    figures |= _patient_figures(figures, volumetry.of(taken), volumetry, facts, scan_date, dated)
    if is_donor(removal):
        figures |= donor_figures(removal, figures, removed, facts)
    nearest = min(margins, key=lambda margin: margin.distance_mm, default=None)
    segments_ml = volumetry.removed_and_whole_ml(taken[1])
    asked = intended_code(plan) if segments_ml else ""
    drawn = new_world_code(segments_ml)
    if not is_donor(removal):
        figures |= difficulty_figures(plan, facts, intended_code=asked, drawn_code=drawn)
    return Outcome(
        plan.name,
        plan.hash,
        twin.labels_hash,
        facts.hash,
        figures,
        segments=segment_figures(volumetry, removed),
        margin_points_lps_mm=None if nearest is None else (nearest.lesion_point_lps_mm, nearest.cut_point_lps_mm),
        clip_list=crossed_vessels(
            removal, depths_mm={name: tree.depths_mm for name, tree in trees.items()}, removed_counts=removed
        ),
        warnings=(
            *_doubts(twin),
            *removal_warnings(removal, fates),
            *partition_warnings(plan, stages),
            *((OutcomeWarning("warning.slv.under_age"),) if is_under_age(facts) else ()),
            *trunk_warnings(removal, trees, removed),
            *difficulty_warnings(facts, figures),
            *_threshold_warnings(removal, figures, facts, scan_date, dated),
        ),
        territories=territory_figures(removal.model, removed),
        new_world_code=drawn,
        intended_code=asked,
        differs_as_drawn=bool(asked) and differs_as_drawn(asked, segments_ml),
    )


def _with_pancreas(
    plan: Plan,
    twin: Twin,
    facts: PatientFacts,
    model: OrganModel | None,
    gland: Gland | None,
    scan_date: date | None,
    second: SecondScan | None,
) -> Outcome:
    on_pancreas = simulate_pancreas(plan, twin, facts, gland=gland)
    if plan.organ_ids == ("pancreas",):
        return replace(on_pancreas, plan_hash=plan.hash)
    on_liver = _on_liver(plan.on_organ("liver"), twin, facts, model, scan_date, second)
    return joined_outcomes(plan, on_liver, on_pancreas)


def _volume_figures(
    removal: Removal, labelled: OrganModel, volumetry: Volumetry, by_boundary: Counts, taken: Counts
) -> dict[str, Figure | FigureTree]:
    """Return the volumes of the organ, of what stays and goes, and of what the plan says beside its cuts."""
    model = removal.model
    figures: dict[str, Figure | FigureTree] = dict(remnant_figures(volumetry, volumetry.of(by_boundary)))
    if removal.has_ablation:
        figures["ablated_ml"] = remnant_figures(volumetry, volumetry.of(by_boundary - taken))["resected_ml"]
    if removal.vessels.embolised.size:
        share = np.isin(model.table.portal, removal.vessels.embolised)
        figures["embolised_ml"] = remnant_figures(volumetry, volumetry.of(model.counts * share))["resected_ml"]
    if removal.absent is not None:
        whole = Volumetry(labelled)
        absent = count_states(labelled.states, removal.absent.voxels, labelled.table.n_states)
        figures["absent_ml"] = remnant_figures(whole, whole.of(absent))["resected_ml"]
    figures["cut_area_cm2"] = cut_area_figure(removal)
    return figures


def _patient_figures(
    figures: Mapping[str, Figure | FigureTree],
    taken: OrganVolumes,
    volumetry: Volumetry,
    facts: PatientFacts,
    scan_date: date | None,
    dated: DatedRemnant | None,
) -> dict[str, Figure | FigureTree]:
    """Return the figures that need the patient: ratios to the body, growth, function."""
    flr_ml = figures["flr_ml"]
    assert isinstance(flr_ml, Figure)
    found = body_ratios(flr_ml, remnant_figures(volumetry, taken)["resected_ml"], facts)
    found |= growth_figures(flr_ml, facts, scan_date, may_use_slv=not is_under_age(facts), second=dated)
    found |= function_figures(facts)
    return found


def _threshold_warnings(
    removal: Removal,
    figures: Mapping[str, Figure | FigureTree],
    facts: PatientFacts,
    scan_date: date | None,
    dated: DatedRemnant | None,
) -> tuple[OutcomeWarning, ...]:
    """Say where published cut-offs lie; those of patients are not for donors."""
    if is_donor(removal):
        return (*threshold_notes(known_figures(figures), facts, is_donor=True), *donor_warnings(figures))
    growth = growth_warnings(figures, facts, scan_date, second=dated)
    return (*threshold_notes(known_figures(figures), facts), *growth)


def _doubts(twin: Twin) -> tuple[OutcomeWarning, ...]:
    return label_doubts((*twin.doubts, *(doubt for layer in twin.layers.values() for doubt in layer.doubts)))
