"""What the surgeon must know of a removal beside its figures: lesions left, slices, pieces of the organ."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from simulation.margin import LesionFate
from simulation.removal import Removal
from twin.geometry.components_cc3d import component_sizes
from twin.label_doubt import LabelDoubt
from twin.outcome import OutcomeWarning

__all__ = ["label_doubts", "removal_warnings"]

_SMALLEST_PIECE_ML = 0.5
_THICKEST_RELIABLE_SLICE_MM = 3.0
_LEFT_BEHIND = {"liver": "warning.lesion.left_behind", "pancreas": "warning.pancreas.lesion_left"}
_NO_LESION = {"liver": "warning.lesion.none_labelled", "pancreas": "warning.pancreas.no_lesion"}


def removal_warnings(
    removal: Removal, fates: tuple[LesionFate, ...], *, n_remnants: int = 1
) -> tuple[OutcomeWarning, ...]:
    """Return what is to be said of lesions left behind or cut through, of thick slices and of pieces.

    Parameters
    ----------
    removal, fates
        What is removed, and what becomes of each lesion of the organ.
    n_remnants
        Pieces that the operation leaves by intention: 2 after a central pancreatectomy.
    """
    twin, organ_id = removal.model.twin, removal.model.organ_id
    found = [
        OutcomeWarning(_LEFT_BEHIND[organ_id], {"lesion": fate.lesion_id, "left_ml": round(fate.left_ml, 1)})
        for fate in fates
        if fate.is_left_behind
    ]
    found += [
        OutcomeWarning("warning.lesion.cut_through", {"lesion": fate.lesion_id, "left_ml": round(fate.left_ml, 1)})
        for fate in fates
        if not fate.is_left_behind and not fate.is_removed
    ]
    if not twin.lesion_ids:
        found.append(OutcomeWarning(_NO_LESION[organ_id]))
    slice_mm = twin.grid.slice_thickness_mm
    if fates and slice_mm > _THICKEST_RELIABLE_SLICE_MM:
        found.append(OutcomeWarning("warning.margin.thick_slices", {"slice_mm": round(slice_mm, 1)}))
    if not removal.remnant.any():
        found.append(OutcomeWarning("warning.organ.nothing_left", {"structure": organ_id}))
    return (*found, *_pieces(removal, organ_id, n_remnants))


def _piece_volumes_ml(n_voxels: NDArray[np.int64], voxel_ml: float) -> list[float]:
    """Return the volumes of pieces, falling, crumbs of a few voxels left out."""
    return [float(n) * voxel_ml for n in n_voxels if n * voxel_ml >= _SMALLEST_PIECE_ML]


def _pieces(removal: Removal, organ_id: str, n_remnants: int) -> list[OutcomeWarning]:
    """Warn of an organ that is in pieces already, and of pieces of the remnant that the plan leaves loose."""
    voxel_ml = removal.model.grid.voxel_volume_ml
    before = _piece_volumes_ml(removal.model.piece_voxels, voxel_ml)
    after = _piece_volumes_ml(component_sizes(removal.remnant), voxel_ml)
    found = []
    if len(before) > 1:
        parameters = {"structure": organ_id, "pieces": len(before)}
        found.append(OutcomeWarning("warning.organ.disconnected", parameters))
    expected = max(len(before), n_remnants)
    if len(after) > expected:
        loose_ml = sum(after[n_remnants:])
        parameters = {"pieces": len(after) - n_remnants, "loose_ml": round(loose_ml, 1)}
        found.append(OutcomeWarning("warning.remnant.loose_pieces", parameters))
    return found


def label_doubts(doubts: Iterable[LabelDoubt]) -> tuple[OutcomeWarning, ...]:
    """Carry doubts about labels on, each once: no figure made from them is surer than they are."""
    told: list[OutcomeWarning] = []
    for doubt in doubts:
        warning = OutcomeWarning(doubt.message_id, doubt.parameters)
        if warning not in told:
            told.append(warning)
    return tuple(told)
