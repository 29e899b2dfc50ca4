"""Two-stage plans: what each operation removes, and what stays and works after it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulation.margin import cut_surface
from simulation.organ_model import OrganModel
from simulation.perfusion import perfusion_figures
from simulation.removal import Removal, removal_of
from simulation.removed_counts import removed_counts
from simulation.vessel_clearance import trees_at_cut
from simulation.volumetry import Volumetry, remnant_figures
from twin.figure import Figure
from twin.outcome import FigureTree, OutcomeWarning
from twin.plan import Plan

__all__ = ["partition_warnings", "stage_figures"]

_OPEN_SHARE = 0.05  # ours: less is the doubt of the border between two territories
_AFTER = ("remnant_ml", "flr_percent", "functional_remnant_ml", "ischaemic_ml", "congested_ml")


def stage_figures(
    plan: Plan, model: OrganModel, removed: NDArray[np.int64], final: Mapping[str, Figure | FigureTree]
) -> dict[str, FigureTree]:
    """Return the figures of each stage of a two-stage plan by ``"1"`` and ``"2"``; nothing for one operation.

    ``resected_ml`` is what that operation removes; the others are what is left after it, with the liver as it is on the
    scan: it grows between the operations, and only a second scan says by how much.

    A first stage that parts the liver leaves both parts in place, and no share of what "stays": ``staying_ml``, with
    what of it is perfused and drained, and ``parted_ml``, with what of it has no portal supply. The vessels that cross
    the cut are divided then for the part that stays. The drainage of the other part is not computed: it goes with the
    second stage.

    Parameters
    ----------
    plan, model
        The plan and the organ as labelled.
    removed
        What the whole plan removes, int64 (3, n_states): :func:`simulation.removed_counts.removed_counts`.
    final
        The figures of the whole plan.
    """
    if not plan.is_two_stage:
        return {}
    first = removal_of(plan.until_stage(1), model, may_remove_nothing=True)
    removed_first, _ = removed_counts(first)
    # What is absent is so in both stages, whichever of them names it.
    volumetry = Volumetry(first.model)
    after_first: dict[str, Figure] = dict(remnant_figures(volumetry, volumetry.of(removed_first)))
    in_second = remnant_figures(volumetry, volumetry.of(removed - removed_first))["resected_ml"]
    if plan.partition is None:
        trees = trees_at_cut(first, cut_surface(first).points_lps_mm)
        after_first |= perfusion_figures(first.model, trees, removed_first[1], first.vessels)
        of_parts: dict[str, Figure] = {}
    else:
        of_parts = _both_parts(first, volumetry, removed - removed_first, in_second, final)
    keys = ("resected_ml", *_AFTER) if plan.partition is None else ("resected_ml", "remnant_ml")
    of_first = {key: after_first[key] for key in keys}
    return {
        "1": {**of_first, **of_parts},
        "2": {"resected_ml": in_second, **{key: final[key] for key in _AFTER}},
    }


def _both_parts(
    first: Removal,
    volumetry: Volumetry,
    parted: NDArray[np.int64],
    parted_ml: Figure,
    final: Mapping[str, Figure | FigureTree],
) -> dict[str, Figure]:
    """Return both parts of a parted liver; the one that stays loses now what it would lose with the other one gone."""
    staying_ml, staying_functional_ml = final["remnant_ml"], final["functional_remnant_ml"]
    assert isinstance(staying_ml, Figure)
    assert isinstance(staying_functional_ml, Figure)
    is_closed = np.isin(first.model.table.portal, first.vessels.closed.get("portal", np.zeros(0, np.int64)))
    closed_ml = remnant_figures(volumetry, volumetry.of(parted * is_closed))["resected_ml"]
    return {
        "staying_ml": staying_ml,
        "staying_functional_ml": staying_functional_ml,
        "parted_ml": parted_ml,
        "parted_ischaemic_ml": closed_ml,
    }


def partition_warnings(plan: Plan, stages: Mapping[str, FigureTree]) -> tuple[OutcomeWarning, ...]:
    """Say what a partition does, and how much of the part to be removed keeps its portal supply.

    Parameters
    ----------
    plan
        Any plan; nothing is said of one without a partition.
    stages
        Of :func:`stage_figures`.
    """
    if plan.partition is None:
        return ()
    parted, closed = (stages["1"][key] for key in ("parted_ml", "parted_ischaemic_ml"))
    assert isinstance(parted, Figure)
    assert isinstance(closed, Figure)
    found = [OutcomeWarning("warning.partition", {"branches": plan.partition.branches})]
    supplied_ml = (parted.value or 0.0) - (closed.value or 0.0)
    if supplied_ml > _OPEN_SHARE * max(parted.value or 0.0, 1e-9):
        found.append(OutcomeWarning("warning.partition.still_supplied", {"ml": round(supplied_ml)}))
    return tuple(found)
