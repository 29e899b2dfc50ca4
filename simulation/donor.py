"""Figures of a living-donor split: the graft for the recipient, and what the donor keeps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simulation.formulas.remnant import grwr_percent, specimen_weight_g
from simulation.removal import Removal
from twin.figure import Figure, FigureStatus, ThresholdPosition
from twin.outcome import FigureTree, OutcomeWarning
from twin.patient import PatientFacts
from twin.resection import DonorSplit

__all__ = ["donor_figures", "donor_warnings", "is_donor"]

_LEAST_GRWR_PERCENT = 0.8  # (m) classic; less only by centre policy


def is_donor(removal: Removal) -> bool:
    """Tell whether a plan takes a graft from a living donor."""
    return any(isinstance(part.resection, DonorSplit) for part in removal.parts)


def donor_figures(
    removal: Removal, figures: Mapping[str, Figure | FigureTree], removed_counts: NDArray[np.int64], facts: PatientFacts
) -> dict[str, Figure | FigureTree]:
    """Return the graft in ml, its weight to that of the recipient, and the share of the liver that the donor keeps.

    Parameters
    ----------
    removal
        Of a plan with a graft.
    figures
        ``resected_ml``, ``remnant_ml``, ``total_ml`` and ``flr_percent`` of the plan.
    removed_counts
        Removed voxels of each state, int64 (n_states,).
    facts
        ``recipient_weight_kg``; without it the ratio is unknown.
    """
    graft_ml, share = figures["resected_ml"], figures["flr_percent"]
    assert isinstance(graft_ml, Figure)
    assert isinstance(share, Figure)
    remnant_source = "what stays with the donor / measured liver of the donor * 100"
    found: dict[str, Figure | FigureTree] = {
        "graft_ml": graft_ml,
        "grwr_percent": _grwr(graft_ml, facts.number("recipient_weight_kg")),
        "donor_remnant_percent": Figure(share.value, share.low, share.high, "%", FigureStatus.COMPUTED, remnant_source),
    }
    left = removal.vessels.left_with_donor
    if left.size and removal.model.venous is not None:
        table = removal.model.table
        drained = np.isin(table.venous, left) * removed_counts * removal.model.grid.voxel_volume_ml
        low, value, high = sorted(float(ml) for ml in table.organ @ drained)
        source = "part of the graft that the middle hepatic vein drains, which stays with the donor"
        found["graft_congested_ml"] = Figure(value, low, high, "ml", FigureStatus.COMPUTED, source)
    return found


def donor_warnings(figures: Mapping[str, Figure | FigureTree]) -> tuple[OutcomeWarning, ...]:
    """Say where the classic limit of the graft lies, by the lower of both ratios: in the interval, or not reached."""
    ratios = figures.get("grwr_percent")
    figure = None if ratios is None or isinstance(ratios, Figure) else ratios["blood_free"]
    if not isinstance(figure, Figure):
        return ()
    said = {
        ThresholdPosition.INSIDE: "warning.threshold.graft_inside",
        ThresholdPosition.ABOVE: "warning.threshold.graft_below",
    }.get(figure.threshold_position(_LEAST_GRWR_PERCENT))
    if said is None:
        return ()
    source = "classic limit; less by centre policy"
    parameters = {"limit": _LEAST_GRWR_PERCENT, "ratio": "grwr_percent.blood_free", "source": source}
    return (OutcomeWarning(said, parameters),)


def _grwr(graft_ml: Figure, recipient_kg: float | None) -> FigureTree:
    """Return the ratio from the volume on CT (1 ml is about 1 g) and for a graft without blood on the scales."""
    if recipient_kg is None:
        return {name: Figure.unknown("%", needs=("recipient_weight_kg",)) for name in ("ct", "blood_free")}
    blood_free = specimen_weight_g(1.0)
    ratio = grwr_percent(1.0, recipient_kg)
    return {
        "ct": _scaled(graft_ml, ratio.value, ratio.source),
        "blood_free": _scaled(graft_ml, ratio.value * blood_free.value, f"{ratio.source}; {blood_free.source}"),
    }


def _scaled(figure: Figure, factor: float, source: str) -> Figure:
    value, low, high = (None if v is None else v * factor for v in (figure.value, figure.low, figure.high))
    return Figure(value, low, high, "%", FigureStatus.COMPUTED, source)
