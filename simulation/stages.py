"""Two-stage plans: what each operation removes, and what stays and works after it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulation.margin import cut_surface
from simulation.organ_model import OrganModel
from simulation.perfusion import perfusion_figures
from simulation.removal import removal_of
from simulation.removed_counts import removed_counts
from simulation.vessel_clearance import trees_at_cut
from simulation.volumetry import Volumetry, remnant_figures
from twin.figure import Figure
from twin.outcome import FigureTree
from twin.plan import Plan

__all__ = ["stage_figures"]

_AFTER = ("remnant_ml", "flr_percent", "functional_remnant_ml", "ischaemic_ml", "congested_ml")


def stage_figures(
    plan: Plan, model: OrganModel, removed: NDArray[np.int64], final: Mapping[str, Figure | FigureTree]
) -> dict[str, FigureTree]:
    """Return the figures of each stage of a two-stage plan by ``"1"`` and ``"2"``; nothing for one operation.

    ``resected_ml`` is what that operation removes; the others are what is left after it, with the liver as it is on the
    scan: it grows between the operations, and only a second scan says by how much.

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
    trees = trees_at_cut(first, cut_surface(first).points_lps_mm)
    after_first |= perfusion_figures(first.model, trees, removed_first[1], first.vessels)
    in_second = remnant_figures(volumetry, volumetry.of(removed - removed_first))["resected_ml"]
    return {
        "1": {key: after_first[key] for key in ("resected_ml", *_AFTER)},
        "2": {"resected_ml": in_second, **{key: final[key] for key in _AFTER}},
    }
