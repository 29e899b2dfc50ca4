"""What the surgeon must know beside the figures of an operation on the pancreas."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.pancreas.cuts import stump_fraction
from simulation.pancreas.gland import Gland
from twin.figure import Figure, ThresholdPosition
from twin.outcome import OutcomeWarning
from twin.pancreas.parts import PancreasPart
from twin.resection import PancreasCut, PancreasOperation

__all__ = ["gland_notes", "operation_notes"]

# Distance to the main duct that is commonly asked before an enucleation is 2 to 3 mm: a centre setting.
_LEAST_TO_DUCT_MM = 3.0


def operation_notes(
    cuts: tuple[PancreasCut, ...], gland: Gland, to_duct: Mapping[str, Figure]
) -> tuple[OutcomeWarning, ...]:
    """Return what else leaves with the gland, what becomes of the spleen, and where the cut lies.

    Parameters
    ----------
    cuts, gland
        The operations and the pancreas.
    to_duct
        ``duct_distance_mm`` of a lesion that is enucleated; empty else.
    """
    found: list[OutcomeWarning] = []
    for cut in cuts:
        found += _leaving(cut)
        found += _place_of_cut(cut, gland)
    distance = to_duct.get("duct_distance_mm")
    if distance is not None and distance.threshold_position(_LEAST_TO_DUCT_MM) in (
        ThresholdPosition.INSIDE,
        ThresholdPosition.ABOVE,
    ):
        found.append(OutcomeWarning("warning.pancreas.near_duct", {"least_mm": _LEAST_TO_DUCT_MM}))
    return tuple(found)


def gland_notes(gland: Gland) -> tuple[OutcomeWarning, ...]:
    """Return what is assumed of the gland: pieces that were bridged, parts bounded by shares of the axis."""
    found = []
    axis, parts = gland.axis, gland.parts
    if axis.n_pieces > 1:
        parameters = {"pieces": axis.n_pieces, "gap_mm": round(axis.largest_gap_mm)}
        found.append(OutcomeWarning("warning.pancreas.bridged", parameters))
    if parts.is_neck_assumed:
        found.append(OutcomeWarning("warning.pancreas.neck_assumed"))
    elif parts.is_tail_assumed:
        found.append(OutcomeWarning("warning.pancreas.tail_assumed"))
    return tuple(found)


def _leaving(cut: PancreasCut) -> list[OutcomeWarning]:
    match cut.operation:
        case PancreasOperation.WHIPPLE:
            return [OutcomeWarning("warning.pancreas.leaves.whipple")]
        case PancreasOperation.DISTAL:
            return [_spleen(cut)]
        case PancreasOperation.TOTAL:
            return [OutcomeWarning("warning.pancreas.leaves.total"), _spleen(cut)]
        case PancreasOperation.CENTRAL:
            return [OutcomeWarning("warning.pancreas.two_stumps")]
        case _:
            return []


def _spleen(cut: PancreasCut) -> OutcomeWarning:
    return OutcomeWarning(f"warning.pancreas.spleen.{'kept' if cut.keeps_spleen else 'leaves'}")


def _place_of_cut(cut: PancreasCut, gland: Gland) -> list[OutcomeWarning]:
    """Say which part a cut goes through when that is not the usual one: the neck for a pancreatoduodenectomy."""
    if cut.operation is not PancreasOperation.WHIPPLE:
        return []
    part = gland.parts.part_at(stump_fraction(cut))
    return [] if part is PancreasPart.NECK else [OutcomeWarning(f"warning.pancreas.cut_through.{part.value}")]
