"""What the networks think of single structures in a part of a scan, for tools that ask a person as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segmentation.networks.ensemble import Ensemble
from segmentation.networks.model import ModelKind, NetworkModel, shipped_models
from segmentation.networks.network_scan_sitk import network_scan
from segmentation.seeds.structure_chance import StructureChance
from twin.box import Box
from twin.errors import BackendUnavailable
from twin.job import CancelToken
from twin.volume import Modality, Quantity, Volume

__all__ = ["structure_chances"]


def structure_chances(
    volume: Volume,
    structure_ids: Sequence[str],
    box: Box,
    *,
    models: Sequence[NetworkModel] | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
    cancel: CancelToken | None = None,
) -> dict[str, StructureChance]:
    """Return how likely structures are in a box of a scan, by the coarse networks.

    Parameters
    ----------
    volume
        CT in Hounsfield units or MR.
    structure_ids
        Those asked for; what the networks do not know, or were not tried on for MR, is left out of the answer.
    box
        Voxels of the scan to look at, with room: a network judges by what lies around.
    models
        By default those shipped with TwinSight; without them, or without their runtime, the answer is empty.
    progress
        Told the share of windows that are done.
    cancel
        Polled within a window.

    Raises
    ------
    Cancelled
        When ``cancel`` was set.
    """
    is_mr = volume.modality is Modality.MR
    if not is_mr and volume.quantity is not Quantity.HOUNSFIELD:
        return {}
    try:
        known = shipped_models() if models is None else models
        model = next((m for m in known if m.kind is ModelKind.COARSE), None)
        if model is None:
            return {}
        ensemble = Ensemble(model)
    except BackendUnavailable:
        return {}
    wanted = [i for i in structure_ids if i in model.structure_ids and (not is_mr or i in model.mr_structures)]
    if not wanted:
        return {}
    scan = network_scan(volume, model.spacing_mm, model.inputs, cancel=cancel)
    k, j, i = (np.array(corner) for corner in zip(box.start_kji, box.stop_kji, strict=True))
    corners_ijk = np.stack(np.meshgrid(i, j, k, indexing="ij"), axis=-1).reshape(-1, 3) - 0.5
    places = scan.grid.ijk_from_lps(volume.grid.lps_from_ijk(corners_ijk))[:, ::-1]
    shape = np.array(scan.levels.shape)
    start = np.clip(np.floor(places.min(axis=0)).astype(int), 0, shape - 1)
    stop = np.clip(np.ceil(places.max(axis=0)).astype(int) + 1, start + 1, shape)
    part = np.zeros(scan.levels.shape, np.bool_)
    part[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    look = ensemble.look(scan, part, progress=progress, cancel=cancel)
    return {
        name: StructureChance(look.seen.fields[model.structure_ids.index(name)].copy(), look.grid) for name in wanted
    }
